"""Energy per bit of rivals over the length of their electrical paths, against a challenger of fixed length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.crossover import Crossing, Crossover

_STYLES = (
    ("#0072b2", "-"),
    ("#56b4e9", "--"),
    ("#009e73", "-."),
    ("#e69f00", (0, (5, 1))),
    ("#cc79a7", (0, (3, 1, 1, 1))),
    ("#882255", (0, (1, 1))),
    ("#6f4e37", (0, (7, 2))),
    ("#555555", (0, (3, 1, 1, 1, 1, 1))),
)
"""Colour and dash of each rival: told apart in grey too."""


def crossover(result: Crossover, ax: Axes | None = None) -> Axes:
    """Energy in pJ/bit with its band over length in mm, one line for each rival as far as it works.

    The challenger is the level line; a dot marks where it takes over, a cross the reach of a rival that ends before the longest
    length tried.
    """
    from sirf.study.figures import FIGURES

    axes = axes_or_new(ax, (8.4, 4.8))
    energy = result.energy
    axes.axhspan(energy.low, energy.high, color="#d55e00", alpha=0.12, linewidth=0)
    own = f"{result.challenger}, {result.length_mm:.0f} mm"
    axes.axhline(energy.value, color="#d55e00", linewidth=2.2, label=own)
    for index, row in enumerate(result.rows):
        _rival(axes, row, *_STYLES[index % len(_STYLES)])
    name, bound = result.limit
    ratio = f"{FIGURES[name].title} {bound:g} from host to host"
    axes.set(xscale="log", xlabel="length of the rival's line or cable (mm)", ylabel="energy (pJ/bit)")
    axes.set_ylim(bottom=0.0)
    axes.set_title(f"{result.data_rate / 1e9:g} Gb/s a lane, {ratio}", fontsize="small")
    axes.grid(visible=True, which="major", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return axes


def _rival(axes: Axes, row: Crossing, color: str, dash: object) -> None:
    label = f"{row.rival}: {_words(row)}"
    if not row.curve:
        axes.plot([], [], color=color, linestyle=dash, label=label)
        return
    length, _, low, value, high = np.array(row.curve).T
    axes.fill_between(length, low, high, color=color, alpha=0.08, linewidth=0)
    axes.plot(length, value, color=color, linestyle=dash, linewidth=1.4, label=label)
    if row.crossover_mm and row.cause == "energy":
        axes.plot(row.crossover_mm, np.interp(row.crossover_mm, length, value), "o", color=color, markersize=7)
    if row.ends:
        axes.plot(length[-1], value[-1], "x", color=color, markersize=7, markeredgewidth=1.8)


def _words(row: Crossing) -> str:
    if row.crossover_mm is None:
        return "never"
    if row.crossover_mm == 0.0:
        return "always"
    return f"from {row.crossover_mm:.0f} mm"
