"""Code words in a stream of symbol errors: which hold more than a decoder corrects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Counts = NDArray[np.int64]


@kernel
def _close(frames: int, open_words: Counts, histogram: Counts) -> None:
    """End the open words, and `frames` - 1 further frames without any error."""
    # the last class also collects the words with more wrong symbols than there are classes
    last = len(histogram) - 1
    for w in range(len(open_words)):
        histogram[min(open_words[w], last)] += 1
        open_words[w] = 0
    # frames in between came without an error: all their words are in class 0
    histogram[0] += (frames - 1) * len(open_words)


@kernel
def count_codewords(
    positions: Counts,
    values: Counts,
    length: int,
    order: int,
    precoding: bool,
    per_symbol: int,
    word: int,
    state: Counts,
    open_words: Counts,
    histogram: Counts,
) -> None:
    """Take the errors of a block of `length` PAM symbols: ascending `positions` (K,), `values` (K,) in levels modulo `order`.

    A FEC symbol is `per_symbol` PAM symbols, a code word `word` FEC symbols, a frame one word for each of `open_words` (depth,),
    interleaved symbol by symbol. `state` carries from block to block: PAM symbols into the frame, error of the last PAM symbol,
    the FEC symbol of the frame last found wrong (or -1). `histogram` gains the ended words by their wrong FEC symbols.
    """
    frame = word * len(open_words) * per_symbol
    depth = len(open_words)
    done = 0
    # the symbol before the block is at place -1; under precoding its error reaches into this block
    at_previous, previous = -1, state[1]
    # one turn more than errors, for the follower of the last
    for i in range(len(positions) + 1):
        at = positions[i] if i < len(positions) else length
        value = values[i] if i < len(positions) else 0
        # precoding doubles an error: the symbol after it is wrong too, unless its own error cancels
        follower = at_previous + 1
        for second in range(2):
            place = at if second else follower
            if second:
                wrong = value + (previous if precoding and follower == at else 0)
            else:
                wrong = previous if precoding and follower < at else 0
            # errors of a whole turn of the alphabet cancel; a follower behind the block belongs to the next one, which
            # gets state[1]
            if wrong % order == 0 or place >= length:
                continue
            absolute = state[0] + place
            if absolute // frame > done:
                _close(absolute // frame - done, open_words, histogram)
                done = absolute // frame
                state[2] = -1
            # interleaved symbol by symbol: FEC symbol i of a frame is in word i modulo the depth
            symbol = absolute % frame // per_symbol
            # several wrong PAM symbols within one FEC symbol are one wrong FEC symbol to the decoder
            if symbol != state[2]:
                open_words[symbol % depth] += 1
                state[2] = symbol
        if i < len(positions):
            at_previous, previous = at, value
    total = state[0] + length
    if total // frame > done:
        _close(total // frame - done, open_words, histogram)
        state[2] = -1
    state[0] = total % frame
    # only an error of the very last symbol reaches on
    state[1] = previous if at_previous == length - 1 else 0


@kernel
def walk_chain(
    uniform: NDArray[np.float64], limits: NDArray[np.float64], values: Counts, state: int, errors: NDArray[np.int8]
) -> None:
    """Errors (N,) of a chain: `limits` (S, E S) are the running sums of the probabilities of (error, next state)."""
    size = len(limits)
    last = limits.shape[1] - 1
    for n in range(len(errors)):
        # inversion of the running sum; the last entry is taken whatever rounding left of the sum
        row = limits[state]
        choice = 0
        while choice < last and uniform[n] >= row[choice]:
            choice += 1
        errors[n] = values[choice // size]
        state = choice % size
