"""A cubic spline between two fixed grids: what depends on the grids alone is found once, for link after link uses the same."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgttrf, dgttrs
from scipy.sparse import csr_array

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

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

    def __init__(self, knots: Real, points: Real) -> None:
        step = np.diff(knots)
        self._factors = dgttrf(*_slope_system(knots, step))[:-1]
        self._right = _right_side(knots, step)
        self._weights = _hermite_weights(knots, step, points)

    def __call__(self, values: Complex) -> Complex:
        """The spline through `values` (K,), at the points (P,)."""
        # real and imaginary parts are two columns, for all matrices are real
        parts = np.ascontiguousarray(values).view(np.float64).reshape(-1, 2)
        slopes, _ = dgttrs(*self._factors, self._right @ parts)
        found = np.ascontiguousarray(self._weights @ np.concatenate([parts, slopes]))
        return np.asarray(found.view(np.complex128).ravel())


def spline_grid(knots: Real, points: Real) -> SplineGrid:
    """The spline between two grids, kept by value for the last few."""
    return _kept(knots.tobytes(), points.tobytes())


@lru_cache(maxsize=KEPT_GRIDS)
def _kept(knots: bytes, points: bytes) -> SplineGrid:
    return SplineGrid(np.frombuffer(knots), np.frombuffer(points))


def _slope_system(knots: Real, step: Real) -> tuple[Real, Real, Real]:
    """Lower, middle and upper diagonal of the equations of the slopes at the knots."""
    lower = np.concatenate([step[1:], [knots[-1] - knots[-3]]])
    middle = np.concatenate([[step[1]], 2.0 * (step[:-1] + step[1:]), [step[-2]]])
    upper = np.concatenate([[knots[2] - knots[0]], step[:-1]])
    return lower, middle, upper


def _right_side(knots: Real, step: Real) -> csr_array:
    """The matrix (K, K) that makes the right side of these equations out of the values."""
    count = len(knots)
    first, last = knots[2] - knots[0], knots[-1] - knots[-3]
    # rows as sums of the slopes of two neighbouring chords
    left = np.concatenate([[(step[0] + 2.0 * first) * step[1] / first], 3.0 * step[1:], [step[-1] ** 2 / last]])
    right = np.concatenate([[step[0] ** 2 / first], 3.0 * step[:-1], [(2.0 * last + step[-1]) * step[-2] / last]])
    chord = np.clip(np.arange(count) - 1, 0, count - 3)
    left, right = left / step[chord], right / step[chord + 1]
    columns = chord[:, None] + np.arange(3)
    values = np.stack([-left, left - right, right], axis=1)
    return csr_array((values.ravel(), columns.ravel(), 3 * np.arange(count + 1)), shape=(count, count))


def _hermite_weights(knots: Real, step: Real, points: Real) -> csr_array:
    """The matrix (P, 2 K) that makes values at the points out of values and slopes at the knots."""
    count = len(knots)
    piece = np.clip(np.searchsorted(knots, points, side="right") - 1, 0, count - 2)
    width = step[piece]
    t = (points - knots[piece]) / width
    u = 1.0 - t
    weights = np.stack(
        [u * u * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t), width * t * u * u, -width * t * t * u], axis=1
    )
    columns = piece[:, None] + np.array([0, 1, count, count + 1])
    return csr_array((weights.ravel(), columns.ravel(), 4 * np.arange(len(points) + 1)), shape=(len(points), 2 * count))
