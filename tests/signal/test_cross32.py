"""PAM6 by pairs: the 32-point cross, counted against brute force and against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from sirf.errors import SirfError
from sirf.signal import cross32
from sirf.signal.decisions import pair_error_ratios, transitions
from sirf.signal.pam import bits_per_symbol, level_shares, levels

POINTS = levels(6)[cross32.PAIR_LEVELS]
"""Voltages (32, 2), outer levels at ±1, neighbours 0.4 apart."""


def neighbours() -> list[tuple[int, int]]:
    distance = np.abs(POINTS[:, None, :] - POINTS[None, :, :]).sum(axis=2)
    return [(int(a), int(b)) for a, b in zip(*np.nonzero(np.isclose(distance, 0.4)), strict=True)]


def test_thirty_two_points_without_corners_and_the_power_of_a_cross() -> None:
    assert len({tuple(point) for point in cross32.PAIR_LEVELS}) == 32
    assert not any(set(point) <= {0, 5} for point in cross32.PAIR_LEVELS.tolist())
    # mean square of 32-cross QAM a dimension is 10 where levels are ±1, ±3, ±5; of six equally likely levels 35 / 3
    assert 25.0 * np.mean(POINTS**2) == pytest.approx(10.0)
    assert float(level_shares(6) @ (5.0 * levels(6)) ** 2) == pytest.approx(10.0)


def test_neighbours_differ_in_little_more_than_one_bit() -> None:
    bits = np.zeros(32)
    count = np.zeros(32)
    for a, b in neighbours():
        bits[a] += cross32.PAIR_BIT_ERRORS[a, b]
        count[a] += 1
    assert count.mean() == pytest.approx(3.25)
    # both ways over 52 edges; no labelling of 32 points is a Gray code of the cross, so that each edge cannot have one bit alone
    assert int(bits.sum()) == 2 * 60
    assert cross32.PAIR_BIT_ERRORS[tuple(np.array(neighbours()).T)].max() <= 3


def test_words_survive_the_way_to_levels_and_back() -> None:
    words = np.arange(32)
    assert np.array_equal(cross32.unmap_levels(cross32.map_words(words)), words)
    assert bits_per_symbol(6) == 2.5


@pytest.mark.parametrize("sigma", [0.11, 0.08])
def test_errors_of_pairs_agree_with_counting_the_nearest_point_in_white_noise(sigma: float) -> None:
    rng, number = np.random.default_rng(5), 400_000
    words = rng.integers(0, 32, number)
    wrong = bits = 0
    for part in np.array_split(words, 20):
        seen = POINTS[part] + sigma * rng.standard_normal((len(part), 2))
        nearest = np.argmin(((seen[:, None, :] - POINTS[None, :, :]) ** 2).sum(axis=2), axis=1)
        wrong += int(np.count_nonzero(nearest != part))
        bits += int(cross32.PAIR_BIT_ERRORS[part, nearest].sum())
    pairs, bit_ratio = pair_error_ratios(transitions(6, 0.2, lambda volts: float(norm.sf(volts / sigma))))
    # decisions by the nearest point know a little more than two slicers with a rule for corners
    assert wrong / number == pytest.approx(pairs, rel=4.0 / np.sqrt(wrong) + 0.01)
    assert bits / (5 * number) == pytest.approx(bit_ratio, rel=5.0 / np.sqrt(bits) + 0.01)


def test_mean_bit_errors_are_those_of_all_points_with_one_symbol_wrong() -> None:
    found = cross32.mean_bit_errors()
    share = level_shares(6)
    up = [found[k, k + 1] for k in range(5)]
    down = [found[k + 1, k] for k in range(5)]
    # all 104 neighbours in both dimensions: the corner's eight places count none
    total = 32.0 * (np.dot(share[:5], up) + np.dot(share[1:], down)) * 2.0
    assert total == pytest.approx(sum(cross32.PAIR_BIT_ERRORS[a, b] for a, b in neighbours()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cross32.map_words([32]), "words must be"),
        (lambda: cross32.unmap_levels([1, 2, 3]), "levels must be"),
        (lambda: cross32.unmap_levels([1, 6]), "levels must be"),
        (lambda: pair_error_ratios(np.eye(4)), "table must be"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SirfError, match=message):
        call()
