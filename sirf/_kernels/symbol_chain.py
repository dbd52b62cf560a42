"""Expectation of exp(s x) of the symbols that jittered edges tie together, on a line s = theta + j n step in the complex plane.

Rows (2 S) are real and then imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
The compiled loop only follows a list of steps (`chain_steps`): one that knows edges
and symbols takes eight times as long to compile.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.chain_steps import ONE, WEIGHTS, ChainEdge, ChainKind, chain_steps
from sirf._kernels.edge_tables import POINTS, EdgeTables, tabulate_edges, turned
from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]
Whole = NDArray[np.int64]

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
        self.tables, self.nodes = tables, (volts, shares, counts)
        frame = _frame(*(part.tobytes() for part in (levels, counts > 0, weights, rests, ties, coupling)))
        self.kind, self.edges, self.moves, distinct = frame
        # edges whose transitions are summed by themselves: their numbers, and the transitions that differ
        self.apart = [(e, distinct[e][0]) for e in np.flatnonzero((counts > 0) & (tables.points == 0)).tolist()]
        if self.apart:
            # in place of each transition the row of those where it stands
            self.moves = self.moves.copy()
            for e, _ in self.apart:
                self.moves[e] = distinct[e][1]
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
        both = np.ones((count + 1, count + 1), dtype=bool)
        if wanted is not None:
            both[:-1, :-1], both[-1, :-1] = wanted, wanted.any(axis=0)
            both[:, -1] = both[:, :-1].any(axis=1)
        every = np.arange(count**2)[None]
        total = self.totals(cursors[None], main, outside[None], both[None], np.array([scale]), every)[0]
        return np.asarray(total[:, 0] + 1j * total[:, 1]).reshape(count, count, self.size)

    def totals(
        self,
        cursors: Float,
        main: int,
        outside: Complex,
        wanted: NDArray[np.bool_],
        scales: Float,
        places: NDArray[np.int64],
        needed: NDArray[np.int64] | None = None,
    ) -> Float:
        """(C, P, 2, S): as `expectation`, of C chains with `cursors` (C, Q) and `scales` (C,); real and imaginary parts apart.

        Of each chain those at `places` (C, P), the symbol before the main one times L plus the main one. `outside` (C, 2, L, S)
        or (C, 0, …). Last row and column of `wanted` (C, L + 1, L + 1) are for a level that is not known: whether any is wanted
        with it. Behind the first `needed` (C,) points, by default all, nothing is computed.
        """
        steps, shares = chain_steps(self.kind._replace(main=main), self.edges)
        starting, turns = self._symbol_weights(cursors, main)
        room, table, lookup = np.empty(POINTS), self.tables.table, self._lookup(scales)
        used = np.full(len(scales), self.size) if needed is None else needed
        if self.apart:
            table = self._with_room()
        parts, tabled = (each.reshape(len(each), 2, each.shape[1] // 2) for each in (self.rows, table))
        found = np.zeros((*places.shape, 2, self.size))
        beyond = outside.view(np.float64).reshape(*outside.shape, 2)
        pairs = wanted.reshape(len(wanted), -1)

        def run(which: slice) -> None:
            symbols = starting[which], turns[which], beyond[which]
            own = pairs[which], lookup[which], *symbols, used[which], places[which], found[which]
            run_chains(parts, steps, shares, tabled, self.moves, room, *own)

        if not self.apart:
            run(slice(None))
        # transitions by themselves have rows of their own in the table, which the next chain overwrites
        for c in range(len(scales) if self.apart else 0):
            self._add_each_by_itself(table, float(scales[c]))
            run(slice(c, c + 1))
        return found

    def _symbol_weights(self, cursors: Float, main: int) -> tuple[Float, Float]:
        """(C, Q, L): probability of each level times exp(s level cursor) where the line begins, and the angle that turns it on
        from there. Of the main symbol one.
        """
        swing = np.multiply.outer(cursors, self.levels)
        # what is given has neither weight nor voltage
        swing[:, main] = 0.0
        starting = np.exp(self.theta * swing) * self.likely
        starting[:, main] = 1.0
        return starting, self.step * swing

    def _lookup(self, scales: Float) -> Float:
        """(C, Q, 5): how the rows about a transition of each edge are found in the table, for `run_chain`."""
        tables, sides, row = self.tables, self.nodes[0].shape[1], len(self.tables.table)
        found = np.empty((len(scales), len(self.edges), 5))
        found[..., 0], found[..., 1] = scales[:, None] / tables.spacings, 0.5 * (tables.points - 1)
        found[..., 2], found[..., 3] = tables.starts, tables.starts + (sides - 1) * tables.points
        found[..., 4] = tables.points - POINTS
        for e, apart in self.apart:
            found[:, e] = 1.0, 0.0, row, row, len(apart) - 1
            row += len(apart)
        return found

    def _with_room(self) -> Float:
        """The table at as many points as rows have, with room for transitions by themselves; what is read behind them is zero."""
        table, size = self.tables.table, self.size
        found = np.zeros((len(table) + sum(len(apart) for _, apart in self.apart) + POINTS - 1, 2 * size))
        for part in range(2):
            start = part * (table.shape[1] // 2)
            found[: len(table), part * size : (part + 1) * size] = table[:, start : start + size]
        return found

    def _add_each_by_itself(self, table: Float, scale: float) -> None:
        """Fill the `table` behind those of `tables`: a row for each transition that differs, which is its own first node."""
        volts, shares, counts = self.nodes
        numbers = np.array([e for e, _ in self.apart]).repeat([len(apart) for _, apart in self.apart])
        moves = np.concatenate([apart for _, apart in self.apart])
        own = volts[numbers, np.where(moves < 0.0, volts.shape[1] - 1, 0)] * (scale * moves)[:, None]
        turns = np.ones((6, *own.shape))
        turns[:3] = turned(self.theta, self.step, own)
        turns[0] *= shares[numbers]
        once, rows = np.ones(len(moves), dtype=np.int64), len(self.tables.table) + np.arange(len(moves))
        tabulate_edges(table, rows, once, counts[numbers], turns, np.empty((10, volts.shape[2])))


class _Frame(NamedTuple):
    """What chains of one kind share: their `edges` and the transitions of these, (Q, signs L⁴); zeros where edges do not move.

    `distinct`: of each edge the transitions that differ (N,), and which of them each is (signs L⁴).
    """

    kind: ChainKind
    edges: tuple[ChainEdge, ...]
    moves: Float
    distinct: tuple[tuple[Float, Whole], ...]


@lru_cache(maxsize=16)
def _frame(levels: bytes, moves: bytes, weights: bytes, rests: bytes, ties: bytes, coupling: bytes) -> _Frame:
    """Of arrays as in `SymbolChain`, by their bytes: an eye asks for the same at phase after phase and in state after state."""
    symbols, variances = tuple(np.frombuffer(levels).tolist()), np.frombuffer(rests)
    each, moving = np.frombuffer(weights).reshape(-1, 4), np.frombuffer(moves, dtype=bool)
    parts = [part.tolist() for part in (moving, each[:, 0] != 0.0, variances > 0.0, np.frombuffer(ties))]
    edges = tuple(ChainEdge.of(*own) for own in zip(*parts, strict=True))
    signs, tied = max((edge.signs for edge in edges), default=1), any(edge.tie for edge in edges)
    kind = ChainKind(symbols, len(edges) + 3, 0, tied, signs, coupling)
    windows = np.array(symbols)[kind.symbols(4).reshape(4, -1)]
    apart = np.sqrt(variances)[:, None, None] * np.array([-1.0, 1.0])[:signs, None]
    transitions = (np.einsum("qi,it->qt", each, windows)[:, None] + apart) * moving[:, None, None]
    transitions = transitions.reshape(len(edges), -1)
    return _Frame(kind, edges, transitions, tuple(_distinct(own.tobytes()) for own in transitions))


@lru_cache(maxsize=16)
def _distinct(transitions: bytes) -> tuple[Float, Whole]:
    """The transitions (N,) that differ, and which of them each is: of most edges of a link the same."""
    apart, which = np.unique(np.frombuffer(transitions), return_inverse=True)
    return apart, which.reshape(-1)


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def run_chains(
    rows: Float,
    steps: NDArray[np.int32],
    shares: Float,
    table: Float,
    moves: Float,
    weights: Float,
    wanted: NDArray[np.bool_],
    lookup: Float,
    starting: Float,
    angles: Float,
    outside: Float,
    sizes: Whole,
    places: Whole,
    out: Float,
) -> None:
    """Follow the steps of C chains in turn; the arguments of `run_chain` with a first axis for the chains where they differ.

    Weights of symbols are `starting` (C, Q, L) where the line begins, turned by `angles` (C, Q, L) from point to point; those of
    the first and the last symbol are multiplied by `outside` (C, 2, L, S, 2), or (C, 0, …) for none. Of the results those at
    `places` (C, P) are put into `out` (C, P, 2, S), which is left as it is behind the first `sizes` (C,) points.
    """
    symbols, levels = starting.shape[1:]
    totals = WEIGHTS + symbols * levels
    for c in range(len(starting)):
        size = sizes[c]
        for q in range(symbols):
            for level in range(levels):
                row, x, y = rows[WEIGHTS + q * levels + level], starting[c, q, level], 0.0
                # a rotation a point, which costs less than an exponential
                turn_re, turn_im = np.cos(angles[c, q, level]), np.sin(angles[c, q, level])
                for n in range(size):
                    row[0, n], row[1, n] = x, y
                    x, y = x * turn_re - y * turn_im, x * turn_im + y * turn_re
        for end in range(outside.shape[1]):
            for level in range(levels):
                row, other = rows[WEIGHTS + end * (symbols - 1) * levels + level], outside[c, end, level]
                for n in range(size):
                    x, y, p, q = row[0, n], row[1, n], other[n, 0], other[n, 1]
                    row[0, n], row[1, n] = x * p - y * q, x * q + y * p
        for k in range(totals, totals + levels * levels):
            for part in range(2):
                for n in range(size):
                    rows[k, part, n] = 0.0
        run_chain(rows, steps, shares, wanted[c], table, moves, lookup[c], weights, size)
        for k in range(places.shape[1]):
            for part in range(2):
                for n in range(size):
                    out[c, k, part, n] = rows[totals + places[c, k], part, n]


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def run_chain(
    rows: Float,
    steps: NDArray[np.int32],
    shares: Float,
    wanted: NDArray[np.bool_],
    table: Float,
    moves: Float,
    lookup: Float,
    weights: Float,
    size: int,
) -> None:
    """Follow the `steps` (N, 4) with their `shares` (N, 2) at the first `size` points of `rows` (R, 2, S), but for those of which
    nothing is `wanted`.

    Transitions are numbered along `moves` (Q, M). In the `table` (…, 2, T), T >= S, those of edge q lie `lookup`[q, 0] rows a
    volt apart, none of them `lookup`[q, 1] rows behind row `lookup`[q, 2], or `lookup`[q, 3] if negative; `lookup`[q, 4] rows
    behind that is the last from which one is interpolated. `weights` (POINTS,) is overwritten.
    """
    for k in range(len(steps)):
        if not wanted[steps[k, 3]]:
            continue
        to, one, two = steps[k, 0], steps[k, 1], steps[k, 2]
        if two < 0:
            edge = one // moves.shape[1]
            move = moves[edge, one - edge * moves.shape[1]]
            # as far as the table goes the place lies in the middle of its nodes, where the polynomial errs least
            place = move * lookup[edge, 0] + lookup[edge, 1]
            first = max(min(np.floor(place) - (POINTS // 2 - 1), lookup[edge, 4]), 0.0)
            place -= first
            a = int(first + (lookup[edge, 3] if move < 0.0 else lookup[edge, 2]))
            # of each the product of the distances from all others: from those before it, then from those behind
            product = 1.0
            for i in range(POINTS):
                weights[i] = LAGRANGE[i] * product
                product *= place - i
            product = 1.0
            for i in range(POINTS - 1, -1, -1):
                weights[i] *= product
                product *= place - i
            for part in range(2):
                for n in range(size):
                    rows[to, part, n] = (
                        (weights[0] * table[a, part, n] + weights[1] * table[a + 1, part, n])
                        + (weights[2] * table[a + 2, part, n] + weights[3] * table[a + 3, part, n])
                        + (weights[4] * table[a + 4, part, n] + weights[5] * table[a + 5, part, n])
                        + (weights[6] * table[a + 6, part, n] + weights[7] * table[a + 7, part, n])
                    )
            continue
        keep, share = shares[k, 0], shares[k, 1]
        for n in range(size):
            p = rows[one, 0, n] * rows[two, 0, n] - rows[one, 1, n] * rows[two, 1, n]
            q = rows[one, 0, n] * rows[two, 1, n] + rows[one, 1, n] * rows[two, 0, n]
            rows[to, 0, n] = keep * rows[to, 0, n] + share * p
            rows[to, 1, n] = keep * rows[to, 1, n] + share * q
