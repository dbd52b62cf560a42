"""A cubic spline between two fixed grids: what depends on the grids alone is found once, for link after link uses the same.

NumPy alone: the parts of SciPy for this take longer to load than a short command runs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.cubic_spline import cubic_spline

LEAST_KNOTS = 4
"""Knots from which the third derivative can be continuous across the second and the last but one."""
KEPT_GRIDS = 4
"""Pairs of grids that are kept, about a megabyte each."""


class SplineGrid:
    """The spline through values at ascending `knots` (K,), four at least, taken at `points` (P,).

    Its third derivative is continuous across the second and the last but one knot ("not a knot"); points outside the knots
    continue the outer pieces. The slopes at the knots solve a tridiagonal system (de Boor, A Practical Guide to Splines, chapter
    IV), which is factored here; the values at the points are a sum of two values and two slopes.
    """

    def __init__(self, knots: Float, points: Float) -> None:
        step = np.diff(knots)
        # what the grids alone decide: the factors of the equations, and of each point's four neighbours
        self._rows = np.stack(_swept(*_slope_system(knots, step), *_right_side(knots, step)))
        self._chords = 1.0 / step
        self._piece, self._weights = _hermite_weights(knots, step, points)

    def __call__(self, values: Complex) -> Complex:
        """The spline through `values` (K,), at the points (P,)."""
        found = np.empty(len(self._piece), dtype=np.complex128)
        slopes = np.empty(len(values), dtype=np.complex128)
        # the compiled loop takes one layout
        known = np.ascontiguousarray(values, dtype=np.complex128)
        cubic_spline(known, self._chords, self._rows, self._piece, self._weights, slopes, found)
        return found


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
    """The piece of each point (P,), and the weights (P, 4) of its two values and two slopes."""
    piece = np.clip(np.searchsorted(knots, points, side="right") - 1, 0, len(knots) - 2)
    width = step[piece]
    t = (points - knots[piece]) / width
    u = 1.0 - t
    # Hermite's basis: a cubic by values and slopes at both ends
    weights = (u * u * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t), width * t * u * u, -width * t * t * u)
    return piece, np.stack(weights, axis=1)


def _swept(
    lower: Float, middle: Float, upper: Float, left: Float, right: Float
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Rows of `cubic_spline`: the equations lower[k] u[k - 1] + middle[k] u[k] + upper[k] u[k + 1], swept from the first on.

    Without pivots: inside, the diagonal outweighs its neighbours, and the rows at the ends only meet their neighbours inside.
    """
    before, onward, pivots = [], [], []
    above = 0.0
    for low, mid, up in zip(lower.tolist(), middle.tolist(), upper.tolist(), strict=True):
        # Thomas' elimination; the kernel sweeps each set of values the same way, and goes back
        pivot = 1.0 / (mid - low * above)
        above = up * pivot
        before.append(low * pivot)
        onward.append(above)
        pivots.append(pivot)
    return (left * pivots).tolist(), (right * pivots).tolist(), before, onward
