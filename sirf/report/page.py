"""What every page is made of: its frame, pictures as text, and eyes that answer to the pointer."""

from __future__ import annotations

import base64
import datetime
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._arrays import Float, Pixels
from sirf._display import strict
from sirf._version import __version__
from sirf.errors import SirfError
from sirf.plot.eye import COLOURS, Outlines, contour_label
from sirf.report.eye_sheet import FRAME
from sirf.report.frame import DOTS_PER_INCH, pixels_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from sirf.results.statistical_eye import StatisticalEye

# steps of a fifth (10^(1/12) = 1.21): a byte holds twenty-one decades
CELLS_PER_DECADE = 12
FAINTEST = 255
BINS = 128
DEEPEST_DECADE = 18.0
COMPRESSION = 4
"""Level of zlib for PNG: a third of the usual level's time, files 3 % longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeView:
    """An eye on a page: its picture, lines over it, and the density that the pointer reads.

    `lines` are (layer, colour, points) with points in the unit square, downwards; `density` is one byte for each phase and
    level, 10^(1 - byte / 12) per mV, 255 for nothing, in base64. `contours` are (colour, name).
    """

    name: str
    caption: str
    contours: tuple[tuple[str, str], ...]
    picture: str
    density: str
    frame: dict[str, float]
    lines: tuple[tuple[str, str, str], ...]


def eye_view(
    eye: StatisticalEye, *, name: str, caption: str, top_mv: float, picture: bytes, outlined: Mapping[float, Outlines]
) -> EyeView:
    """The view of an eye whose `picture` (PNG) goes to ±`top_mv`, without contours: the browser draws those itself."""
    lines = [
        ("contour", COLOURS[index % len(COLOURS)], _points(time, millivolts, top_mv))
        for index, shapes in enumerate(outlined.values())
        for time, millivolts in (shape for shape in shapes if shape is not None)
    ]
    time, ratio = eye.bathtub()
    # downwards from one: the unit square of the page has its origin at the upper left
    depth = -np.log10(np.maximum(ratio, 10**-DEEPEST_DECADE)) / DEEPEST_DECADE
    lines.append(("bathtub", "", _joined(time + 0.5, depth)))
    return EyeView(
        name=name,
        caption=caption,
        contours=tuple(
            (COLOURS[index % len(COLOURS)], contour_label(eye, ratio, shapes))
            for index, (ratio, shapes) in enumerate(outlined.items())
        ),
        picture=as_text(picture),
        density=_density(eye, top_mv),
        frame={**FRAME, "phases": len(eye.phase_ui), "bins": BINS, "top": top_mv},
        lines=tuple(lines),
    )


def _points(time: Float, millivolts: Float, top_mv: float) -> str:
    # downwards, from the middle
    return _joined(time + 0.5, 0.5 - 0.5 * np.clip(millivolts / top_mv, -1.0, 1.0))


def _joined(across: Float, down: Float) -> str:
    inside = (across >= 0.0) & (across <= 1.0)
    points = np.stack([across[inside], down[inside]], axis=1)
    # four digits of the unit square are finer than a pixel; more would only make the page heavier; all in one formatting
    return " ".join(["%.4f,%.4f"] * len(points)) % tuple(points.ravel().tolist())


def _density(eye: StatisticalEye, top_mv: float) -> str:
    """Density of the eye in one byte a cell, phases outside, levels from -top to +top inside."""
    # middles of the BINS cells over the whole height, so that the pointer reads what lies under it
    levels = (np.arange(BINS) + 0.5) / BINS * 2.0 * top_mv - top_mv
    millivolts = 1e3 * eye.volts
    rows = [np.interp(levels, millivolts, 1e-3 * row, left=0.0, right=0.0) for row in eye.density]
    with np.errstate(divide="ignore"):
        # no density at all has an infinite logarithm, which the clip below makes the faintest code
        codes = np.round(CELLS_PER_DECADE * (1.0 - np.log10(np.array(rows))))
    return base64.b64encode(np.clip(codes, 0, FAINTEST).astype(np.uint8).tobytes()).decode()


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return encoded(pixels_of(figure))


def encoded(pixels: Pixels) -> bytes:
    """A picture (H, W, 3 or 4) as PNG, in the resolution of all pictures of a page."""
    # a dependency of matplotlib, through which that writes PNG too, always at the slowest of its usual levels
    from PIL import Image

    buffer = io.BytesIO()
    # the ground is opaque: a channel of transparency would only be one more to compress
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    picture.save(buffer, format="png", compress_level=COMPRESSION, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return buffer.getvalue()


def as_text(picture: bytes) -> str:
    """A picture as base64."""
    return base64.b64encode(picture).decode()


def render(template: str, *, title: str, results: dict[str, Any] | None, seed: int | None = None, **values: Any) -> str:
    """The page of `template`, with style, script, provenance and (where given) the results as JSON in it.

    Raises `SirfError` where jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader
    except ImportError as error:
        raise SirfError("jinja2 must be installed for reports, got none. Run: pip install 'sirf[report]'.") from error
    # escaped: names come from files
    environment = Environment(loader=PackageLoader("sirf.report", "."), autoescape=True)
    here = Path(__file__).parent
    # "</" would end the script element that holds the JSON
    text = None if results is None else json.dumps(strict(results), allow_nan=False).replace("</", "<\\/")
    return environment.get_template(template).render(
        title=title,
        heading=values.pop("heading", title),
        style=_raw(here / "page.css"),
        script=_raw(here / "page.js"),
        results=text,
        provenance=_provenance(seed),
        **values,
    )


# our own style and script: not escaped
def _raw(file: Path) -> Any:
    from markupsafe import Markup

    return Markup(file.read_text(encoding="utf-8"))


def _provenance(seed: int | None) -> list[tuple[str, str]]:
    # in a notebook or script the command line is that of the interpreter and would lead nobody back
    command = " ".join(["sirf", *sys.argv[1:]]) if Path(sys.argv[0]).name in ("sirf", "__main__.py") else "Python"
    found = [
        ("made by", f"sirf {__version__}"),
        ("command", command),
        ("date", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")),
    ]
    return found if seed is None else [*found, ("seed", str(seed))]
