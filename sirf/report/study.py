"""Writes what a study found as one HTML page that needs nothing beside it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sirf._files import write_text
from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.plot.study import study_front, study_histogram, study_map, study_scatter, study_tornado
from sirf.report.page import as_text, png, render
from sirf.study.figures import FIGURES
from sirf.study.sweep.case_analysis import Index, Slope, slopes, sobol_indices
from sirf.study.sweep.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = dict[str, str]


def write_study(results: Results, file: str | Path) -> None:
    """Write the page: yield, what moves each figure, pictures, failed cases, the study itself."""
    study = results.study
    rows = _sensitivity(results)
    # without limits there is no yield
    share = None
    if study.limits and len(results):
        value, low, high = results.yield_interval()
        share = f"{100 * value:.2f} % (99 %: {100 * low:.2f} to {100 * high:.2f})"
    reasons: dict[str, int] = {}
    for reason in results.errors.values():
        # failed cases are counted by their reason
        reasons[reason] = reasons.get(reason, 0) + 1
    text = render(
        "study.html.j2",
        title=study.title or "study",
        results=None,
        seed=study.seed,
        cases=f"{len(results):,}",
        cases_in_all=f"{study.cases:,}",
        failed=f"{results.failed:,}",
        share=share,
        limits=", ".join(f"{name} {value:g}" for name, value in study.limits.items()),
        figure=study.figures[0],
        sensitivity_head=_head(rows),
        sensitivity=[_cells(row) for row in rows],
        pictures=_pictures(results, rows),
        # the most frequent reasons alone: a line for each failed case would make a page that nobody reads
        reasons=sorted(((count, reason) for reason, count in reasons.items()), reverse=True)[:20],
        # the folder is where the study lies here, and means nothing elsewhere
        study=json.dumps({key: value for key, value in study.to_dict().items() if key != "folder"}, indent=1),
        # 64 bits are enough to tell studies apart, and fit on a line
        digest=study.digest[:16],
        seconds=f"{results.seconds.sum():.0f} s",
    )
    write_text("out", file, text)


def _sensitivity(results: Results) -> tuple[Index, ...] | tuple[Slope, ...]:
    """Sobol indices where the study was sampled for them and is whole, else slopes; nothing where there are too few cases."""
    study, figure = results.study, results.study.figures[0]
    try:
        # Sobol indices need a design of their own
        if study.sampling.method == "sensitivity":
            return sobol_indices(results, figure)
        return slopes(results, figure)
    except SirfError:
        return ()


def _head(rows: tuple[Index, ...] | tuple[Slope, ...]) -> tuple[str, ...]:
    if rows and isinstance(rows[0], Index):
        return ("tolerance", "first order", "99 %", "total", "99 %")
    return ("tolerance", "for one deviation", "share of variance", "rank correlation")


def _cells(row: Index | Slope) -> tuple[str, ...]:
    if isinstance(row, Index):
        return (
            row.parameter,
            f"{row.first:.3f}",
            f"{row.first_low:.3f} to {row.first_high:.3f}",
            f"{row.total:.3f}",
            f"{row.total_low:.3f} to {row.total_high:.3f}",
        )
    return (row.parameter, f"{row.per_deviation:+.3g}", f"{100 * row.share:.0f} %", f"{row.rank:+.2f}")


def _pictures(results: Results, rows: tuple[Index, ...] | tuple[Slope, ...]) -> list[Picture]:
    study, figures = results.study, results.study.figures
    found: list[Picture] = []

    def add(title: str, draw: Callable[[], Figure]) -> None:
        try:
            found.append({"title": title, "data": _png(draw())})
        except SirfError:
            # a figure without any value has no picture
            return

    for name in figures:
        add(f"How often each value of {name} came out", partial(_drawn, partial(study_histogram, results, name)))
    if rows:
        add(f"What moves {figures[0]}", partial(_drawn, partial(study_tornado, rows, figures[0])))
    if len(study.axes) >= 2:
        first, second = (axis.parameter for axis in study.axes[:2])
        for name in figures:
            add(f"{name} over {first} and {second}", partial(_drawn, partial(study_map, results, name, first, second)))
    add("Every figure over every parameter", partial(study_scatter, results))
    known = [name for name in figures if name in FIGURES]
    if len(known) >= 2:
        add(f"{known[0]} against {known[1]}", partial(_drawn, partial(study_front, results, known[0], known[1])))
    return found


def _drawn(draw: Callable[[Axes], Axes]) -> Figure:
    figure, axes = new_figure((6.4, 4.0))
    draw(axes[0])
    return figure


def _png(figure: Figure) -> str:
    return as_text(png(figure))
