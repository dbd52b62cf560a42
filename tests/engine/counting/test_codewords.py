"""Code words counted in the bit-by-bit engine against the burst model fed with the statistical engine's mean burst."""

from __future__ import annotations

import pytest

import sirf
from sirf import fec


@pytest.mark.parametrize("interleave", [1, 2])
def test_a_real_link_loses_as_many_code_words_as_its_bursts_say(interleave: int) -> None:
    """A long board with a four-tap DFE: counted bit error ratio and mean burst are given, how errors gather is what is tested."""
    board = sirf.paths.pluggable(length="32 in", rate_class="100g").to_channel()
    link = sirf.Link(board, standard="802.3ck-c2m").optimized()
    eye = sirf.statistical_eye(link, phases=1)
    code = fec.load("kp4")
    words = fec.CodewordCounter(code, interleave=interleave)
    count = sirf.count_errors(link, max_errors=10**9, max_symbols=8_000_000, rng=1, codewords=words)
    # near 4e-3, with a first tap at its limit: the statistics' bursts are 2 to 3 % long
    assert eye.ber == pytest.approx(count.ber, rel=0.02)
    assert eye.rates.mean_burst == pytest.approx(count.mean_burst, rel=0.04)
    chain = fec.ErrorChain.bursts(count.ber, 1.0 - 1.0 / count.mean_burst)
    low, high = words.count.interval()
    assert words.count.codeword_errors > 100
    assert low <= code.post_fec(chain, interleave=interleave).codeword_error_ratio <= high
    # independent errors at the same ratio lose far more words: the model is needed
    assert code.post_fec(count.ber).codeword_error_ratio > 1.2 * high
