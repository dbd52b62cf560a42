"""Test patterns against those that another tool ships, and mapping and precoding against their definitions."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.signal.pam import gray_code
from sirf.signal.patterns import Pattern, gray_bits, gray_symbols, precode, remove_precoding, ssprq

# SHA-256 of the level indices as bytes; the patterns are those in the sources of SignalIntegrity 1.5.2
# (SSPRQWaveform.py, PRBS13QWaveform.py), two bits a symbol
SSPRQ = "71c2f3e3904b10f330ff1f78d8b1be826eb42f13126de3c4a233255c25a2b512"
SSPRQ_START = 65_535 - 4_922
PRBS13Q = "5b366af02b6261c5f70c0250d0832586d22289da7c81a279a4a64c7a696b97c8"


def test_ssprq_and_prbs13q_are_those_of_signal_integrity() -> None:
    symbols = Pattern("ssprq").take(SSPRQ_START, 65_535, order=4)
    assert hashlib.sha256(symbols.tobytes()).hexdigest() == SSPRQ
    symbols = Pattern("prbs13q").take(0, 8191, order=4)
    assert hashlib.sha256(symbols.tobytes()).hexdigest() == PRBS13Q


def test_prbs13q_has_the_level_counts_of_two_repetitions() -> None:
    """All pairs of bits but one occurrence of 00 appear 2^11 times in two repetitions of a maximal-length sequence."""
    assert np.bincount(Pattern("prbs13q").take(0, 8191, order=4)).tolist() == [2047, 2048, 2048, 2048]
    assert len(ssprq()) == 65_535


@pytest.mark.parametrize(("name", "order"), [("prbs7", 2), ("prbs9", 8), ("prbs13q", 4), ("prbs31q", 4), ("ssprq", 4)])
def test_patterns_repeat_after_their_period_from_any_start(name: str, order: int) -> None:
    pattern = Pattern(name)
    period = pattern.period(order)
    first = pattern.take(period - 70, 200, order=order)
    assert np.array_equal(first[70:], pattern.take(0, 130, order=order))
    assert np.array_equal(pattern.take(-70, 200, order=order), first)


def test_users_patterns_are_sent_as_given() -> None:
    assert Pattern(symbols=(0, 2, 1)).take(1, 7, order=3).tolist() == [2, 1, 0, 2, 1, 0, 2]


@pytest.mark.parametrize("order", [2, 4, 8])
def test_gray_mapping_goes_there_and_back_and_neighbours_differ_in_one_bit(order: int) -> None:
    symbols = np.random.default_rng(1).integers(0, order, 1000).astype(np.uint8)
    assert np.array_equal(gray_symbols(gray_bits(symbols, order), order), symbols)
    assert np.all(np.bitwise_count(gray_code(order)[1:] ^ gray_code(order)[:-1]) == 1)


def test_pam4_levels_carry_00_01_11_10() -> None:
    assert gray_symbols(np.array([0, 0, 0, 1, 1, 1, 1, 0], dtype=np.uint8), 4).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("order", [2, 3, 4, 6, 8])
def test_precoding_follows_its_recursion_and_is_undone(order: int) -> None:
    data = np.random.default_rng(2).integers(0, order, 500).astype(np.uint8)
    line, before = precode(data, order), 0
    for d, p in zip(data.tolist(), line.tolist(), strict=True):
        assert p == (d - before) % order
        before = p
    assert np.array_equal(remove_precoding(line, order), data)
    # level indices of any integer type, as arithmetic on them makes
    assert np.array_equal(remove_precoding(line.astype(np.int64), order), data)


def test_a_run_of_alternating_line_errors_leaves_two_data_errors() -> None:
    """What precoding is for: a burst of a one-tap DFE flips sign from symbol to symbol and cancels but at its ends."""
    data = np.random.default_rng(3).integers(0, 4, 100).astype(np.uint8)
    line = precode(data, 4)
    wrong = line.copy()
    for k in range(20, 35):
        wrong[k] = (int(wrong[k]) + (-1) ** k) % 4
    assert np.flatnonzero(remove_precoding(wrong, 4) != data).tolist() == [20, 35]


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda: Pattern("prbs8"), "pattern must be one of"), (lambda: Pattern(), "symbols must hold"),
     (lambda: Pattern(symbols=(0, 4)).period(4), "symbols must be below 4"),
     (lambda: Pattern("prbs13q").period(2), "at 4 levels, got 2"), (lambda: Pattern("prbs7").period(3), "2, 4 or 8 levels"),
     (lambda: gray_symbols(np.zeros(4, dtype=np.uint8), 6), "order must be 2, 4 or 8")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(make: object, message: str) -> None:
    with pytest.raises(SirfError, match=message):
        make()  # type: ignore[operator]  # wrong on purpose
