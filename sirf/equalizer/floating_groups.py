"""Floating taps of the receiver's FFE: groups placed one after the other where they raise the figure of merit most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float, Integer
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


Solve = Callable[[Integer], TapSolution]
"""The best taps at given positions (N,), ascending, in UI after the cursor."""


def fixed_positions(limits: EqualizerLimits) -> Integer:
    """Positions of the taps that do not float, in UI after the cursor."""
    return np.arange(-limits.rx_ffe_pre, limits.rx_ffe_post + 1)


def place_floating_taps(solve: Solve, limits: EqualizerLimits) -> TapSolution:
    """Fixed taps with floating groups placed one at a time, each where the figure of merit becomes largest.

    As Annex 178A does: starts between the last fixed tap and the end of the span, earlier groups kept, the first of equals;
    positions that a chosen group has taken are struck out.
    """
    chosen = fixed_positions(limits)
    best = solve(chosen)
    for _ in range(limits.rx_ffe_groups):
        trials = (solve(np.sort(np.concatenate((chosen, run)))) for run in _free_runs(chosen, limits))
        best = max(trials, key=lambda solution: solution.merit, default=best)
        chosen = best.positions
    return best


def _free_runs(taken: Integer, limits: EqualizerLimits) -> Iterator[Integer]:
    """Runs of positions of one group that touch no taken one."""
    used, count = set(taken.tolist()), limits.rx_ffe_group_taps
    for start in range(limits.rx_ffe_post + 1, limits.rx_ffe_span - count + 2):
        run = np.arange(start, start + count)
        if used.isdisjoint(run.tolist()):
            yield run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TapProblem:
    """What the taps of a receiver's FFE and DFE are solved for.

    `shape` (cursors, M) holds the pulse as each tap from the first fixed one on sees it, the main cursor in row `main`; `extra`
    (M, M) in V² the covariance of noise, crosstalk and jitter at them.
    """

    shape: Float
    main: int
    extra: Float
    symbol_variance: float
    tx_noise: float
    eye_factor: float
    limits: EqualizerLimits

    def solve(self, positions: Integer) -> TapSolution:
        """FFE and DFE of least mean-square error at `positions` (N,), within their limits.

        The main cursor is held at one; a DFE tap that passes its limit stays there. FFE taps are clipped behind the solution,
        relative to the main one, then scaled for a main cursor of one, and the DFE follows them.
        """
        limits = self.limits
        columns = positions + limits.rx_ffe_pre
        shape, extra = self.shape[:, columns], self.extra[np.ix_(columns, columns)]
        low, high = np.asarray(limits.dfe_min), np.asarray(limits.dfe_max)
        fed_back = np.arange(self.main + 1, self.main + 1 + high.size)
        free = np.ones(len(shape), dtype=bool)
        free[[self.main, *fed_back]] = False
        # rows the DFE takes care of are left out: it removes them exactly as long as it is not pinned
        cost = self.symbol_variance * (shape[free].T @ shape[free]) + extra
        pinned = np.zeros(high.size, dtype=bool)
        weights, target = np.zeros(positions.size), np.zeros(0)
        for _ in range(high.size + 1):
            rows = np.vstack([shape[self.main][None, :], shape[fed_back][pinned]])
            inverse = np.linalg.solve(cost, rows.T)
            # quadratic cost under linear constraints: C^-1 A' (A C^-1 A')^-1 goal
            weights = inverse @ np.linalg.solve(rows @ inverse, np.concatenate(([1.0], target)))
            values = shape[fed_back] @ weights
            beyond = (np.abs(values - np.clip(values, low, high)) > 1e-12) & ~pinned
            if not beyond.any():
                break
            # a pinned tap stays pinned: with few taps the set that is right is found without going back
            pinned |= beyond
            target = np.clip(values, low, high)[pinned]
        cursor = int(np.flatnonzero(positions == 0)[0])
        # the main tap becomes ±1: its sign is that of the cursor, which an inverted pair turns
        relative = weights / abs(weights[cursor])
        # behind the last fixed tap stand floating ones, which have a limit of their own
        most = np.where(positions > limits.rx_ffe_post, limits.rx_ffe_floating_max, limits.rx_ffe_tap_max)
        most[cursor] = 1.0
        relative = np.clip(relative, -most, most)
        unit = relative / float(shape[self.main] @ relative)
        values = shape[fed_back] @ unit
        feedback = np.clip(values, low, high)
        variance = float(unit @ cost @ unit) + self.symbol_variance * float(np.sum((values - feedback) ** 2))
        return TapSolution(positions, relative, feedback, self.eye_factor**2 / (variance + self.tx_noise**2))
