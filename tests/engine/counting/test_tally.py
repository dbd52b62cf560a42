"""Counts of wrong decisions against the same done symbol by symbol, plain and behind the precoding's decoder."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.engine.counting.tally import MAX_BURST_LENGTH, Errors, tally
from sirf.results.error_count import BATCHES
from sirf.signal.patterns import precode, remove_precoding

Bytes = NDArray[np.uint8]


def drawn(order: int, size: int, share: float, seed: int) -> tuple[Bytes, Bytes]:
    rng = np.random.default_rng(seed)
    sent = rng.integers(0, order, size).astype(np.uint8)
    wrong = rng.random(size) < share
    decided = np.where(wrong, (sent + rng.integers(1, order, size)) % order, sent).astype(np.uint8)
    return sent, decided


def bursts_of(positions: list[int], gap: int) -> list[list[int]]:
    found: list[list[int]] = []
    for place in positions:
        if found and place - found[-1][-1] <= gap:
            found[-1].append(place)
        else:
            found.append([place])
    return found


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("gap", [0, 2, 70])
def test_every_number_is_that_of_a_plain_loop(order: int, gap: int) -> None:
    sent, decided = drawn(order, 3 * BATCHES[0] + 100, 0.05, seed=gap)
    found = tally(Errors.between(sent, decided, gap=gap), sent, order=order, identity="link")
    positions = np.flatnonzero(sent != decided).tolist()
    gray = [index ^ (index >> 1) for index in range(order)]
    bits = {k: bin(gray[sent[k]] ^ gray[decided[k]]).count("1") for k in positions}
    bursts = bursts_of(positions, gap)
    assert (found.symbols, found.symbol_errors, found.errors) == (len(sent), len(positions), sum(bits.values()))
    assert found.bursts == len(bursts)
    assert found.squared_symbol_errors == sum(len(one) ** 2 for one in bursts)
    assert found.squared_bit_errors == sum(sum(bits[k] for k in one) ** 2 for one in bursts)
    lengths = [0] * MAX_BURST_LENGTH
    for one in bursts:
        lengths[min(one[-1] - one[0], MAX_BURST_LENGTH - 1)] += 1
    assert list(found.burst_lengths) == lengths
    assert found.sent == tuple(int((sent == level).sum()) for level in range(order))
    confusion = np.zeros((order, order), dtype=int)
    for k in positions:
        confusion[sent[k], decided[k]] += 1
    assert list(found.confusion) == confusion.ravel().tolist()
    # three whole batches; what lies behind them has no say
    per_batch = [[k for k in positions if k // BATCHES[0] == batch] for batch in range(3)]
    assert found.batches == (3, 0, 0)
    assert found.squared_batch_symbol_errors == (sum(len(one) ** 2 for one in per_batch), 0, 0)
    assert found.squared_batch_bit_errors == (sum(sum(bits[k] for k in one) ** 2 for one in per_batch), 0, 0)


def test_no_error_leaves_what_was_sent() -> None:
    sent = np.array([0, 3, 3, 1], dtype=np.uint8)
    found = tally(Errors.between(sent, sent, gap=4), sent, order=4, identity="link")
    assert (found.symbols, found.symbol_errors, found.errors, found.bursts) == (4, 0, 0, 0)
    assert found.sent == (1, 1, 0, 2)


@pytest.mark.parametrize("order", [2, 4])
def test_errors_behind_the_decoder_are_those_of_decoding_both_sequences(order: int) -> None:
    """All but the first symbol, which would need the one before it; the last may be wrong too, and nothing lies behind it."""
    data, _ = drawn(order, 2000, 0.0, seed=5)
    line = precode(data, order)
    _, decided = drawn(order, 2000, 0.1, seed=6)
    decided = np.where(np.random.default_rng(7).random(2000) < 0.1, decided, line).astype(np.uint8)
    decided[-1] = (line[-1] + 1) % order
    found = Errors.between(line, decided, gap=0).decoded(line, order)
    own = remove_precoding(decided, order)
    assert found.positions.tolist() == [k for k in range(1, 2000) if own[k] != data[k]]
    np.testing.assert_array_equal(found.sent, data[found.positions])
    np.testing.assert_array_equal(found.decided, own[found.positions])
    assert found.length == 2000


def test_what_is_left_of_a_burst_stays_one_burst() -> None:
    """Alternating errors of one level over five symbols: the decoder leaves both ends, of one burst."""
    line = np.full(40, 1, dtype=np.uint8)
    decided = line.copy()
    decided[10:15] = [2, 0, 2, 0, 2]
    decided[30] = 2
    on_line = Errors.between(line, decided, gap=1)
    found = on_line.decoded(line, 4)
    assert found.positions.tolist() == [10, 15, 30, 31]
    assert found.burst.tolist() == [1, 1, 2, 2]


def test_errors_within_a_part_are_numbered_from_its_start() -> None:
    sent = np.zeros(50, dtype=np.uint8)
    decided = sent.copy()
    decided[[3, 10, 19, 20, 29, 30]] = [1, 2, 3, 1, 2, 3]
    found = Errors.between(sent, decided, gap=1).within(slice(10, 30))
    assert found.positions.tolist() == [0, 9, 10, 19]
    assert found.decided.tolist() == [2, 3, 1, 2]
    assert found.burst.tolist() == [2, 3, 3, 4]
    assert found.length == 20
