"""The logarithm of E exp(theta x) of interference at one real theta, and how it changes with the response.

Its derivatives along a change of the response are means under the distribution that theta tilts into the tail: what an error
tells of the symbols beside it. Which edges are tied to their symbols, and the values that stand for their displacement, are those
of the response itself: a change must not show what another choice of them would.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._kernels.edge_tables import LANES
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.tilted_chain import chain_moments, edge_factors
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_edges import (
    STATES_TOGETHER,
    EdgeNodes,
    displaced_volts,
    edge_chain,
    edge_nodes,
    moved_cursors,
    transition_weights,
)
from sirf.signal.pam import level_shares

SMALL_STEP = 1e-3
"""Part of a change of the response by which it is tried either way; the error of the difference falls with its square."""
STEPS = SMALL_STEP * np.array([0.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
"""No step, then one either way along the interference, along another one, and along both."""


@dataclass(frozen=True, slots=True, eq=False)
class TiltedState:
    """One state of the displacement under the tilt: how the cursors and edges of the tied symbols lie there.

    `share` (L,) is its probability given each level of the main symbol, `logarithm` (L,) that of its moment. `cursors` (Q + 3,)
    in V are those of the tied symbols, `volts` (Q, 1 or 2, N) their displaced edges and `factors` what these contribute.
    `outside` (K,) in V are the cursors of the other symbols, `means` and `variances` (K,) the tilt times their mean levels and
    its square times their variances, all zero inside; `rest` is the logarithm of their moment.
    """

    share: Float
    logarithm: Float
    cursors: Float
    volts: Float
    factors: Float
    outside: Float
    means: Float
    variances: Float
    rest: float


@dataclass(frozen=True, slots=True, eq=False)
class PairCumulants:
    """Cumulants of a pair (x, y) under a distribution tilted along x, each (L, L): given the main level, another symbol's level.

    `logarithm` is that of the tilted mass, means are in V, variances and covariance in V².
    """

    logarithm: Float
    mean: Float
    other_mean: Float
    variance: Float
    other_variance: Float
    covariance: Float


@dataclass(frozen=True, slots=True, eq=False)
class TiltedMoment:
    """E exp(`tilt` x) of intersymbol interference and jitter given the level of the symbol at index `main`; `tilt` in 1/V.

    The edges of `chain` tie the symbols `tied` to each other, the main one among them; all others are independent. `weights`
    (Q, 4) make the transition of each edge from its four symbols, `rests` (Q,) are the root of the variance that others add and
    how it is tied to the symbol before the four.
    """

    main: int
    displacement: Displacement
    levels: Float
    tilt: float
    chain: range
    tied: slice
    strong: NDArray[np.bool_]
    nodes: EdgeNodes
    weights: Float
    rests: tuple[Float, Float]
    states: tuple[TiltedState, ...]

    @classmethod
    def of(
        cls, cursors: Float, main: int, edges: EdgeResponse, displacement: Displacement, levels: Float, tilt: float
    ) -> TiltedMoment:
        """With the edges that count at a noise as large as the interference; `cursors` (K,) in V, the main one zero."""
        # only the variance of this line is read: it says which edges count
        line = TiltedContour(tilt, 0.0, LANES, float(np.sum(cursors**2)))
        chain, strong = edge_chain(edges, line.gaussian, main, displacement)
        nodes = edge_nodes(edges, displacement, line, chain, strong)
        steep = edges.edges[chain.start : chain.stop] * (nodes.counts > 0)
        lead = displacement.lead
        weights, rests, ties = transition_weights(steep, displacement, line)
        moment = cls(
            main,
            displacement,
            levels,
            tilt,
            chain,
            slice(chain.start + lead, chain.stop + lead + 3) if len(chain) else slice(main, main + 1),
            strong,
            nodes,
            weights,
            (np.sqrt(rests), ties),
            (),
        )
        found = [moment._state(cursors + shift, volts) for shift, volts in moment._added(edges)]
        logs = np.array([one.logarithm for one in found]) + np.log(displacement.state_shares)[:, None]
        # by level of the main symbol: the common factor cancels when the shares are made to sum to one
        shares = np.exp(logs - logs.max(axis=0))
        shares /= shares.sum(axis=0)
        return replace(
            moment, states=tuple(replace(one, share=share) for one, share in zip(found, shares, strict=True))
        )

    @property
    def logarithm(self) -> Float:
        """The logarithm (L,) of the moment."""
        # relative to the largest, because the exponentials of logarithms far in the tail may overflow
        each = np.array([one.logarithm for one in self.states])
        most = each.max(axis=0)
        return np.asarray(most + np.log(self.displacement.state_shares @ np.exp(each - most)))

    def derivatives(self, changes: Sequence[tuple[Float, EdgeResponse | None]]) -> Float:
        """Derivatives (C, L) of the logarithm along changes: each `course` (K,) in V of the cursors, and of the edges."""
        courses = np.array([course for course, _ in changes])
        added = [None if later is None else self._added(later) for _, later in changes]
        total = np.zeros((len(changes), len(self.levels)))
        for index, state in enumerate(self.states):
            moved = [(0.0, None) if each is None else each[index] for each in added]
            along = np.array([course + shift for course, (shift, _) in zip(courses, moved, strict=True)])
            slopes = self._tied_slopes(state, along[:, self.tied], [volts for _, volts in moved])
            total += state.share * ((along @ state.means)[:, None] + slopes)
        # the main symbol is given: its level tells of what it adds itself
        return np.asarray(total + np.multiply.outer(self.tilt * courses[:, self.main], self.levels))

    def derivative(self, course: Float, later: EdgeResponse | None = None) -> Float:
        """One of `derivatives` (L,)."""
        return np.asarray(self.derivatives([(course, later)])[0])

    def along_level(self, index: int) -> Float:
        """The course (K,) whose derivative is the mean (L,) of the symbol at cursor `index` under the tilted distribution."""
        one = np.zeros(len(self.states[0].means))
        # the derivative along a cursor is the tilt times the mean of its symbol
        one[index] = 1.0 / self.tilt
        return one

    def given_symbols(self, others: Sequence[tuple[int, Float, EdgeResponse]]) -> list[PairCumulants]:
        """Cumulants of the interference x and of another y, tilted along x, given the level of one symbol; for each of `others`.

        These are the index of the symbol's cursor, one or two before the main one, and the cursors (K,) in V and edges of y.
        """
        found = []
        for index, course, later in others:
            added = zip(self.states, self._added(later), strict=True)
            each = np.array([self._given(state, index, course + shift, volts) for state, (shift, volts) in added])
            most = each.max(axis=0)
            mixed = most + np.log(np.tensordot(self.displacement.state_shares, np.exp(each - most), axes=1))
            found.append(self._cumulants(mixed, course[self.main]))
        return found

    def _cumulants(self, logs: Float, own: float) -> PairCumulants:
        """From logarithms (7, L, L) at the tilt and a small step either way along x, y, both; `own` is the main cursor of y."""
        centre, above, below = logs[0], logs[1::2], logs[2::2]
        step = SMALL_STEP * self.tilt
        first, second = (above - below) / (2.0 * step), (above - 2.0 * centre + below) / step**2
        # Var(x + y) = Var(x) + Var(y) + 2 Cov(x, y)
        covariance = 0.5 * (second[2] - second[0] - second[1])
        other = first[1] + own * self.levels[:, None]
        return PairCumulants(centre, first[0], other, second[0], second[1], covariance)

    def _given(self, state: TiltedState, index: int, y: Float, later: Float) -> Float:
        """Logarithms (7, L, L) as `_cumulants` takes them, by level of the symbol `index`; `later` as `TiltedState.volts`."""
        x, means, variances = state.outside.copy(), state.means, state.variances
        x[self.tied] = state.cursors
        courses = STEPS[:, None] * np.array([x, x, x, y, y, x + y, x + y])
        along = np.array([state.volts, state.volts, later, later, state.volts + later, state.volts + later])
        factors = np.empty((2, len(STEPS), *state.factors.shape[1:]))
        factors[:, 0] = state.factors
        factors[:, 1:] = self._edge_factors(state.volts + STEPS[1:, None, None, None] * along)
        inside = self.tied.start <= index < self.tied.stop
        tied = self._tied(state.cursors + courses[:, self.tied], factors, index - self.main + 2 if inside else -1)
        # a small step: two cumulants of independent symbols do
        change = courses @ means + 0.5 * courses**2 @ variances + state.rest
        if inside:
            return np.asarray(tied + change[:, None, None])
        own = courses[:, index]
        change -= own * means[index] + 0.5 * own**2 * variances[index]
        level = self.tilt * self.levels
        # of a symbol outside the chain alone: its share times its exponential, over the sum that `rest` holds
        weight = level * state.outside[index] + np.log(level_shares(len(level)))
        alone = weight - np.log(np.exp(weight).sum()) + np.multiply.outer(own, level)
        return np.asarray(tied + change[:, None, None] + alone[:, None])

    def _added(self, edges: EdgeResponse) -> list[tuple[Float, Float]]:
        """What `edges` add in each state: in V to the cursors, and their displaced edges of the chain."""
        moved, shifts = self.displacement, moved_cursors(edges, self.displacement, self.strong)
        if not len(self.chain):
            return [(shift, np.zeros((0, 1, 0))) for shift in shifts]
        blocks = [moved.states[start : start + STATES_TOGETHER] for start in range(0, len(shifts), STATES_TOGETHER)]
        volts = (displaced_volts(edges, self.chain, self.nodes, states, moved, 1.0) for states in blocks)
        return list(zip(shifts, itertools.chain.from_iterable(volts), strict=True))

    def _state(self, cursors: Float, volts: Float) -> TiltedState:
        """A state with these `cursors` (K,) and displaced edges; its share is still to be found."""
        usual = level_shares(len(self.levels))
        weight = np.exp(np.multiply.outer(cursors, self.tilt * self.levels)) * usual
        weight[self.tied] = usual
        sums = weight.sum(axis=1)
        means = self.tilt * (weight @ self.levels) / sums
        variances = self.tilt**2 * (weight @ self.levels**2) / sums - means**2
        outside = cursors.copy()
        for each in (means, variances, outside):
            each[self.tied] = 0.0
        factors, tied = self._edge_factors(volts), cursors[self.tied].copy()
        rest = float(np.log(sums).sum())
        logarithm = self._tied(tied, factors)[:, 0] + rest
        return TiltedState(np.ones(len(self.levels)), logarithm, tied, volts, factors, outside, means, variances, rest)

    def _tied_slopes(self, state: TiltedState, courses: Float, volts: Sequence[Float | None]) -> Float:
        """Derivatives (C, L) of the tied symbols' part along changes of their cursors (C, Q + 3) and of the displaced edges."""
        steps = np.array([SMALL_STEP, -SMALL_STEP])
        factors = np.empty((2, len(steps), len(volts), *state.factors.shape[1:]))
        factors[:] = state.factors[:, None, None]
        moving = [number for number, each in enumerate(volts) if each is not None]
        if moving:
            along = np.array([each for each in volts if each is not None])
            factors[:, :, moving] = self._edge_factors(state.volts + np.multiply.outer(steps, along))
        above, below = self._tied(state.cursors + np.multiply.outer(steps, courses), factors)[..., 0]
        return np.asarray((above - below) / (2.0 * SMALL_STEP))

    def _edge_factors(self, volts: Float) -> Float:
        """What displaced edges contribute (2, …, Q, L⁴), given the symbols of each; `volts` (…, Q, 1 or 2, N)."""
        if not len(self.chain):
            return np.zeros((2, *volts.shape[:-2], len(self.levels) ** 4))
        nodes = self.nodes
        return edge_factors(self.tilt, volts, nodes.shares, nodes.counts, self.weights, *self.rests, self.levels)

    def _tied(self, cursors: Float, factors: Float, pinned: int = -1) -> Float:
        """Logarithm (…, L, P) of the tied symbols' moment; arguments as in `chain_moments`."""
        count = len(self.levels)
        if not len(self.chain):
            return np.zeros((*cursors.shape[:-1], count, 1))
        main, usual = self.main - self.tied.start, level_shares(count)
        return np.asarray(np.log(chain_moments(self.tilt, factors, cursors, main, self.levels, usual, pinned)))
