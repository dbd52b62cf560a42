"""Responses in time at the slicer: pulse with its cursors, step, impulse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.channel.transfer import Pulse
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, DARK, GREEN, MIDDLE, ORANGE, PALE, PINK
from sirf.plot._titles import conditions_of, name_of, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.link import Link


_SIZE = (6.4, 3.6)


def pulse(response: Pulse | Link, ax: Axes | None = None, *, before_ui: float = 5.0, after_ui: float = 25.0) -> Axes:
    """Pulse response in mV over time in UI about the cursor, its main, pre- and post-cursors marked.

    Of a link that at its slicer before the DFE; the post-cursors that its DFE takes off are shaded, with what it leaves of them.
    """
    axes = axes_or_new(ax, _SIZE)
    link = None if isinstance(response, Pulse) else response
    seen = response if isinstance(response, Pulse) else response.pulse_response()
    time = (seen.time - seen.time[seen.cursor]) * seen.symbol_rate
    axes.plot(time, 1e3 * seen.volts, color=DARK, linewidth=1.2)
    # samples one UI apart, the cursor among them
    cursors = slice(seen.cursor % seen.samples_per_ui, None, seen.samples_per_ui)
    units, samples = np.round(time[cursors]).astype(int), 1e3 * seen.volts[cursors]
    if link is not None and any(link.receiver.dfe):
        _feedback(axes, units, samples, link.receiver.dfe)
    kinds = (
        (units < 0, "s", ORANGE, "pre-cursors"),
        (units == 0, "^", BLUE, "main cursor"),
        (units > 0, "o", GREEN, "post-cursors"),
    )
    for inside, mark, colour, label in kinds:
        axes.plot(units[inside], samples[inside], mark, color=colour, markersize=4, label=label)
    axes.axhline(0.0, color=PALE, linewidth=0.6)
    axes.set(xlabel="time about the cursor (UI)", ylabel="pulse response (mV)", xlim=(-before_ui, after_ui))
    if link is None:
        set_title(axes, "Pulse response", f"{seen.symbol_rate / 1e9:g} GBd", f"peak {1e3 * seen.peak:.1f} mV")
    else:
        set_title(axes, f"Pulse response of {name_of(link)} at the slicer", *conditions_of(link))
    axes.legend(fontsize="small")
    return axes


def _feedback(axes: Axes, units: NDArray[np.int64], samples: Float, taps: tuple[float, ...]) -> None:
    """The post-cursors that decision feedback takes off, and what it leaves of them."""
    # taps of zero take off nothing, and are not shaded
    used = [index for index, tap in enumerate(taps, start=1) if tap]
    for index in used:
        axes.axvspan(index - 0.5, index + 0.5, color="0.9", linewidth=0, zorder=0)
    main = float(samples[units == 0][0])
    shown = [index for index in used if index in units]
    # taps are relative to the main cursor
    left = [float(samples[units == index][0]) - taps[index - 1] * main for index in shown]
    axes.plot(shown, left, "x", color=PINK, markersize=5, label=f"left by the DFE, {len(used)} taps")


def impulse(link: Link, ax: Axes | None = None, *, before_ui: float = 5.0, after_ui: float = 25.0) -> Axes:
    """Impulse response at the slicer in mV per UI over time in UI about the main cursor, behind all linear equalisers.

    It is the derivative of the step response, through transmitter, channel, packages and receiver.
    """
    axes = axes_or_new(ax, _SIZE)
    time, slope = _slope(link)
    axes.plot(time, 1e3 * slope, color=DARK, linewidth=1.2)
    _finish(axes, link, "Impulse response", "impulse response (mV/UI)", before_ui, after_ui)
    return axes


def step(link: Link, ax: Axes | None = None, *, before_ui: float = 5.0, after_ui: float = 25.0) -> Axes:
    """Step response at the slicer in mV over time in UI about the main cursor, behind all linear equalisers.

    The step goes from 0 to the outer level; where it settles is marked.
    """
    axes = axes_or_new(ax, _SIZE)
    time, slope = _slope(link)
    # V per UI, summed over samples
    volts = np.cumsum(slope) / link.samples_per_ui
    axes.plot(time, 1e3 * volts, color=DARK, linewidth=1.2)
    final = 1e3 * float(volts[-1])
    axes.axhline(final, color=ORANGE, linewidth=0.8, linestyle="--", label=f"settles at {final:.1f} mV")
    axes.legend(fontsize="small", loc="lower right")
    _finish(axes, link, "Step response", "step response (mV)", before_ui, after_ui)
    return axes


def _slope(link: Link) -> tuple[Float, Float]:
    """(time in UI about the sampling instant, impulse response in V per UI) behind all linear equalisers."""
    from sirf.engine.front_end import front_end, with_ffe

    if link.has_models:
        # of vendor models only the linear part has a response
        from sirf.ami.flow import modelled

        link = modelled(link).linear
    end, tx = front_end(link), link.transmitter
    # an edge's response starts where the symbol does, its sampling instant lies with the pulse's
    time = (np.arange(len(end.edge)) - end.sampling) / end.samples_per_ui
    return time, with_ffe(end.edge, tx.ffe, tx.ffe_main, end.samples_per_ui)


def _finish(axes: Axes, link: Link, what: str, label: str, before_ui: float, after_ui: float) -> None:
    axes.axhline(0.0, color=PALE, linewidth=0.6)
    axes.axvline(0.0, color=MIDDLE, linewidth=0.6, linestyle=":")
    axes.set(xlabel="time about the main cursor (UI)", ylabel=label, xlim=(-before_ui, after_ui))
    set_title(axes, f"{what} of {name_of(link)} at the slicer", *conditions_of(link))
