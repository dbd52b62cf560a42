"""Decisions over known patterns with Gaussian noise: what follows each sequence of the last errors."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Integers = NDArray[np.int64]

FARTHEST = 30.0
"""Standard deviations beyond which a threshold is as good as out of reach."""
LOST = 80.0
"""Difference of the squares of two numbers of deviations, from which the tail of the larger is 2^-57 of the other's."""
MIN_VARIANCE = 0.1
"""Least part of the noise's variance that the noise of the last symbols leaves unknown."""
CELLS = 64
"""Cells of `tail_table` a deviation."""
TABULATED = 9
"""Deviations that it reaches."""


@lru_cache(maxsize=1)
def tail_table() -> Float:
    """(C, 8): Taylor coefficients of a normal variable's tail about the middles of cells of 1 / CELLS; read-only."""
    middles = np.arange(TABULATED * CELLS + 1) / CELLS
    found = np.empty((len(middles), 8))
    found[:, 0] = [0.5 * math.erfc(middle * math.sqrt(0.5)) for middle in middles.tolist()]
    # the derivatives of the density are Hermite polynomials times itself: He(n + 1) = z He(n) - n He(n - 1)
    before, here = np.zeros_like(middles), np.exp(-0.5 * middles**2) / math.sqrt(2.0 * math.pi)
    for order in range(1, 8):
        found[:, order] = (-1.0) ** order * here / math.factorial(order)
        before, here = here, middles * here - (order - 1) * before
    found.flags.writeable = False
    return found


@kernel
def follow_decisions(
    seen: Float,
    deviation: Float,
    sent: Integers,
    bounds: Float,
    moved: Float,
    prediction: Float,
    bits: Float,
    wrong: Float,
    least: float,
    table: Float,
    room: Float,
    met: Integers,
    out: Float,
) -> None:
    """Follow a course of decisions; add to `out` (S, 4) by state: its share, its errors upwards and downwards, its bit errors.

    `seen` (N,) in V with the sent symbols `sent` (N,) fed back and noise of `deviation` (N,); `bounds` (L - 1,) thresholds. In
    state s, the last errors with the newest as the highest digit to base 3, feedback moves the input by `moved` (S,) V. Noise is
    predicted from that of the last symbols by `prediction` (K,); a right decision tells nothing of it. `bits` (L, L) are bit
    errors of a level decided as another. Shares below `least` are let go, and so are errors after right decisions alone, which
    have the probabilities `wrong` (2, N), upwards and downwards; the state of right decisions alone, the middle one, is not
    counted in `out`. `table` is that of `tail_table`; `room` (2, S, K + 2), zero at first, and `met` (2, S) are overwritten.
    """
    states, memory, top = len(moved), len(prediction), len(bounds)
    quiet, newest = states // 2, states // 3
    count, turn = 0, 0
    for n in range(len(seen)):
        # right decisions so far, and another one that is as good as certain
        if count == 0 and wrong[0, n] + wrong[1, n] <= least:
            continue
        level, following, away = sent[n], 0, 0.0
        # shares, how much of the noise's variance is known and the last symbols' noise in deviations, both times the share;
        # only states that are met are visited, and cleared once they have been
        now, after, here, there = room[turn], room[1 - turn], met[turn], met[1 - turn]
        for k in range(count):
            away += now[here[k], 0]
        a_volt = 1.0 / deviation[n]
        high = bounds[level] * a_volt if level < top else np.inf
        low = bounds[level - 1] * a_volt if level > 0 else -np.inf
        for k in range(count + 1):
            # errors begin among right decisions, of whose noise nothing is known
            s, weight, mean, wide = quiet, 1.0 - away, 0.0, 1.0
            if k < count:
                s = here[k]
                weight = now[s, 0]
                for j in range(memory):
                    mean += prediction[j] * now[s, 2 + j]
                mean /= weight
                wide = math.sqrt(max(1.0 - prediction[0] * prediction[0] * now[s, 1] / weight, MIN_VARIANCE))
            centre, narrow = (seen[n] + moved[s]) * a_volt + mean, 1.0 / wide
            above, below = _within((high - centre) * narrow), _within((low - centre) * narrow)
            up, down = wrong[0, n], wrong[1, n]
            if s != quiet:
                # every tail is counted from the side on which it keeps its digits
                up, down = gaussian_tail(above, table), gaussian_tail(-below, table)
                errors = up * bits[level, min(level + 1, top)] + down * bits[level, max(level - 1, 0)]
                # beside the nearest tail that of a farther threshold is lost in rounding
                reach = min(above * above, below * below) + LOST
                for b in range(top):
                    place = _within((bounds[b] * a_volt - centre) * narrow)
                    if b > level and place * place <= reach:
                        errors += gaussian_tail(place, table) * (bits[level, b + 1] - bits[level, b])
                    elif b < level - 1 and place * place <= reach:
                        errors += gaussian_tail(-place, table) * (bits[level, b] - bits[level, b + 1])
                out[s, 0] += weight
                out[s, 1] += weight * up
                out[s, 2] += weight * down
                out[s, 3] += weight * errors
            for way in range(3):
                part = down if way == 0 else (up if way == 2 else max(1.0 - up - down, 0.0))
                new, into = weight * part, way * newest + s // 3
                # right decisions alone begin anew
                if new <= least or into == quiet:
                    continue
                if after[into, 0] == 0.0:
                    there[following] = into
                    following += 1
                # a right decision tells next to nothing of the noise
                first, second = 0.0, 1.0
                if way != 1:
                    first, second = _beyond(above if way == 2 else -below, part)
                after[into, 0] += new
                after[into, 1] += new * (1.0 - wide * wide * second)
                after[into, 2] += new * (mean + wide * (-first if way == 0 else first))
                for j in range(1, memory):
                    after[into, 2 + j] += part * now[s, 1 + j]
            for j in range(memory + 2):
                now[s, j] = 0.0
        count, turn = following, 1 - turn


@kernel
def _within(place: float) -> float:
    return min(max(place, -FARTHEST), FARTHEST)


@kernel
def gaussian_tail(place: float, table: Float) -> float:
    """Part of a standard normal variable beyond `place`, to 3e-14 of itself; `table` is that of `tail_table`."""
    size = abs(place)
    cell = int(size * CELLS + 0.5)
    if cell >= len(table):
        return 0.5 * math.erfc(place * math.sqrt(0.5))
    # four products side by side: a chain of seven would wait for each of them
    d, c = size - cell / CELLS, table[cell]
    square = d * d
    low, high = c[0] + c[1] * d + (c[2] + c[3] * d) * square, c[4] + c[5] * d + (c[6] + c[7] * d) * square
    tail = low + high * (square * square)
    return float(tail) if place >= 0.0 else 1.0 - float(tail)


@kernel
def _beyond(threshold: float, probability: float) -> tuple[float, float]:
    """(mean, variance) of a standard normal variable above a `threshold`, which it is with this `probability`."""
    mean = math.exp(-0.5 * threshold * threshold) / math.sqrt(2.0 * math.pi) / probability
    # far out both terms nearly cancel, and rounding may take the variance below zero
    return mean, max(1.0 + threshold * mean - mean * mean, 1e-6)
