"""Errors below which no receiver of IEEE 802.3 Annex 178A falls, for the pruning of its full grid.

A receiver FFE of any length, with taps free of limits, has an error that is an integral over frequency: with H the response that
the FFE sees and N the noise, E = N / (|H|^2 + N), and a DFE tap b leaves the integral of E |1 + b e^-jw|^2. A receiver with fewer
or limited taps has no less.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]
Single = NDArray[np.float32]
Integer = NDArray[np.int64]

FINE_PART = 1.0 - 2e-3
"""Bounds are lowered to this part: the sum over a circle of frequencies differs from the integral by less."""
COARSE_PART = 0.99
"""The same for groups of frequencies, within which cos w varies."""
OUTER = 8
"""Samples about the main cursor that are looked at for the converter's clipping level."""
AFTER = 5
"""Of these so many come after the main cursor."""


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


@kernel(
    fastmath=True
)  # sums of positive terms in single precision; the bound is lowered by far more than their rounding
def spectral_sums(
    gain: Single, alone: Single, moving: Single, whole: Single, white: float, weight: Single, cosine: Single
) -> tuple[float, float]:
    """Integrals of E and of E cos w over one circle, for |G|^2 (F,) of the transmitter's taps.

    `alone` is noise that the taps do not filter, `moving` what they do, `whole` that with the signal; `white` adds to all of it.
    """
    level = np.float32(white)
    total, shifted = np.float32(0.0), np.float32(0.0)
    for f in range(gain.size):
        still = alone[f] + level
        share = (still + gain[f] * moving[f]) / (still + gain[f] * whole[f])
        total += weight[f] * share
        shifted += cosine[f] * share
    return float(total), float(shifted)


@kernel
def free_error(total: float, shifted: float, low: float, high: float) -> float:
    """Error of the FFE without end and a DFE tap between `low` and `high`, from the integrals of E and of E cos w."""
    if not total < 1.0:
        return np.inf
    b = min(max(-shifted / ((1.0 - total) * total + shifted * shifted), low), high)
    return (1.0 + b * shifted) ** 2 / (1.0 - total) + b * b * total - 1.0


@kernel(fastmath=True)  # as above
def _coarse_sums(
    least_gain: Single,
    most_gain: Single,
    alone: Single,
    moving: Single,
    signal: Single,
    white: float,
    weight: Single,
    shifted: Single,
) -> tuple[float, float]:
    """What the integrals of E and of E cos w are not below, from groups of frequencies (G,).

    E grows with the noise, of which a group's least counts, and is convex in the signal's power, of which its mean counts.
    """
    level = np.float32(white)
    total, cosine = np.float32(0.0), np.float32(0.0)
    for f in range(weight.size):
        noise = alone[f] + level + least_gain[f] * moving[f]
        share = noise / (noise + most_gain[f] * signal[f])
        total += weight[f] * share
        cosine += shifted[f] * share
    return float(total), float(cosine)


@kernel
def _white_noise(
    taps: Real, own: Real, near: Real, power: Real, noise: float, converter: Real, quantiles: Real, samples: Real
) -> float:
    """Variance over sigma_X^2 that the converter's error is not below, from a level that the signal exceeds more often.

    `near` holds the pulse about the main cursor, later samples first. With some of the samples about it at their outer symbols
    the sum passes those plus some sigma, `quantiles` of as many, of the noise and of all other samples, which are small enough
    to count as Gaussian. `power` (2 K - 1,) is the pulse's autocorrelation, `samples` room for `OUTER` values.
    """
    edge = own.size - 1
    rest = own[0] * power[edge]
    for m in range(1, own.size):
        rest += 2.0 * own[m] * power[edge + m]
    samples[:] = 0.0
    for k in range(taps.size):
        part = near[k : k + OUTER]
        for i in range(samples.size):
            samples[i] += taps[k] * part[i]
    for i in range(samples.size):
        rest -= samples[i] * samples[i]
        samples[i] = abs(samples[i])
    sigma = math.sqrt(max(noise + converter[1] * rest, 0.0))
    one = samples[AFTER]
    three = one + samples[AFTER - 1] + samples[AFTER + 1]
    five = three + samples[AFTER - 2] + samples[AFTER - 3]
    whole = five + samples[AFTER - 4] + samples[AFTER - 5] + samples[AFTER + 2]
    level = max(
        max(one + quantiles[0] * sigma, three + quantiles[1] * sigma),
        max(five + quantiles[2] * sigma, whole + quantiles[3] * sigma),
    )
    return float((converter[2] * level * converter[0]) ** 2 / (12.0 * converter[1]))


@kernel
def _own(taps: Real, own: Real) -> None:
    """Autocorrelation of the transmitter's taps, one side."""
    for lag in range(taps.size):
        own[lag] = 0.0
        for k in range(taps.size - lag):
            own[lag] += taps[k] * taps[k + lag]


@kernel
def group_bounds(
    bounds: Single,
    candidates: Real,
    instants: Integer,
    offsets: Integer,
    per_ui: int,
    backward: Real,
    first: int,
    power: Real,
    noise: Real,
    converter: Real,
    quantiles: Real,
    low: float,
    high: float,
    gains: Single,
    groups: Single,
    weights: Single,
    known: float,
) -> None:
    """Fill `bounds` (C, P) on the error of each row of `candidates` (C, K) at all sampling `offsets` (P,) about its instant.

    From groups of frequencies: `gains` (2, C, G) are the least and the most |G|^2 of each group, `groups` (3, M, G) the least of
    the noise that the taps do not filter and that they do, over sigma_X^2, and the mean of the signal, `weights` (2, G) those of
    the sums of E and of E cos w. `backward` (M, U) is as in `pair_error`; the sample `AFTER` UI after UI zero stands at `first`
    in it for the transmitter's first tap. `power` (M, 2 K - 1) is the pulse's autocorrelation, `noise` (M,) the Gaussian noise at
    the converter in V^2; `converter` = (2 / (2^bits - 1) or 0, sigma_X^2, part of the level that counts). The DFE tap lies
    between `low` and `high`. The converter's step follows from the main sample alone first, and from those about it where the
    bound is not above `known`.
    """
    own, samples = np.empty(candidates.shape[1]), np.empty(OUTER)
    reach = candidates.shape[1] + OUTER - 1
    for c in range(candidates.shape[0]):
        taps, least, most = candidates[c], gains[0, c], gains[1, c]
        _own(taps, own)
        for p in range(offsets.size):
            instant = instants[c] + offsets[p]
            phase, start, white = instant % per_ui, first - instant // per_ui, 0.0
            if converter[0] > 0.0:
                main = 0.0
                for k in range(taps.size):
                    main += taps[k] * backward[phase, start + AFTER + k]
                level = abs(main) + quantiles[0] * math.sqrt(noise[phase])
                white = (converter[2] * level * converter[0]) ** 2 / (12.0 * converter[1])
            total, shifted = _coarse_sums(
                least, most, groups[0, phase], groups[1, phase], groups[2, phase], white, weights[0], weights[1]
            )
            bound = COARSE_PART * free_error(total, shifted, low, high)
            if converter[0] > 0.0 and bound <= known:
                near = backward[phase, start : start + reach]
                white = _white_noise(taps, own, near, power[phase], noise[phase], converter, quantiles, samples)
                total, shifted = _coarse_sums(
                    least, most, groups[0, phase], groups[1, phase], groups[2, phase], white, weights[0], weights[1]
                )
                bound = COARSE_PART * free_error(total, shifted, low, high)
            bounds[c, p] = bound


@kernel
def frequency_bounds(
    bounds: Real,
    candidates: Real,
    rows: Integer,
    instants: Integer,
    per_ui: int,
    backward: Real,
    first: int,
    power: Real,
    noise: Real,
    converter: Real,
    quantiles: Real,
    low: float,
    high: float,
    gains: Single,
    spectra: Single,
    weights: Single,
) -> None:
    """Fill `bounds` (N,) of pairs of a row of `candidates` and an instant from every frequency.

    `gains` (C, F) are |G|^2, `spectra` (3, M, F) the noise that the taps do not filter, what they do, and that with the signal;
    the rest as in `group_bounds`.
    """
    own, samples = np.empty(candidates.shape[1]), np.empty(OUTER)
    reach = candidates.shape[1] + OUTER - 1
    for n in range(rows.size):
        taps, phase, white = candidates[rows[n]], instants[n] % per_ui, 0.0
        if converter[0] > 0.0:
            _own(taps, own)
            start = first - instants[n] // per_ui
            near = backward[phase, start : start + reach]
            white = _white_noise(taps, own, near, power[phase], noise[phase], converter, quantiles, samples)
        total, shifted = spectral_sums(
            gains[rows[n]], spectra[0, phase], spectra[1, phase], spectra[2, phase], white, weights[0], weights[1]
        )
        bounds[n] = FINE_PART * free_error(total, shifted, low, high)
