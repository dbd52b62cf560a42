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

BLOCK = 512
"""Symbols that pass a kernel's loops together: what one loop leaves for the next stays in the nearest cache."""


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
    room: Float,
) -> None:
    """What curves change of a period, in `values` (2, N): of the symbols, and of displaced edges beyond what a `gain` (G,) makes.

    `waves` (R + 1, N) came through the curves, the first without displaced edges; a linear chain makes `straight` (N,) of it, and
    `edges` and `bends` (R, N) of displacements to first and to second order. `mean` (N,) is added. The gain by `group` (N,) is
    the root of the power of displaced edges over that of `edges`, one without courses; beyond it the mean over courses counts.
    `powers` (2, G) are overwritten by both, and so is `room` (3, `BLOCK`).
    """
    courses, size = len(waves) - 1, len(group)
    share = 1.0 / max(courses, 1)
    for g in range(len(gain)):
        powers[0, g] = powers[1, g] = 0.0
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        # views, whose indices cannot be negative: but for the sums by group, loops become ones of vectors
        moved, power, plain = room[0, : stop - start], room[1, : stop - start], room[2, : stop - start]
        wave, first, second = waves[0, start:stop], values[0, start:stop], values[1, start:stop]
        linear, added, own = straight[start:stop], mean[start:stop], group[start:stop]
        for n in range(stop - start):
            first[n] = wave[n] - linear[n] + added[n]
            moved[n] = power[n] = plain[n] = 0.0
        for r in range(courses):
            displaced, edge, bend = waves[r + 1, start:stop], edges[r, start:stop], bends[r, start:stop]
            for n in range(stop - start):
                change = displaced[n] - wave[n] - bend[n]
                moved[n] += change
                power[n] += change * change
                plain[n] += edge[n] * edge[n]
        for n in range(stop - start):
            # what the gain makes of it is known only once all powers are
            second[n] = moved[n] * share
        for n in range(stop - start):
            powers[0, own[n]] += power[n]
            powers[1, own[n]] += plain[n]
    for g in range(len(gain)):
        gain[g] = np.sqrt(powers[0, g] / powers[1, g]) if courses > 0 else 1.0
    for n in range(size if courses > 0 else 0):
        total = 0.0
        for r in range(courses):
            total += edges[r, n]
        values[1, n] -= gain[group[n]] * total * share


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
    for start in range(0, len(group), BLOCK):
        stop = min(start + BLOCK, len(group))
        # views, as above
        rest, given, linear, own = left[start:stop], first[start:stop], straight[start:stop], group[start:stop]
        one, two, seen = parts[0, start:stop], parts[1, start:stop], fitted[0, start:stop]
        for n in range(stop - start):
            rest[n] = given[n] - one[n]
            seen[n] = linear[n] + one[n] + two[n]
        for n in range(stop - start):
            g, about = own[n], rest[n] + constants[own[n]]
            # rarely, so that hardly any symbol waits for one before it
            if about < ranges[0, g]:
                ranges[0, g] = about
            if about > ranges[1, g]:
                ranges[1, g] = about
        # the first course last: the others begin with what stands in its place
        for r in range(len(edges) - 1, -1, -1):
            out, edge, bend = fitted[r, start:stop], edges[r, start:stop], bends[r, start:stop]
            for n in range(stop - start):
                out[n] = seen[n] + (gain[own[n]] * edge[n] + bend[n])


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
