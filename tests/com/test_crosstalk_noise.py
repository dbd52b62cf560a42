"""Noise of the receiver and of aggressors, summed over frequency, against sums that can be done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.com.crosstalk_noise import (
    crosstalk_density,
    crosstalk_points,
    fext_variance,
    receiver_noise_rms,
    receiver_noise_terms,
)
from sirf.com.responses import PathResponse

RATE, STEP = 10e9, 10e6
FREQUENCY: Float = np.arange(1.0, 2001.0) * STEP


def flat(gain: float, amplitude: float) -> PathResponse:
    """A path that passes all frequencies alike."""
    transfer = np.full(FREQUENCY.size, gain, dtype=complex)
    return PathResponse(
        kind="fext",
        name="flat",
        amplitude=amplitude,
        frequency=FREQUENCY,
        s=np.zeros((FREQUENCY.size, 2, 2), dtype=complex),
        transfer=transfer,
        impulse=np.zeros(1),
        samples_per_ui=32,
    )


def test_white_noise_fills_the_band() -> None:
    """Density times squared gain times bandwidth; the point with no step before it counts nothing."""
    transfer = np.full(FREQUENCY.size, 0.5, dtype=complex)
    band = FREQUENCY[-1] - FREQUENCY[0]
    assert receiver_noise_rms(FREQUENCY, transfer, 1e-18) == pytest.approx(np.sqrt(1e-18 * 0.25 * band), rel=1e-12)


@pytest.mark.parametrize("coloured", [False, True])
def test_noise_in_terms_of_spectra_is_that_of_their_sum(coloured: bool) -> None:
    rng = np.random.default_rng(4)
    transfer = rng.normal(size=FREQUENCY.size) * np.exp(1j * rng.normal(size=FREQUENCY.size))
    spectra, weights = rng.uniform(0, 1, (4, FREQUENCY.size)), rng.uniform(0, 1, 4)
    density = 1e-18 * (1 + FREQUENCY / 1e10) if coloured else 1e-18
    whole = receiver_noise_rms(FREQUENCY, transfer * np.sqrt(weights @ spectra), density)
    assert weights @ receiver_noise_terms(FREQUENCY, transfer, spectra, density) == pytest.approx(whole**2, rel=1e-12)


def test_a_flat_aggressor_has_the_power_of_its_symbols() -> None:
    """Random symbols through a flat path: sinc² over both sides integrates to the symbol rate, 90.3 % of it to the first null."""
    density = crosstalk_density([flat(0.1, 0.6)], RATE, RATE)
    inside = 0.9028233  # 2 int_0^1 sinc² dx
    # the sum stands for an integral that begins half a step above DC, and holds two points about the null
    assert np.sum(density) == pytest.approx((0.6 * 0.1) ** 2 * inside, rel=1.1 * 2.0 * STEP / RATE)


def test_powers_of_aggressors_add_and_f_2_divides() -> None:
    one = crosstalk_density([flat(0.1, 0.6)], RATE, RATE)
    both = crosstalk_density([flat(0.1, 0.6), flat(0.2, 0.6)], RATE, 2.0 * RATE)
    np.testing.assert_allclose(both, 2.5 * one, rtol=1e-12)


def test_the_first_point_beyond_the_symbol_rate_counts() -> None:
    grid = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert [crosstalk_points(grid, rate) for rate in (2.5, 3.0, 5.0)] == [3, 4, 5]


def test_the_transmitter_weighs_the_density_by_its_magnitude() -> None:
    density = np.ones((crosstalk_points(FREQUENCY, RATE), 1))
    f = FREQUENCY[: density.shape[0]]
    lone = fext_variance(np.array([[0.0, 0.8]]), (-1, 0), FREQUENCY, RATE, density)
    assert lone[0, 0] == pytest.approx(0.8 * f.size, rel=1e-6)
    # 1 - a e^{j w}: |H| = sqrt(1 - 2 a cos w + a²)
    pre = fext_variance(np.array([[-0.2, 1.0]]), (-1, 0), FREQUENCY, RATE, density)
    wanted = np.sum(np.sqrt(1.0 - 0.4 * np.cos(2 * np.pi * f / RATE) + 0.04))
    assert pre[0, 0] == pytest.approx(wanted, rel=1e-6)


def test_the_amplitude_counts_squared() -> None:
    path = flat(0.1, 0.6)
    louder = crosstalk_density([replace(path, amplitude=1.2)], RATE, RATE)
    np.testing.assert_allclose(louder, 4.0 * crosstalk_density([path], RATE, RATE), rtol=1e-12)
