"""Where a group of floating taps stands best: places by falling bound, each solved within the limits of FFE and DFE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.limited_taps import limited_taps
from sirf._kernels.mmse import factorize, solve

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

ROUNDING = 1e-9
"""Part of a merit by which two ways to it can differ."""


@kernel(compact=True)
def least_errors(kept: Integer, first: int, group: int, cost: Real, main: Real, errors: Real) -> None:
    """Variances, into `errors` (R,), that taps at places `kept` (N,) and at `group` places from `first` + r on do not fall below.

    Those of taps without limits: one over a quadratic form of the main cursor, to which a group adds that of its Schur
    complement. `cost` (M, M) and `main` (M,) as in `limited_taps`; no variance falls below 0, where `cost` is not definite.
    """
    size, last = kept.size, first + errors.size + group - 1
    factor, seen = np.empty((size, size)), np.empty((last, size))
    at_main, left = np.empty(size), np.empty(last)
    block, right, solved = np.empty((group, group)), np.empty(group), np.empty(group)
    for i in range(size):
        for j in range(i + 1):
            factor[i, j] = cost[kept[i], kept[j]]
    errors[:] = 0.0
    if not factorize(factor):
        return
    form = 0.0
    for i in range(size):
        total = main[kept[i]]
        for k in range(i):
            total -= factor[i, k] * at_main[k]
        at_main[i] = total / factor[i, i]
        form += at_main[i] * at_main[i]
    # what the kept taps leave unexplained of the main cursor at each place, by the factor's inverse
    for place in range(first, last):
        left[place] = main[place]
        for i in range(size):
            total = cost[place, kept[i]]
            for k in range(i):
                total -= factor[i, k] * seen[place, k]
            seen[place, i] = total / factor[i, i]
            left[place] -= seen[place, i] * at_main[i]
    for row in range(errors.size):
        start = first + row
        for i in range(group):
            for j in range(i + 1):
                total = cost[start + i, start + j]
                for k in range(size):
                    total -= seen[start + i, k] * seen[start + j, k]
                block[i, j] = total
            right[i] = left[start + i]
        # not definite where the group meets taps that are kept
        if factorize(block):
            solve(block, right, solved)
            added = 0.0
            for i in range(group):
                added += right[i] * solved[i]
            errors[row] = 1.0 / (form + added)


@kernel(compact=True)
def best_start(
    kept: Integer,
    first: int,
    group: int,
    cursor: int,
    arguments: tuple[Real, Real, Real, Real, Real, Real],
    symbol_variance: float,
    eye_power: float,
    tx_power: float,
) -> int:
    """Place from which `group` taps beside those `kept` (N,), none of them twice, have the largest merit, the first of equals.

    Starts from `first` on, as far as there are places; -1 where none is left. `cursor` is the index of the main tap among the
    kept ones, `arguments` are those of `limited_taps`, and a merit is `eye_power` over the sum of the error's variance and
    `tx_power`. Places that their bound keeps from being the best are not solved.
    """
    cost, main = arguments[0], arguments[1]
    count, size = max(main.size - group - first + 1, 0), kept.size + group
    if count == 0:
        return -1
    most, places = np.empty(count), np.empty(size, dtype=np.int64)
    taps, feedback = np.empty(size), np.empty(arguments[3].size)
    least_errors(kept, first, group, cost, main, most)
    for row in range(count):
        # bound and solution come by different computations: rounding must not strike out the place that is best
        most[row] = (1.0 + ROUNDING) * eye_power / (most[row] + tx_power)
        for i in range(kept.size):
            if first + row <= kept[i] < first + row + group:
                most[row] = -1.0
    best, found = -1, -1.0
    for _ in range(count):
        # most promising first
        row = 0
        for k in range(count):
            if most[k] > most[row]:
                row = k
        # what is taken or solved is below any merit
        if most[row] < max(found, 0.0):
            break
        most[row] = -1.0
        start = first + row
        # a run is whole: taps kept ahead of it, the run, taps kept behind it
        ahead = 0
        while ahead < kept.size and kept[ahead] < start:
            places[ahead] = kept[ahead]
            ahead += 1
        for i in range(group):
            places[ahead + i] = start + i
        for i in range(ahead, kept.size):
            places[group + i] = kept[i]
        variance = limited_taps(places, cursor, arguments, symbol_variance, taps, feedback)
        merit = eye_power / (variance + tx_power)
        # of equals the first place, whatever the order they are solved in
        if best < 0 or merit > found or (merit == found and start < best):
            best, found = start, merit
    return best
