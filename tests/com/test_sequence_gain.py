"""Gain of sequence detection: closed forms, and a Viterbi detector run on random symbols."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from sirf.com.sequence_gain import event_margins, sequence_error_ratio, sequence_gain
from sirf.errors import SirfError

WHITE = np.array([1.0])


def viterbi_errors(alpha: float, sigma: float, levels: int, *, runs: int, length: int, seed: int) -> tuple[int, int]:
    """Symbol errors and symbols of a Viterbi detector on 1 + alpha D, many short runs side by side; levels are 2 apart."""
    rng = np.random.default_rng(seed)
    values = np.arange(levels) * 2.0 - (levels - 1)
    sent = rng.integers(levels, size=(length, runs))
    clean = values[sent].copy()
    clean[1:] += alpha * values[sent[:-1]]
    received = clean + sigma * rng.standard_normal(clean.shape)
    # runs last, the survivors of a state found by comparison: whole rows at once
    metric = (received[0] - values[:, None]) ** 2
    back = np.empty((length, levels, runs), dtype=np.int8)
    expected = values[None, :] + alpha * values[:, None]  # from, to
    for n in range(1, length):
        total = metric[:, None] + (received[n] - expected[:, :, None]) ** 2
        metric, back[n] = total[0], 0
        for before in range(1, levels):
            back[n][total[before] < metric] = before
            metric = np.minimum(metric, total[before])
    state = np.argmin(metric, axis=0)
    decided = np.empty_like(sent)
    for n in range(length - 1, -1, -1):
        decided[n] = state
        if n:
            state = back[n, state, np.arange(runs)]
    inner = slice(20, length - 20)
    return int(np.sum(decided[inner] != sent[inner])), (length - 40) * runs


def test_alpha_zero_gains_nothing() -> None:
    """Without memory the events of two and more symbols are still counted, so the bound may only lose a little."""
    assert sequence_gain(0.0, WHITE, levels=4, error_ratio=1e-5).gain_db == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("error_ratio", [1e-4, 1e-8, 1e-16])
def test_a_full_tap_gains_three_decibels_less_the_number_of_events(error_ratio: float) -> None:
    """On 1 + D every event has distance sqrt(2), and their errors add up to sum of 2 j (3/4)^j = 24 a symbol."""
    assert event_margins(1.0, WHITE, 4) == pytest.approx(np.sqrt(2.0) * np.ones(4))
    needed = [-ndtri(error_ratio / 24.0) / np.sqrt(2.0), -ndtri(error_ratio / 1.5)]
    expected = 20.0 * np.log10(needed[1] / needed[0])
    gain = sequence_gain(1.0, WHITE, levels=4, error_ratio=error_ratio).gain_db
    assert gain == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 0.8, 1.0])
def test_the_bound_holds_and_is_tight_against_a_viterbi_detector(alpha: float) -> None:
    margins = event_margins(alpha, WHITE, 128)
    half = next(a for a in np.arange(1.0, 6.0, 0.02) if sequence_error_ratio(a, 4, margins) < np.log(1e-3))
    bound = float(np.exp(sequence_error_ratio(half, 4, margins)))
    errors, symbols = viterbi_errors(alpha, 1.0 / half, 4, runs=3000, length=840, seed=7)
    assert errors > 1000
    assert errors / symbols < 1.06 * bound  # the count's own spread, bursts included, is below 6 %
    assert errors / symbols > 0.8 * bound


def test_noise_that_looks_like_the_target_costs_the_gain() -> None:
    """Noise coloured by the target itself points along its events: no better than one decision."""
    alpha = 0.5
    coloured = np.array([1.0, alpha / (1 + alpha**2)])
    white = sequence_gain(alpha, WHITE, levels=4, error_ratio=1e-5).gain_db
    assert sequence_gain(alpha, coloured, levels=4, error_ratio=1e-5).gain_db != pytest.approx(white, abs=0.1)
    event = np.array([1.0, alpha])
    expected = event @ event / np.sqrt(event @ np.array([[1.0, coloured[1]], [coloured[1], 1.0]]) @ event)
    assert event_margins(alpha, coloured, 1)[0] == pytest.approx(expected)


def test_the_first_term_alone_is_one_error() -> None:
    margins = event_margins(0.3, WHITE, 1)
    expected = 2.0 * 0.75 * ndtr(-3.0 * np.sqrt(1.09))
    assert np.exp(sequence_error_ratio(3.0, 4, margins)) == pytest.approx(expected)


def test_an_error_ratio_that_is_none_is_refused() -> None:
    with pytest.raises(SirfError, match=r"between 0 and 0\.1, got 0\.5"):
        sequence_gain(0.5, WHITE, levels=4, error_ratio=0.5)
