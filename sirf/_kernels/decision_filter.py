"""The interference and the level of the next symbol after each sequence of decisions: assumed-density filtering, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.truncated_normal import decided

Float = NDArray[np.float64]

LEAST_VARIANCE = 1e-3
"""Least part of the variance of the interference that knowing earlier decisions leaves."""


@kernel
def told(surprise: Float, known: int, leaning: Float, offset: Float, spread: Float, out: Float) -> None:
    """Share, offset in V and relative variance of each level, `out` (3, L), after the first `known` of `surprise`, oldest first.

    `leaning`, `offset`, `spread` (K, L) are what an error upwards tells 1, 2 … symbols later; a downward one tells of the
    mirrored levels.
    """
    count = out.shape[1]
    for i in range(count):
        out[0, i] = out[1, i] = out[2, i] = 0.0
    for k in range(known):
        up, down = max(surprise[known - 1 - k], 0.0), max(-surprise[known - 1 - k], 0.0)
        for i in range(count):
            mirror = count - 1 - i
            out[0, i] += up * leaning[k, i] + down * leaning[k, mirror]
            out[1, i] += up * offset[k, i] - down * offset[k, mirror]
            out[2, i] += up * spread[k, i] + down * spread[k, mirror]
    # relative to the largest, because an exponential of what surprises tell could overflow
    most, total = out[0, 0], 0.0
    for i in range(1, count):
        most = max(most, out[0, i])
    for i in range(count):
        out[0, i] = np.exp(out[0, i] - most)
        out[2, i] = max(1.0 + out[2, i], LEAST_VARIANCE)
        total += out[0, i]
    for i in range(count):
        out[0, i] /= total


def filter_decisions(
    variance: float,
    ahead: Float,
    leaning: Float,
    offset: Float,
    spread: Float,
    taps: Float,
    low: Float,
    high: Float,
) -> tuple[Float, Float, Float]:
    """Mean in V, scale and share of each level, each (S, L), after each of S = 3^M sequences of errors, newest first.

    `variance` in V² is that of the interference, `ahead` (M,) in V its mean 1, 2 … symbols after an error upwards; `taps` (M,) in
    V what such an error takes off; the other arguments as in `told` and `decided`.
    """
    memory, count = len(taps), leaning.shape[1]
    usual = decided(0.0, np.zeros(count), np.full(count, np.sqrt(variance)), np.full(count, 1.0 / count), low, high, 2)[
        0
    ]
    # so scaled, the regression on the mean of a normal variable beyond the threshold gives what an error tells
    apart = np.abs(np.subtract.outer(np.arange(memory + 1), np.arange(memory + 1)))
    start = variance * np.concatenate([[1.0], ahead[:memory] / usual])[apart]
    # the number of a sequence in base three has a digit for each decision: 0 too low, 1 right, 2 too high
    out = np.empty((3, 3**memory, count))
    room = np.empty((memory + 1, memory + 1)), np.empty((3, memory + 1)), np.empty((4, count))
    follow_decisions(start, *room, usual, leaning, offset, spread, taps, low, high, out)
    return out[0], out[1], out[2]


@kernel
def follow_decisions(
    start: Float,
    covariance: Float,
    room: Float,
    level: Float,
    usual: float,
    leaning: Float,
    offset: Float,
    spread: Float,
    taps: Float,
    low: Float,
    high: Float,
    out: Float,
) -> None:
    """Fill `out` (3, S, L) of `filter_decisions`: mean, scale and share.

    `start` (M + 1, M + 1) in V² is the covariance of successive interferences, `usual` in V the mean of one after an error
    upwards; `covariance` (M + 1, M + 1), `room` (3, M + 1) and `level` (4, L) are overwritten.
    """
    memory, count, variance = len(taps), leaning.shape[1], start[0, 0]
    centre, surprise, errors, deviation = room[0], room[1], room[2], level[3]
    for s in range(out.shape[1]):
        for i in range(memory + 1):
            centre[i] = 0.0
            for j in range(memory + 1):
                covariance[i, j] = start[i, j]
        rest, wrong = s, False
        for now in range(memory + 1):
            # right decisions before the first error are as usual; after the last one stands what is asked for
            way = rest % 3
            rest //= 3
            wrong = wrong or way != 1
            if wrong or now == memory:
                told(surprise, now, leaning, offset, spread, level)
            if now == memory:
                break
            # what errors of a closed eye tell need not be a correlation, which leaves no variance below zero
            here, var = centre[now], max(covariance[now, now], LEAST_VARIANCE * variance)
            found, left = here, var
            if wrong:
                fed = 0.0
                for k in range(now):
                    fed -= errors[k] * taps[now - 1 - k]
                for i in range(count):
                    deviation[i] = np.sqrt(var * level[2, i])
                found, left = decided(here + fed, level[1], deviation, level[0], low, high, way)
                found -= fed
            errors[now], surprise[now] = way - 1.0, (found - here) / usual
            # a decision does not tell the interference itself but leaves `left` of its variance: the others shrink by
            # the part that is gone
            shrink = (1.0 - left / var) / var
            # only what comes later is asked for again
            for i in range(now + 1, memory + 1):
                centre[i] += covariance[i, now] / var * (found - here)
                for j in range(now + 1, memory + 1):
                    covariance[i, j] -= covariance[i, now] * covariance[j, now] * shrink
        for i in range(count):
            out[0, s, i] = centre[memory] + level[1, i]
            out[1, s, i] = np.sqrt(max(covariance[memory, memory] / variance * level[2, i], LEAST_VARIANCE))
            out[2, s, i] = level[0, i]
