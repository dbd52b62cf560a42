"""Maps of one figure over two quantities, with the line at which it meets a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import ORANGE
from sirf.plot._titles import set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

    from sirf.study.maps import Map


_FLOOR = 1e-20
"""Error ratios below this look alike."""
_LIMIT = ORANGE
_SMOOTH = 4
"""Values of both axes from which a map is drawn as filled contours; below, and over words, as fields."""


def map(result: Map, ax: Axes | None = None, *, limit: float | None = None) -> Axes:
    """The figure as colour over the first quantity (across) and the second (up), `limit` as a line.

    Error ratios by their decimal logarithm. The colours (cividis) rise in brightness, so they read in grey. Raises `SirfError`
    for a limit of an error ratio that is not positive.
    """
    from sirf.study.figures import FIGURES

    axes = axes_or_new(ax, (6.8, 4.4))
    figure = FIGURES[result.figure]
    if figure.ratio and limit is not None and not limit > 0.0:
        raise SirfError(f"limit must be positive for an error ratio, got {limit}. Use for example 1e-5.")
    # decades: a figure over many of them would be one colour
    shown = np.log10(np.maximum(result.values, _FLOOR)) if figure.ratio else result.values
    # a dead link's figure may be infinite
    finite = np.where(np.isfinite(shown), shown, np.nan)
    smooth = not result.second.discrete and min(finite.shape) >= _SMOOTH
    paint = _contours(axes, result, finite, figure.ratio) if smooth else _fields(axes, result, finite)
    bar = axes.figure.colorbar(paint, ax=axes)
    bar.set_label(f"log10 of {figure.label}" if figure.ratio else figure.label)
    if limit is not None:
        _mark(axes, result, finite, float(np.log10(limit)) if figure.ratio else limit, limit, smooth=smooth)
    axes.set(xlabel=result.first.label, ylabel=result.second.label)
    set_title(axes, f"{figure.title.capitalize()} of {result.subject}", _note(result))
    return axes


def _note(result: Map) -> str:
    """Where the figure improves along an axis of lengths, so that the limit may be met again behind its line; else nothing."""
    from sirf.study.monotone import improving_spans

    if result.first.name != "length":
        return ""
    # row by row of the other axis
    rows = [improving_spans(result.first.values, column, result.figure) for column in result.values.T]
    bent = sum(bool(spans) for spans in rows)
    if not bent:
        return ""
    start, stop = next(spans[0] for spans in rows if spans)
    where = f"first from {start:.4g} to {stop:.4g} {result.first.unit}"
    return f"not monotone: in {bent} of {len(rows)} rows it improves with length, {where}"


def _contours(axes: Axes, result: Map, values: Float, ratio: bool) -> ScalarMappable:
    from matplotlib.ticker import MaxNLocator

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    # whole decades where there are enough of them
    ticks = MaxNLocator(12, integer=ratio and high - low > 4.0).tick_values(low, high if high > low else low + 1.0)
    # no error ratio is above 1
    levels = [level for level in ticks if level <= 0.0 or not ratio]
    # points that have no value stay white
    seen = np.ma.masked_invalid(values.T)
    return axes.contourf(result.first.values, result.second.values, seen, levels=levels, cmap="cividis")


def _fields(axes: Axes, result: Map, values: Float) -> ScalarMappable:
    rows = np.arange(len(result.second.values))
    # lengths are not negative, whatever half a step below the first is
    borders = np.maximum(_edges(np.array(result.first.values)), 0.0)
    paint = axes.pcolormesh(borders, np.arange(rows.size + 1) - 0.5, values.T, cmap="cividis")
    axes.set_yticks(rows, result.second.texts)
    return paint


def _mark(axes: Axes, result: Map, values: Float, level: float, limit: float, *, smooth: bool) -> None:
    """The limit: as a contour, or in every field's row where it is first missed."""
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    halo: list[AbstractPathEffect] = [withStroke(linewidth=4.0, foreground="white")]
    # a level outside the values has no contour, and asking for one only makes a warning
    if smooth and np.nanmin(values) < level < np.nanmax(values):
        seen = np.ma.masked_invalid(values.T)
        axes.contour(
            result.first.values,
            result.second.values,
            seen,
            levels=[level],
            colors=_LIMIT,
            linewidths=2.0,
            linestyles="solid",
        ).set_path_effects(halo)
    # of a field the limit lies between two columns: a stroke at the place that interpolation gives
    for row, place in enumerate([] if smooth else result.at_limit(limit)):
        if np.isfinite(place):
            axes.plot([place, place], [row - 0.45, row + 0.45], color=_LIMIT, linewidth=2.0, path_effects=halo)
    # contours and single strokes have no entry in a legend of their own
    axes.plot([], [], color=_LIMIT, linewidth=2.0, label=f"limit {limit:g}")
    axes.legend(fontsize="small", loc="upper right")


def _edges(places: Float) -> Float:
    """Borders (N + 1,) half way between places (N,)."""
    if places.size == 1:
        # a single value has no neighbour: a field as wide as the value itself
        return np.asarray(places[0] + np.array([-0.5, 0.5]) * max(abs(places[0]), 1.0))
    middle = 0.5 * (places[1:] + places[:-1])
    return np.concatenate([[2.0 * places[0] - middle[0]], middle, [2.0 * places[-1] - middle[-1]]])
