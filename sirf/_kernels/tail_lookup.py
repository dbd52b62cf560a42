"""Probabilities read from sampled logarithms of tails, point by point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._kernels.jit import kernel


@kernel
def logarithm_at(tail: Float, place: float, floor: float) -> float:
    """`tail` (V,) at a place in samples from 0 on: the cubic through the four nearest; straight where `floor` is near.

    `floor` beyond the last sample: the grid holds all that interference reaches.
    """
    points = len(tail)
    # written so that NaN counts as beyond, too
    if not place <= points - 1:
        return floor
    index = min(int(place), points - 2)
    first = min(max(index - 1, 0), points - 4)
    a, b, c, d = tail[first], tail[first + 1], tail[first + 2], tail[first + 3]
    if d <= floor:
        return float(tail[index] + (place - index) * (tail[index + 1] - tail[index]))
    # Newton's form by forward differences, at x from the first of the four
    x = place - first
    rise, bend = b - a, c - b - (b - a)
    return float(a + x * (rise + 0.5 * (x - 1.0) * (bend + (x - 2.0) / 3.0 * (d - c - (c - b) - bend))))


@kernel
def logarithms_at(tails: Float, scale: float, distances: Float, floor: float, out: Float) -> None:
    """`out` (R, P): each row of `tails` (R, V) at `distances` (P,) times `scale` samples."""
    for row in range(len(tails)):
        for n in range(len(distances)):
            out[row, n] = logarithm_at(tails[row], distances[n] * scale, floor)


@kernel
def probabilities_beyond(
    upper: Float,
    lower: Float,
    scale: float,
    upward: NDArray[np.bool_],
    level: NDArray[np.int64],
    value: Float,
    floor: float,
    out: Float,
) -> None:
    """`out` (N,): P(x > value) where `upward`, P(x < -value) elsewhere, from logarithms (L, V) of both tails by `level`.

    `scale` is samples a volt. A probability whose logarithm is `floor` is 0.
    """
    for n in range(len(out)):
        inside = value[n] >= 0.0
        # what lies on the other side of the middle is one less the opposite tail
        tails = upper if inside == upward[n] else lower
        logarithm = logarithm_at(tails[level[n]], abs(value[n]) * scale, floor)
        probability = np.exp(logarithm) if logarithm > floor else 0.0
        out[n] = probability if inside else 1.0 - probability
