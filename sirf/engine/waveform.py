"""The bit-by-bit engine at M samples per symbol: waveform, eye and errors of one run, segment by segment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.feedback import accumulate_eye
from sirf.engine.front_end import FrontEnd
from sirf.engine.segments import Drives, Seed, SegmentPlan, integer_seed, segment_generator
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.results.waveform_run import EyeHistogram, WaveformRun

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

LENGTH = 1 << 14
"""Symbols of a segment, warm-up included."""
BINS = 512
FLOOR = 1e-4
"""The waveform is built up to the frequency beyond which signal and noise stay below this part of their largest value."""


def simulate(
    link: Link,
    *,
    symbols: int = 1_000_000,
    rng: Seed = None,
    ideal_feedback: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
) -> WaveformRun:
    """Send random symbols through the link as a waveform and collect eye and errors.

    Parameters
    ----------
    symbols
        At least so many symbols are counted, rounded up to whole segments of about 16,000.
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy.
    ideal_feedback
        Feed the sent symbols back: no DFE error propagation.
    progress
        Called with (symbols done, symbols asked, bit errors).

    Edges are displaced one by one (random and dual-Dirac) by a second-order expansion; noise is coloured by the receiver.
    Raises `SirfError` for fewer than one symbol.
    """
    if symbols < 1:
        raise SirfError(f"symbols must be at least 1, got {symbols}. Give a positive whole number.")
    seed = integer_seed(rng)
    builder = _Builder(link, ideal_feedback)
    total = ErrorCount(link=builder.plan.digest, bits_per_symbol=float(np.log2(link.order)))
    index = 0
    while total.symbols < symbols:
        total += builder.segment(seed, index)
        index += 1
        if progress is not None:
            progress(total.symbols, symbols, total.errors)
    return WaveformRun(link=link, eye=builder.eye(), errors=total, ideal_feedback=ideal_feedback)


class _Builder:
    """Builds segments and accumulates their eye."""

    def __init__(self, link: Link, ideal: bool) -> None:
        length = LENGTH
        while True:
            try:
                self.plan = plan = SegmentPlan(link, length)
                break
            except SirfError:
                if length > 1 << 18:
                    raise
                length *= 2
        self.ideal = ideal
        end = plan.front_end
        self.m = m = end.samples_per_ui
        self.n = length
        self.bins = length * m // 2 + 1
        self.through = self._response(end.through, end.sampling)
        self.edge = self._response(end.edge, end.sampling)
        self.slope = self._response(end.edge_slope, end.sampling)
        self.crosstalk = [self._response(wave, 0) for wave in end.crosstalk]
        self.noise = self._noise(end)
        self._trim()
        self.top = 1.35 * plan.main
        self.histogram = np.zeros((m, BINS), dtype=np.int64)

    def segment(self, seed: int, index: int) -> ErrorCount:
        """Waveform, decisions and eye of one segment."""
        plan = self.plan
        generator = segment_generator(seed, plan.digest, index)
        drives = plan.drives(generator)
        wave = self._wave(drives, generator)
        noise = plan.front_end.transmitter_noise * generator.standard_normal(self.n)
        samples = wave[:: self.m] + noise
        count, feedback = plan.slice(samples, drives.symbols, ideal=self.ideal, identity=plan.digest)
        # the SNR_TX term belongs to the symbol: the same value all through its unit interval
        own = feedback - noise[: len(feedback)]
        accumulate_eye(wave, own, self.m, 0, plan.first, -self.top, BINS / (2.0 * self.top), self.histogram)
        return count

    def eye(self) -> EyeHistogram:
        """The eye so far."""
        edges = np.linspace(-self.top, self.top, BINS + 1)
        phase = (np.arange(self.m) - self.m // 2) / self.m
        return EyeHistogram(
            phase_ui=phase,
            volts=0.5 * (edges[1:] + edges[:-1]),
            counts=self.histogram.copy(),
            thresholds=self.plan.decision,
        )

    def _wave(self, drives: Drives, generator: np.random.Generator) -> Float:
        total = self._repeat(drives.signal) * self.through
        if drives.first is not None and drives.second is not None:
            total += self._repeat(drives.first) * self.edge + self._repeat(drives.second) * self.slope
        frequency = np.arange(self.bins) / (self.n * self.m)
        for response, phase, spectrum in zip(self.crosstalk, drives.phases, drives.aggressors, strict=True):
            total += self._repeat(spectrum) * response * np.exp(2j * np.pi * frequency * phase)
        white = generator.standard_normal((2, self.bins))
        total += (white[0] + 1j * white[1]) * self.noise
        padded = np.zeros(self.n * self.m // 2 + 1, dtype=complex)
        padded[: self.bins] = total
        return np.asarray(fft.irfft(padded, self.n * self.m))

    def _repeat(self, spectrum: Complex) -> Complex:
        """The periodic spectrum of an impulse train (n // 2 + 1,) up to the band edge."""
        whole = np.concatenate([spectrum, np.conj(spectrum[-2:0:-1])])
        return np.resize(whole, self.bins) * self.m

    def _trim(self) -> None:
        """Leave out the bins that carry nothing."""
        shapes = (np.abs(self.through), np.abs(self.edge), self.noise)
        carrying = [np.flatnonzero(shape > FLOOR * shape.max()) for shape in shapes]
        self.bins = max(int(found[-1]) + 1 if len(found) else 1 for found in carrying)
        self.through, self.edge, self.slope = (shape[: self.bins] for shape in (self.through, self.edge, self.slope))
        self.noise = self.noise[: self.bins]
        self.crosstalk = [shape[: self.bins] for shape in self.crosstalk]

    def _response(self, wave: Float, origin: int) -> Complex:
        padded = np.zeros(self.n * self.m)
        padded[: len(wave)] = wave
        return np.asarray(fft.rfft(np.roll(padded, -origin))[: self.bins]) / self.m

    def _noise(self, end: FrontEnd) -> Float:
        """Rms of each complex bin: the receiver's noise density on the segment's grid."""
        n = self.n * self.m
        row = np.zeros(n)
        lags = end.noise_correlation
        row[: len(lags)] = lags
        row[n - len(lags) + 1 :] = lags[:0:-1]
        return np.sqrt(np.maximum(fft.rfft(row).real[: self.bins], 0.0) * n / 2.0)
