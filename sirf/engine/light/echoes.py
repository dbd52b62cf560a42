"""What double reflections and other wavelengths add to light: fields that beat with it, and powers that leak into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float, Single
from sirf._kernels.stream import SCATTERED, delayed_sums


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """Double reflections for one stretch: amplitudes of field, delays in samples, phases in rad, each (E,).

    `leaks` (N,) are relative powers of other wavelengths, whose symbols are those of this stretch at `leak_delays` samples.
    """

    amplitudes: tuple[float, ...]
    delays: NDArray[np.int64]
    phases: Float
    leaks: tuple[float, ...] = ()
    leak_delays: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def beats(echoes: Echoes | Sequence[Echoes], power: Float) -> Float:
    """Light (..., N) W that `echoes` add to `power`: those of one stretch (N,), or one of each of several (B, N).

    Beats, and what other wavelengths leak, the mean of the latter taken off; in single precision, as they are small.
    """
    each = [echoes] if isinstance(echoes, Echoes) else echoes
    rows = power.reshape(len(each), -1).astype(np.float32, copy=False)
    # computed power may dip below zero, where there is no field to take a root of
    amplitude = np.sqrt(np.maximum(rows, np.float32(0.0)))
    # |E + r E'|² = P + 2 r sqrt(P P') cos(phase) + …, r the echo's relative field
    factors = [2.0 * np.asarray(one.amplitudes) * np.cos(one.phases) for one in each]
    total = amplitude * _delayed_sums(amplitude, factors, [one.delays for one in each])
    if each[0].leaks:
        about = rows - rows.mean(axis=1, keepdims=True)
        total += _delayed_sums(about, [np.asarray(one.leaks) for one in each], [one.leak_delays for one in each])
    return np.asarray(total.reshape(power.shape), dtype=power.dtype)


def _delayed_sums(waves: Single, factors: Sequence[Float], delays: Sequence[NDArray[np.int64]]) -> Single:
    """Sums (B, N) of each of the periodic `waves` (B, N) times its `factors` (E,), later by its `delays` (E,) in samples."""
    rows, n = waves.shape
    size = len(factors[0])
    # filled with taps of zero up to whole groups, as the kernel takes them
    taps = np.zeros((rows, -(-size // SCATTERED) * SCATTERED), dtype=np.float32)
    offsets = np.zeros(taps.shape, dtype=np.int64)
    taps[:, :size], offsets[:, :size] = factors, [-own % n for own in delays]
    total = np.empty(waves.shape, dtype=np.float32)
    delayed_sums(waves, taps, offsets, total)
    return total
