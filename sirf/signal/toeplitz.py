"""Covariance matrices of what is stationary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def symmetric_toeplitz(row: Float) -> Float:
    """(N, N) with `row` (N,) as its first row and column, every diagonal constant."""
    place = np.arange(len(row))
    return np.asarray(row[np.abs(place[:, None] - place)])
