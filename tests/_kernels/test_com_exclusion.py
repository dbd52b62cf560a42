"""Blocks of transmitter settings that a bound excludes, against the ratio of every setting written out in NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf._kernels.com_exclusion import (
    box_of,
    norm_tangent,
    possible_cursors,
    split_at,
    tap_signs,
    winning_rows,
)
from sirf._kernels.com_search import peak_window, sampling_point

Float = NDArray[np.float64]
PER_UI, REACH, MAIN = 8, 6, 1
B_MAX, B_MIN, FLOATING = np.array([0.5, 0.1]), np.array([0.05, -0.1]), 0.03
RANGES = ((-0.3, 0.0, 7), (-0.2, 0.0, 9), (0.0, 0.15, 6))


def pulse_rows(seed: int) -> Float:
    """A pulse of random samples that die away behind a main cursor, moved by a UI for each tap."""
    rng = np.random.default_rng(seed)
    tail = rng.normal(0, 0.03, 400) * np.exp(-np.arange(400) / 50)
    rise = 1.2 * np.exp(-(((np.arange(400) - 60.0) / rng.uniform(4, 9)) ** 2))
    pulse = np.convolve(tail, np.ones(8))[:400] * (np.arange(400) > 56) + rise
    return np.stack([np.roll(pulse, offset * PER_UI) for offset in (-1, 0, 1, 2)])


def grid() -> Float:
    values = [np.linspace(*of_tap) for of_tap in RANGES]
    rows = [[first, 1 - abs(first) - abs(second) - abs(third), second, third]
            for first, second, third in itertools.product(*values)]  # fmt: skip
    return np.array([row for row in rows if row[MAIN] > 0.55])


def constants(*, with_c0: bool) -> Float:
    return np.array([2e-4, 5 / 9, 0.02, 10**-3.25, float(with_c0), 1 / 9])


def norm(rows: Float, tap: Float, at: int, noise: Float, floor: float, *, reference: float) -> float:
    """Root of noise, jitter and interference with a DFE tap for each post-cursor, summed sample by sample."""
    pulse = tap @ rows
    slopes = np.zeros_like(pulse)
    slopes[1:-1] = pulse[2:] - pulse[:-2]
    cursor = pulse[at]
    left = pulse.copy()
    left[at] = 0.0
    for j in range(REACH):
        place = at + (j + 1) * PER_UI
        low, high = (B_MIN[j], B_MAX[j]) if j < B_MAX.size else (-FLOATING, FLOATING)
        if place < pulse.size:
            left[place] -= min(max(pulse[place], low * cursor), high * cursor)
    phase = at % PER_UI
    total = floor**2 + noise[3] * (cursor / reference) ** 2
    total += noise[2] * np.sum(slopes[phase::PER_UI] ** 2) + noise[1] * np.sum(left[phase::PER_UI] ** 2)
    return float(np.sqrt(total))


def products(rows: Float) -> tuple[Float, Float]:
    """Products over all UI of each sampling phase, of values and of slopes over two samples."""
    slopes = np.zeros_like(rows)
    slopes[:, 1:-1] = rows[:, 2:] - rows[:, :-2]
    of_phases = [(rows[:, phase::PER_UI], slopes[:, phase::PER_UI]) for phase in range(PER_UI)]
    gram, slope = (np.stack([part[kind] @ part[kind].T for part in of_phases]) for kind in range(2))
    return gram, slope


@given(st.integers(0, 2**32 - 1), st.booleans())
@rules(max_examples=30, deadline=None)
def test_the_tangent_touches_the_norm_and_lies_below_it(seed: int, with_c0: bool) -> None:
    rng = np.random.default_rng(seed)
    rows, taps, noise = pulse_rows(seed), grid(), constants(with_c0=with_c0)
    at, floor = int(rng.integers(52, 70)), float(rng.uniform(0.005, 0.05))
    # limits of a negative cursor change their places: no setting that counts has one
    taps = taps[taps @ rows[:, at] > 0.0]
    assume(len(taps) > 0)
    center = taps[rng.integers(len(taps))]
    gram, slope = (of_phase[at % PER_UI] for of_phase in products(rows))
    gradient = np.empty(len(center) + 1)
    reference = 0.9 if with_c0 else 1.0
    length = norm_tangent(
        rows, at, center, PER_UI, REACH, B_MAX, B_MIN, FLOATING, noise, floor, 0.9, gram, slope, gradient
    )
    assert length == pytest.approx(norm(rows, center, at, noise, floor, reference=reference), rel=1e-11)
    assert gradient[:-1] @ center + gradient[-1] * floor == pytest.approx(length, rel=1e-11)
    for tap in taps[rng.integers(len(taps), size=20)]:
        other = floor * float(rng.uniform(0.5, 2.0))
        exact = norm(rows, tap, at, noise, other, reference=reference)
        assert gradient[:-1] @ tap + gradient[-1] * other <= exact * (1 + 1e-11)


def test_the_tangent_stays_below_where_cursors_are_negative() -> None:
    """The part of a post-cursor beyond the limits is convex in the taps for cursors of either sign."""
    rows, noise, at = pulse_rows(5), constants(with_c0=False), 60
    gram, slope = (of_phase[at % PER_UI] for of_phase in products(rows))
    gradient = np.empty(5)
    for center in (np.array([0.0, 1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.1, 0.0])):
        norm_tangent(rows, at, center, PER_UI, REACH, B_MAX, -B_MAX, FLOATING, noise, 0.01, 1.0, gram, slope, gradient)
        # symmetric limits: the norm of the negated pulse is the same
        for tap in grid()[::40]:
            with_b = norm_tangent(
                rows, at, tap, PER_UI, REACH, B_MAX, -B_MAX, FLOATING, noise, 0.01, 1.0, gram, slope, np.empty(5)
            )
            assert gradient[:-1] @ tap + gradient[-1] * 0.01 <= with_b * (1 + 1e-11)


@pytest.mark.parametrize("anchor", [0, 1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_settings_sample_where_they_possibly_can(anchor: int, seed: int) -> None:
    rows, taps = pulse_rows(seed), grid()
    low, high = peak_window(rows, taps, MAIN, 20, 140)
    signs = tap_signs(taps, MAIN)
    assert signs.tolist() == [-1.0, 1.0, -1.0, 1.0]
    np.testing.assert_allclose(taps[:, MAIN], 1 - taps[:, [0, 2, 3]] @ signs[[0, 2, 3]], atol=1e-15)
    box, center = np.empty((2, 4)), np.empty(4)
    for first, last in ((0, len(taps)), (0, 30), (100, 160)):
        box_of(taps, first, last, signs, MAIN, box, center)
        np.testing.assert_array_equal(box, [taps[first:last].min(axis=0), taps[first:last].max(axis=0)])
        begin, end = possible_cursors(rows, signs, MAIN, box, low, high, PER_UI, anchor)
        for tap in taps[first:last]:
            at = sampling_point(rows, tap, low, high, PER_UI, B_MAX[0], anchor, np.empty(200))
            assert at == -1 or begin <= at < end


def test_a_tap_of_both_signs_leaves_the_main_tap_free() -> None:
    taps = np.array([[-0.1, 0.8, 0.1], [0.1, 0.7, 0.2]])
    signs = tap_signs(taps, 1)
    assert signs.tolist() == [0.0, 0.0, 0.0]
    box, center = np.empty((2, 3)), np.empty(3)
    box_of(taps, 0, 2, signs, 1, box, center)
    assert center == pytest.approx([0.0, 0.75, 0.15])


def test_blocks_are_split_where_the_slowest_tap_changes() -> None:
    taps = np.array([[a, 1 - abs(a) - abs(b), b] for a in (-0.2, -0.1, 0.0) for b in (-0.1, -0.05, 0.0, 0.05)])
    assert split_at(taps, 1, 0, 12) in (4, 8)
    assert split_at(taps, 1, 4, 12) == 8
    assert split_at(taps, 1, 4, 8) == 6


def winning(
    seed: int, anchor: int, *, with_c0: bool, mixed: bool, part: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Settings that a random case keeps, and those that reach the ratio to beat: that of so much of all settings."""
    rng = np.random.default_rng(seed)
    rows, taps, noise = pulse_rows(seed), grid(), constants(with_c0=with_c0)
    if mixed:
        # a tap of both signs, and settings that are no grid
        taps = taps[rng.permutation(len(taps))[:150]]
        taps[::3, 3] *= -1
    fext = rng.uniform(0, 1e-4, len(taps))
    low, high = peak_window(rows, taps, MAIN, 20, 140)
    ratios = np.zeros(len(taps))
    for t, tap in enumerate(taps):
        at = sampling_point(rows, tap, low, high, PER_UI, B_MAX[0], anchor, np.empty(200))
        cursor = tap @ rows[:, at]
        if at >= 0 and cursor > 0:
            floor, reference = np.sqrt(noise[0] + fext[t]), tap[MAIN] if with_c0 else 1.0
            ratios[t] = cursor**2 * noise[5] / norm(rows, tap, at, noise, floor, reference=reference) ** 2
    best = float(np.quantile(ratios, part)) or 1e-3
    window = np.array([low, high, PER_UI, REACH, MAIN, anchor])
    given_case = (rows, taps, window, B_MAX, B_MIN, np.array([FLOATING, 0.0, 0.0]), noise, fext)
    matrices = (*products(rows), tap_signs(taps, MAIN))
    assert not np.any(winning_rows(*given_case, 1e9, *matrices))
    return winning_rows(*given_case, best, *matrices), ratios >= best


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2]), st.booleans(), st.booleans(), st.floats(0.0, 0.999))
@rules(max_examples=40, deadline=None)
def test_no_excluded_setting_reaches_the_ratio_to_beat(
    seed: int, anchor: int, with_c0: bool, mixed: bool, part: float
) -> None:
    kept, reached = winning(seed, anchor, with_c0=with_c0, mixed=mixed, part=part)
    assert np.all(kept[reached])


@pytest.mark.parametrize("anchor", [0, 1, 2])
def test_most_settings_below_the_ratio_to_beat_are_excluded(anchor: int) -> None:
    """How many a bound excludes hangs on the pulse, so that only many pulses together say whether it is any good."""
    shares = [
        float(np.mean(winning(seed, anchor, with_c0=with_c0, mixed=False, part=0.95)[0]))
        for seed in range(20)
        for with_c0 in (False, True)
    ]
    assert np.median(shares) < 1 / 3, shares
    assert max(shares) < 0.8, shares


def test_limits_that_exclude_each_other_exclude_no_setting() -> None:
    rows, taps = pulse_rows(2), grid()
    window = np.array([20, 140, PER_UI, REACH, MAIN, 0])
    matrices = (*products(rows), tap_signs(taps, MAIN))
    for low, floating in ((B_MAX + 0.1, FLOATING), (B_MIN, -FLOATING)):
        limits = np.array([floating, 0.0, 0.0])
        fext = np.zeros(len(taps))
        assert np.all(
            winning_rows(rows, taps, window, B_MAX, low, limits, constants(with_c0=False), fext, 1e9, *matrices)
        )
