"""Decoders and counters of code words on codes small enough to try every word."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf._kernels.codewords as codewords
import sirf._kernels.reed_solomon as reed_solomon
from sirf import fec
from sirf._kernels.hamming import chase_decode
from sirf.fec.reed_solomon import _tables
from tests._kernels.plain import plain_module

Integer = NDArray[np.int64]
FIELD = 0xB  # x³ + x + 1


def times(a: int, b: int) -> int:
    """Product in GF(8), by shifts and the polynomial."""
    product = 0
    for bit in range(3):
        product ^= (a << bit) if b >> bit & 1 else 0
    for bit in (4, 3):
        product ^= (FIELD << (bit - 3)) if product >> bit & 1 else 0
    return product


def small_code(symbols: int, message: int, first_root: int) -> fec.ReedSolomon:
    return fec.ReedSolomon(
        "small",
        symbols=symbols,
        message_symbols=message,
        bits_per_symbol=3,
        field_polynomial=FIELD,
        first_root=first_root,
    )


def evaluated(word: tuple[int, ...], at: int) -> int:
    total = 0
    for symbol in word:
        total = times(total, at) ^ symbol
    return total


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, reed_solomon)


@pytest.mark.parametrize("first_root", [0, 1, 3])
def test_code_words_vanish_at_the_roots_of_the_generator(kernels: ModuleType, first_root: int) -> None:
    code = small_code(7, 3, first_root)
    messages = np.random.default_rng(1).integers(0, 8, (20, 3)).astype(np.uint16)
    words = np.empty((20, 7), dtype=np.uint16)
    kernels.encode_words(messages, _tables(code).rows, words)
    np.testing.assert_array_equal(words[:, :3], messages)
    alpha = [1]
    for _ in range(6):
        alpha.append(times(alpha[-1], 2))
    for word in words.tolist():
        values = [evaluated(tuple(word), alpha[k]) for k in range(7)]
        roots = {(first_root + j) % 7 for j in range(4)}
        assert all(values[k] == 0 for k in roots)


@pytest.mark.parametrize(("n", "k", "first_root"), [(7, 3, 0), (7, 3, 2), (6, 2, 1), (5, 3, 0)])
def test_the_nearest_word_within_t_is_found_or_none(kernels: ModuleType, n: int, k: int, first_root: int) -> None:
    """Against every code word: bounded-distance decoding gives the only one within t, and fails where there is none."""
    code = small_code(n, k, first_root)
    tables = _tables(code)
    messages = np.array(list(itertools.product(range(8), repeat=k)), dtype=np.uint16)
    book = np.empty((len(messages), n), dtype=np.uint16)
    kernels.encode_words(messages, tables.rows, book)
    rng = np.random.default_rng(n + k)
    received = book[rng.integers(0, len(book), 40)].copy()
    for row, weight in zip(received, itertools.cycle(range(4)), strict=False):
        row[rng.permutation(n)[:weight]] ^= rng.integers(1, 8, weight).astype(np.uint16)
    words, corrected = received.copy(), np.empty(40, dtype=np.int64)
    kernels.decode_words(words, k, first_root, tables.rows, tables.exp, tables.log, corrected)
    t = (n - k) // 2
    distance = (received[:, None, :] != book[None]).sum(axis=2)
    for i in range(40):
        best = int(distance[i].argmin())
        if distance[i, best] <= t:
            assert corrected[i] == distance[i, best]
            assert words[i].tolist() == book[best].tolist()
        else:
            assert corrected[i] == -1
            assert words[i].tolist() == received[i].tolist()


def times16(a: int, b: int) -> int:
    """Product in GF(16) by x⁴ + x + 1."""
    product = 0
    for bit in range(4):
        product ^= (a << bit) if b >> bit & 1 else 0
    for bit in (6, 5, 4):
        product ^= (0x13 << (bit - 4)) if product >> bit & 1 else 0
    return product


@pytest.mark.parametrize("first_root", [0, 1, 5])
def test_a_remainder_of_more_than_one_packed_word(kernels: ModuleType, first_root: int) -> None:
    """Eight parity symbols need two words of six: the code words vanish at all roots, and four errors anywhere are mended."""
    code = fec.ReedSolomon(
        "15", symbols=15, message_symbols=7, bits_per_symbol=4, field_polynomial=0x13, first_root=first_root
    )
    tables = _tables(code)
    rng = np.random.default_rng(first_root)
    words = np.empty((30, 15), dtype=np.uint16)
    kernels.encode_words(rng.integers(0, 16, (30, 7)).astype(np.uint16), tables.rows, words)
    alpha = [1]
    for _ in range(14):
        alpha.append(times16(alpha[-1], 2))
    for word in words.tolist():
        for j in range(8):
            total = 0
            for symbol in word:
                total = times16(total, alpha[(first_root + j) % 15]) ^ symbol
            assert total == 0
    received, weights = words.copy(), np.arange(30) % 5
    for row, weight in zip(received, weights, strict=True):
        row[rng.permutation(15)[:weight]] ^= rng.integers(1, 16, weight).astype(np.uint16)
    corrected = np.empty(30, dtype=np.int64)
    kernels.decode_words(received, 7, first_root, tables.rows, tables.exp, tables.log, corrected)
    assert corrected.tolist() == weights.tolist()
    np.testing.assert_array_equal(received, words)


COLUMNS = np.array([1, 3, 5, 7, 9, 11, 13, 15])
"""Extended Hamming code (8, 4): bit 0 of a column is the overall parity."""


def hamming_words() -> NDArray[np.uint8]:
    every = np.array(list(itertools.product((0, 1), repeat=8)), dtype=np.uint8)
    syndrome = np.array([np.bitwise_xor.reduce(COLUMNS[word == 1], initial=0) for word in every])
    return np.asarray(every[syndrome == 0])


def cost(soft: NDArray[np.float64], words: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Reliability of the bits in which words differ from the hard decisions."""
    return np.asarray(((soft < 0) != (words == 1)) @ np.abs(soft), dtype=float)


def decoded(soft: NDArray[np.float64], weak: int) -> NDArray[np.uint8]:
    bits = np.empty(soft.shape, dtype=np.uint8)
    chase_decode.py_func(soft, COLUMNS, weak, bits)  # type: ignore[attr-defined]
    return bits


def test_chase_with_all_bits_weak_is_maximum_likelihood() -> None:
    book, soft = hamming_words(), np.random.default_rng(4).normal(0.6, 1.0, (40, 8))
    assert len(book) == 16
    for row, word in zip(soft, decoded(soft, 7), strict=True):
        assert cost(row, word) == pytest.approx(cost(row, book).min())
        assert any((word == one).all() for one in book)


@pytest.mark.parametrize("weak", [0, 1, 2, 3])
def test_chase_takes_the_cheapest_of_its_patterns(weak: int) -> None:
    """By hand: every flip of the least reliable bits, completed by at most one more to a code word."""
    book = hamming_words()
    soft = np.random.default_rng(weak).normal(0.4, 1.0, (60, 8))
    found = decoded(soft, weak)
    for row, word in zip(soft, found, strict=True):
        hard = (row < 0).astype(np.uint8)
        least = np.argsort(np.abs(row), kind="stable")[:weak]
        reached = []
        for flips in itertools.product((0, 1), repeat=weak):
            pattern = hard.copy()
            pattern[least] ^= np.array(flips, dtype=np.uint8)
            reached += [one for one in book if (one != pattern).sum() <= 1]
        if not reached:
            assert word.tolist() == hard.tolist()
        else:
            assert cost(row, word) == pytest.approx(cost(row, np.array(reached)).min())


def counted_by_hand(
    errors: Integer, order: int, precoding: bool, per_symbol: int, word: int, depth: int, last: int
) -> Integer:
    """Wrong FEC symbols of every whole word of the stream, laid out one by one."""
    line = errors.astype(int)
    if precoding:
        line = line + np.concatenate([[0], line[:-1]])
    wrong = line % order != 0
    frame = per_symbol * word * depth
    whole = len(line) // frame
    histogram = np.zeros(last + 1, dtype=np.int64)
    for part in wrong[: whole * frame].reshape(whole, word * depth, per_symbol).any(axis=2):
        for w in range(depth):
            histogram[min(int(part[w::depth].sum()), last)] += 1
    return histogram


@pytest.mark.parametrize("precoding", [False, True])
@pytest.mark.parametrize(("order", "per_symbol", "word", "depth"), [(2, 5, 3, 1), (4, 2, 4, 2), (4, 3, 2, 4)])
def test_words_are_counted_as_if_laid_out(
    monkeypatch: pytest.MonkeyPatch, order: int, per_symbol: int, word: int, depth: int, precoding: bool
) -> None:
    module = plain_module(monkeypatch, codewords)
    rng = np.random.default_rng(order + depth)
    for density in (0.02, 0.3):
        size = 23 * per_symbol * word * depth + 3
        errors = np.where(rng.random(size) < density, rng.integers(1, order, size), 0)
        state, open_words = np.array([0, 0, -1]), np.zeros(depth, dtype=np.int64)
        histogram = np.zeros(4, dtype=np.int64)
        for part in np.split(errors, [0, 1, *range(3, 120, 4), 200]):
            at = np.flatnonzero(part)
            module.count_codewords(
                at, part[at], len(part), order, precoding, per_symbol, word, state, open_words, histogram
            )
        expected = counted_by_hand(errors, order, precoding, per_symbol, word, depth, 3)
        assert histogram.tolist() == expected.tolist()
        assert state[0] == size % (per_symbol * word * depth)


def test_a_chain_walks_by_its_running_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two states, errors -1 and 1: a number below the first sum takes the first entry, one at it the next."""
    module = plain_module(monkeypatch, codewords)
    limits = np.array([[0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.5, 1.0 - 1e-12]])
    uniform = np.array([0.1, 0.25, 0.6, 0.5, 1.0])
    errors = np.empty(5, dtype=np.int8)
    module.walk_chain(uniform, limits, np.array([-1, 1]), 0, errors)
    # entry 0: error -1, state 0; then 1: -1 to state 1; 0.6 of row 1 is entry 3: 1, state 1; 0.5: entry 3; 1.0: the last entry
    assert errors.tolist() == [-1, -1, 1, 1, 1]
