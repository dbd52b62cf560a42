"""Decisions over known patterns with Gaussian noise: how often each sequence of the last errors is met, and what follows it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.truncated_normal import truncated

Float = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_SHARE = 1e-6
"""States of less than this part of the mean share of all errors are let go."""


@kernel
def follow_decisions(
    seen: Float,
    deviation: Float,
    sent: Integers,
    bounds: Float,
    moved: Float,
    prediction: Float,
    bits: Float,
    out: Float,
) -> None:
    """Follow a course of decisions; add to `out` (4, S) by state: its share, its errors upwards and downwards, its bit errors.

    `seen` (N,) in V with the sent symbols `sent` (N,) fed back and noise of `deviation` (N,); `bounds` (L - 1,) thresholds. In
    state s, the last errors with the newest as the highest digit to base 3, feedback moves the input by `moved` (S,) V. Noise is
    predicted from that of the last symbols by `prediction` (K,); a right decision tells nothing of it. `bits` (L, L) are bit
    errors of a level decided as another.
    """
    states, memory, count = len(moved), len(prediction), len(bounds) + 1
    quiet, newest = states // 2, states // 3
    share, after = np.zeros(states), np.zeros(states)
    # noise of the last symbols in deviations, and how much of its variance is known, times the share
    noise, noise_after = np.zeros((states, memory)), np.zeros((states, memory))
    known, known_after = np.zeros(states), np.zeros(states)
    share[quiet] = 1.0
    away = 0.0
    for n in range(len(seen)):
        least = LEAST_SHARE * away / (n + 1)
        after[:], noise_after[:], known_after[:] = 0.0, 0.0, 0.0
        level = sent[n]
        for s in range(states):
            weight = share[s]
            if weight <= least:
                continue
            mean = 0.0
            for k in range(memory):
                mean += prediction[k] * noise[s, k] / weight
            wide = math.sqrt(max(1.0 - prediction[0] * prediction[0] * known[s] / weight, 0.1))
            centre = (seen[n] + moved[s]) / deviation[n] + mean
            up = down = 0.0
            for way in range(3):
                low = -np.inf if way == 0 or (way == 1 and level == 0) else bounds[level if way == 2 else level - 1]
                high = (
                    np.inf
                    if way == 2 or (way == 1 and level == count - 1)
                    else bounds[level - 1 if way == 0 else level]
                )
                if (way == 0 and level == 0) or (way == 2 and level == count - 1):
                    continue
                part, first, second = truncated(
                    (low / deviation[n] - centre) / wide, (high / deviation[n] - centre) / wide
                )
                if way == 1 and s == quiet:
                    # what is lost in rounding of the errors' probability is not to be made up for
                    part = 1.0 - up - down
                if way == 0:
                    down = part
                elif way == 2:
                    up = part
                into = way * newest + s // 3
                new = weight * part
                after[into] += new
                # a right decision tells next to nothing of the noise
                noise_after[into, 0] += new * (mean + (wide * first if way != 1 else 0.0))
                for k in range(1, memory):
                    noise_after[into, k] += part * noise[s, k - 1]
                known_after[into] += new * (1.0 - wide * wide * second if way != 1 else 1.0 - wide * wide)
            out[0, s] += weight
            out[1, s] += weight * up
            out[2, s] += weight * down
            out[3, s] += weight * _bit_errors(centre, wide, deviation[n], level, bounds, bits)
        total = after.sum()
        for s in range(states):
            share[s] = after[s] / total
            known[s] = known_after[s] / total
            for k in range(memory):
                noise[s, k] = noise_after[s, k] / total
        away += 1.0 - share[quiet]


@kernel
def _bit_errors(centre: float, wide: float, deviation: float, level: int, bounds: Float, bits: Float) -> float:
    """Mean bit errors of a `level` where the input is `centre` with `wide`, both in deviations of the noise."""
    total = 0.0
    for other in range(len(bits)):
        if other == level:
            continue
        low = -np.inf if other == 0 else (bounds[other - 1] / deviation - centre) / wide
        high = np.inf if other == len(bits) - 1 else (bounds[other] / deviation - centre) / wide
        total += bits[level, other] * truncated(low, high)[0]
    return total
