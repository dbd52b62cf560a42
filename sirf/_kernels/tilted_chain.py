"""Expectation of exp(theta x) of the symbols that jittered edges tie together, at one real theta.

The same Markov chain as `symbol_chain`, which takes a whole line in the complex plane; here a few numbers do. Windows of symbols
are numbered, the oldest first: (g L + h) L + i with their levels g, h, i of L.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel(fastmath=True)  # sums of positive terms; reordering moves the last digits only
def add_expectations(
    out: Float,
    room: Float,
    theta: float,
    volts: Float,
    shares: Float,
    early: Float,
    late: Float,
    apart: float,
    direction: float,
    part: float,
) -> None:
    """Add `part` of the expectations of exp(theta x v), v one of `volts` (N,), to `out` (L L, L L), x = early + late + apart.

    Only for x below zero with `direction` -1, only for others with 1, and for all with 0.
    """
    # an exponential of the first and of the last two symbols at each node: the factor is their scalar product
    first, last = room[0], room[1]
    for pair in range(len(early)):
        for n in range(len(volts)):
            first[pair, n] = shares[n] * np.exp(theta * early[pair] * volts[n])
            last[pair, n] = np.exp(theta * (late[pair] + apart) * volts[n])
    for one in range(len(early)):
        for two in range(len(late)):
            below = early[one] + late[two] + apart < 0.0
            if (direction < 0.0 and not below) or (direction > 0.0 and below):
                continue
            total = 0.0
            for n in range(len(volts)):
                total += first[one, n] * last[two, n]
            out[one, two] += part * total


def by_pairs(weights: Float, levels: Float) -> tuple[Float, Float]:
    """What the first and the last two of four symbols put into each transition of `weights` (Q, 4): two of (Q, L L)."""
    each = weights[:, :, None] * levels
    early, late = (
        (each[:, first, :, None] + each[:, first + 1, None, :]).reshape(len(weights), len(levels) ** 2)
        for first in (0, 2)
    )
    return early, late


def edge_factors(
    theta: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    early: Float,
    late: Float,
    aparts: Float,
    ties: Float,
) -> Float:
    """(2, Q, L⁴): expectation of exp(theta x v) over the displacement of each edge, given its four symbols.

    `volts`, `shares`, `counts` and `ties` as in `symbol_chain`, `aparts` (Q,) the roots of its `rests`: a transition
    x = `early`[q] + `late`[q] ± `aparts`[q] (of `by_pairs`) meets a displaced edge v, one of `volts`[q, 0] or, where x < 0, of
    the last of `volts`[q] (N,).
    """
    pairs = early.shape[1]
    out = np.empty((2, len(counts), pairs, pairs))
    expect(out, np.empty((3, pairs, volts.shape[2])), theta, volts, shares, counts, early, late, aparts, ties)
    return out.reshape(2, len(counts), -1)


@kernel
def expect(
    out: Float,
    room: Float,
    theta: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    early: Float,
    late: Float,
    aparts: Float,
    ties: Float,
) -> None:
    """Fill `out` (2, Q, L L, L L) of `edge_factors`; `room` (3, L L, N)."""
    sides = volts.shape[1]
    for q in range(len(counts)):
        # an edge that is not displaced has the factor one
        out[0, q], out[1, q] = 1.0 if counts[q] == 0 else 0.0, 0.0
        if counts[q] == 0:
            continue
        signs = 2 if aparts[q] > 0.0 else 1
        for turn in range(signs):
            sign = 2.0 * turn + 1.0 - signs
            # either direction adds what it has, the other one nothing
            for side in range(sides):
                direction = 0.0 if sides == 1 else 1.0 - 2.0 * side
                for odd in range(2):
                    part = 0.5 * sign * ties[q] if odd else 1.0 / signs
                    if part != 0.0:
                        add_expectations(
                            out[odd, q],
                            room,
                            theta,
                            volts[q, side, : counts[q]],
                            shares[q],
                            early[q],
                            late[q],
                            sign * aparts[q],
                            direction,
                            part,
                        )


def chain_moments(
    theta: float, factors: Float, cursors: Float, main: int, levels: Float, likely: Float, pinned: int
) -> Float:
    """(P, L): E exp(theta x) given the level of the main symbol, of symbols h … h + 3 tied by `factors`[:, h] (2, L⁴).

    `cursors` (Q + 3,) in V; that of the main symbol at index `main` is not used. Where `pinned` is the index of a symbol, row k
    is what it contributes with level k, P = L; where it is -1 one row holds all, P = 1. Levels have the shares `likely` (L,),
    symbols taken as independent.
    """
    count = len(levels)
    # share of each level times its exponential; of the main symbol, which is given, one
    weights = np.exp(np.multiply.outer(theta * cursors, levels)) * likely
    weights[main] = 1.0
    out, buffers = np.zeros((1 if pinned < 0 else count, count)), np.empty((2, 2, count**3, count))
    for_each_pin(out, buffers[0], buffers[1], factors, weights, main, levels, pinned)
    return out


@kernel
def for_each_pin(
    out: Float, now: Float, moved: Float, factors: Float, weights: Float, main: int, levels: Float, pinned: int
) -> None:
    """Fill `out` (P, L) of `chain_moments`: `pass_along` with one level of the symbol `pinned` after another, or with all."""
    kept = weights.copy()
    for pin in range(len(out)):
        if pinned >= 0:
            for level in range(len(levels)):
                weights[pinned, level] = kept[pinned, level] if level == pin else 0.0
        pass_along(out[pin], now, moved, factors, weights, main, levels)


@kernel(fastmath=True)  # as above
def pass_along(out: Float, now: Float, moved: Float, factors: Float, weights: Float, main: int, levels: Float) -> None:
    """Add the moments of `chain_moments` to `out` (L,); `weights` (Q + 3, L), `factors` (2, Q, L⁴), and two buffers (2, L³, L).

    What is odd in the symbol before the window meets the message weighed by its level, the second of each buffer.
    """
    count = len(out)
    square, cube = count * count, now.shape[1]
    # the last axis is the main symbol's level once it has passed; before, its first entry holds all
    for window in range(cube):
        g = window // square
        h = window // count - g * count
        i = window % count
        now[0, window, 0], now[1, window, 0] = weights[0, g] * weights[1, h] * weights[2, i], 0.0
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
