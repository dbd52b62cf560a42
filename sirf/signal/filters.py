"""Filters that transmitter, receiver and test equipment share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]

BUTTERWORTH4_NOISE = 1.02617
"""Noise bandwidth of the fourth-order Butterworth filter over its corner."""


def butterworth4(frequency: NDArray[Any], corner: float) -> Complex:
    """Fourth-order Butterworth low-pass H_r(f), equation (93A-20).

    `frequency` (F,) and `corner` in Hz; |H_r(corner)| = -3.01 dB. Noise bandwidth `BUTTERWORTH4_NOISE` x corner.
    """
    x = np.asarray(frequency, dtype=float) / corner
    return np.asarray(1.0 / (1.0 - 3.414214 * x**2 + x**4 + 1j * (2.613126 * x - 2.613126 * x**3)))
