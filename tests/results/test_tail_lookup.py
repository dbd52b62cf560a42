"""Tails read between their samples: a cubic exactly, straight at the floor, and each tail where it keeps its digits."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.results.tail_lookup import logarithm_at, logarithms_at, probabilities_beyond

FLOOR = -90.0


def test_a_cubic_is_met_at_every_place() -> None:
    def cubic(x: np.ndarray | float) -> np.ndarray | float:
        return -0.7 - 0.5 * x - 0.03 * x**2 + 0.001 * x**3

    tail = np.asarray(cubic(np.arange(12.0)))
    for place in (0.0, 0.3, 1.0, 5.75, 9.9, 10.6, 11.0):
        assert logarithm_at(tail.tolist(), place, FLOOR) == pytest.approx(cubic(place), abs=1e-13)


def test_lines_are_straight_near_the_floor_and_nothing_lies_beyond_the_grid() -> None:
    tail = [-1.0, -10.0, -40.0, -80.0, FLOOR, FLOOR]
    assert logarithm_at(tail, 2.25, FLOOR) == pytest.approx(-50.0)
    assert logarithm_at(tail, 5.001, FLOOR) == FLOOR
    assert logarithm_at(tail, np.nan, FLOOR) == FLOOR
    tails = np.stack([tail, np.array(tail) - 1.0])
    found = logarithms_at(tails, np.array([[0], [1]]), np.array([1.0, 2.25]), FLOOR)
    assert found == pytest.approx(np.array([[-10.0, -50.0], [-11.0, -51.0]]))


def test_many_places_are_read_as_one_after_another() -> None:
    rng = np.random.default_rng(7)
    tails = np.maximum(-np.cumsum(rng.uniform(0.0, 4.0, (3, 60)), axis=1), FLOOR)
    place = np.concatenate([rng.uniform(0.0, 62.0, 200), np.arange(60.0), [0.0, 59.0, 59.5, np.inf, np.nan]])
    found = logarithms_at(tails, np.arange(3)[:, None], place, FLOOR)
    for row, tail in zip(found, tails.tolist(), strict=True):
        assert row.tolist() == [logarithm_at(tail, where, FLOOR) for where in place.tolist()]


def test_what_never_happens_has_a_probability_of_zero() -> None:
    tails = np.full((1, 8), -np.inf)
    value, level = np.array([0.0, 0.3, 2.0]), np.zeros(3, dtype=np.int64)
    assert not probabilities_beyond(tails, tails, 10.0, np.ones(3, dtype=bool), level, value, FLOOR).any()


def test_either_side_is_read_from_the_tail_of_its_side() -> None:
    """Exponential tails with other weights above and below the middle: P(x > v) = 0.7 exp(-v), P(x < -v) = 0.3 exp(-2 v)."""
    volts = np.linspace(0.0, 10.0, 101)
    upper, lower = (np.log(weight) - rate * volts for weight, rate in ((0.7, 1.0), (0.3, 2.0)))
    value = np.array([1.23, -1.23, 1.23, -1.23])
    upward = np.array([True, True, False, False])
    level = np.ones(4, dtype=np.int64)
    # level 0 has other tails: it must not be read
    tails = [np.stack([np.full_like(volts, FLOOR), tail]) for tail in (upper, lower)]
    found = probabilities_beyond(tails[0], tails[1], 10.0, upward, level, value, FLOOR)
    above, below = 0.7 * np.exp(-1.23), 0.3 * np.exp(-2.46)
    assert found == pytest.approx(np.array([above, 1.0 - below, below, 1.0 - above]), rel=1e-12)
