"""A filter by its samples: the fast transform and the plain sum give one transfer function, wherever the grid ends."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.signal.sampled_filter import SampledFilter

INTERVAL = 2e-12
RNG = np.random.default_rng(6)


def summed(taps: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-2j * np.pi * np.outer(frequency, np.arange(len(taps)) * INTERVAL)) @ taps)


@pytest.mark.parametrize("size", [8, 9, 15, 64])
@pytest.mark.parametrize("count", [3, 8, 9, 40])
def test_a_grid_that_divides_the_sample_rate_gives_the_sum(size: int, count: int) -> None:
    """Even and odd numbers of points, taps longer than the grid's period, frequencies to one and a half times the sample rate."""
    made = SampledFilter(RNG.normal(size=count), INTERVAL)
    frequency = np.arange(3 * size // 2) / (size * INTERVAL)
    np.testing.assert_allclose(made.transfer(frequency), summed(made.taps, frequency), atol=1e-11)


def test_any_other_frequencies_give_the_sum() -> None:
    made = SampledFilter(RNG.normal(size=20), INTERVAL)
    frequency = np.array([0.0, 1.1e9, 3.7e9, 250e9, 400e9])
    np.testing.assert_allclose(made.transfer(frequency), summed(made.taps, frequency), atol=1e-12)


def test_a_symbol_is_answered_by_taps_over_a_ui_going_round() -> None:
    made = SampledFilter(np.array([1.0, 0.5, 0.25]), INTERVAL)
    found = made.symbol_response(12, 4)
    meant = np.zeros(12)
    for late in range(4):
        meant += np.roll(np.concatenate([made.taps, np.zeros(9)]), late)
    np.testing.assert_allclose(found, meant, atol=1e-15)
    assert found.sum() == pytest.approx(4 * 1.75)


def test_taps_are_copied_and_cannot_be_written() -> None:
    given = np.array([1.0, 2.0])
    made = SampledFilter(given, INTERVAL)
    given[0] = 9.0
    assert made.taps.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        made.taps[0] = 3.0


@pytest.mark.parametrize(
    ("taps", "interval", "words"),
    [
        ([], 1e-12, "taps must be finite numbers"),
        ([np.nan], 1e-12, "taps must be finite numbers"),
        ([[1.0]], 1e-12, "taps must be finite numbers"),
        ([1.0], 0.0, "interval must be positive seconds, got 0.0"),
        ([1.0], np.inf, "interval must be positive seconds, got inf"),
    ],
)
def test_what_is_no_filter_is_refused(taps: list[float], interval: float, words: str) -> None:
    with pytest.raises(SirfError, match=words):
        SampledFilter(np.array(taps), interval)
