"""From wrong decisions to counts: bursts, levels, bits; with precoding, of what the decoder behind the slicer gives out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Integer, Symbols
from sirf._kernels import error_comparison as kernel
from sirf._kernels.decide import count_levels
from sirf.results.error_count import BATCHES, ErrorCount
from sirf.signal.pam import bits_per_symbol, counted_bit_errors

EVENT_GAP = 4
"""Right decisions within an error event, in units of the detector's memory, that do not end it."""
MAX_BURST_LENGTH = 64
"""Entries of the histogram of burst lengths; the last holds all longer ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Wrong decisions in order: `positions` (K,) in a block of `length` symbols, what was `sent` (K,) and `decided` (K,).

    `burst` (K,) numbers the burst that each belongs to: errors more than `gap` symbols apart are in different ones.
    """

    positions: Integer
    sent: Symbols
    decided: Symbols
    burst: Integer
    length: int

    @classmethod
    def at(cls, positions: Integer, symbols: Symbols, decided: Symbols, *, gap: int) -> Errors:
        """Errors at `positions` (K,) of the sent `symbols` (length,), where `decided` (K,) came out."""
        burst = np.empty(len(positions), dtype=np.int64)
        kernel.number_bursts(positions.astype(np.int64), gap, burst)
        return cls(positions, symbols[positions], decided, burst, len(symbols))

    @classmethod
    def between(cls, sent: Symbols, decided: Symbols, *, gap: int) -> Errors:
        """Where two sequences (n,) differ."""
        positions = np.flatnonzero(sent != decided)
        return cls.at(positions, sent, decided[positions], gap=gap)

    def decoded(self, symbols: Symbols, order: int) -> Errors:
        """The errors behind a (1 + D) decoder modulo `order`, when `symbols` (length,) went over the line precoded.

        A wrong decision enters the decoded symbol of its own time and, with what came before, that of the next. What is left of a
        burst on the line, often its two ends, stays one burst.
        """
        places = np.unique(np.concatenate([self.positions, self.positions + 1]))
        # symbol 0 would need the one before it; it lies in the lead and never counts
        places = places[(places > 0) & (places < self.length)]
        line = np.zeros((2, self.length + 1), dtype=np.int16)
        line[0, 1:] = line[1, 1:] = symbols
        line[1, self.positions + 1] = self.decided
        sent, decided = (line[:, places + 1] + line[:, places]) % order
        wrong = sent != decided
        places = places[wrong]
        # each decoded error belongs to the burst of the last wrong decision at or before it
        burst = self.burst[np.searchsorted(self.positions, places, side="right") - 1]
        return Errors(places, sent[wrong].astype(np.uint8), decided[wrong].astype(np.uint8), burst, self.length)

    def within(self, counted: slice) -> Errors:
        """Those among the symbols `counted.start` … `counted.stop`, numbered from there."""
        first, last = np.searchsorted(self.positions, [counted.start, counted.stop])
        sent, decided, burst = self.sent[first:last], self.decided[first:last], self.burst[first:last]
        return Errors(self.positions[first:last] - counted.start, sent, decided, burst, counted.stop - counted.start)


def tally(errors: Errors, symbols: Symbols, *, order: int, identity: str) -> ErrorCount:
    """Counts of `errors` among the sent `symbols` (length,)."""
    sent = np.zeros(order, dtype=np.int64)
    count_levels(symbols, sent)
    bits, parts = counted_bit_errors(order)
    counts, confusion = np.zeros(kernel.COUNTS, dtype=np.int64), np.zeros((order, order), dtype=np.int64)
    lengths, batches = np.zeros(MAX_BURST_LENGTH, dtype=np.int64), batch_rows()
    kernel.tally_errors(
        errors.positions,
        errors.sent,
        errors.decided,
        errors.burst,
        bits,
        len(symbols),
        counts,
        confusion,
        lengths,
        batches,
    )
    wrong, wrong_bits, bursts, squares, bit_squares = counts.tolist()
    return ErrorCount(
        symbols=len(symbols),
        symbol_errors=wrong,
        errors=round(wrong_bits / parts),
        bits_per_symbol=bits_per_symbol(order),
        bursts=bursts,
        # variance of a sum over independent bursts: their squared sizes, from which the interval is widened
        squared_symbol_errors=squares,
        squared_bit_errors=round(bit_squares / parts**2),
        burst_lengths=tuple(lengths.tolist()),
        sent=tuple(sent.tolist()),
        confusion=tuple(confusion.ravel().tolist()),
        link=identity,
        **batch_fields(batches, parts),  # type: ignore[arg-type]  # its keys are fields of tuples
    )


def batch_rows() -> Integer:
    """Rows of the compiled loops that count batches: length, whole batches, squares of symbol and bit errors, open ones."""
    rows = np.zeros((len(BATCHES), 6), dtype=np.int64)
    rows[:, 0] = BATCHES
    return rows


def batch_fields(rows: Integer, parts: int) -> dict[str, tuple[int, ...]]:
    """What such rows say, by the fields of `ErrorCount`; bit errors are counted in `parts` of a bit."""
    whole, squares, bit_squares = rows.T[1:4].tolist()
    return {
        "batches": tuple(whole),
        "squared_batch_symbol_errors": tuple(squares),
        "squared_batch_bit_errors": tuple(round(each / parts**2) for each in bit_squares),
    }
