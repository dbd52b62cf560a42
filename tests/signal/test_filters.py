"""Filters that transmitter, receiver and test equipment share, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from sirf.signal.filters import BUTTERWORTH4_NOISE, butterworth4, gaussian_edge


def test_butterworth_has_the_flattest_magnitude_of_fourth_order() -> None:
    """|H|² = 1 / (1 + x⁸); the standard's coefficients have seven digits."""
    x = np.linspace(0.0, 4.0, 101)
    np.testing.assert_allclose(np.abs(butterworth4(x, 1.0)) ** 2, 1.0 / (1.0 + x**8), rtol=3e-6)


def test_its_noise_bandwidth() -> None:
    """pi/8 over sin(pi/8), the integral of 1 / (1 + x⁸)."""
    assert pytest.approx((np.pi / 8.0) / np.sin(np.pi / 8.0), rel=1e-5) == BUTTERWORTH4_NOISE


def test_it_turns_by_half_a_turn_at_the_corner_and_delays_from_dc_on() -> None:
    assert butterworth4(np.array([1.0]), 1.0)[0] == pytest.approx(-np.sqrt(0.5), rel=1e-6)
    low = np.angle(butterworth4(np.array([1e-3]), 1.0))[0]
    # the odd coefficient of the denominator: phase -2.613126 x for small x, so a low-pass delays
    assert low == pytest.approx(-2.613126e-3, rel=1e-5)


def test_a_gaussian_edge_takes_its_rise_time_from_20_to_80_percent() -> None:
    """The step response is an error function of the deviation that the spectrum has."""
    rise = 10e-12
    f = np.array([20e9])
    deviation = np.sqrt(-np.log(gaussian_edge(f, rise)[0]) / 2.0) / (np.pi * f[0])
    t = 0.5 * rise
    assert 0.5 * (1.0 + erf(t / (np.sqrt(2.0) * deviation))) == pytest.approx(0.8, abs=2e-5)
    assert gaussian_edge(np.zeros(1), rise)[0] == 1.0
