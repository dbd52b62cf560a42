"""The inner code: weights, hard decisions exactly, soft decisions against maximum likelihood on the trellis of the code."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf import fec
from sirf.errors import SirfError
from sirf.fec.hamming import _columns, _weights

CODE = fec.Hamming128()


def maximum_likelihood(soft: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Viterbi over the 256 syndromes of the code: the best of all 2^120 words, for each row of `soft` (C, 128)."""
    columns = _columns()
    count = len(soft)
    cost = np.full((count, 256), np.inf)
    cost[:, 0] = 0.0
    states = np.arange(256)
    history = []
    for p in range(128):
        zero, one = np.maximum(-soft[:, p], 0.0), np.maximum(soft[:, p], 0.0)
        flipped = cost[:, states ^ columns[p]] + one[:, None]
        kept = cost + zero[:, None]
        history.append(flipped < kept)
        cost = np.minimum(kept, flipped)
    words = np.zeros((count, 128), dtype=np.uint8)
    state = np.zeros(count, dtype=np.int64)
    for p in range(127, -1, -1):
        words[:, p] = history[p][np.arange(count), state]
        state = np.where(words[:, p] == 1, state ^ columns[p], state)
    return words


def noisy(words: NDArray[np.uint8], ratio_db: float, seed: int) -> NDArray[np.float64]:
    sigma = float(10 ** (-ratio_db / 20) / np.sqrt(2))
    return np.asarray(1.0 - 2.0 * words + sigma * np.random.default_rng(seed).standard_normal(words.shape))


def random_words(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return CODE.encode(np.random.default_rng(seed).integers(0, 2, (count, 120)))


def test_code_is_linear_of_distance_four() -> None:
    units = CODE.encode(np.eye(120, dtype=int))
    assert units.sum(axis=1).min() >= 4
    pairs = (units[:, None] ^ units[None]).sum(axis=2)
    assert pairs[~np.eye(120, dtype=bool)].min() >= 4
    assert (units.sum(axis=1) % 2 == 0).all()
    weights = _weights()
    assert weights[4] == 128 * 127 * 126 / 24
    assert weights.sum() == 2.0**120


def test_single_errors_are_corrected_and_clean_words_kept() -> None:
    words = np.repeat(random_words(1), 128, axis=0)
    assert (CODE.decode_words(1.0 - 2.0 * words) == words).all()
    assert (CODE.decode_words(1.0 - 2.0 * (words ^ np.eye(128, dtype=np.uint8))) == words).all()


def test_hard_decisions_have_the_exact_error_ratio() -> None:
    words = random_words(60_000)
    for ber in (0.003, 0.02):
        wrong = np.random.default_rng(1).random(words.shape) < ber
        decided = fec.Hamming128(weak=0).decode_words(1.0 - 2.0 * (words ^ wrong))
        errors = (decided != words).sum(axis=1)
        spread = errors.std() / np.sqrt(len(words)) / 128
        assert errors.mean() / 128 == pytest.approx(CODE.hard_ber(ber), abs=3 * spread)


def test_soft_decisions_are_nearly_maximum_likelihood() -> None:
    words = random_words(3000)
    soft = noisy(words, 4.5, 2)
    best, ours = maximum_likelihood(soft), fec.Hamming128(weak=8).decode_words(soft)

    def cost(decided: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.asarray(np.where((soft < 0) != (decided == 1), np.abs(soft), 0.0).sum(axis=1))

    assert (cost(ours) >= cost(best) - 1e-9).all()
    lost_best, lost_ours = (best != words).any(axis=1).sum(), (ours != words).any(axis=1).sum()
    assert lost_best > 150
    assert lost_ours <= 1.02 * lost_best
    default = (CODE.decode_words(soft) != words).any(axis=1).sum()
    assert lost_ours <= default <= 1.15 * lost_best


def test_soft_word_errors_stay_below_the_union_bound_and_reach_it() -> None:
    words = random_words(100_000)
    lost = (CODE.decode_words(noisy(words, 5.8, 3)) != words).any(axis=1).sum()
    bound = CODE.soft_word_error_bound(5.8) * len(words)
    assert 0.6 * bound < lost < bound + 3 * np.sqrt(bound)


def test_bad_input_is_named() -> None:
    with pytest.raises(SirfError, match="120 in the last axis"):
        CODE.encode(np.zeros(128, dtype=int))
    with pytest.raises(SirfError, match="zeros and ones"):
        CODE.encode(np.full(120, 2))
    with pytest.raises(SirfError, match="finite"):
        CODE.decode(np.full(128, np.nan))
    with pytest.raises(SirfError, match="weak must be"):
        fec.Hamming128(weak=9)
    with pytest.raises(SirfError, match="ber must be"):
        CODE.hard_ber(0.7)
