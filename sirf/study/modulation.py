"""Which modulation: PAM4, PAM6 and PAM8 at one net bit rate over one channel, and where along the loss the winner changes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sirf._data import list_data
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import PackageCase, case_number, die_to_die
from sirf.channel.path import Device, Path, Segment, load_path
from sirf.channel.scaled_loss import channel_with_loss
from sirf.channel.screening import BAND_NEEDED
from sirf.com.alternating_search import QuickMargin, quick_margin
from sirf.com.config.preset_settings import from_standard
from sirf.com.config.rescaled import faster_package, rescaled
from sirf.com.config.settings import ComSettings
from sirf.com.responses import path_responses
from sirf.errors import NoSettingError, SirfError
from sirf.fec.library import TRANSCODING
from sirf.fec.library import load as load_code
from sirf.fec.post_fec import post_fec
from sirf.fec.reed_solomon import ReedSolomon
from sirf.signal.capacity import capacity
from sirf.signal.decisions import bit_error_ratio, fec_symbol_error_ratio, symbol_error_ratio, transitions
from sirf.signal.pam import bits_per_symbol, order_of
from sirf.study.measurement import CODE
from sirf.study.modulation_result import ModulationPoint, ModulationRow, ModulationStudy
from sirf.study.parallel import Progress
from sirf.system.port import Range
from sirf.system.transceiver import serdes_energy
from sirf.units import Given, parse_data_rate, parse_length

MODULATIONS = ("PAM4", "PAM6", "PAM8")
STANDARD = "802.3dj-kr1"
STEP = 10e6
"""Frequency step in Hz of the networks of shipped paths."""


def modulation(
    channel: Channel | str | os.PathLike[str] | Path,
    *,
    data_rate: Given = 425e9,
    standard: str = STANDARD,
    modulations: Sequence[str] = MODULATIONS,
    fec: str | Mapping[str, str] = CODE,
    package_case: int | str = 1,
    losses_db: Sequence[float] | None = None,
    lengths: Sequence[Given] | None = None,
    progress: Progress | None = None,
) -> ModulationStudy:
    """PAM4, PAM6 and PAM8 at equal net bit rate over one channel.

    Parameters
    ----------
    channel
        A channel, a Touchstone file, a shipped path by id ("npo") or a `Path`.
    data_rate
        Bits per second on a lane with KP4, as everywhere: 425 Gb/s carry 400. The net rate is the same for all.
    standard
        Preset of Annex 178A whose voltages, noise, jitter, converter and equaliser all modulations get; its times shrink to what
        circuits for PAM4 at this rate have (`sirf.com.config.rescaled`).
    modulations
        Any of "NRZ", "PAM4", "PAM6", "PAM8".
    fec
        A code for all, or one by modulation: {"PAM8": "strong.toml"}; KP4 for those not named. Its overhead is on the line.
    package_case
        Packages added to a channel at the ball: number or name of the preset's test case.
    losses_db, lengths
        A sweep: losses in dB at half the symbol rate of PAM4 that the channel's line is scaled to, or lengths of a path's line.

    COM is that of the Annex at the setting that CTLE and transmitter taps lead to in turn, at the detector error ratio at which
    the code loses as many frames as KP4 does with PAM4 at the standard's DER0. Raises `SirfError` for a bad rate, modulation or
    sweep, or data that end too early for every modulation; `ConfigError` for a standard of another Annex.

    >>> found = sirf.modulation("npo", data_rate="425Gb/s")
    >>> found.point.winner
    'PAM4'
    """
    # line rate with KP4, as in all of sirf
    rate = parse_data_rate(data_rate)
    names = _checked(modulations)
    base = from_standard(standard)
    case = case_number(package_case, base.packages, base.name)
    codes = _codes(fec, names)
    # each modulation has a code, a rate and settings of its own
    plans = tuple(_Plan.of(name, codes[name], rate, base) for name in names)
    # half the symbol rate of PAM4, which has two bits a symbol: losses of all modulations are told at one frequency
    reference = 0.25 * rate
    # the widest band is that of the fewest bits a symbol: all modulations see the same data
    source = _Source.of(channel, max(plan.symbol_rate for plan in plans), base.symbol_rate / (0.5 * rate))
    if losses_db is not None and lengths is not None:
        raise SirfError("losses_db or lengths must be given, not both. Sweep one of them.")
    points = source.sweep(losses_db, lengths, reference)
    # the channel as given is the first point
    total = 1 + len(points)
    found = []
    for done, (length_mm, one) in enumerate([(source.length_mm, source.channel), *points]):
        if progress is not None:
            progress(f"{source.name}, {float(one.insertion_loss_db(_inside(one, reference))):.1f} dB", done, total)
        found.append(_point(one, plans, case, reference, length_mm))
    # all of them: one that has data enough makes a study
    if all(row.com_db is None and "data" in row.note for row in found[0].rows):
        raise SirfError(
            f"band of {source.name} must reach further: {found[0].rows[-1].note}. Give a wider file or a lower rate."
        )
    return ModulationStudy(
        channel=source.name,
        standard=base.name,
        data_rate=rate,
        net_rate=_net(rate),
        reference_frequency=reference,
        point=found[0],
        sweep=tuple(sorted(found[1:], key=lambda point: point.loss_db)),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """One modulation's rates and settings."""

    modulation: str
    code: ReedSolomon
    line_rate: float
    settings: ComSettings

    @classmethod
    def of(cls, name: str, code: ReedSolomon, data_rate: float, base: ComSettings) -> _Plan:
        # from the client's bits to the line's: transcoding first, then the code's parity
        line = _net(data_rate) * TRANSCODING / code.rate
        bits = bits_per_symbol(order_of(name))
        der0 = _detector_error_ratio(code, bits, base.der0)
        settings = rescaled(base, line / bits, name, der0=der0, circuit_rate=0.5 * data_rate)
        return cls(name, code, line, settings)

    @property
    def symbol_rate(self) -> float:
        return self.settings.symbol_rate


@dataclass(frozen=True, slots=True)
class _Source:
    """The channel, and the path that it was made of where that is known."""

    name: str
    channel: Channel
    path: Path | None
    grid: np.ndarray[Any, np.dtype[np.float64]] | None

    @classmethod
    def of(cls, given: Channel | str | os.PathLike[str] | Path, symbol_rate: float, period: float) -> _Source:
        path = given if isinstance(given, Path) else None
        if isinstance(given, (str, os.PathLike)):
            text = os.fspath(given)
            if text in list_data("paths") or text.endswith(".toml"):
                path = load_path(text, rate_class="200g")
            else:
                given = Channel.from_touchstone(text)
        if path is not None:
            # devices faster in proportion: circuits for PAM4 at this rate are taken as built
            path = _with_faster_dies(path, period)
            # a step more than the band: the last point must not fall short of it by rounding
            grid = np.arange(0.0, 1.05 * symbol_rate + STEP, STEP)
            return cls(path.name, path.to_channel(grid), path, grid)
        assert isinstance(given, Channel)
        return cls(given.name or "channel", given, None, None)

    @property
    def length_mm(self) -> float | None:
        return None if self.path is None else 1e3 * self.path.trace_length_m

    def sweep(
        self, losses: Sequence[float] | None, lengths: Sequence[Given] | None, frequency: float
    ) -> list[tuple[float | None, Channel]]:
        """(length in mm where known, channel) of every point."""
        if lengths is not None:
            if self.path is None or self.grid is None:
                raise SirfError(
                    f"lengths must go with a path such as npo, got {self.name}. Sweep losses of a file instead."
                )
            metres = [parse_length(one) for one in lengths]
            return [(1e3 * one, self.path.with_length(one).to_channel(self.grid)) for one in metres]
        if losses is None:
            return []
        if any(not (math.isfinite(one) and 0.0 < one <= 200.0) for one in losses):
            raise SirfError(f"losses must be above 0 and at most 200 dB, got {list(losses)}. Give decibels.")
        # beyond the data the loss is not known: the last point stands for it
        return [(None, channel_with_loss(self.channel, one, _inside(self.channel, frequency))) for one in losses]


def _with_faster_dies(path: Path, period: float) -> Path:
    """The path with the dies and balls of its devices `period` times as slow as those of the standard's rate."""

    def faster(segment: Segment) -> Segment:
        element = segment.element
        if not isinstance(element, Device):
            return segment
        return replace(segment, element=replace(element, package=faster_package(element.package, period)))

    return replace(path, segments=tuple(faster(segment) for segment in path.segments))


def _inside(channel: Channel, frequency: float) -> float:
    """`frequency`, or the end of data that do not reach it."""
    return min(frequency, float(channel.frequency[-1]))


def _net(data_rate: float) -> float:
    """Client bit/s of a line rate with KP4."""
    return data_rate * load_code(CODE).rate / TRANSCODING


def _checked(modulations: Sequence[str]) -> tuple[str, ...]:
    names = tuple(str(name).upper() for name in modulations)
    # the same modulation twice would be one row
    if not names or len(set(names)) != len(names):
        raise SirfError(
            f"modulations must be different and at least one, got {list(modulations)}. Use PAM4, PAM6, PAM8."
        )
    for name in names:
        if name == "PAM3":
            raise SirfError(
                "modulation must carry bits by a mapping that sirf has, got PAM3. Use NRZ, PAM4, PAM6 or PAM8."
            )
        order_of(name)
    return names


def _codes(fec: str | Mapping[str, str], names: Sequence[str]) -> dict[str, ReedSolomon]:
    if isinstance(fec, str):
        return dict.fromkeys(names, load_code(fec))
    given = {name.upper(): code for name, code in fec.items()}
    if unknown := set(given) - set(names):
        raise SirfError(
            f"fec must name modulations of the study ({', '.join(names)}), got {', '.join(sorted(unknown))}. Check the name."
        )
    return {name: load_code(given.get(name, CODE)) for name in names}


def _detector_error_ratio(code: ReedSolomon, bits: float, der0: float) -> float:
    """Detector error ratio at which `code` loses as many frames as KP4 does with PAM4 at `der0`; PAM symbols of `bits` bits."""
    usual = load_code(CODE)
    # an FEC symbol of ten bits spans five PAM4 symbols, any of which spoils it; DER0 is small enough to add up
    share = der0 * usual.bits_per_symbol / 2.0
    if code.name != usual.name:
        allowed = _post_fec(usual, share).codeword_error_ratio
        ber = code.pre_fec_ber(allowed)
        # the chance that any of the symbol's bits is wrong: 1 - (1 - ber)^m without its cancellation
        share = float(-np.expm1(code.bits_per_symbol * np.log1p(-ber)))
    # and back, for symbols of `bits` bits
    return share * bits / code.bits_per_symbol


def _post_fec(code: ReedSolomon, symbol_error_ratio: float) -> Any:
    """What `code` makes of FEC symbols that are wrong independently with this ratio."""
    # the logarithm needs something to work on: below, every code corrects; above, none does
    ratio = min(max(symbol_error_ratio, 1e-300), 0.999)
    return post_fec(code, max(float(-np.expm1(np.log1p(-ratio) / code.bits_per_symbol)), 1e-300))


def _point(
    channel: Channel, plans: Sequence[_Plan], case: int, reference: float, length_mm: float | None
) -> ModulationPoint:
    # what the channel could carry at all: once for each point
    ceiling = {plan.modulation: _capacities(channel, plan, case) for plan in plans}
    rows = tuple(_row(channel, plan, case, *ceiling[plan.modulation]) for plan in plans)
    return ModulationPoint(
        loss_db=float(channel.insertion_loss_db(_inside(channel, reference))), length_mm=length_mm, rows=rows
    )


def _row(channel: Channel, plan: _Plan, case: int, whole: float, nyquist: float) -> ModulationRow:
    settings = plan.settings
    order = settings.levels
    row = ModulationRow(
        modulation=plan.modulation,
        bits_per_symbol=bits_per_symbol(order),
        symbol_rate=plan.symbol_rate,
        line_rate=plan.line_rate,
        fec=plan.code.name,
        der0=settings.der0,
        capacity_gbps=whole / 1e9,
        capacity_nyquist_gbps=nyquist / 1e9,
    )
    end = float(channel.frequency[-1])
    # COM's filter needs three quarters of the symbol rate
    if end < BAND_NEEDED * plan.symbol_rate:
        needed = BAND_NEEDED * plan.symbol_rate / 1e9
        return replace(row, note=f"{plan.modulation} needs data to {needed:.4g} GHz, they end at {end / 1e9:.4g} GHz")
    try:
        paths, _ = path_responses(channel, settings, case)
        # settings by turns of CTLE and transmitter taps: quick enough for every modulation at every loss
        margin = quick_margin(paths, settings)
    except NoSettingError as error:
        return replace(row, note=str(error))
    # die to die at the modulation's own Nyquist frequency: that is what its equaliser has to lift
    gain = np.interp(0.5 * plan.symbol_rate, paths[0].frequency, 20.0 * np.log10(np.abs(paths[0].s[:, 1, 0])))
    loss = -float(gain)
    ser, ber, behind = _error_ratios(margin, plan)
    # from pJ a line bit to pJ a client bit: codes of different strength are compared by what arrives
    overhead = plan.line_rate / (plan.line_rate * plan.code.rate / TRANSCODING)
    energy = serdes_energy("dsp", loss, data_rate=plan.line_rate, bits_per_symbol=bits_per_symbol(order))
    return replace(
        row,
        insertion_loss_db=loss,
        com_db=margin.com_db,
        ser=ser,
        ber=ber,
        ber_post_fec=behind.ber,
        frame_loss_ratio=behind.frame_loss_ratio,
        energy=Range(energy.value * overhead, energy.low * overhead, energy.high * overhead),
        ctle_db=margin.gains,
        tx_taps=tuple(float(tap) for tap in margin.taps),
    )


def _error_ratios(margin: QuickMargin, plan: _Plan) -> tuple[float, float, Any]:
    """(symbol error ratio, bit error ratio, what the code makes of them) with ideal feedback, by the slicer's distribution."""
    total = margin.noise.total
    # the distribution is symmetric: below -v is above v
    chances = transitions(plan.settings.levels, margin.signal, lambda volts: total.below(-volts))
    ser = symbol_error_ratio(chances)
    # a code's symbol holds parts of several PAM symbols
    spoilt = fec_symbol_error_ratio(plan.settings.levels, ser, plan.code.bits_per_symbol)
    return ser, bit_error_ratio(chances), _post_fec(plan.code, spoilt)


def _capacities(channel: Channel, plan: _Plan, case: int) -> tuple[float, float]:
    """Capacity in bit/s of the data's whole band, and of half the symbol rate."""
    settings = plan.settings
    packages: PackageCase = settings.packages[case - 1]
    transfer = die_to_die(channel, packages, common_mode=False).transfers[0]
    f, gain = transfer.frequency, np.abs(transfer.value) ** 2

    def of(band: float) -> float:
        # capacity of the band that is used, at the noise of the receiver's input
        kept = f <= band
        return capacity(
            f[kept],
            gain[kept],
            np.full(int(np.count_nonzero(kept)), settings.receiver.noise_density),
            power=settings.transmitter.amplitude**2,
            transmitter_snr_db=settings.transmitter.snr_db,
        )

    return of(float(f[-1])), of(0.5 * plan.symbol_rate)
