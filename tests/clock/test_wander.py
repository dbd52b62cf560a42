"""How far a clock runs ahead, against the integrals of its frequency."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.clock.wander import Wander

RATE = 10e9
TICKS = np.arange(0, 2_000_000, 1000)


def test_a_sine_starts_at_rest_at_its_lowest_point() -> None:
    found = Wander(sinusoidal_ui=0.3, sinusoidal_frequency=10e3).at(TICKS, RATE)
    assert found[0] == 0.0
    assert found.min() >= 0.0
    turn = 2.0 * np.pi * 10e3 * TICKS / RATE
    np.testing.assert_allclose(found, 0.3 - 0.3 * np.cos(turn), atol=1e-12)
    # at rest: the first step is of second order, half way up it is the slope that is stated
    assert found[1] == pytest.approx(0.5 * 0.3 * turn[1] ** 2, rel=1e-5)
    steepest = np.abs(np.diff(found)).max() / 1000
    assert steepest == pytest.approx(Wander(sinusoidal_ui=0.3, sinusoidal_frequency=10e3).slope(RATE), rel=1e-4)


def test_an_offset_is_a_straight_line() -> None:
    made = Wander(frequency_offset_ppm=-100.0)
    np.testing.assert_allclose(made.at(TICKS, RATE), -1e-4 * TICKS, rtol=1e-14)
    assert made.slope(RATE) == pytest.approx(1e-4)


def test_spread_spectrum_is_the_integral_of_a_triangle_below_the_frequency() -> None:
    made = Wander(spread_ppm=5000.0, spread_frequency=20e3)
    fine = np.arange(0, 1_200_000, 100)
    turns = (fine * 20e3 / RATE) % 1.0
    triangle = np.where(turns < 0.5, 2.0 * turns, 2.0 - 2.0 * turns)
    summed = -5e-3 * np.concatenate([[0.0], np.cumsum(0.5 * (triangle[1:] + triangle[:-1]) * 100)])
    np.testing.assert_allclose(made.at(fine, RATE), summed, atol=1e-5 * abs(summed).max())
    # a whole period takes half of the spread off, on average
    assert made.at(np.array([500_000]), RATE)[0] == pytest.approx(-0.5 * 5e-3 * 500_000)


def test_all_of_them_add_up() -> None:
    parts = {"frequency_offset_ppm": 50.0, "spread_ppm": 300.0, "sinusoidal_ui": 0.2}
    whole = Wander(**parts)
    alone = [Wander(**{name: value}) for name, value in parts.items()]
    np.testing.assert_allclose(whole.at(TICKS, RATE), sum(one.at(TICKS, RATE) for one in alone), atol=1e-9)
    assert whole.slope(RATE) == pytest.approx(sum(one.slope(RATE) for one in alone))
    assert all(alone)
    assert not Wander()
    assert (Wander().at(TICKS, RATE) == 0.0).all()
