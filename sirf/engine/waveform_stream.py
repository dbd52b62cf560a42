"""The bit-by-bit chain as a stream: state is carried from block to block, calls of any size give the same result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._kernels import reception
from sirf._kernels.polyphase import accumulate
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.polyphase import MARGIN, Filterbank, choose_grid, span, transform_length
from sirf.engine.waveform_source import Source
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.results.waveform_run import EyeHistogram
from sirf.signal.pam import bit_error_table, thresholds

Float = NDArray[np.float64]
Single = NDArray[np.float32]

BINS = 512
TOP = 1.35
"""Voltage range of an eye relative to the outer levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What a call decided, one entry per symbol: instant in UI, slicer input in V, level index, fed-back value in V."""

    position: Float
    equalised: Float
    decided: NDArray[np.uint8]
    fed: Float


class Stream:
    """One run of a link: blocks are drawn and filtered when the receiver needs them; memory does not grow with symbols."""

    def __init__(
        self, link: Link, *, seed: int, ideal_feedback: bool = False, settle: int = 0, eye: bool = True
    ) -> None:
        self.link, self.ideal = link, ideal_feedback
        self.end = end = front_end(link)
        self.m = m = end.samples_per_ui
        self.source = Source(link, end, seed=seed)
        responses = self.source.responses(end)
        lead = max(end.pre_cursors, 4) + link.transmitter.ffe_main
        memory = max(span(one, lead, m) for one in responses)
        grid = choose_grid([one.wave for one in responses[: 3 if self.source.jittered else 1]], m)
        self.bank = Filterbank(responses, grid, lead=lead, transform=transform_length(memory))
        self.first = memory + len(link.receiver.dfe) + len(link.transmitter.ffe) + 2 + settle
        self._receiver(end, settle)
        self._buffers(lead)
        self.histogram = np.zeros((m, BINS), dtype=np.int64)
        self.top = TOP * end.main_cursor
        self._eye = eye

    def _receiver(self, end: FrontEnd, settle: int) -> None:
        link = self.link
        self.levels = link.levels
        self.dfe = np.array(link.receiver.dfe) * end.main_cursor
        self.ffe, self.ffe_main = np.ones(1), 0
        self.reference = self.levels * end.main_cursor
        self.train = self.first - settle - len(self.dfe)
        self.bits = bit_error_table(link.order)
        self.real = np.zeros(4)
        self.real[reception.GAIN] = 1.0
        self.whole = np.zeros(11, dtype=np.int64)
        gap = 0 if self.ideal else len(self.dfe)
        self.gap = gap
        self.whole[reception.LAST_WRONG] = -gap - 1
        self.whole[reception.LOST_AT] = self.whole[reception.LOCKED_AT] = -1
        self.counts = np.zeros(6, dtype=np.int64)
        self.history = max(len(self.dfe), 1)
        self._taken = np.zeros(len(self.ffe) - 1)
        self._position = np.zeros(len(self.ffe) - 1)
        self._decided = np.zeros(self.history, dtype=np.uint8)

    def _buffers(self, lead: int) -> None:
        """Rows of m samples from UI `origin` on, the sent symbols from `sent_origin` on, the SNR_TX noise not yet used."""
        self.keep = len(self.ffe) + 4
        self.wave = np.zeros((self.keep + self.bank.block, self.m), dtype=np.float32)
        self.origin = -lead - MARGIN - len(self.wave)
        self.sent = np.zeros(0, dtype=np.uint8)
        self.sent_origin = 0
        self.added = np.zeros(0, dtype=np.float32)

    def advance(self, symbols: int) -> Chunk:
        """Receive `symbols` more symbols."""
        pieces = []
        left = symbols
        while left:
            piece = self._receive(left)
            if piece is None:
                self._produce()
                continue
            pieces.append(piece)
            left -= len(piece.fed)
        return Chunk(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in Chunk.__slots__))

    def count(self) -> ErrorCount:
        """Errors so far."""
        total, symbol_errors, errors, bursts, squares, bit_squares = (int(value) for value in self.counts)
        open_symbols = int(self.whole[reception.BURST_SYMBOLS])
        open_bits = int(self.whole[reception.BURST_BITS])
        return ErrorCount(
            symbols=total, symbol_errors=symbol_errors, errors=errors, bursts=bursts,
            squared_symbol_errors=squares + open_symbols**2, squared_bit_errors=bit_squares + open_bits**2,
            bits_per_symbol=float(np.log2(self.link.order)), link=self.source.digest,
        )  # fmt: skip

    def eye(self) -> EyeHistogram:
        """The slicer's eye so far."""
        edges = np.linspace(-self.top, self.top, BINS + 1)
        return EyeHistogram(
            phase_ui=(np.arange(self.m) - self.m // 2) / self.m,
            volts=0.5 * (edges[1:] + edges[:-1]),
            counts=self.histogram.copy(),
            thresholds=thresholds(self.reference),
        )

    def _produce(self) -> None:
        """Draw and filter one block; rows that the receiver has left behind make room."""
        symbols, spectra, added, phases = self.source.block(self.bank)
        first_moving = 3 if self.source.jittered else 1
        for aggressor, phase in enumerate(phases):
            self.bank.move(first_moving + aggressor, phase)
        block = self.bank.block
        self.wave[: self.keep] = self.wave[block:]
        self.bank.push(spectra, self.wave[self.keep :])
        self.origin += block
        self.sent = np.concatenate([self.sent, symbols])
        spare = self.origin - self.sent_origin
        if spare > 0:
            self.sent, self.sent_origin = self.sent[spare:], self.origin
        self.added = np.concatenate([self.added, np.float32(self.end.transmitter_noise) * added])

    def _receive(self, limit: int) -> Chunk | None:
        limit = min(limit, len(self.added))
        taps = len(self.ffe)
        taken, position = (np.concatenate([old, np.empty(limit)]) for old in (self._taken, self._position))
        decided = np.concatenate([self._decided, np.empty(limit, dtype=np.uint8)])
        fed, equalised = np.empty(limit), np.empty(limit)
        weights = np.empty((limit, taps if taps > 1 else 0), dtype=np.float32)
        gains = np.empty(limit, dtype=np.float32)
        added = self.added[:limit].astype(float)
        done = reception.receive(
            self.wave.reshape(-1), self.origin, self.m, self.sent, self.sent_origin, self._wander(limit), added,
            self.levels, self.end.main_cursor, self.reference, self.ffe, self.ffe_main, self.dfe, False, self.ideal,
            self.train, self.first, self.bits, self.gap, 0, np.zeros(7), np.zeros(0), np.zeros(3), np.zeros((0, 3)),
            np.zeros(6), np.zeros((taps, 2)), np.zeros((len(self.dfe), 2)), self.real, self.whole, taken, position,
            decided, fed, equalised, weights, gains, self.counts,
        )  # fmt: skip
        if done == 0:
            return None
        self.added = self.added[done:]
        self._taken, self._position = taken[done : done + taps - 1], position[done : done + taps - 1]
        self._decided = decided[done : done + self.history]
        where = position[taps - 1 - self.ffe_main :][:done]
        if self._eye:
            start = min(max(self.first - (int(self.whole[reception.SYMBOL]) - done - self.ffe_main), 0), done)
            own = fed[start:done] - added[start:done]
            accumulate(
                self.wave.reshape(-1), self.origin, where[start:], own, gains[start:done], 0.0, weights[start:done],
                self.ffe_main, -self.top, BINS / (2.0 * self.top), self.histogram,
            )  # fmt: skip
        return Chunk(where, equalised[:done], decided[self.history :][:done], fed[:done])

    def _wander(self, size: int) -> Float:
        return np.zeros(0)
