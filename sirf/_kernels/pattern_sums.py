"""Histograms of patterns by group, and sums of Gaussian tails about their bins."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]

MIDDLE = 3.75
"""Where the variable t = (x - 3.75) / (x + 3.75), which takes x >= 0 into ±1, is zero (Shepherd and Laframboise, 1981)."""
SCALED_TAIL = (
    1.7478849013864638e-08,
    8.514344800708154e-09,
    -2.1395289393749556e-07,
    -2.7689253389271555e-08,
    1.6952704530028477e-06,
    -1.008473317939428e-06,
    -1.1398904765147175e-05,
    2.2410168317041458e-05,
    5.162545564894341e-05,
    -0.00029016640189050044,
    0.0002937216654122768,
    0.001755629553224814,
    -0.00974658125426628,
    0.028362276747042153,
    -0.05869339837914289,
    0.09230432122776622,
    -0.10880393015516165,
    0.08227673848702838,
    0.003585415485797161,
    -0.14024059858550386,
    1.2375126308378257,
)
"""Polynomial in t, highest power first, that is (1 + 2 x) exp(x²) erfc(x) to 3e-15 of itself: through Chebyshev's nodes."""
RESTART = 16
"""Bins after which exp(-x²) is no longer stepped on from the one before but taken anew, so that rounding does not add up."""


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
def count_classes(
    values: Float,
    noise: Float,
    group: NDArray[np.int64],
    centres: Float,
    bounds: Float,
    scales: Float,
    half: int,
    counts: Float,
    sums: Float,
) -> None:
    """Count `values` (R, N) less the `centres` (G,) of their `group` (N,) by class of `noise` (R, N).

    Bins are 1 / `scales` (G,) wide, `half` of them below zero; each value is split over two bins, its mean kept.
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
            place = (values[row, n] - centres[g]) * scales[g] + half
            index = int(place)
            part = place - index
            # a number without sign: whether it counts from the end need not be asked
            at = np.uint64(into * bins + index)
            flat[at] += 1.0 - part
            flat[at + np.uint64(1)] += part
            if divisions > 0:
                sums[0, into] += noise[row, n]
            sums[1, into] += part * (1.0 - part)


@kernel(fastmath=True)  # products and a polynomial of slowly falling terms; their order moves the last digits only
def gaussian_tails(scale: float, room: Float, table: Float) -> None:
    """erfc(d `scale`) / 2 for d = 0, 1 … in `table` (D,), to 2e-13 of itself; `room` (D,) is overwritten."""
    for d in range(len(table)):
        x = d * scale
        room[d] = (x - MIDDLE) / (x + MIDDLE)
        table[d] = SCALED_TAIL[0]
    # one power at a time for all bins: a loop over bins is one of vectors
    for k in range(1, len(SCALED_TAIL)):
        coefficient = SCALED_TAIL[k]
        for d in range(len(table)):
            table[d] = table[d] * room[d] + coefficient
    square = scale * scale
    value = ratio = 1.0
    turn = math.exp(-2.0 * square)
    for d in range(len(table)):
        # exp(-x²) from bin to bin: the ratio of two neighbours is itself a power of the step
        if d % RESTART == 0:
            value, ratio = math.exp(-d * d * square), math.exp(-(2 * d + 1) * square)
        table[d] *= value * (0.5 / (1.0 + 2.0 * d * scale))
        value *= ratio
        ratio *= turn


@kernel(fastmath=True)  # sums of positive numbers; reordering moves the last digits only
def sum_tails(counts: Float, deviations: Float, half: int, stride: int, table: Float, room: Float, sums: Float) -> None:
    """Sum Gaussian tails about bins of `counts` (G, B), the middle one at `half`, with `deviations` (G,) in bins.

    `sums` (4, G, V): above voltages `stride` bins apart from zero on, below their opposites, and both of the squares. `table`
    and `room` hold 2 B + V `stride` numbers and are overwritten.
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
        size = farthest + stride * (voltages - 1) + 1
        gaussian_tails(scale, room[:size], table[farthest : farthest + size])
        for d in range(1, farthest + 1):
            table[farthest - d] = 1.0 - table[farthest + d]
        # the same backwards, so that the loop below reads both tails forwards, as vectors
        row, reach = counts[g, first : last + 1], farthest + size - 1
        for d in range(reach + 1):
            room[d] = table[reach - d]
        for v in range(voltages):
            upper = lower = upper_squares = lower_squares = 0.0
            behind, ahead = reach - v * stride - farthest - half, v * stride + farthest - half
            # views, whose indices cannot be negative: the loop becomes one of vectors
            above, below = room[behind + first : behind + last + 1], table[ahead + first : ahead + last + 1]
            for j in range(len(row)):
                upper += row[j] * above[j]
                lower += row[j] * below[j]
                upper_squares += row[j] * above[j] * above[j]
                lower_squares += row[j] * below[j] * below[j]
            sums[0, g, v] = upper
            sums[1, g, v] = lower
            sums[2, g, v] = upper_squares
            sums[3, g, v] = lower_squares
