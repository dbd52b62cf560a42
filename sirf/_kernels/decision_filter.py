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
    out[:] = 0.0
    for k in range(known):
        up, down = max(surprise[known - 1 - k], 0.0), max(-surprise[known - 1 - k], 0.0)
        for i in range(count):
            mirror = count - 1 - i
            out[0, i] += up * leaning[k, i] + down * leaning[k, mirror]
            out[1, i] += up * offset[k, i] - down * offset[k, mirror]
            out[2, i] += up * spread[k, i] + down * spread[k, mirror]
    most = out[0].max()
    total = 0.0
    for i in range(count):
        out[0, i] = np.exp(out[0, i] - most)
        out[2, i] = max(1.0 + out[2, i], LEAST_VARIANCE)
        total += out[0, i]
    for i in range(count):
        out[0, i] /= total


@kernel
def filter_decisions(
    variance: float,
    ahead: Float,
    leaning: Float,
    offset: Float,
    spread: Float,
    taps: Float,
    low: Float,
    high: Float,
    mean: Float,
    scale: Float,
    share: Float,
) -> None:
    """Mean in V, scale and share of each level (S, L) after each of S = 3^M sequences of errors, newest first.

    `variance` in V² is that of the interference, `ahead` (M,) in V its mean 1, 2 … symbols after an error upwards; `taps` (M,) in
    V what such an error takes off; the other arguments as in `told` and `decided`.
    """
    memory, count = len(taps), leaning.shape[1]
    surprise, errors = np.zeros(memory), np.zeros(memory)
    level, deviation = np.empty((3, count)), np.empty(count)
    told(surprise, 0, leaning, offset, spread, level)
    deviation[:] = np.sqrt(variance)
    usual = decided(0.0, level[1], deviation, level[0], low, high, 2)[0]
    centre, column = np.empty(memory + 1), np.empty(memory + 1)
    covariance = np.empty((memory + 1, memory + 1))
    for s in range(len(mean)):
        centre[:] = 0.0
        for i in range(memory + 1):
            for j in range(memory + 1):
                # so scaled, the regression on the mean of a normal variable beyond the threshold gives what an error tells
                covariance[i, j] = variance if i == j else variance * ahead[abs(i - j) - 1] / usual
        rest, wrong = s, False
        for now in range(memory):
            way = rest % 3
            rest //= 3
            here, var = centre[now], covariance[now, now]
            found, left = here, var
            # right decisions before the first error are as usual
            if wrong or way != 1:
                told(surprise, now, leaning, offset, spread, level)
                fed = 0.0
                for k in range(now):
                    fed -= errors[k] * taps[now - 1 - k]
                for i in range(count):
                    deviation[i] = np.sqrt(var * level[2, i])
                found, left = decided(here + fed, level[1], deviation, level[0], low, high, way)
                found -= fed
            wrong = wrong or way != 1
            errors[now], surprise[now] = way - 1.0, (found - here) / usual
            shrink = (1.0 - left / var) / var
            # one by one: a slice into a slice would compile numba's text code for the message of unequal sizes
            for i in range(memory + 1):
                column[i] = covariance[i, now]
            for i in range(memory + 1):
                centre[i] += column[i] / var * (found - here)
                for j in range(memory + 1):
                    covariance[i, j] -= column[i] * column[j] * shrink
        told(surprise, memory, leaning, offset, spread, level)
        for i in range(count):
            mean[s, i] = centre[memory] + level[1, i]
            scale[s, i] = np.sqrt(max(covariance[memory, memory] / variance * level[2, i], LEAST_VARIANCE))
            share[s, i] = level[0, i]
