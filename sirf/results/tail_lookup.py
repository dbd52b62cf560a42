"""Probabilities read from sampled logarithms of tails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float

Values = TypeVar("Values", float, Float)


def logarithm_at(tail: Sequence[float], place: float, floor: float) -> float:
    """`tail` (V,) at a place in samples from 0 on: the cubic through the four nearest; straight where `floor` is near.

    `floor` beyond the last sample: the grid holds all that interference reaches. A search asks for one place after another, for
    which numbers of Python are the fastest.
    """
    # written so that NaN counts as beyond, too
    if not place <= len(tail) - 1:
        return floor
    index = min(int(place), len(tail) - 2)
    first = min(max(index - 1, 0), len(tail) - 4)
    a, b, c, d = tail[first : first + 4]
    if d <= floor:
        return tail[index] + (place - index) * (tail[index + 1] - tail[index])
    return _cubic(a, b, c, d, place - first)


def logarithms_at(tails: Float, row: NDArray[np.int64] | slice, place: Float, floor: float) -> Float:
    """`logarithm_at` of the `row` of `tails` (R, V) at each `place`; rows and places are broadcast to one shape.

    A slice of rows is asked for all places (P,), (R, P): that reads each place once, a fifth of the time.
    """
    points = tails.shape[1]

    if isinstance(row, slice):
        # once for all places, which read each value several times
        tails = np.maximum(tails[row], floor)

    def read(column: NDArray[np.int64]) -> Float:
        if isinstance(row, slice):
            return np.take(tails, column, axis=1)
        # what never happens may stand there as minus infinity, of which no difference can be taken
        return np.asarray(np.maximum(tails[row, column], floor))

    within = place <= points - 1
    place = np.where(within, place, 0.0)
    index = np.minimum(place.astype(np.int64), points - 2)
    first = np.clip(index - 1, 0, points - 4)
    a, b, c, d = (read(first + k) for k in range(4))
    found, low = _cubic(a, b, c, d, place - first), d <= floor
    if low.any():
        near = read(index)
        found = np.where(low, near + (place - index) * (read(index + 1) - near), found)
    return np.where(within, found, floor)


def probabilities_beyond(
    upper: Float,
    lower: Float,
    scale: float,
    upward: NDArray[np.bool_],
    level: NDArray[np.int64],
    value: Float,
    floor: float,
) -> Float:
    """P(x > value) where `upward`, P(x < -value) elsewhere, from logarithms (L, V) of both tails by `level`.

    The arrays are broadcast to one shape. `scale` is samples a volt. A probability whose logarithm is `floor` is 0.
    """
    inside = value >= 0.0
    # what lies on the other side of the middle is one less the opposite tail
    row = np.where(inside == upward, level, level + len(upper))
    logarithm = logarithms_at(np.concatenate([upper, lower]), row, np.abs(value) * scale, floor)
    probability = np.where(logarithm > floor, np.exp(logarithm), 0.0)
    return np.where(inside, probability, 1.0 - probability)


def _cubic(a: Values, b: Values, c: Values, d: Values, x: Values) -> Values:
    """The cubic through `a`, `b`, `c` and `d` at 0, 1, 2 and 3, taken at `x`: Newton's form by forward differences."""
    rise, bend = b - a, c - b - (b - a)
    return a + x * (rise + 0.5 * (x - 1.0) * (bend + (x - 2.0) / 3.0 * (d - c - (c - b) - bend)))
