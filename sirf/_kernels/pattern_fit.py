"""A period of symbols through curves beside the same through a linear chain: what is fitted, the fit, and what it leaves.

Symbols: N symbols of the period in G groups, R courses of displaced edges, W neighbours. Those of symbol n are
`around`[n : n + W].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Integers = NDArray[np.int64]


@kernel(fastmath=True)  # sums of many products: their order moves the last digits only
def correlate_neighbours(values: Float, around: Float, group: Integers, sums: Float) -> None:
    """Add to `sums` (G, V, W + 1) by `group` (N,) what `values` (V, N) make with each neighbour, and last the values alone."""
    width = sums.shape[2] - 1
    for n in range(len(group)):
        for v in range(len(values)):
            value, row = values[v, n], sums[group[n], v]
            for j in range(width):
                row[j] += value * around[n + j]
            row[width] += value


@kernel(fastmath=True)  # sums of positive numbers: their order moves the last digits only
def compare_courses(
    waves: Float,
    straight: Float,
    edges: Float,
    bends: Float,
    mean: Float,
    group: Integers,
    powers: Float,
    gain: Float,
    values: Float,
) -> None:
    """What curves change of a period, in `values` (2, N): of the symbols, and of displaced edges beyond what a `gain` (G,) makes.

    `waves` (R + 1, N) came through the curves, the first without displaced edges; a linear chain makes `straight` (N,) of it, and
    `edges` and `bends` (R, N) of displacements to first and to second order. `mean` (N,) is added. The gain by `group` (N,) is
    the root of the power of displaced edges over that of `edges`, one without courses; beyond it the mean over courses counts.
    `powers` (2, G) are overwritten by both.
    """
    courses = len(waves) - 1
    for g in range(len(gain)):
        powers[0, g] = powers[1, g] = 0.0
    for r in range(courses):
        for n in range(len(group)):
            change = waves[r + 1, n] - waves[0, n] - bends[r, n]
            powers[0, group[n]] += change * change
            powers[1, group[n]] += edges[r, n] * edges[r, n]
    for g in range(len(gain)):
        gain[g] = np.sqrt(powers[0, g] / powers[1, g]) if courses > 0 else 1.0
    for n in range(len(group)):
        values[0, n] = waves[0, n] - straight[n] + mean[n]
        beyond = 0.0
        for r in range(courses):
            beyond += waves[r + 1, n] - waves[0, n] - bends[r, n] - gain[group[n]] * edges[r, n]
        values[1, n] = beyond / max(courses, 1)


@kernel(fastmath=True)  # sums of many products: their order moves the last digits only
def fit_courses(
    coefficients: Float,
    around: Float,
    group: Integers,
    first: Float,
    straight: Float,
    edges: Float,
    bends: Float,
    gain: Float,
    fitted: Float,
    left: Float,
    ranges: Float,
) -> None:
    """The fit of every course in `fitted` (R or 1, N), and of the `first` (N,) of both values what it leaves, in `left` (N,).

    `coefficients` (G, 2, W + 1) multiply the neighbours and one; the other arguments as in `compare_courses`. `ranges` (2, G)
    are widened to the least and the largest that is left, about the constants.
    """
    width = coefficients.shape[2] - 1
    for n in range(len(group)):
        g = group[n]
        one, two = coefficients[g, 0], coefficients[g, 1]
        seen, drift = one[width], two[width]
        for j in range(width):
            seen += one[j] * around[n + j]
            drift += two[j] * around[n + j]
        left[n] = first[n] - seen
        ranges[0, g] = min(ranges[0, g], left[n] + one[width] + two[width])
        ranges[1, g] = max(ranges[1, g], left[n] + one[width] + two[width])
        for r in range(len(fitted)):
            fitted[r, n] = straight[n] + seen + drift
            if r < len(edges):
                fitted[r, n] += gain[g] * edges[r, n] + bends[r, n]


@kernel
def between_samples(columns: Single, first: int, shares: Float, out: Float) -> None:
    """`out` (N,): `shares` (4,) of each four successive samples of a period, of number n from n M + `first` on.

    `columns` (M, N) hold sample m of every symbol, M of four at least; `first` is one of the period's samples.
    """
    per_row, size = columns.shape
    for n in range(size):
        out[n] = 0.0
    for k in range(4):
        # one column a sample, from some symbol on: the period is a circle
        column, share = columns[(first + k) % per_row], shares[k]
        start = (first + k) // per_row % size
        # views, whose indices cannot be negative: the loops become ones of vectors
        later, rest = column[start:], out[size - start :]
        for n in range(len(later)):
            out[n] += share * later[n]
        for n in range(start):
            rest[n] += share * column[n]
