"""Messages along a chain of tied symbols as a list of steps, each of them one row or the product of two.

The list depends on which edges move and how their transitions depend on the symbols, not on any voltage: links of one kind share
it, and the compiled loop that follows it knows nothing of edges and symbols.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Whole = NDArray[np.int32]

ONE, FACTOR, WEIGHED, WEIGHTS = range(4)
"""Row of ones, rows of the function of a displaced edge and of that times a weight, and the first of the rows of weights (Q L).
A product never takes the place of one of its factors, which would keep the compiled loop from vector instructions."""
INTERPOLATE = -1
"""In place of a second row: the step interpolates, and its first number is that of a transition."""
Steps = tuple[Whole, Float]
"""Rows `to`, `one`, `two` and what must be wanted (N, 4), with the shares `keep` and `share` (N, 2): row `to` becomes `keep`
times itself plus `share` times the product of the rows `one` and `two`."""
Step = tuple[Any, Any, Any, Any, Any]
"""`to`, `one`, `two`, `keep`, `share`: numbers, or arrays by the levels of symbols."""


class ChainEdge(NamedTuple):
    """How a transition depends on its symbols.

    `quiet` edges do not move. Where it is `spanned` the transition depends on the first of the four symbols or has two `signs` of
    its rest, which leans by `tie` times the level of the symbol before them.
    """

    quiet: bool
    spanned: bool
    signs: int
    tie: float

    @classmethod
    def of(cls, moves: bool, first: bool, rest: bool, tie: float) -> ChainEdge:
        """An edge that `moves` or not; its transition may depend on the `first` of four symbols and may have a `rest`."""
        return cls(not moves, moves and (first or rest), 2 if moves and rest else 1, tie if moves and rest else 0.0)


class ChainKind(NamedTuple):
    """What the lists of all edges of a chain have in common, and the rows that they work in.

    `length` symbols, the main one at index `main`; `coupling` are the bytes of (Q - 1, L, L) or none.
    """

    levels: tuple[float, ...]
    length: int
    main: int
    tied: bool
    signs: int
    coupling: bytes

    @property
    def windows(self) -> int:
        """Windows of three symbols."""
        return len(self.levels) ** 3

    @property
    def totals(self) -> int:
        """First of the rows of results (L L), the symbol before the main one first."""
        return WEIGHTS + self.length * len(self.levels)

    @property
    def rows(self) -> int:
        """Number of all rows."""
        return self.totals + len(self.levels) ** 2 + 4 * max(1 + self.tied, self.signs) * self.windows

    def block(self, number: int, part: int, *symbols: Any) -> Any:
        """Rows of a message's `part` by levels of up to three symbols, the last of them varying fastest."""
        ways = max(1 + self.tied, self.signs)
        start = self.totals + len(self.levels) ** 2 + (number * ways + part) * self.windows
        return start + self.number(*symbols)

    def symbols(self, count: int) -> NDArray[Any]:
        """(count, L, …): numbers of the levels of successive symbols, one axis each."""
        return _indices(len(self.levels), count)

    def number(self, *symbols: Any) -> Any:
        """Number of a window of symbols with these levels."""
        total: Any = 0
        for symbol in symbols:
            total = total * len(self.levels) + symbol
        return total

    def weight(self, symbol: int, level: Any) -> Any:
        """Rows of the weights of a symbol, by its level."""
        return WEIGHTS + symbol * len(self.levels) + level

    def behind(self, symbol: int, level: Any) -> Any:
        """The same in a message from the right, which leaves out the symbol before the main one: the other message has it."""
        return ONE if symbol == self.main - 1 else self.weight(symbol, level)

    def coupled(self, pair: int) -> Float:
        """(L, L) how much more often than independent ones symbols `pair` and `pair` + 1 have these levels; 1 without pairs."""
        count = len(self.levels)
        if not self.coupling:
            return np.ones((count, count))
        return np.asarray(np.frombuffer(self.coupling).reshape(-1, count, count)[pair])

    def transition(self, edge: int, sign: int, number: Any) -> Any:
        """Number of a transition of an edge among all of the chain."""
        return (edge * self.signs + sign) * len(self.levels) ** 4 + number

    def listed(self, first: int, symbols: int, *steps: Step) -> Steps:
        """`Steps` (to, one, two, keep, share) one after the other for all levels of `symbols` symbols from the `first` on."""
        known = _known(len(self.levels), symbols, self.main - first)
        rows = np.empty((*known.shape, len(steps), 4), dtype=np.int32)
        shares = np.empty((*known.shape, len(steps), 2))
        rows[..., 3] = known[..., None]
        for number, (to, one, two, keep, share) in enumerate(steps):
            rows[..., number, 0], rows[..., number, 1], rows[..., number, 2] = to, one, two
            shares[..., number, 0], shares[..., number, 1] = keep, share
        return rows.reshape(-1, 4), shares.reshape(-1, 2)


LEFT, RIGHT, SOURCE, MOVED = range(4)
"""Numbers of the blocks of rows: both messages, what a message is made of, and what an edge makes of it."""


@lru_cache(maxsize=8)
def _indices(count: int, symbols: int) -> NDArray[Any]:
    found = np.indices((count,) * symbols)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def _known(count: int, symbols: int, main: int) -> NDArray[Any]:
    """By levels of `symbols` symbols: (L + 1) times that of the one sent before the main one, plus that of the main one.

    `main` is the index of the main symbol among them. L, the `count`, stands for one that is not among them.
    """
    levels = _indices(count, symbols)
    given, before = (levels[at] if 0 <= at < symbols else np.full(levels[0].shape, count) for at in (main, main + 1))
    return np.asarray(before * (count + 1) + given)


@lru_cache(maxsize=16)
def chain_steps(chain: ChainKind, edges: tuple[ChainEdge, ...]) -> Steps:
    """All steps: both messages begin at the ends, pass every edge up to the one whose third symbol is the main one, and meet."""
    joint = chain.main - 2
    parts = [_first(chain), _last(chain)]
    parts += [_forward(chain, edge, q) for q, edge in enumerate(edges[: joint + 1])]
    parts += [_backward(chain, edges[q], q) for q in range(len(edges) - 1, joint, -1)]
    return _joined(*parts, _meeting(chain))


@lru_cache(maxsize=32)
def _first(chain: ChainKind) -> Steps:
    """The message from the left at the first three symbols: their weights."""
    a, b, c = chain.symbols(3)
    here, share = chain.block(LEFT, 0, a, b, c), chain.coupled(0)[a, b] * chain.coupled(1)[b, c]
    both = chain.block(SOURCE, 0, a, b, c)
    steps = [(both, chain.weight(0, a), chain.weight(1, b), 0.0, share), (here, both, chain.weight(2, c), 0.0, 1.0)]
    return chain.listed(0, 3, *steps, *_nothing(chain, LEFT))


@lru_cache(maxsize=32)
def _last(chain: ChainKind) -> Steps:
    """The message from the right at the last three symbols."""
    a, b, c = chain.symbols(3)
    start, here, both = chain.length - 3, chain.block(RIGHT, 0, a, b, c), chain.block(SOURCE, 0, a, b, c)
    steps = [
        (both, chain.behind(start, a), chain.weight(start + 1, b), 0.0, _coupled_behind(chain, start)),
        (here, both, chain.weight(start + 2, c), 0.0, 1.0),
    ]
    return chain.listed(start, 3, *steps, *_nothing(chain, RIGHT))


def _nothing(chain: ChainKind, block: int) -> list[Step]:
    """Where a rest is tied: no part of this message depends on the symbol before its window."""
    return [(chain.block(block, 1, *chain.symbols(3)), ONE, ONE, 0.0, 0.0)] if chain.tied else []


def _coupled_behind(chain: ChainKind, start: int) -> Float:
    """How much more often the last two of three symbols meet; where the messages join, that from the left has it."""
    _, b, c = chain.symbols(3)
    return np.ones(b.shape) if start == chain.main - 1 else chain.coupled(start + 1)[b, c]


def _factor(chain: ChainKind, edge: ChainEdge, q: int, sign: int, *symbols: Any) -> list[Step]:
    """Interpolates the function of a displaced edge; nothing for one that does not move."""
    return [] if edge.quiet else [(FACTOR, chain.transition(q, sign, chain.number(*symbols)), INTERPOLATE, 0.0, 0.0)]


@lru_cache(maxsize=32)
def _forward(chain: ChainKind, edge: ChainEdge, q: int) -> Steps:
    """The message from the left over edge q: a sum over the first of its four symbols, weighed by the last.

    Where a rest is tied it has a second part, weighed by the level of the symbol before the window.
    """
    parts, (a, b, c), levels = range(1 + chain.tied), chain.symbols(3), np.array(chain.levels)
    # the main symbol is the third of the joint's: there the message from the right has the last one
    weight, share = ONE if q == chain.main - 2 else chain.weight(q + 3, c), chain.coupled(q + 2)[b, c]
    if not edge.spanned:
        sums = [
            (chain.block(SOURCE, k, b, c), chain.block(LEFT, 0, a, b, c), ONE, a > 0, levels[a] ** k) for k in parts
        ]
        steps = _factor(chain, edge, q, 0, a, b, c)
        if steps:
            steps.append((WEIGHED, FACTOR, weight, 0.0, 1.0))
        by = WEIGHED if steps else weight
        steps += [(chain.block(LEFT, k, a, b, c), chain.block(SOURCE, k, a, b), by, 0.0, share) for k in parts]
        return _joined(chain.listed(q, 3, *sums), chain.listed(q + 1, 3, *steps))
    signed = _signed(chain, edge)
    g, h, i, j = chain.symbols(4)
    steps = []
    for sign in range(edge.signs):
        source = chain.block(SOURCE, sign, g, h, i) if signed else chain.block(LEFT, 0, g, h, i)
        steps += _factor(chain, edge, q, sign, g, h, i, j)
        keep = (g > 0) | (sign > 0)
        steps += [(chain.block(MOVED, k, h, i, j), source, FACTOR, keep, levels[g] ** k) for k in parts]
    ends = [(chain.block(LEFT, k, a, b, c), chain.block(MOVED, k, a, b, c), weight, 0.0, share) for k in parts]
    return _joined(chain.listed(q, 3, *signed), chain.listed(q, 4, *steps), chain.listed(q + 1, 3, *ends))


def _signed(chain: ChainKind, edge: ChainEdge) -> list[Step]:
    """The message from the left times the probability of either sign of the rest; nothing without signs."""
    steps: list[Step] = []
    for sign in range(2 if edge.signs == 2 else 0):
        here, left = chain.block(SOURCE, sign, *chain.symbols(3)), chain.block(LEFT, 0, *chain.symbols(3))
        steps.append((here, left, ONE, 0.0, 0.5))
        if chain.tied:
            steps.append((here, chain.block(LEFT, 1, *chain.symbols(3)), ONE, 1.0, (sign - 0.5) * edge.tie))
    return steps


@lru_cache(maxsize=32)
def _backward(chain: ChainKind, edge: ChainEdge, q: int) -> Steps:
    """The message from the right over edge q: a sum over the last of its four symbols, weighed by the first.

    Where a rest is tied it has a second part, which the level of the symbol before the window multiplies.
    """
    parts, (a, b, c), levels = range(1 + chain.tied), chain.symbols(3), np.array(chain.levels)
    weight, share = chain.behind(q, a), _coupled_behind(chain, q)
    here, odd = (chain.block(RIGHT, k, a, b, c) for k in range(2))
    if not edge.spanned:
        steps, factor = _factor(chain, edge, q, 0, a, b, c), ONE if edge.quiet else FACTOR
        for k in parts:
            steps.append((chain.block(MOVED, k, a, b), chain.block(RIGHT, k, a, b, c), factor, c > 0, 1.0))
        # now the level of the first symbol is known, and nothing depends on the one before it
        ends = [(here, chain.block(MOVED, k, b, c), weight, float(k), share * levels[a] ** k) for k in parts]
        ends += _nothing(chain, RIGHT)
        return _joined(chain.listed(q + 1, 3, *steps), chain.listed(q, 3, *ends))
    g, h, i, j = chain.symbols(4)
    steps, ends, even = [], [], 1.0 / edge.signs
    for sign in range(edge.signs):
        steps += _factor(chain, edge, q, sign, g, h, i, j)
        to, moved = chain.block(MOVED, sign, g, h, i), chain.block(MOVED, sign, a, b, c)
        steps += [(to, chain.block(RIGHT, k, h, i, j), FACTOR, (j > 0) | (k > 0), levels[g] ** k) for k in parts]
        ends.append((here, moved, weight, float(sign), even * share))
        if chain.tied:
            ends.append((odd, moved, weight, float(sign), (sign - 0.5) * edge.tie * share))
    return _joined(chain.listed(q, 4, *steps), chain.listed(q, 3, *ends))


@lru_cache(maxsize=32)
def _meeting(chain: ChainKind) -> Steps:
    """The sum over the symbol behind the main one of both messages' product."""
    a, b, c = chain.symbols(3)
    to = chain.totals + chain.number(c, b)
    rows = [(chain.block(LEFT, k, a, b, c), chain.block(RIGHT, k, a, b, c)) for k in range(1 + chain.tied)]
    steps = [(to, *each, (a > 0) | (k > 0), 1.0) for k, each in enumerate(rows)]
    return chain.listed(chain.main - 1, 3, *steps)


def _joined(*parts: Steps) -> Steps:
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([shares for _, shares in parts])
