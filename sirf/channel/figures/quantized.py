"""Distribution of a sampled signal under random symbols, on equal bins (IEEE 802.3 clause 93A.1.7.1)."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float


def sampled_signal_pdf(samples: Float, *, levels: int, bin_size: float) -> tuple[Float, Float]:
    """Value and probability of sum a(n) `samples`(n) with independent equally likely PAM symbols a in -1 to 1.

    Equations (93A-39) and (93A-40), each contribution rounded to whole bins; samples below one bin do not count.

    >>> value, probability = sampled_signal_pdf(np.array([0.5]), levels=2, bin_size=0.25)
    >>> value.tolist(), probability.tolist()
    ([-0.5, -0.25, 0.0, 0.25, 0.5], [0.5, 0.0, 0.0, 0.0, 0.5])
    """
    magnitude = np.sort(np.abs(samples[np.abs(samples) > bin_size]))
    # outermost levels at one: amplitudes are those of the pulse
    symbols = np.linspace(-1.0, 1.0, levels)
    # rounded half away from zero as MATLAB does; NumPy would round half to even
    bins = np.sign(symbols) * np.floor(np.abs(symbols) * magnitude[:, None] / bin_size + 0.5)
    shifts = bins.astype(np.intp)
    # what the outermost symbol makes is how far the distribution grows
    half = shifts[:, -1]
    probability = np.zeros(2 * int(half.sum()) + 1)
    probability[0] = 1.0
    size = 1
    for shift, reach in zip(shifts, half, strict=True):
        # all symbols are equally likely
        narrow = probability[:size] / levels
        size += 2 * int(reach)
        wide = np.zeros(size)
        # bins counted from the lowest sum that there is now
        for offset in shift + reach:
            wide[offset : offset + narrow.size] += narrow
        probability[:size] = wide
    value = np.asarray((np.arange(size) - size // 2) * bin_size, dtype=np.float64)
    return value, probability[:size]
