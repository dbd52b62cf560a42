"""Decisions over known patterns with Gaussian noise: what follows each sequence of the last errors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Integers = NDArray[np.int64]

FARTHEST = 30.0
"""Standard deviations beyond which a threshold is as good as out of reach."""
LOST = 80.0
"""Difference of the squares of two numbers of deviations, from which the tail of the larger is 2^-57 of the other's."""
MIN_VARIANCE = 0.1
"""Least part of the noise's variance that the noise of the last symbols leaves unknown."""


@kernel
def follow_decisions(
    seen: Float,
    deviation: Float,
    sent: Integers,
    bounds: Float,
    moved: Float,
    prediction: Float,
    bits: Float,
    wrong: Float,
    least: float,
    room: Float,
    met: Integers,
    out: Float,
) -> None:
    """Follow a course of decisions; add to `out` (4, S) by state: its share, its errors upwards and downwards, its bit errors.

    `seen` (N,) in V with the sent symbols `sent` (N,) fed back and noise of `deviation` (N,); `bounds` (L - 1,) thresholds. In
    state s, the last errors with the newest as the highest digit to base 3, feedback moves the input by `moved` (S,) V. Noise is
    predicted from that of the last symbols by `prediction` (K,); a right decision tells nothing of it. `bits` (L, L) are bit
    errors of a level decided as another. Shares below `least` are let go, and so are errors after right decisions alone, which
    have the probabilities `wrong` (N,); the state of right decisions alone, the middle one, is not counted in `out`. `room`
    (2, K + 2, S), zero at first, and `met` (2, S) are overwritten.
    """
    states, memory = len(moved), len(prediction)
    quiet, newest = states // 2, states // 3
    count, turn = 0, 0
    for n in range(len(seen)):
        # right decisions so far, and another one that is as good as certain
        if count == 0 and wrong[n] <= least:
            continue
        level, following, away = sent[n], 0, 0.0
        # shares, how much of the noise's variance is known and the last symbols' noise in deviations, both times the share;
        # only states that are met are visited, and cleared once they have been
        now, after, here, there = room[turn], room[1 - turn], met[turn], met[1 - turn]
        for k in range(count):
            away += now[0, here[k]]
        # errors begin among right decisions, of whose noise nothing is known
        now[0, quiet], here[count] = 1.0 - away, quiet
        for k in range(count + 1):
            s = here[k]
            weight = now[0, s]
            mean = 0.0
            for j in range(memory):
                mean += prediction[j] * now[2 + j, s] / weight
            wide = math.sqrt(max(1.0 - prediction[0] * prediction[0] * now[1, s] / weight, MIN_VARIANCE))
            centre = (seen[n] + moved[s]) / deviation[n] + mean
            up, down, errors, above, below = _error_probabilities(centre, wide, deviation[n], level, bounds, bits)
            if s != quiet:
                out[0, s] += weight
                out[1, s] += weight * up
                out[2, s] += weight * down
                out[3, s] += weight * errors
            for way in range(3):
                part = down if way == 0 else (up if way == 2 else max(1.0 - up - down, 0.0))
                new, into = weight * part, way * newest + s // 3
                # right decisions alone begin anew
                if new <= least or into == quiet:
                    continue
                if after[0, into] == 0.0:
                    there[following] = into
                    following += 1
                # a right decision tells next to nothing of the noise
                first, second = 0.0, 1.0
                if way != 1:
                    first, second = _beyond(above if way == 2 else -below, part)
                after[0, into] += new
                after[1, into] += new * (1.0 - wide * wide * second)
                after[2, into] += new * (mean + wide * (-first if way == 0 else first))
                for j in range(1, memory):
                    after[2 + j, into] += part * now[1 + j, s]
            for j in range(memory + 2):
                now[j, s] = 0.0
        count, turn = following, 1 - turn


@kernel
def _error_probabilities(
    centre: float, wide: float, deviation: float, level: int, bounds: Float, bits: Float
) -> tuple[float, float, float, float, float]:
    """Of a `level` whose input is at `centre` with `wide`, in deviations: probability of an error upwards and downwards, mean bit
    errors, and how many `wide` the next threshold lies above and below.
    """
    up = down = errors = 0.0
    above, below = np.inf, -np.inf
    # the place of the next threshold on the side of k
    nearest = min(max((bounds[max(level - 1, 0)] / deviation - centre) / wide, -FARTHEST), FARTHEST)
    for k in range(len(bounds)):
        place = min(max((bounds[k] / deviation - centre) / wide, -FARTHEST), FARTHEST)
        if k == level:
            nearest = place
        # beside the tail of that one the tail of a farther threshold is lost in rounding
        if place * place - nearest * nearest > LOST:
            continue
        # every tail is counted from the side on which it keeps its digits
        tail = 0.5 * math.erfc((place if k >= level else -place) * math.sqrt(0.5))
        nearer, farther = (k, k + 1) if k >= level else (k + 1, k)
        errors += tail * (bits[level, farther] - bits[level, nearer])
        if k == level:
            up, above = tail, place
        elif k == level - 1:
            down, below = tail, place
    return up, down, errors, above, below


@kernel
def _beyond(threshold: float, probability: float) -> tuple[float, float]:
    """(mean, variance) of a standard normal variable above a `threshold`, which it is with this `probability`."""
    mean = math.exp(-0.5 * threshold * threshold) / math.sqrt(2.0 * math.pi) / probability
    # far out both terms nearly cancel, and rounding may take the variance below zero
    return mean, max(1.0 + threshold * mean - mean * mean, 1e-6)
