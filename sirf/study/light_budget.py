"""The power budget of an optical path as the engine sees it: how much more loss the light bears before the limit is missed.

Closed forms of sensitivity leave out what drives the light and what follows it: noise and jitter of the transmitter's
electronics, equaliser and converter of the receiver. So the margin is searched with the statistical eye of the whole link, light
from retimer to retimer: 0 dB of margin is where the engine meets the limit.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import PhysicsError, SirfError
from sirf.fec.library import KP4_BIT_ERROR_RATIO
from sirf.link import Link
from sirf.optics.laboratory import LinkBudget, TransmitterMeasures, arrival_rows
from sirf.optics.library import OpticsPreset
from sirf.optics.optical_path import OpticalPath
from sirf.optics.power import dbm
from sirf.optics.receiver_sensitivity import sensitivity
from sirf.optics.source import Laser
from sirf.optics.span import Span
from sirf.presets import list_presets, load
from sirf.signal.filters import butterworth4
from sirf.signal.pam import bits_per_symbol
from sirf.study.measurement import DEAD_ERROR_RATIO

MAX_LOSS, MAX_GAIN = 30.0, 12.0
"""dB of more and of less loss between which the limit is sought."""
NOISE_BAND = 10.0
"""Band over the amplifier's bandwidth to which its noise is integrated."""
TOLERANCE_DB = 0.01
"""Width of the last bracket of the search."""
FIRST_LOSS_DB, USUAL_SLOPE = 10.0, 0.5
"""Where the search begins: the margin of most paths that ship, and the slope there, dB of noise over signal a dB of loss."""
MAX_STEPS = 80
"""Losses that are tried at most; a search takes five or six."""


def optical_standard(symbol_rate: float) -> str:
    """The preset of a retimer's optical side at a symbol rate in baud; `SirfError` where none is within 10 %."""
    known = {load(name).symbol_rate: name for name in list_presets() if name.startswith("optical-")}
    nearest = min(known, key=lambda rate: abs(rate / symbol_rate - 1.0))
    # the overheads of codes differ by less than a tenth, the classes of rates by far more
    if abs(nearest / symbol_rate - 1.0) > 0.1:
        rates = ", ".join(f"{rate / 1e9:g}" for rate in sorted(known))
        raise SirfError(
            f"symbol_rate must be near one of {rates} GBd, got {symbol_rate / 1e9:g}. Make a preset for it."
        )
    return known[nearest]


def retimed_light_link(optics: OpticsPreset, path: OpticalPath | None = None) -> Link:
    """Light from retimer to retimer, its equaliser set; `path` in place of the optics' own."""
    standard = optical_standard(optics.symbol_rate)
    span = Span.alone(path or optics.path, swing=optics.swing, symbol_rate=optics.symbol_rate, agc_db=optics.agc_db)
    # sixteen samples a UI: curves of light need no more
    return Link(span, standard=standard, symbol_rate=optics.symbol_rate, samples_per_ui=16).optimized(
        between_samples=True
    )


def light_ber(optics: OpticsPreset, path: OpticalPath | None = None) -> float:
    """Bit error ratio before FEC of that link; 0.5 where nothing arrives that could be decided."""
    try:
        # the sampling instant alone
        return statistical_eye(retimed_light_link(optics, path), phases=1).ber
    except SirfError:
        return DEAD_ERROR_RATIO


def link_budget(
    path: OpticalPath,
    measures: TransmitterMeasures,
    *,
    ser: float = 2.0 * KP4_BIT_ERROR_RATIO,
    agc_db: tuple[float, float] = (0.0, 0.0),
) -> LinkBudget:
    """The budget of a path as measured, for a symbol error ratio: `engine_budget` at the swing and rate of the measurement.

    `agc_db` are the least and greatest gain in dB ahead of the driver. Also as `sirf.optics.link_budget`.

    >>> preset = sirf.optics.load_optics("cpo-silicon-ring")  # doctest: +SKIP
    >>> found = sirf.optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate)  # doctest: +SKIP
    >>> sirf.optics.link_budget(preset.path, found).margin_db  # doctest: +SKIP
    """
    made = OpticsPreset(
        name="path",
        title="path as measured",
        symbol_rate=measures.symbol_rate,
        order=measures.order,
        swing=measures.swing,
        agc_db=agc_db,
        # a budget of light asks for no energy: any efficiency would do
        wall_plug_efficiency=(1.0, 1.0, 1.0),
        path=path,
        provenance=(),
    )
    return engine_budget(made, measures, ber=ser / bits_per_symbol(measures.order))


def engine_budget(
    optics: OpticsPreset, measures: TransmitterMeasures, *, ber: float = KP4_BIT_ERROR_RATIO
) -> LinkBudget:
    """From OMA_outer at the transmitter to the margin at the photodiode for a bit error ratio before FEC, by the engine.

    The margin is the loss that may be added (or, negative, has to be taken away) until the statistical eye of the light from
    retimer to retimer has the ratio, its equaliser set anew at every loss. The receiver's filter takes noise of the amplifier
    away, which is a row below zero in closed form. What the engine needs beyond both is one row: eye closure and the gain of the
    drive that makes up for slow edges, multipath, intensity noise at each level, noise and jitter of what drives the light, and
    the receiver behind the amplifier. Raises `PhysicsError` where no light within 12 dB more meets the ratio.
    """
    path = optics.path
    margin = loss_margin_db(optics, ber=ber)
    rows, arriving = arrival_rows(path, measures)
    # Gray code: of a wrong symbol's bits one is wrong
    ser = ber * bits_per_symbol(optics.order)
    alone = float(dbm(sensitivity(path.receiver, ser=ser, extinction_db=measures.extinction_db, order=optics.order)))
    needed = arriving - margin
    # at the OMA that the link needs, where its noise is what counts
    narrower = _narrower_noise_db(optics, 1e-3 * 10.0 ** (0.1 * needed), measures.extinction_db)
    rows = (
        *rows,
        ("sensitivity of photodiode and amplifier, dBm", alone),
        ("noise that the receiver's filter takes away, dB", narrower),
        ("drive, eye closure, multipath, noise and jitter of the link, dB", needed - alone - narrower),
        ("OMA that the link needs, dBm", needed),
    )
    return LinkBudget(rows=rows, margin_db=margin)


def _narrower_noise_db(optics: OpticsPreset, oma: float, extinction_db: float) -> float:
    """Noise at the slicer without equaliser over noise behind the amplifier, mean of the outer levels, in dB of light."""
    receiver, corner = optics.path.receiver, load(optical_standard(optics.symbol_rate)).receiver.noise_corner
    assert corner is not None
    frequency = np.linspace(0.0, NOISE_BAND * receiver.tia.bandwidth, 4001)
    filtered = butterworth4(frequency, corner)
    # levels of this OMA and extinction ratio
    low = oma / (10.0 ** (extinction_db / 10.0) - 1.0)
    behind, alone = (
        sum(receiver.noise_current(level, frequency=frequency, after=after) for level in (low, low + oma))
        for after in (filtered, None)
    )
    return float(10.0 * np.log10(behind / alone))


def loss_margin_db(optics: OpticsPreset, *, ber: float = KP4_BIT_ERROR_RATIO) -> float:
    """Loss in dB that may be added to the light until its engine's bit error ratio is `ber`, within 0.01 dB."""
    if not 0.0 < ber < DEAD_ERROR_RATIO:
        raise SirfError(f"ber must be between 0 and 0.5, got {ber}. Use 2.4e-4, the threshold of KP4.")

    limit = _noise_over_signal_db(ber)

    def excess(loss: float) -> float:
        # excess is zero at the limit, and rises with the loss
        return _noise_over_signal_db(light_ber(optics, optical_path_with_loss(optics.path, loss))) - limit

    # light of a laser can be made brighter, that of a diode can lose no less than nothing
    gain = MAX_GAIN if isinstance(optics.path.source, Laser) else min(MAX_GAIN, optics.path.coupling_loss_db)
    margin = last_loss(excess, most_gain=gain)
    if margin is None:
        # the message says how far off the best is
        least = light_ber(optics, optical_path_with_loss(optics.path, -gain))
        raise PhysicsError(
            f"light must meet a bit error ratio of {ber:g} with {gain:g} dB less loss, got {least:.1e}. "
            "Lower intensity noise, reflections or the noise of what drives it."
        )
    return margin


def _noise_over_signal_db(ber: float) -> float:
    """Noise over signal in dB of light but for a constant: -ln of a Gaussian tail goes with the square of its inverse."""
    # exact but for the slowly varying factor before the exponential: the search ends at the limit itself
    return float(-5.0 * np.log10(-np.log(max(ber, 1e-40))))


def last_loss(excess: Callable[[float], float], *, most_gain: float = MAX_GAIN) -> float | None:
    """The last loss in dB, within `TOLERANCE_DB`, at which `excess` (dB, rising with the loss) is not above 0.

    `MAX_LOSS` where it is above 0 nowhere, None where it still is with `most_gain` dB less loss, beyond which none is asked for.
    """
    low, high, below, above = -math.inf, math.inf, 0.0, 0.0
    loss, stride = max(FIRST_LOSS_DB, -most_gain), 0.0
    for step in range(MAX_STEPS):
        found = excess(loss)
        if found <= 0.0:
            low, below = loss, found
        else:
            high, above = loss, found
        if high - low <= TOLERANCE_DB or low == MAX_LOSS:
            break
        if high == -most_gain:
            return None
        if math.isinf(high - low):
            # as far as the slope says, and at least twice as far as before
            stride = max(abs(found) / USUAL_SLOPE + 0.1, 2.0 * stride)
            loss = min(max(loss - math.copysign(stride, found), -most_gain), MAX_LOSS)
        elif step % 8 == 7:
            # a curve that bends sharply keeps one end where it is
            loss = 0.5 * (low + high)
        else:
            crossing = low - below * (high - low) / (above - below)
            # just past the crossing as seen from the nearer end, so that the farther one moves there
            past = math.copysign(0.3 * TOLERANCE_DB, high + low - 2.0 * crossing)
            # not within a twentieth of either end
            loss = min(max(crossing + past, 0.95 * low + 0.05 * high), 0.05 * low + 0.95 * high)
    return low


def optical_path_with_loss(path: OpticalPath, loss_db: float) -> OpticalPath:
    """The path with more loss behind the modulator; less is more light from the laser, once the coupling loses nothing."""
    # coupling first: it lies behind the modulator, whose operating point stays
    coupling = path.coupling_loss_db + loss_db
    if coupling >= 0.0:
        return dataclasses.replace(path, coupling_loss_db=coupling)
    if not isinstance(path.source, Laser):
        raise PhysicsError(f"coupling must lose at least 0 dB, got {coupling:.2f}. Take a brighter source.")
    brighter = dataclasses.replace(path.source, power=path.source.power * 10.0 ** (-coupling / 10.0))
    return dataclasses.replace(path, coupling_loss_db=0.0, source=brighter)
