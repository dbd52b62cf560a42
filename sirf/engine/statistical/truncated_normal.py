"""What a decision tells of a normal variable: moments between thresholds, over the levels that may have been sent."""

from __future__ import annotations

import math

import numpy as np

from sirf._arrays import Float

FARTHEST = 30.0
"""Standard deviations beyond which a threshold is as good as out of reach."""
LEAST = 1e-12
"""Least probability, relative to what lies below the upper threshold, for which moments between thresholds are computed."""


def truncated(low: Float, high: Float) -> tuple[Float, Float, Float]:
    """(probability, mean, variance) of a standard normal variable between each `low` and `high`, one of them perhaps infinite."""
    flip = low + high > 0.0
    # counted from the side on which the probability keeps its digits
    ends = np.array([np.where(flip, -high, low), np.where(flip, -low, high)])
    near = np.minimum(np.maximum(ends, -FARTHEST), FARTHEST)
    below, heights = _below(near), np.exp(-0.5 * near * near) / math.sqrt(2.0 * math.pi)
    # without a lower end the part below it has neither weight nor moment
    without = ends[0] == -np.inf
    below[0, without] = heights[0, without] = 0.0
    probability = np.maximum(below[1] - below[0], 0.0)
    # far out the difference of two tails vanishes: the moments are taken of what is left, and bounded below
    safe = np.maximum(probability, LEAST * np.maximum(below[1], 1e-300))
    mean = (heights[0] - heights[1]) / safe
    near *= heights
    variance = 1.0 + (near[0] - near[1]) / safe - mean * mean
    # the three terms nearly cancel for a narrow interval, so that rounding may take the variance below zero
    return probability, np.where(flip, -mean, mean), np.minimum(np.maximum(variance, 1e-6), 1.0)


def _below(values: Float) -> Float:
    """Probability that a standard normal variable lies below each of `values`, of which there are few: one by one."""
    scaled = (values * -math.sqrt(0.5)).ravel().tolist()
    return 0.5 * np.array([math.erfc(each) for each in scaled]).reshape(values.shape)


def ways(low: Float, high: Float) -> Float:
    """(2, 3, 1, L): ends of the range that means a decision downwards, right or upwards, of `low` and `high` as in `decided`."""
    without = np.full(len(low), np.inf)
    return np.array([[-without, low, high], [low, high, without]])[:, :, None]


def decided(centre: Float, offset: Float, deviation: Float, share: Float, ranges: Float) -> tuple[Float, Float]:
    """(mean, variance), each (3, S), of S normal variables given a decision downwards, right or upwards.

    Where level i was sent, with probability `share` (S, L), the variable lies at `centre` (S,) + `offset` (S, L) with
    `deviation` (S, L); `ranges` are the `ways` of the thresholds below and above each level, infinite outside the outermost.
    """
    here = centre[:, None] + offset
    least, most = (ranges - here) / deviation
    part, first, second = truncated(least, most)
    weight, middle = share * part, here + deviation * first
    total = np.maximum(weight.sum(axis=-1), 1e-300)
    mean = (weight * middle).sum(axis=-1) / total
    # variance within each level, and that of the levels' means
    middle -= mean[..., None]
    return mean, (weight * (deviation * deviation * second + middle * middle)).sum(axis=-1) / total
