"""What of a response comes before time zero, and what is left where the file's period ends: levels under a Gaussian pulse."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft

from sirf._arrays import Complex, Float
from sirf.channel.mixed_mode import PortOrder
from sirf.channel.network import Network
from sirf.channel.resample import flatten, usual_step
from sirf.channel.screening import MIN_POINTS, judgeable

CAUSAL_DB = -40.0
"""Level before time zero, relative to the peak, up to which a response counts as causal."""
_WIDTH = 4.0
"""Band edge over the standard deviation of the Gaussian window of the causality test (-69 dB at the edge)."""
_GUARD = 5.0
"""Standard deviations of the Gaussian pulse in time that are left out before time zero (-108 dB)."""
_COUNTS = 0.01
"""Entries whose peak is below this part of the largest do not count in the causality test: they hold noise."""


def early_levels(network: Network) -> tuple[float, tuple[int, int]] | None:
    """Largest level in dB before time zero over the peak of its entry, and the entry (out, in), ports from 1.

    Each entry goes into the time domain under a Gaussian window whose standard deviation is a quarter of the last
    frequency; the last quarter of the period 1/step, less five widths of the Gaussian pulse, counts as before time zero.
    Entries 40 dB below the largest do not count. None for fewer than 8 points or without any signal.
    """
    levels, network = {}, judgeable(network)
    for out in range(network.ports):
        for into in range(network.ports):
            found = _early_and_peak(network.frequency, network.s[:, out, into])
            if found is not None:
                levels[out + 1, into + 1] = found
    loudest = max((peak for _, peak in levels.values()), default=0.0)
    # an entry far below the others holds the instrument's noise, which comes at any time
    counted = {entry: level for entry, (level, peak) in levels.items() if peak >= _COUNTS * loudest}
    if not counted:
        return None
    worst = max(counted, key=counted.__getitem__)
    return counted[worst], worst


def early_db(frequency: Float, value: Complex) -> float | None:
    """As `early_levels` for one entry `value` (F,)."""
    found = _early_and_peak(frequency, value)
    return None if found is None else found[0]


def _early_and_peak(frequency: Float, value: Complex) -> tuple[float, float] | None:
    """Level in dB before time zero, over the peak, and the peak; None for too few points or no signal."""
    if frequency.size < MIN_POINTS or not np.any(value):
        return None
    pulse = _gaussian_pulse(frequency, value)
    guard = int(np.ceil(_GUARD * _WIDTH / np.pi))  # the step in time is half a period of the last frequency
    # the last quarter of the circle is the time before zero
    before = slice((3 * pulse.size) // 4, pulse.size - guard)
    if frequency[0] > 0 and pulse[before].size:
        # a value at DC that the data do not give is one constant over all time: the one that leaves least before time zero
        pulse = pulse - np.mean(pulse[before])
    pulse = np.abs(pulse)
    early = pulse[before]
    peak = float(pulse.max())
    return (20.0 * float(np.log10(max(float(early.max()) / peak, 1e-15))), peak) if early.size else None


def wrap_level(network: Network, lanes: tuple[PortOrder, ...]) -> float | None:
    """Largest level in dB, over the peak, of a line's response half a period 1/step after it arrives; None if unknown."""
    levels, network = [], judgeable(network)
    for into, out in line_paths(lanes, network.ports):
        if network.frequency.size < MIN_POINTS or not np.any(network.s[:, out, into]):
            continue
        pulse = np.abs(_gaussian_pulse(network.frequency, network.s[:, out, into]))
        n, arrival = pulse.size, int(np.argmax(pulse))
        # half a period after the arrival nothing of the line is left but what wraps round
        ring = np.roll(pulse, -arrival)[int(0.45 * n) : int(0.55 * n) + 1]
        levels.append(20.0 * np.log10(max(float(ring.max()) / float(pulse.max()), 1e-15)))
    return max(levels, default=None)


def _gaussian_pulse(frequency: Float, value: Complex) -> Float:
    """Response (N,) to a Gaussian pulse at time zero on a step of half a period of the last frequency, over 1/step."""
    # the median: a missing point must not double the step
    step = usual_step(frequency)
    grid = step * np.arange(int(frequency[-1] / step * (1 + 1e-9)) + 1, dtype=np.float64)
    flat = flatten(frequency, value)
    spectrum = flat.at(grid) * np.exp(-2j * np.pi * grid * flat.delay_s)
    window = np.exp(-0.5 * (grid * _WIDTH / frequency[-1]) ** 2)
    return np.asarray(irfft(spectrum * window))


def line_paths(lanes: tuple[PortOrder, ...], ports: int) -> list[tuple[int, int]]:
    """(in, out) of the lines, from 0."""
    if ports == 2:
        return [(0, 1)]
    return [(lane[k] - 1, lane[k + 1] - 1) for lane in lanes for k in (0, 2)]
