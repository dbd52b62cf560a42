"""All figures of one channel as one value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._arrays import Float
from sirf._display import html_table, table
from sirf.channel.figures.effective_return_loss import ErlSettings, effective_return_loss
from sirf.channel.figures.fitted_loss import FittedLoss, deviation_figure_of_merit, fitted_insertion_loss
from sirf.channel.figures.integrated_crosstalk import integrated_crosstalk_noise, power_sum
from sirf.channel.figures.loss import bandwidth, effective_bandwidth, insertion_loss_db, return_loss_db
from sirf.channel.figures.mode_conversion import balance, mode_conversion
from sirf.channel.figures.standard_limits import FigureLimits, Mask, NoiseSettings, load_limits
from sirf.channel.figures.tdr import ImpedanceProfile, impedance_profile, late_start
from sirf.channel.figures.weighting import MIN_FREQUENCY
from sirf.channel.network import Network, bulk_delay
from sirf.channel.package import Package
from sirf.errors import SirfError
from sirf.units import Given, db20, parse_symbol_rate

if TYPE_CHECKING:
    from sirf.channel.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitResult:
    """One limit of a standard: `margin_db` to it, negative where it is missed, at `frequency` in Hz (None for one number)."""

    figure: str
    port: int | None
    margin_db: float
    frequency: float | None
    provenance: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChannelFigures:
    """What a channel is worth before any equaliser sees it.

    Losses in dB are positive, at half the symbol rate unless they are called worst; worst ones reach from 50 MHz to there, port 1
    then port 2. `fit` is the fitted loss, `fom_ild_db` the figure of merit of the deviation. Noise in V rms; the power sums of
    crosstalk are losses; `icr_db` is the insertion loss to crosstalk ratio. `impedance` are the profiles at both ports. What the
    data cannot tell is None: noise without aggressors, skew and conversion without a four-port, ERL without a standard that
    defines it, impedance from data that begin far above DC.
    """

    name: str
    standard: str | None
    symbol_rate: float
    insertion_loss_db: float
    fitted_loss_db: float
    fit: FittedLoss
    fom_ild_db: float
    ild_worst_db: float
    return_loss_worst_db: tuple[float, float]
    erl11_db: float | None
    erl22_db: float | None
    icn: float | None
    mdfext_icn: float | None
    mdnext_icn: float | None
    psxt_db: float | None
    psfext_db: float | None
    psnext_db: float | None
    icr_db: float | None
    bandwidth: float | None
    effective_bandwidth: float
    delay: float
    impedance: tuple[ImpedanceProfile, ImpedanceProfile] | None
    skew: float | None
    scd21_worst_db: float | None
    scd11_worst_db: float | None
    conversion_loss_db: float | None
    limits: tuple[LimitResult, ...]
    warnings: tuple[str, ...]

    @property
    def erl_db(self) -> float | None:
        """The smaller of the two ERLs; None unless both are known."""
        if self.erl11_db is None or self.erl22_db is None:
            return None
        return min(self.erl11_db, self.erl22_db)

    @property
    def within_limits(self) -> bool | None:
        """Whether no limit is missed; None where the standard sets none."""
        # an empty list meets everything, which would read as a pass where nothing was asked
        return all(result.margin_db >= 0 for result in self.limits) if self.limits else None

    def __repr__(self) -> str:
        """One line: name, loss, ERL, ICN."""
        erl = "" if self.erl_db is None else f", ERL {self.erl_db:.2f} dB"
        icn = "" if self.icn is None else f", ICN {1e3 * self.icn:.2f} mV"
        return f"ChannelFigures({self.name!r}, {self.insertion_loss_db:.2f} dB at Nyquist{erl}{icn})"

    def __str__(self) -> str:
        """The figures as a table."""
        return table(self._title(), self._rows())

    def _repr_html_(self) -> str:
        return html_table(self._title(), self._rows())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; decibels, mV, GHz, ns, ps and ohm as the keys say."""
        return {
            "name": self.name,
            "standard": self.standard,
            "symbol_rate": self.symbol_rate,
            "insertion_loss_db": self.insertion_loss_db,
            "fitted_loss_db": self.fitted_loss_db,
            "fit_coefficients": list(self.fit.coefficients),
            "fom_ild_db": self.fom_ild_db,
            "ild_worst_db": self.ild_worst_db,
            "return_loss_worst_db": list(self.return_loss_worst_db),
            "erl11_db": self.erl11_db,
            "erl22_db": self.erl22_db,
            "erl_db": self.erl_db,
            "icn_mv": _scaled(self.icn, 1e3),
            "mdfext_icn_mv": _scaled(self.mdfext_icn, 1e3),
            "mdnext_icn_mv": _scaled(self.mdnext_icn, 1e3),
            "psxt_db": self.psxt_db,
            "psfext_db": self.psfext_db,
            "psnext_db": self.psnext_db,
            "icr_db": self.icr_db,
            "bandwidth_3db_ghz": _scaled(self.bandwidth, 1e-9),
            "effective_bandwidth_ghz": self.effective_bandwidth * 1e-9,
            "delay_ns": self.delay * 1e9,
            # an empty profile stays None: JSON then says that nothing is known
            "impedance_ohm": self.impedance and [_span(profile, self.delay) for profile in self.impedance],
            "tdr_rise_time_ps": self.impedance and self.impedance[0].rise_time * 1e12,
            "skew_ps": _scaled(self.skew, 1e12),
            "scd21_worst_db": self.scd21_worst_db,
            "scd11_worst_db": self.scd11_worst_db,
            "conversion_loss_db": self.conversion_loss_db,
            "limits": [
                {
                    "figure": limit.figure,
                    "port": limit.port,
                    "margin_db": limit.margin_db,
                    "frequency_ghz": _scaled(limit.frequency, 1e-9),
                    "provenance": limit.provenance,
                }
                for limit in self.limits
            ],
            "within_limits": self.within_limits,
            "warnings": list(self.warnings),
        }

    def _title(self) -> str:
        against = "" if self.standard is None else f", {self.standard}"
        return f"{self.name or 'channel'} at {self.symbol_rate / 1e9:g} GBd{against}"

    def _impedance_text(self) -> str:
        if self.impedance is None:
            return "–"
        ranges = (_span(profile, self.delay) for profile in self.impedance)
        texts = (f"port {port} {low:.1f} to {high:.1f} ohm" for port, (low, high) in enumerate(ranges, start=1))
        return f"{', '.join(texts)} ({self.impedance[0].rise_time * 1e12:.3g} ps)"

    def _rows(self) -> list[tuple[str, str]]:
        a0, a1, a2, a4 = self.fit.coefficients
        rows = [
            ("insertion loss at Nyquist", f"{self.insertion_loss_db:.2f} dB, fitted {self.fitted_loss_db:.2f} dB"),
            ("fit", f"{a0:.3g} {a1:+.4g} sqrt(f) {a2:+.4g} f {a4:+.3g} f² dB, f in GHz"),
            ("ILD", f"FOM {self.fom_ild_db:.3f} dB, worst {self.ild_worst_db:.2f} dB"),
            ("worst return loss", "port 1 {:.2f} dB, port 2 {:.2f} dB".format(*self.return_loss_worst_db)),
            ("ERL", f"port 1 {_text(self.erl11_db, 'dB')}, port 2 {_text(self.erl22_db, 'dB')}"),
            (
                "ICN",
                f"{_text(_scaled(self.icn, 1e3), 'mV')} (FEXT {_text(_scaled(self.mdfext_icn, 1e3), 'mV')}, "
                f"NEXT {_text(_scaled(self.mdnext_icn, 1e3), 'mV')})",
            ),
            (
                "crosstalk at Nyquist",
                f"PSXT loss {_text(self.psxt_db, 'dB')} (FEXT {_text(self.psfext_db, 'dB')}, "
                f"NEXT {_text(self.psnext_db, 'dB')}), ICR {_text(self.icr_db, 'dB')}",
            ),
            (
                "bandwidth",
                f"3 dB {_text(_scaled(self.bandwidth, 1e-9), 'GHz')}, "
                f"effective {self.effective_bandwidth / 1e9:.2f} GHz",
            ),
            ("delay", f"{self.delay * 1e9:.4f} ns"),
            ("TDR impedance", self._impedance_text()),
            ("P/N skew", _text(_scaled(self.skew, 1e12), "ps")),
            (
                "effective loss",
                f"{self.insertion_loss_db:.2f} dB at Nyquist, of it {_text(self.conversion_loss_db, 'dB')} to the "
                "common mode",
            ),
            (
                "worst mode conversion",
                f"SCD21 {_text(self.scd21_worst_db, 'dB')}, SCD11 {_text(self.scd11_worst_db, 'dB')}",
            ),
        ]
        for limit in self.limits:
            where = "" if limit.frequency is None else f" at {limit.frequency / 1e9:.2f} GHz"
            port = "" if limit.port is None else f", port {limit.port}"
            verdict = "met" if limit.margin_db >= 0 else "missed"
            rows.append(
                (
                    f"limit: {limit.figure}{port}",
                    f"{verdict} by {abs(limit.margin_db):.2f} dB{where} [{limit.provenance}]",
                )
            )
        return rows


def channel_figures(
    channel: Channel,
    *,
    standard: str | None = None,
    symbol_rate: Given | None = None,
    erl: ErlSettings | None = None,
    transmitter_package: Package | None = None,
) -> ChannelFigures:
    """Every figure of `channel`, measured as `standard` says (id in `data/masks` or a .toml file).

    Without a standard give `symbol_rate` in baud: noise is then weighted as 802.3ck weights it at its own rate, and ERL needs
    `erl`. Where the standard sees ERL through the transmitter's package, as 802.3ck-c2m does at port 2, give that package.

    Raises `SirfError` when both or neither of standard and symbol rate are given, or the data end below 0.75 of the rate.
    """
    # both would leave open whose settings hold; neither, at which rate
    if (standard is None) == (symbol_rate is None):
        raise SirfError(
            f"one of standard and symbol_rate must be given, got {standard!r} and {symbol_rate!r}. Name a standard."
        )
    limits = None if standard is None else load_limits(standard)
    rate = (
        parse_symbol_rate(symbol_rate)
        if symbol_rate is not None
        else limits.symbol_rate
        if limits is not None
        else math.nan
    )
    # said before any figure, for all of them rest on the same data
    warnings = list(channel.warnings + channel.check_symbol_rate(rate))
    if limits is not None and channel.plane != "ball":
        warnings.append(
            f"the limits of {limits.id} hold from ball to ball, and this channel ends at the {channel.plane}: its packages "
            "count against it."
        )
    noise = limits.noise if limits is not None else default_noise(rate)
    nyquist = 0.5 * rate
    through = channel.through
    fit = fitted_insertion_loss(through.frequency, through.s[:, 1, 0], f_min=noise.f_min, f_max=noise.f_max)
    # up to half the symbol rate, its own point in it
    low = fit.frequency <= nyquist * (1 + 1e-9)
    return_loss = tuple(_worst_return_loss(through, port, nyquist) for port in (1, 2))
    settings = erl if erl is not None or limits is None else limits.erl
    needs_package = limits is not None and limits.transmitter_package and channel.plane == "ball"
    erl11, erl22 = _both_erl(through, settings, needs_package, transmitter_package, warnings)
    delay = bulk_delay(through.frequency, through.s[:, 1, 0])
    return ChannelFigures(
        name=channel.name,
        standard=standard,
        symbol_rate=rate,
        insertion_loss_db=float(insertion_loss_db(through, nyquist)),
        fitted_loss_db=float(fit.at(nyquist)),
        fit=fit,
        fom_ild_db=deviation_figure_of_merit(
            fit,
            symbol_rate=rate,
            transmitter_corner=noise.victim_corner,
            receiver_corner=noise.receiver_corner,
        ),
        # the sign of a deviation says where it lies; its size is what a limit is held against
        ild_worst_db=float(np.max(np.abs(fit.deviation_db[low]))),
        return_loss_worst_db=(return_loss[0], return_loss[1]),
        erl11_db=erl11,
        erl22_db=erl22,
        **_crosstalk(channel, noise, rate),
        bandwidth=bandwidth(through),
        effective_bandwidth=effective_bandwidth(through),
        delay=delay,
        impedance=_profiles(through, warnings),
        **_balance(channel, nyquist),
        limits=() if limits is None else _limits(channel, limits, erl11, erl22),
        warnings=tuple(warnings),
    )


def default_noise(symbol_rate: float) -> NoiseSettings:
    """Settings of ICN and FOM_ILD of 802.3ck, scaled from its 53.125 GBd to `symbol_rate` in baud; 0.6 V aggressors."""
    # a filter of 0.2365 / T_r for the 7.5 ps of 802.3ck at 53.125 GBd
    corner = 0.2365 / 7.5e-12 / 53.125e9 * symbol_rate
    return NoiseSettings(
        f_min=MIN_FREQUENCY,
        f_max=40.0 / 53.125 * symbol_rate,
        victim_corner=corner,
        fext_corner=corner,
        next_corner=corner,
        receiver_corner=0.75 * symbol_rate,
        amplitude_fext=0.6,
        amplitude_next=0.6,
    )


def _worst_return_loss(network: Network, port: int, nyquist: float) -> float:
    grid = network.frequency
    # below 50 MHz instruments are seldom sure; a rate so low keeps its only point
    points = grid[(grid >= min(MIN_FREQUENCY, nyquist)) & (grid <= nyquist * (1 + 1e-9))]
    return float(np.min(return_loss_db(network, points if points.size else np.array([nyquist]), port=port)))


def _both_erl(
    # order matters: the package stands between the test point and the channel
    through: Network,
    settings: ErlSettings | None,
    needs_package: bool,
    package: Package | None,
    warnings: list[str],
) -> tuple[float | None, float | None]:
    if settings is None:
        return None, None
    # port 1 is the host's side, which no standard looks at through a package
    first = effective_return_loss(through, settings, port=1)
    if not needs_package:
        return first, effective_return_loss(through, settings, port=2)
    if package is None:
        warnings.append(
            "ERL at port 2 is measured through the transmitter's package, and none was given: pass transmitter_package."
        )
        return first, None
    return first, effective_return_loss(package.network(through.frequency) @ through, settings, port=2)


def _crosstalk(channel: Channel, noise: NoiseSettings, rate: float) -> dict[str, float | None]:
    """ICN of both kinds and together in V, power sum and ICR at half the symbol rate; None where there is no aggressor."""

    def kind(networks: tuple[Network, ...], amplitude: float, corner: float) -> float | None:
        if not networks:
            return None
        return integrated_crosstalk_noise(
            networks,
            amplitude=amplitude,
            symbol_rate=rate,
            transmitter_corner=corner,
            receiver_corner=noise.receiver_corner,
            f_min=noise.f_min,
            f_max=noise.f_max,
        )

    fext = kind(channel.fext, noise.amplitude_fext, noise.fext_corner)
    next_ = kind(channel.next, noise.amplitude_next, noise.next_corner)
    nyquist = np.array([0.5 * rate])

    def power(networks: tuple[Network, ...]) -> float | None:
        return float(-db20(power_sum(networks, nyquist))[0]) if networks else None

    psxt = power((*channel.fext, *channel.next))
    # crosstalk loss less insertion loss, both in dB
    icr = None if psxt is None else psxt - float(insertion_loss_db(channel.through, nyquist)[0])
    return {
        # powers of both kinds add; one that is not there adds nothing
        "icn": None if fext is None and next_ is None else math.hypot(fext or 0.0, next_ or 0.0),
        "mdfext_icn": fext,
        "mdnext_icn": next_,
        "psxt_db": psxt,
        "psfext_db": power(channel.fext),
        "psnext_db": power(channel.next),
        "icr_db": icr,
    }


def _balance(channel: Channel, nyquist: float) -> dict[str, float | None]:
    """Skew in s, the worst mode conversion up to `nyquist` and the conversion loss there in dB; None without a four-port."""
    # a file of one pair has no lines to compare
    if channel.four_port is None:
        return {"skew": None, "scd21_worst_db": None, "scd11_worst_db": None, "conversion_loss_db": None}
    found = balance(channel.four_port, nyquist)
    return {
        "skew": found.skew,
        "scd21_worst_db": found.scd21_worst_db,
        "scd11_worst_db": found.scd11_worst_db,
        "conversion_loss_db": found.conversion_loss_db,
    }


def _limits(
    channel: Channel, limits: FigureLimits, erl11: float | None, erl22: float | None
) -> tuple[LimitResult, ...]:
    results = []
    for mask in limits.masks:
        for port, loss in _masked(channel, mask):
            margin = mask.margin(channel.frequency, loss)
            # a mask above the end of the data says nothing of the channel
            if margin is not None:
                name = mask.figure.replace("_", " ")
                results.append(
                    LimitResult(
                        figure=name, port=port, margin_db=margin[0], frequency=margin[1], provenance=mask.provenance
                    )
                )
    for port, value in ((1, erl11), (2, erl22)):
        if value is not None and limits.erl_minimum_db is not None:
            margin_db = value - limits.erl_minimum_db
            results.append(
                LimitResult(figure="ERL", port=port, margin_db=margin_db, frequency=None, provenance=limits.provenance)
            )
    return tuple(results)


def _masked(channel: Channel, mask: Mask) -> list[tuple[int | None, Float]]:
    """What a mask limits: port and loss in dB on the through path's grid."""
    through = channel.through
    if mask.figure == "insertion_loss":
        return [(None, insertion_loss_db(through, channel.frequency))]
    if mask.figure == "return_loss":
        return [(port, return_loss_db(through, channel.frequency, port=port)) for port in (1, 2)]
    if channel.four_port is None:
        return []
    modes = mode_conversion(channel.four_port)
    return [(port, -db20(modes.cd[:, port - 1, port - 1])) for port in (1, 2)]


def _profiles(through: Network, warnings: list[str]) -> tuple[ImpedanceProfile, ImpedanceProfile] | None:
    """Profiles at both ports; None where the data begin too far above DC."""
    late = late_start(through)
    if late is not None:
        start, means_nothing = late
        if means_nothing:
            warnings.append(f"TDR impedance is left out: {start}. Use a file that reaches down towards DC.")
            return None
        warnings.append(f"TDR impedance is uncertain: {start}.")
    return impedance_profile(through, port=1), impedance_profile(through, port=2)


def _span(profile: ImpedanceProfile, delay: float) -> list[float]:
    """Least and greatest impedance in ohm of the line itself: behind the edge at its near end, before the step of its far end.

    Two rise times from its middle a Gaussian edge is over to a part in two thousand. A line shorter than that has no part of its
    own; then from the near edge on.
    """
    edge = 2.0 * profile.rise_time
    # a line shorter than its edges: from the near edge on, for one rise time at least
    stop = max(2.0 * delay - edge, edge + profile.rise_time)
    inside = (profile.time >= edge) & (profile.time <= stop)
    return [float(np.min(profile.impedance_ohm[inside])), float(np.max(profile.impedance_ohm[inside]))]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _text(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.2f} {unit}"
