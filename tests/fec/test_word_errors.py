"""Wrong symbols of code words: known tails, sections in series against one binomial, bursts of a link's own feedback."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from sirf import fec
from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.fec.word_errors import _SymbolSteps, word_errors, word_errors_in_series
from sirf.results.chain_count import composed_error_ratio

KP4, KR4 = fec.load("kp4"), fec.load("kr4")


def test_classes_are_the_binomial_distribution() -> None:
    found = word_errors(KP4, 1e-3)
    symbol = -np.expm1(10 * np.log1p(-1e-3))
    assert found.share[:-1] == pytest.approx(binom.pmf(np.arange(16), 544, symbol), rel=1e-9)
    assert found.share[-1] == pytest.approx(binom.sf(15, 544, symbol), rel=1e-9)
    assert found.bit_error_ratio == pytest.approx(1e-3, rel=1e-9)


def test_bursts_cost_what_they_are_known_to_cost() -> None:
    """At a bit error ratio of 5e-5: 2.7e-23 with independent errors, 3.7e-10 where three of four errors go on."""
    assert word_errors(KP4, 5e-5).codeword_error_ratio == pytest.approx(2.7e-23, rel=0.02)
    chain = fec.ErrorChain.bursts(5e-5, 0.75)
    assert word_errors(KP4, chain).codeword_error_ratio == pytest.approx(3.7e-10, rel=0.02)


@pytest.mark.parametrize("ratios", [(2e-4, 1e-4), (1e-4, 1e-4, 3e-5), (1e-3, 2e-3)])
def test_sections_in_series_are_one_line_with_their_errors_together(ratios: tuple[float, ...]) -> None:
    """The binomial of the joint symbol error ratio; symbols that two sections get wrong count once."""
    together = word_errors_in_series([word_errors(KP4, ratio) for ratio in ratios])
    symbol = -np.expm1(10 * sum(np.log1p(-ratio) for ratio in ratios))
    exact = binom.sf(15, 544, symbol)
    assert together.codeword_error_ratio == pytest.approx(exact, rel=1e-9)
    # two errors on one bit cancel
    assert together.bit_error_ratio == pytest.approx(composed_error_ratio(ratios), rel=1e-9)
    assert together.symbol_error_ratio == pytest.approx(symbol, rel=1e-9)


def test_bits_that_two_sections_get_wrong_are_right_again() -> None:
    """Drawn words of 10 symbols of which 2 can be corrected, at ratios where 3 % of the wrong bits cancel."""
    code = fec.ReedSolomon("short", symbols=10, message_symbols=6)
    first, second = 0.02, 0.05
    whole = word_errors(code, first).then(word_errors(code, second))
    assert whole.bit_error_ratio == pytest.approx(first + second - 2.0 * first * second, rel=1e-9)
    words, rng = 200_000, np.random.default_rng(3)
    a, b = (rng.random((words, 10, 10)) < ratio for ratio in (first, second))
    spoilt = (a.any(axis=2) | b.any(axis=2)).sum(axis=1) > code.correctable
    counted = float((a ^ b)[spoilt].sum()) / (words * 100)
    assert whole.bit_error_ratio_after == pytest.approx(counted, rel=4e-3)


def test_a_clean_section_changes_nothing() -> None:
    noisy, clean = word_errors(KP4, fec.ErrorChain.bursts(1e-4, 0.5), interleave=2), word_errors(KP4, 0.0)
    both = word_errors_in_series([clean, noisy, clean])
    assert both.share == pytest.approx(noisy.share, rel=1e-12)
    assert both.load == pytest.approx(noisy.load, rel=1e-12)


def test_burst_sections_in_series_against_drawn_errors() -> None:
    """Two chains with KR4 at ratios where words fail often: the counted share of failed words lies in its interval."""
    chains = [fec.ErrorChain.bursts(8e-4, 0.6), fec.ErrorChain.bursts(5e-4, 0.3)]
    whole = word_errors_in_series([word_errors(KR4, chain) for chain in chains])
    words, rng = 4000, np.random.default_rng(7)
    wrong = np.zeros((words, 528), dtype=bool)
    for chain in chains:
        errors = chain.draw(words * 528 * 5, rng=rng)
        wrong |= (errors.reshape(words, 528, 5) != 0).any(axis=2)
    lost = int((wrong.sum(axis=1) > 7).sum())
    expected = whole.codeword_error_ratio * words
    assert expected > 50
    assert abs(lost - expected) < 4 * np.sqrt(expected)


def test_a_chain_of_shorter_memory_keeps_its_error_ratio_and_nearly_its_tail() -> None:
    """One-tap feedback: an error is followed by one of the other sign with a probability that older errors change a little."""
    states = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    start, on = 1e-4, 0.5
    down = np.array([on - 0.05 * (b == -a) if a == 1 else start if a == 0 else 1e-6 for a, b, _ in states])
    up = np.array([on - 0.05 * (b == -a) if a == -1 else start if a == 0 else 1e-6 for a, b, _ in states])
    whole = fec.ErrorChain.from_feedback(down, up)
    short = fec.ErrorChain.from_feedback(down, up, memory=2)
    assert len(short.transitions[0]) == 9
    assert short.ser == pytest.approx(whole.ser, rel=1e-9)
    tails = [word_errors(KP4, chain).codeword_error_ratio for chain in (whole, short)]
    assert tails[1] == pytest.approx(tails[0], rel=0.02)


def test_words_of_two_codes_do_not_add() -> None:
    with pytest.raises(SirfError, match="same code"):
        word_errors(KP4, 1e-4).then(word_errors(KR4, 1e-4))
    with pytest.raises(SirfError, match="one at least"):
        word_errors_in_series([])


def test_a_burst_that_goes_on_loses_the_next_word_of_its_turn() -> None:
    """Two short words that take turns, drawn symbol by symbol from a chain with long bursts."""
    code = fec.ReedSolomon("short", symbols=15, message_symbols=13, bits_per_symbol=4, field_polynomial=0x13)
    chain = fec.ErrorChain.bursts(5e-3, 0.95)
    found = word_errors(code, chain, interleave=2, successive=True)
    sent = chain.draw(12_000_000, rng=np.random.default_rng(5)) != 0
    # two PAM4 symbols a FEC symbol, two words in turn, fifteen symbols a word
    words = sent.reshape(-1, 15, 2, 2).any(axis=3).sum(axis=1) > 1
    lost, after = words[:-1].ravel(), words[1:].ravel()
    assert np.mean(words) == pytest.approx(found.codeword_error_ratio, rel=0.06)
    assert found.repeated_loss > 2.0 * found.codeword_error_ratio
    assert after[lost].mean() == pytest.approx(found.repeated_loss, rel=0.06)


def test_losses_in_series_repeat_on_the_line_that_had_them() -> None:
    bursty = word_errors(KP4, fec.ErrorChain.bursts(5e-5, 0.75), successive=True)
    quiet = word_errors(KP4, 2e-4)
    assert quiet.loss_after_loss is None
    both = bursty.then(quiet)
    # a loss of the quiet line is one in 1e4 of all, and what follows it is chance
    assert both.repeated_loss == pytest.approx(bursty.repeated_loss, rel=1e-3)
    assert quiet.then(quiet).repeated_loss == pytest.approx(quiet.then(quiet).codeword_error_ratio)


def _symbol_by_symbol(steps: _SymbolSteps, symbols: int, classes: int, start: Float) -> tuple[Float, Float]:
    """Probability and probability times wrong bits (classes, S), every symbol of the word put behind the last."""
    share, load = np.zeros((2, classes, len(start)))
    share[0] = start
    right = steps.clean @ steps.onward
    for _ in range(symbols):
        wrong, weighted = share @ steps.dirty, load @ steps.dirty + share @ steps.bits
        share, load = share @ right, load @ right
        for part, more in ((share, wrong), (load, weighted)):
            part[1:] += more[:-1]
            part[-1] += more[-1]
    return share, load


@pytest.mark.parametrize("states", [1, 3, 7])
@pytest.mark.parametrize("left", [1, 3])
def test_runs_of_wrong_symbols_add_up_to_words_symbol_by_symbol(states: int, left: int) -> None:
    """Random chains, few of whose states follow a right symbol; shares down to 1e-12 keep twelve digits."""
    rng = np.random.default_rng(states)
    # every row is shared among right and wrong symbols
    clean = rng.random((states, min(left, states)))
    onward = rng.dirichlet(np.ones(states), min(left, states))
    wrong = rng.random((states, 1)) * 0.02
    clean *= (1.0 - wrong) / clean.sum(axis=1, keepdims=True)
    dirty = wrong * rng.dirichlet(np.ones(states), states)
    steps = _SymbolSteps(clean=clean, onward=onward, dirty=dirty, bits=dirty * rng.uniform(1.0, 3.0, dirty.shape))
    start = rng.dirichlet(np.ones(states))
    share, load, lost = steps.over_a_word(544, 17, start)
    expected_share, expected_load = _symbol_by_symbol(steps, 544, 17, start)
    assert share == pytest.approx(expected_share.sum(axis=1), rel=1e-12, abs=0.0)
    assert load == pytest.approx(expected_load.sum(axis=1), rel=1e-12, abs=0.0)
    assert lost == pytest.approx(expected_share[-1], rel=1e-12, abs=0.0)
