"""Taps of least mean-square error at given places, within the limits of FFE and DFE: the step that a search of places repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.copying import copy_row
from sirf._kernels.jit import kernel
from sirf._kernels.mmse import factorize, solve

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

_BEYOND = 1e-12
"""By how much a DFE tap may pass its limit: rounding of the solution."""


@kernel
def _constrained(factor: Real, rows: Real, goal: Real, weights: Real) -> bool:
    """Weights (N,) of least cost with `rows` (C, N) at `goal` (C,): C^-1 A' (A C^-1 A')^-1 goal; False where rows depend."""
    count, size = rows.shape
    inverse, inner, share = np.empty((count, size)), np.empty((count, count)), np.empty(count)
    for c in range(count):
        solve(factor, rows[c], inverse[c])
    for c in range(count):
        for d in range(count):
            total = 0.0
            for n in range(size):
                total += rows[c, n] * inverse[d, n]
            inner[c, d] = total
    if not factorize(inner):
        return False
    solve(inner, goal, share)
    for n in range(size):
        weights[n] = 0.0
        for c in range(count):
            weights[n] += share[c] * inverse[c, n]
    return True


@kernel
def limited_taps(
    places: Integer,
    cursor: int,
    arguments: tuple[Real, Real, Real, Real, Real, Real],
    symbol_variance: float,
    taps: Real,
    feedback: Real,
) -> float:
    """FFE and DFE of least mean-square error at `places` (N,) of all taps (M,), into `taps` (N,) and `feedback` (B,).

    Returns the variance of the error for a main cursor of one, infinite where `cost` is not definite. `arguments` of all places
    are (cost, main, fed_back, low, high, most): `cost` (M, M) is the covariance in V² of what neither main cursor nor DFE takes
    away, `main` (M,) and `fed_back` (B, M) the pulse at the main cursor and at those that the DFE removes. A DFE tap that passes
    `low` or `high` (B,) stays there. FFE taps are then clipped at `most` (M,) relative to that at `cursor`, an index of `places`,
    and the DFE follows them.
    """
    cost, main, fed_back, low, high, most = arguments
    size, count = places.size, low.size
    factor, part = np.empty((size, size)), np.empty((count + 1, size))
    for i in range(size):
        for j in range(i + 1):
            factor[i, j] = cost[places[i], places[j]]
        part[0, i] = main[places[i]]
        for b in range(count):
            part[b + 1, i] = fed_back[b, places[i]]
    if not factorize(factor):
        return np.inf
    pinned, rows, goal = np.zeros(count, dtype=np.bool_), np.empty((count + 1, size)), np.ones(count + 1)
    copy_row(part[0], rows[0])
    used = 1
    for _ in range(count + 1):
        if not _constrained(factor, rows[:used], goal[:used], taps):
            return np.inf
        passed = False
        for b in range(count):
            value = 0.0
            for n in range(size):
                value += part[b + 1, n] * taps[n]
            held = min(max(value, low[b]), high[b])
            if abs(value - held) > _BEYOND and not pinned[b]:
                # a pinned tap stays pinned: with few taps the set that is right is found without going back
                pinned[b], passed = True, True
                for n in range(size):
                    rows[used, n] = part[b + 1, n]
                goal[used] = held
                used += 1
        if not passed:
            break
    # the main tap becomes ±1: its sign is that of the cursor, which an inverted pair turns
    reference, at_main = abs(taps[cursor]), 0.0
    for n in range(size):
        limit = 1.0 if n == cursor else most[places[n]]
        taps[n] = min(max(taps[n] / reference, -limit), limit)
        at_main += part[0, n] * taps[n]
    variance = 0.0
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += cost[places[i], places[j]] * taps[j]
        variance += taps[i] * total
    variance /= at_main * at_main
    for b in range(count):
        value = 0.0
        for n in range(size):
            value += part[b + 1, n] * taps[n]
        value /= at_main
        feedback[b] = min(max(value, low[b]), high[b])
        variance += symbol_variance * (value - feedback[b]) ** 2
    return variance
