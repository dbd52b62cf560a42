"""Displaced edges on the tilted line: those near the main symbol tied to their symbols one by one, all others by cumulants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.edge_tables import LANES, EdgeTables
from sirf._kernels.symbol_chain import SymbolChain
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.symbol_pairing import Neighbours
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.signal.pam import level_shares

NEGLIGIBLE = 1e-13
"""Points of the line where the other factors have fallen this low are left out."""
CHAINED = 3e-4
"""Edges with at least this part of the noise power are tied to their symbols exactly."""
MOST_LOOSE = 10.0
"""Noise powers, at most, of which `CHAINED` is a part."""
STATES_TOGETHER = 16
"""States in which edges are displaced at once: more would take more memory and no less time."""
LARGE = 0.005
"""Edges with at least this part of the noise power count all of their transition."""


def edge_chain(
    edges: EdgeResponse, gaussian_variance: float, main: int, displacement: Displacement
) -> tuple[range, NDArray[np.bool_]]:
    """The edges (K,) with more than `CHAINED` of all noise within 12 UI of the main cursor, and the run that holds them.

    An edge counts by its steepest slope within reach: far from the cursor it comes nearer when displaced. The main symbol lies
    inside the run.
    """
    strong = np.zeros(edges.count, dtype=bool)
    if not displacement.variance.any():
        return range(0), strong
    # to first order a displaced edge adds transition, displacement and slope multiplied: so do their mean squares
    power = displacement.step_moments[1] * displacement.variance * edges.steepest(displacement.furthest) ** 2
    # windows of four symbols need two cursors in front and two behind the last edge
    low, high = max(main - 12, 2), min(main + 12, edges.count - 3)
    # what is left out is taken as nearly Gaussian up to the end of the line, which the noise alone sets
    strong[low:high] = power[low:high] > CHAINED * min(gaussian_variance + power.sum(), MOST_LOOSE * gaussian_variance)
    where = np.flatnonzero(strong)
    first, last = (int(where[0]), int(where[-1])) if len(where) else (main, main)
    lead = displacement.lead
    # the edge that joins both ends of the chain has the main symbol as its third
    return range(min(first, main - 2 - lead), max(last + 1, main - 1 - lead)), strong


def moved_cursors(edges: EdgeResponse, displacement: Displacement, strong: NDArray[np.bool_]) -> Float:
    """What each state adds to the cursors (T, K), but for what the chain of `strong` edges takes care of."""
    states = displacement.states
    if not states.any() and len(states) == 1:
        return np.zeros((1, edges.count))
    # the mean of what is independent from edge to edge, to second order, against what the mean pulse holds
    blurred = 0.5 * (displacement.variance - displacement.mean_square) * edges.slopes
    return displacement.shifted_cursors(edges.moved(states.T).T + blurred, strong)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeNodes:
    """Displacements `tau` (Q, N) in UI of the edges of a chain, `shares` (Q, N), and how many `counts` (Q,) of each count."""

    tau: Float
    shares: Float
    counts: NDArray[np.int64]


def edge_nodes(
    edges: EdgeResponse, displacement: Displacement, line: TiltedContour, chain: range, strong: NDArray[np.bool_]
) -> EdgeNodes:
    """The values that stand for the independent displacement of the edges of `chain`; none for those that are not `strong`."""
    inside = slice(chain.start, chain.stop)
    deviations = np.sqrt(displacement.random[inside])
    swings = edges.steepest(displacement.furthest)[inside] * displacement.widest * deviations
    # an edge without swing is hidden by any noise: the floor keeps its blur finite
    blurs = np.sqrt(line.gaussian) / np.maximum(swings, 1e-300)
    nothing = np.zeros(0)
    found = [
        displacement.nodes(deviation, blur) if counts else (nothing, nothing)
        for counts, deviation, blur in zip(strong[inside], deviations.tolist(), blurs.tolist(), strict=True)
    ]
    longest = max((len(tau) for tau, _ in found), default=0)
    # one array for the compiled loop: shorter rows end in values of no probability
    tau, shares = np.zeros((len(chain), longest)), np.zeros((len(chain), longest))
    for row, (values, probabilities) in enumerate(found):
        tau[row, : len(values)], shares[row, : len(values)] = values, probabilities
    return EdgeNodes(tau, shares, np.array([len(values) for values, _ in found]))


def loose_edges(
    loose: Float, displacement: Displacement, strong: NDArray[np.bool_], line: TiltedContour, scales: Float
) -> tuple[Complex, Complex]:
    """Exponents (C, S) of the edges outside the chain, `scales` (C,) times as large as `loose`.

    What is even in the duty-cycle distortion, and what is odd.
    """
    mean, power, fourth = (part[~strong] for part in displacement.loose_cumulants)
    s = line.points
    square = s * s
    # coefficients of s² and s⁴ in the cumulant-generating function: the cumulants over 2! and 4!
    second, slow = 0.5 * float(power @ loose**2) * scales**2, float(fourth @ loose**4) / 24.0 * scales**4
    # a fourth cumulant that would outweigh the second at the end of the line says that the series does not hold there
    slow = np.where(np.abs(slow) * line.end**2 < 0.25 * second, slow, 0.0)
    even = square * (second[:, None] + square * slow[:, None])
    return np.asarray(even), np.asarray(-s * (float(mean @ loose) * scales)[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class EdgeChain:
    """The symbols that displaced edges tie, for `edges` and all that are smaller by a factor: what these share is found once.

    `chain` are the edges of the chain, `strong` (K,) those that count, `nodes` their displacements, `weights` those of
    `transition_weights`. Tables are kept by state and sign, voltages by sign and block of states.
    """

    edges: EdgeResponse
    chain: range
    strong: NDArray[np.bool_]
    nodes: EdgeNodes
    weights: tuple[Float, Float, Float]
    displacement: Displacement
    line: TiltedContour
    _volts: dict[tuple[int, float], list[Float]] = field(default_factory=dict, repr=False)
    _tables: dict[tuple[int, float], EdgeTables] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, edges: EdgeResponse, displacement: Displacement, line: TiltedContour, main: int) -> EdgeChain:
        """For the largest edges and a line with the least noise."""
        chain, strong = edge_chain(edges, line.gaussian, main, displacement)
        nodes = edge_nodes(edges, displacement, line, chain, strong)
        inside = slice(chain.start, chain.stop)
        weights = transition_weights(edges.edges[inside] * (nodes.counts > 0), displacement, line)
        return cls(edges, chain, strong, nodes, weights, displacement, line)

    def tabulated(self, state: int, sign: float, levels: Float) -> tuple[Float, EdgeTables]:
        """(`displaced_volts`, their tables) in a state of this number."""
        line, nodes = self.line, self.nodes
        block, number = divmod(state, STATES_TOGETHER)
        if (block, sign) not in self._volts:
            states = self.displacement.states[state - number :][:STATES_TOGETHER]
            self._volts[block, sign] = displaced_volts(self.edges, self.chain, nodes, states, self.displacement, sign)
        volts = self._volts[block, sign][number]
        if (state, sign) not in self._tables:
            # whole vectors of the compiled loop
            size = -(-line.size // LANES) * LANES
            weights, rests, _ = self.weights
            self._tables[state, sign] = EdgeTables.of(
                line.tilt, line.step, size, volts, nodes.shares, nodes.counts, weights, rests, levels
            )
        return volts, self._tables[state, sign]


def chain_function(
    function: Complex,
    line: TiltedContour,
    cursors: Float,
    main: int,
    tied: EdgeChain,
    state: int,
    sign: float,
    row: Neighbours,
) -> Complex:
    """`function` (S,) times that (L, L, S) of the symbols `tied` by edges in one state."""
    chain, needed = _symbol_chain(function[None], line, tied, state, sign, row)
    shape = chain.expectation(
        cursors[row.start : row.stop].copy(),
        main - row.start,
        row.outside(cursors, line.tilt + 1j * line.step * np.arange(chain.size)),
    )
    result = np.zeros((*shape.shape[:2], len(function)), dtype=complex)
    last = int(needed[0])
    result[:, :, :last] = function[:last] * shape[:, :, :last]
    return result


def tied_by_level(
    functions: Complex,
    line: TiltedContour,
    cursors: Float,
    main: int,
    tied: EdgeChain,
    state: int,
    sign: float,
    row: Neighbours,
    scales: Float,
    wanted: Sequence[tuple[NDArray[np.int64], ...]],
) -> list[Complex]:
    """`functions` (C, S) times those of symbols with `cursors` (C, K), `tied` by edges of these `scales` (C,), in one state.

    One array for each of what is `wanted`: the levels (C,) of the symbol before the main one and of the main one.
    """
    chain, needed = _symbol_chain(functions, line, tied, state, sign, row)
    points = line.tilt + 1j * line.step * np.arange(chain.size)
    count, each = len(row.levels), np.arange(len(functions))
    pairs = np.zeros((len(functions), count + 1, count + 1), dtype=bool)
    for before, level in wanted:
        pairs[each, before, level] = pairs[each, before, -1] = pairs[each, -1, level] = pairs[each, -1, -1] = True
    # where the totals of what is wanted stand
    places = np.stack([before * count + level for before, level in wanted], axis=1)
    tied_symbols = np.ascontiguousarray(cursors[:, row.start : row.stop])
    outside = row.outside(cursors, points)
    totals = chain.totals(tied_symbols, main - row.start, outside, pairs, scales, places, needed)
    size = min(chain.size, functions.shape[1])
    found = np.zeros((len(wanted), *functions.shape), dtype=complex)
    found.real[:, :, :size], found.imag[:, :, :size] = totals[..., :size].transpose(2, 1, 0, 3)
    return list(found * functions)


def _symbol_chain(
    functions: Complex, line: TiltedContour, tied: EdgeChain, state: int, sign: float, row: Neighbours
) -> tuple[SymbolChain, NDArray[np.int64]]:
    """The chain on as many points of the line as any of `functions` (C, S) needs, and how many each needs (C,)."""
    size = np.abs(functions)
    large = size > NEGLIGIBLE * size[:, :1]
    needed = size.shape[1] - np.argmax(large[:, ::-1], axis=1)
    volts, tables = tied.tabulated(state, sign, row.levels)
    chain = SymbolChain(
        line.tilt,
        line.step,
        -(-int(needed.max()) // LANES) * LANES,
        volts,
        tied.nodes.shares,
        tied.nodes.counts,
        *tied.weights,
        row.levels,
        level_shares(len(row.levels)),
        row.coupling,
        tables,
    )
    return chain, needed


def displaced_volts(
    edges: EdgeResponse, chain: range, nodes: EdgeNodes, states: Float, displacement: Displacement, sign: float
) -> list[Float]:
    """What edges of a `chain`, displaced by their `nodes` in each of `states` (T, K), add for a unit transition: (Q, 1 or 2, N).

    In V; two where duty-cycle distortion tells the directions of the transition apart; `sign` turns it round.
    """
    # edges that do not count add nothing, whatever displaces them
    rows = np.flatnonzero(nodes.counts)
    inside = rows + chain.start
    late = states.T[inside, :, None] + nodes.tau[rows, None]
    polarity = sign * displacement.polarity
    # without duty-cycle distortion rising and falling edges move alike
    sides = (1.0, -1.0) if polarity else (1.0,)
    # the mean pulse holds the mean of a displacement of this mean square
    mean = 0.5 * displacement.mean_square * edges.slopes[inside, None, None]
    volts = np.zeros((len(states), len(chain), len(sides), nodes.tau.shape[1]))
    if not len(rows):
        return list(volts)
    for number, side in enumerate(sides):
        volts[:, rows, number] = (edges.moved(late + side * polarity, inside) - mean).swapaxes(0, 1)
    return list(volts)


def transition_weights(edges: Float, displacement: Displacement, line: TiltedContour) -> tuple[Float, Float, Float]:
    """(weights (Q, 4), variance of the rest (Q,), its tie (Q,) to the symbol before the four) of the transitions of a chain.

    Edges that are not `LARGE` do without the first weight and the rest; the others take over their variance. A tie is the mean of
    the rest for a symbol of level one, over the root of the variance.
    """
    power = displacement.step_moments[1] * displacement.variance.max() * edges**2
    large = power > LARGE * (line.gaussian + power.sum())
    full = np.array(displacement.weights)
    short = full * np.array([0.0, 1.0, 1.0, 1.0])
    # so that the three weights that are left carry the variance of all four
    short *= np.sqrt(np.sum(full**2) / np.sum(short**2))
    # where there are states they have taken over the rest
    rest = displacement.rest if len(displacement.states) == 1 else 0.0
    tie = displacement.before / np.sqrt(rest) if rest else 0.0
    return np.where(large[:, None], full, short), np.where(large, rest, 0.0), np.where(large, tie, 0.0)
