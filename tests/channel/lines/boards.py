"""Cross-sections that several tests share."""

from __future__ import annotations

from sirf.channel.lines import EdgeMicrostrip, EdgeStripline
from sirf.channel.materials import Material, load_material

BOARD = load_material("megtron7")
IDEAL = Material(id="ideal", title="ideal", dk=3.4, df=0.0, frequency=1e10, conductivity=1e8)
EDGE_STRIPLINE = EdgeStripline(material=BOARD, width=115e-6, gap=180e-6, thickness=17e-6, spacing=280e-6)
EDGE_MICROSTRIP = EdgeMicrostrip(material=BOARD, width=150e-6, gap=150e-6, thickness=30e-6, height=100e-6)
