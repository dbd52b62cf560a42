"""Runs as lists of fixed-length segments: each with its own seed, warm-up and state.

So a result depends on neither the size of the calls, nor the number of workers, nor an interruption, and memory does not
grow with the number of symbols.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.feedback import displaced_edges, slice_symbols
from sirf.engine.front_end import FrontEnd, front_end
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.signal.pam import bit_error_table, thresholds

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

Seed = int | np.random.Generator | None


def integer_seed(rng: Seed) -> int:
    """An integer from `rng`: itself, a draw from a generator, or fresh entropy."""
    if rng is None:
        return secrets.randbits(63)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise SirfError(f"rng must be a non-negative integer, a numpy Generator or None, got {rng!r}. Use rng=1.")
    return int(rng)


def segment_generator(seed: int, link_digest: str, index: int) -> np.random.Generator:
    """The generator of segment `index`: from the seed and the link's content, nothing else."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence([seed, int(link_digest, 16)], spawn_key=(index,)))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Drives:
    """Spectra (n // 2 + 1,) of one segment's independent inputs, and the symbols behind them."""

    symbols: NDArray[np.uint8]
    signal: Complex
    first: Complex | None
    second: Complex | None
    aggressors: tuple[Complex, ...]
    phases: tuple[int, ...]


class SegmentPlan:
    """What all segments of a link share: responses, slicer, lengths."""

    def __init__(self, link: Link, length: int) -> None:
        self.link, self.length = link, length
        self.front_end: FrontEnd = front_end(link)
        self.levels = link.levels
        self.digest = link.digest
        end = self.front_end
        m = end.samples_per_ui
        self.pre = end.pre_cursors
        reach = max([len(end.through), *(len(wave) for wave in end.crosstalk)]) // m + 1
        taps = len(link.receiver.dfe)
        self.first = reach + taps + len(link.transmitter.ffe) + 2
        if length < 4 * self.first:
            raise SirfError(
                f"segment must be at least four times the memory of {self.first} symbols, got {length}. "
                "Use fewer taps or a shorter channel."
            )
        self.main = end.main_cursor
        self.decision = thresholds(self.levels) * self.main
        self.dfe = np.asarray(link.receiver.dfe) * self.main
        self.bits = bit_error_table(link.order)
        self.gap = taps
        tx = link.transmitter
        self.jitter = tx.edge_jitter
        self.differences = np.diff([0.0, *tx.ffe, 0.0])
        self.lead = tx.ffe_main

    @property
    def counted(self) -> int:
        """Symbols of a segment that count."""
        return self.length - self.first - self.pre

    def drives(self, generator: np.random.Generator, *, start: int = 0) -> Drives:
        """Draw symbols, displacements and aggressors, in this order, and transform them; `start` numbers the first symbol."""
        n = self.length
        symbols = self._symbols(generator)
        first = second = None
        if self.jitter:
            tau = self.jitter.random_ui * generator.standard_normal(n)
            tau += self.jitter.dual_dirac_ui * (2.0 * generator.integers(0, 2, n, dtype=np.uint8) - 1.0)
            if not self.jitter.independent_only:
                tau += self.jitter.correlated(generator, n, symbol_rate=self.link.symbol_rate, start=start)
            duty = self.jitter.duty_cycle_ui
            linear, square = np.empty(n), np.empty(n)
            displaced_edges(symbols, self.levels, self.differences, self.lead, tau, duty, linear, square)
            first, second = fft.rfft(linear), fft.rfft(square)
        aggressors, phases = [], []
        for _ in self.front_end.crosstalk:
            phases.append(int(generator.integers(self.front_end.samples_per_ui)))
            aggressors.append(fft.rfft(self.levels[self._symbols(generator)]))
        return Drives(symbols, fft.rfft(self.levels[symbols]), first, second, tuple(aggressors), tuple(phases))

    def slice(
        self, samples: Float, symbols: NDArray[np.uint8], *, ideal: bool, identity: str
    ) -> tuple[ErrorCount, Float]:
        """Errors of one segment's slicer input (n,), and the value that the DFE fed back (n - pre,) in V.

        The segment is circular: what wraps round from its end lies in the warm-up, or in the last `pre` symbols, left out.
        """
        stop = self.length - self.pre
        decided, feedback = np.empty(stop, dtype=np.uint8), np.empty(stop)
        counts = np.zeros(6, dtype=np.int64)
        slice_symbols(
            samples[:stop], symbols[:stop], self.levels, self.decision, self.dfe, ideal, self.first, self.bits,
            0 if ideal else self.gap, decided, feedback, counts,
        )  # fmt: skip
        total, symbol_errors, bit_errors, bursts, squares, bit_squares = (int(value) for value in counts)
        count = ErrorCount(
            symbols=total, symbol_errors=symbol_errors, errors=bit_errors, bursts=bursts, squared_symbol_errors=squares,
            squared_bit_errors=bit_squares, bits_per_symbol=float(np.log2(self.link.order)), link=identity,
        )  # fmt: skip
        return count, feedback

    def _symbols(self, generator: np.random.Generator) -> NDArray[np.uint8]:
        return generator.integers(0, self.link.order, self.length, dtype=np.uint8)
