"""Distributions on bins against binomials, moments and uniform laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf._kernels.com_distribution import delta_variance
from sirf.com.distribution import VoltageDistribution, crest_factor, gaussian, symbols

BIN = 1e-3


def uniform(bins: int, first: int = 0) -> VoltageDistribution:
    return VoltageDistribution(np.full(bins, 1.0 / bins), first, BIN)


def test_two_binary_symbols_of_one_size_make_a_binomial() -> None:
    found = symbols(np.array([0.01, -0.01]), 2, BIN)
    places = found.y > 0.0
    np.testing.assert_allclose(found.x[places], [-0.02, 0.0, 0.02], atol=1e-15)
    np.testing.assert_allclose(found.y[places], [0.25, 0.5, 0.25])


def test_four_levels_lie_at_thirds() -> None:
    found = symbols(np.array([0.03]), 4, BIN)
    places = found.y > 0.0
    np.testing.assert_allclose(found.x[places], [-0.03, -0.01, 0.01, 0.03], atol=1e-15)
    np.testing.assert_allclose(found.y[places], 0.25)


def test_unequal_shares_move_the_power() -> None:
    """PAM6 of 32 pairs: outer levels less often; the variance is that of the shares."""
    shares = (4 / 32, 6 / 32, 6 / 32, 6 / 32, 6 / 32, 4 / 32)
    found = symbols(np.array([0.05]), 6, BIN, shares)
    power = sum(share * level**2 for share, level in zip(shares, np.linspace(-1.0, 1.0, 6), strict=True))
    assert found.sigma == pytest.approx(0.05 * np.sqrt(power), rel=1e-12)
    assert found.y.sum() == pytest.approx(1.0, rel=1e-12)


@settings(deadline=None)
@given(st.lists(st.floats(0.002, 0.05), min_size=1, max_size=5), st.sampled_from([2, 4]))
def test_the_variance_without_convolution_is_that_of_the_distribution(values: list[float], levels: int) -> None:
    assert delta_variance(np.array(values), levels, BIN) * BIN**2 == pytest.approx(
        symbols(np.array(values), levels, BIN).sigma ** 2, rel=1e-9
    )


def test_variances_and_places_of_a_sum_add() -> None:
    total = uniform(3, -1) + uniform(5, -2)
    assert (total.first, total.y.size) == (-3, 7)
    assert total.sigma**2 == pytest.approx(uniform(3, -1).sigma ** 2 + uniform(5, -2).sigma ** 2, rel=1e-12)


def test_quantiles_of_a_uniform_law() -> None:
    """Ten bins of a tenth each, from -5 mV: bin k spans (k - 5.5, k - 4.5) mV."""
    law = uniform(10, -5)
    # above a probability, not at it, as the reference code's find(cdf > DER_0)
    assert law.quantile(0.05) == pytest.approx(-5e-3)
    assert law.quantile(0.1 - 1e-9) == pytest.approx(-5e-3)
    assert law.quantile(0.1 + 1e-9) == pytest.approx(-4e-3)
    assert law.magnitude_at(0.05) == pytest.approx(5e-3)
    assert law.quantile_reaching(0.1 - 1e-9) == pytest.approx(-5e-3)
    # between bins the sum is a straight line: 5 % lie below the middle of the first bin, 10 % below its end
    assert law.interpolated_magnitude_at(0.05) == pytest.approx(5e-3)
    assert law.interpolated_magnitude_at(0.1) == pytest.approx(4.5e-3)
    assert law.interpolated_magnitude_at(0.025) == pytest.approx(5.25e-3)


def test_below_counts_the_bin_itself() -> None:
    law = uniform(4, 0)
    assert law.below(0.0) == pytest.approx(0.25)
    assert law.below(1e-3 * (1 + 1e-12)) == pytest.approx(0.5)
    assert law.below(-1e-3) == 0.0
    assert law.below(1.0) == pytest.approx(1.0)


def test_a_cut_normal_law_has_its_sigma_and_its_reach() -> None:
    law = gaussian(20e-3, 6.0, BIN)
    assert law.sigma == pytest.approx(20e-3, rel=1e-6)
    assert law.x[-1] == pytest.approx(0.12)
    # 2.275 % lie below minus two sigma, to which only half of the bin there belongs
    assert law.below(-40e-3) - 0.5 * law.y[80] == pytest.approx(0.0227501, abs=3e-5)
    assert gaussian(0.0, 6.0, BIN).y.tolist() == [1.0]


def test_the_crest_is_the_normal_quantile() -> None:
    assert crest_factor(0.15865525393145707) == pytest.approx(1.0, rel=1e-9)
    assert crest_factor(1e-4) == pytest.approx(3.719016485455709, rel=1e-9)


def test_scaling_stretches_the_voltages() -> None:
    law = gaussian(20e-3, 6.0, BIN)
    assert law.scaled(0.5).sigma == pytest.approx(10e-3, rel=1e-3)
    assert law.scaled(0.0).y.tolist() == [1.0]
    assert law.shifted(3).x[0] == pytest.approx(law.x[0] + 3e-3)


@pytest.mark.parametrize("probability", [0.3, 2e-4, 1e-9])
def test_a_quantile_of_a_sum_is_that_of_the_convolution(probability: float) -> None:
    cursors = np.random.default_rng(5).normal(scale=1e-3, size=20)
    interference, noise = symbols(cursors, 4, 1e-5), gaussian(4e-4, 8.0, 1e-5)
    expected = (interference + noise).interpolated_magnitude_at(probability)
    assert interference.interpolated_magnitude_of_sum(noise, probability) == pytest.approx(expected, rel=1e-6)
    assert noise.interpolated_magnitude_of_sum(interference, probability) == pytest.approx(expected, rel=1e-6)
    # in whole bins: the very bin
    whole = (interference + noise).magnitude_at(probability)
    assert interference.magnitude_of_sum(noise, probability) == whole
    assert noise.magnitude_of_sum(interference, probability) == whole
