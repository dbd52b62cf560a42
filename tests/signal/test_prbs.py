"""PRBS against SciPy's shift register, its published run statistics, and its period."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import max_len_seq

from sirf.errors import SirfError
from sirf.signal.prbs import DELAYS, INVERTED, prbs


@pytest.mark.parametrize("order", sorted(DELAYS))
def test_bits_are_those_of_scipys_shift_register(order: int) -> None:
    # its taps count from the other end of the register
    taps = [order - delay for delay in DELAYS[order] if delay != order]
    count = min(2**order - 1, 100_000)
    expected = max_len_seq(order, state=np.ones(order, dtype=int), taps=np.array(taps), length=count)[0]
    assert np.array_equal(prbs(order, count) ^ (order in INVERTED), expected)


@pytest.mark.parametrize("order", [7, 9, 11, 13, 15, 23])
def test_balance_runs_and_period_of_a_maximal_length_sequence(order: int) -> None:
    """Golomb: one more one than zeros; one run of `order` ones, one of `order - 1` zeros, 2^(order - 2 - k) runs of k of each."""
    period = 2**order - 1
    bits = prbs(order, period) ^ (order in INVERTED)
    assert bits.sum() == 2 ** (order - 1)
    assert np.array_equal(prbs(order, 100, start=period), prbs(order, 100))
    turned = np.roll(bits, -int(np.flatnonzero(np.diff(bits))[0]) - 1)
    edges = np.flatnonzero(np.diff(turned)) + 1
    lengths = np.diff(np.concatenate([[0], edges, [period]]))
    values = turned[np.concatenate([[0], edges])]
    assert lengths[values == 1].max() == order
    assert lengths[values == 0].max() == order - 1
    for run in range(1, order - 1):
        for value in (0, 1):
            assert np.count_nonzero((lengths == run) & (values == value)) == 2 ** (order - 2 - run)


def test_the_longest_run_of_zeros_is_that_of_itu_o150() -> None:
    """Clauses 5.1 to 5.8: 8 at 2^9 - 1, 10 at 2^11 - 1, 15 at 2^15 - 1 (inverted), 23 at 2^23 - 1 (inverted)."""
    for order, longest in ((9, 8), (11, 10), (15, 15), (23, 23)):
        bits = np.concatenate([[1], prbs(order, 2**order - 1), prbs(order, 50), [1]])
        assert np.diff(np.flatnonzero(bits)).max() - 1 == longest


def test_any_place_is_reached_without_the_way_to_it() -> None:
    whole = prbs(31, 50_000)
    assert np.array_equal(prbs(31, 1000, start=40_123), whole[40_123:41_123])
    far = prbs(31, 200, start=2**31 - 1 - 100)
    assert np.array_equal(far[100:], whole[:100])


def test_unknown_orders_and_negative_places_are_refused() -> None:
    with pytest.raises(SirfError, match="order must be one of"):
        prbs(8, 10)
    with pytest.raises(SirfError, match="must not be negative"):
        prbs(7, 10, start=-1)
