"""The equaliser kernel against the normal equations and a general constrained minimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import convolution_matrix, toeplitz
from scipy.optimize import LinearConstraint, minimize

from sirf._kernels.floating_taps import floating_equalizer
from sirf._kernels.mmse import equalizer, floating_equalizer_by_trial

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
    error = equalizer(row, main, feedback, low, high, *limits, PRE, 0.0, np.arange(SIZE), w, b)
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


def floating_problem(seed: int, limit: float, feedback_limit: float) -> Any:
    """Arguments of the equalisers for a pulse with far echoes: 15 fixed taps and two runs of four floating ones to place 79."""
    rng = np.random.default_rng(seed)
    tail = np.concatenate((0.6 ** np.arange(1, 10) * rng.normal(0.1, 0.1, 9), rng.normal(0, 0.02, 70)))
    h = np.concatenate((rng.normal(0, 0.03, 4), [-0.05, 0.2, 1.0, 0.45], tail))
    size, main = 80, 6
    noise = 0.002 * 0.4 ** np.arange(size)
    row = np.array([h[: h.size - k] @ h[k:] for k in range(size)]) + noise
    padded = np.concatenate((np.zeros(size + 3), h, np.zeros(size + 3)))
    at = size + 3 + 6 + main - np.arange(size)
    limits = np.full(size, 0.7)
    limits[15:] = limit
    low, high = np.array([0.0]), np.array([feedback_limit])
    return row, padded[at], padded[at + 1][None], low, high, -limits, limits, main, 0.0, 15, 2, 4


def run(equalizer_of: Any, arguments: Any, starts: NDArray[np.int64]) -> float:
    more = (np.inf,) if equalizer_of is floating_equalizer else ()
    return float(equalizer_of(*arguments, starts, *more))


@pytest.mark.parametrize("feedback_limit", [0.85, 0.2])
@pytest.mark.parametrize("limit", [9.0, 0.05, 0.02])
@pytest.mark.parametrize("seed", range(4))
def test_floating_taps_stand_where_trying_every_place_puts_them(seed: int, limit: float, feedback_limit: float) -> None:
    """Free taps, taps at their limits, and feedback at its limit."""
    arguments: Any = floating_problem(seed, limit, feedback_limit)
    fast, slow = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    error = run(floating_equalizer, arguments, fast)
    assert error == pytest.approx(run(floating_equalizer_by_trial, arguments, slow), rel=1e-10)
    assert list(fast) == list(slow)


@pytest.mark.parametrize("limit", [9.0, 0.02])
def test_an_error_above_a_known_one_stays_above_it(limit: float) -> None:
    arguments: Any = floating_problem(1, limit, 0.85)
    kernel: Any = floating_equalizer
    starts = np.zeros(2, dtype=np.int64)
    error = kernel(*arguments, starts, np.inf)
    assert kernel(*arguments, starts, 1.001 * error) == error
    assert 0.8 * error < kernel(*arguments, starts, 0.8 * error) <= error


@pytest.mark.parametrize("seed", range(3))
def test_trying_every_place_is_the_rule_in_plain_numpy(seed: int) -> None:
    """One group after the other where the whole error is least, by the normal equations of each place."""
    arguments: Any = floating_problem(seed, 9.0, 9.0)
    row, main, feedback, *_ = arguments
    starts = np.zeros(2, dtype=np.int64)
    error = run(floating_equalizer_by_trial, arguments, starts)
    matrix = toeplitz(row) - np.outer(feedback[0], feedback[0])
    chosen: list[int] = []
    best = np.inf
    for _ in range(2):
        errors = {}
        for start in range(15, 77):
            group = list(range(start, start + 4))
            if not set(group) & set(chosen):
                taps = [*range(15), *chosen, *group]
                gain = main[taps] @ np.linalg.solve(matrix[np.ix_(taps, taps)], main[taps])
                errors[start] = 1.0 / gain - 1.0
        start = min(errors, key=lambda place: errors[place])
        best = errors[start]
        chosen += range(start, start + 4)
    assert [int(start) for start in starts] == chosen[::4]
    assert error == pytest.approx(best, rel=1e-8)


def test_taps_are_rounded_towards_zero() -> None:
    row, main, feedback = problem(3, 1)
    places, w, b = np.arange(SIZE), np.empty(SIZE), np.empty(1)
    error = equalizer(row, main, feedback, np.array([0.0]), np.array([1.0]), *FREE, PRE, 0.05, places, w, b)
    free, whole, _ = solve(row, main, feedback, np.array([0.0]), np.array([1.0]))
    steps = w / w[PRE] / 0.05
    assert steps == pytest.approx(np.round(steps), abs=1e-9)
    assert np.all(np.abs(w / w[PRE]) <= np.abs(whole / whole[PRE]) + 1e-12)
    assert w @ main == pytest.approx(1.0)
    assert error > free
