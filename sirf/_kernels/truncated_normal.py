"""What a decision tells of a normal variable: moments between thresholds, over the levels that may have been sent."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]

FARTHEST = 30.0
"""Standard deviations beyond which a threshold is as good as out of reach."""
LEAST = 1e-12
"""Least probability, relative to what lies below the upper threshold, for which moments between thresholds are computed."""


@kernel
def truncated(low: float, high: float) -> tuple[float, float, float]:
    """(probability, mean, variance) of a standard normal variable between `low` and `high`, one of them perhaps infinite."""
    flip = low + high > 0.0
    # counted from the side on which the probability keeps its digits
    a, b = (-high, -low) if flip else (low, high)
    outer, inner = max(min(b, FARTHEST), -FARTHEST), max(min(a, FARTHEST), -FARTHEST)
    upper = 0.5 * math.erfc(-outer * math.sqrt(0.5))
    outer_height = math.exp(-0.5 * outer * outer) / math.sqrt(2.0 * math.pi)
    lower, inner_height = 0.0, 0.0
    # without a lower end the part below it has neither weight nor moment
    if a > -np.inf:
        lower = 0.5 * math.erfc(-inner * math.sqrt(0.5))
        inner_height = math.exp(-0.5 * inner * inner) / math.sqrt(2.0 * math.pi)
    probability = max(upper - lower, 0.0)
    # far out the difference of two tails vanishes: the moments are taken of what is left, and bounded below
    safe = max(probability, LEAST * max(upper, 1e-300))
    mean = (inner_height - outer_height) / safe
    variance = 1.0 + (inner * inner_height - outer * outer_height) / safe - mean * mean
    # the three terms nearly cancel for a narrow interval, so that rounding may take the variance below zero
    return probability, -mean if flip else mean, max(min(variance, 1.0), 1e-6)


@kernel
def decided(
    centre: float, offset: Float, deviation: Float, share: Float, low: Float, high: Float, way: int
) -> tuple[float, float]:
    """(mean, variance) of a normal variable given a decision downwards, right or upwards: `way` 0, 1 or 2.

    Where level i was sent, with probability `share`[i], the variable lies at `centre` + `offset`[i] with `deviation`[i]; `low`
    and `high` (L,) are the thresholds below and above each level, infinite outside the outermost.
    """
    count = len(share)
    weight, middle, spread = np.empty(count), np.empty(count), np.empty(count)
    total, mean, variance = 0.0, 0.0, 0.0
    for i in range(count):
        least = -np.inf if way == 0 else (low[i] if way == 1 else high[i])
        most = np.inf if way == 2 else (high[i] if way == 1 else low[i])
        here, wide = centre + offset[i], deviation[i]
        part, first, second = truncated((least - here) / wide, (most - here) / wide)
        weight[i] = share[i] * part
        middle[i] = here + wide * first
        spread[i] = wide * wide * second
        total += weight[i]
    total = max(total, 1e-300)
    for i in range(count):
        mean += weight[i] * middle[i] / total
    # variance within each level, and that of the levels' means
    for i in range(count):
        variance += weight[i] * (spread[i] + (middle[i] - mean) ** 2) / total
    return mean, variance
