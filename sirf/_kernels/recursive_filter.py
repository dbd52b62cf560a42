"""A filter with two poles and two zeros, sample by sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel
def second_order(numerator: Float, denominator: Float, samples: Float, filtered: Float) -> None:
    """`samples` (N,) through numerator / denominator, both (3,) in powers of 1/z, at rest before, into `filtered` (N,).

    Transposed direct form II.
    """
    b0, b1, b2 = numerator[0] / denominator[0], numerator[1] / denominator[0], numerator[2] / denominator[0]
    a1, a2 = denominator[1] / denominator[0], denominator[2] / denominator[0]
    first = second = 0.0
    for n in range(len(samples)):
        x = samples[n]
        y = first + b0 * x
        first = second + x * b1 - y * a1
        second = x * b2 - y * a2
        filtered[n] = y
