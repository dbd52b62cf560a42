"""Errors of transmitter settings in the search of IEEE 802.3 Annex 178A, from tables made once for each CTLE setting.

Everything that a candidate needs is linear or quadratic in the transmitter's taps, which are spaced one UI: the autocorrelation
of a filtered response is the taps' autocorrelation convolved with that of the response. Tables of autocorrelations are two-sided,
lags -(K - 1) to N + K - 2 for K transmitter and N receiver taps, so that one lag of the taps shifts a whole row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]
Single = NDArray[np.float32]
Integer = NDArray[np.int64]

_SMALL = 0.25
"""Samples that move a tilted exponent by less count as Gaussian: the next term of log cosh is below a hundredth of theirs."""
_LOGARITHM_OF = 128
"""Factors of up to 100 that a product takes before it passes the largest number."""
_TURNS = 12
_TILT_PRECISION = 1e-4
"""With the last change counted in the level, that depends on the tilt's error in second order."""


@kernel
def weighted_sum(terms: Real | Single, weights: Real | Single, result: Real | Single) -> None:
    """Sum of `terms` (N, R, C) times `weights` (N,) into `result` (R, C)."""
    for r in range(result.shape[0]):
        row = result[r]
        row[:] = 0.0
        for n in range(weights.size):
            weight, term = weights[n], terms[n, r]
            for c in range(row.size):
                row[c] += weight * term[c]


@kernel
def tap_correlation(taps: Real, own: Real) -> None:
    """Autocorrelation of the transmitter's taps (K,), lags 0 to K - 1, into `own`."""
    for lag in range(taps.size):
        own[lag] = 0.0
        for k in range(taps.size - lag):
            own[lag] += taps[k] * taps[k + lag]


@kernel
def add_combined(own: Real, table: Real, row: Real) -> None:
    """Add the autocorrelation behind the taps to `row` (N,): that of the taps convolved with a two-sided `table` row."""
    edge = own.size - 1
    source = table[edge:]
    # an autocorrelation is even: lag zero counts once, every other one in both directions
    for lag in range(row.size):
        row[lag] += own[0] * source[lag]
    for m in range(1, own.size):
        if own[m] != 0.0:
            below, above = table[edge - m :], table[edge + m :]
            for lag in range(row.size):
                row[lag] += own[m] * (below[lag] + above[lag])


@kernel
def combined_power(own: Real, table: Real) -> float:
    """The same at lag zero alone."""
    edge = own.size - 1
    total = own[0] * table[edge]
    for m in range(1, own.size):
        total += 2.0 * own[m] * table[edge + m]
    return float(total)


@kernel
def strongest_phase(own: Real, tables: Real) -> int:
    """Phase of an aggressor's `tables` (M, lags) with most power behind the taps, the first of equals."""
    best, most = 0, -1.0
    for phase in range(tables.shape[0]):
        power = combined_power(own, tables[phase])
        if power > most:
            best, most = phase, power
    return best


@kernel
def filter_samples(taps: Real, backward: Real, result: Real) -> None:
    """Samples behind the transmitter's taps, later ones first; `backward` holds the pulse's samples of a phase so.

    It begins where the first result's sample stands for the tap of the first cursor.
    """
    result[:] = 0.0
    for k in range(taps.size):
        if taps[k] != 0.0:
            part = backward[k:]
            for i in range(result.size):
                result[i] += taps[k] * part[i]


@kernel(fastmath=True)  # an estimate that is held to a thousandth: its sums may be taken in any order
def _falling_exponential(x: float) -> float:
    """e^x for x of zero or below to 1e-11 of it, and e^-64 for all below -64: no call, so that loops go on vector registers."""
    part, result = max(x, -64.0) / 64.0, 1.0
    # Taylor's series of a 64th of the exponent, which six squarings make up for
    for n in range(13, 0, -1):
        result = 1.0 + result * part / n
    for _ in range(6):
        result *= result
    return result


@kernel(fastmath=True)  # an estimate that is held to a thousandth: its sums may be taken in any order
def _cumulants(samples: Real, levels: int, variance: float, tilt: float) -> tuple[float, float, float]:
    """Cumulant generating function at `tilt` and its first two derivatives: equally likely symbols times samples, and noise.

    Samples are above zero. The function of one is log(sinh(L a) / (L sinh a)) with a = sample x tilt / (L - 1), L levels.
    """
    # cumulant generating function of the Gaussian part and its derivatives
    value, slope, bend = 0.5 * variance * tilt * tilt, variance * tilt, variance
    outer = 1.0 / (levels - 1)
    for begin in range(0, samples.size, _LOGARITHM_OF):
        product, total = 1.0, 0.0
        for i in range(begin, min(begin + _LOGARITHM_OF, samples.size)):
            sample = samples[i]
            # relative to the outer symbol, because sinh overflows in deep tails; its logarithm is added back below
            step = _falling_exponential(-2.0 * outer * sample * tilt)
            whole = _falling_exponential(-2.0 * outer * levels * sample * tilt)
            one, all_levels = 1.0 / (1.0 - step), 1.0 / (1.0 - whole)
            product *= (1.0 - whole) * one
            total += sample
            slope += sample * outer * (levels * (1.0 + whole) * all_levels - (1.0 + step) * one)
            bend += 4.0 * (sample * outer) ** 2 * (step * one * one - levels * levels * whole * all_levels * all_levels)
        # one logarithm of a product, whose factors are between one and the number of levels
        value += tilt * total + math.log(product)
    return value - samples.size * math.log(levels), slope, bend


@kernel(fastmath=True)  # an estimate that is held to a thousandth: its sums may be taken in any order
def _energy(samples: Real) -> float:
    total = 0.0
    for i in range(samples.size):
        total += samples[i] * samples[i]
    return total


@kernel
def clipping_estimate(samples: Real, levels: int, variance: float, probability: float) -> float:
    """Level that symbols through `samples` (N,) and Gaussian noise exceed with `probability`, by a saddle point.

    The tail is Lugannani and Rice's (Adv. Appl. Prob. 12, 1980); the tilt that has it is found by Newton's rule on its logarithm.
    Samples of no account for that tilt are counted as Gaussian.
    """
    target = math.log(probability)
    # mean square of equally likely symbols between -1 and 1
    power = (levels + 1.0) / (3.0 * (levels - 1.0))
    total = variance + power * _energy(samples)
    # Chernoff's bound exp(-q²/2) solved for q: a little above the Gaussian quantile
    quantile = math.sqrt(-2.0 * target)
    # no tilt is larger than that of the noise alone
    least = _SMALL / (quantile / math.sqrt(variance))
    kept, used = np.empty(samples.size), 0
    for i in range(samples.size):
        if abs(samples[i]) > least:
            kept[used] = abs(samples[i])
            used += 1
    spread = max(total - power * _energy(kept[:used]), variance)
    # half way between the tilts with all samples Gaussian and with the noise alone
    tilt = 0.5 * quantile * (1.0 / math.sqrt(total) + 1.0 / math.sqrt(variance))
    level = 0.0
    for _ in range(_TURNS):
        value, level, bend = _cumulants(kept[:used], levels, spread, tilt)
        w = math.sqrt(2.0 * (tilt * level - value))
        u = tilt * math.sqrt(bend)
        tail = 0.5 * math.erfc(w / math.sqrt(2.0)) + math.exp(-0.5 * w * w) / math.sqrt(2.0 * math.pi) * (
            1.0 / u - 1.0 / w
        )
        # formula and tilt do not fit so far out: nearer to the middle they do
        if not tail > 0.0:
            tilt *= 0.7
            continue
        # the logarithm of the tail falls by about tilt x bend for a unit of tilt
        change = (math.log(tail) - target) / (tilt * bend)
        # from half the tilt to twice: a wild step cannot leave the range
        tilt += min(max(change, -0.5 * tilt), tilt)
        if abs(change) < _TILT_PRECISION * tilt:
            # the last change enters to first order instead of by another turn
            level += bend * change
            break
    return level


@kernel
def converter_noise(
    taps: Real,
    own: Real,
    crosstalk: float,
    phase: int,
    backward: Real,
    slope: Real,
    noise: Real,
    converter: Real,
    samples: Real,
) -> float:
    """Variance over sigma_X^2 of the converter's rounding error, its clipping level by the estimate."""
    filter_samples(taps, backward[phase], samples)
    if converter[2] > 0.0:
        variance = noise[phase] + converter[4] * (crosstalk + converter[3] * combined_power(own, slope[phase]))
        level = clipping_estimate(samples, int(converter[0]), variance, converter[2])
    else:
        # without a probability the converter holds the largest sum of all samples
        level = float(np.sum(np.abs(samples)))
    # a rounding error is uniform within a step of 2 level / (2^bits - 1): its square over 12, relative to the symbols'
    # power
    return float((level * converter[1]) ** 2 / (12.0 * converter[4]))


@kernel
def crosstalk_row(taps: Real, fext: Real, row: Real) -> None:
    """Autocorrelation of FEXT aggressors `fext` (A, M, lags) behind the taps into `row` (N,), each at its strongest phase."""
    own = np.empty(taps.size)
    tap_correlation(taps, own)
    row[:] = 0.0
    for a in range(fext.shape[0]):
        add_combined(own, fext[a, strongest_phase(own, fext[a])], row)
