"""The spline between two kept grids against SciPy's, and against a cubic, which it must reproduce."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from sirf.channel.spline_grid import LEAST_KNOTS, SplineGrid, _right_side, _slope_system, _swept, spline_grid

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("count", [LEAST_KNOTS, 5, 300])
def test_it_is_the_spline_of_scipy(count: int) -> None:
    knots = np.sqrt(np.cumsum(RNG.uniform(0.2, 1.0, count)))
    values = RNG.normal(size=count) + 1j * RNG.normal(size=count)
    points = np.sort(RNG.uniform(knots[0] - 0.1, knots[-1] + 0.1, 400))
    expected = CubicSpline(knots, values)(points)
    found = SplineGrid(knots, points)(values)
    assert np.abs(found - expected).max() < 1e-11 * np.abs(expected).max()


def test_it_is_the_spline_of_scipy_between_all_its_knots() -> None:
    """Slopes and values to rounding, where few knots leave no doubling out."""
    knots = np.array([0.0, 1.0, 2.5, 3.0, 4.5, 6.0])
    values = RNG.normal(size=6) + 1j * RNG.normal(size=6)
    places = np.array([0.3, 1.0, 2.2, 2.9, 4.4, 5.9])
    grid, spline = SplineGrid(knots, places), CubicSpline(knots, values)
    slopes = grid._slopes(values.view(float)).view(complex)
    np.testing.assert_allclose(slopes, spline.derivative()(knots), rtol=1e-12)
    np.testing.assert_allclose(grid(values), spline(places), rtol=1e-12)


@pytest.mark.parametrize(
    "grid", [np.arange(5001) * 1e7, np.sqrt(1e6 + np.arange(5001) * 1e7), np.geomspace(1.0, 1e6, 700)]
)
def test_what_doubling_leaves_out_is_rounding(grid: np.ndarray) -> None:
    """A walk of random steps, read as by SciPy, which goes from knot to knot: 1e-14 of its size."""
    values = np.cumsum(RNG.normal(size=(len(grid), 2)), axis=0).view(complex).ravel()
    points = np.linspace(grid[0], grid[-1], 2 * len(grid) + 3)
    expected = CubicSpline(grid, values)(points)
    assert np.abs(SplineGrid(grid, points)(values) - expected).max() < 1e-14 * np.abs(expected).max()


@pytest.mark.parametrize(
    "knots", [np.sqrt(np.arange(700.0)), np.array([0.0, 1e-3, 5.0, 5.5, 5.6]), np.geomspace(1e-3, 1e3, 60)]
)
def test_rounds_of_the_sweep_end_at_the_numbers_of_the_recursion(knots: np.ndarray) -> None:
    step = np.diff(knots)
    lower, middle, upper = _slope_system(knots, step)
    above = 0.0
    expected = [above := up * (1.0 / (mid - low * above)) for low, mid, up in zip(lower, middle, upper, strict=True)]
    assert np.array_equal(_swept(lower, middle, upper, *_right_side(knots, step))[3], expected)


def test_a_cubic_is_met_between_and_beyond_the_knots() -> None:
    knots, points = np.array([0.0, 0.5, 0.7, 1.1, 2.0]), np.linspace(-0.5, 2.5, 31)

    def cubic(x: np.ndarray) -> np.ndarray:
        return np.asarray((1.0 - 2.0j) * x**3 + 3.0 * x**2 - 1.0j * x + 0.25)

    assert SplineGrid(knots, points)(cubic(knots)) == pytest.approx(cubic(points), abs=1e-13)


def test_equal_grids_share_what_is_found_once() -> None:
    knots, points = np.arange(6.0), np.linspace(0.0, 5.0, 9)
    assert spline_grid(knots, points) is spline_grid(knots.copy(), points.copy())
    assert spline_grid(knots, points) is not spline_grid(knots, points + 0.1)
