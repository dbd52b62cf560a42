"""A linear filter given by its samples: what a vendor's model does to an impulse, or a filter that somebody measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import fft
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.errors import SirfError

# 64 MB as complex numbers of 16 bytes, and half of that for their phases
CHUNK = 1 << 22
"""Products of a direct sum that are in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledFilter:
    """A filter with the impulse response `taps` (N,), dimensionless, one every `interval` s from time zero on.

    Its transfer function is H(f) = sum over n of taps[n] exp(-j 2 pi f n interval), which repeats at 1 / interval.
    """

    taps: Float
    interval: float

    def __post_init__(self) -> None:
        """Validate and copy the taps."""
        taps = np.array(self.taps, dtype=np.float64)
        if taps.ndim != 1 or not taps.size or not np.all(np.isfinite(taps)):
            raise SirfError(f"taps must be finite numbers (N,), got an array of shape {taps.shape}. Give the samples.")
        if not 0 < self.interval < float("inf"):
            raise SirfError(f"interval must be positive seconds, got {self.interval}. Give the sample interval.")
        taps.flags.writeable = False
        object.__setattr__(self, "taps", taps)

    def transfer(self, frequency: NDArray[Any]) -> Complex:
        """H (F,) at `frequency` (F,) in Hz: by FFT on a grid that starts at 0 and divides 1 / interval, else by the sum."""
        f = np.asarray(frequency, dtype=float)
        size = _grid_size(f, self.interval)
        if size is None:
            return self._sum(f)
        folded = np.zeros(size)
        for start in range(0, len(self.taps), size):
            part = self.taps[start : start + size]
            # on this grid exp(-j 2 pi f n interval) repeats after `size` taps: they are added up first
            folded[: len(part)] += part
        half = fft.rfft(folded)
        # beyond half the sample rate the function is that of the mirrored frequency
        index = np.arange(len(f)) % size
        mirrored = index > size // 2
        value = half[np.where(mirrored, size - index, index)]
        return np.asarray(np.where(mirrored, np.conj(value), value))

    def symbol_response(self, size: int, samples_per_symbol: int) -> Float:
        """Circular response (size,) to a symbol of `samples_per_symbol` intervals."""
        wave = np.zeros(size)
        wave[: min(len(self.taps), size)] = self.taps[:size]
        # taps answer a symbol one sample long: a pulse is their sum over one UI, a difference of running sums
        total = np.cumsum(np.concatenate([wave[-samples_per_symbol:], wave]))
        return np.asarray(total[samples_per_symbol:] - total[:-samples_per_symbol])

    def _sum(self, frequency: Float) -> Complex:
        turns = frequency * self.interval
        result = np.empty(len(frequency), dtype=complex)
        # rows of a matrix of bounded size
        rows = max(CHUNK // len(self.taps), 1)
        for start in range(0, len(frequency), rows):
            phase = np.outer(turns[start : start + rows], np.arange(len(self.taps)))
            result[start : start + rows] = np.exp(-2j * np.pi * phase) @ self.taps
        return result


def _grid_size(frequency: Float, interval: float) -> int | None:
    """Length of the transform whose frequencies these are; None where they are not those of one."""
    if len(frequency) < 2 or frequency[0] != 0.0 or not frequency[1] > 0:
        return None
    size = round(1.0 / (frequency[1] * interval))
    if size < 1:
        return None
    grid = np.arange(len(frequency)) / (size * interval)
    return size if np.allclose(frequency, grid, rtol=1e-9, atol=0.0) else None
