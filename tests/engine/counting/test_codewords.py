"""Code words counted in the bit-by-bit engine against the chain of errors that the statistical engine gives."""

from __future__ import annotations

import dataclasses

import pytest

import sirf
from sirf import fec


@pytest.mark.parametrize(
    ("length", "noise_density", "interleave"), [("16 in", 1.41046e-15, 1), ("24 in", 3.06771e-16, 2)]
)
def test_a_real_link_loses_as_many_code_words_as_its_statistics_say(
    length: str, noise_density: float, interleave: int
) -> None:
    """A board with a four-tap DFE near an error ratio of 4e-3: nothing of the count enters the prediction."""
    board = sirf.paths.pluggable(length=length, rate_class="100g").to_channel()
    link = sirf.Link(board, standard="802.3ck-c2m").optimized()
    link = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=noise_density))
    eye = sirf.statistical_eye(link, phases=1)
    assert eye.rates.error_probabilities is not None
    code = fec.load("kp4")
    words = fec.CodewordCounter(code, interleave=interleave)
    count = sirf.count_errors(link, max_errors=10**9, max_symbols=8_000_000, rng=1, codewords=words)
    assert eye.ber == pytest.approx(4e-3, rel=0.01)
    assert eye.ber == pytest.approx(count.ber, rel=0.02)
    assert eye.rates.mean_burst == pytest.approx(count.mean_burst, rel=0.02)
    chain = fec.ErrorChain.from_feedback(*eye.rates.error_probabilities, order=4, memory=4)
    low, high = words.count.interval()
    assert words.count.codeword_errors > 100
    assert low <= code.post_fec(chain, interleave=interleave).codeword_error_ratio <= high
    # independent errors at the same ratio lose far more words: the chain is needed
    assert code.post_fec(count.ber).codeword_error_ratio > 1.2 * high
