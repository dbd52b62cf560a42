"""The bit-by-bit chain as a stream: state is carried from block to block, calls of any size give the same result."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels import reception
from sirf._kernels.polyphase import accumulate
from sirf.engine.polyphase import MARGIN, Filterbank
from sirf.engine.reception import Chunk, Reception
from sirf.engine.waveform_plan import plan
from sirf.engine.waveform_source import Source
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.results.waveform_run import EyeHistogram
from sirf.signal.pam import thresholds

Float = NDArray[np.float64]
Single = NDArray[np.float32]

BINS = 512
TOP = 1.35
"""Voltage range of an eye relative to the outer levels."""


class Stream:
    """One run of a link: blocks are drawn and filtered when the receiver needs them; memory does not grow with symbols."""

    def __init__(self, link: Link, *, seed: int, ideal_feedback: bool = False) -> None:
        self.link, self.plan = link, plan(link)
        self.m = self.plan.raw.samples_per_ui
        self.bank = Filterbank(self.plan.table)
        self.source = Source(link, self.plan, seed=seed)
        self.receiver = Reception(link, self.plan, ideal=ideal_feedback)
        self._buffers(self.bank.table.lead)
        self.histogram = np.zeros((self.m, BINS), dtype=np.int64)
        self.top = TOP * self.receiver.main

    @property
    def first(self) -> int:
        """Symbols to advance before the first one counts."""
        return self.receiver.first + self.receiver.ffe_main

    def _buffers(self, lead: int) -> None:
        """Rows of m samples from UI `origin` on, the sent symbols from `sent_origin` on, unit noises not yet used."""
        self.keep = 2 * len(self.receiver.ffe) + 5
        self.wave = np.zeros((self.keep + self.bank.block, self.m), dtype=np.float32)
        self.origin = -lead - MARGIN - len(self.wave)
        self.sent = np.zeros(0, dtype=np.uint8)
        self.sent_origin = 0
        self.unit = np.zeros((2, 0), dtype=np.float32)

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
        return self.receiver.count(self.plan.digest)

    def eye(self) -> EyeHistogram:
        """The slicer's eye so far."""
        edges = np.linspace(-self.top, self.top, BINS + 1)
        return EyeHistogram(
            phase_ui=(np.arange(self.m) - self.m // 2) / self.m,
            volts=0.5 * (edges[1:] + edges[:-1]),
            counts=self.histogram.copy(),
            thresholds=thresholds(self.receiver.reference),
        )

    def _produce(self) -> None:
        """Draw and filter one block; rows that the receiver has left behind make room."""
        symbols, spectra, phases = self.source.block()
        first_moving = 3 if self.plan.jittered else 1
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

    def _receive(self, limit: int) -> Chunk | None:
        receiver = self.receiver
        if self.unit.shape[1] == 0:
            self.unit = self.source.receiver_noise()
        limit = min(limit, self.unit.shape[1])
        added = receiver.real[reception.GAIN] * self.plan.end.transmitter_noise * self.unit[0, :limit].astype(float)
        noise = (
            receiver.converter_noise * self.unit[1, :limit].astype(float) if receiver.converter_noise else np.zeros(0)
        )
        index = receiver.symbol - receiver.ffe_main
        told = receiver.receive(self.wave, self.origin, self.m, self.sent, self.sent_origin, added, noise)
        if told is None:
            return None
        done = len(told.fed)
        self.unit = self.unit[:, done:]
        skip = min(max(receiver.first - index, 0), done)
        # the SNR_TX term belongs to the symbol: the same value all through its unit interval
        accumulate(
            self.wave.reshape(-1), self.origin, told.position[skip:], (told.fed - added[:done])[skip:], told.gains[skip:],
            receiver.saturation, told.weights[skip:], receiver.ffe_main, -self.top, BINS / (2.0 * self.top), self.histogram,
        )  # fmt: skip
        return Chunk(told.position, told.equalised, told.decided, told.fed)
