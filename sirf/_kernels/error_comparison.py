"""What became of symbols against what they were: errors counted one by one, bursts carried on from call to call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Integer = NDArray[np.int64]
Bytes = NDArray[np.uint8]

# places in `state` and in `counts`
SYMBOL, LAST_WRONG, OPEN_SYMBOLS, OPEN_BITS, OPEN_FIRST, OPEN_LAST, STATE = range(7)
SYMBOL_ERRORS, BIT_ERRORS, BURSTS, SQUARED_SYMBOLS, SQUARED_BITS, COUNTS = range(6)
# columns of `batches`
LENGTH, WHOLE, BATCH_SQUARED_SYMBOLS, BATCH_SQUARED_BITS, BATCH_SYMBOLS, BATCH_BITS, COLUMNS = range(7)


@kernel
def starts_burst(distance: int, gap: int) -> bool:
    """Whether an error `distance` symbols after the one before belongs to another burst: decisions are fed back `gap` symbols."""
    return distance > gap


@kernel
def number_bursts(positions: Integer, gap: int, burst: Integer) -> None:
    """Number in `burst` (K,), from 1 on, the bursts of errors at `positions` (K,), ascending."""
    number = 0
    for i in range(len(positions)):
        if i == 0 or starts_burst(positions[i] - positions[i - 1], gap):
            number += 1
        burst[i] = number


@kernel
def compare(
    sent: Bytes,
    got: Bytes,
    wrong: Bytes,
    gap: int,
    bits: Integer,
    state: Integer,
    counts: Integer,
    outgoing: Integer,
    confusion: Integer,
    lengths: Integer,
    batches: Integer,
) -> None:
    """Count where `got` (n,) differs from `sent` (n,), level indices.

    `wrong` (n,) tells which symbols were decided wrongly on a line; where they are more than `gap` symbols apart another burst
    begins. `bits` (L, L) are the bit errors of sent against got. `state` (STATE,) goes from call to call
    and holds the open burst, which `counts` (COUNTS,) and `lengths` gain when it ends; BURSTS has it from its first error on.
    `outgoing` (L,) and `confusion` (L, L) gain what was sent, and what it was taken for where wrong. A row of `batches`
    (B, COLUMNS) counts whole batches of its length and the squares of their errors, and holds the errors of the open one.
    """
    # symbols left of the shortest batch: a division a symbol would cost as much as the rest of the loop
    left = batches[0, LENGTH] - state[SYMBOL] % batches[0, LENGTH] if len(batches) else -1
    for i in range(len(sent)):
        k = state[SYMBOL]
        state[SYMBOL] = k + 1
        a, b = np.int64(sent[i]), np.int64(got[i])
        outgoing[a] += 1
        if wrong[i]:
            if starts_burst(k - state[LAST_WRONG], gap) and state[OPEN_SYMBOLS] > 0:
                # squares of what a burst holds: their sum over bursts is the variance that dependent errors give the
                # count
                counts[SQUARED_SYMBOLS] += state[OPEN_SYMBOLS] ** 2
                counts[SQUARED_BITS] += state[OPEN_BITS] ** 2
                lengths[min(state[OPEN_LAST] - state[OPEN_FIRST], len(lengths) - 1)] += 1
                state[OPEN_SYMBOLS] = state[OPEN_BITS] = 0
            # a wrong decision keeps a burst open even where the decoder behind it (precoding) gets the symbol right
            state[LAST_WRONG] = k
        if a != b:
            if state[OPEN_SYMBOLS] == 0:
                counts[BURSTS] += 1
                state[OPEN_FIRST] = k
            state[OPEN_LAST] = k
            state[OPEN_SYMBOLS] += 1
            state[OPEN_BITS] += bits[a, b]
            counts[SYMBOL_ERRORS] += 1
            counts[BIT_ERRORS] += bits[a, b]
            confusion[a, b] += 1
            for row in range(len(batches)):
                batches[row, BATCH_SYMBOLS] += 1
                batches[row, BATCH_BITS] += bits[a, b]
        left -= 1
        if left:
            continue
        left = batches[0, LENGTH]
        for row in range(len(batches)):
            # each length is a multiple of the one before: where one is not full, no longer one is
            if (k + 1) % batches[row, LENGTH]:
                break
            batches[row, WHOLE] += 1
            batches[row, BATCH_SQUARED_SYMBOLS] += batches[row, BATCH_SYMBOLS] ** 2
            batches[row, BATCH_SQUARED_BITS] += batches[row, BATCH_BITS] ** 2
            batches[row, BATCH_SYMBOLS] = batches[row, BATCH_BITS] = 0


@kernel
def tally_errors(
    positions: Integer,
    sent: Bytes,
    decided: Bytes,
    burst: Integer,
    bits: Integer,
    total: int,
    counts: Integer,
    confusion: Integer,
    lengths: Integer,
    batches: Integer,
) -> None:
    """The same of errors alone, at `positions` (K,) of `total` symbols, `sent` (K,) and `decided` (K,), the bursts numbered.

    All that is counted begins at zero; the batches all begin with the first symbol.
    """
    symbols = wrong = first = 0
    for i in range(len(positions)):
        found = bits[sent[i], decided[i]]
        counts[SYMBOL_ERRORS] += 1
        counts[BIT_ERRORS] += found
        confusion[sent[i], decided[i]] += 1
        if i == 0 or burst[i] != burst[i - 1]:
            counts[BURSTS] += 1
            symbols = wrong = 0
            first = positions[i]
        symbols += 1
        wrong += found
        if i + 1 == len(positions) or burst[i + 1] != burst[i]:
            counts[SQUARED_SYMBOLS] += symbols**2
            counts[SQUARED_BITS] += wrong**2
            lengths[min(positions[i] - first, len(lengths) - 1)] += 1
    for row in range(len(batches)):
        size = batches[row, LENGTH]
        batches[row, WHOLE] = total // size
        symbols = wrong = 0
        for i in range(len(positions)):
            place = positions[i] // size
            # an unfinished batch at the end does not count
            if place >= batches[row, WHOLE]:
                break
            symbols += 1
            wrong += bits[sent[i], decided[i]]
            if i + 1 == len(positions) or positions[i + 1] // size != place:
                batches[row, BATCH_SQUARED_SYMBOLS] += symbols**2
                batches[row, BATCH_SQUARED_BITS] += wrong**2
                symbols = wrong = 0
