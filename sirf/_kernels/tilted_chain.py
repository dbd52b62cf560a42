"""Expectation of exp(theta x) of the symbols that jittered edges tie together, at one real theta.

The same Markov chain as `symbol_chain`, which takes a whole line in the complex plane; here a few numbers do. Windows of symbols
are numbered, the oldest first: (g L + h) L + i with their levels g, h, i of L.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


def edge_factors(
    theta: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    rests: Float,
    ties: Float,
    levels: Float,
) -> Float:
    """(2, Q, L, L, L, L): expectation of exp(theta x v) over the displacement of each edge, given its four symbols.

    Arguments as in `symbol_chain`: the transition x = `weights`[q] . levels ± the root of `rests`[q] meets a displaced edge v,
    one of `volts`[q, 0] or, where x < 0, of the last of `volts`[q] (N,).
    """
    count = len(levels)
    apart = np.sqrt(rests)
    # what the first and the last two of four symbols put into the transition (Q, L L)
    early, late = (
        np.add.outer(weights[:, first, None] * levels, np.zeros(count)).reshape(len(weights), -1)
        + np.tile(weights[:, first + 1, None] * levels, count)
        for first in (0, 2)
    )
    out = np.zeros((2, len(counts), count**2, count**2))
    out[0] = 1.0
    room = np.empty((3, count**2, volts.shape[2]))
    for q in np.flatnonzero(counts):
        used = int(counts[q])
        signs = (-1.0, 1.0) if apart[q] > 0.0 else (0.0,)
        out[0, q] = 0.0
        for sign in signs:
            # either direction adds what it has, the other one nothing
            for side in range(volts.shape[1]):
                direction = 0.0 if volts.shape[1] == 1 else 1.0 - 2.0 * side
                for odd, part in ((0, 1.0 / len(signs)), (1, 0.5 * sign * ties[q])):
                    if part == 0.0:
                        continue
                    add_expectations(
                        out[odd, q],
                        room,
                        theta,
                        volts[q, side, :used],
                        shares[q],
                        early[q],
                        late[q] + sign * apart[q],
                        direction,
                        part,
                    )
    return out.reshape((2, len(counts)) + (count,) * 4)


@kernel(fastmath=True)  # sums of positive terms; reordering moves the last digits only
def add_expectations(
    out: Float,
    room: Float,
    theta: float,
    volts: Float,
    shares: Float,
    early: Float,
    late: Float,
    direction: float,
    part: float,
) -> None:
    """Add `part` of the expectations of exp(theta x v), v one of `volts` (N,), to `out` (L L, L L) for x = early + late.

    Only for x below zero with `direction` -1, only for others with 1, and for all with 0.
    """
    # an exponential of the first and of the last two symbols at each node: the factor is their scalar product
    first, last = room[0], room[1]
    for pair in range(len(early)):
        for n in range(len(volts)):
            first[pair, n] = shares[n] * np.exp(theta * early[pair] * volts[n])
            last[pair, n] = np.exp(theta * late[pair] * volts[n])
    for one in range(len(early)):
        for two in range(len(late)):
            below = early[one] + late[two] < 0.0
            if (direction < 0.0 and not below) or (direction > 0.0 and below):
                continue
            total = 0.0
            for n in range(len(volts)):
                total += first[one, n] * last[two, n]
            out[one, two] += part * total


def chain_moment(
    theta: float, factors: Float, cursors: Float, main: int, levels: Float, pinned: int, pin: int
) -> Float:
    """(L,): E exp(theta x) given the level of the main symbol, of symbols h … h + 3 tied by `factors`[:, h] (2, L, L, L, L).

    `cursors` (Q + 3,) in V; that of the main symbol at index `main` is not used. Where `pinned` is the index of a symbol, only
    what it contributes with level `pin` is summed; -1 for all of them (no default: calls with one take ten times as long).
    """
    count = len(levels)
    # share of each level times its exponential; of the main symbol, which is given, one
    weights = np.exp(theta * cursors[:, None] * levels) / count
    weights[main] = 1.0
    if pinned >= 0:
        weights[pinned, :pin] = weights[pinned, pin + 1 :] = 0.0
    out = np.zeros(count)
    buffers = np.zeros((2, 2, count**3, count))
    pass_along(out, buffers[0], buffers[1], factors.reshape(2, factors.shape[1], -1), weights, main, levels)
    return out


@kernel(fastmath=True)  # as above
def pass_along(out: Float, now: Float, moved: Float, factors: Float, weights: Float, main: int, levels: Float) -> None:
    """Add the moments of `chain_moment` to `out` (L,); `weights` (Q + 3, L), `factors` (2, Q, L⁴), and two buffers (2, L³, L).

    What is odd in the symbol before the window meets the message weighed by its level, the second of each buffer.
    """
    count = len(out)
    square, cube = count * count, now.shape[1]
    # the last axis is the main symbol's level once it has passed; before, its first entry holds all
    for window in range(cube):
        g = window // square
        h = window // count - g * count
        i = window % count
        now[0, window, 0] = weights[0, g] * weights[1, h] * weights[2, i]
    for q in range(factors.shape[1]):
        # symbol q leaves the window and q + 3 enters it
        # up to the main symbol's leaving its level is one of the window's axes; only then it needs one of its own
        given = count if q > main else 1
        for window in range(cube):
            for k in range(count):
                moved[0, window, k] = moved[1, window, k] = 0.0
        for window in range(cube):
            g = window // square
            kept = (window - g * square) * count
            for j in range(count):
                part = weights[q + 3, j] * factors[0, q, window * count + j]
                odd = weights[q + 3, j] * factors[1, q, window * count + j]
                for k in range(given):
                    value = part * now[0, window, k] + odd * now[1, window, k]
                    passed = g if q == main else k
                    moved[0, kept + j, passed] += value
                    moved[1, kept + j, passed] += levels[g] * value
        # two buffers change places: no allocation in the loop
        now, moved = moved, now
    behind = len(weights) - main  # 1, 2 or 3 where the main symbol is still in the window
    for window in range(cube):
        if behind > 3:
            for k in range(count):
                out[k] += now[0, window, k]
        else:
            level = window % count if behind == 1 else (window // count % count if behind == 2 else window // square)
            out[level] += now[0, window, 0]
