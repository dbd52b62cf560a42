"""Expectation of exp(s x) of the symbols that jittered edges tie together, on a line s = theta + j n step in the complex plane.

Rows (2 S) are real and then imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
The compiled loop only follows a list of steps (`chain_steps`): one that knows edges
and symbols takes eight times as long to compile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.chain_steps import ONE, WEIGHTS, ChainEdge, ChainKind, chain_steps
from sirf._kernels.edge_tables import POINTS, EdgeTables, node_turns, tabulate_edges
from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

LAGRANGE = np.array(
    [(-1.0) ** (POINTS - 1 - i) / math.factorial(i) / math.factorial(POINTS - 1 - i) for i in range(POINTS)]
)
"""One over the product of the distances of each of `POINTS` successive whole numbers from the others."""


class SymbolChain:
    """E exp(s x) over symbols whose jittered edges tie them: what many chains share that differ in cursors and size of edges.

    Symbols h … h + 3 with cursors (Q,) share the transition x = weights[h] . (a_h, …, a_(h+3)) + r, whose displaced edge
    adds x times one of `volts[h, 0]` (N,), or of the last of `volts[h]` where x < 0, with probabilities `shares[h]` (N,). The
    first `counts[h]` of them count; no edge of which none does moves. r is ± the root of its variance `rests[h]`, with a mean of
    `ties[h]` a_(h-1) times that root: what depends on the symbol before the four is taken as linear in its level. Levels are sent
    with probabilities `likely` (L,); `coupling` (Q - 1, L, L) is how much more often than that neighbours meet. Messages run
    from both ends to the main symbol. `size` is a multiple of `LANES`. `tables` are made where none are given.
    """

    def __init__(
        self,
        theta: float,
        step: float,
        size: int,
        volts: Float,
        shares: Float,
        counts: NDArray[np.int64],
        weights: Float,
        rests: Float,
        ties: Float,
        levels: Float,
        likely: Float,
        coupling: Float,
        tables: EdgeTables | None = None,
    ) -> None:
        """Make the tables where none are given."""
        if tables is None:
            tables = EdgeTables.of(theta, step, size, volts, shares, counts, weights, rests, levels)
        self.theta, self.step, self.size = theta, step, size
        self.levels, self.likely = levels, likely
        self.tables, self.nodes = tables.up_to(size), (volts, shares, counts)
        each = zip(counts.tolist(), weights[:, 0].tolist(), rests.tolist(), ties.tolist(), strict=True)
        self.edges = tuple(ChainEdge.of(nodes > 0, first != 0.0, rest > 0.0, tie) for nodes, first, rest, tie in each)
        most, tied = max((edge.signs for edge in self.edges), default=1), any(edge.tie for edge in self.edges)
        self.kind = ChainKind(tuple(levels.tolist()), len(counts) + 3, 0, tied, most, coupling.tobytes())
        # (E, signs, L⁴): the transitions of the edges that move
        self.moving = np.flatnonzero(counts)
        # of these the ones whose transitions are summed by themselves
        self.apart = np.flatnonzero(self.tables.points[self.moving] == 0)
        apart = np.sqrt(rests[self.moving])[:, None, None] * np.array([-1.0, 1.0])[:most, None]
        windows = levels[self.kind.symbols(4).reshape(4, -1)]
        self.transitions = np.einsum("qi,it->qt", weights[self.moving], windows)[:, None] + apart
        self.rows = np.zeros((self.kind.rows, 2 * size))
        self.rows[ONE, :size] = 1.0

    def expectation(
        self,
        cursors: Float,
        main: int,
        outside: Complex,
        wanted: NDArray[np.bool_] | None = None,
        scale: float = 1.0,
    ) -> Complex:
        """(L, L, S): E exp(s x) given the main symbol (second axis), at index `main` (2 … Q - 2) of the `cursors` (Q,).

        Split by the symbol sent before it, that of the next cursor: sum over the first axis for all. `outside` (2, L, S) is what
        symbols beyond both ends add given the first and the last level (empty without either). Only what is `wanted` (L, L) is
        computed, by default all of it; the rest is zero. All edges are `scale` times as large, 1 at most, as those of `volts`.
        """
        count = len(self.levels)
        wanted = np.ones((count, count), dtype=bool) if wanted is None else wanted
        rows = np.concatenate([wanted, wanted.any(axis=0, keepdims=True)])
        both = np.concatenate([rows, rows.any(axis=1, keepdims=True)], axis=1)
        total = next(self.totals(cursors[None], main, outside[None], both[None], np.array([scale])))
        return np.asarray(total[:, 0] + 1j * total[:, 1]).reshape(count, count, self.size)

    def totals(
        self, cursors: Float, main: int, outside: Complex, wanted: NDArray[np.bool_], scales: Float
    ) -> Iterator[Float]:
        """As `expectation`, of C chains in turn with `cursors` (C, Q) and `scales` (C,): each (L L, 2, S), in place of the last.

        Real and imaginary parts apart, the symbol before the main one first. `outside` (C, 2, L, S) or (C, 0, …). Last row and
        column of `wanted` (C, L + 1, L + 1) are for a level that is not known: whether any is wanted with it.
        """
        kind, starting, turn = self.kind._replace(main=main), *self._symbol_weights(cursors, main)
        steps, shares = chain_steps(kind, self.edges)
        weights, total = self.rows[WEIGHTS : kind.totals], self.rows[kind.totals :][: len(self.levels) ** 2]
        rows, room, table = np.empty((*turn.shape[1:], self.size), dtype=complex), np.empty(POINTS), self.tables.table
        firsts, places = self._places(scales)
        for c, scale in enumerate(scales.tolist()):
            # a rotation a point, which costs less than an exponential
            rows[:], rows[:, :, 0] = turn[c, :, :, None], starting[c]
            np.multiply.accumulate(rows, axis=2, out=rows)
            if len(outside[c]):
                rows[[0, -1]] *= outside[c, :, :, : self.size]
            weights[:, : self.size], weights[:, self.size :] = (
                part.reshape(-1, self.size) for part in (rows.real, rows.imag)
            )
            total[:] = 0.0
            if self.apart.size:
                table = self._with_each_by_itself(scale, firsts[c], places[c])
            run_chain(self.rows, steps, shares, wanted[c].ravel(), table, firsts[c].ravel(), places[c].ravel(), room)
            yield total.reshape(-1, 2, self.size)

    def _symbol_weights(self, cursors: Float, main: int) -> tuple[Float, Complex]:
        """(C, Q, L): probability of each level times exp(s level cursor) where the line begins, and what turns it on from there.

        Of the main symbol one.
        """
        swing = np.multiply.outer(cursors, self.levels)
        # what is given has neither weight nor voltage
        swing[:, main] = 0.0
        starting = np.exp(self.theta * swing) * self.likely
        starting[:, main] = 1.0
        return starting, np.exp(1j * self.step * swing)

    def _places(self, scales: Float) -> tuple[NDArray[np.int32], Float]:
        """Where in the table the rows about each transition begin, and its place in rows from there on: (C, E, signs, L⁴)."""
        begin, points, sides = self.tables.starts, self.tables.points, self.nodes[0].shape[1]
        # numbered by all edges, as steps are
        shape = len(scales), len(self.edges), *self.transitions.shape[1:]
        firsts, places = np.empty(shape, dtype=np.int32), np.empty(shape)
        for row, e in enumerate(self.moving.tolist()):
            moves, place = self.transitions[row], places[:, e]
            np.multiply.outer(scales, moves, out=place)
            place /= self.tables.spacings[e]
            place += 0.5 * (points[e] - 1)
            # as far as the table goes the place lies in the middle of its nodes, where the polynomial errs least
            first = np.floor(place)
            first -= POINTS // 2 - 1
            np.maximum(np.minimum(first, points[e] - POINTS, out=first), 0.0, out=first)
            place -= first
            first += begin[e] + np.where(moves < 0.0, (sides - 1) * points[e], 0)
            firsts[:, e] = first
        return firsts, places

    def _with_each_by_itself(self, scale: float, firsts: NDArray[np.int32], places: Float) -> Float:
        """The table with rows for every transition of the edges that are not tabulated, whose `firsts` and `places` are set."""
        parts, rows = [self.tables.table], len(self.tables.table)
        for row in self.apart:
            # a row for every transition that differs from the others, which is its own first node
            moves, e = scale * self.transitions[row], self.moving[row]
            apart, which = np.unique(moves, return_inverse=True)
            firsts[e], places[e] = rows + which.reshape(moves.shape), 0.0
            parts.append(self._each_by_itself(apart, e))
            rows += len(parts[-1])
        return np.concatenate(parts)

    def _each_by_itself(self, moves: Float, q: int) -> Float:
        """Rows of an edge's function for each of its `moves` (N,), and as many more as an interpolation reads."""
        volts, shares, counts = self.nodes
        table, number = np.zeros((len(moves) + POINTS - 1, 2 * self.size)), len(moves)
        own, once = volts[q, np.where(moves < 0.0, volts.shape[1] - 1, 0)], np.ones(number, dtype=np.int64)
        turns = node_turns(self.theta, self.step, moves[:, None], np.zeros(1), own, shares[q])
        tabulate_edges(table, np.arange(number), once, once * counts[q], turns, np.empty((10, volts.shape[2])))
        return table


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def run_chain(
    rows: Float,
    steps: NDArray[np.int32],
    shares: Float,
    wanted: NDArray[np.bool_],
    table: Float,
    starts: NDArray[np.int32],
    places: Float,
    weights: Float,
) -> None:
    """Follow the `steps` (N, 4) with their `shares` (N, 2) in `rows` (R, 2 S), but for those of which nothing is `wanted`.

    Transition t lies `places`[t] rows behind row `starts`[t] of the `table` (…, 2 S); `weights` (POINTS,) is overwritten.
    """
    size = rows.shape[1] // 2
    for k in range(len(steps)):
        if not wanted[steps[k, 3]]:
            continue
        to, one, two = steps[k, 0], steps[k, 1], steps[k, 2]
        if two < 0:
            a = starts[one]
            for i in range(POINTS):
                weights[i] = LAGRANGE[i]
                for j in range(POINTS):
                    if j != i:
                        weights[i] *= places[one] - j
            for n in range(2 * size):
                rows[to, n] = (
                    (weights[0] * table[a, n] + weights[1] * table[a + 1, n])
                    + (weights[2] * table[a + 2, n] + weights[3] * table[a + 3, n])
                    + (weights[4] * table[a + 4, n] + weights[5] * table[a + 5, n])
                    + (weights[6] * table[a + 6, n] + weights[7] * table[a + 7, n])
                )
            continue
        keep, share = shares[k, 0], shares[k, 1]
        for n in range(size):
            p = rows[one, n] * rows[two, n] - rows[one, size + n] * rows[two, size + n]
            q = rows[one, n] * rows[two, size + n] + rows[one, size + n] * rows[two, n]
            rows[to, n] = keep * rows[to, n] + share * p
            rows[to, size + n] = keep * rows[to, size + n] + share * q
