"""The statistical eye with its bathtubs: error ratio over time below it, over voltage beside it, on the same axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot.eye import COLOURS, eye
from sirf.plot.lines import bathtub

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.results.statistical_eye import StatisticalEye

DEEPEST = 1e-18
"""Error ratios are drawn down to here."""


def voltage_bathtub(result: StatisticalEye, ax: Axes | None = None) -> Axes:
    """Part of the symbols on the wrong side of a threshold over its voltage in mV, each eye from its lower to its upper level."""
    from sirf.plot._axes import axes_or_new

    axes = axes_or_new(ax, (3.2, 4.8))
    volts, ratios = result.voltage_bathtub()
    styles = ("-", "--", "-.", ":")
    for index, ratio in enumerate(ratios):
        inside = (volts >= result.level_volts[index]) & (volts <= result.level_volts[index + 1])
        axes.semilogx(
            np.maximum(ratio[inside], DEEPEST),
            1e3 * volts[inside],
            color="0.25",
            linestyle=styles[index % len(styles)],
            linewidth=1.2,
        )
    axes.axvline(result.der0, color=COLOURS[0], linewidth=0.8, linestyle="--", label=f"DER0 {result.der0:g}")
    axes.set(xlabel="symbol error ratio", ylabel="decision threshold (mV)", xlim=(1.0, DEEPEST))
    axes.legend(fontsize="x-small", loc="upper right")
    return axes


def eye_with_bathtubs(result: StatisticalEye, figure: Figure) -> Axes:
    """Draw the eye, its bathtub over time below and over voltage on the right, into an empty figure; the eye's axes."""
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 1), height_ratios=(3, 1.3))
    main = figure.add_subplot(grid[0, 0])
    eye(result, main)
    below = figure.add_subplot(grid[1, 0], sharex=main)
    bathtub(result, below)
    beside = figure.add_subplot(grid[0, 1], sharey=main)
    voltage_bathtub(result, beside)
    beside.set_ylabel("")
    below.set(xlim=main.get_xlim(), xlabel="time about the sampling instant (UI)")
    main.set_xlabel("")
    return main
