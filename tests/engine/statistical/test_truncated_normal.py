"""Moments of a truncated normal variable against SciPy's, and of a mixture of levels against sums over it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from sirf.engine.statistical.truncated_normal import decided, truncated, ways

RANGES = [(-np.inf, -8.0), (-np.inf, 0.3), (-1.5, 0.5), (0.2, 0.9), (2.0, 3.0), (3.0, np.inf), (-0.4, np.inf)]


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_moments_are_those_of_scipy(low: float, high: float) -> None:
    # beside all other ranges, which must not matter
    together = truncated(*np.array([(low, high), *RANGES]).T)
    probability, mean, variance = (float(each[0]) for each in together)
    assert (probability, mean, variance) == tuple(float(each) for each in truncated(np.array(low), np.array(high)))
    exact = norm.cdf(high) - norm.cdf(low) if low < 0.0 else norm.sf(low) - norm.sf(high)
    assert probability == pytest.approx(exact, rel=1e-12)
    assert mean == pytest.approx(truncnorm.mean(low, high), rel=1e-9)
    assert variance == pytest.approx(truncnorm.var(low, high), rel=1e-6)


def test_out_of_reach_on_either_side_is_finite() -> None:
    ranges = [(-np.inf, -50.0), (50.0, np.inf), (-np.inf, -np.inf), (np.inf, np.inf), (-60.0, -55.0)]
    assert np.all(np.isfinite(truncated(*np.array(ranges).T)))


def test_a_decision_over_levels_is_a_mixture() -> None:
    rng = np.random.default_rng(3)
    centre, deviation = rng.normal(0.0, 0.3, (2, 4)), rng.uniform(0.5, 1.0, (2, 4))
    share = rng.dirichlet(np.ones(4), 2)
    low, high = np.array([-np.inf, -1.0, -1.1, -0.9]), np.array([0.9, 1.0, 1.2, np.inf])
    x = np.linspace(-8.0, 8.0, 160_001)
    found = decided(np.full(2, 0.1), centre - 0.1, deviation, share, ways(low, high))
    for s in range(2):
        for way, (least, most) in enumerate(((np.full(4, -np.inf), low), (low, high), (high, np.full(4, np.inf)))):
            density = sum(
                share[s, i] * norm.pdf(x, centre[s, i], deviation[s, i]) * ((x > least[i]) & (x <= most[i]))
                for i in range(4)
            )
            mean = np.sum(density * x) / np.sum(density)
            assert found[0][way, s] == pytest.approx(mean, abs=2e-4)
            assert found[1][way, s] == pytest.approx(np.sum(density * (x - mean) ** 2) / np.sum(density), abs=2e-4)
