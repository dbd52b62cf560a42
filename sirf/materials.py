"""Materials by id: laminates, substrates, cable dielectrics, with the foil on them.

>>> sirf.materials.load("megtron7").df
0.002
>>> "megtron7" in sirf.materials.names()
True
"""

from sirf.channel.materials import Material
from sirf.channel.materials import list_materials as names
from sirf.channel.materials import load_material as load

__all__ = ["Material", "load", "names"]
