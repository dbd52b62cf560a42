"""Architectures against each other: reach against energy per bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.compare import Comparison

_MARKS = ("o", "s", "D", "^", "v", "<", ">", "P", "X")
_COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#882255", "#6f4e37", "#222222")


def energy_reach(result: Comparison, ax: Axes | None = None) -> Axes:
    """Energy per bit (bars: its range) against reach in mm, one mark for each row; rows without reach are left out."""
    axes = axes_or_new(ax, (7.2, 4.6))
    for index, row in enumerate(result.rows):
        if row.reach_mm is None:
            continue
        colour, energy = _COLOURS[index % len(_COLOURS)], row.energy
        axes.errorbar(
            row.reach_mm, energy.value, yerr=[[energy.value - energy.low], [energy.high - energy.value]],
            fmt=_MARKS[index % len(_MARKS)], color=colour, capsize=3, markersize=7, label=row.path,
        )  # fmt: skip
    axes.set(
        xscale="log",
        xlabel="reach of the electrical path (mm)",
        ylabel="energy (pJ/bit)",
        title=f"{result.data_rate / 1e9:g} Gb/s per lane",
    )
    axes.set_ylim(bottom=0.0)
    axes.grid(visible=True, which="both", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return axes
