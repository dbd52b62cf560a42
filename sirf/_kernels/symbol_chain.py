"""Expectation of exp(s x) of the symbols that jittered edges tie together, on a line s = theta + j n step in the complex plane.

Rows (2 S) are real and then imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
The compiled loop only follows a list of steps (`chain_steps`): one that knows edges
and symbols takes eight times as long to compile.
"""

from __future__ import annotations

import math

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
        apart = np.sqrt(rests[self.moving])[:, None, None] * np.array([-1.0, 1.0])[:most, None]
        windows = levels[self.kind.symbols(4).reshape(4, -1)]
        self.transitions = np.einsum("qi,it->qt", weights[self.moving], windows)[:, None] + apart
        self.rows = np.zeros((self.kind.rows, 2 * size))
        self.rows[ONE, :size] = 1.0

    @property
    def total(self) -> Float:
        """(L L, 2, S): the expectation of the last run, real and imaginary parts apart, the symbol before the main one first."""
        start = self.kind.totals
        return self.rows[start : start + len(self.levels) ** 2].reshape(-1, 2, self.size)

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
        self.run(cursors, main, outside, np.concatenate([rows, rows.any(axis=1, keepdims=True)], axis=1), scale)
        return np.asarray(self.total[:, 0] + 1j * self.total[:, 1]).reshape(count, count, self.size)

    def run(self, cursors: Float, main: int, outside: Complex, wanted: NDArray[np.bool_], scale: float) -> None:
        """Leave the expectation in `total`, of what is `wanted` (L + 1, L + 1).

        The last row and column of `wanted` are for a level that is not known: whether any is wanted with it.
        """
        weights = self._symbol_weights(cursors, main)
        if len(outside):
            weights[[0, -1]] *= outside[:, :, : self.size]
        rows = weights.reshape(-1, self.size)
        self.rows[WEIGHTS : self.kind.totals, : self.size] = rows.real
        self.rows[WEIGHTS : self.kind.totals, self.size :] = rows.imag
        self.total[:] = 0.0
        steps, shares = chain_steps(self.kind._replace(main=main), self.edges)
        table, starts, places = self._places(scale)
        run_chain(self.rows, steps, shares, wanted.ravel(), table, starts, places, np.empty(POINTS))

    def _symbol_weights(self, cursors: Float, main: int) -> Complex:
        """(Q, L, S): probability of each level times exp(s level cursor); of the main symbol one."""
        swing = np.outer(cursors, self.levels)
        # what is given has neither weight nor voltage
        swing[main] = 0.0
        found = np.empty((*swing.shape, self.size), dtype=complex)
        # a rotation a point, which costs less than an exponential
        found[:] = np.exp(1j * self.step * swing)[:, :, None]
        found[:, :, 0] = np.exp(self.theta * swing) * self.likely
        found[main, :, 0] = 1.0
        return np.multiply.accumulate(found, axis=2, out=found)

    def _places(self, scale: float) -> tuple[Float, NDArray[np.int32], Float]:
        """The table, where in it the rows about each transition begin, and the transition's place in rows from there on."""
        tables, sides = self.tables, self.nodes[0].shape[1]
        begin, spacing, points = (
            each[self.moving][:, None, None] for each in (tables.starts, tables.spacings, tables.points)
        )
        moves = scale * self.transitions
        place = moves / spacing
        place += 0.5 * (points - 1)
        # as far as the table goes the place lies in the middle of its nodes, where the polynomial errs least
        first = np.maximum(np.minimum(np.floor(place) - (POINTS // 2 - 1), points - POINTS), 0.0)
        place -= first
        first += begin
        if sides > 1:
            first += np.where(moves < 0.0, (sides - 1) * points, 0)
        parts, rows = [tables.table], len(tables.table)
        for e in np.flatnonzero(points == 0):
            # a row for every transition that differs from the others, which is its own first node
            apart, which = np.unique(moves[e], return_inverse=True)
            first[e], place[e] = rows + which.reshape(moves[e].shape), 0.0
            parts.append(self._each_by_itself(apart, self.moving[e]))
            rows += len(parts[-1])
        table = np.concatenate(parts) if len(parts) > 1 else parts[0]
        # numbered by all edges, as steps are
        shape = len(self.edges), *moves.shape[1:]
        starts, places = np.empty(shape, dtype=np.int32), np.empty(shape)
        starts[self.moving], places[self.moving] = first, place
        return table, starts.ravel(), places.ravel()

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
