"""The search for the longest length that meets, on margins whose crossing is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.study.length_search import (
    MAX_LENGTH,
    MIN_LENGTH,
    STRIDE,
    TOLERANCE,
    _crossing,
    crossing_length,
    longest_length,
)


class Counted:
    """A margin by length that counts how often it is asked."""

    def __init__(self, crossing: float, bend: float = 0.0) -> None:
        self.crossing, self.bend, self.asked = crossing, bend, list[float]()

    def __call__(self, length: float) -> float:
        self.asked.append(length)
        off = self.crossing - length
        return off + self.bend * off * off


@settings(deadline=None)
@given(st.floats(0.003, 2.0), st.floats(0.003, 2.0))
def test_the_bracket_holds_the_crossing_within_the_tolerance(crossing: float, start: float) -> None:
    margin = Counted(crossing)
    low, high = longest_length(margin, start)
    assert low is not None
    assert low <= crossing
    if high is not None:
        assert crossing < high
        assert high / low - 1.0 <= TOLERANCE
    assert len(set(margin.asked)) == len(margin.asked)


def test_a_straight_margin_is_met_by_one_interpolation() -> None:
    """Strides to the first that misses, one step beside the crossing, one beside its other side."""
    margin = Counted(0.3)
    low, high = longest_length(margin, 0.1)
    strides = math.ceil(math.log(0.3 / 0.1) / math.log(STRIDE))
    assert low is not None
    assert high is not None
    assert len(margin.asked) <= 1 + strides + 3


def test_a_parabola_is_met_as_fast_as_a_line() -> None:
    bent, straight = Counted(0.3, bend=2.0), Counted(0.3)
    longest_length(bent, 0.1, tolerance=1e-4)
    longest_length(straight, 0.1, tolerance=1e-4)
    assert len(bent.asked) <= len(straight.asked) + 2


def test_what_is_known_is_not_asked_again() -> None:
    margin = Counted(0.3)
    known = {0.1: 0.2, 0.4: -0.1}
    assert longest_length(margin, 0.1, known=known)[0] is not None
    assert not set(margin.asked) & set(known)
    missing = Counted(0.3)
    # a start that misses, and a known length that meets: no walk down
    longest_length(missing, 0.4, known=known)
    assert min(missing.asked) > 0.1


def test_the_ends_of_the_range_are_answers() -> None:
    assert longest_length(lambda length: True, 0.1) == (MAX_LENGTH, None)
    low, high = longest_length(lambda length: False, 0.1)
    assert low is None
    assert high == pytest.approx(MIN_LENGTH)
    assert longest_length(lambda length: length < 0.05, 3.0, between=(0.01, 0.1), tolerance=0.5)[1] is not None


def test_a_verdict_without_a_margin_is_bisected() -> None:
    low, high = longest_length(lambda length: length < math.pi / 10.0, 0.1, tolerance=1e-3)
    assert low is not None
    assert high is not None
    assert low < math.pi / 10.0 <= high <= low * (1.0 + 1e-3)


def test_far_from_the_limit_every_second_stride_is_left_out() -> None:
    margin = Counted(0.3)
    low, high = longest_length(margin, 0.1, far=0.12, tolerance=1.0)
    # 0.2 and 0.1 of margin at the first two: one double stride, then a single one
    assert margin.asked == pytest.approx([0.1, 0.2, 0.2 * STRIDE, 0.4])
    assert (low, high) == pytest.approx((0.2 * STRIDE, 0.4))
    # the end of the range is asked for however the strides fall
    assert longest_length(Counted(9.0), 0.1, between=(0.01, 0.15), far=0.0) == (0.15, None)


def test_after_so_many_evaluations_the_bracket_stays() -> None:
    margin = Counted(0.3)
    low, high = longest_length(lambda length: margin(length) >= 0.0, 0.29, tolerance=1e-9, evaluations=4)
    assert low is not None
    assert high is not None
    # one stride, its bracket halved by what is left of four
    assert high / low - 1.0 > 0.01
    assert len(margin.asked) <= 4 + 1


@pytest.mark.parametrize("start", [0.1, 0.28, 0.33, 0.9])
def test_a_known_fall_leads_to_the_crossing_in_few_steps(start: float) -> None:
    """A curved margin, with its fall at the crossing twice what is known or half of it, and a range that ends before it."""
    asked: list[float] = []

    def margin(length: float) -> float:
        asked.append(length)
        return -30.0 * math.log(length / 0.3) - 12.0 * math.log(length / 0.3) * abs(math.log(length / 0.3))

    for fall in (15.0, 60.0):
        asked.clear()
        low, high = crossing_length(margin, start, stride=2.0**0.5, descent=2.0**0.5, fall=fall)
        assert low == high == pytest.approx(0.3, rel=2e-3)
        assert len(asked) == len(set(asked)) <= (7 if start > 0.5 or start < 0.2 else 4)
    assert longest_length(margin, 0.1, between=(0.01, 0.2), fall=30.0) == (0.2, None)
    assert longest_length(margin, 0.8, between=(0.4, 1.0), fall=30.0) == (None, 0.4)


def test_a_known_length_that_misses_ends_the_walk_up() -> None:
    asked: list[float] = []

    def margin(length: float) -> float:
        asked.append(length)
        return 0.3 - length

    low, high = longest_length(margin, 0.29, tolerance=0.06, known={0.29: 0.01, 0.302: -0.002})
    assert (low, high) == (0.29, 0.302)
    assert not asked


@pytest.mark.parametrize("near", [0.9, 2.6])
def test_a_crossing_goes_by_the_nearest_length_that_is_known(near: float) -> None:
    """Margins on a parabola, but for one far away on another law: it has no part in the crossing of 2 - 0.5 l²."""

    def margin(length: float) -> float:
        return 2.0 - 0.5 * length**2

    margins = {1.5: margin(1.5), 2.3: margin(2.3), near: margin(near), 0.05: 50.0, 40.0: -0.001}
    assert _crossing(margins, 1.5, 2.3) == pytest.approx(2.0, rel=1e-12)
    # of two margins alone it is the straight line between them
    two = {1.5: 0.3, 2.3: -0.1}
    assert _crossing(two, 1.5, 2.3) == pytest.approx(1.5 + 0.8 * 0.3 / 0.4, rel=1e-12)


def test_the_third_length_of_a_parabola_is_the_nearest_by_ratio() -> None:
    """Two neighbours of the bracket lie on one parabola with it; a length far away, where margins bend, must not take part."""

    def parabola(length: float) -> float:
        return 0.35 - length + 0.8 * (0.35 - length) ** 2

    margins = {one: parabola(one) for one in (0.3, 0.4, 0.45)} | {0.05: 20.0, 2.0: -0.1}
    assert _crossing(margins, 0.3, 0.4) == pytest.approx(0.35, abs=1e-12)
    # below the bracket too
    margins = {one: parabola(one) for one in (0.3, 0.4, 0.28)} | {0.05: 20.0, 0.9: -0.1}
    assert _crossing(margins, 0.3, 0.4) == pytest.approx(0.35, abs=1e-12)
