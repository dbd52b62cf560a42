"""A period of symbols through curves beside the same through a linear chain: what is fitted, the fit, and what it leaves.

Symbols: N symbols of the period in G groups, R courses of displaced edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Integers = NDArray[np.int64]


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
    for n in range(len(group)):
        values[0, n] = waves[0, n] - straight[n] + mean[n]
        moved = power = plain = 0.0
        for r in range(courses):
            change = waves[r + 1, n] - waves[0, n] - bends[r, n]
            moved += change
            power += change * change
            plain += edges[r, n] * edges[r, n]
        powers[0, group[n]] += power
        powers[1, group[n]] += plain
        # what the gain makes of it is known only once all powers are
        values[1, n] = moved / max(courses, 1)
    for g in range(len(gain)):
        gain[g] = np.sqrt(powers[0, g] / powers[1, g]) if courses > 0 else 1.0
    for r in range(courses):
        for n in range(len(group)):
            values[1, n] -= gain[group[n]] * edges[r, n] / courses


@kernel
def fit_courses(
    parts: Float,
    constants: Float,
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

    `parts` (2, N) are the fits of both values, `constants` (G,) what no neighbour has a say in; the other arguments as in
    `compare_courses`. `ranges` (2, G) are widened to the least and the largest that is left, about the constants.
    """
    for n in range(len(group)):
        g = group[n]
        left[n] = first[n] - parts[0, n]
        ranges[0, g] = min(ranges[0, g], left[n] + constants[g])
        ranges[1, g] = max(ranges[1, g], left[n] + constants[g])
        seen = straight[n] + parts[0, n] + parts[1, n]
        for r in range(len(fitted)):
            fitted[r, n] = seen
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
