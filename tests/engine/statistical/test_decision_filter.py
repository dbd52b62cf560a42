"""What decisions tell of the interference after them, against integration over the normal variables themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sirf.engine.statistical.decision_filter import LEAST_VARIANCE, filter_decisions, told

NONE = np.zeros((2, 2))
LOW, HIGH = np.array([-np.inf, -1.0]), np.array([1.0, np.inf])
"""Two levels: an error upwards of the lower one, downwards of the upper one, each a distance of 1 V away."""


def test_without_an_error_nothing_is_told() -> None:
    share, moved, width = told(np.zeros((1, 3)), *np.random.default_rng(1).normal(size=(3, 5, 4)))
    np.testing.assert_allclose(share, np.full((1, 4), 0.25))
    assert (moved == 0.0).all()
    assert (width == 1.0).all()


@pytest.mark.parametrize("surprise", [[0.7, 0.0], [0.0, -0.4], [1.2, -0.3], [-0.5, -0.6]])
def test_what_errors_tell_adds_up_and_downward_ones_are_mirrored(surprise: list[float]) -> None:
    """Each weighs what was learnt of its age; a downward one speaks of the mirrored levels, with offsets of the other sign."""
    leaning, offset, spread = np.random.default_rng(2).normal(0.0, 0.3, (3, 4, 3))
    # among other sequences, which must not matter
    out = [each[1] for each in told(np.array([[9.0, 0.0], surprise[::-1]]), leaning, offset, spread)]
    share, shift, width = np.zeros(3), np.zeros(3), np.ones(3)
    for age, value in ((0, surprise[1]), (1, surprise[0])):
        turn = slice(None) if value > 0.0 else slice(None, None, -1)
        share += abs(value) * leaning[age][turn]
        shift += value * offset[age][turn]
        width += abs(value) * spread[age][turn]
    np.testing.assert_allclose(out[0], np.exp(share) / np.exp(share).sum(), rtol=1e-12)
    np.testing.assert_allclose(out[1], shift, rtol=1e-12)
    np.testing.assert_allclose(out[2], np.maximum(width, LEAST_VARIANCE), rtol=1e-12)


def test_a_variance_does_not_fall_to_nothing() -> None:
    width = told(np.ones((1, 1)), np.zeros((1, 2)), np.zeros((1, 2)), np.full((1, 2), -2.0))[2]
    assert (width == LEAST_VARIANCE).all()


def filtered(variance: float, ahead: list[float], taps: list[float]) -> list[np.ndarray]:
    memory = len(taps)
    none = np.zeros((memory, 2))
    mean, scale, share = filter_decisions(variance, np.array(ahead), none, none, none, np.array(taps), LOW, HIGH)
    return [mean, scale, share]


def sequences(memory: int) -> list[tuple[int, ...]]:
    """Errors -1, 0, 1 in the order of the rows: the newest varies slowest."""
    found: list[tuple[int, ...]] = [()]
    for _ in range(memory):
        found = [(*one, error) for one in found for error in (-1, 0, 1)]
    return found


def test_one_error_moves_the_next_symbol_by_the_regression_on_it() -> None:
    """Two jointly normal interferences: E(second | first above the threshold) is their correlation times E(first | …)."""
    variance, taps = 0.16, [0.0]
    sigma = np.sqrt(variance)
    usual = 0.4 * norm.pdf(2.5) / norm.sf(2.5)
    mean, scale, share = filtered(variance, [0.25 * usual], taps)
    assert mean.shape == (3, 2)
    # correlation 0.25: covariance is variance / usual x ahead
    x = np.linspace(-6, 6, 241) * sigma
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    density = multivariate_normal([0, 0], variance * np.array([[1.0, 0.25], [0.25, 1.0]])).pdf(grid)
    up = density * (grid[..., 0] > 1.0)
    expected = float((up * grid[..., 1]).sum() / up.sum())
    spread = float(np.sqrt((up * grid[..., 1] ** 2).sum() / up.sum() - expected**2) / sigma)
    np.testing.assert_allclose(mean[2], expected, rtol=0.02)
    np.testing.assert_allclose(mean[0], -expected, rtol=0.02)
    np.testing.assert_allclose(mean[1], 0.0, atol=1e-12)
    np.testing.assert_allclose(scale[2], spread, rtol=0.01)
    assert (share == 0.5).all()


def test_independent_interference_remembers_nothing() -> None:
    mean, scale, _ = filtered(0.09, [0.0, 0.0], [0.3, 0.1])
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)
    np.testing.assert_allclose(scale, 1.0, rtol=1e-12)


def test_right_decisions_before_the_first_error_are_as_usual() -> None:
    """A sequence (newest first) of one error two symbols ago and then right ones differs from one without any error."""
    mean, _, _ = filtered(0.16, [0.3, 0.2], [0.1, 0.05])
    rows = {errors: k for k, errors in enumerate(sequences(2))}
    np.testing.assert_allclose(mean[rows[0, 0]], 0.0, atol=1e-12)
    for errors, k in rows.items():
        mirrored = rows[-errors[0], -errors[1]]
        np.testing.assert_allclose(mean[k], -mean[mirrored][::-1], atol=1e-12)
    # the newer an upward error, the more it lifts: 0.3 V one symbol later, 0.2 V two
    assert mean[rows[1, 0], 0] == pytest.approx(0.3, rel=1e-9)
    assert 0.05 < mean[rows[0, 1], 0] < 0.2 + 1e-9
    assert mean[rows[1, 1], 0] > mean[rows[1, -1], 0]


def test_feedback_of_an_error_takes_part_in_the_next_decision() -> None:
    """An upward error takes its tap off the next symbol: after it a second upward one says more of the interference."""
    rows = {errors: k for k, errors in enumerate(sequences(2))}
    weak, strong = (filtered(0.16, [0.3, 0.2], [tap, 0.0])[0][rows[1, 1], 0] for tap in (0.0, 0.4))
    assert strong > weak + 0.02
    # what was taken off makes a downward error usual: it says less
    plain, fed = (filtered(0.16, [0.3, 0.2], [tap, 0.0])[0][rows[-1, 1], 0] for tap in (0.0, 0.4))
    assert plain + 0.02 < fed < 0.0
