"""Optical power as it is specified: dBm, extinction ratio, optical modulation amplitude."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import Complex, Float
from sirf.errors import PhysicsError


def dbm(power: ArrayLike) -> Float:
    """Level in dBm of a `power` in W; zero gives -inf without a warning."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(np.asarray(power, dtype=float) / 1e-3))


def from_dbm(level: float) -> float:
    """Power in W of a `level` in dBm."""
    return float(1e-3 * 10.0 ** (level / 10.0))


def extinction_ratio_db(high: float, low: float) -> float:
    """Ratio in dB of the outer levels in W; inf for a dark lower level."""
    if not 0.0 <= low < high:
        raise PhysicsError(
            f"high must be above low and low at least 0, got {high} and {low}. Give the outer levels in W."
        )
    return float(10.0 * np.log10(high / low)) if low > 0.0 else float("inf")


def outer_levels(average: float, extinction_db: float) -> tuple[float, float]:
    """Outer levels (low, high) in W of equally used levels with `average` W and an extinction ratio above 0 dB.

    >>> low, high = outer_levels(1e-3, 6.0)
    >>> round(high - low, 6)
    0.001197
    """
    if not (average > 0.0 and extinction_db > 0.0):
        raise PhysicsError(f"average and extinction_db must be positive, got {average} and {extinction_db}.")
    ratio = 10.0 ** (-extinction_db / 10.0)
    # the mean of equally used, evenly spaced levels is that of the outer two, and low = ratio x high
    high = 2.0 * average / (1.0 + ratio)
    return high * ratio, high


def check_period(power: Float, levels: NDArray[np.integer], samples_per_ui: int) -> None:
    """`PhysicsError` unless `power` (N M,) is one period of the `levels` (N,) with M = `samples_per_ui`, at least 8."""
    if samples_per_ui < 8 or power.size != levels.size * samples_per_ui:
        raise PhysicsError(
            f"power must have {levels.size} symbols of at least 8 samples, got {power.size} of {samples_per_ui} each. "
            "Give one period of the pattern."
        )


def outer_oma(power: Float, levels: NDArray[np.integer], samples_per_ui: int, *, run: int = 6) -> float:
    """OMA_outer in W of a periodic wave (N samples_per_ui,) W: highest less lowest level inside their longest runs.

    `levels` (N,) are the sent level indices; their delay is found by correlation. Means over the middle
    2 UI of runs of at least `run` equal outer symbols, as 802.3 121.8.4 with its runs of 7 threes and 6 zeros; the longest run
    counts where none is that long. Raises `PhysicsError` where an outer level is missing.
    """
    sent = np.asarray(levels)
    wave = np.asarray(power, dtype=float)
    if wave.size != sent.size * samples_per_ui:
        raise PhysicsError(f"power must have {sent.size} x {samples_per_ui} samples, got {wave.size}. Cut one period.")
    wave = np.roll(wave, -delay_samples(wave, sent, samples_per_ui))
    found = [_plateau(wave, sent == level, samples_per_ui, run) for level in (sent.min(), sent.max())]
    if sent.min() == sent.max():
        raise PhysicsError("levels must use both outer levels, got one only. Send a longer pattern.")
    return abs(found[1] - found[0])


def delay_samples(wave: Float, levels: NDArray[np.integer], samples_per_ui: int) -> int:
    """By how many samples a periodic wave (N M,) lags behind the steps of its levels (N,): where they correlate most."""
    from sirf.signal.split_transform import rfft

    return delay_of_spectrum(rfft(wave), levels, samples_per_ui)


def delay_of_spectrum(spectrum: Complex, levels: NDArray[np.integer], samples_per_ui: int) -> int:
    """`delay_samples` of the wave whose transform is `spectrum` (N M // 2 + 1,)."""
    from sirf.signal.split_transform import irfft, rfft

    steps = np.repeat(np.asarray(levels) - np.mean(levels), samples_per_ui)
    match = irfft(spectrum * np.conj(rfft(steps)), steps.size)
    # the magnitude, since an inverting modulator turns the wave over
    return int(np.argmax(np.abs(match)))


def _plateau(wave: Float, member: NDArray[np.bool_], m: int, run: int) -> float:
    # turn the period so that it starts outside a run
    turn = int(np.argmin(member))
    inside = np.concatenate([[0], np.roll(member, -turn).astype(int), [0]])
    start = np.flatnonzero(np.diff(inside) == 1)
    length = np.flatnonzero(np.diff(inside) == -1) - start
    chosen = length >= min(run, length.max())
    turned = np.roll(wave, -turn * m)
    means = []
    for first, count in zip(start[chosen], length[chosen], strict=True):
        middle = (first + count / 2.0) * m
        # one UI to either side of the run's middle, or the whole run where it is shorter
        half = min(m, count * m // 2)
        means.append(turned[int(middle - half) : max(int(middle + half), int(middle - half) + 1)].mean())
    return float(np.mean(means))
