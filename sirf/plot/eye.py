"""The eye diagram: density over two unit intervals, contours of the openings over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun

Float = NDArray[np.float64]

DECADES = 6.0
"""Decades of density that the picture shows."""
CONTOURS = (1e-4, 1e-6, 1e-9)


def eye(
    result: StatisticalEye | WaveformRun,
    ax: Axes | None = None,
    *,
    contours: Sequence[float] | None = None,
    limit_mv: float | None = None,
) -> Axes:
    """Draw the eye of a statistical result or a bit-by-bit run.

    Parameters
    ----------
    ax
        Axes to draw on; a new figure by default.
    contours
        Error ratios whose openings are outlined (statistical results only); the link's DER0 and two more by default.
    limit_mv
        Half height of the voltage axis in mV, for eyes side by side on one scale.

    Returns the axes. One unit interval is shown, the sampling instant in its middle.
    """
    axes = axes_or_new(ax, (6.4, 4.8))
    from sirf.results.statistical_eye import StatisticalEye

    if isinstance(result, StatisticalEye):
        phase, volts, density, thresholds = result.phase_ui, result.volts, result.density, result.thresholds
    else:
        phase, volts = result.eye.phase_ui, result.eye.volts
        density, thresholds = result.eye.density, result.eye.thresholds
    _density(axes, phase, 1e3 * volts, density)
    if isinstance(result, StatisticalEye):
        _contours(axes, result, contours)
    for threshold in thresholds:
        axes.axhline(1e3 * threshold, color="0.55", linewidth=0.6, linestyle=":")
    axes.axvline(0.0, color="0.55", linewidth=0.6, linestyle=":")
    top = limit_mv if limit_mv is not None else 1.2e3 * float(np.abs(volts).max()) / 1.35
    axes.set(
        xlabel="time about the sampling instant (UI)", ylabel="slicer input (mV)", ylim=(-top, top), xlim=(-0.5, 0.5)
    )
    return axes


def _density(axes: Axes, phase: Float, millivolts: Float, density: Float) -> None:
    from matplotlib.colors import LogNorm

    # the same unit interval ends where it began: repeat the first phase at +0.5
    closed = np.vstack([density, density[:1]])
    times = np.append(phase, phase[0] + 1.0)
    peak = float(np.percentile(closed.max(axis=1), 90))
    shown = np.maximum(closed.T, peak * 10**-DECADES)
    axes.pcolormesh(
        times,
        millivolts,
        shown,
        norm=LogNorm(peak * 10**-DECADES, peak),
        cmap="Greys",
        shading="gouraud",
        rasterized=True,
    )


def _contours(axes: Axes, result: StatisticalEye, contours: Sequence[float] | None) -> None:
    chosen = contours if contours is not None else sorted({result.der0, *CONTOURS}, reverse=True)
    colours = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
    for index, ratio in enumerate(chosen):
        colour, style = colours[index % len(colours)], ("-", "--", "-.", ":")[index % 4]
        label = f"{ratio:g}" + (" (DER0)" if ratio == result.der0 else "")
        for phase, low, high in result.contour(ratio):
            if len(phase) < 2:
                continue
            around = np.concatenate([phase, phase[::-1], phase[:1]]), 1e3 * np.concatenate([low, high[::-1], low[:1]])
            axes.plot(*around, color=colour, linestyle=style, linewidth=1.2, label=label)
            label = "_nolegend_"
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            title="error ratio", fontsize="x-small", title_fontsize="x-small", loc="upper right", framealpha=0.9
        )
