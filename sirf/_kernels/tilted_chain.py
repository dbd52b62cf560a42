"""Expectation of exp(theta x) of the symbols that jittered edges tie together, at one real theta.

The same Markov chain as `characteristic.symbol_chain`, which takes a whole line in the complex plane; here a few numbers do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel(fastmath=True)  # sums of positive terms; reordering moves the last digits only
def edge_factors(
    theta: float, volts: Float, shares: Float, counts: NDArray[np.int64], weights: Float, rests: Float, levels: Float
) -> Float:
    """(Q, L, L, L, L): expectation of exp(theta x v) over the displacement of each edge, given its four symbols.

    Arguments as in `symbol_chain`: the transition x = `weights`[q] . levels ± the root of `rests`[q] meets a displaced edge v,
    one of `volts`[q, 0] or, where x < 0, of the last of `volts`[q] (N,).
    """
    count = len(levels)
    sides, most = volts.shape[1], volts.shape[2]
    out = np.ones((len(counts), count, count, count, count))
    # an exponential of the first and of the last two symbols at each node: the factor is their scalar product
    first = np.empty((sides, count, count, most))
    last = np.empty((2, sides, count, count, most))
    for q in range(len(counts)):
        if counts[q] == 0:
            continue
        apart = np.sqrt(rests[q])
        signs = 2 if apart > 0.0 else 1
        for side in range(sides):
            for g in range(count):
                for h in range(count):
                    early = theta * (weights[q, 0] * levels[g] + weights[q, 1] * levels[h])
                    late = theta * (weights[q, 2] * levels[g] + weights[q, 3] * levels[h])
                    for n in range(counts[q]):
                        first[side, g, h, n] = shares[q, n] * np.exp(early * volts[q, side, n])
                    for sign in range(signs):
                        rest = theta * apart * (2.0 * sign - 1.0)
                        for n in range(counts[q]):
                            last[sign, side, g, h, n] = np.exp((late + rest) * volts[q, side, n])
        for g in range(count):
            for h in range(count):
                for i in range(count):
                    for j in range(count):
                        x = weights[q, 0] * levels[g] + weights[q, 1] * levels[h]
                        x += weights[q, 2] * levels[i] + weights[q, 3] * levels[j]
                        total = 0.0
                        for sign in range(signs):
                            side = sides - 1 if x + apart * (2.0 * sign - 1.0) < 0.0 else 0
                            for n in range(counts[q]):
                                total += first[side, g, h, n] * last[sign, side, i, j, n]
                        out[q, g, h, i, j] = total / signs
    return out


@kernel(fastmath=True)  # as above
def chain_moment(
    theta: float, factors: Float, cursors: Float, main: int, levels: Float, pinned: int = -1, pin: int = 0
) -> Float:
    """(L,): E exp(theta x) given the level of the main symbol, of symbols h … h + 3 tied by `factors`[h] (L, L, L, L).

    `cursors` (Q + 3,) in V; that of the main symbol at index `main` is not used. Where `pinned` is the index of a symbol, only
    what it contributes with level `pin` is summed.
    """
    count = len(levels)
    now = np.zeros((count, count, count, count))
    moved = np.zeros((count, count, count, count))
    # the last axis is the main symbol's level once it has passed; before, its first entry holds all
    for g in range(count):
        for h in range(count):
            for i in range(count):
                value = 1.0
                for place in range(3):
                    level = g if place == 0 else (h if place == 1 else i)
                    value *= _weight(theta, cursors, place, main, levels[level], count)
                    if place == pinned and level != pin:
                        value = 0.0
                now[g, h, i, 0] = value
    for q in range(len(factors)):
        # symbol q leaves the window and q + 3 enters it
        # up to the main symbol's leaving its level is one of the window's axes; only then it needs one of its own
        given = count if q > main else 1
        moved[:] = 0.0
        for j in range(count):
            entering = _weight(theta, cursors, q + 3, main, levels[j], count)
            if q + 3 == pinned and j != pin:
                entering = 0.0
            for g in range(count):
                for h in range(count):
                    for i in range(count):
                        part = entering * factors[q, g, h, i, j]
                        if q == main:
                            moved[h, i, j, g] += part * now[g, h, i, 0]
                        else:
                            for k in range(given):
                                moved[h, i, j, k] += part * now[g, h, i, k]
        # two buffers change places: no allocation in the loop
        now, moved = moved, now
    out = np.zeros(count)
    behind = len(cursors) - main  # 1, 2 or 3 where the main symbol is still in the window
    for g in range(count):
        for h in range(count):
            for i in range(count):
                if behind > 3:
                    for k in range(count):
                        out[k] += now[g, h, i, k]
                else:
                    level = i if behind == 1 else (h if behind == 2 else g)
                    out[level] += now[g, h, i, 0]
    return out


@kernel
def _weight(theta: float, cursors: Float, index: int, main: int, level: float, count: int) -> float:
    """Share of a level times exp(theta level cursor); of the main symbol, which is given, one."""
    return 1.0 if index == main else np.exp(theta * level * cursors[index]) / count
