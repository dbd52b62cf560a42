"""From wrong decisions to counts: bursts, levels, bits; with precoding, of what the decoder behind the slicer gives out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sirf._arrays import Integer, Symbols
from sirf._kernels.decide import count_levels
from sirf._kernels.error_comparison import number_bursts
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
        number_bursts(positions.astype(np.int64), gap, burst)
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
    total = len(errors.positions)
    known = ErrorCount(
        symbols=len(symbols),
        sent=tuple(sent.tolist()),
        bits_per_symbol=bits_per_symbol(order),
        link=identity,
        burst_lengths=(0,) * MAX_BURST_LENGTH,
        confusion=(0,) * order**2,
        batches=tuple(len(symbols) // length for length in BATCHES),
        squared_batch_symbol_errors=(0,) * len(BATCHES),
        squared_batch_bit_errors=(0,) * len(BATCHES),
    )
    if not total:
        return known
    table, parts = counted_bit_errors(order)
    bits = table[errors.sent, errors.decided]
    starts = np.flatnonzero(np.diff(errors.burst, prepend=-1))
    sizes = np.diff(starts, append=total)
    # from the first to the last error of the burst: 0 for one alone
    lengths = errors.positions[starts + sizes - 1] - errors.positions[starts]
    histogram = np.bincount(np.minimum(lengths, MAX_BURST_LENGTH - 1), minlength=MAX_BURST_LENGTH)
    burst_bits = np.add.reduceat(bits, starts)
    confusion = np.bincount(errors.sent.astype(np.int64) * order + errors.decided, minlength=order * order)
    return replace(
        known,
        symbol_errors=total,
        errors=round(int(bits.sum()) / parts),
        bursts=len(starts),
        # variance of a sum over independent bursts: their squared sizes, from which the interval is widened
        squared_symbol_errors=int(np.sum(sizes**2)),
        squared_bit_errors=round(int(np.sum(burst_bits**2)) / parts**2),
        squared_batch_symbol_errors=_batch_squares(errors.positions, np.ones(total, dtype=np.int64), len(symbols)),
        squared_batch_bit_errors=tuple(
            round(squares / parts**2) for squares in _batch_squares(errors.positions, bits, len(symbols))
        ),
        burst_lengths=tuple(histogram.tolist()),
        confusion=tuple(confusion.tolist()),
    )


def _batch_squares(positions: Integer, errors: Integer, length: int) -> tuple[int, ...]:
    """Sums over the whole batches of each of `BATCHES` of their squared `errors` (K,) at `positions` (K,) of `length` symbols."""
    squares = []
    for size in BATCHES:
        whole = length // size
        # an unfinished batch at the end does not count
        inside = positions < whole * size
        totals = np.bincount(positions[inside] // size, errors[inside], minlength=whole)
        squares.append(int(np.sum(totals**2)))
    return tuple(squares)


def batch_rows() -> Integer:
    """Rows of the compiled loops that count batches: length, whole batches, squares of symbol and bit errors, open ones."""
    rows = np.zeros((len(BATCHES), 6), dtype=np.int64)
    rows[:, 0] = BATCHES
    return rows


def batch_fields(rows: Integer) -> dict[str, tuple[int, ...]]:
    """What such rows say, by the fields of `ErrorCount`."""
    names = ("batches", "squared_batch_symbol_errors", "squared_batch_bit_errors")
    return {name: tuple(column.tolist()) for name, column in zip(names, rows.T[1:4], strict=True)}
