"""Curves: pulse response, bathtub, reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.channel.transfer import Pulse
    from sirf.link import Link
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.study.reach_result import Reach


def pulse(response: Pulse | Link, ax: Axes | None = None, *, before_ui: float = 5.0, after_ui: float = 25.0) -> Axes:
    """Pulse response in mV over time in UI about the cursor, with the samples one UI apart; of a link that at its slicer."""
    from sirf.link import Link

    if isinstance(response, Link):
        response = response.pulse_response()
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
    """The limited figure over length in mm (of fibre: in m), with the limit, the reach and what ends it."""
    from sirf.study.figures import FIGURES
    from sirf.study.measurement import CLOSED_DB

    axes = axes_or_new(ax, (6.4, 3.6))
    (name, bound), fibre = result.limit, result.medium == "fibre"
    figure, level, scale = FIGURES[name], 1.0 if isinstance(bound, tuple) else bound, 1e-3 if fibre else 1.0
    length, value, _ = np.array(result.curve).T
    seen = np.isfinite(value) & (value > CLOSED_DB)
    shown = np.maximum(value, 1e-30) if figure.ratio else value
    axes.plot(scale * length[seen], shown[seen], "o-", color="0.25", markersize=3.5)
    axes.axhline(level, color="#d55e00", linewidth=1.0, linestyle="--", label=f"limit {level:g}")
    if result.reach_mm is not None:
        end = f"reach {scale * result.reach_mm:.0f} {'m' if fibre else 'mm'}"
        end += f", limited by {result.limited_by}" if result.gained_decades or result.gained_db else ""
        axes.axvline(scale * result.reach_mm, color="#0072b2", linewidth=1.0, linestyle="-.", label=end)
    where = "length of fibre (m)" if fibre else "length (mm)"
    axes.set(xlabel=where, ylabel=figure.label, yscale="log" if figure.ratio else "linear")
    axes.set_title(plain(f"{result.path}, {result.standard}" if result.standard else result.path), fontsize="small")
    axes.legend(fontsize="small")
    return axes
