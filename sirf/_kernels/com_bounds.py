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
def _spectral_sums(
    gain: Single, alone: Single, moving: Single, whole: Single, white: float, cosine: Single, weight: Single
) -> tuple[float, float]:
    """Integrals of E and of E cos w over one circle, for |G|^2 (F,) of the transmitter's taps.

    `alone` is noise that the taps do not filter, `moving` what they do, `whole` that with the signal; `white` adds to all of it.
    """
    level = np.float32(white)
    total, shifted = np.float32(0.0), np.float32(0.0)
    for f in range(gain.size):
        still = alone[f] + level
        share = weight[f] * (still + gain[f] * moving[f]) / (still + gain[f] * whole[f])
        total += share
        shifted += share * cosine[f]
    return float(total), float(shifted)


@kernel
def free_error(total: float, shifted: float, low: float, high: float) -> float:
    """Error of the FFE without end and a DFE tap between `low` and `high`, from the integrals of E and of E cos w."""
    if not total < 1.0:
        return np.inf
    b = min(max(-shifted / ((1.0 - total) * total + shifted * shifted), low), high)
    return (1.0 + b * shifted) ** 2 / (1.0 - total) + b * b * total - 1.0


@kernel
def least_clipping_level(largest: Real, power: float, noise: float, symbol_power: float, quantiles: Real) -> float:
    """A level that a sampled pulse and Gaussian noise exceed with more than a probability.

    `largest` (m,) holds the largest magnitudes in V, falling, `power` the sum of squares of all samples, `noise` the variance
    of the Gaussian noise. Whatever the other large ones are, the sum passes the first m at their outer symbols plus
    `quantiles[m]` sigma of the noise with the samples beyond, which are small enough to count as Gaussian: the most
    over m counts.
    """
    rest = power
    for m in range(largest.size):
        rest -= largest[m] * largest[m]
    sigma = math.sqrt(max(noise + symbol_power * rest, 0.0))
    level, outer = quantiles[0] * sigma, 0.0
    for m in range(1, quantiles.size):
        outer += largest[m - 1]
        level = max(level, outer + quantiles[m] * sigma)
    return float(level)


@kernel
def _largest(taps: Real, backward: Real, start: int, count: int, top: Real) -> float:
    """The largest magnitudes of `count` samples behind the taps, falling, into `top`; returns the sum of all squares."""
    top[:] = 0.0
    total = 0.0
    for i in range(count):
        sample = 0.0
        for k in range(taps.size):
            sample += taps[k] * backward[start + k + i]
        total += sample * sample
        value = abs(sample)
        for m in range(top.size):
            if value > top[m]:
                held = top[m]
                top[m] = value
                value = held
    return total


@kernel
def error_bounds(
    candidates: Real,
    gains: Single,
    instants: Integer,
    offsets: Integer,
    per_ui: int,
    backward: Real,
    last: int,
    tx_cursor: int,
    near: Integer,
    alone: Single,
    moving: Single,
    whole: Single,
    cosine: Single,
    weight: Single,
    noise: Real,
    converter: Real,
    quantiles: Real,
    low: float,
    high: float,
    bounds: Real,
) -> None:
    """Bounds (C, P) on the error of each row of `candidates` (C, K) at all sampling `offsets` (P,) about its instant.

    `gains` (C, F) are |G|^2 of the rows. Spectra (M, F) by sampling phase are those of `_spectral_sums`, over sigma_X^2. Samples
    of the pulse from `near[0]` UI before to `near[1]` UI after the instant are looked at for the converter's step; `backward` and
    `last` as in `pair_error`. `noise` (M,) is the Gaussian noise at the converter in V^2; `converter` = (2 / (2^bits - 1) or 0,
    sigma_X^2, part of the level that counts); the DFE tap lies between `low` and `high`.
    """
    top = np.empty(max(quantiles.size - 1, 1))
    count = near[0] + near[1] + 1
    for c in range(candidates.shape[0]):
        for p in range(offsets.size):
            instant = instants[c] + offsets[p]
            phase = instant % per_ui
            white = 0.0
            if converter[0] > 0.0:
                start = last - instant // per_ui - near[1] - tx_cursor
                power = _largest(candidates[c], backward[phase], start, count, top)
                level = converter[2] * least_clipping_level(top, power, noise[phase], converter[1], quantiles)
                white = (level * converter[0]) ** 2 / (12.0 * converter[1])
            total, shifted = _spectral_sums(gains[c], alone[phase], moving[phase], whole[phase], white, cosine, weight)
            bounds[c, p] = free_error(total, shifted, low, high)
