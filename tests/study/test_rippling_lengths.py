"""Lengths of margins that ripple: the parabola's two crossings in closed form, and the lengths asked for where none is found."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sirf.study.length_search import (
    ALLOWED,
    WINDOW,
    _downward,
    _sampled,
    _settled,
    _steps,
    _window,
    fitted_length,
    longest_length,
    steady_length,
)


def test_lengths_by_sample_are_those_beside_the_first_miss_and_the_last_that_meets() -> None:
    places = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    # meets, meets, misses, meets, misses, misses
    assert _sampled(dict(zip(places, [2.0, 1.0, -0.1, 0.2, -1.0, -2.0], strict=True))) == (0.2, 0.5)
    # a margin of exactly zero meets
    assert _sampled(dict(zip(places, [2.0, 1.0, 0.0, -0.2, -1.0, -2.0], strict=True))) == (0.3, 0.4)


def test_lengths_by_sample_stay_among_those_asked_for() -> None:
    places = [0.1, 0.2, 0.3]
    assert _sampled(dict(zip(places, [1.0, 1.0, 1.0], strict=True))) == (0.3, 0.3)
    assert _sampled(dict(zip(places, [-1.0, -1.0, -1.0], strict=True))) == (0.1, 0.1)
    # the first length misses, the last one meets: nothing is known beyond either
    assert _sampled(dict(zip(places, [-1.0, 1.0, 1.0], strict=True))) == (0.1, 0.3)


def test_a_parabola_counts_where_it_falls_through_zero_once() -> None:
    fit = np.polynomial.Polynomial([3.0, -4.0, 1.0])  # (x - 1)(x - 3): falls at 1, rises at 3
    assert _downward(fit, 0.0, 2.0) == pytest.approx(1.0)
    assert _downward(fit, 2.0, 4.0) is None
    assert _downward(fit, 0.0, 4.0) is None
    assert _downward(fit + 2.0, 0.0, 4.0) is None


@pytest.mark.parametrize("ripple", [0.05, 0.2])
def test_lengths_lie_where_the_parabola_less_and_with_the_ripple_is_zero(ripple: float) -> None:
    """Margins on a parabola over the logarithm of length, with a wave on top that no parabola takes any of."""
    fall, bend, crossing = 40.0, 30.0, 0.3
    u = 0.02 * (np.arange(7) - 3.0)
    # the orthogonal polynomial of third order on seven even places
    wave = np.array([-1.0, 1.0, 1.0, 0.0, -1.0, -1.0, 1.0])
    values = -fall * u + bend * u**2 + ripple * wave
    # six units of squares, less three freedoms of seven
    level = ALLOWED * ripple * math.sqrt(6.0 / (7 - 3))
    inner, outer = (
        (fall - math.sqrt(fall**2 + 4.0 * bend * one)) / (2.0 * bend) + side * 0.25 * 0.02
        for one, side in ((level, -1.0), (-level, 1.0))
    )
    margins = dict(zip((crossing * np.exp(u)).tolist(), values.tolist(), strict=True))
    found = _settled(margins, tolerance=0.02)
    assert found is not None
    assert found == pytest.approx((crossing * math.exp(inner), crossing * math.exp(outer)), rel=1e-9)


def test_the_window_is_walked_until_its_ends_lie_on_both_sides() -> None:
    asked: list[float] = []

    def margin(length: float) -> float:
        asked.append(length)
        return 0.3 - length

    first, last = _window(margin, 0.3, 6, (0.01, 1.0))
    # six lengths in even ratios across the window, and no more
    assert (first, last) == pytest.approx((0.3 / (1.0 + WINDOW), 0.3 * (1.0 + WINDOW)))
    assert np.diff(np.log(sorted(set(asked)))) == pytest.approx(np.full(5, 2.0 * math.log(1.0 + WINDOW) / 5.0))
    # a centre that is a tenth too short: the far end moves by whole steps until it misses
    first, last = _window(margin, 0.27, 6, (0.01, 1.0))
    pitch = (1.0 + WINDOW) ** 0.4
    assert first == pytest.approx(0.27 / (1.0 + WINDOW))
    assert last / pitch <= 0.3 < last
    # where the range ends first, so does the window
    assert _window(margin, 0.27, 6, (0.01, 0.29))[1] <= 0.29


def test_a_finer_window_asks_for_no_length_twice() -> None:
    """Two windows about one centre, the second of twice the lengths less one, both walked outward at the far end."""
    asked: list[float] = []

    def margin(length: float) -> float:
        asked.append(length)
        return 0.3 - length

    for count in (6, 11):
        first, last = _window(margin, 0.2713, count, (0.01, 1.0))
    different = sorted(set(asked))
    # one length in two of the finer window is one of the coarser, to the last digit
    assert np.diff(np.log(different)) == pytest.approx(np.full(len(different) - 1, 0.2 * math.log(1.0 + WINDOW)))
    assert (different[0], different[-1]) == (first, max(last, different[-1]))


def test_a_ripple_past_the_first_length_shortens_the_reach() -> None:
    """Margins about a straight line whose ripple leaves no length of the window that surely meets."""
    fall, ripple, crossing = 3.0, 0.1, 0.3
    u = 0.02 * (np.arange(7) - 3.0)
    wave = np.array([-1.0, 1.0, 1.0, 0.0, -1.0, -1.0, 1.0])
    margins = dict(zip((crossing * np.exp(u)).tolist(), (ripple * wave - fall * u).tolist(), strict=True))
    # the line less twice the rms ripple is zero by so much ahead of the line's own crossing
    ahead = ALLOWED * ripple * math.sqrt(6.0 / (7 - 3)) / fall
    assert u[-1] < ahead < u[-1] + 0.5 * math.log1p(WINDOW)
    found = _settled(margins, tolerance=0.02)
    assert found is not None
    low, high = found
    assert low == pytest.approx(crossing * math.exp(-ahead - 0.25 * 0.02), rel=1e-9)
    assert high == pytest.approx(crossing * math.exp(ahead + 0.25 * 0.02), rel=1e-9)


def test_few_lengths_that_no_parabola_fits_are_asked_finer() -> None:
    """Margins that ripple by as much as they fall across the window: six lengths would say 0.297 to 0.304 by luck."""
    asked: dict[float, float] = {}

    def margin(length: float) -> float:
        if length not in asked:
            asked[length] = -math.log(length / 0.3) + 0.05 * math.sin(2450.0 * length + 9.0)
        return asked[length]

    low, high = fitted_length(margin, 0.3, asked)
    assert len(asked) == 11
    few = {0.3 * (1.0 + WINDOW) ** (0.4 * n - 1.0): 0.0 for n in range(6)}
    assert _settled({length: margin(length) for length in few}, tolerance=0.02) is None
    # as the eleven say: up to the one before the first that misses, from the one after the last that meets
    places = sorted(asked)
    assert low == places[next(n for n, place in enumerate(places) if asked[place] < 0.0) - 1]
    assert high == places[11 - next(n for n, place in enumerate(reversed(places)) if asked[place] >= 0.0)]
    assert low < 0.2965
    assert high > 0.3036


def test_one_dip_does_not_end_a_reach() -> None:
    """The third stride of the walk falls into a dip just below zero, a twentieth ahead of the crossing."""
    dip = 0.1 * 2.0**1.5

    def margin(length: float) -> float:
        return 40.0 * math.log(0.3 / length) - (2.5 if abs(length / dip - 1.0) < 0.002 else 0.0)

    bracket = longest_length(margin, 0.1, tolerance=WINDOW)
    assert bracket[1] == pytest.approx(dip)
    low, high = steady_length(margin, 0.1)
    assert low is not None
    assert high is not None
    assert 0.27 < low < 0.3 < high < 0.33


def test_steps_end_at_the_end_of_the_range() -> None:
    assert _steps(1.0, 10.0, 2.0) == pytest.approx([2.0, 4.0, 8.0, 10.0])
    assert _steps(8.0, 1.0, 2.0) == pytest.approx([4.0, 2.0, 1.0])
    # a last step of less than a hundredth is not taken by itself
    assert _steps(1.0, 4.01, 2.0) == pytest.approx([2.0, 4.01])
    assert _steps(1.0, 1.0, 2.0) == []
