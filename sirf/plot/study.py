"""Pictures of a study: distribution of a figure, response over two parameters, scatter, what costs the margin, a front."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new, empty_figure, plain
from sirf.plot._palette import BLUE, DARK, ORANGE
from sirf.study.figures import FIGURES
from sirf.study.sweep.case_analysis import Index, Slope, pareto_front, scale_of
from sirf.study.sweep.parameters import parameter_of
from sirf.study.sweep.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "0.75"
"""Lighter than that of lines: areas and clouds of points."""
LABEL_CHARACTERS = 24
"""Characters to a line of a label of a small picture."""
MAX_POINTS = 5_000
"""Most points of a scatter: more only darken it."""


def _figure_label(name: str) -> str:
    if name not in FIGURES:
        return plain(name)
    figure = FIGURES[name]
    return f"log10 of {figure.title}" if figure.ratio else figure.label


def study_histogram(results: Results, figure: str, ax: Axes | None = None) -> Axes:
    """How often each value of a figure came out, its limit and the share that meets it."""
    axes = axes_or_new(ax, (5.2, 3.4))
    column = scale_of(figure, results.figure(figure))
    column = column[np.isfinite(column)]
    if not column.size:
        raise SirfError(f"{figure} must have at least one value to be drawn, got none. Run the study.")
    # as many bins as a sample of this size supports: the root of its number, within what the eye can tell
    axes.hist(column, bins=min(60, max(8, int(np.sqrt(column.size)))), color=BLUE, alpha=0.8)
    limit = results.study.limits.get(figure)
    if limit is not None:
        # on the figure's own scale: error ratios are drawn by decades
        at = float(scale_of(figure, np.array([limit]))[0])
        axes.axvline(at, color=ORANGE, linewidth=1.4, linestyle="--", label=f"limit {limit:g}")
        axes.legend(fontsize="small")
    axes.set(xlabel=_figure_label(figure), ylabel="cases")
    axes.set_title(plain(f"{results.study.title}: {column.size:,} cases"), fontsize="small")
    return axes


def study_scatter(results: Results, figures: Sequence[str] | None = None) -> Figure:
    """Every figure over every parameter that is a number, small pictures in rows."""
    names = list(figures or results.study.figures)
    # names have no order that a scatter could show
    columns = [name for name in results.study.names if results.values[name].dtype != object]
    if not columns:
        raise SirfError("a scatter must have a parameter that is a number, got names only. Draw a histogram.")
    figure = empty_figure((2.4 * len(columns) + 0.8, 2.1 * len(names) + 0.4))
    grid = figure.subplots(len(names), len(columns), squeeze=False, sharex="col", sharey="row")
    # every so-many-th case: more points only darken the picture
    step = max(1, len(results) // MAX_POINTS)
    for i, name in enumerate(names):
        y = scale_of(name, results.figure(name))[::step]
        for j, parameter in enumerate(columns):
            axes = grid[i][j]
            axes.plot(results.values[parameter][::step], y, ".", color=DARK, markersize=2, alpha=0.5)
            if i == len(names) - 1:
                axes.set_xlabel(_in_lines(plain(parameter_of(parameter).label)), fontsize="small")
            if j == 0:
                axes.set_ylabel(_in_lines(_figure_label(name)), fontsize="small")
    return figure


def _in_lines(label: str) -> str:
    """A label in lines as long as a small picture has room for beside its neighbours."""
    return textwrap.fill(label, LABEL_CHARACTERS, break_long_words=False)


def study_tornado(rows: Sequence[Index] | Sequence[Slope], figure: str, ax: Axes | None = None) -> Axes:
    """What moves a figure, the strongest at the top: Sobol indices with their intervals, or slopes for one deviation."""
    axes = axes_or_new(ax, (5.2, 0.45 * len(rows) + 1.2))
    # the strongest last, for bars are drawn from below
    ordered: list[Index | Slope] = sorted(
        rows, key=lambda row: row.total if isinstance(row, Index) else abs(row.per_deviation)
    )
    for place, row in enumerate(ordered):
        # total above first order: their difference is what the parameter does together with others
        if isinstance(row, Index):
            axes.barh(place + 0.18, row.total, height=0.32, color=PALE, label="total" if place == 0 else None)
            axes.barh(place - 0.18, row.first, height=0.32, color=BLUE, label="first order" if place == 0 else None)
            axes.plot([row.total_low, row.total_high], [place + 0.18] * 2, color=DARK, linewidth=1.2)
            axes.plot([row.first_low, row.first_high], [place - 0.18] * 2, color=DARK, linewidth=1.2)
        else:
            # colour by direction: more of the parameter raises or lowers the figure
            axes.barh(place, row.per_deviation, height=0.6, color=BLUE if row.per_deviation < 0 else ORANGE)
    indices = bool(ordered) and isinstance(ordered[0], Index)
    axes.set_yticks(range(len(ordered)), [plain(row.parameter) for row in ordered])
    axes.axvline(0.0, color=DARK, linewidth=0.6)
    label = _figure_label(figure)
    axes.set_xlabel(f"share of the variance of {label}" if indices else f"{label} for one deviation")
    if indices:
        axes.legend(fontsize="small")
    return axes


def study_map(results: Results, figure: str, first: str, second: str, ax: Axes | None = None) -> Axes:
    """Mean of a figure over two axes of the study, a cell for each pair of values."""
    axes = axes_or_new(ax, (5.6, 4.0))
    known = {axis.parameter: axis.values for axis in results.study.axes}
    for name in (first, second):
        if name not in known:
            raise SirfError(f"{name} must be an axis of the study, got axes {', '.join(known) or 'none'}. Name one.")
    column = scale_of(figure, results.figure(figure))
    # cells without any case stay empty
    table = np.full((len(known[second]), len(known[first])), np.nan)
    for j, x in enumerate(known[first]):
        for i, y in enumerate(known[second]):
            inside = column[(results.values[first] == x) & (results.values[second] == y)]
            # cases that failed have no value
            inside = inside[np.isfinite(inside)]
            if inside.size:
                table[i, j] = inside.mean()
    # cividis rises evenly in brightness, so that the map reads in grey
    image = axes.imshow(table, origin="lower", aspect="auto", cmap="cividis")
    axes.figure.colorbar(image, ax=axes, label=_figure_label(figure))
    for values, name, ticks, label in (
        (known[first], first, axes.set_xticks, axes.set_xlabel),
        (known[second], second, axes.set_yticks, axes.set_ylabel),
    ):
        # at most ten names an axis
        every = max(1, -(-len(values) // 10))
        shown = [f"{value:g}" if isinstance(value, float) else plain(str(value)) for value in values[::every]]
        ticks(range(0, len(values), every), shown)
        label(plain(parameter_of(name).label))
    return axes


def study_front(results: Results, first: str, second: str, ax: Axes | None = None) -> Axes:
    """Two figures of every case, and the Pareto front: cases that no other beats in both."""
    axes = axes_or_new(ax, (5.2, 4.0))
    x, y = (scale_of(name, results.figure(name)) for name in (first, second))
    axes.plot(x, y, ".", color=PALE, markersize=3, label="cases")
    front = np.isin(results.index, pareto_front(results, first, second))
    order = np.argsort(x[front])
    axes.plot(x[front][order], y[front][order], "o-", color=ORANGE, markersize=4, linewidth=1.0, label="Pareto front")
    axes.set(xlabel=_figure_label(first), ylabel=_figure_label(second))
    axes.legend(fontsize="small")
    return axes
