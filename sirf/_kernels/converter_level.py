"""The level of a converter that its input passes with a given probability: a quantile of random symbols and Gaussian noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.com_distribution import convolve_deltas
from sirf._kernels.jit import kernel

Real = NDArray[np.float64]


@kernel(compact=True)
def bins_passed(values: Real, levels: int, bin_size: float, sigma: float, crest: float, probability: float) -> int:
    """Bins by which the least voltage lies below zero up to which the probability is above `probability`, less than a half.

    The voltage is the sum of ascending `values` (N,) in V times independent symbols of so many `levels`, and of Gaussian noise of
    `sigma` V, cut at `crest` sigma; a sigma of 0 leaves it out.
    """
    density = convolve_deltas(values, levels, bin_size)
    half = density.size // 2
    # probabilities of noise in each bin and up to it, and of the symbols up to each bin
    reach = int(np.floor(crest * sigma / bin_size + 0.5))
    noise, below = np.empty(2 * reach + 1), np.empty(density.size + 1)
    total = 0.0
    for i in range(noise.size):
        x = (i - reach) * bin_size
        # the machine epsilon keeps the quotient finite where there is no noise
        noise[i] = np.exp(-x * x / (2.0 * sigma * sigma + 2.220446049250313e-16))
        total += noise[i]
    below[0] = 0.0
    for i in range(density.size):
        below[i + 1] = below[i] + density[i]
    # symbols at bin i of their density and noise at bin j of its own give bin i + j - half - reach of the sum; with the sum at
    # -passed it is up to there: between the last bin that is not and the first that is
    short, far = -1, half + reach + 1
    while far - short > 1:
        passed = (far + short) // 2
        up_to = half + reach - passed
        held = 0.0
        for j in range(noise.size):
            held += noise[j] * below[min(max(up_to - j + 1, 0), density.size)]
        if held > probability * total:
            short = passed
        else:
            far = passed
    return short
