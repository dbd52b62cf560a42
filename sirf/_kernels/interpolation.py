"""A sampled waveform between its samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

SIXTH = 1.0 / 6.0  # a product takes a quarter of a quotient's time, and the receiver's loop waits for it


@kernel
def interpolate(wave: NDArray[np.float32], place: float) -> float:
    """`wave` at a fractional index: the sample itself at a whole one, else a cubic through four."""
    # the fraction from the floating-point floor: one way through an integer less
    below = np.floor(place)
    return between(wave, int(below), place - below)


@kernel
def between(wave: NDArray[np.float32], whole: int, u: float) -> float:
    """`wave` by `u`, from 0 to 1, behind its sample `whole`."""
    # exact samples stay exact, and the last one needs no neighbour behind it
    if u == 0.0:
        return float(wave[whole])
    # Lagrange's cubic through the samples at -1, 0, 1 and 2, in double precision: sums of products cancel
    return float(
        -u * (u - 1.0) * (u - 2.0) * SIXTH * float(wave[whole - 1])
        + (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5 * float(wave[whole])
        - (u + 1.0) * u * (u - 2.0) * 0.5 * float(wave[whole + 1])
        + (u + 1.0) * u * (u - 1.0) * SIXTH * float(wave[whole + 2])
    )
