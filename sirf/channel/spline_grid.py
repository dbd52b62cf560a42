"""A cubic spline between two fixed grids: what depends on the grids alone is found once, for link after link uses the same.

NumPy alone: the parts of SciPy for this take longer to load than a short command runs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float

LEAST_KNOTS = 4
"""Knots from which the third derivative can be continuous across the second and the last but one."""
KEPT_GRIDS = 4
"""Pairs of grids that are kept, up to two megabytes each."""
NEGLIGIBLE = 1e-17
"""Largest influence of a slope on one further away that is left out, relative to it: a twentieth of its rounding."""


class SplineGrid:
    """The spline through values at ascending `knots` (K,), four at least, taken at `points` (P,).

    Its third derivative is continuous across the second and the last but one knot ("not a knot"); points outside the knots
    continue the outer pieces. The slopes at the knots solve a tridiagonal system (de Boor, A Practical Guide to Splines, chapter
    IV), which is factored here; the values at the points are a sum of two values and two slopes.
    """

    def __init__(self, knots: Float, points: Float) -> None:
        step = np.diff(knots)
        # what the grids alone decide: the factors of the equations, and of each point's four neighbours
        left, right, before, behind = _swept(*_slope_system(knots, step), *_right_side(knots, step))
        self._chords, self._left, self._right = _twice(1.0 / step), _twice(left), _twice(right)
        self._before = [_twice(factor) for factor in _doubled(before)]
        # backwards the same recursion, with the last slope first
        self._behind = [_twice(factor[::-1]) for factor in _doubled(behind[::-1])]
        self._piece, self._weights = _hermite_weights(knots, step, points)

    def __call__(self, values: Complex) -> Complex:
        """The spline through `values` (K,), at the points (P,)."""
        known = np.ascontiguousarray(values, dtype=np.complex128)
        slopes = self._slopes(known.view(float)).view(complex)
        behind = self._piece + 1
        # Hermite's form: values and slopes at both ends of the piece; the slopes make the second derivative continuous
        found = self._weights[0] * known[self._piece].view(float)
        found += self._weights[1] * known[behind].view(float)
        found += self._weights[2] * slopes[self._piece].view(float)
        found += self._weights[3] * slopes[behind].view(float)
        return np.asarray(found.view(complex))

    def _slopes(self, values: Float) -> Float:
        """Slopes at the knots for `values` (2 K,), real and imaginary parts in turn."""
        rise = (values[2:] - values[:-2]) * self._chords
        # the outermost equations meet the same chords as their neighbours
        near, far = (np.concatenate([part[:2], part, part[-2:]]) for part in (rise[:-2], rise[2:]))
        slopes = self._left * near + self._right * far
        for factor in self._before:
            lag = len(slopes) - len(factor)
            slopes[lag:] += factor * slopes[:-lag]
        for factor in self._behind:
            lag = len(slopes) - len(factor)
            slopes[:-lag] += factor * slopes[lag:]
        return np.asarray(slopes)


def spline_grid(knots: Float, points: Float) -> SplineGrid:
    """The spline between two grids, kept by value for the last few."""
    # by value: equal grids are made anew from link to link
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


def _right_side(knots: Float, step: Float) -> tuple[Float, Float]:
    """The right side of these equations (K,): the factors of the slopes of two neighbouring chords."""
    # the inner rows are de Boor's (3 times the chords weighted by the opposite steps); the outer ones are "not a knot"
    # with the second equation already taken off, which keeps the system tridiagonal
    first, last = knots[2] - knots[0], knots[-1] - knots[-3]
    left = np.concatenate([[(step[0] + 2.0 * first) * step[1] / first], 3.0 * step[1:], [step[-1] ** 2 / last]])
    right = np.concatenate([[step[0] ** 2 / first], 3.0 * step[:-1], [(2.0 * last + step[-1]) * step[-2] / last]])
    return left, right


def _hermite_weights(knots: Float, step: Float, points: Float) -> tuple[NDArray[np.int64], Float]:
    """The piece of each point (P,), and the weights (4, 2 P) of its two values and two slopes, for both parts."""
    piece = np.clip(np.searchsorted(knots, points, side="right") - 1, 0, len(knots) - 2)
    width = step[piece]
    t = (points - knots[piece]) / width
    u = 1.0 - t
    # Hermite's basis: a cubic by values and slopes at both ends
    weights = (u * u * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t), width * t * u * u, -width * t * t * u)
    return piece, np.stack([_twice(weight) for weight in weights])


def _twice(factor: Float) -> Float:
    """Each `factor` (N,) for a real and an imaginary part, (2 N,): NumPy would make it a complex number in every product."""
    return np.repeat(factor, 2)


def _doubled(factor: Float) -> list[Float]:
    """The recursion y[k] -= `factor`[k] y[k - 1] for whole arrays: y[k] += f[k] y[k - d], for d of 1, 2, 4 … in turn.

    What two steps of d do together is one of 2 d. Each f begins at k = d. On equal knots a factor is about a quarter, so that
    what is left after five or six doublings is negligible.
    """
    found, lag = [], 1
    factor = -factor[1:]
    while factor.size and np.abs(factor).max() > NEGLIGIBLE:
        found.append(factor)
        factor = factor[lag:] * factor[:-lag]
        lag *= 2
    return found


def _swept(lower: Float, middle: Float, upper: Float, left: Float, right: Float) -> tuple[Float, Float, Float, Float]:
    """The equations lower[k] u[k - 1] + middle[k] u[k] + upper[k] u[k + 1], each (K,), swept from the first on.

    Factors (K,) of the slopes of both neighbouring chords, of the slope before and, on the way back, of the one behind.
    Without pivots: inside, the diagonal outweighs its neighbours, and the rows at the ends only meet their neighbours inside.
    """
    # Thomas' elimination, above[k] = upper[k] / (middle[k] - lower[k] above[k - 1]), for whole arrays: each round settles one
    # more from the first on, and takes a tenth or less of what the others are off, so that all stand still after a dozen
    above = pivots = np.zeros_like(upper)
    for _ in upper:
        pivots = 1.0 / (middle - lower * np.concatenate([[0.0], above[:-1]]))
        last, above = above, upper * pivots
        if np.array_equal(above, last):
            break
    return left * pivots, right * pivots, lower * pivots, above
