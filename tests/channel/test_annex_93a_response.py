"""The reference code's way into the time domain, beside the same in single steps."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.channel.annex_93a_response import impulse_response
from tests.channel.test_response import GRID, RATE, lossy


@pytest.mark.parametrize("first", [0, 1, 5])
def test_annex_93a_is_the_transform_of_straight_lines(first: int) -> None:
    """The grid in one piece, with a DC point and without: exponentials of every phase, lines by NumPy's polynomials."""
    frequency, rate = GRID[first:], RATE * 32
    value = lossy(frequency)
    grid = np.linspace(0.0, 0.5 * rate, round(0.5 * rate / 10e6) + 1)
    magnitude, phase = np.abs(value), np.unwrap(np.angle(value))
    slopes = np.diff(phase) / np.diff(frequency)

    def typical(part: Float) -> float:
        return float(np.mean(part[np.abs(part - np.median(part)) <= np.std(part, ddof=1)]))

    points, x, y, last_slope = frequency, frequency, phase, slopes[-1]
    middle = (frequency.size + 1) // 2 - 1
    end = float(np.polyval(np.polyfit(frequency[middle:], magnitude[middle:], 1), grid[-1]))
    end = min(max(end, float(np.finfo(float).eps)), float(magnitude[-1]))
    if first:
        last_slope = typical(slopes[-51:])
        points, magnitude = (
            np.append(0.0, frequency),
            np.append(np.polyfit(frequency[:10], magnitude[:10], 1)[1], magnitude),
        )
        x = np.append(0.0, frequency[10:])
        y = np.append(phase[10] - typical(slopes[:50]) * frequency[10], phase[10:])
        y = y - 2.0 * np.pi * np.round(y[0] / (2.0 * np.pi))
    lines = np.interp(grid, np.append(points, grid[-1]), np.append(magnitude, end))
    turns = np.interp(grid, x, y) + last_slope * np.maximum(grid - frequency[-1], 0.0)
    whole = np.fft.irfft(lines * np.exp(1j * turns), n=2 * grid.size - 2)
    found = impulse_response(frequency, value, sample_rate=rate)
    np.testing.assert_allclose(found, whole[: found.size], rtol=0.0, atol=1e-13 * np.max(np.abs(whole)))
    assert abs(whole[found.size - 1]) > 1e-3 * np.max(np.abs(whole)) >= np.max(np.abs(whole[found.size :]))
