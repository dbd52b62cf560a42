"""What enters the waveform engine, block by block: symbols, displaced edges, aggressors and noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.polyphase import edge_drives
from sirf.engine.front_end import FrontEnd
from sirf.engine.polyphase import Filterbank, Response
from sirf.engine.segments import segment_generator
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.transmitter.jitter import Jitter

Float = NDArray[np.float64]
Single = NDArray[np.float32]

TONES = 2**32
"""Number of the block whose generator gives the phases of sinusoidal jitter: beyond any run."""
RECEIVER = 2**33
"""The same for the noise that the receiver adds symbol by symbol."""
RIPPLE = 1e-3
"""Largest change of the noise's autocorrelation over a symbol, relative to its power, that a lower noise rate may cause."""
NOISE_UI = 64
"""Length of the receiver's noise response in UI, as long as the autocorrelation that the other engines use."""


class Source:
    """Draws one block after another, always the same for a seed, and says by which responses it drives the waveform."""

    def __init__(self, link: Link, receiver: Receiver, end: FrontEnd, *, seed: int) -> None:
        tx = link.transmitter
        self.link, self.seed, self.digest = link, seed, link.digest
        self.levels = link.levels.astype(np.float32)
        self.differences = np.diff([0.0, *tx.ffe, 0.0]).astype(np.float32)
        self.jitter = tx.edge_jitter
        self.jittered = bool(self.jitter)
        # tones run on through all blocks, the rest that has memory is drawn anew in each, as in each segment of a count
        self._tones = replace(Jitter(), sinusoidal=self.jitter.sinusoidal)
        self._drawn = replace(self.jitter, sinusoidal=())
        self.aggressors = len(end.crosstalk)
        self.noise = noise_responses(receiver, end) if receiver.noise_density > 0 else []
        self._values = np.zeros(len(self.differences) - 1, dtype=np.float32)
        self._index = 0
        self._start = 0
        self._received = 0

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

    def block(self, bank: Filterbank) -> tuple[NDArray[np.uint8], NDArray[np.complex64], tuple[int, ...]]:
        """The next block: symbols (b,), transforms of all drives (q, bins), aggressor phases in samples."""
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
            displacement = self._displacement(generator, size, values)
            edge_drives(values, self.differences, displacement, drives[1, :size], drives[2, :size])
            row = 3
        phases = []
        for aggressor, settings in enumerate(self.link.aggressors):
            drawn = float(generator.random())
            phase = drawn if settings.phase_ui is None else settings.phase_ui
            phase += 1e-6 * settings.rate_offset_ppm * self._start
            phases.append(int(phase % 1.0 * m))
            drives[row + aggressor, :size] = self.levels[generator.integers(0, order, size, dtype=np.uint8)]
        if self.noise:
            white = generator.standard_normal((size, len(self.noise)), dtype=np.float32)
            drives[row + self.aggressors :, :size] = white.T
        self._values = values[size:]
        self._start += size
        return symbols, np.asarray(fft.rfft(drives)), tuple(phases)

    def receiver_noise(self, size: int) -> Single:
        """Unit noises (2, size) at slicer and converter for the next symbols of the receiver, whose clock is its own."""
        generator = segment_generator(self.seed, self.digest, RECEIVER + self._received)
        self._received += 1
        converter = self.link.receiver.converter
        rows = 2 if converter is not None and converter.enob is not None else 1
        unit = np.zeros((2, size), dtype=np.float32)
        unit[:rows] = generator.standard_normal((rows, size), dtype=np.float32)
        return unit

    def _displacement(self, generator: np.random.Generator, size: int, values: Single) -> Single:
        """Of the edges into symbols start - lead …, (b,) in UI: those whose pre-cursor symbols are known now."""
        jitter, rate = self.jitter, self.link.symbol_rate
        tau = np.float32(jitter.random_ui) * generator.standard_normal(size, dtype=np.float32)
        if jitter.dual_dirac_ui:
            signs = generator.integers(0, 2, size, dtype=np.uint8).astype(np.float32) * np.float32(2.0) - np.float32(
                1.0
            )
            tau += np.float32(jitter.dual_dirac_ui) * signs
        first = self._start - self.link.transmitter.ffe_main
        if jitter.sinusoidal:
            same = segment_generator(self.seed, self.digest, TONES)
            tau += self._tones.correlated(same, size, symbol_rate=rate, start=first).astype(np.float32)
        if not self._drawn.independent_only:
            tau += self._drawn.correlated(generator, size, symbol_rate=rate, start=first).astype(np.float32)
        if jitter.duty_cycle_ui:
            steps = np.convolve(values, self.differences, mode="valid")
            tau += np.float32(0.5 * jitter.duty_cycle_ui) * np.sign(steps).astype(np.float32)
        return np.asarray(tau)


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
