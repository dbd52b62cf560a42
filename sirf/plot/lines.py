"""Curves: pulse response, bathtub, reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.channel.response import Pulse
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.study.reach import Reach


def pulse(response: Pulse, ax: Axes | None = None, *, before_ui: float = 5.0, after_ui: float = 25.0) -> Axes:
    """Pulse response in mV over time in UI about the cursor, with the samples one UI apart."""
    axes = axes_or_new(ax, (6.4, 3.6))
    time = (response.time - response.time[response.cursor]) * response.symbol_rate
    axes.plot(time, 1e3 * response.volts, color="0.25", linewidth=1.2)
    cursors = slice(response.cursor % response.samples_per_ui, None, response.samples_per_ui)
    axes.plot(time[cursors], 1e3 * response.volts[cursors], "o", color="#0072b2", markersize=3.5, label="one UI apart")
    axes.axhline(0.0, color="0.7", linewidth=0.6)
    axes.set(xlabel="time about the cursor (UI)", ylabel="pulse response (mV)", xlim=(-before_ui, after_ui))
    axes.legend(fontsize="small")
    return axes


def bathtub(eye: StatisticalEye, ax: Axes | None = None) -> Axes:
    """Symbol error ratio at the slicer thresholds over the sampling phase in UI."""
    axes = axes_or_new(ax, (6.4, 3.6))
    phase, ratio = eye.bathtub()
    axes.semilogy(phase, np.maximum(ratio, 1e-18), color="0.25")
    axes.axhline(eye.der0, color="#d55e00", linewidth=0.8, linestyle="--", label=f"DER0 {eye.der0:g}")
    axes.set(xlabel="sampling phase (UI)", ylabel="symbol error ratio", ylim=(1e-18, 1.0))
    axes.legend(fontsize="small")
    return axes


def reach(result: Reach, ax: Axes | None = None) -> Axes:
    """The limited figure over trace length in mm, with the limit and the reach."""
    axes = axes_or_new(ax, (6.4, 3.6))
    name, bound = result.limit
    length, value, _ = np.array(result.curve).T
    draw = axes.semilogy if name == "ber" else axes.plot
    draw(length, np.maximum(value, 1e-30) if name == "ber" else value, "o-", color="0.25", markersize=3.5)
    axes.axhline(bound, color="#d55e00", linewidth=0.8, linestyle="--", label=f"limit {bound:g}")
    if result.reach_mm is not None:
        axes.axvline(
            result.reach_mm, color="#0072b2", linewidth=0.8, linestyle="-.", label=f"reach {result.reach_mm:.0f} mm"
        )
    axes.set(
        xlabel="trace length (mm)", ylabel={"ber": "bit error ratio", "com_db": "COM (dB)"}.get(name, "eye height (mV)")
    )
    axes.legend(fontsize="small")
    return axes
