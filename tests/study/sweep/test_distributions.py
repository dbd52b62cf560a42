"""Tolerances: their moments in closed form, ends that hold, and the correlation that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.errors import ConfigError, SirfError
from sirf.study.sweep.distributions import SHAPES, Distribution, correlated, correlation_factor

POINTS = (np.arange(200_000) + 0.5) / 200_000


def test_moments_are_those_of_the_closed_forms() -> None:
    normal = Distribution(shape="normal", middle=3.0, spread=0.2, low=-1e3, high=1e3).quantile(POINTS)
    assert (normal.mean(), normal.std()) == pytest.approx((3.0, 0.2), rel=1e-4)
    uniform = Distribution(shape="uniform", middle=1.0, low=0.0, high=3.0).quantile(POINTS)
    assert (uniform.mean(), uniform.var()) == pytest.approx((1.5, 0.75), rel=1e-6)
    triangular = Distribution(shape="triangular", middle=1.0, low=0.0, high=3.0).quantile(POINTS)
    # (a + b + c) / 3 and (a² + b² + c² - ab - ac - bc) / 18
    assert (triangular.mean(), triangular.var()) == pytest.approx((4 / 3, 7 / 18), rel=1e-4)
    lognormal = Distribution(shape="lognormal", middle=2.0, spread=0.3, low=1e-6, high=1e6).quantile(POINTS)
    assert (np.median(lognormal), lognormal.mean()) == pytest.approx((2.0, 2.0 * np.exp(0.045)), rel=1e-3)


def test_a_truncated_normal_has_the_variance_of_its_closed_form() -> None:
    from scipy.stats import norm

    values = Distribution(shape="normal", middle=0.0, spread=1.0, low=-1.0, high=1.0).quantile(POINTS)
    inside = norm.cdf(1.0) - norm.cdf(-1.0)
    assert values.var() == pytest.approx(1.0 - 2.0 * norm.pdf(1.0) / inside, rel=1e-4)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SHAPES), st.floats(0.1, 10.0), st.floats(0.01, 3.0), st.floats(0.0, 0.9), st.floats(0.01, 5.0),
    st.floats(0.0, 1.0),
)  # fmt: skip
def test_no_value_leaves_the_ends(shape: str, middle: float, spread: float, down: float, up: float, p: float) -> None:
    one = Distribution(shape=shape, middle=middle, spread=spread, low=middle * (1 - down) - 1e-3, high=middle + up)  # type: ignore[arg-type]
    value = float(one.quantile(np.array([p]))[0])
    assert one.ends[0] <= value <= one.ends[1]


def test_the_upper_end_is_met_where_rounding_would_pass_it() -> None:
    one = Distribution(shape="uniform", middle=1.0, low=0.249, high=1.491501236919757)
    assert 0.249 + (one.ends[1] - 0.249) > one.ends[1]
    assert one.quantile(np.array([1.0])).tolist() == [one.ends[1]]


def test_tails_end_at_four_deviations_where_nothing_is_said() -> None:
    assert Distribution(shape="normal", middle=10.0, spread=0.5).ends == (8.0, 12.0)


def test_correlation_is_that_of_the_normal_variables_and_margins_stay_uniform() -> None:
    from scipy.stats import norm, qmc

    points = qmc.Sobol(3, rng=1).random_base2(14)
    mixed = correlated(points, correlation_factor(3, [(0, 1, 0.8), (1, 2, -0.3)]))
    normal = norm.ppf(np.clip(mixed, 1e-12, 1 - 1e-12))
    found = np.asarray(np.corrcoef(normal.T))
    assert found[0, 1] == pytest.approx(0.8, abs=0.01)
    assert found[1, 2] == pytest.approx(-0.3, abs=0.01)
    assert found[0, 2] == pytest.approx(0.0, abs=0.02)
    for column in mixed.T:
        assert np.abs(np.sort(column) - (np.arange(len(column)) + 0.5) / len(column)).max() < 5e-3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": "gauss", "middle": 1.0, "spread": 1.0}, "must be one of"),
        ({"shape": "normal", "middle": 1.0}, "spread of a normal"),
        ({"shape": "uniform", "middle": 1.0}, "must have low and high"),
        ({"shape": "uniform", "middle": 1.0, "low": 2.0, "high": 1.0}, "low must be below high"),
        ({"shape": "triangular", "middle": 5.0, "low": 1.0, "high": 2.0}, "middle must lie"),
        ({"shape": "lognormal", "middle": -1.0, "spread": 0.1}, "median"),
        ({"shape": "normal", "middle": float("nan"), "spread": 0.1}, "finite"),
    ],
)
def test_what_is_no_distribution_is_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(SirfError, match=words):
        Distribution(**arguments)  # type: ignore[arg-type]


def test_correlations_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match="fit together"):
        correlation_factor(3, [(0, 1, 0.9), (1, 2, 0.9), (0, 2, -0.9)])
    with pytest.raises(ConfigError, match="between -1 and 1"):
        correlation_factor(2, [(0, 1, 1.0)])


def test_a_lognormal_ends_at_four_of_its_own_deviations() -> None:
    one = Distribution(shape="lognormal", middle=2.0, spread=0.1)
    assert one.ends == pytest.approx((2.0 * np.exp(-0.4), 2.0 * np.exp(0.4)), rel=1e-12)


@pytest.mark.parametrize("shape", ["lognormal", "normal"])
def test_quantiles_are_those_of_the_truncated_law(shape: str) -> None:
    """Uneven ends, so that neither half mirrors the other: the share below each value, by the normal law between its ends."""
    from scipy.stats import norm

    made = Distribution(shape=shape, middle=2.0, spread=0.3, low=1.7, high=4.0)  # type: ignore[arg-type]
    share = np.array([0.01, 0.2, 0.5, 0.9, 0.99])
    values = made.quantile(share)

    def place(value: float) -> float:
        return float(np.log(value / 2.0) / 0.3 if shape == "lognormal" else (value - 2.0) / 0.3)

    low, high = norm.cdf(place(1.7)), norm.cdf(place(4.0))
    below = [(norm.cdf(place(value)) - low) / (high - low) for value in values]
    np.testing.assert_allclose(below, share, atol=1e-9)
    assert (np.diff(values) > 0).all()
