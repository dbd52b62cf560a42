"""Brute force where decisions feed back: symbols and noise drawn one by one, a compiled loop that decides each."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@numba.njit(cache=False)
def decided_wrongly(sent: NDArray[np.int64], levels: Float, channel: Float, taps: Float, noise: Float) -> int:
    """Errors of a slicer behind `channel` (main cursor first) that takes its own decisions times `taps` off."""
    count, order = 0, len(levels)
    decided = sent.copy()
    for n in range(len(channel) + len(taps), len(sent)):
        value = noise[n]
        for k in range(len(channel)):
            value += channel[k] * levels[sent[n - k]]
        for k in range(len(taps)):
            value -= taps[k] * levels[decided[n - 1 - k]]
        choice = 0
        for e in range(order - 1):
            if value > 0.5 * (levels[e] + levels[e + 1]):
                choice = e + 1
        decided[n] = choice
        count += choice != sent[n]
    return count


def symbol_error_ratio(
    order: int, channel: tuple[float, ...], taps: tuple[float, ...], sigma: float, n: int
) -> tuple[float, float]:
    """(ratio, its standard deviation by batch means) of `n` symbols in white noise, NumPy's PCG64."""
    rng = np.random.default_rng(20240501)
    levels = np.linspace(-1.0, 1.0, order)
    batches = []
    for _ in range(50):
        sent = rng.integers(0, order, n // 50)
        noise = sigma * rng.standard_normal(n // 50)
        batches.append(decided_wrongly(sent, levels, np.array(channel), np.array(taps), noise) / (n // 50))
    return float(np.mean(batches)), float(np.std(batches, ddof=1) / np.sqrt(50))
