"""What a sequence detector in place of the one-tap DFE adds to COM, as the reference code and the draft compute it.

Release 4.50 counts error events of alternating sign with the distribution of the slicer's noise itself. Release 4.17 and the
draft (clause 178A.1.11) add noise until COM is 3 dB less, weigh each event with the noise correlation that the FFE leaves, and
convolve the distributions of the event's samples. The gain is a statement about the detector error ratio at that COM; it is not
the one of equal error ratios in `sirf.com.sequence_gain`, which assumes Gaussian noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft, rfft

from sirf._arrays import Float
from sirf.com.config.settings import ComSettings
from sirf.com.distribution import BIN_SLACK, VoltageDistribution, gaussian
from sirf.com.revision import Rules
from sirf.com.slicer_noise import SLICER_CREST, SlicerNoise
from sirf.errors import ConfigError
from sirf.signal.fast_length import next_fast_length
from sirf.signal.toeplitz import symmetric_toeplitz
from sirf.units import from_db20

_LAST_TERM = 1e-4
"""The sum over events ends at a term below this part of it."""
_LAST_CHANGE = 1e-3
"""The sum of release 4.50 ends at a term below this part of it."""
_GAIN_PRECISION = 1e-6
_TILTS = 4
"""Steps towards the exponential that moves the mean of a sum to the tail that is asked for; near is near enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceMargin:
    """`gain_db` is added to COM; `error_ratio` is the detector error ratio that it stands for, from `events` lengths of events.

    `noise_gain` is g_an, by how much the receiver's noise is raised (0 for release 4.50). `note` says why there is no gain.
    """

    gain_db: float
    error_ratio: float
    events: int
    noise_gain: float
    note: str = ""


def sequence_margin(noise: SlicerNoise, b: float, settings: ComSettings, rules: Rules) -> SequenceMargin:
    """Gain of sequence detection for a DFE tap `b` by the formula of a revision.

    Raises `ConfigError` for a form of MLSE that the revision does not have.
    """
    if rules.sequence == "sum of events":
        return _sum_of_events(noise, b, settings)
    interference = noise.total.magnitude_at(settings.der0)
    # COM of decision feedback alone, which the budget below refers to
    com_db = 20.0 * float(np.log10(noise.signal / interference))
    if rules.sequence == "stretched":
        # an error of a single symbol: the whole distribution beyond A_s on one side
        ratio = noise.total.below(-noise.signal)
        if ratio > settings.receiver.detector.cdr_error_ratio:
            note = f"the error ratio {ratio:.2g} is above DER_CDR {settings.receiver.detector.cdr_error_ratio:g}"
            return SequenceMargin(gain_db=0.0, error_ratio=ratio, events=0, noise_gain=0.0, note=note)
    noisy, noise_gain = _noisy(noise, settings, rules)
    # the colour of the noise that was added is that of the receiver's
    colour = noise.colour + noise_gain * noise.receiver_colour
    ratio, events = error_event_ratio(
        noisy,
        b,
        noise.signal,
        colour / colour[0],
        levels=settings.levels,
        longest=settings.receiver.detector.truncation_length,
    )
    reached = -noisy.quantile_reaching(ratio)
    gain = -np.inf if reached <= 0.0 else 20.0 * float(np.log10(reached / noise.signal))
    # Q_budget_adj takes a - b COM off the gain
    offset, slope = settings.receiver.detector.q_budget_adjust
    gain -= offset - slope * com_db
    note = (
        "" if gain > 0.0 else "the events of the sequence detector are no rarer than single errors with the noise added"
    )
    return SequenceMargin(gain_db=max(gain, 0.0), error_ratio=ratio, events=events, noise_gain=noise_gain, note=note)


def _noisy(noise: SlicerNoise, settings: ComSettings, rules: Rules) -> tuple[VoltageDistribution, float]:
    """The distribution with noise that costs the added decibels of COM, and by how much receiver noise is raised for it."""
    added = settings.receiver.detector.added_noise_db
    loss = from_db20(settings.com_threshold_db if added is None else added)
    power = float(noise.receiver_colour[0])
    if rules.sequence == "stretched":
        stretched = noise.total.scaled(loss)
        # what the stretching adds in variance, as so many times the receiver's noise
        return stretched, (stretched.sigma**2 - noise.total.sigma**2) / power
    target = noise.total.interpolated_magnitude_at(settings.der0) * loss
    crest = settings.noise_crest_factor or SLICER_CREST

    def normal(gain: float) -> VoltageDistribution:
        return gaussian(float(np.sqrt(noise.sigma_g**2 + gain * power)), crest, noise.total.bin_size)

    def missing(gain: float) -> float:
        return target - noise.rest.interpolated_magnitude_of_sum(normal(gain), settings.der0)

    high = 1.0
    while missing(high) > 0.0:
        # multiplied until the noise is enough; the root is then bracketed
        high *= 4.0
    if loss <= 1.0:
        return noise.rest + normal(0.0), 0.0
    from scipy.optimize import brentq

    found = float(brentq(missing, 0.0, high, rtol=_GAIN_PRECISION))
    return noise.rest + normal(found), found


def error_event_ratio(
    noisy: VoltageDistribution, b: float, signal: float, correlation: Float, *, levels: int, longest: int
) -> tuple[float, int]:
    """Detector error ratio of sequence detection on the target 1 + b D, equation (178A-50), and how many lengths of events.

    An event of j wrong symbols of alternating sign leaves u = (1, -(1 - b), +(1 - b), ..., +-b). Its noise is that of j + 1
    samples of the distribution `noisy` with these weights, its distance grows with the coloured noise's power u'Vu, where V holds
    the `correlation` (K,) at lags 0, 1, ... At `longest` symbols the detector must decide: such events count once more without
    their last sample, by all symbols.
    """
    # that a symbol can be off by a level in the direction of the event
    keep = (levels - 1) / levels
    # an event's inner samples all weigh 1 - b; each further symbol convolves one more of them
    inner, end = noisy.scaled(1.0 - b), noisy.scaled(b)
    total, last = 0.0, min(longest, correlation.size - 1)
    for j in range(1, last + 1):
        # 1, then alternating inner samples, then the last with b
        u = np.concatenate(([1.0], (1.0 - b) * (-1.0) ** np.arange(1, j), [(-1.0) ** (j + 1) * b]))
        if j == longest:
            # the truncation takes the place of this and all longer events
            cut = tail_of_sum([(noisy, 1), (inner, j - 1)], _distance(u[:j], correlation, signal))
            return total + levels * keep ** (j - 1) * cut, j
        term = keep ** (j - 1) * tail_of_sum([(noisy, 1), (end, 1), (inner, j - 1)], _distance(u, correlation, signal))
        total += term
        if term <= _LAST_TERM * total:
            return total, j
    return total, last


def tail_of_sum(parts: list[tuple[VoltageDistribution, int]], distance: float) -> float:
    """Probability that a sum of independent voltages is at or below -`distance`; `parts` say how many there are of each kind.

    By Fourier transform, of probabilities weighed with an exponential that moves their mean to -`distance`: so rounding leaves
    some 1e-16 of what lies there, however rare it is. (Unweighed, tails below 1e-13 are rounding.)
    """
    bin_size = parts[0][0].bin_size
    bins, first = distance / bin_size, sum(count * part.first for part, count in parts)
    size = 1 + sum(count * (part.y.size - 1) for part, count in parts)
    used = [(part, count) for part, count in parts if count]
    # the tilt that a normal distribution of this variance would need
    tilt = bins / sum(count * (part.sigma / bin_size) ** 2 for part, count in used)
    for _ in range(_TILTS):
        mean = 0.0
        for part, count in used:
            mean -= count * float(_tilted(part, tilt)[0] @ (part.first + np.arange(part.y.size)))
        # the mean is nearly proportional to the tilt
        tilt *= bins / mean
    period, offset = next_fast_length(size), 0.0
    transform = np.ones(period // 2 + 1, dtype=complex)
    for part, count in used:
        weights, scale = _tilted(part, tilt)
        transform *= rfft(weights, period) ** count
        offset += count * scale
    # up to and with the bin at -distance
    last = int(np.ceil(-bins - BIN_SLACK)) - first
    if last < 0:
        return 0.0
    # rounding leaves values below zero where nothing is
    density = np.maximum(irfft(transform, period)[: min(last + 1, size)], 0.0)
    return float(density @ np.exp(offset + tilt * (first + np.arange(density.size))))


def _tilted(part: VoltageDistribution, tilt: float) -> tuple[Float, float]:
    """Probabilities weighed with e^(-tilt n) for the n-th bin, their sum one, and the logarithm of the sum before."""
    place = part.first + np.arange(part.y.size)
    # relative to the largest weight, because exponentials of whole tails overflow
    top = float(np.max(-tilt * place[part.y > 0.0]))
    weights = part.y * np.exp(np.minimum(-tilt * place - top, 0.0))
    total = float(np.sum(weights))
    return weights / total, top + float(np.log(total))


def _distance(u: Float, correlation: Float, signal: float) -> float:
    """A_s (u'u)^1.5 / sqrt(u'Vu): the voltage that the noise of an event must pass."""
    energy = float(u @ u)
    # the event needs A_s u'u; |u| / sqrt(u'Vu) corrects for colour, since `noisy` adds its samples as independent ones
    return float(signal * energy**1.5 / np.sqrt(u @ symmetric_toeplitz(correlation[: u.size]) @ u))


def _sum_of_events(noise: SlicerNoise, b: float, settings: ComSettings) -> SequenceMargin:
    """Release 4.50: events by their distance in white noise, each with the whole distribution.

    MLSE 1 turns the sum into the signal of a DFE with error propagation of as many errors; MLSE 2 shrinks the distribution until
    single errors are as many.
    """
    form, levels, signal, total = settings.receiver.detector.mlse, settings.levels, noise.signal, noise.total
    if form not in (1, 2):
        raise ConfigError(
            f"{settings.name}: MLSE must be 0, 1 or 2 in revision 4.50, got {form}: that release of the reference code has no "
            "other form and ends without an answer. Use revision 4.17 or d3.3, where any form is the one formula."
        )
    interference = total.magnitude_at(settings.der0)
    if signal < interference:
        note = "more noise than signal"
        return SequenceMargin(gain_db=0.0, error_ratio=total.below(-signal), events=0, noise_gain=0.0, note=note)
    ratio, j = 0.0, 0
    while True:
        j += 1
        # root of the energy of (1, -(1 - b), …, ±b), the event behind the target
        distance = float(np.sqrt(1.0 + (j - 1) * (1.0 - b) ** 2 + b**2))
        term = 2.0 * j * ((levels - 1) / levels) ** j * total.below(-distance * signal)
        ratio += term
        if term <= _LAST_CHANGE * ratio:
            break
    if form == 1:
        share = 0.5 * ratio * (levels / (levels - 1) - total.below(-(1.0 - 2.0 * b) * signal))
        reached = abs(total.quantile_reaching(share))
        gain = 20.0 * float(np.log10(reached / signal))
    else:
        gain = 20.0 * float(np.log10(interference / _shrunk(total, signal, ratio, levels).magnitude_at(settings.der0)))
    return SequenceMargin(gain_db=gain, error_ratio=ratio, events=j, noise_gain=0.0)


def _shrunk(total: VoltageDistribution, signal: float, ratio: float, levels: int) -> VoltageDistribution:
    """The distribution scaled down until single errors 2 (L - 1) / L P(-A_s) are within a tenth of `ratio`."""
    # by a search of halving steps as the reference code makes it, with its tolerance of a tenth
    scale, change, before = 1.0, 0.05, np.inf
    while True:
        scale -= change
        trial = total.scaled(scale)
        excess = (2.0 * (levels - 1) / levels * trial.below(-signal) - ratio) / ratio if ratio > 0.0 else 0.0
        if abs(excess) < 0.1:
            return trial
        # past the point sought: turn round with half the step
        if np.sign(excess) != np.sign(before):
            change = -change / 2.0
        before = excess
