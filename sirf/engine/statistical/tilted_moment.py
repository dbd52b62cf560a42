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
class TiltedMoment:
    """E exp(`tilt` x) of intersymbol interference and jitter given the level of the symbol at index `main`.

    `cursors` (K,) in V, that of the main symbol zero; `tilt` in 1/V. `courses` holds, for each state of the displacement, its
    probability, what it adds to the cursors (K,) in V, and the displaced edges (Q, 1 or 2, N) of `chain` in V; `factors` what
    these contribute.
    """

    cursors: Float
    main: int
    displacement: Displacement
    levels: Float
    tilt: float
    chain: range
    strong: NDArray[np.bool_]
    nodes: EdgeNodes
    weights: tuple[Float, Float]
    courses: tuple[tuple[float, Float, Float], ...]
    factors: tuple[Float, ...]

    @classmethod
    def of(
        cls, cursors: Float, main: int, edges: EdgeResponse, displacement: Displacement, levels: Float, tilt: float
    ) -> TiltedMoment:
        """With the edges that count at a noise as large as the interference."""
        line = TiltedContour(tilt, 0.0, LANES, float(np.sum(cursors**2)))
        chain, strong = edge_chain(edges, line.gaussian, main, displacement)
        nodes = edge_nodes(edges, displacement, line, chain, strong)
        steep = edges.edges[chain.start : chain.stop] * (nodes.counts > 0)
        moment = cls(
            cursors,
            main,
            displacement,
            levels,
            tilt,
            chain,
            strong,
            nodes,
            transitions(steep, displacement, line),
            (),
            (),
        )
        courses = moment._courses(edges)
        return replace(moment, courses=courses, factors=tuple(moment._edge_factors(volts) for _, _, volts in courses))

    def derivative(self, course: Float, later: EdgeResponse | None = None) -> Float:
        """Derivative (L,) of the logarithm along a change `course` (K,) in V of the cursors and `later` of the edges."""
        added = None if later is None else self._courses(later)
        above, below = (self._logarithm(sign * SMALL_STEP, course, added) for sign in (1.0, -1.0))
        return np.asarray((above - below) / (2.0 * SMALL_STEP))

    def mean_level(self, index: int) -> Float:
        """Mean (L,) of the symbol at cursor `index` under the tilted distribution."""
        one = np.zeros(len(self.cursors))
        one[index] = 1.0 / self.tilt
        return self.derivative(one)

    def _courses(self, edges: EdgeResponse) -> tuple[tuple[float, Float, Float], ...]:
        """What `edges` add in each state: its probability, cursors and displaced edges."""
        moved, still = self.displacement, np.zeros(len(self.cursors))
        return tuple(
            (
                float(share),
                still + moved_cursors(edges, state, moved, self.strong),
                displaced_volts(edges, self.chain, self.nodes, state, moved, 1.0) if len(self.chain) else np.zeros(0),
            )
            for state, share in zip(moved.states, moved.state_shares, strict=True)
        )

    def _logarithm(self, step: float, course: Float, added: tuple[tuple[float, Float, Float], ...] | None) -> Float:
        """The logarithm (L,) with `step` times a change on top."""
        total = np.zeros(len(self.levels))
        for index, (share, shift, volts) in enumerate(self.courses):
            cursors, factors = self.cursors + shift + step * course, self.factors[index]
            if added is not None:
                cursors = cursors + step * added[index][1]
                factors = self._edge_factors(volts + step * added[index][2])
            total += share * self._state_moment(cursors, factors)
        return np.asarray(np.log(total))

    def _edge_factors(self, volts: Float) -> Float:
        """What displaced edges contribute (Q, L, L, L, L), given the symbols of each."""
        if not len(self.chain):
            return volts
        return edge_factors(self.tilt, volts, self.nodes.shares, self.nodes.counts, *self.weights, self.levels)

    def _state_moment(self, cursors: Float, factors: Float) -> Float:
        """E exp(tilt x) (L,) in one state."""
        if not len(self.chain):
            return np.full(len(self.levels), self._independent(np.delete(cursors, self.main)))
        start, stop = self.chain.start + self.displacement.lead, self.chain.stop + self.displacement.lead + 3
        tied = chain_moment(self.tilt, factors, cursors[start:stop].copy(), self.main - start, self.levels)
        return np.asarray(tied * self._independent(np.concatenate([cursors[:start], cursors[stop:]])))

    def _independent(self, cursors: Float) -> float:
        """E exp(tilt x) of independent symbols through `cursors` (K,)."""
        each = np.exp(np.multiply.outer(self.tilt * self.levels, cursors)).sum(axis=0) / len(self.levels)
        return float(np.exp(np.log(each).sum()))
