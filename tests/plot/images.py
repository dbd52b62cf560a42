"""Pictures against kept ones: drawn without any text, so that neither fonts nor their versions matter."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

BASELINE = Path(__file__).parent / "baseline"
UPDATE = "SIRF_UPDATE_IMAGES"
TOLERANCE = 4.0
"""Root mean square of the difference, of 255: smoothing of edges differs between versions, a moved line has 10 and more."""
DPI = 50


def drawing(
    size: tuple[float, float] = (6.4, 4.0), rows: int = 1, columns: int = 1
) -> tuple[Figure, list[mpl.axes.Axes]]:
    """A figure without a layout engine, and its axes."""
    figure = Figure(figsize=size)
    return figure, [axes for row in figure.subplots(rows, columns, squeeze=False) for axes in row]


def check_image(figure: Figure | SubFigure, name: str, folder: Path, *, dpi: int = DPI) -> None:
    """Compare a figure with `baseline/name.png`; with SIRF_UPDATE_IMAGES=1 write that instead. `folder` takes what differs."""
    assert isinstance(figure, Figure)
    figure.set_layout_engine(None)
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is not None:
            legend.remove()
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(NullFormatter())
            axis.set_minor_formatter(NullFormatter())
    for text in figure.findobj(Text):
        text.set_visible(False)
    kept = BASELINE / f"{name}.png"
    target = kept if os.environ.get(UPDATE) else folder / f"{name}.png"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=dpi)
    if target == kept:
        return
    assert kept.exists(), (
        f"{kept.name} must stand in {BASELINE}, got none. Run the test once with {UPDATE}=1 and look at it."
    )
    # the comparison writes its difference beside what it is given
    expected = folder / f"{name}-expected.png"
    expected.write_bytes(kept.read_bytes())
    found = compare_images(str(expected), str(target), tol=TOLERANCE)
    assert found is None, found
