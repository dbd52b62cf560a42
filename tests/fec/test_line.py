"""Interleaving, mapping and precoding invert, and carry the properties that the standard gives them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirf import fec
from sirf.errors import SirfError
from sirf.fec.line import bits_of_level_error


@given(seed=st.integers(0, 2**32 - 1), depth=st.sampled_from([1, 2, 4]), order=st.sampled_from([2, 4]))
def test_line_coding_inverts(seed: int, depth: int, order: int) -> None:
    words = np.random.default_rng(seed).integers(0, 1024, (4, 7)).astype(np.uint16)
    line = fec.precode(fec.to_levels(fec.interleave(words, depth), order=order), order=order)
    back = fec.from_levels(fec.remove_precoding(line, order=order), order=order)
    assert (fec.deinterleave(back, depth, 7) == words).all()


def test_interleaving_spreads_a_burst_evenly() -> None:
    stream = fec.interleave(np.arange(4)[:, None] * np.ones((1, 544), dtype=int), 4)
    assert stream[100:108].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_pam4_pairs_are_gray_with_the_first_bit_as_the_upper_one() -> None:
    # lowest bit of the FEC symbol is sent first: pairs 10, 00, 00, 00, 00
    assert fec.to_levels([0b1]).tolist() == [3, 0, 0, 0, 0]
    assert fec.to_levels([0b10]).tolist() == [1, 0, 0, 0, 0]
    assert fec.to_levels([0b11]).tolist() == [2, 0, 0, 0, 0]


def test_precoding_turns_an_alternating_burst_into_its_two_ends() -> None:
    data = np.random.default_rng(1).integers(0, 4, 40).astype(np.uint8)
    line = fec.precode(data).astype(np.int64)
    line[10:20] += np.where(np.arange(10) % 2, -1, 1)
    assert np.flatnonzero(fec.remove_precoding(line % 4) != data).tolist() == [10, 20]


def test_one_level_costs_one_bit_also_from_the_top_to_the_bottom() -> None:
    assert bits_of_level_error(4).tolist() == [0.0, 1.0, 2.0, 1.0]
    assert bits_of_level_error(2).tolist() == [0.0, 1.0]


def test_bad_shapes_are_named() -> None:
    with pytest.raises(SirfError, match="words must have shape"):
        fec.interleave(np.zeros((3, 5), dtype=int), 2)
    with pytest.raises(SirfError, match="multiple of 1088"):
        fec.deinterleave(np.zeros(1000, dtype=int), 2, 544)
    with pytest.raises(SirfError, match="order must be 2 or 4"):
        fec.to_levels([1], order=8)
