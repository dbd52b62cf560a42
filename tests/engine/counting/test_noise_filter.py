"""Filters that colour white noise: their autocorrelation is the one asked for, and trimming takes off what it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.engine.counting.noise_filter import added_covariances, even, noise_taps, trimmed


@dataclass(frozen=True)
class Ends:
    """The three fields of a front end that a noise filter reads: a correlation by samples, samples a UI, SNR_TX noise."""

    noise_correlation: Float
    samples_per_ui: int
    transmitter_noise: float


def correlation(taps: Float, lags: int) -> Float:
    return np.array([float(taps[: len(taps) - k] @ taps[k:]) if k < len(taps) else 0.0 for k in range(lags)])


SHAPE = np.array([1.0, 0.6, 0.25, -0.1])
"""A minimum-phase filter: roots of its polynomial lie inside the unit circle."""


def taps_of(lags: Float, *, transmitter: float = 0.0, **options: Any) -> Float:
    spread = np.zeros(4 * len(lags))
    spread[::4] = lags
    # between the UI stands anything: only every fourth sample counts
    spread[1::4] = 9.0
    return noise_taps(cast(Any, Ends(spread, 4, transmitter)), **options)


def test_the_filter_of_a_minimum_phase_correlation_is_that_filter() -> None:
    assert np.abs(np.roots(SHAPE)).max() < 1.0
    found = taps_of(correlation(SHAPE, 6))
    np.testing.assert_allclose(found[:4], SHAPE, atol=1e-4)
    assert np.sum(found**2) == pytest.approx(np.sum(SHAPE**2), rel=1e-12)
    assert correlation(found, 4) == pytest.approx(correlation(SHAPE, 4), abs=1e-3)


def test_noise_of_the_transmitter_and_further_noise_add_in_power() -> None:
    more = np.array([0.5, 0.2])
    found = taps_of(correlation(SHAPE, 6), transmitter=0.7, more=more)
    meant = correlation(SHAPE, 5)
    meant[0] += 0.7**2
    meant[:2] += more
    np.testing.assert_allclose(correlation(found, 5), meant, atol=2e-3)


def test_longer_further_noise_is_taken_whole() -> None:
    long = correlation(np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]), 7)
    found = taps_of(np.array([2.0]), more=long)
    np.testing.assert_allclose(correlation(found, 7), long + np.array([2.0, 0, 0, 0, 0, 0, 0]), atol=5e-3)


def test_no_noise_needs_no_filter() -> None:
    assert taps_of(np.zeros(3)).tolist() == [0.0]


def test_what_is_cut_off_carries_less_than_the_part_allowed() -> None:
    whole = taps_of(correlation(SHAPE, 6), lost=0.0)
    short = taps_of(correlation(SHAPE, 6), lost=1e-3)
    assert len(short) < len(whole)
    assert np.sum(short**2) == pytest.approx(np.sum(whole**2), rel=1e-9)
    assert np.sum(whole[len(short) :] ** 2) <= 0.5e-3 * np.sum(whole**2)


def test_covariances_add_with_zeros_behind_the_shorter() -> None:
    one, two = np.array([1.0, 2.0, 3.0]), np.array([10.0])
    assert added_covariances(one, two).tolist() == [11.0, 2.0, 3.0]
    assert added_covariances(two, one).tolist() == [11.0, 2.0, 3.0]


def test_ends_are_trimmed_by_half_the_floor_each() -> None:
    cursors = np.array([0.1, 0.2, 1.0, 0.3, 0.1, 0.05])
    kept, main = trimmed(cursors, 2, 0.021)
    # in front 0.01 is below 0.0105, with 0.04 more it is not; behind 0.0025 is, and 0.0125 is not
    assert kept.tolist() == [0.2, 1.0, 0.3, 0.1]
    assert main == 1
    assert trimmed(cursors, 2, 0.0)[0].tolist() == cursors.tolist()
    assert trimmed(np.array([0.1, 0.1]), 1, 5.0)[0].tolist() == [0.0]
    assert trimmed(cursors, 2, 0.021)[0].flags.c_contiguous


@pytest.mark.parametrize(("count", "next_even"), [(0, 0), (1, 2), (2, 2), (7, 8)])
def test_the_next_even_number(count: int, next_even: int) -> None:
    assert even(count) == next_even
