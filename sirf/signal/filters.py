"""Filters that transmitter, receiver and test equipment share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float

# (pi / 8) / sin(pi / 8), the integral of 1 / (1 + x^8) from zero to infinity
BUTTERWORTH4_NOISE = 1.02617
"""Noise bandwidth of the fourth-order Butterworth filter over its corner."""


def butterworth4(frequency: NDArray[Any], corner: float) -> Complex:
    """Fourth-order Butterworth low-pass H_r(f), equation (93A-20).

    `frequency` (F,) and `corner` in Hz; |H_r(corner)| = -3.01 dB. Noise bandwidth `BUTTERWORTH4_NOISE` x corner.
    """
    x = np.asarray(frequency, dtype=float) / corner
    # 2.613126 = 2 (cos(pi/8) + cos(3 pi/8)) and 3.414214 = 2 + sqrt(2)
    return np.asarray(1.0 / (1.0 - 3.414214 * x**2 + x**4 + 1j * (2.613126 * x - 2.613126 * x**3)))


def gaussian_edge(frequency: NDArray[Any], rise_time: float) -> Float:
    """Magnitude (F,) of a Gaussian edge of `rise_time` s from 20 to 80 %: exp(-2 (pi f T_r / 1.6832)²), one at DC.

    Gaussian of deviation s in time: 20 to 80 % are 2 x 0.8416 s = 1.6832 s, and its spectrum is exp(-2 (pi f s)²).
    """
    return np.asarray(np.exp(-2.0 * (np.pi * np.asarray(frequency, dtype=float) * rise_time / 1.6832) ** 2))


def raised_cosine(frequency: NDArray[Any], start: float, end: float) -> Float:
    """One to `start` Hz, half a period of a cosine down to zero at `end` Hz (F,): COM's roll-off, and the Tukey window of ERL."""
    part = np.clip((np.asarray(frequency, dtype=float) - start) / (end - start), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part))
