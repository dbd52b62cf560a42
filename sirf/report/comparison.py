"""Writes a comparison: results.json, an eye picture for each row, and report.html that needs nothing beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sirf._display import strict
from sirf._files import write_folder
from sirf.plot._axes import new_figure
from sirf.plot.comparison import energy_reach, error_band, eye_scale_mv, reach_tornado, row_label, row_scale_mv
from sirf.plot.eye import contour_ratios, outlines
from sirf.report.eye_sheet import EyeSheet, side_by_side
from sirf.report.losses import losses
from sirf.report.page import EyeView, as_text, encoded, eye_view, png, render
from sirf.study.comparison import Comparison, Row
from sirf.study.figures import BANDED, FIGURES
from sirf.study.row_ledger import row_ledger
from sirf.system.corners import ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.system.architecture import Architecture

SECTIONS = (
    ("margin", "Margin and reach"),
    ("cost", "Energy, power, latency, density"),
    ("band", "Error band"),
    ("eyes", "Eyes"),
    ("losses", "Loss of the copper"),
    ("ledgers", "Ledgers"),
    ("inputs", "Ranges of the inputs"),
    ("notes", "Notes"),
    ("provenance", "Provenance"),
)
LETTER = 0.009
"""Width of a letter of a row's name, as part of a picture's width."""


def write_comparison(
    result: Comparison, folder: Path, *, architectures: Mapping[str, Architecture] | None = None
) -> list[str]:
    """Write everything into `folder` (made if need be); the names of the files written.

    `architectures` holds by id those of the user's own files; the others are the shipped ones.
    """
    # JSON without infinities: other readers refuse them
    files = {"results.json": (json.dumps(strict(result.to_dict()), indent=1, allow_nan=False) + "\n").encode()}
    views, cells, sheet = [], [], EyeSheet()
    # heights compare at one rate; ways of a set differ in levels, rates and receivers
    own_scale = bool(result.job)
    for row in result.rows:
        # one scale for all where heights compare
        limit = row_scale_mv(row) if own_scale else eye_scale_mv(result)
        bare = sheet.draw(row.eye, title=_title(row), top_mv=limit)
        outlined = outlines(row.eye, contour_ratios(row.eye))
        caption = f"{row.title}. {row.equalizer}."
        views.append(
            eye_view(row.eye, name=row.path, caption=caption, top_mv=limit, picture=encoded(bare), outlined=outlined)
        )
        whole, first = sheet.with_contours(outlined)
        files[f"eye-{row.path}.png"] = encoded(whole)
        # at the one error ratio by which all are judged
        cells.append(first)
    # the list of rows stands at the right of one picture, their names at the left of another
    names = LETTER * max(len(row.path) for row in result.rows)
    labels = LETTER * max(len(row_label(result, row)) for row in result.rows)
    overviews = {
        "eyes": encoded(side_by_side(cells, own_scale=own_scale)),
        "reach-energy": png(_drawn(energy_reach, result, left=0.08, right=0.94 - labels)),
        "error-band": png(_drawn(error_band, result, left=0.03 + names, right=0.98)),
        "losses": encoded(losses(result, architectures or {})),
    }
    files |= {f"{name}.png": picture for name, picture in overviews.items()}
    files["report.html"] = _page(result, views, overviews, architectures or {}).encode()
    write_folder("out", folder, files)
    return list(files)


def _title(row: Row) -> str:
    return f"{row.path}, {row.length_mm:.0f} mm, {row.insertion_loss_db:.1f} dB, {row.standard}"


def _drawn(draw: Callable[[Comparison, Axes], Axes], result: Comparison, *, left: float, right: float) -> Figure:
    figure, axes = new_figure((8.6, 4.4))
    # margins known beforehand take half the time of margins found
    figure.set_layout_engine(None)
    figure.subplots_adjust(left=left, right=right, bottom=0.13, top=0.92)
    draw(result, axes[0])
    return figure


def _tornado(row: Row) -> Figure:
    figure, axes = new_figure((7.2, 3.2))
    reach_tornado(row, axes[0])
    return figure


def _page(
    result: Comparison, views: list[EyeView], overviews: dict[str, bytes], architectures: Mapping[str, Architecture]
) -> str:
    return render(
        "comparison.html.j2",
        title=f"sirf compare, {result.heading}",
        heading=result.job or f"From faceplate to package: {result.heading}",
        results=result.to_dict(),
        sections=SECTIONS,
        margins=result.table("margin"),
        costs=result.table("cost"),
        limitations=result.limitations(),
        banded=[FIGURES[name].heading for name in BANDED],
        bounds=[(row.path, *_bounds(row)) for row in result.rows if row.bounds],
        eyes=views,
        ledgers=[
            {
                "path": row.path,
                "tables": row_ledger(row, row.data_rate, architecture=architectures.get(row.path)).tables(),
            }
            for row in result.rows
        ],
        tornados=[as_text(png(_tornado(row))) for row in result.rows if row.reach_uncertainty is not None],
        verdict=result.verdict,
        rule=result.rule.text,
        ranges=[(name, f"{best:g}", f"{worst:g}", *rest) for name, best, worst, *rest in ranges()],
        notes=[f"{row.path}: {note}" for row in result.rows for note in row.notes],
        overviews={name.replace("-", "_"): as_text(picture) for name, picture in overviews.items()},
    )


def _bounds(row: Row) -> list[str]:
    """Least and greatest of each figure with a band, as text."""
    spans = ((FIGURES[name], *row.bounds[name]) for name in BANDED)
    return ["-" if low is None else f"{figure.text(low)} to {figure.text(high)}" for figure, low, high in spans]
