"""Step responses between their samples against polynomials that the interpolation reproduces, and windows by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from sirf.engine.displaced_edges import displaced, steepest
from sirf.engine.edge_response import EdgeResponse


def test_a_quintic_is_displaced_exactly() -> None:
    """Value, slope and curvature of two neighbours fix a polynomial of the fifth degree everywhere between them."""
    m, coefficients = 8, np.array([2e-6, -1e-4, 1e-3, -0.02, 0.1, 0.4])
    place = np.arange(60.0)
    step, rises, bends = (np.polyval(np.polyder(coefficients, k), place) for k in range(3))
    tau = np.array([[0.1, -0.37, 1.0, -1.0, 0.0], [0.03, 0.5, -0.5, 2.0, -2.0]])
    out = displaced(step, rises, bends, np.array([20, 36]), m, tau)
    for k, cursor in enumerate((20, 36)):
        meant = np.polyval(coefficients, cursor - m * np.clip(tau[k], -1.0, 1.0)) - step[cursor]
        np.testing.assert_allclose(out[k], meant, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("around", [0, 1, 2, 3, 7, 8, 20])
def test_the_steepest_rise_is_the_largest_of_each_window(around: int) -> None:
    rises = np.random.default_rng(around).standard_normal(41)
    windows = sliding_window_view(np.abs(rises), 2 * around + 1)
    assert np.array_equal(steepest(rises, around), windows.max(axis=1))


def test_the_steepest_rise_is_looked_for_on_both_sides_of_the_cursor() -> None:
    rises = np.zeros(40)
    rises[[7, 13, 20, 26]] = -3.0, 2.0, 5.0, -4.0
    # a response of eight samples a UI, and three cursors of it
    edges = EdgeResponse(np.cumsum(rises), rises, np.zeros(40), 10, 3, 8, 8, scale=-0.5)
    assert edges.steepest(3 / 8).tolist() == [12.0, 20.0, 16.0]
    assert edges.steepest(2 / 8).tolist() == [0.0, 20.0, 16.0]
    # at another phase and of another size what was found before serves
    assert edges.shifted(1, 2).scaled(2.0).steepest(3 / 8).tolist() == [16.0, 40.0]
