"""The curve behind a reach: the limited figure over length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, DARK, ORANGE, PINK
from sirf.plot._titles import set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.reach_result import Reach


def reach(result: Reach, ax: Axes | None = None) -> Axes:
    """The limited figure over length in mm (of fibre: in m), with the limit, the reach and what ends it.

    Stretches along which the figure improves with length are shaded: there the reach is that of the first length that misses.
    """
    from sirf.study.figures import FIGURES
    from sirf.study.measurement import CLOSED_DB
    from sirf.study.monotone import improving_spans

    axes = axes_or_new(ax, (6.4, 3.6))
    (name, bound), fibre = result.limit, result.medium == "fibre"
    # a mask of two sides is drawn as the lesser quotient, which has to be 1
    figure, level, scale = FIGURES[name], 1.0 if isinstance(bound, tuple) else bound, 1e-3 if fibre else 1.0
    unit = "m" if fibre else "mm"
    length, value, _ = np.array(result.curve).T
    # a dead link has no figure: its stand-in would flatten the rest of the curve
    seen = np.isfinite(value) & (value > CLOSED_DB)
    # an ideal link has a ratio of zero
    shown = np.maximum(value, 1e-30) if figure.ratio else value
    axes.plot(scale * length[seen], shown[seen], "o-", color=DARK, markersize=3.5)
    axes.axhline(level, color=ORANGE, linewidth=1.0, linestyle="--", label=f"limit {level:g}")
    if result.reach_mm is not None:
        end = f"reach {scale * result.reach_mm:.0f} {unit}"
        end += f", limited by {result.limited_by}" if result.gained_decades or result.gained_db else ""
        axes.axvline(scale * result.reach_mm, color=BLUE, linewidth=1.0, linestyle="-.", label=end)
    for index, (start, stop) in enumerate(improving_spans(length[seen], shown[seen], name)):
        label = None if index else "not monotone: better with length here"
        axes.axvspan(scale * start, scale * stop, color=PINK, alpha=0.25, linewidth=0, label=label)
    where = f"length of {'fibre' if fibre else 'the line'} ({unit})"
    axes.set(xlabel=where, ylabel=figure.label, yscale="log" if figure.ratio else "linear")
    rate = "" if result.data_rate is None else f"{result.data_rate / 1e9:g} Gb/s"
    found = "no length meets the limit" if result.reach_mm is None else f"to {100 * result.tolerance:g} %"
    set_title(axes, f"Reach of {result.path}", result.standard or "", rate, found)
    axes.legend(fontsize="small")
    return axes
