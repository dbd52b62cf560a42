"""Bathtubs over time and voltage with their dual-Dirac fits, alone and on the axes of the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import LINE_STYLES, axes_or_new
from sirf.plot._palette import BLUE, DARK, ORANGE
from sirf.plot._titles import conditions_of, name_of, set_title
from sirf.plot.eye import DENSITY_LABEL, eye
from sirf.results.dual_dirac import fit_walls

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.results.statistical_eye import StatisticalEye

DEEPEST = 1e-18
"""Error ratios are drawn down to here."""
FIT_POINTS = 401


def bathtub(result: StatisticalEye, ax: Axes | None = None, *, fit: bool = True) -> Axes:
    """Symbol error ratio at the slicer's thresholds over the sampling phase in UI, and (`fit`) its dual-Dirac fit.

    The fit puts a Gaussian at each wall through the ratios DER0 and a thousandth of it; RJ is the mean of both sigmas, DJ what is
    left of 1 UI between their means. It is of all eyes together; `sirf.plot.jitter` shows the worst alone.
    """
    axes = axes_or_new(ax, (6.4, 3.6))
    phase, ratio = result.bathtub()
    # zero has no place on a logarithmic axis: the deepest ratio stands for it
    axes.semilogy(phase, np.maximum(ratio, DEEPEST), color=DARK)
    # a wall begins where half the symbols beside each eye come over its threshold: each of E eyes has two of L levels
    # beside it
    share = len(result.thresholds) / len(result.levels)
    walls = fit_walls(phase, ratio, ratio_fitted=result.der0, share=share) if fit else None
    # no walls where the bathtub is too shallow for a fit
    if walls is not None:
        fine = np.linspace(phase[0], phase[-1], FIT_POINTS)
        model = np.maximum(walls[0].ratio(fine) + walls[1].ratio(fine), DEEPEST)
        random = 0.5 * (abs(walls[0].sigma) + abs(walls[1].sigma))
        # what is left of the unit interval between the means of both walls
        deterministic = 1.0 - (walls[1].mean - walls[0].mean)
        label = f"dual-Dirac fit: DJ {deterministic:.3f} UI, RJ {random:.4f} UI rms"
        axes.plot(fine, model, color=BLUE, linewidth=1.0, linestyle="-.", label=label)
    axes.axhline(result.der0, color=ORANGE, linewidth=0.8, linestyle="--", label=f"DER0 {result.der0:g}")
    axes.set(xlabel="sampling phase (UI)", ylabel="symbol error ratio", ylim=(DEEPEST, 1.0))
    set_title(axes, f"Bathtub over time of {name_of(result.link)}", *conditions_of(result.link))
    axes.legend(fontsize="small", loc="lower left")
    return axes


def voltage_bathtub(result: StatisticalEye, ax: Axes | None = None, *, fit: bool = True) -> Axes:
    """Part of the symbols on the wrong side of a threshold over its voltage in mV, each eye from its lower to its upper level.

    With `fit` each wall's Gaussian through the ratios DER0 and a thousandth of it, as thin lines.
    """
    axes = axes_or_new(ax, (4.0, 4.8))
    volts, ratios = result.voltage_bathtub()
    for index, ratio in enumerate(ratios):
        # between its two levels: beyond them the next eye's symbols count
        inside = (volts >= result.level_volts[index]) & (volts <= result.level_volts[index + 1])
        own, millivolts = ratio[inside], 1e3 * volts[inside]
        style = LINE_STYLES[index % len(LINE_STYLES)]
        # turned by a quarter: voltage upwards as in the eye that it stands beside
        axes.semilogx(np.maximum(own, DEEPEST), millivolts, color=DARK, linestyle=style, linewidth=1.2)
        # at a level half of one level's symbols lie beyond
        share = 1.0 / len(result.levels)
        walls = fit_walls(millivolts, own, ratio_fitted=result.der0, share=share) if fit else None
        if walls is not None:
            model = np.maximum(walls[0].ratio(millivolts) + walls[1].ratio(millivolts), DEEPEST)
            axes.plot(
                model, millivolts, color=BLUE, linewidth=1.0, linestyle="-.", label=None if index else "dual-Dirac fit"
            )
    axes.axvline(result.der0, color=ORANGE, linewidth=0.8, linestyle="--", label=f"DER0 {result.der0:g}")
    # ratios fall to the right: where the eye is drawn too, it stands at the left of this picture
    axes.set(xlabel="symbol error ratio", ylabel="decision threshold (mV)", xlim=(1.0, DEEPEST))
    set_title(axes, f"Bathtubs over voltage of {name_of(result.link)}", *conditions_of(result.link))
    axes.legend(fontsize="x-small", loc="upper right")
    return axes


def eye_with_bathtubs(result: StatisticalEye, figure: Figure) -> Axes:
    """Draw the eye, its bathtub over time below and over voltage on the right, into an empty figure; the eye's axes."""
    # wide and high enough below and beside that all three axes read alike
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 1), height_ratios=(3, 1.3))
    main = figure.add_subplot(grid[0, 0])
    eye(result, main)
    below = figure.add_subplot(grid[1, 0], sharex=main)
    bathtub(result, below)
    beside = figure.add_subplot(grid[0, 1], sharey=main)
    voltage_bathtub(result, beside)
    # the corner between both has room for the scale of the density
    corner = figure.add_subplot(grid[1, 1])
    corner.set_axis_off()
    figure.colorbar(
        main.images[0], cax=corner.inset_axes((0.05, 0.75, 0.9, 0.12)), orientation="horizontal", label=DENSITY_LABEL
    )
    # the eye above names the link once for all three
    for axes in (below, beside):
        axes.set_title("")
    beside.set_ylabel("")
    below.set(xlim=main.get_xlim(), xlabel="time about the sampling instant (UI)")
    main.set_xlabel("")
    return main
