"""Functions of displaced edges on a line s = theta + j n step, tabulated by transition and interpolated between.

Rows (2, S) are real and imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
"""

from __future__ import annotations

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

    Edge q has `points`[q] rows of `table` (rows, 2, S) for each direction of the transition, from row `starts`[q] on; none where
    each transition is as quickly summed by itself.
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
        sides = volts.shape[1]
        ends = np.cumsum(sides * points)
        table = np.empty((int(ends[-1]) if len(ends) else 0, 2, size))
        tabulate_edges(table, ends - sides * points, spacings, points, theta, step, volts, shares, counts)
        return cls(table, ends - sides * points, spacings, points)


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


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def superpose(turn: Float, nodes: int, out: Float, to: int) -> None:
    """`out`[`to`] (2, S): sums over the first `nodes` of size exp(j n angle).

    Rows of `turn` are cos and sin of 1, 2, 3 and 4 angles, the size, and room for its imaginary part; both are overwritten.
    S is a multiple of `LANES`, so that nodes are loaded once for so many points; they fill vectors.
    """
    re, im = out[to, 0], out[to, 1]
    c1, s1, c2, s2, c3, s3, c4, s4 = turn[0], turn[1], turn[2], turn[3], turn[4], turn[5], turn[6], turn[7]
    real, imag = turn[8], turn[9]
    for k in range(nodes):
        imag[k] = 0.0
    for start in range(0, len(re), LANES):
        r0 = i0 = r1 = i1 = r2 = i2 = r3 = i3 = 0.0
        for k in range(nodes):
            p = real[k]
            q = imag[k]
            r0 += p
            i0 += q
            r1 += p * c1[k] - q * s1[k]
            i1 += p * s1[k] + q * c1[k]
            r2 += p * c2[k] - q * s2[k]
            i2 += p * s2[k] + q * c2[k]
            r3 += p * c3[k] - q * s3[k]
            i3 += p * s3[k] + q * c3[k]
            real[k] = p * c4[k] - q * s4[k]
            imag[k] = p * s4[k] + q * c4[k]
        re[start], re[start + 1], re[start + 2], re[start + 3] = r0, r1, r2, r3
        im[start], im[start + 1], im[start + 2], im[start + 3] = i0, i1, i2, i3


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def tabulate(
    theta: float,
    step: float,
    low: float,
    spacing: float,
    shares: Float,
    volts: Float,
    nodes: int,
    room: Float,
    out: Float,
    start: int,
    stop: int,
) -> None:
    """Expectation of exp(s x v) over the nodes v of a displaced edge, `volts` (N,), for x = `low`, `low` + `spacing` …

    In the rows `start` … `stop` - 1 of `out` (…, 2, S); `shares` (N,) are the probabilities of the nodes, of which the first
    `nodes` count; `room` (15, N) is overwritten.
    """
    grown, gain, ahead, aside = room[10], room[11], room[12], room[13]
    for k in range(nodes):
        # exponentials and angles of the first transition; from each to the next they turn by a product
        grown[k] = shares[k] * np.exp(theta * low * volts[k])
        room[0, k] = np.cos(step * low * volts[k])
        room[1, k] = np.sin(step * low * volts[k])
        gain[k] = np.exp(theta * spacing * volts[k])
        ahead[k] = np.cos(step * spacing * volts[k])
        aside[k] = np.sin(step * spacing * volts[k])
    for point in range(start, stop):
        for k in range(nodes):
            room[8, k] = grown[k]
            c = room[0, k]
            s = room[1, k]
            # two, three and four angles by the addition theorems
            c2 = c * c - s * s
            s2 = 2.0 * c * s
            room[2, k] = c2
            room[3, k] = s2
            room[4, k] = c * c2 - s * s2
            room[5, k] = c * s2 + s * c2
            room[6, k] = c2 * c2 - s2 * s2
            room[7, k] = 2.0 * c2 * s2
        superpose(room, nodes, out, point)
        for k in range(nodes):
            c = room[0, k]
            s = room[1, k]
            grown[k] *= gain[k]
            room[0, k] = c * ahead[k] - s * aside[k]
            room[1, k] = c * aside[k] + s * ahead[k]


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def interpolate(table: Float, start: int, points: int, place: float, weights: Float, out: Float, to: int) -> None:
    """Lagrange's polynomial through the `POINTS` rows of `table` about `place`, in `out`[`to`] (2, S).

    `place` counts rows from `start` on, where the table of `points` rows begins; `weights` (POINTS,) is overwritten.
    """
    # as far as the table goes the place lies in the middle of its nodes, where the polynomial errs least
    first = min(max(int(np.floor(place)) - POINTS // 2 + 1, 0), points - POINTS)
    for i in range(POINTS):
        weights[i] = 1.0
        for j in range(POINTS):
            if j != i:
                weights[i] *= (place - first - j) / (i - j)
    a = start + first
    for part in range(2):
        for n in range(out.shape[2]):
            out[to, part, n] = (
                (weights[0] * table[a, part, n] + weights[1] * table[a + 1, part, n])
                + (weights[2] * table[a + 2, part, n] + weights[3] * table[a + 3, part, n])
                + (weights[4] * table[a + 4, part, n] + weights[5] * table[a + 5, part, n])
                + (weights[6] * table[a + 6, part, n] + weights[7] * table[a + 7, part, n])
            )


@kernel
def tabulate_edges(
    table: Float,
    starts: NDArray[np.int64],
    spacings: Float,
    points: NDArray[np.int64],
    theta: float,
    step: float,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
) -> None:
    """Fill the `table` of `EdgeTables`."""
    room = np.empty((15, volts.shape[2]))
    for q in range(len(starts)):
        # the table is symmetric about no transition
        low = -0.5 * (points[q] - 1) * spacings[q]
        for side in range(volts.shape[1] if points[q] > 0 else 0):
            start = starts[q] + side * points[q]
            end = start + points[q]
            tabulate(theta, step, low, spacings[q], shares[q], volts[q, side], counts[q], room, table, start, end)
