"""Writes a comparison: results.json, an eye picture for each row, and report.html that needs nothing beside it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from sirf._display import strict
from sirf._files import write_folder
from sirf._version import __version__
from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.plot.comparison import energy_reach, error_band, eye_scale_mv, eyes, reach_tornado
from sirf.plot.eye import eye as draw_eye
from sirf.study.comparison import Comparison, Row
from sirf.study.figures import BANDED, FIGURES
from sirf.system.corners import ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_comparison(result: Comparison, folder: Path) -> list[str]:
    """Write everything into `folder` (made if need be); the names of the files written."""
    files = {"results.json": (json.dumps(strict(result.to_dict()), indent=1, allow_nan=False) + "\n").encode()}
    pictures = []
    limit = eye_scale_mv(result)
    for row in result.rows:
        picture = _png(_figure(row, limit))
        files[f"eye-{row.path}.png"] = picture
        pictures.append(picture)
    overviews = {
        "eyes": _png(eyes(result)),
        "reach-energy": _png(_drawn(energy_reach, result)),
        "error-band": _png(_drawn(error_band, result)),
    }
    files |= {f"{name}.png": picture for name, picture in overviews.items()}
    files["report.html"] = _page(result, pictures, overviews).encode()
    write_folder("out", folder, files)
    return list(files)


def _drawn(draw: Callable[[Comparison, Axes], Axes], result: Comparison) -> Figure:
    figure, axes = new_figure((8.6, 4.4))
    draw(result, axes[0])
    return figure


def _figure(row: Row, limit_mv: float) -> Figure:
    figure, axes = new_figure((5.2, 4.2))
    # margins known beforehand take half the time of margins found
    figure.set_layout_engine(None)
    figure.subplots_adjust(left=0.14, right=0.97, bottom=0.12, top=0.93)
    draw_eye(row.eye, axes[0], limit_mv=limit_mv)
    axes[0].set_title(
        f"{row.path}, {row.length_mm:.0f} mm, {row.insertion_loss_db:.1f} dB, {row.standard}", fontsize="small"
    )
    return figure


def _tornado(row: Row) -> Figure:
    figure, axes = new_figure((7.2, 3.2))
    reach_tornado(row, axes[0])
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _page(result: Comparison, pictures: list[bytes], overviews: dict[str, bytes]) -> str:
    try:
        from jinja2 import Environment, PackageLoader
    except ImportError as error:
        raise SirfError("jinja2 must be installed for reports, got none. Run: pip install 'sirf[report]'.") from error
    template = Environment(loader=PackageLoader("sirf.report", "."), autoescape=True).get_template("comparison.html.j2")
    tornados = [_png(_tornado(row)) for row in result.rows if row.reach_uncertainty is not None]
    rows = [
        {"row": row, "bounds": _bounds(row), "picture": base64.b64encode(picture).decode()}
        for row, picture in zip(result.rows, pictures, strict=True)
    ]
    return template.render(
        margins=result.table("margin"),
        costs=result.table("cost"),
        limitations=result.limitations(),
        banded=[FIGURES[name].heading for name in BANDED],
        rows=rows,
        tornados=[base64.b64encode(picture).decode() for picture in tornados],
        verdict=result.verdict,
        rule=result.rule.text,
        ranges=ranges(),
        rate=f"{result.data_rate / 1e9:g}",
        overviews={name.replace("-", "_"): base64.b64encode(picture).decode() for name, picture in overviews.items()},
        version=__version__,
    )


def _bounds(row: Row) -> list[str]:
    """Least and greatest of each figure with a band, as text; none where the comparison has no bounds."""
    if not row.bounds:
        return []
    spans = ((FIGURES[name], *row.bounds[name]) for name in BANDED)
    return ["-" if low is None else f"{figure.text(low)} to {figure.text(high)}" for figure, low, high in spans]
