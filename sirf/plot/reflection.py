"""The reflection behind an effective return loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.channel.figures.effective_return_loss import effective_reflection
from sirf.channel.figures.standard_limits import load_limits
from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, ORANGE, PALE
from sirf.plot._titles import set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.channel.channel import Channel


def reflection(channel: Channel, ax: Axes | None = None, *, standard: str, port: int = 1) -> Axes:
    """Pulse TDR at `port` in percent of the incident step over UI, what `standard` counts of it, and its worst samples.

    Raises `SirfError` for a standard without ERL.
    """
    settings = load_limits(standard).erl
    if settings is None:
        raise SirfError(f"standard must define ERL, got {standard!r}. Use for example 802.3ck-kr1.")
    axes = axes_or_new(ax, (7.0, 3.6))
    found = effective_reflection(channel.through, settings, port=port)
    ui = found.time * settings.symbol_rate
    axes.plot(ui, 1e2 * found.ptdr, color="0.65", linewidth=0.8, label="pulse TDR")
    axes.plot(ui, 1e2 * found.effective, color=BLUE, linewidth=1.0, label="effective")
    # the phase within the UI at which the reflection is worst
    times = ui[found.phase :: found.samples_per_ui]
    axes.plot(times, 1e2 * found.samples, "o", color=ORANGE, markersize=2.5, label="worst phase")
    # two percent of the greatest: what follows is a flat line
    large = np.flatnonzero(np.abs(found.ptdr) > 0.02 * np.max(np.abs(found.ptdr)))
    last = float(ui[large[-1]]) if large.size else float(ui[-1])
    axes.axhline(0.0, color=PALE, linewidth=0.6)
    axes.set(xlabel="time (UI)", ylabel="reflection (%)", xlim=(-2.0, 1.05 * last))
    name = channel.name or channel.through.name or "channel"
    set_title(axes, f"Reflections of {name} at port {port}", f"ERL {found.erl_db:.2f} dB", standard)
    axes.legend(fontsize="small")
    return axes
