"""Margins of modulations at one net bit rate, over one channel or along its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf.plot._axes import axes_or_new, plain
from sirf.plot._palette import BLUE, GREEN, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.modulation_result import ModulationStudy

_STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, "-.", "^"), ("#555555", ":", "D"))
"""Colour, dash and mark of each modulation: told apart in grey too."""


def modulation(result: ModulationStudy, ax: Axes | None = None) -> Axes:
    """COM in dB of each modulation: bars for a single channel, lines over the loss of a sweep.

    A level line marks the margin that a link needs, a dot on the sweep where one modulation overtakes another.
    """
    from sirf.study.rule import MIN_COM_DB

    axes = axes_or_new(ax, (7.2, 4.4))
    (_sweep if result.sweep else _bars)(axes, result)
    axes.axhline(MIN_COM_DB, color="0.4", linewidth=0.8, linestyle=":")
    axes.set_ylabel("COM (dB)")
    axes.set_title(
        plain(f"{result.channel}: {result.net_rate / 1e9:.4g} Gb/s net, {result.standard}"), fontsize="small"
    )
    axes.grid(visible=True, axis="y", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    return axes


def _bars(axes: Axes, result: ModulationStudy) -> None:
    labels = [f"{row.modulation}\n{row.symbol_rate / 1e9:.1f} GBd" for row in result.rows]
    # no margin: a bar of no height with words over it
    heights = [0.0 if row.com_db is None else row.com_db for row in result.rows]
    # four styles twice are eight, more than there are modulations (`sirf.signal.pam.ORDERS`)
    colors = [style[0] for style, _ in zip(_STYLES * 2, result.rows, strict=False)]
    axes.bar(range(len(labels)), heights, color=colors, width=0.6)
    axes.set_xticks(range(len(labels)), labels)
    for place, row in enumerate(result.rows):
        text = "no value" if row.energy is None else f"{row.com_db:.2f} dB\n{row.energy.value:.1f} pJ/bit"
        axes.annotate(text, (place, heights[place]), ha="center", va="bottom", fontsize="small")
    axes.margins(y=0.2)


def _sweep(axes: Axes, result: ModulationStudy) -> None:
    for row, (color, dash, mark) in zip(result.rows, _STYLES * 2, strict=False):
        found = [(point.loss_db, point.row(row.modulation).com_db) for point in result.sweep]
        shown = [(loss, com) for loss, com in found if com is not None]
        if shown:
            axes.plot(
                *zip(*shown, strict=True), color=color, linestyle=dash, marker=mark, markersize=4, label=row.modulation
            )
    for change in result.changes:
        axes.plot(change.loss_db, change.com_db, "o", color="black", markersize=7, fillstyle="none")
        axes.annotate(
            f"{change.loss_db:.1f} dB", (change.loss_db, change.com_db), xytext=(6, 6), textcoords="offset points"
        )
    axes.set_xlabel(f"loss of the channel at {result.reference_frequency / 1e9:g} GHz (dB)")
    axes.legend(fontsize="small", frameon=False)
