"""Covariance matrices of what is stationary."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float


def symmetric_toeplitz(row: Float) -> Float:
    """(N, N) with `row` (N,) as its first row and column, every diagonal constant."""
    place = np.arange(len(row))
    # by the distance of two places, of either sign: what is stationary has an even covariance
    return np.asarray(row[np.abs(place[:, None] - place)])
