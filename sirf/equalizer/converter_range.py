"""The range of a receiver's converter by the probability with which its input passes it."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf._kernels.converter_level import bins_passed
from sirf.com.distribution import NOISE_CREST

RANGE_BINS = 2000
"""Bins of the distribution over the largest sum of the pulse."""


def converter_range(samples: Float, noise: float, *, order: int, bits: int, probability: float) -> float:
    """Range ±F in V of a converter of `bits` whose outer levels the input passes with `probability`, half at either side.

    `samples` (N,) in V is the pulse ahead of the FFE at one sample a symbol, of random symbols of `order` levels; `noise` the rms
    in V of what comes on top, taken as Gaussian. The outer levels lie at ±V with P(-V) = probability / 2 and the step is
    2 V / (2^bits - 1), equations (178A-28) to (178A-31); a range of 2^bits steps is a step wider than from level to level.

    >>> round(converter_range(np.array([0.1]), 1e-6, order=2, bits=3, probability=1e-6), 3)
    0.114
    """
    bin_size = float(np.sum(np.abs(samples)) + NOISE_CREST * noise) / RANGE_BINS
    # noise far narrower than a bin has no shape on this grid: the Gaussian would fall into one bin and vanish or widen
    sigma = noise if noise > 0.1 * bin_size else 0.0
    # half of the probability on either side, because signal and noise are symmetric about zero
    passed = bins_passed(np.sort(np.abs(samples)), order, bin_size, sigma, NOISE_CREST, 0.5 * probability)
    level = float(passed) * bin_size
    # from the outermost level to the end of the range is half a step more at either side
    return level * 2.0**bits / (2.0**bits - 1.0)
