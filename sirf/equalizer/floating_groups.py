"""Floating taps of the receiver's FFE: groups placed one after the other where they raise the figure of merit most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.floating_places import best_run
from sirf._kernels.limited_taps import limited_taps
from sirf.presets import EqualizerLimits
from sirf.signal.toeplitz import symmetric_toeplitz

ROUNDING = 1e-9
"""Part of a merit by which two ways to it can differ."""


@dataclass(frozen=True, slots=True, eq=False)
class TapSolution:
    """FFE taps `ffe` (N,) at `positions` (N,) in UI after the cursor, the main one 1, with their `dfe`; `merit` is a ratio."""

    positions: Integer
    ffe: Float
    dfe: Float
    merit: float

    def dense(self) -> tuple[tuple[float, ...], int]:
        """All FFE taps from the first to the last position, zeros between them, and the index of the main one."""
        first = int(self.positions[0])
        taps = np.zeros(int(self.positions[-1]) - first + 1)
        taps[self.positions - first] = self.ffe
        return tuple(taps.tolist()), -first


class Placement(Protocol):
    """What places of floating taps are searched for; positions are in UI after the cursor."""

    def best_run(self, chosen: Integer, runs: Integer) -> int:
        """Row of the best of the runs (R, G) beside the positions (N,) chosen already, the first of equals."""
        ...

    def solve(self, positions: Integer) -> TapSolution:
        """The best taps at positions (N,), ascending."""
        ...


def fixed_positions(limits: EqualizerLimits) -> Integer:
    """Positions of the taps that do not float, in UI after the cursor."""
    return np.arange(-limits.rx_ffe_pre, limits.rx_ffe_post + 1)


def place_floating_taps(problem: Placement, limits: EqualizerLimits) -> TapSolution:
    """Fixed taps with floating groups placed one at a time, each where the figure of merit becomes largest.

    As Annex 178A does: starts between the last fixed tap and the end of the span, earlier groups kept, the first of equals;
    positions that a chosen group has taken are struck out.
    """
    chosen = fixed_positions(limits)
    # one group after the other: all groups at once would be a search over every combination of places
    for _ in range(limits.rx_ffe_groups):
        runs = _free_runs(chosen, limits)
        if not len(runs):
            break
        chosen = np.sort(np.concatenate((chosen, runs[problem.best_run(chosen, runs)])))
    return problem.solve(chosen)


def _free_runs(taken: Integer, limits: EqualizerLimits) -> Integer:
    """Runs (R, G) of positions of one group that touch none of the taken (N,)."""
    count = limits.rx_ffe_group_taps
    # a group may end on the last place of the span
    starts = np.arange(limits.rx_ffe_post + 1, limits.rx_ffe_span - count + 2)
    runs = starts[:, None] + np.arange(count)
    return np.asarray(runs[~(runs[:, :, None] == taken).any(axis=(1, 2))])


@dataclass(frozen=True, kw_only=True, eq=False)
class TapProblem:
    """What the taps of a receiver's FFE and DFE are solved for.

    `shape` (cursors, M) holds the pulse, circular, as each tap from the first fixed one on sees it, main cursor in row `main`;
    `extra` (M, M) in V² the covariance of noise, crosstalk and jitter at them.
    """

    shape: Float
    main: int
    extra: Float
    symbol_variance: float
    tx_noise: float
    eye_factor: float
    limits: EqualizerLimits

    @cached_property
    def _fed_back(self) -> Integer:
        """Rows of the cursors that the DFE removes."""
        return np.arange(self.main + 1, self.main + 1 + len(self.limits.dfe_max))

    @cached_property
    def _cost(self) -> Float:
        """Covariance (M, M) in V² of all that neither is the main cursor nor is taken care of by the DFE."""
        # the columns are one circular pulse, delayed: their products depend on the delay alone
        gram, removed = symmetric_toeplitz(self.shape[:, 0] @ self.shape), self.shape[[self.main, *self._fed_back]]
        # the DFE removes its rows exactly as long as it is not pinned
        return np.asarray(self.symbol_variance * (gram - removed.T @ removed) + self.extra)

    def most(self, chosen: Integer, runs: Integer) -> Float:
        """Merits (R,) of taps without limits at positions `chosen` (N,) and each of `runs` (R, G), which limits only lower.

        The error is then one over a quadratic form of the main cursor, to which a run adds that of its Schur complement.
        """
        # the columns of `shape` begin with the first pre-cursor tap
        kept, placed = chosen + self.limits.rx_ffe_pre, runs + self.limits.rx_ffe_pre
        main, cost = self.shape[self.main], self._cost
        solved = np.linalg.solve(cost[np.ix_(kept, kept)], np.column_stack((main[kept], cost[kept])))
        # Schur complement: what the kept taps leave unexplained of all other places and of the main cursor there
        rest, left = cost - cost[:, kept] @ solved[:, 1:], main - cost[:, kept] @ solved[:, 0]
        # what the main cursor has at the run, less what the kept taps explain of it
        of_run = left[placed]
        added = np.linalg.solve(rest[placed[:, :, None], placed[:, None, :]], of_run[:, :, None])[:, :, 0]
        error = 1.0 / (main[kept] @ solved[:, 0] + np.einsum("rn,rn->r", of_run, added))
        return np.asarray(self.eye_factor**2 / (error + self.tx_noise**2))

    def best_run(self, chosen: Integer, runs: Integer) -> int:
        """Row of the run (R, G) that gives taps at positions `chosen` (N,) and there the largest merit, the first of equals.

        Runs that their bound keeps from being the best are not solved.
        """
        pre = self.limits.rx_ffe_pre
        # bound and solution come by different computations: rounding must not strike out the place that is best
        most = self.most(chosen, runs) * (1.0 + ROUNDING)
        # most promising first
        order = np.argsort(-most, kind="stable")
        powers = self.symbol_variance, self.eye_factor**2, self.tx_noise**2
        return int(best_run(chosen + pre, runs + pre, order, most, pre, self._arguments, *powers))

    def solve(self, positions: Integer) -> TapSolution:
        """FFE and DFE of least mean-square error at `positions` (N,), within their limits.

        The main cursor is held at one; a DFE tap that passes its limit stays there. FFE taps are clipped behind the solution,
        relative to the main one, then scaled for a main cursor of one, and the DFE follows them.
        """
        limits = self.limits
        places = np.ascontiguousarray(positions + limits.rx_ffe_pre)
        cursor = int(np.flatnonzero(positions == 0)[0])
        taps, feedback = np.empty(positions.size), np.empty(len(limits.dfe_max))
        variance = limited_taps(places, cursor, self._arguments, self.symbol_variance, taps, feedback)
        return TapSolution(positions, taps, feedback, self.eye_factor**2 / (float(variance) + self.tx_noise**2))

    @cached_property
    def _arguments(self) -> tuple[Float, Float, Float, Float, Float, Float]:
        """What `limited_taps` is told of all places, whichever are taken."""
        limits, low, high = self.limits, np.array(self.limits.dfe_min), np.array(self.limits.dfe_max)
        main, fed_back = self.shape[self.main].copy(), self.shape[self._fed_back].copy()
        # behind the last fixed tap stand floating ones, which have a limit of their own
        floats = np.arange(self.shape[0].size) > limits.rx_ffe_pre + limits.rx_ffe_post
        most = np.where(floats, limits.rx_ffe_floating_max, limits.rx_ffe_tap_max)
        return np.ascontiguousarray(self._cost), main, fed_back, low, high, most
