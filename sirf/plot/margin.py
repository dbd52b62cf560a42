"""Pictures of a COM result: the equalised pulse with its equaliser, the distributions against the signal, the margin ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, DARK, GREEN, ORANGE, PINK
from sirf.plot._titles import set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.results.margin import ComResult

_BEFORE_UI, _AFTER_UI = 6, 24


def _name(result: ComResult) -> str:
    return result.channel or "channel"


def _conditions(result: ComResult) -> tuple[str, str]:
    return result.name, f"case {result.case}"


def com_pulse(result: ComResult, ax: Axes | None = None) -> Axes:
    """Equalised pulse of a COM result in mV over UI from the sampling instant, with what its DFE takes off."""
    axes = axes_or_new(ax, (7.0, 4.0))
    time, volts = result.pulse
    per_ui, at = result.samples_per_ui, result.cursor
    # a few symbols ahead of the cursor, more behind: echoes come late
    low, high = max(at - _BEFORE_UI * per_ui, 0), min(at + _AFTER_UI * per_ui + 1, time.size)
    place = (np.arange(low, high) - at) / per_ui
    axes.plot(place, 1e3 * volts[low:high], color=DARK, linewidth=1.2, label="equalised pulse")
    units = np.arange(-_BEFORE_UI, _AFTER_UI + 1)
    # units of the window that the pulse has
    units = units[(at + units * per_ui >= 0) & (at + units * per_ui < time.size)]
    samples = volts[at + units * per_ui]
    left = samples.copy()
    taps = np.array(result.dfe_taps)
    for index, unit in enumerate(units):
        if 1 <= unit <= taps.size:
            # taps are relative to the cursor
            left[index] -= taps[unit - 1] * volts[at]
    axes.plot(units, 1e3 * samples, "o", color=DARK, markersize=3.5, fillstyle="none", label="samples")
    other = units != 0
    axes.plot(units[other], 1e3 * left[other], "x", color=ORANGE, markersize=5, label="left by the DFE")
    axes.plot([0], [1e3 * volts[at]], "^", color=BLUE, markersize=7, label="cursor")
    axes.axhline(0.0, color="0.7", linewidth=0.6)
    axes.set(xlabel="time from the sampling instant (UI)", ylabel="voltage (mV)")
    axes.legend(fontsize="small", frameon=False)
    set_title(axes, f"Equalised pulse of {_name(result)}", *_conditions(result))
    return axes


def com_distribution(result: ComResult, ax: Axes | None = None) -> Axes:
    """Probability of interference and noise of a COM result per bin, on a logarithmic axis, with A_s and DER_0 marked.

    With `trace=True` its parts are drawn too: residual ISI, crosstalk, jitter and Gaussian noise.
    """
    axes = axes_or_new(ax, (7.0, 4.0))
    # five decades below the error ratio: tails are seen to fall
    floor = result.der0 * 1e-5
    if result.trace is not None:
        parts = (
            ("isi", "residual ISI", ":"),
            ("crosstalk", "crosstalk", "-."),
            ("gaussian", "Gaussian noise", "--"),
            ("dual_dirac", "dual-Dirac jitter", (0, (1, 4))),
        )
        for (name, label, style), color in zip(parts, (BLUE, GREEN, "0.5", PINK), strict=True):
            volts, probability = result.trace.distributions[name]
            # a part that is a single point is none
            if volts.size > 1:
                seen = probability > floor
                axes.plot(
                    1e3 * volts[seen], probability[seen], linestyle=style, color=color, linewidth=1.0, label=label
                )
    volts, probability = result.distribution
    seen = probability > floor
    axes.plot(1e3 * volts[seen], probability[seen], color=DARK, linewidth=1.4, label="interference and noise")
    # interference is drawn as what takes from the signal, to the left
    axes.axvline(-result.interference_mv, color=ORANGE, linewidth=1.0, label=f"at DER0 = {result.der0:g}")
    axes.axvline(-result.available_signal_mv, color=BLUE, linestyle="--", linewidth=1.0, label="-A_s")
    axes.set(xlabel="voltage (mV)", ylabel="probability per bin", yscale="log", ylim=(floor, 1.0))
    axes.legend(fontsize="small", frameon=False, loc="upper right")
    set_title(axes, f"Signal and interference of {_name(result)}", f"COM {result.com_db:.2f} dB", *_conditions(result))
    return axes


def com_ledger(result: ComResult, ax: Axes | None = None) -> Axes:
    """Margin ledger of a COM result: by how many dB COM would be larger without each source, and what sequence detection adds.

    Raises `SirfError` for a result without a ledger, of an earlier release.
    """
    if result.ledger is None:
        raise SirfError("ledger must be in the result for its picture, got none. Compute the result anew.")
    axes = axes_or_new(ax, (7.0, 4.0))
    # the costliest at the top, for bars are drawn from below
    terms = sorted(result.ledger.terms, key=lambda term: term.cost_db)
    names = [term.name for term in terms]
    bars = axes.barh(names, [term.cost_db for term in terms], color="0.55", label="costs")
    axes.bar_label(bars, [f"{term.rms_mv:.2f} mV" for term in terms], padding=3, fontsize="small")
    gain = result.ledger.sequence_gain_db
    if gain is not None:
        added = axes.barh(["sequence detection"], [gain], color=BLUE, hatch="//", edgecolor="white", label="adds")
        axes.bar_label(added, [f"+{gain:.2f} dB"], padding=3, fontsize="small")
    axes.set(xlabel="COM without it (dB more), or gained")
    # room for the labels behind the bars
    axes.margins(x=0.2)
    axes.legend(fontsize="small", frameon=False, loc="lower right")
    alone = f"{result.ledger.feedback_com_db:.2f} dB with feedback alone"
    set_title(axes, f"Margin ledger of {_name(result)}", alone, *_conditions(result), f"revision {result.revision}")
    return axes
