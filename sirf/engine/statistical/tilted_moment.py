"""The logarithm of E exp(theta x) of interference at one real theta, and how it changes with the response.

Its derivatives along a change of the response are means under the distribution that theta tilts into the tail: what an error
tells of the symbols beside it. Which edges are tied to their symbols, and the values that stand for their displacement, are those
of the response itself: a change must not show what another choice of them would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.characteristic import LANES
from sirf._kernels.tilted_chain import chain_moment, edge_factors
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.tilted_inversion import (
    EdgeNodes,
    TiltedContour,
    displaced_volts,
    edge_chain,
    edge_nodes,
    moved_cursors,
    transitions,
)

Float = NDArray[np.float64]

SMALL_STEP = 1e-3
"""Part of a change of the response by which it is tried either way; the error of the difference falls with its square."""


@dataclass(frozen=True, slots=True, eq=False)
class TiltedState:
    """One state of the displacement under the tilt: how the cursors and edges of the tied symbols lie there.

    `share` (L,) is its probability given each level of the main symbol, `logarithm` (L,) that of its moment. `cursors` (Q + 3,)
    in V are those of the tied symbols, `volts` (Q, 1 or 2, N) their displaced edges and `factors` what these contribute;
    `means` (K,) the tilt times the mean levels of the symbols outside, zero inside.
    """

    share: Float
    logarithm: Float
    cursors: Float
    volts: Float
    factors: Float
    means: Float


@dataclass(frozen=True, slots=True, eq=False)
class TiltedMoment:
    """E exp(`tilt` x) of intersymbol interference and jitter given the level of the symbol at index `main`; `tilt` in 1/V.

    The edges of `chain` tie the symbols `tied` to each other, the main one among them; all others are independent.
    """

    main: int
    displacement: Displacement
    levels: Float
    tilt: float
    chain: range
    tied: slice
    strong: NDArray[np.bool_]
    nodes: EdgeNodes
    weights: tuple[Float, Float]
    states: tuple[TiltedState, ...]

    @classmethod
    def of(
        cls, cursors: Float, main: int, edges: EdgeResponse, displacement: Displacement, levels: Float, tilt: float
    ) -> TiltedMoment:
        """With the edges that count at a noise as large as the interference; `cursors` (K,) in V, the main one zero."""
        line = TiltedContour(tilt, 0.0, LANES, float(np.sum(cursors**2)))
        chain, strong = edge_chain(edges, line.gaussian, main, displacement)
        nodes = edge_nodes(edges, displacement, line, chain, strong)
        steep = edges.edges[chain.start : chain.stop] * (nodes.counts > 0)
        lead = displacement.lead
        moment = cls(
            main,
            displacement,
            levels,
            tilt,
            chain,
            slice(chain.start + lead, chain.stop + lead + 3) if len(chain) else slice(main, main + 1),
            strong,
            nodes,
            transitions(steep, displacement, line),
            (),
        )
        found = [moment._state(cursors + shift, volts) for shift, volts in moment._added(edges)]
        logs = np.array([one.logarithm for one in found]) + np.log(displacement.state_shares)[:, None]
        shares = np.exp(logs - logs.max(axis=0))
        shares /= shares.sum(axis=0)
        return replace(
            moment, states=tuple(replace(one, share=share) for one, share in zip(found, shares, strict=True))
        )

    @property
    def logarithm(self) -> Float:
        """The logarithm (L,) of the moment."""
        each = np.array([one.logarithm for one in self.states])
        most = each.max(axis=0)
        return np.asarray(most + np.log(self.displacement.state_shares @ np.exp(each - most)))

    def derivative(self, course: Float, later: EdgeResponse | None = None) -> Float:
        """Derivative (L,) of the logarithm along a change `course` (K,) in V of the cursors and `later` of the edges."""
        added = None if later is None else self._added(later)
        total = np.zeros(len(self.levels))
        for index, state in enumerate(self.states):
            along, volts = course, None
            if added is not None:
                along, volts = course + added[index][0], added[index][1]
            total += state.share * (float(state.means @ along) + self._tied_slope(state, along[self.tied], volts))
        return total

    def mean_level(self, index: int) -> Float:
        """Mean (L,) of the symbol at cursor `index` under the tilted distribution."""
        one = np.zeros(len(self.states[0].means))
        one[index] = 1.0 / self.tilt
        return self.derivative(one)

    def _added(self, edges: EdgeResponse) -> list[tuple[Float | float, Float]]:
        """What `edges` add in each state: in V to the cursors, and their displaced edges of the chain."""
        moved, nothing = self.displacement, np.zeros((0, 1, 0))
        return [
            (
                moved_cursors(edges, state, moved, self.strong),
                displaced_volts(edges, self.chain, self.nodes, state, moved, 1.0) if len(self.chain) else nothing,
            )
            for state in moved.states
        ]

    def _state(self, cursors: Float, volts: Float) -> TiltedState:
        """A state with these `cursors` (K,) and displaced edges; its share is still to be found."""
        weight = np.exp(np.multiply.outer(cursors, self.tilt * self.levels))
        weight[self.tied] = 1.0
        sums = weight.sum(axis=1)
        means = self.tilt * (weight @ self.levels) / sums
        means[self.tied] = 0.0
        factors, tied = self._edge_factors(volts), cursors[self.tied].copy()
        logarithm = self._tied(tied, factors) + float(np.log(sums / len(self.levels)).sum())
        return TiltedState(np.ones(len(self.levels)), logarithm, tied, volts, factors, means)

    def _tied_slope(self, state: TiltedState, course: Float, volts: Float | None) -> Float | float:
        """Derivative (L,) of the tied symbols' part along a change of their cursors and of the displaced edges."""
        if not (volts is not None and volts.any()) and not course.any():
            return 0.0
        above, below = (
            self._tied(
                state.cursors + step * course,
                state.factors if volts is None else self._edge_factors(state.volts + step * volts),
            )
            for step in (SMALL_STEP, -SMALL_STEP)
        )
        return (above - below) / (2.0 * SMALL_STEP)

    def _edge_factors(self, volts: Float) -> Float:
        """What displaced edges contribute (Q, L, L, L, L), given the symbols of each."""
        if not len(self.chain):
            return volts
        return edge_factors(self.tilt, volts, self.nodes.shares, self.nodes.counts, *self.weights, self.levels)

    def _tied(self, cursors: Float, factors: Float) -> Float:
        """Logarithm (L,) of the tied symbols' moment."""
        if not len(self.chain):
            return np.zeros(len(self.levels))
        return np.asarray(np.log(chain_moment(self.tilt, factors, cursors, self.main - self.tied.start, self.levels)))
