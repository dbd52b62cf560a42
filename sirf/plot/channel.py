"""Pictures of a channel's figures: losses, deviation, impedance, crosstalk, mode conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sirf.channel.figures.fitted_loss import fitted_insertion_loss
from sirf.channel.figures.integrated_crosstalk import power_sum
from sirf.channel.figures.loss import insertion_loss_db, return_loss_db
from sirf.channel.figures.mode_conversion import mode_conversion
from sirf.channel.figures.standard_limits import FigureLimits, Mask, load_limits
from sirf.channel.figures.tdr import impedance_profile, late_start
from sirf.channel.network import bulk_delay
from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new, new_figure
from sirf.plot._palette import BLUE, DARK, GREEN, ORANGE, PALE
from sirf.plot._titles import set_title
from sirf.units import db20

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.channel.channel import Channel

PROVENANCE = {"P": "published", "2": "secondary source", "E": "estimate"}
_SIZE = (7.0, 4.2)


def loss(
    channel: Channel, ax: Axes | None = None, *, standard: str | None = None, symbol_rate: float | None = None
) -> Axes:
    """Insertion loss with its fit, and return loss at both ports, in dB over GHz; with the masks of `standard` if it is given.

    A limit is hatched on the side that a channel must keep out of. `symbol_rate` in baud (by default the standard's) marks the
    Nyquist frequency and limits the fit to the band of FOM_ILD.
    """
    axes = axes_or_new(ax, _SIZE)
    limits, rate = _context(standard, symbol_rate)
    floor = loss_lines(axes, channel, limits, rate)
    _nyquist(axes, channel, rate)
    axes.set(
        xlabel="frequency (GHz)", ylabel="magnitude (dB)", xlim=(0.0, channel.frequency[-1] / 1e9), ylim=(floor, 0.0)
    )
    _finish(axes, channel, "Insertion and return loss", limits, rate)
    return axes


def loss_lines(axes: Axes, channel: Channel, limits: FigureLimits | None, rate: float | None) -> float:
    """Draw insertion loss with its fit, return loss and masks; the level in dB above which all of it but notches lies."""
    through, f = channel.through, channel.frequency
    ghz = f / 1e9
    for port, style, color in ((1, "-", "#7fb8d8"), (2, "-", "#f0b98d")):
        # drawn as SDD11 and SDD22, which go downwards as SDD21 does
        returned = -return_loss_db(through, f, port=port)
        axes.plot(ghz, _finite(returned), style, color=color, linewidth=0.8, label=f"SDD{port}{port}")
    axes.plot(ghz, -insertion_loss_db(through, f), color=DARK, linewidth=1.5, label="SDD21")
    # the band of FOM_ILD where the standard names one, else three quarters of the rate as in COM
    f_max = limits.noise.f_max if limits is not None else (0.75 * rate if rate is not None else float(f[-1]))
    fit = fitted_insertion_loss(f, through.s[:, 1, 0], f_max=f_max)
    axes.plot(fit.frequency / 1e9, -fit.at(fit.frequency), "--", color=BLUE, linewidth=1.3, label="SDD21 fitted")
    # the lowest hundredth is notches: they may leave the picture
    floor = max(float(np.percentile(-insertion_loss_db(through, f), 1)) - 5.0, -80.0)
    if limits is not None:
        for mask in limits.masks:
            if mask.figure != "conversion_loss":
                _mask(axes, mask, f)
                floor = min(floor, float(np.nanmin(-mask.at(f), initial=0.0)) - 5.0)
    return min(floor, -45.0)


def ild(
    channel: Channel, ax: Axes | None = None, *, standard: str | None = None, symbol_rate: float | None = None
) -> Axes:
    """Insertion loss deviation in dB over GHz, in the band in which `standard` (or 0.75 x `symbol_rate`) takes its figure."""
    # low, for the deviation is a few dB about zero
    axes = axes_or_new(ax, (7.0, 3.2))
    limits, rate = _context(standard, symbol_rate)
    f_max = (
        limits.noise.f_max
        if limits is not None
        else (0.75 * rate if rate is not None else float(channel.frequency[-1]))
    )
    fit = fitted_insertion_loss(channel.frequency, channel.through.s[:, 1, 0], f_max=f_max)
    axes.axhline(0.0, color=PALE, linewidth=0.6)
    axes.plot(fit.frequency / 1e9, fit.deviation_db, color=DARK, linewidth=1.0)
    _nyquist(axes, channel, rate)
    axes.set(xlabel="frequency (GHz)", ylabel="loss less fitted loss (dB)", xlim=(0.0, fit.frequency[-1] / 1e9))
    # the last gigahertz, which hardly count, must not flatten the rest
    counted = fit.frequency <= (fit.frequency[-1] if rate is None else 0.55 * rate)
    most = max(1.5, 2.0 * float(np.max(np.abs(fit.deviation_db[counted]))))
    axes.set_ylim(-most, most)
    axes.grid(color="0.92", linewidth=0.5)
    _title(axes, channel, "Insertion loss deviation", limits, rate)
    return axes


def tdr(
    channel: Channel,
    ax: Axes | None = None,
    *,
    rise_time: float | None = None,
    duration: float | None = None,
    peeled: bool = False,
) -> Axes:
    """Differential TDR impedance in ohm at both ports over time in ns, there and back.

    `rise_time` in s, 20 to 80 % (by default what the data bear), `duration` in s (by default to just behind the far end);
    `peeled` with the echoes between mismatches taken out.
    """
    axes = axes_or_new(ax, (7.0, 3.6))
    # a first point far above DC may fold the delay: no impedance lies before the port
    delay = max(bulk_delay(channel.frequency, channel.through.s[:, 1, 0]), 0.0)
    # a little beyond the far end, whose reflection arrives after twice the delay
    shown = 2.3 * delay + 0.1e-9 if duration is None else duration
    for port, color, style in ((1, DARK, "-"), (2, ORANGE, "--")):
        profile = impedance_profile(channel.through, port=port, rise_time=rise_time, duration=duration, peeled=peeled)
        inside = profile.time <= shown
        axes.plot(
            profile.time[inside] * 1e9,
            profile.impedance_ohm[inside],
            style,
            color=color,
            linewidth=1.2,
            label=f"from port {port}",
        )
    axes.axhline(channel.through.z0, color=PALE, linewidth=0.6)
    if 2.0 * delay < shown:
        axes.axvline(2e9 * delay, color="0.35", linewidth=0.8, linestyle=":", label="far end")
    axes.set(
        xlabel="time, there and back (ns)",
        ylabel="differential impedance (ohm)",
        xlim=(-0.02 * shown * 1e9, shown * 1e9),
    )
    edge = f"edge {profile.rise_time * 1e12:.3g} ps, 20 to 80 %"
    set_title(axes, f"Impedance (TDR) of {_name(channel)}", edge, "echoes peeled" if peeled else "")
    axes.legend(fontsize="small")
    return axes


def crosstalk(
    channel: Channel, ax: Axes | None = None, *, standard: str | None = None, symbol_rate: float | None = None
) -> Axes:
    """Power sums of FEXT, NEXT and both in dB over GHz beneath the insertion loss; the gap between is the ICR.

    Raises `SirfError` for a channel without aggressors.
    """
    if not channel.fext and not channel.next:
        raise SirfError("channel must have aggressors, got none. Load it with fext= and next=.")
    axes = axes_or_new(ax, _SIZE)
    _, rate = _context(standard, symbol_rate)
    # networks of a channel may end at different frequencies
    last = min(network.frequency[-1] for network in channel.networks)
    f = channel.frequency[channel.frequency <= last]
    signal = -insertion_loss_db(channel.through, f)
    total = db20(power_sum((*channel.fext, *channel.next), f))
    # the gap is what a receiver has of signal over crosstalk
    axes.fill_between(f / 1e9, _finite(total), signal, where=signal > total, color="0.93", linewidth=0, label="ICR")
    axes.plot(f / 1e9, signal, color=DARK, linewidth=1.5, label="SDD21")
    for networks, name, color, style in (
        (channel.fext, "FEXT", BLUE, "-"),
        (channel.next, "NEXT", ORANGE, "-"),
    ):
        if networks:
            label = f"power sum of {len(networks)} {name}"
            axes.plot(f / 1e9, _finite(db20(power_sum(networks, f))), style, color=color, linewidth=0.9, label=label)
    if channel.fext and channel.next:
        axes.plot(f / 1e9, _finite(total), color="0.4", linewidth=0.7, linestyle=":", label="PSXT")
    _nyquist(axes, channel, rate)
    low = max(float(np.nanpercentile(_finite(total), 2)) - 5.0, -120.0)
    axes.set(xlabel="frequency (GHz)", ylabel="magnitude (dB)", xlim=(0.0, f[-1] / 1e9), ylim=(low, 2.0))
    _title(axes, channel, "Crosstalk", None, rate)
    axes.legend(fontsize="x-small", ncol=2, loc="upper right")
    return axes


def conversion(
    channel: Channel, ax: Axes | None = None, *, standard: str | None = None, symbol_rate: float | None = None
) -> Axes:
    """Mode conversion SCD21 and SCD11 in dB over GHz beneath SDD21, with the mask of `standard` if it has one.

    Raises `SirfError` for a channel without a four-port behind it.
    """
    if channel.four_port is None:
        raise SirfError("channel must come from a single-ended 4-port, got a two-port. Load the .s4p.")
    axes = axes_or_new(ax, _SIZE)
    limits, rate = _context(standard, symbol_rate)
    modes = mode_conversion(channel.four_port)
    ghz = modes.frequency / 1e9
    axes.plot(ghz, _finite(db20(modes.dd[:, 1, 0])), color=PALE, linewidth=1.2, label="SDD21")
    axes.plot(ghz, _finite(modes.scd11_db), color=ORANGE, linewidth=0.9, label="SCD11")
    axes.plot(ghz, _finite(modes.scd21_db), color=BLUE, linewidth=1.2, label="SCD21")
    # of all masks only conversion's belongs here
    for mask in () if limits is None else limits.masks:
        if mask.figure == "conversion_loss":
            _mask(axes, mask, modes.frequency)
    _nyquist(axes, channel, rate)
    axes.set(xlabel="frequency (GHz)", ylabel="magnitude (dB)", xlim=(0.0, ghz[-1]), ylim=(-80.0, 0.0))
    _finish(axes, channel, "Mode conversion", limits, rate)
    return axes


def pictures(channel: Channel, *, standard: str | None = None, symbol_rate: float | None = None) -> dict[str, Figure]:
    """A figure for each picture that the channel's data allow, by name: loss, ild, tdr, crosstalk, conversion."""
    drawn: dict[str, Figure] = {}

    def new(name: str, height: float) -> Axes:
        drawn[name], axes = new_figure((7.0, height))
        return axes[0]

    loss(channel, new("loss", 4.2), standard=standard, symbol_rate=symbol_rate)
    ild(channel, new("ild", 3.2), standard=standard, symbol_rate=symbol_rate)
    # data that begin too late have no step response, and so no impedance
    late = late_start(channel.through)
    if late is None or not late[1]:
        tdr(channel, new("tdr", 3.6))
    if channel.fext or channel.next:
        crosstalk(channel, new("crosstalk", 4.2), standard=standard, symbol_rate=symbol_rate)
    if channel.four_port is not None:
        conversion(channel, new("conversion", 4.2), standard=standard, symbol_rate=symbol_rate)
    return drawn


def _context(standard: str | None, symbol_rate: float | None) -> tuple[FigureLimits | None, float | None]:
    limits = None if standard is None else load_limits(standard)
    return limits, symbol_rate if symbol_rate is not None or limits is None else limits.symbol_rate


def _finite(values: Any) -> Any:
    """Without the minus infinities of what is exactly zero: a gap in the line."""
    return np.where(np.isfinite(values), values, np.nan)


def _mask(axes: Axes, mask: Mask, frequency: Any) -> None:
    """The limit as a line, with hatching on its forbidden side."""
    level = -mask.at(frequency)
    known = np.isfinite(level)
    name = {"insertion_loss": "SDD21", "return_loss": "SDD11, SDD22", "conversion_loss": "SCD11"}[mask.figure]
    label = f"limit {name} ({PROVENANCE[mask.provenance]})"
    ghz = frequency[known] / 1e9
    color = ORANGE if mask.figure == "insertion_loss" else GREEN
    axes.plot(ghz, level[known], color=color, linewidth=1.4, linestyle="-.", label=label)
    # three dB of hatching: enough to see which side is forbidden
    away = -3.0 if mask.limit == "maximum" else 3.0
    axes.fill_between(
        ghz, level[known], level[known] + away, facecolor="none", edgecolor=color, hatch="////", linewidth=0, alpha=0.6
    )


def _nyquist(axes: Axes, channel: Channel, rate: float | None) -> None:
    # a mark beyond the data would be a guess
    if rate is not None and 0.5 * rate <= channel.frequency[-1]:
        value = -float(insertion_loss_db(channel.through, 0.5 * rate))
        axes.axvline(0.5e-9 * rate, color="0.35", linewidth=0.8, linestyle=":", label=f"Nyquist: {value:.1f} dB")


def _name(channel: Channel) -> str:
    return channel.name or channel.through.name or "channel"


def _title(axes: Axes, channel: Channel, what: str, limits: FigureLimits | None, rate: float | None) -> None:
    """What of which file, the standard whose masks are drawn, and the symbol rate."""
    standard = "" if limits is None else f"{limits.id}: {limits.title}"
    set_title(axes, f"{what} of {_name(channel)}", standard, "" if rate is None else f"{rate / 1e9:g} GBd")


def _finish(axes: Axes, channel: Channel, what: str, limits: FigureLimits | None, rate: float | None) -> None:
    _title(axes, channel, what, limits, rate)
    axes.grid(color="0.92", linewidth=0.5)
    axes.legend(fontsize="x-small", ncol=2, loc="best")
