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


@kernel
def gather_groups(values: Float, group: NDArray[np.int64], rows: Float, sums: Float, filled: NDArray[np.int64]) -> None:
    """`rows` (G, M) begin with those of `values` (R, N) that belong to each `group` (N,); their sums are added to `sums` (G,).

    `filled` (G,) counts how many each row holds.
    """
    for row in range(len(values)):
        for n in range(len(group)):
            g = group[n]
            rows[g, filled[g]] = values[row, n]
            sums[g] += values[row, n]
            filled[g] += 1


@kernel
def farthest_from(values: Float, group: NDArray[np.int64], centres: Float) -> float:
    """Largest distance of `values` (R, N) from the `centres` (G,) of their `group` (N,)."""
    farthest = 0.0
    for row in range(len(values)):
        for n in range(len(group)):
            farthest = max(farthest, abs(values[row, n] - centres[group[n]]))
    return farthest


@kernel
def count_classes(
    values: Float,
    noise: Float,
    group: NDArray[np.int64],
    centres: Float,
    bounds: Float,
    scale: float,
    half: int,
    counts: Float,
    sums: Float,
) -> None:
    """Count `values` (R, N) less the `centres` (G,) of their `group` (N,) as `count_split` does, by class of `noise` (R, N).

    `bounds` (G, C - 1) ascend and divide the noise of a group into classes, C in all; `counts` (G C, B) and `sums` (2, G C) are
    those of each class: of their noise where there are several, and of what splitting adds to their squares, in bins.
    """
    divisions, bins = bounds.shape[1], counts.shape[1]
    flat = counts.reshape(-1)
    for row in range(len(values)):
        for n in range(len(group)):
            g = group[n]
            into = g * (divisions + 1)
            for k in range(divisions):
                into += noise[row, n] >= bounds[g, k]
            place = (values[row, n] - centres[g]) * scale + half
            index = int(place)
            part = place - index
            at = into * bins + index
            flat[at] += 1.0 - part
            flat[at + 1] += part
            if divisions > 0:
                sums[0, into] += noise[row, n]
            sums[1, into] += part * (1.0 - part)


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
        for d in range(farthest + stride * (voltages - 1) + 1):
            table[d + farthest] = 0.5 * math.erfc(d * scale)
        for d in range(1, farthest + 1):
            table[farthest - d] = 1.0 - table[farthest + d]
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
