"""The equaliser kernel against the normal equations and a general constrained minimiser."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import convolution_matrix, toeplitz
from scipy.optimize import LinearConstraint, minimize

from sirf._kernels.mmse import equalizer, search

Real = NDArray[np.float64]
PRE, POST = 3, 5
SIZE = PRE + POST + 1
FREE = (-np.full(SIZE, np.inf), np.full(SIZE, np.inf))


def problem(seed: int, feedback: int) -> tuple[Real, Real, Real]:
    """First row of R, h_0 and the rows of H after it for a random decaying response in noise."""
    rng = np.random.default_rng(seed)
    h = np.concatenate((rng.normal(0, 0.1, 5), [1.0], 0.5 ** np.arange(1, 12) * rng.normal(0.5, 0.5, 11)))
    matrix = convolution_matrix(h, SIZE)
    noise = 0.01 * 0.3 ** np.arange(SIZE)
    row = np.array([h[: h.size - k] @ h[k:] for k in range(SIZE)]) + noise
    assert np.allclose(matrix.T @ matrix + toeplitz(noise), toeplitz(row))
    at = 5 + PRE
    return row, matrix[at], matrix[at + 1 : at + 1 + feedback]


def solve(row: Real, main: Real, feedback: Real, low: Real, high: Real, limits: tuple[Real, Real] = FREE) -> tuple[
    float, Real, Real
]:  # fmt: skip
    w, b = np.empty(SIZE), np.empty(len(feedback))
    error = equalizer(row, main, feedback, low, high, *limits, PRE, w, b, np.empty((SIZE, SIZE)))
    return error, w, b


def error_of(w: Real, b: Real, row: Real, main: Real, feedback: Real) -> float:
    return float(w @ toeplitz(row) @ w + 1 + b @ b - 2 * w @ main - 2 * w @ feedback.T @ b)


@pytest.mark.parametrize("taps", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_free_taps_solve_the_normal_equations(seed: int, taps: int) -> None:
    row, main, feedback = problem(seed, taps)
    error, w, b = solve(row, main, feedback, -np.full(taps, np.inf), np.full(taps, np.inf))
    system = np.zeros((SIZE + taps + 1, SIZE + taps + 1))
    system[:SIZE, :SIZE], system[:SIZE, -1], system[-1, :SIZE] = toeplitz(row), -main, main
    system[:SIZE, SIZE:-1], system[SIZE:-1, :SIZE] = -feedback.T, -feedback
    system[SIZE:-1, SIZE:-1] = np.eye(taps)
    expected = np.linalg.solve(system, np.concatenate((main, np.zeros(taps), [1.0])))
    assert w == pytest.approx(expected[:SIZE], abs=1e-10)
    assert b == pytest.approx(expected[SIZE:-1], abs=1e-10)
    assert error == pytest.approx(error_of(w, b, row, main, feedback), rel=1e-9)
    assert w @ main == pytest.approx(1.0)


def test_limited_feedback_is_the_best_at_its_limit() -> None:
    row, main, feedback = problem(1, 1)
    low, high = np.array([0.0]), np.array([0.05])
    error, w, b = solve(row, main, feedback, low, high)
    assert b[0] == 0.05

    def cost(x: Real) -> float:
        return error_of(x, b, row, main, feedback)

    best = minimize(
        cost, np.asarray(w + 0.01, dtype=np.float64), method="SLSQP",
        constraints=LinearConstraint(main, 1.0, 1.0), options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert error == pytest.approx(best.fun, rel=1e-6)
    assert w == pytest.approx(best.x, abs=1e-4)


def test_tap_limits_hold_and_cost() -> None:
    row, main, feedback = problem(2, 1)
    free, w, _ = solve(row, main, feedback, np.array([0.0]), np.array([1.0]))
    bound = 0.5 * np.max(np.abs(np.delete(w / w[PRE], PRE)))
    limit = np.full(SIZE, bound)
    limit[PRE] = np.inf
    error, w, b = solve(row, main, feedback, np.array([0.0]), np.array([1.0]), (-limit, limit))
    assert np.max(np.abs(np.delete(w / w[PRE], PRE))) <= bound * (1 + 1e-12)
    assert error > free
    assert error == pytest.approx(error_of(w, b, row, main, feedback), rel=1e-9)


def test_a_singular_problem_has_no_answer() -> None:
    _, main, feedback = problem(0, 0)
    assert solve(np.zeros(SIZE), main, feedback, np.zeros(0), np.zeros(0))[0] == np.inf


def test_the_tables_of_the_search_equal_filtering_first() -> None:
    """Every candidate by its tables against the same candidate with the pulse filtered beforehand."""
    rng = np.random.default_rng(11)
    per_ui, ui = 8, 40
    time = np.arange(per_ui * ui) / per_ui
    pulse = np.exp(-(((time - 12) / 0.7) ** 2)) + 0.3 * np.exp(-np.maximum(time - 12, 0) / 2) * (time > 12)
    aggressor = 0.05 * rng.normal(size=pulse.size) * np.exp(-(((time - 14) / 3) ** 2))
    taps = np.array([[0.0, 1.0, 0.0], [-0.1, 0.8, -0.1], [0.05, 0.85, -0.1]])
    offsets = np.arange(-3, 4)

    def table(x: Real, lags: int) -> Real:
        rows = [x[phase::per_ui] for phase in range(per_ui)]
        return np.array([[r[: r.size - k] @ r[k:] for k in range(lags)] for r in rows])

    def slope(x: Real, lags: int) -> Real:
        steps = np.zeros_like(x)
        steps[1:-1] = (x[2:] - x[:-2]) * per_ui / 2
        return table(steps, lags)

    fixed = 1e-4 * np.ones((per_ui, 1)) * 0.2 ** np.arange(SIZE)
    low, high = np.array([0.0]), np.array([0.5])

    def run(rows: Real, cursor: int, x: Real, fext: Real) -> tuple[Real, NDArray[np.int64]]:
        lags = SIZE + rows.shape[1] - 1
        error, sample = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
        moving = table(x, lags) + 1e-3 * slope(x, lags)
        crosstalk = table(fext, lags)[None]
        search(
            rows,
            cursor,
            x,
            per_ui,
            offsets,
            moving,
            fixed,
            crosstalk,
            np.inf,
            low,
            high,
            *FREE,
            PRE,
            np.zeros(0),
            0,
            np.inf,
            error,
            sample,
        )
        return error, sample

    error, sample = run(taps, 1, pulse, aggressor)
    for k, row in enumerate(taps):
        filtered, crosstalk = np.zeros_like(pulse), np.zeros_like(pulse)
        for j, c in enumerate(row):
            filtered += c * np.roll(pulse, (j - 1) * per_ui)
            crosstalk += c * np.roll(aggressor, (j - 1) * per_ui)
        alone, at = run(np.ones((1, 1)), 0, filtered, crosstalk)
        assert error[k] == pytest.approx(alone[0], rel=1e-6)
        assert sample[k] == at[0]
