"""Floating taps of the receiver's FFE: groups placed one after the other where they raise the figure of merit most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.floating_places import best_start
from sirf._kernels.held_rows import interference
from sirf._kernels.limited_taps import limited_taps
from sirf.presets import EqualizerLimits


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

    def best_start(self, chosen: Integer) -> int:
        """Position from which the next group stands best beside those (N,) chosen already; -1 where it has no room."""
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
        start = problem.best_start(chosen)
        if start < 0:
            break
        chosen = np.sort(np.append(chosen, start + np.arange(limits.rx_ffe_group_taps)))
    return problem.solve(chosen)


@dataclass(frozen=True, kw_only=True, eq=False)
class TapProblem:
    """What the taps of a receiver's FFE and DFE are solved for, at M places from the first fixed tap to the end of the span.

    `covariance` (M,) in V² of signal, noise, crosstalk and jitter, by the distance of two taps in UI; `held` (B + 1, M) is the
    pulse as each tap sees it at the main cursor and at those behind it that the DFE removes.
    """

    covariance: Float
    held: Float
    symbol_variance: float
    tx_noise: float
    eye_factor: float
    limits: EqualizerLimits

    def best_start(self, chosen: Integer) -> int:
        """Position from which a group gives the largest merit beside taps at positions `chosen` (N,), the first of equals.

        -1 where no place is left. Places that their bound keeps from being the best are not solved.
        """
        limits, pre = self.limits, self.limits.rx_ffe_pre
        # floating taps stand behind all fixed ones, which begin with the first place of all
        behind = pre + limits.rx_ffe_post + 1
        powers = self.symbol_variance, self.eye_factor**2, self.tx_noise**2
        start = best_start(chosen + pre, behind, limits.rx_ffe_group_taps, pre, self._arguments, *powers)
        return int(start) - pre if start >= 0 else -1

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
        cost = np.empty((self.covariance.size, self.covariance.size))
        interference(self.covariance, self.held, self.symbol_variance, cost)
        # behind the last fixed tap stand floating ones, which have a limit of their own
        floats = np.arange(self.covariance.size) > limits.rx_ffe_pre + limits.rx_ffe_post
        most = np.where(floats, limits.rx_ffe_floating_max, limits.rx_ffe_tap_max)
        return cost, self.held[0].copy(), self.held[1:].copy(), low, high, most
