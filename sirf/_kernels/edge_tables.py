"""Functions of displaced edges on a line s = theta + j n step, tabulated by transition and interpolated between.

Rows (2 S) are real and then imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]

LANES = 4
"""Points of the line that turn together."""
POINTS = 8
"""Tabulated transitions through which one between them is interpolated."""
FINE_AT_END, FINE_ABOUT_REST, FINE_AT_MOST = 0.25, 0.07, 0.15
"""Largest change of the logarithm of a displaced edge's function between tabulated transitions: of its angle at the end of the
line, where the noise has fallen to 1e-16, and of its size at the line's beginning, about no transition and about the largest.
Interpolation then moves tails by less than 1e-8 at 1e-9 and 1e-5 at 1e-15 (seen with and without duty-cycle distortion)."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTables:
    """Functions of displaced edges of an equal `spacings` (Q,) of transitions about none, at S points of a line.

    Edge q has `points`[q] rows of `table` (rows, 2 S), real and then imaginary parts, for each direction of the transition, from
    row `starts`[q] on; none where each transition is as quickly summed by itself.
    """

    table: Float
    starts: NDArray[np.int64]
    spacings: Float
    points: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        theta: float,
        step: float,
        size: int,
        volts: Float,
        shares: Float,
        counts: NDArray[np.int64],
        weights: Float,
        rests: Float,
        levels: Float,
    ) -> EdgeTables:
        """For `size` points of a line and edges as in `SymbolChain`."""
        largest = np.abs(weights).sum(axis=1) * np.abs(levels).max() + np.sqrt(rests)
        spacings = table_spacings(theta, step * size, largest, np.einsum("qn,qdn->qd", shares, volts**2).max(axis=1))
        points = (2.0 * largest / spacings).astype(np.int64) + POINTS + 1
        # noise far smaller than the edges asks for more of them than there are transitions: then each transition by itself
        points[points > len(levels) ** 4 * np.where(rests > 0.0, 2, 1)] = 0
        points[counts == 0] = 0
        used, sides = np.flatnonzero(points), volts.shape[1]
        each = points[used].repeat(sides)
        ends = np.cumsum(each)
        starts = np.zeros_like(points)
        starts[used] = (ends - each)[::sides]
        table = np.empty((int(each.sum()), 2 * size))
        if not len(used):
            return cls(table, starts, spacings, points)
        # the table is symmetric about no transition
        lows = -0.5 * (points - 1) * spacings
        low, spacing = lows[used, None, None], spacings[used, None, None]
        turns = node_turns(theta, step, low, spacing, volts[used], shares[used, None])
        tabulate_edges(table, ends - each, each, counts[used].repeat(sides), turns, np.empty((10, volts.shape[2])))
        return cls(table, starts, spacings, points)


def table_spacings(theta: float, end: float, largest: Float, power: Float) -> Float:
    """Spacing (Q,) of the tabulated transitions up to ±`largest` (Q,) of edges with a mean square `power` (Q,) in V².

    `end` in 1/V is the imaginary part at the end of the line.
    """
    swing = np.sqrt(power)
    rise = theta * swing
    # on the real axis the logarithm is about (theta x v)² / 2
    finest = np.max([end * swing / FINE_AT_END, rise / FINE_ABOUT_REST, rise**2 * largest / FINE_AT_MOST], axis=0)
    # an edge that does not move has no transitions to tell apart
    return np.where(largest > 0.0, largest / np.maximum(finest * largest, 1.0), 1.0)


def node_turns(theta: float, step: float, low: Float, spacing: Float, volts: Float, shares: Float) -> Float:
    """(6, E, N): nodes of E edges as `tabulate_edges` takes them, of which any adds a transition times one of `volts` (…, N).

    Size, cosine and sine of each node's term about the first point of the line for a transition of `low` (…, 1), and by what they
    grow and turn for a further `spacing`; sizes are weighed by `shares` (…, N).
    """
    low_turns, turns = turned(theta, step, low * volts), turned(theta, step, spacing * volts)
    low_turns[0] *= shares
    found = np.concatenate([low_turns, turns])
    # without any node too, of which the number of edges does not follow
    return found.reshape(6, math.prod(found.shape[1:-1]), found.shape[-1])


def turned(theta: float, step: float, moved: Float) -> Float:
    """(3, …): size of exp(s x) at the line's beginning for each voltage x of `moved` (…), and cosine and sine of a step on it."""
    angle = step * moved
    return np.array([np.exp(theta * moved), np.cos(angle), np.sin(angle)])


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def tabulate_edges(
    table: Float,
    starts: NDArray[np.int64],
    points: NDArray[np.int64],
    counts: NDArray[np.int64],
    turns: Float,
    angles: Float,
) -> None:
    """Expectation of exp(s x v) over the nodes v of edge e, for `points`[e] transitions x at equal distances.

    In rows of the `table` (…, 2 S) from `starts`[e] on. The first `counts`[e] of the nodes count, whose `turns` are overwritten,
    as are `angles` (10, N), made outside because a kernel that makes arrays takes longer to compile.
    S is a multiple of `LANES`, so that nodes are loaded once for so many points; they fill vectors.
    """
    size = table.shape[1] // 2
    for e in range(len(starts)):
        nodes = counts[e]
        for row in range(starts[e], starts[e] + points[e]):
            for k in range(nodes):
                c, s = turns[1, e, k], turns[2, e, k]
                # two, three and four angles by the addition theorems
                c2, s2 = c * c - s * s, 2.0 * c * s
                angles[0, k] = c
                angles[1, k] = s
                angles[2, k] = c2
                angles[3, k] = s2
                angles[4, k] = c * c2 - s * s2
                angles[5, k] = c * s2 + s * c2
                angles[6, k] = c2 * c2 - s2 * s2
                angles[7, k] = 2.0 * c2 * s2
                angles[8, k] = turns[0, e, k]
                angles[9, k] = 0.0
            # the next transition; a loop of its own, because one with all these rows would not become vectors
            for k in range(nodes):
                turns[0, e, k] *= turns[3, e, k]
                turns[1, e, k] = angles[0, k] * turns[4, e, k] - angles[1, k] * turns[5, e, k]
                turns[2, e, k] = angles[0, k] * turns[5, e, k] + angles[1, k] * turns[4, e, k]
            for n in range(0, size, LANES):
                r0 = i0 = r1 = i1 = r2 = i2 = r3 = i3 = 0.0
                for k in range(nodes):
                    p = angles[8, k]
                    q = angles[9, k]
                    r0 += p
                    i0 += q
                    r1 += p * angles[0, k] - q * angles[1, k]
                    i1 += p * angles[1, k] + q * angles[0, k]
                    r2 += p * angles[2, k] - q * angles[3, k]
                    i2 += p * angles[3, k] + q * angles[2, k]
                    r3 += p * angles[4, k] - q * angles[5, k]
                    i3 += p * angles[5, k] + q * angles[4, k]
                    angles[8, k] = p * angles[6, k] - q * angles[7, k]
                    angles[9, k] = p * angles[7, k] + q * angles[6, k]
                table[row, n] = r0
                table[row, n + 1] = r1
                table[row, n + 2] = r2
                table[row, n + 3] = r3
                table[row, size + n] = i0
                table[row, size + n + 1] = i1
                table[row, size + n + 2] = i2
                table[row, size + n + 3] = i3
