"""Noise of the receiver's analog-to-digital converter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from sirf.errors import SirfError

Real = NDArray[np.float64]


def quantization_noise(sampled: Real, sigma: float, *, levels: int, bits: float, clip_probability: float) -> float:
    """Variance in V^2 of the rounding noise of a `bits` wide converter, step^2 / 12, at its best full scale.

    Full scale is where the input, symbols of `levels` through the sampled response (N,) in V plus Gaussian noise of rms
    `sigma` in V, passes with `clip_probability`, both sides together. Cursors beyond the five largest count as Gaussian.
    Raises `SirfError` for bits or a probability out of range.
    """
    if not (1.0 <= bits <= 24.0 and 0.0 < clip_probability < 0.5):
        raise SirfError(
            f"the converter needs 1 to 24 bits and a clip probability in (0, 0.5), got {bits:g} and {clip_probability:g}. "
            "Check N_qb and P_qc."
        )
    order = np.argsort(-np.abs(sampled))
    large, small = sampled[order[:5]], sampled[order[5:]]
    symbols = np.linspace(-1.0, 1.0, levels)
    mean = np.zeros(1)
    for cursor in large:
        mean = (mean[:, None] + cursor * symbols).ravel()
    spread = float(np.sqrt(sigma**2 + np.mean(symbols**2) * np.sum(small**2)))
    if spread == 0.0:
        full_scale = float(np.max(np.abs(mean)))
    else:
        top = float(np.max(np.abs(mean))) + 40.0 * spread

        def excess(level: float) -> float:
            return float(np.mean(ndtr((mean - level) / spread) + ndtr((-mean - level) / spread))) - clip_probability

        full_scale = float(brentq(excess, 0.0, top))
    return float((2.0 * full_scale / 2.0**bits) ** 2 / 12.0)
