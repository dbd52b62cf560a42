"""Bursts: errors as far apart as feedback reaches are one, and both ways of counting draw the line at the same symbol."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._kernels.error_comparison import compare, number_bursts, starts_burst
from sirf.engine.counting.symbol_comparison import LineDecoder, SymbolComparison
from sirf.engine.counting.tally import Errors, tally
from sirf.signal.patterns import precode, remove_precoding


@pytest.mark.parametrize("gap", [0, 1, 4])
def test_feedback_of_n_taps_reaches_the_nth_symbol_and_no_further(gap: int) -> None:
    """An error spoils the feedback of the next `gap` symbols: one that far behind may follow from it, the next cannot."""
    for distance, bursts in ((gap, 1), (gap + 1, 2)):
        if distance == 0:
            continue
        sent = np.zeros(40, dtype=np.uint8)
        got = sent.copy()
        got[[10, 10 + distance]] = 1
        numbers = np.zeros(2, dtype=np.int64)
        number_bursts(np.array([10, 10 + distance]), gap, numbers)
        assert numbers.tolist() == [1, bursts]
        counted = SymbolComparison(4, gap=gap, identity="")
        counted.add(sent, got, (sent != got).astype(np.uint8))
        assert counted.count().bursts == bursts
        assert tally(Errors.between(sent, got, gap=gap), sent, order=4, identity="").bursts == bursts


@pytest.mark.parametrize("gap", [0, 2, 5])
def test_both_counts_of_random_errors_are_one(gap: int) -> None:
    rng = np.random.default_rng(gap)
    sent = rng.integers(0, 4, 5000).astype(np.uint8)
    got = np.where(rng.random(5000) < 0.15, rng.integers(0, 4, 5000), sent).astype(np.uint8)
    dense = SymbolComparison(4, gap=gap, identity="")
    for part in np.array_split(np.arange(5000), 7):
        dense.add(sent[part], got[part], (sent != got)[part].astype(np.uint8))
    sparse = tally(Errors.between(sent, got, gap=gap), sent, order=4, identity="")
    assert dense.count() == sparse


def test_the_compiled_count_is_its_plain_python() -> None:
    rng = np.random.default_rng(9)
    sent, got = (rng.integers(0, 2, 300).astype(np.uint8) for _ in range(2))
    wrong = (sent != got).astype(np.uint8)

    def counted(function) -> tuple[np.ndarray, ...]:  # type: ignore[no-untyped-def]
        tables = [np.zeros(size, dtype=np.int64) for size in (7, 6, 2)]
        confusion, lengths = np.zeros((2, 2), dtype=np.int64), np.zeros(16, dtype=np.int64)
        batches = np.zeros((2, 7), dtype=np.int64)
        batches[:, 0] = 8, 32
        function(sent, got, wrong, 2, 1 - np.eye(2, dtype=np.int64), *tables, confusion, lengths, batches)
        return (*tables, confusion, lengths, batches)

    for one, two in zip(counted(compare), counted(compare.py_func), strict=True):  # type: ignore[attr-defined]
        np.testing.assert_array_equal(one, two)
    assert not starts_burst(2, 2)


def test_a_line_is_decoded_alike_in_pieces() -> None:
    rng = np.random.default_rng(4)
    sent = rng.integers(0, 4, 200).astype(np.uint8)
    line = precode(sent, 4)
    decoder = LineDecoder(4)
    pieces = [decoder.decode(line[part], line[part])[0] for part in np.array_split(np.arange(200), 5)]
    np.testing.assert_array_equal(np.concatenate(pieces), sent)
    np.testing.assert_array_equal(np.concatenate(pieces), remove_precoding(line, 4))
