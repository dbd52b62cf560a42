"""Filters that colour white noise, cut to what carries power."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float
from sirf.engine.front_end import FrontEnd


def added_covariances(one: Float, two: Float) -> Float:
    """Sum of two covariances, the shorter one with zeros behind its end."""
    long, short = (one, two) if len(one) > len(two) else (two, one)
    return np.asarray(long + np.pad(short, (0, len(long) - len(short))))


def noise_taps(end: FrontEnd, *, more: Float | None = None, size: int = 4096, lost: float = 1e-9) -> Float:
    """Minimum-phase filter (K,) that colours white unit noise as the receiver noise and the SNR_TX term, at one sample a UI.

    `more` (K,) in V² is the autocorrelation of further noise, at lags of one UI.

    Its autocorrelation is that of the front end; the ends left out carry less than `lost` of the power. The logarithm of the
    spectrum is split into its causal part (Kolmogorov's factorisation, by cepstrum).
    """
    lags = end.noise_correlation[:: end.samples_per_ui].copy()
    if more is not None:
        lags = np.pad(lags, (0, max(more.size - lags.size, 0)))
        lags[: more.size] += more
    # both sides of the longest correlation fit on the circle
    size = max(size, 1 << (2 * len(lags)).bit_length())
    row = np.zeros(size)
    row[: len(lags)] = lags
    # an autocorrelation is even: negative lags stand at the circle's end, lag 0 once
    row[size - len(lags) + 1 :] = lags[:0:-1]
    density = fft.rfft(row).real + end.transmitter_noise**2
    power = float(lags[0]) + end.transmitter_noise**2
    if power <= 0:
        return np.zeros(1)
    # half the logarithm of the power is that of the magnitude; zeros of the density are lifted to -90 dB, or the log
    # diverges
    cepstrum = fft.irfft(0.5 * np.log(np.maximum(density, 1e-9 * density.max())), size)
    fold = np.zeros(size)
    fold[0], fold[size // 2] = cepstrum[0], cepstrum[size // 2]
    # minimum phase: anticausal half folded onto the causal one, zero and the middle counted once
    fold[1 : size // 2] = 2.0 * cepstrum[1 : size // 2]
    taps = fft.irfft(np.exp(fft.rfft(fold)), size)
    kept = trimmed(taps, 0, lost * power)[0]
    # trimming takes a little power away: it is put back
    return np.asarray(kept * np.sqrt(power / np.sum(kept**2)))


def untrimmed(cursors: Float, floor: float) -> NDArray[np.bool_]:
    """Which of the cursors (K,) lie between the ends whose squares sum to less than `floor`."""
    squares, places = cursors**2, np.arange(len(cursors))
    first = np.searchsorted(np.cumsum(squares), 0.5 * floor)
    last = len(cursors) - np.searchsorted(np.cumsum(squares[::-1]), 0.5 * floor)
    return np.asarray((places >= first) & (places < last))


def trimmed(cursors: Float, pre: int, floor: float) -> tuple[Float, int]:
    """Cursors without the ends whose squares sum to less than `floor`, and the index of the main one in what is left."""
    kept = np.flatnonzero(untrimmed(cursors, floor))
    if not len(kept):
        return np.zeros(1), 0
    return np.ascontiguousarray(cursors[kept]), pre - int(kept[0])


def even(count: int) -> int:
    """The next even number."""
    return count + count % 2
