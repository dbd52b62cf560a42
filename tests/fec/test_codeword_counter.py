"""The code word counter against the real decoder and plain Python, in blocks of any length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from sirf import fec
from sirf.errors import SirfError
from sirf.signal.cross32 import map_words, unmap_levels

RS15 = fec.ReedSolomon("rs15", symbols=15, message_symbols=9, bits_per_symbol=4, field_polynomial=0x13)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    order=st.sampled_from([2, 4]),
    interleave=st.sampled_from([1, 2, 4]),
    precoding=st.booleans(),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
)
def test_any_blocks_count_the_words_that_differ_in_the_received_stream(
    seed: int, order: int, interleave: int, precoding: bool, cuts: list[int]
) -> None:
    generator = np.random.default_rng(seed)
    words = 4 * interleave
    line = generator.integers(0, order, words * 15 * 4 // (order.bit_length() - 1)).astype(np.uint8)
    wrong = generator.random(line.size) < generator.uniform(0, 0.2)
    decided = np.where(wrong, generator.integers(0, order, line.size), line).astype(np.uint8)
    counter = fec.CodewordCounter(RS15, order=order, interleave=interleave, precoding=precoding)
    for one, two in zip(np.split(line, sorted(cuts)), np.split(decided, sorted(cuts)), strict=True):
        counter.add(one, two)

    def received(levels: np.ndarray) -> np.ndarray:
        plain = fec.remove_precoding(levels, order=order) if precoding else levels
        return fec.deinterleave(fec.from_levels(plain, order=order, bits_per_symbol=4), interleave, 15)

    errors = (received(line) != received(decided)).sum(axis=1)
    histogram = np.bincount(np.minimum(errors, 7), minlength=8)
    assert counter.count.words == tuple(histogram)
    assert counter.count.codeword_errors == (errors > 3).sum()


def test_counts_agree_with_the_decoder_and_add_up() -> None:
    code = fec.load("kp4")
    errors = fec.ErrorChain.bursts(4e-3, 0.5).draw(2720 * 400, rng=3).astype(np.int64)
    whole = fec.CodewordCounter(code, interleave=2)
    where = np.flatnonzero(errors)
    whole.add_errors(where, errors[where], errors.size)
    rng = np.random.default_rng(1)
    words = code.encode(rng.integers(0, 1024, (400, 514)))
    sent = fec.to_levels(fec.interleave(words, 2)).astype(np.int64)
    decided = (sent + errors) % 4
    failed = code.decode(fec.deinterleave(fec.from_levels(decided), 2, 544)).failed
    assert whole.count.codewords == 400
    assert 20 < whole.count.codeword_errors == failed.sum()
    half = fec.CodewordCounter(code, interleave=2)
    half.add(sent[:100_001], decided[:100_001])
    resumed = fec.CodewordCounter(code, interleave=2)
    resumed.restore(half.to_dict())
    resumed.add(sent[100_001:], decided[100_001:])
    assert resumed.count == whole.count
    assert (whole.count + whole.count).codewords == 800
    assert whole.count.to_dict()["codeword_errors"] == failed.sum()
    with pytest.raises(SirfError, match="one code and line"):
        _ = whole.count + fec.CodewordCounter(code).count
    with pytest.raises(SirfError, match="record must be of"):
        fec.CodewordCounter(code).restore(half.to_dict())


def test_without_a_loss_there_is_an_upper_bound() -> None:
    counter = fec.CodewordCounter(fec.load("kp4"))
    assert counter.count.interval() == (0.0, 1.0)
    counter.add_errors([], [], 2720 * 1000)
    assert counter.count.interval() == pytest.approx((0.0, 1 - 0.01**0.001))


def test_pairs_of_pam6_fill_fec_symbols_of_ten_bits() -> None:
    code, rng = fec.load("kp4"), np.random.default_rng(3)
    words = rng.integers(0, 32, 2 * code.symbols * 50)
    sent = map_words(words)
    wrong = np.flatnonzero(rng.random(sent.size) < 0.008)
    decided = sent.astype(np.int64)
    decided[wrong] += np.where(decided[wrong] < 3, 1, -1)
    counter = fec.CodewordCounter(code, order=6)
    for start in range(0, sent.size, 1001):
        counter.add(sent[start : start + 1001], decided[start : start + 1001])
    # the other way: five-bit words to ten-bit symbols, compared word by word
    kept = (unmap_levels(sent) != unmap_levels(decided)).reshape(50, code.symbols, 2).any(axis=2).sum(axis=1)
    counts = np.bincount(kept, minlength=2 * code.correctable + 2)
    assert counter.count.codewords == 50
    assert counter.count.codeword_errors == int(np.count_nonzero(kept > code.correctable)) > 3
    assert list(counter.count.words[: code.correctable + 1]) == counts[: code.correctable + 1].tolist()


def test_a_drawn_chain_has_its_ratios() -> None:
    chain = fec.ErrorChain.bursts(5e-3, 0.6)
    errors = chain.draw(400_000, rng=2)
    assert (errors != 0).mean() == pytest.approx(chain.ser, rel=0.05)
    after = errors[1:][errors[:-1] != 0]
    assert (after != 0).mean() == pytest.approx(0.6, abs=0.03)
    assert (errors[1:][errors[:-1] == 1] <= 0).all()


def test_bad_input_is_named() -> None:
    code = fec.load("kp4")
    with pytest.raises(SirfError, match="order must be 2, 4 or 6"):
        fec.CodewordCounter(code, order=8)
    with pytest.raises(SirfError, match="alike"):
        fec.CodewordCounter(code).add([0, 1], [0])
    with pytest.raises(SirfError, match="positions must ascend"):
        fec.CodewordCounter(code).add_errors([3, 3], [1, 1], 10)


@pytest.mark.parametrize(("lost", "words"), [(1, 50), (7, 200), (200, 200)])
def test_the_interval_is_that_of_clopper_and_pearson(lost: int, words: int) -> None:
    count = fec.CodewordCount(words=(words - lost, lost), correctable=0)
    exact = binomtest(lost, words).proportion_ci(0.99, method="exact")
    assert count.interval() == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_without_a_loss_all_doubt_is_on_one_side() -> None:
    found = fec.CodewordCount(words=(1000, 0), correctable=0).interval(0.95)
    assert found == pytest.approx((0.0, 1.0 - 0.05**1e-3), rel=1e-9)
    assert fec.CodewordCount(words=(0, 0), correctable=0).interval() == (0.0, 1.0)
