"""The compiled step of a search of tap places, against linear algebra by NumPy and SciPy's constrained least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from sirf._kernels.floating_places import least_errors
from sirf._kernels.limited_taps import limited_taps

SIZE, UNLIMITED = 9, np.full(9, np.inf)


def problem(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A covariance (9, 9), the pulse at the main cursor (9,) and at two that a DFE removes (2, 9)."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(SIZE, SIZE))
    return root @ root.T + 0.1 * np.eye(SIZE), rng.normal(size=SIZE), rng.normal(size=(2, SIZE))


@pytest.mark.parametrize("places", [np.arange(9), np.array([0, 2, 3, 4, 8])])
def test_without_limits_the_error_is_one_over_the_quadratic_form(places: np.ndarray) -> None:
    cost, main, fed_back = problem(1)
    taps, feedback = np.empty(places.size), np.empty(2)
    wide = np.full(2, 1e3)
    variance = limited_taps(places, 1, (cost, main, fed_back, -wide, wide, UNLIMITED), 1.0, taps, feedback)
    inside = cost[np.ix_(places, places)]
    solved = np.linalg.solve(inside, main[places])
    assert variance == pytest.approx(1.0 / (main[places] @ solved), rel=1e-10)
    assert taps == pytest.approx(solved / abs(solved[1]), rel=1e-10)
    unit = taps / (main[places] @ taps)
    assert feedback == pytest.approx(fed_back[:, places] @ unit, rel=1e-10)


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_a_dfe_tap_stays_at_the_limit_that_it_passes(seed: int) -> None:
    """With the main cursor held by a heavy weight, bounded least squares finds the same pair of filter and DFE."""
    cost, main, fed_back = problem(seed)
    places, taps, feedback = np.arange(SIZE), np.empty(SIZE), np.empty(1)
    limit = np.array([0.05])
    found = limited_taps(places, 4, (cost, main, fed_back[:1], -limit, limit, UNLIMITED), 1.0, taps, feedback)
    assert abs(feedback[0]) == pytest.approx(0.05, rel=1e-12)
    # unknowns: the filter and the DFE tap; rows: root of the cost, main cursor, what the DFE leaves
    held = 1e6
    rows = np.block(
        [
            [np.linalg.cholesky(cost).T, np.zeros((SIZE, 1))],
            [held * main[None, :], np.zeros((1, 1))],
            [held * fed_back[:1], -held * np.ones((1, 1))],
        ]
    )
    ends = np.append(np.full(SIZE, np.inf), limit)
    solved = lsq_linear(rows, np.concatenate((np.zeros(SIZE), [held, 0.0])), bounds=(-ends, ends), tol=1e-14).x[:SIZE]
    assert found == pytest.approx(solved @ cost @ solved, rel=1e-4)


def test_clipped_taps_are_within_their_limits_and_cost_more() -> None:
    cost, main, fed_back = problem(7)
    places, taps, feedback, none = np.arange(SIZE), np.empty(SIZE), np.empty(0), np.empty(0)
    arguments = (cost, main, fed_back[:0], none, none)
    free = limited_taps(places, 4, (*arguments, UNLIMITED), 1.0, taps, feedback)
    held = limited_taps(places, 4, (*arguments, np.full(SIZE, 0.2)), 1.0, taps, feedback)
    assert abs(taps[4]) == 1.0
    assert np.max(np.abs(np.delete(taps, 4))) == pytest.approx(0.2, abs=1e-15)
    unit = taps / (main @ taps)
    assert held == pytest.approx(unit @ cost @ unit, rel=1e-10)
    assert held > free


def test_a_covariance_that_is_none_has_no_answer() -> None:
    cost, main, fed_back = problem(7)
    none = np.empty(0)
    assert limited_taps(
        np.arange(SIZE), 4, (-cost, main, fed_back[:0], none, none, UNLIMITED), 1.0, np.empty(SIZE), none
    ) == float("inf")


@pytest.mark.parametrize("kept", [[0, 1, 2], [0, 1, 2, 5, 6]])
def test_no_error_is_less_than_that_of_taps_without_limits(kept: list[int]) -> None:
    """Beside each run of two places, against the quadratic form by NumPy."""
    cost, main, _ = problem(1)
    errors = np.empty(5)
    least_errors(np.array(kept), 3, 2, cost, main, errors)
    for start, error in zip(range(3, 8), errors.tolist(), strict=True):
        places = sorted({*kept, start, start + 1})
        if len(places) == len(kept) + 2:
            inside = cost[np.ix_(places, places)]
            assert error == pytest.approx(1.0 / (main[places] @ np.linalg.solve(inside, main[places])), rel=1e-9)
