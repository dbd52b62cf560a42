"""Noise of the receiver and of aggressors as the search of Annex 93A sees them, in the frequency domain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sirf._arrays import Complex, Float
from sirf._kernels.com_search import tap_weights
from sirf.com.responses import PathResponse

_CHUNK = 256


def receiver_noise_rms(frequency: Float, transfer: Complex, density: float | Float) -> float:
    """sigma_N in V, equation (93A-35): `density` V²/Hz one-sided, a number or (F,), through `transfer` (F,), H_r H_ctf."""
    # the reference code's sum: every point but the first, with the step before it
    power = np.abs(transfer[1:]) ** 2 * np.diff(frequency)
    if isinstance(density, float):
        return float(np.sqrt(density * np.sum(power)))
    return float(np.sqrt(np.sum(density[1:] * power)))


def receiver_noise_terms(frequency: Float, transfer: Complex, spectra: Float, density: float | Float) -> Float:
    """sigma_N² in V² by equation (93A-35) in parts (S,), for `spectra` (S, F) of |H_ctf|² behind `transfer` (F,), H_r."""
    power = np.abs(transfer) ** 2 * density
    # summed as `receiver_noise_rms` does
    return np.asarray(spectra[:, 1:] @ (power[1:] * np.diff(frequency)))


def crosstalk_density(paths: Sequence[PathResponse], symbol_rate: float, f_2: float) -> Float:
    """Variance per point (P,) that each aggressor puts into symbols of unit power, equation (93A-33), up to the symbol rate.

    As in the reference code: 2 A² |sinc|² |H|² Δf / f_2, summed to the first point beyond the symbol rate. CTLE and transmitter
    FFE are not in it.
    """
    f = paths[0].frequency
    stop = crosstalk_points(f, symbol_rate)
    x = f[:stop] / symbol_rate
    sinc = np.sinc(x) ** 2
    step = float(f[2] - f[1])
    total = np.zeros(stop)
    for path in paths:
        total += path.amplitude**2 * np.abs(path.transfer[:stop]) ** 2
    return np.asarray(2.0 * step / f_2 * sinc * total)


def crosstalk_points(frequency: Float, symbol_rate: float) -> int:
    """Number of points up to and with the first above the symbol rate."""
    above = int(np.searchsorted(frequency, symbol_rate, side="right"))
    # the first point beyond the symbol rate still counts
    return min(above + 1, frequency.size)


def fext_variance(taps: Float, offsets: Sequence[int], frequency: Float, symbol_rate: float, density: Float) -> Float:
    """sigma_FEXT² (T, S) over symbol power for `taps` (T, K) at cursors `offsets`, and `density` (P, S) of S spectra.

    As in the reference code the density is weighted by |H_ffe|, not by its square.
    """
    places = np.asarray(offsets) - min(offsets)
    count = int(np.max(places)) + 1
    every = np.zeros((taps.shape[0], count))
    # cursors that the grid leaves out are taps of zero
    every[:, places] = taps
    # |H_ffe|² is a cosine series of the taps' autocorrelation
    own = np.stack([np.sum(every[:, lag:] * every[:, : count - lag], axis=1) for lag in range(count)], axis=1)
    own[:, 1:] *= 2.0
    cosines = np.cos(2.0 * np.pi * np.outer(np.arange(count), frequency[: density.shape[0]]) / symbol_rate)
    result = np.empty((taps.shape[0], density.shape[1]))
    weights = np.empty((_CHUNK, density.shape[0]))
    for start in range(0, taps.shape[0], _CHUNK):
        part = np.ascontiguousarray(own[start : start + _CHUNK])
        tap_weights(part, cosines, weights[: part.shape[0]])
        result[start : start + _CHUNK] = weights[: part.shape[0]] @ density
    return result
