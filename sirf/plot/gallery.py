"""All pictures that a statistical eye and its link allow, as files of a folder and parts of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.plot.bathtubs import bathtub, voltage_bathtub
from sirf.plot.equalizer import equalizer_eyes, equalizer_response, search_path
from sirf.plot.eye import eye
from sirf.plot.interference import interference_density, interference_waterfall
from sirf.plot.jitter import jitter
from sirf.plot.responses import impulse, pulse, step

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.results.statistical_eye import StatisticalEye

CAPTIONS = {
    "eye": "Eye with the contours of its error ratios",
    "eyes-before-after": "Eye before and after the equalisers",
    "pulse": "Pulse response at the slicer",
    "step": "Step response at the slicer",
    "impulse": "Impulse response at the slicer",
    "equalisers": "Gain of the copper, of each equaliser and of all together",
    "search": "Way of the equaliser search",
    "bathtub": "Bathtub: symbol error ratio over the sampling phase",
    "voltage-bathtub": "Bathtubs over the decision threshold",
    "jitter": "Total jitter and its parts over the error ratio",
    "interference": "What closes the worst eye, cause by cause",
    "noise": "Distribution of noise and interference, cause by cause",
}
"""What each picture shows, by the name of its file."""
PAGE = ("pulse", "equalisers", "search", "bathtub", "jitter", "interference", "noise")
"""Pictures of the page of one channel."""


def eye_pictures(result: StatisticalEye, names: tuple[str, ...] = tuple(CAPTIONS)) -> dict[str, Figure]:
    """A figure for each of `names` (of `CAPTIONS`) that the eye allows.

    Left out are what there is not: jitter of a closed eye, curves of vendor models, the way of a search that was not made,
    parts of interference behind light that bends it.
    """
    link = result.link
    # drawn when asked for: most pages need a few of them only
    draw: dict[str, Callable[[Axes], object]] = {
        "eye": lambda axes: eye(result, axes, colour_bar=True),
        "pulse": lambda axes: pulse(link, axes),
        "step": lambda axes: step(link, axes),
        "impulse": lambda axes: impulse(link, axes),
        "equalisers": lambda axes: equalizer_response(link, axes),
        "search": lambda axes: search_path(link, axes),
        "bathtub": lambda axes: bathtub(result, axes),
        "voltage-bathtub": lambda axes: voltage_bathtub(result, axes),
        "jitter": lambda axes: jitter(result, axes),
        "interference": lambda axes: interference_waterfall(link, axes),
        "noise": lambda axes: interference_density(link, axes),
    }
    drawn: dict[str, Figure] = {}
    for name in names:
        try:
            if name == "eyes-before-after":
                figure, pair = new_figure((10.4, 4.4), columns=2)
                equalizer_eyes(link, pair)
            else:
                figure, (axes,) = new_figure((7.4, 4.2))
                draw[name](axes)
        # what the data do not allow is left out, and the page goes on
        except SirfError:
            continue
        drawn[name] = figure
    return drawn
