"""A cubic spline between two fixed grids: what depends on the grids alone is found once, for link after link uses the same.

NumPy alone: the parts of SciPy for this take longer to load than a short command runs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float

LEAST_KNOTS = 4
"""Knots from which the third derivative can be continuous across the second and the last but one."""
KEPT_GRIDS = 4
"""Pairs of grids that are kept, about a megabyte each."""


class _Halving(NamedTuple):
    """One step of cyclic reduction: the equations of odd number, put into their neighbours of even number.

    `above`, `below` are what an even equation takes of the odd one before and behind it; `left`, `right` the odd equations'
    factors of the even unknowns beside theirs, of which that of its own is `inverse` inverted.
    """

    above: Float
    below: Float
    left: Float
    right: Float
    inverse: Float


class SplineGrid:
    """The spline through values at ascending `knots` (K,), four at least, taken at `points` (P,).

    Its third derivative is continuous across the second and the last but one knot ("not a knot"); points outside the knots
    continue the outer pieces. The slopes at the knots solve a tridiagonal system (de Boor, A Practical Guide to Splines, chapter
    IV), which is factored here; the values at the points are a sum of two values and two slopes.
    """

    def __init__(self, knots: Float, points: Float) -> None:
        self._step = np.diff(knots)
        self._halvings, self._last = _factored(*_slope_system(knots, self._step))
        self._chord, self._shares = _right_side(knots, self._step)
        self._piece, self._weights = _hermite_weights(knots, self._step, points)

    def __call__(self, values: Complex) -> Complex:
        """The spline through `values` (K,), at the points (P,)."""
        rise = np.diff(values) / self._step
        chord, (left, right) = self._chord, self._shares
        slopes = _solved(self._halvings, self._last, left * rise[chord] + right * rise[chord + 1])
        piece, (before, behind, leaving, arriving) = self._piece, self._weights
        # in place: the points are tens of thousands, and each sum of new arrays would cost as much as the arithmetic
        found = before * values[piece]
        found += behind * values[piece + 1]
        found += leaving * slopes[piece]
        found += arriving * slopes[piece + 1]
        return np.asarray(found)


def spline_grid(knots: Float, points: Float) -> SplineGrid:
    """The spline between two grids, kept by value for the last few."""
    return _kept(knots.tobytes(), points.tobytes())


@lru_cache(maxsize=KEPT_GRIDS)
def _kept(knots: bytes, points: bytes) -> SplineGrid:
    return SplineGrid(np.frombuffer(knots), np.frombuffer(points))


def _slope_system(knots: Float, step: Float) -> tuple[Float, Float, Float]:
    """Lower, middle and upper diagonal (K,) of the equations of the slopes at the knots; what lies outside is zero."""
    lower = np.concatenate([[0.0], step[1:], [knots[-1] - knots[-3]]])
    middle = np.concatenate([[step[1]], 2.0 * (step[:-1] + step[1:]), [step[-2]]])
    upper = np.concatenate([[knots[2] - knots[0]], step[:-1], [0.0]])
    return lower, middle, upper


def _right_side(knots: Float, step: Float) -> tuple[NDArray[np.int64], tuple[Float, Float]]:
    """The right side of these equations: the first of two neighbouring chords (K,), and the factors of both their slopes."""
    # the inner rows are de Boor's (3 times the chords weighted by the opposite steps); the outer ones are "not a knot"
    # with the second equation already taken off, which keeps the system tridiagonal
    first, last = knots[2] - knots[0], knots[-1] - knots[-3]
    left = np.concatenate([[(step[0] + 2.0 * first) * step[1] / first], 3.0 * step[1:], [step[-1] ** 2 / last]])
    right = np.concatenate([[step[0] ** 2 / first], 3.0 * step[:-1], [(2.0 * last + step[-1]) * step[-2] / last]])
    return np.clip(np.arange(len(knots)) - 1, 0, len(knots) - 3), (left, right)


def _hermite_weights(knots: Float, step: Float, points: Float) -> tuple[NDArray[np.int64], tuple[Float, ...]]:
    """The piece of each point (P,), and the weights of its values and of its slopes at both ends."""
    piece = np.clip(np.searchsorted(knots, points, side="right") - 1, 0, len(knots) - 2)
    width = step[piece]
    t = (points - knots[piece]) / width
    u = 1.0 - t
    return piece, (u * u * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t), width * t * u * u, -width * t * t * u)


def _factored(lower: Float, middle: Float, upper: Float) -> tuple[list[_Halving], float]:
    """Cyclic reduction of lower[k] u[k - 1] + middle[k] u[k] + upper[k] u[k + 1]: the steps, and the last one's only factor.

    Without pivots: inside, the diagonal outweighs its neighbours, and the rows at the ends only meet their neighbours inside.
    """
    halvings = []
    while len(middle) > 1:
        # halving instead of the usual sweep from end to end: log2(K) steps of whole arrays, where a sweep would be K
        # steps of Python
        odd, even = slice(1, None, 2), slice(0, None, 2)
        left, inverse, right = lower[odd], 1.0 / middle[odd], upper[odd]
        count, between = len(inverse), (len(middle) - 1) // 2
        above = lower[even][1:] * inverse[:between]
        below = upper[even][:count] * inverse
        halvings.append(_Halving(above, below, left, right, inverse))
        lower, middle, upper = np.zeros(len(middle) - count), middle[even].copy(), np.zeros(len(middle) - count)
        lower[1:] = -above * left[:between]
        middle[1:] -= above * right[:between]
        upper[:count] = -below * right
        middle[:count] -= below * left
    return halvings, float(middle[0])


def _solved(halvings: list[_Halving], last: float, right: Complex) -> Complex:
    """The unknowns (K,) of the right side (K,): down through all steps and back."""
    rows = [right]
    for step in halvings:
        even, odd = rows[-1][::2].copy(), rows[-1][1::2]
        even[1:] -= step.above * odd[: len(step.above)]
        even[: len(odd)] -= step.below * odd
        rows.append(even)
    found = rows[-1] / last
    for step, row in zip(reversed(halvings), rows[-2::-1], strict=True):
        rest = row[1::2] - step.left * found[: len(step.left)]
        rest[: len(found) - 1] -= step.right[: len(found) - 1] * found[1:]
        whole = np.empty_like(row)
        whole[::2], whole[1::2] = found, rest * step.inverse
        found = whole
    return found
