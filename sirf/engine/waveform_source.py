"""What enters the waveform engine, block by block: symbols, displaced edges, aggressors and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.polyphase import edge_drives
from sirf.engine.front_end import FrontEnd
from sirf.engine.polyphase import Filterbank, Response
from sirf.engine.segments import segment_generator
from sirf.link import Link
from sirf.receiver.receiver import Receiver

Float = NDArray[np.float64]
Single = NDArray[np.float32]

RIPPLE = 1e-3
"""Largest change of the noise's autocorrelation over a symbol, relative to its power, that a lower noise rate may cause."""
NOISE_UI = 64
"""Length of the receiver's noise response in UI, as long as the autocorrelation that the other engines use."""


class Source:
    """Draws one block after another, always the same for a seed, and says by which responses it drives the waveform."""

    def __init__(self, link: Link, end: FrontEnd, *, seed: int, noisy: bool = True) -> None:
        tx = link.transmitter
        self.link, self.seed, self.digest = link, seed, link.digest
        self.levels = link.levels.astype(np.float32)
        self.differences = np.diff([0.0, *tx.ffe, 0.0]).astype(np.float32)
        self.jittered = tx.jitter_random_ui > 0 or tx.jitter_dual_dirac_ui > 0
        self.aggressors = len(end.crosstalk)
        self.noise = noise_responses(link.receiver, end) if noisy and link.receiver.noise_density > 0 else []
        self._values = np.zeros(len(self.differences) - 1, dtype=np.float32)
        self._index = 0

    def responses(self, end: FrontEnd) -> list[Response]:
        """Of every drive in the order of `block`: signal, edges to first and second order, aggressors, noise."""
        m = end.samples_per_ui
        result = [Response(end.through, end.sampling)]
        if self.jittered:
            # the edge that a pre-cursor tap makes is known only when its later symbols are drawn
            early = -self.link.transmitter.ffe_main * m
            result += [Response(end.edge, end.sampling, early), Response(end.edge_slope, end.sampling, early)]
        result += [Response(wave, 0, movable=m) for wave in end.crosstalk]
        return result + self.noise

    def block(self, bank: Filterbank) -> tuple[NDArray[np.uint8], NDArray[np.complex64], Single, tuple[int, ...]]:
        """The next block: symbols (b,), transforms of all drives, unit SNR_TX noise (b,), aggressor phases in samples."""
        size = bank.block
        generator = segment_generator(self.seed, self.digest, self._index)
        self._index += 1
        order, m = self.link.order, bank.grid.samples_per_ui
        drives = np.zeros((1 + 2 * self.jittered + self.aggressors + len(self.noise), bank.transform), dtype=np.float32)
        symbols = generator.integers(0, order, size, dtype=np.uint8)
        values = np.concatenate([self._values, self.levels[symbols]])
        drives[0, :size] = values[len(self._values) :]
        row = 1
        if self.jittered:
            displacement = self._displacement(generator, size)
            edge_drives(values, self.differences, displacement, drives[1, :size], drives[2, :size])
            row = 3
        phases = []
        for aggressor in range(self.aggressors):
            phases.append(int(generator.integers(m)))
            drives[row + aggressor, :size] = self.levels[generator.integers(0, order, size, dtype=np.uint8)]
        if self.noise:
            white = generator.standard_normal((size, len(self.noise)), dtype=np.float32)
            drives[row + self.aggressors :, :size] = white.T
        self._values = values[size:]
        added = generator.standard_normal(size, dtype=np.float32)
        return symbols, np.asarray(fft.rfft(drives)), added, tuple(phases)

    def _displacement(self, generator: np.random.Generator, size: int) -> Single:
        tx = self.link.transmitter
        tau = np.float32(tx.jitter_random_ui) * generator.standard_normal(size, dtype=np.float32)
        signs = generator.integers(0, 2, size, dtype=np.uint8).astype(np.float32) * np.float32(2.0) - np.float32(1.0)
        return np.asarray(tau + np.float32(tx.jitter_dual_dirac_ui) * signs)


def noise_responses(receiver: Receiver, end: FrontEnd) -> list[Response]:
    """Responses to white noise of unit variance, drawn as often per UI as the band of the receiver's filters asks for.

    Impulses at a rate R through a filter give noise of the filter's spectrum; what repeats is its statistics over 1 / R, by as
    much as the filter still passes beyond R / 2. The lowest rate at which variance and autocorrelation of a UI change over the
    phases by less than `RIPPLE` is taken.
    """
    m = end.samples_per_ui
    wave, origin = _noise_wave(receiver, end)
    for rate in (r for r in range(1, m + 1) if m % r == 0):
        step = m // rate
        rows = wave[: len(wave) // m * m].reshape(-1, step)
        variance = np.sum(rows**2, axis=0)
        lag = np.sum(rows[:-rate] * rows[rate:], axis=0)
        if max(np.ptp(variance), np.ptp(lag)) <= RIPPLE * np.mean(variance):
            break
    # white noise of density eta / 2 (two-sided) at this rate has variance eta / 2 x rate
    scale = np.sqrt(receiver.noise_density / 2.0 / (rate * end.symbol_rate))
    return [Response(scale * wave, origin, step * index) for index in range(rate)]


def _noise_wave(receiver: Receiver, end: FrontEnd) -> tuple[Float, int]:
    """Impulse response (N,) in 1/s of the receiver's linear part and the index of its zero of time."""
    m = end.samples_per_ui
    n = 8 * NOISE_UI * m
    rate = m * end.symbol_rate
    frequency = np.fft.rfftfreq(n, 1.0 / rate)
    delays = np.arange(len(receiver.ffe)) - receiver.ffe_main
    transfer = receiver.analog_transfer(frequency)
    if receiver.ffe != (1.0,):
        transfer = transfer * (
            np.asarray(receiver.ffe) @ np.exp(-2j * np.pi * np.outer(delays, frequency) / end.symbol_rate)
        )
    wave = np.fft.irfft(transfer, n) * rate
    before, after = (receiver.ffe_main + 1) * m, (NOISE_UI + len(receiver.ffe)) * m
    return np.roll(wave, before)[: before + after], before
