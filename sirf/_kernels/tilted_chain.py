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
    odd: int,
    q: int,
    single: Float,
    early: Float,
    late: Float,
    theta: float,
    volts: Float,
    side: int,
    nodes: int,
    shares: Float,
    weights: Float,
    apart: float,
    levels: Float,
    direction: float,
    part: float,
) -> None:
    """Add `part` of the expectations of exp(theta x v), v one of the first `nodes` of `volts`[q, side], to `out`[odd, q] (L⁴,).

    x = `weights`[q] . levels + `apart` for all levels of four symbols. Only for x below zero with `direction` -1, only for
    others with 1, and for all with 0. `single` (4 L, N), `early` and `late` (L L, N) are overwritten.
    """
    count = len(levels)
    square = count * count
    # an exponential of each symbol at each node; of pairs they are products, and the factor is a scalar product of two pairs
    for place in range(4):
        for k in range(count):
            # the first of them also takes what moves all transitions
            swing = theta * (weights[q, place] * levels[k] + (apart if place == 0 else 0.0))
            for n in range(nodes):
                single[place * count + k, n] = np.exp(swing * volts[q, side, n])
    for pair in range(square):
        g, h = pair // count, pair % count
        for n in range(nodes):
            early[pair, n] = shares[q, n] * single[g, n] * single[count + h, n]
            late[pair, n] = single[2 * count + g, n] * single[3 * count + h, n]
    for one in range(square):
        before = weights[q, 0] * levels[one // count] + weights[q, 1] * levels[one % count] + apart
        for two in range(square):
            below = before + weights[q, 2] * levels[two // count] + weights[q, 3] * levels[two % count] < 0.0
            if (direction < 0.0 and not below) or (direction > 0.0 and below):
                continue
            total = 0.0
            for n in range(nodes):
                total += early[one, n] * late[two, n]
            out[odd, q, one * square + two] += part * total


def edge_factors(
    theta: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    aparts: Float,
    ties: Float,
    levels: Float,
) -> Float:
    """(2, Q, L⁴): expectation of exp(theta x v) over the displacement of each edge, given its four symbols.

    Arguments as in `symbol_chain`, `aparts` (Q,) the roots of its `rests`: a transition x = `weights`[q] . levels ± `aparts`[q]
    meets a displaced edge v, one of `volts`[q, 0] or, where x < 0, of the last of `volts`[q] (N,).
    """
    count = len(levels)
    out = np.empty((2, len(counts), count**4))
    nodes = volts.shape[2]
    room = np.empty((4 * count, nodes)), np.empty((count**2, nodes)), np.empty((count**2, nodes))
    expect(out, *room, theta, volts, shares, counts, weights, aparts, ties, levels)
    return out


@kernel
def expect(
    out: Float,
    single: Float,
    early: Float,
    late: Float,
    theta: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    aparts: Float,
    ties: Float,
    levels: Float,
) -> None:
    """Fill `out` (2, Q, L⁴) of `edge_factors`; `single`, `early` and `late` as in `add_expectations`."""
    sides = volts.shape[1]
    for q in range(len(counts)):
        # an edge that is not displaced has the factor one
        for four in range(out.shape[2]):
            out[0, q, four], out[1, q, four] = 1.0 if counts[q] == 0 else 0.0, 0.0
        if counts[q] == 0:
            continue
        signs = 2 if aparts[q] > 0.0 else 1
        for turn in range(signs):
            # 0 alone, or -1 and 1 for the two values of the rest
            sign = 2.0 * turn + 1.0 - signs
            # either direction adds what it has, the other one nothing
            for side in range(sides):
                direction = 0.0 if sides == 1 else 1.0 - 2.0 * side
                for odd in range(2):
                    part = 0.5 * sign * ties[q] if odd else 1.0 / signs
                    if part != 0.0:
                        add_expectations(
                            out,
                            odd,
                            q,
                            single,
                            early,
                            late,
                            theta,
                            volts,
                            side,
                            counts[q],
                            shares,
                            weights,
                            sign * aparts[q],
                            levels,
                            direction,
                            part,
                        )


def chain_moments(
    theta: float, factors: Float, cursors: Float, main: int, levels: Float, likely: Float, pinned: int
) -> Float:
    """(L, P): E exp(theta x) given the level of the main symbol, of symbols h … h + 3 tied by `factors`[:, h] (2, L⁴).

    `cursors` (Q + 3,) in V; that of the main symbol at index `main` (2 … Q + 1) is not used. With -1 for `pinned` there is one
    column; with 0, 1 or 3 it is what each level contributes of that symbol of the four from `main` - 2 on, P = L. Levels have the
    shares `likely` (L,), symbols taken as independent.
    """
    count = len(levels)
    out = np.zeros((count, 1 if pinned < 0 else count))
    # share of each level times its exponential; of the main symbol, which is given, one
    swings = np.where(np.arange(len(cursors)) == main, 0.0, theta * cursors)
    weights = likely * np.exp(swings[:, None] * levels)
    weights[main] = 1.0
    join_messages(out, np.empty((4, 2, count**3)), weights, factors, main, levels, pinned)
    return out


@kernel(fastmath=True)  # sums of positive terms: their order moves the last digits only
def join_messages(
    out: Float, messages: Float, weights: Float, factors: Float, main: int, levels: Float, pinned: int
) -> None:
    """Add to `out` (L, P) of `chain_moments`: messages from both ends of the chain meet in the transition of the main symbol.

    `messages` (4, 2, L³) is room for two from the left, for the window at hand and the next one, and two from the right;
    `weights` (Q + 3, L) are those of the symbols. What is odd in the symbol before the window stands beside what is even: from
    the left weighed by that symbol's level, from the right a unit of it. So no message has an axis for the main symbol or for
    the pinned one: both lie in the window where they meet.
    """
    count, edges, joint = len(levels), factors.shape[1], main - 2
    square, cube = count * count, count * count * count
    for window in range(cube):
        g, h, i = window // square, window // count % count, window % count
        # of each side two messages, the one at hand and the next: which is which follows from the parity of q
        messages[0, 0, window], messages[0, 1, window] = weights[0, g] * weights[1, h] * weights[2, i], 0.0
        messages[2 + edges % 2, 0, window], messages[2 + edges % 2, 1, window] = 1.0, 0.0
    for q in range(joint):
        # symbol q leaves the window and q + 3 enters it
        now, moved = q % 2, 1 - q % 2
        for window in range(cube):
            messages[moved, 0, window] = messages[moved, 1, window] = 0.0
        for window in range(cube):
            level = levels[window // square]
            kept = window % square * count
            for j in range(count):
                even, odd = factors[0, q, window * count + j], factors[1, q, window * count + j]
                value = weights[q + 3, j] * (even * messages[now, 0, window] + odd * messages[now, 1, window])
                messages[moved, 0, kept + j] += value
                messages[moved, 1, kept + j] += level * value
    for q in range(edges - 1, joint, -1):
        now, moved = 3 - q % 2, 2 + q % 2
        for window in range(cube):
            level = levels[window // square]
            kept = window % square * count
            even, odd = 0.0, 0.0
            for j in range(count):
                value = weights[q + 3, j] * (messages[now, 0, kept + j] + level * messages[now, 1, kept + j])
                even += factors[0, q, window * count + j] * value
                odd += factors[1, q, window * count + j] * value
            messages[moved, 0, window], messages[moved, 1, window] = even, odd
    early, late = joint % 2, 3 - joint % 2
    for window in range(cube):
        g, h, i = window // square, window // count % count, window % count
        kept = window % square * count
        for j in range(count):
            even, odd = factors[0, joint, window * count + j], factors[1, joint, window * count + j]
            value = weights[joint + 3, j] * (even * messages[early, 0, window] + odd * messages[early, 1, window])
            value *= messages[late, 0, kept + j] + levels[g] * messages[late, 1, kept + j]
            column = 0 if pinned < 0 else (g if pinned == 0 else (h if pinned == 1 else j))
            out[i, column] += value
