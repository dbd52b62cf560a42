"""An eye in the terminal: density in braille dots, as many to a decade as its logarithm asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float

if TYPE_CHECKING:
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun


ROWS, MIN_COLUMNS, MAX_COLUMNS = 20, 30, 100
DECADES = 3.0
"""Decades of density between no dot and all dots."""
MARGIN = 10
"""Characters left of the eye, for its voltages."""
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character by row and column (Unicode, block U+2800)."""
DITHER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16.0
"""Bayer's 4 x 4 thresholds: neighbouring dots light at different densities."""


def terminal_eye(result: StatisticalEye | WaveformRun, *, width: int = 80) -> str:
    """The eye as lines of at most `width` characters: one unit interval about the sampling instant across, mV upwards."""
    from sirf.results.statistical_eye import StatisticalEye

    source = result if isinstance(result, StatisticalEye) else result.eye
    phase, volts, density = source.phase_ui, source.volts, source.density
    columns = min(max(width - MARGIN - 1, MIN_COLUMNS), MAX_COLUMNS)
    top = 0.68 * float(np.abs(volts).max())
    heights = np.linspace(top, -top, 4 * ROWS)
    places = np.linspace(phase[0], phase[-1], 2 * columns)
    picture = _sampled(density, phase, volts, places, heights)
    lit = picture > np.tile(DITHER, (ROWS, columns // 2 + 1))[:, : 2 * columns]
    cells = (lit.reshape(ROWS, 4, columns, 2) * DOTS[None, :, None, :]).sum(axis=(1, 3))
    lines = []
    for row in range(ROWS):
        label = f"{1e3 * heights[4 * row]:>{MARGIN - 4}.0f} mV" if row % 5 == 0 or row == ROWS - 1 else ""
        lines.append(f"{label:>{MARGIN - 1}} " + "".join(chr(0x2800 + int(cell)) for cell in cells[row]))
    axis = f"{'-0.5 UI':<{columns // 2}}0{'+0.5 UI':>{columns - columns // 2 - 1}}"
    return "\n".join((*lines, " " * MARGIN + axis))


def _sampled(density: Float, phase: Float, volts: Float, places: Float, heights: Float) -> Float:
    """Brightness in 0 to 1 (heights, places): logarithm of the density, its highest `DECADES` decades.

    A dot stands for a stretch of bins and shows the densest of them, so that a thin line is not missed between two dots.
    """
    column = np.clip(np.searchsorted(phase, places), 0, len(phase) - 1)
    step = 0.5 * abs(float(heights[0] - heights[1]))
    low = np.clip(np.searchsorted(volts, heights - step), 0, len(volts) - 1)
    high = np.maximum(np.searchsorted(volts, heights + step), low + 1)
    seen = density[column]
    picture = np.array([seen[:, first:last].max(axis=1) for first, last in zip(low, high, strict=True)])
    peak = float(np.percentile(picture.max(axis=0), 97))
    if peak <= 0.0:
        return np.zeros_like(picture)
    return np.asarray(np.clip(1.0 + np.log10(np.maximum(picture / peak, 10.0**-DECADES)) / DECADES, 0.0, 1.0))
