"""Histograms of patterns by group, and sums of Gaussian tails about their bins."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel
def count_split(
    values: Float, group: NDArray[np.int64], scale: float, half: int, counts: Float, widened: Float
) -> None:
    """Count `values` (R, N) in bins 1 / `scale` wide, `half` of them below zero, by `group` (N,), in `counts` (G, B).

    Each value is split over two bins, its mean kept; `widened` (G,) sums up by how much that widens its square, in bins.
    """
    for row in range(len(values)):
        for n in range(len(group)):
            place = values[row, n] * scale + half
            index = int(place)
            part = place - index
            g = group[n]
            counts[g, index] += 1.0 - part
            counts[g, index + 1] += part
            widened[g] += part * (1.0 - part)


@kernel(fastmath=True)  # sums of positive numbers; reordering moves the last digits only
def sum_tails(counts: Float, deviations: Float, half: int, stride: int, table: Float, sums: Float) -> None:
    """Sum Gaussian tails about bins of `counts` (G, B), the middle one at `half`, with `deviations` (G,) in bins.

    `sums` (4, G, V): above voltages `stride` bins apart from zero on, below their opposites, and both of the squares. `table` is
    room for 2 B + V `stride` numbers.
    """
    bins, voltages = counts.shape[1], sums.shape[2]
    for g in range(len(counts)):
        first, last = 0, bins - 1
        while first < last and counts[g, first] == 0.0:
            first += 1
        while last > first and counts[g, last] == 0.0:
            last -= 1
        # distances of voltages from values, as whole bins: a value may lie on either side of zero
        farthest = max(abs(first - half), abs(last - half))
        scale = 1.0 / (deviations[g] * math.sqrt(2.0))
        for d in range(-farthest, farthest + stride * (voltages - 1) + 1):
            table[d + farthest] = 0.5 * math.erfc(d * scale)
        for v in range(voltages):
            upper = lower = upper_squares = lower_squares = 0.0
            middle = v * stride + farthest
            for j in range(first, last + 1):
                above = table[middle - (j - half)]
                below = table[middle + (j - half)]
                count = counts[g, j]
                upper += count * above
                lower += count * below
                upper_squares += count * above * above
                lower_squares += count * below * below
            sums[0, g, v] = upper
            sums[1, g, v] = lower
            sums[2, g, v] = upper_squares
            sums[3, g, v] = lower_squares
