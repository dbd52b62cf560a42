"""The way into the time domain that the IEEE 802.3 COM reference code takes (its revision 3.70, Annex 93A).

Magnitude and unwrapped phase on the file's frequency step: to DC and beyond the band edge both follow straight lines. The
impulse response is one inverse transform, cut at its last sample above a thousandth of its peak; a pulse is the running
sum over one UI.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.fft import irfft

from sirf._arrays import Complex, Float
from sirf.channel.resample import uneven_step
from sirf.channel.screening import MIN_POINTS
from sirf.channel.transfer import Pulse, Transfer
from sirf.errors import SirfError
from sirf.units import Given, parse_symbol_rate

TRUNCATION = 1e-3
"""Impulse responses end at the last sample above this part of their peak."""
_REPLACED = 10
_LEAST = float(np.finfo(float).eps)


def pulse_response(
    transfer: Transfer,
    *,
    symbol_rate: Given,
    samples_per_ui: int = 32,
    filters: Callable[[Float], Complex] | None = None,
    amplitude: float = 1.0,
) -> Pulse:
    """Response to one symbol of `amplitude` V as the reference code computes it; time starts at 0 s.

    `filters` are applied on the file's own grid, before the extrapolation, as the reference code does.
    Raises `SirfError` for a bad symbol rate, an uneven grid or a band that reaches beyond half the sample rate.
    """
    symbol_rate = parse_symbol_rate(symbol_rate)
    value = transfer.value if filters is None else transfer.value * filters(transfer.frequency)
    impulse = impulse_response(transfer.frequency, value, sample_rate=symbol_rate * samples_per_ui)
    # a pulse is a difference of running sums one UI apart
    total = np.concatenate((np.zeros(samples_per_ui), np.cumsum(impulse)))
    volts = amplitude * (total[samples_per_ui:] - total[:-samples_per_ui])
    time = np.arange(volts.size) / (symbol_rate * samples_per_ui)
    return Pulse(
        time, volts, samples_per_ui=samples_per_ui, symbol_rate=symbol_rate, cursor=int(np.argmax(np.abs(volts)))
    )


def impulse_response(frequency: Float, value: Complex, *, sample_rate: float, truncation: float = TRUNCATION) -> Float:
    """Impulse response of `value` (F,), one number a sample, from time 0 to its last sample above `truncation` x peak."""
    _check_grid(frequency)
    # the first step may differ: files often begin at a start frequency of their own
    step = float(frequency[2] - frequency[1])
    half = round(0.5 * sample_rate / step)
    if half < frequency[-1] / step * (1 - 1e-9):
        raise SirfError(
            f"sample rate must be twice the band, {2 * frequency[-1] / 1e9:g} GHz at least, got "
            f"{sample_rate / 1e9:g} GHz. Use more samples_per_ui."
        )
    grid = np.linspace(0.0, 0.5 * sample_rate, half + 1)
    # magnitude and phase apart, because straight lines of a complex number would cut its circle
    impulse = np.asarray(irfft(_spectrum(grid, frequency, value), n=2 * half))
    size = np.abs(impulse)
    behind = int(np.argmax(size[::-1] > truncation * np.max(size)))
    return impulse[: impulse.size - behind]


def _spectrum(grid: Float, frequency: Float, value: Complex) -> Complex:
    """`value` at `grid` (G,), even from zero on, by straight lines of magnitude and phase, which go on beyond the band."""
    inside = int(np.searchsorted(grid, frequency[-1], side="right"))
    phase, last, slope = phase_on(grid[:inside], frequency, value)
    # beyond the band each point is turned against the one before by one angle: products of two short rows of turns
    block = math.isqrt(grid.size - inside) + 1
    step = float(slope * grid[1])
    result = np.empty(inside + block * block, dtype=complex)
    result.real[:inside], result.imag[:inside] = np.cos(phase), np.sin(phase)
    if inside < grid.size:
        beyond = last + slope * (grid[inside] - frequency[-1])
        first, turns = np.exp(1j * (beyond + step * block * np.arange(block))), np.exp(1j * step * np.arange(block))
        np.multiply.outer(first, turns, out=result[inside:].reshape(block, block))
    result = result[: grid.size]
    result *= magnitude_on(grid, frequency, np.abs(value))
    return result


def _check_grid(frequency: Float) -> None:
    """Raise `SirfError` for a grid that the reference's straight lines cannot follow."""
    if frequency.size < MIN_POINTS:
        raise SirfError(f"points must be at least {MIN_POINTS} for COM, got {frequency.size}. Use a finer grid.")
    largest = uneven_step(frequency)
    if largest is not None:
        raise SirfError(
            f"grid must be even for COM, got steps of {np.diff(frequency).min() / 1e6:.4g} to {largest / 1e6:.4g} MHz. "
            "Load it with Channel.from_network, which resamples it."
        )


def magnitude_on(grid: Float, frequency: Float, magnitude: Float) -> Float:
    """Magnitude at `grid` (G,): linear inside; to DC by the line through the first ten points; beyond, straight to the
    value at the end of the grid of the line through the upper half of the band (not above the last point, not below eps).
    """
    points, values = frequency, np.maximum(magnitude, _LEAST)
    if frequency[0] > 0:
        slope, at_zero = _line(frequency[:10], values[:10])
        points, values = np.append(0.0, points), np.append(at_zero, values)
    if frequency[-1] < grid[-1]:
        # MATLAB's ceil(n / 2), counted from 0
        middle = (frequency.size + 1) // 2 - 1
        slope, offset = _line(frequency[middle:], np.maximum(magnitude[middle:], _LEAST))
        end = min(max(float(slope * grid[-1] + offset), _LEAST), float(magnitude[-1]))
        points, values = np.append(points, grid[-1]), np.append(values, end)
    return np.asarray(np.interp(grid, points, values))


def _line(x: Float, y: Float) -> tuple[float, float]:
    """Slope and value at zero of the straight line of least squares."""
    middle = float(np.mean(x))
    away = x - middle
    slope = float(away @ y) / float(away @ away)
    return slope, float(np.mean(y)) - slope * middle


def phase_on(grid: Float, frequency: Float, value: Complex) -> tuple[Float, float, float]:
    """Unwrapped phase in rad at `grid` (G,) inside the band, linear between points, at its end, and its slope in rad/Hz beyond.

    That is the slope of the last two points. Without a point at DC the first ten points give way to a line to DC, at the
    slope of the first fifty from the eleventh, and the slope beyond the band is the typical one of the last 51 steps.
    Raises `SirfError` when the phase rises, as it does where the frequency step is too coarse for the delay.
    """
    phase = np.unwrap(np.angle(value))
    slopes = np.diff(phase) / np.diff(frequency)
    # a mean slope, because a single notch may turn the phase up for some points
    if np.mean(slopes) > 0:
        raise SirfError("phase must fall with frequency, got a response before its cause. Use a finer frequency step.")
    points, values, last_slope = frequency, phase, float(slopes[-1])
    if frequency[0] > 0:
        last_slope = _typical(slopes[-51:])
        # the reference takes the first ten points for unsure, and draws a line in their place
        slope, anchor = _typical(slopes[:50]), min(_REPLACED, frequency.size - 1)
        points = np.append(0.0, frequency[anchor:])
        values = np.append(phase[anchor] - slope * frequency[anchor], phase[anchor:])
        # the line to DC ends near a whole turn: taken off, so that the phase at DC is near zero
        values = values - 2 * np.pi * np.round(values[0] / (2 * np.pi))
    return np.interp(grid, points, values), float(values[-1]), last_slope


def _typical(values: Float) -> float:
    """Mean of the values within one standard deviation of their median."""
    # with n - 1, as MATLAB's std
    near = np.abs(values - np.median(values)) <= np.std(values, ddof=1)
    return float(np.mean(values[near]))
