"""The converter: a real one on random symbols, closed forms, and the search's estimate against the distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from sirf._kernels.com_receiver import _cumulants, clipping_estimate
from sirf.com.config.settings import DetectorSettings
from sirf.com.distribution import VoltageDistribution, gaussian, symbols
from sirf.com.quantization import check_converter, clipping_level, converter_step, rounding_error, with_rounding_error
from sirf.errors import SirfError
from tests.com.small import small_settings

BIN = 1e-5
RESPONSE = np.array([0.01, -0.03, 0.1, 0.05, 0.02, 0.008, -0.004, 0.003])


def level(samples: np.ndarray[tuple[int], np.dtype[np.float64]], sigma: float, probability: float) -> float:
    return clipping_level((symbols(samples, 4, BIN), gaussian(sigma, 10.0, BIN)), probability)


def test_gaussian_input_clips_where_the_normal_law_says() -> None:
    assert level(np.zeros(3), 0.02, 1e-4) == pytest.approx(-0.02 * ndtri(1e-4), abs=1.5 * BIN)
    assert clipping_estimate(np.zeros(3), 4, 0.02**2, 1e-4) == pytest.approx(-0.02 * ndtri(1e-4), rel=1e-6)


def test_a_converter_on_random_symbols_clips_and_rounds_so() -> None:
    rng = np.random.default_rng(3)
    sigma, bits, clip = 0.004, 6, 1e-3
    limit = level(RESPONSE, sigma, clip)
    step = converter_step(limit, bits)
    sent = rng.choice(np.linspace(-1, 1, 4), size=1_000_000)
    received = np.convolve(sent, RESPONSE)[8:-8] + sigma * rng.standard_normal(sent.size - 9)
    assert np.mean(received < -limit) == pytest.approx(clip, rel=0.06)
    outputs = -limit + step * np.arange(2**bits)
    assert outputs[-1] == pytest.approx(limit)
    rounded = outputs[np.clip(np.round((received + limit) / step), 0, 2**bits - 1).astype(int)]
    inside = np.abs(received) < limit
    assert np.var((rounded - received)[inside]) == pytest.approx(step**2 / 12, rel=0.01)


@pytest.mark.parametrize("probability", [1e-4, 1e-7, 5e-8])
@pytest.mark.parametrize("sigma", [0.0005, 0.0015, 0.004])
@pytest.mark.parametrize("seed", range(3))
def test_the_estimate_is_within_a_thousandth_of_the_distribution(seed: int, sigma: float, probability: float) -> None:
    rng = np.random.default_rng(seed)
    samples = np.concatenate((RESPONSE, rng.normal(0, 0.001, 150)))
    exact = level(samples, sigma, probability)
    assert clipping_estimate(samples, 4, sigma**2, probability) == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize("tilt", [0.5, 20.0, 3000.0])
def test_cumulants_are_those_of_the_sum_over_symbols(levels: int, tilt: float) -> None:
    """Of equally likely symbols between -1 and 1, more of them than one logarithm takes; far tails do not overflow."""
    samples = np.random.default_rng(4).uniform(0.05, 1.0, 300)
    exponents = np.outer(samples * tilt, np.linspace(1.0, -1.0, levels))
    weights = np.exp(exponents - exponents[:, :1])
    weights /= np.sum(weights, axis=1, keepdims=True)
    symbol = np.linspace(1.0, -1.0, levels)
    mean, power = weights @ symbol, weights @ symbol**2
    value = np.sum(exponents[:, 0] + np.log(np.mean(np.exp(exponents - exponents[:, :1]), axis=1)))
    found = _cumulants(samples, levels, 0.01, tilt)
    expected = (value + 0.005 * tilt**2, samples @ mean + 0.01 * tilt, samples**2 @ (power - mean**2) + 0.01)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_rounding_error_is_uniform_over_one_step() -> None:
    step = 0.003
    error = rounding_error(step, 1.0, BIN)
    assert np.sum(error.y) == pytest.approx(1.0)
    assert error.sigma == pytest.approx(step / np.sqrt(12), rel=0.005)
    # straight lines between bins widen it by part of a bin
    assert rounding_error(step, -0.3, BIN).sigma == pytest.approx(0.3 * step / np.sqrt(12), rel=0.02)


def test_the_error_through_taps_adds_in_power() -> None:
    weights, step = np.array([0.2, 1.0, -0.5, 0.0]), 0.003
    total = with_rounding_error(VoltageDistribution(np.ones(1), 0, BIN), step, weights)
    assert total.sigma == pytest.approx(step / np.sqrt(12) * np.linalg.norm(weights), rel=0.01)
    rng = np.random.default_rng(1)
    drawn = (rng.uniform(-0.5, 0.5, (1_000_000, 4)) * step) @ weights
    assert total.magnitude_at(1e-3) == pytest.approx(-np.quantile(drawn, 1e-3), rel=0.01)


@pytest.mark.parametrize(("bits", "clip"), [(0.5, 1e-3), (6, 0.0), (6, 0.7)])
def test_bad_converters_are_refused(bits: float, clip: float) -> None:
    settings = small_settings()
    receiver = replace(settings.receiver, detector=DetectorSettings(adc_bits=bits, clip_probability=clip))
    with pytest.raises(SirfError, match="N_qb and P_qc"):
        check_converter(replace(settings, receiver=receiver))
