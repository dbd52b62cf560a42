"""What became of symbols against what they were, counted as they come: bursts go on from call to call."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Symbols
from sirf._kernels import error_comparison as kernel
from sirf.engine.counting.tally import MAX_BURST_LENGTH, batch_fields, batch_rows
from sirf.results.error_count import ErrorCount
from sirf.signal.pam import bits_per_symbol, counted_bit_errors


class SymbolComparison:
    """Counts where two sequences of level indices differ; errors on the line more than `gap` symbols apart are two bursts."""

    def __init__(self, order: int, *, gap: int, identity: str) -> None:
        self.order, self.identity = order, identity
        self._gap = gap
        self._bits, self._parts = counted_bit_errors(order)
        self._state = np.zeros(kernel.STATE, dtype=np.int64)
        # the first error always begins a burst
        self._state[kernel.LAST_WRONG] = -gap - 1
        self._counts = np.zeros(kernel.COUNTS, dtype=np.int64)
        self._sent, self._confusion = np.zeros(order, dtype=np.int64), np.zeros((order, order), dtype=np.int64)
        self._lengths, self._batches = np.zeros(MAX_BURST_LENGTH, dtype=np.int64), batch_rows()

    @property
    def symbols(self) -> int:
        """Symbols compared so far."""
        return int(self._state[kernel.SYMBOL])

    @property
    def errors(self) -> int:
        """Bit errors so far."""
        return round(int(self._counts[kernel.BIT_ERRORS]) / self._parts)

    def add(self, sent: Symbols, got: Symbols, wrong: Symbols) -> None:
        """Compare `got` (n,) with `sent` (n,); `wrong` (n,) are the errors on the line that bursts are made of."""
        kernel.compare(
            sent,
            got,
            wrong,
            self._gap,
            self._bits,
            self._state,
            self._counts,
            self._sent,
            self._confusion,
            self._lengths,
            self._batches,
        )

    def count(self) -> ErrorCount:
        """Errors so far, an unfinished burst among them."""
        symbol_errors, errors, bursts, squares, bit_squares = self._counts.tolist()
        lengths, state, parts = self._lengths.copy(), self._state, self._parts
        batches = batch_fields(self._batches, parts)
        # the open burst is counted into copies, so that the run can go on
        if state[kernel.OPEN_SYMBOLS]:
            span = int(state[kernel.OPEN_LAST] - state[kernel.OPEN_FIRST])
            lengths[min(span, MAX_BURST_LENGTH - 1)] += 1
        return ErrorCount(
            symbols=self.symbols,
            symbol_errors=symbol_errors,
            errors=round(errors / parts),
            bursts=bursts,
            squared_symbol_errors=squares + int(state[kernel.OPEN_SYMBOLS]) ** 2,
            squared_bit_errors=round((bit_squares + int(state[kernel.OPEN_BITS]) ** 2) / parts**2),
            bits_per_symbol=bits_per_symbol(self.order),
            link=self.identity,
            sent=tuple(self._sent.tolist()),
            confusion=tuple(self._confusion.ravel().tolist()),
            burst_lengths=tuple(lengths.tolist()),
            **batches,  # type: ignore[arg-type]  # its keys are fields of tuples
        )


class LineDecoder:
    """The (1 + D) decoder modulo `order` behind a precoded line, from call to call; from a first symbol of 0 on."""

    def __init__(self, order: int) -> None:
        self._order = np.uint8(order)
        self._last = np.zeros((2, 1), dtype=np.uint8)

    def decode(self, sent: Symbols, decided: Symbols) -> tuple[Symbols, Symbols]:
        """Decode what was sent and what was decided, (n,) each."""
        # decoded symbol k is (line[k] + line[k-1]) mod L, for which each call needs the line's last symbol of the call
        # before
        line = np.concatenate([self._last, np.stack([sent, decided])], axis=1)
        self._last = line[:, -1:]
        data, got = (line[:, 1:] + line[:, :-1]) % self._order
        return data, got
