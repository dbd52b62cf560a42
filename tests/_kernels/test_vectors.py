"""Vectors of eight numbers in kernels, against the same arithmetic in NumPy."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Single
from sirf._kernels.jit import kernel
from sirf._kernels.vectors import LANES, backwards, evens, filled, load, odds, spliced, store, transposed


@kernel
def reckon(one: Single, other: Single, factor: np.float32, out: Single) -> None:
    """Sum, difference and product of vectors that begin anywhere, and one number in all lanes."""
    for first in range(0, len(out) - 3 * LANES + 1, 3 * LANES):
        at = first // 3
        a, b, c = load(one, at), load(other, at + 1), filled(factor)
        store(out, first, a + b)
        store(out, first + LANES, a - b)
        store(out, first + 2 * LANES, a * c)


@kernel
def turn_over(given: Single, out: Single) -> None:
    """Rows of eight become columns."""
    lower = (load(given, 0), load(given, LANES), load(given, 2 * LANES), load(given, 3 * LANES))
    upper = (load(given, 4 * LANES), load(given, 5 * LANES), load(given, 6 * LANES), load(given, 7 * LANES))
    a, b, c, d, e, f, g, h = transposed(lower + upper)
    store(out, 0, a)
    store(out, LANES, b)
    store(out, 2 * LANES, c)
    store(out, 3 * LANES, d)
    store(out, 4 * LANES, e)
    store(out, 5 * LANES, f)
    store(out, 6 * LANES, g)
    store(out, 7 * LANES, h)


@kernel
def deal(given: Single, out: Single) -> None:
    """Sixteen numbers, dealt to two vectors and laid together again; the first eight backwards."""
    even, odd = evens(load(given, 0), load(given, LANES)), odds(load(given, 0), load(given, LANES))
    store(out, 0, even)
    store(out, LANES, odd)
    lower, upper = spliced(even, odd)
    store(out, 2 * LANES, lower)
    store(out, 3 * LANES, upper)
    store(out, 4 * LANES, backwards(load(given, 0)))


def test_arithmetic_is_that_of_each_lane() -> None:
    generator = np.random.default_rng(1)
    one, other = (generator.standard_normal(5 * LANES + 1).astype(np.float32) for _ in range(2))
    out = np.full(15 * LANES, np.nan, dtype=np.float32)
    reckon(one, other, np.float32(1.7), out)
    found = out.reshape(5, 3, LANES)
    a, b = one[:-1].reshape(5, LANES), other[1:].reshape(5, LANES)
    for place, wanted in enumerate((a + b, a - b, a * np.float32(1.7))):
        np.testing.assert_array_equal(found[:, place], wanted)


def test_rows_become_columns() -> None:
    given = np.arange(LANES * LANES, dtype=np.float32)
    out = np.empty_like(given)
    turn_over(given, out)
    np.testing.assert_array_equal(out.reshape(LANES, LANES), given.reshape(LANES, LANES).T)


def test_numbers_in_turn_are_dealt_to_two_vectors_and_back() -> None:
    given = np.arange(2 * LANES, dtype=np.float32)
    out = np.empty(5 * LANES, dtype=np.float32)
    deal(given, out)
    expected = np.concatenate([given[::2], given[1::2], given, given[LANES - 1 :: -1]])
    np.testing.assert_array_equal(out, expected)
