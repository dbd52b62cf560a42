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
    if a > -np.inf:
        lower = 0.5 * math.erfc(-inner * math.sqrt(0.5))
        inner_height = math.exp(-0.5 * inner * inner) / math.sqrt(2.0 * math.pi)
    probability = max(upper - lower, 0.0)
    safe = max(probability, LEAST * max(upper, 1e-300))
    mean = (inner_height - outer_height) / safe
    variance = 1.0 + (inner * inner_height - outer * outer_height) / safe - mean * mean
    return probability, -mean if flip else mean, max(min(variance, 1.0), 1e-6)


@kernel
def decided(
    centre: Float, deviation: Float, share: Float, low: Float, high: Float, means: Float, variances: Float
) -> None:
    """Mean and variance of normal variables given a decision downwards, right and upwards: `means`, `variances` (3, S).

    The variable of state s lies at `centre`[s, i] with `deviation`[s, i] where level i was sent, with probability `share`[s, i];
    `low` and `high` (L,) are the thresholds below and above each level, infinite outside the outermost.
    """
    count = share.shape[1]
    weight, middle, spread = np.empty(count), np.empty(count), np.empty(count)
    for s in range(len(share)):
        for way in range(3):
            total, mean, variance = 0.0, 0.0, 0.0
            for i in range(count):
                least = -np.inf if way == 0 else (low[i] if way == 1 else high[i])
                most = np.inf if way == 2 else (high[i] if way == 1 else low[i])
                here, wide = centre[s, i], deviation[s, i]
                part, first, second = truncated((least - here) / wide, (most - here) / wide)
                weight[i] = share[s, i] * part
                middle[i] = here + wide * first
                spread[i] = wide * wide * second
                total += weight[i]
            total = max(total, 1e-300)
            for i in range(count):
                mean += weight[i] * middle[i] / total
            for i in range(count):
                variance += weight[i] * (spread[i] + (middle[i] - mean) ** 2) / total
            means[way, s], variances[way, s] = mean, variance
