"""Tx FFE settings behind one CTLE setting: the figure of merit of equation (93A-36) for many at once, and a descent over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.transmitter_merits import closest_places, pulse_merits, weigh_roots


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TransmitterProblem:
    """What the figure of merit of a Tx FFE depends on, but for its taps.

    `wave` (N,) is the unequalised pulse with `m` samples a UI and its peak at `peak`; `dfe_min` and `dfe_max` (B,) limit the DFE
    relative to the main cursor. `edge_power` (m,) is the sum of squared edge responses by sampling phase; `fext_power` (taps,)
    the FEXT autocorrelation at lags of UI; `fixed_variance` all that the Tx FFE does not touch. Pulses are sampled where equation
    (93A-25) holds: at the sample closest to that, or `between` samples.
    """

    wave: Float
    tap_main: int
    m: int
    peak: int
    dfe_min: Float
    dfe_max: Float
    edge_power: Float
    fext_power: Float
    fixed_variance: float
    symbol_variance: float
    jitter_variance: float
    tx_noise: float
    eye_factor: float
    between: bool = False


class TransmitterMerits:
    """Figures of merit of settings of `count` taps. The best one is the same to the last digit whichever are asked beside it."""

    def __init__(self, problem: TransmitterProblem, count: int) -> None:
        """Arrange the pulse as the kernels read it."""
        self.problem = problem
        m, main = problem.m, problem.tap_main
        # equation (93A-25) has its root on the rising edge or close behind the peak; two more on either side for what is between
        self.first = problem.peak - m - 2
        self.mains, phases, around, lag, steps = _arrangement(self.first, m, count)
        wave = np.ascontiguousarray(problem.wave)
        self.sent = _strided(wave, self.first + (main - 1) * m, (len(phases), 3, count), (1, m, -m))
        # each phase, one before and two after; the response is read `count` UI around each cursor, which the margins keep inside
        width = len(wave) // m - 2 * (count + 1)
        self.lines = _strided(wave, (main + 2) * m - 1, (m + 3, width + count - 1), (1, m))
        self.edges = problem.edge_power[around]
        # between samples from the phase before on
        self.rows = phases if problem.between else phases + 1
        self.limits = np.array([problem.dfe_min, problem.dfe_max])
        low, high = self.limits[:, 0].tolist() if self.limits.size else (0.0, 0.0)
        self.detector = self.sent, main, 0.3 * float(wave[problem.peak]), low, high
        self.variances = problem.symbol_variance, problem.fixed_variance, problem.tx_noise, problem.eye_factor
        self.forms = np.array([problem.fext_power[lag], problem.jitter_variance * steps])
        self.pulse, self.cubics = np.empty(width), np.empty((3, 4))

    def __call__(self, settings: Float, least: float = 0.0) -> tuple[Float, Integer]:
        """(A_s² / sigma², place) of each of `settings` (n, taps): zero where the main cursor is not positive.

        Of settings that reach neither `least` nor the best before them, a value below these stands for A_s² / sigma².
        """
        number = len(settings)
        balances, nearest = np.empty((number, len(self.sent))), np.empty(number, dtype=np.int64)
        closest_places(settings, *self.detector, balances, nearest)
        places, weights = nearest, np.ones((number, 1))
        if self.problem.between:
            places, weights = nearest.copy(), np.empty((number, 4))
            weigh_roots(settings, *self.detector, balances, places, weights, self.cubics)
        merits = np.empty(number)
        pulse_merits(
            settings, places, weights, self.lines, self.rows, self.mains, self.edges, self.forms, self.limits, *self.variances,
            least, self.pulse, merits,
        )  # fmt: skip
        return merits, nearest

    def instant(self, place: int) -> int:
        """The sample closest to the root; the peak's without a signal."""
        return self.first + place if place >= 0 else self.problem.peak


# kept: one for all CTLE settings of a search
@lru_cache(maxsize=8)
def _arrangement(first: int, m: int, count: int) -> tuple[Integer, Integer, Integer, Integer, Float]:
    """Main cursors and phases of all places; phases from the one before on; lags of `count` taps and the form of their steps."""
    mains, phases = np.divmod(first + np.arange(m + m // 2 + 5), m)
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    # mean square of the FFE's output steps for independent symbols: the taps' differences, with zero before and after them
    steps = 2.0 * (lag == 0) - 1.0 * (lag == 1)
    return mains - (count + 1), phases, np.arange(-1, m + 2) % m, lag, steps


def _strided(wave: Float, start: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Float:
    """Samples of a contiguous wave from `start` on, by `steps` along each axis."""
    return np.ndarray(shape, np.float64, wave, 8 * start, tuple(8 * step for step in steps)).copy()


class _Descent:
    """The best setting so far: its indices in the `grid`, figure of merit and sampling index."""

    def __init__(self, merits: TransmitterMerits, start: Integer, grid: Float, main_minimum: float) -> None:
        self.merits, self.grid, self.main_minimum = merits, grid, main_minimum
        self.chosen, self.best, self.place, self.tried = start, -1.0, -1, 0
        self.taps = np.arange(len(grid))
        self.vain: dict[bytes, int] = {}

    def improves(self, trials: Integer, turns: Integer | None = None) -> bool:
        """Whether one of `trials` (n, taps) is better than the best so far, which the best of them then is.

        With `turns` (n,), ascending, the best of the first turn that holds a better one, and those behind it are not tried.
        """
        # what was not better before is not now
        key = trials.tobytes()
        if key in self.vain:
            self.tried += self.vain[key]
            return False
        main = self.merits.problem.tap_main
        settings = self.grid[self.taps, trials]
        if self.grid[main, 0] == 0.0:
            settings[:, main] = 0.0
            # summed in order, as the least main tap lies on the grid of such sums
            settings[:, main] = 1.0 - np.abs(settings).cumsum(axis=1)[:, -1]
        allowed = (settings[:, main] >= self.main_minimum).nonzero()[0]
        found, places = self.merits(settings[allowed], self.best)
        if turns is not None:
            order = turns[allowed]
            better = order[found > self.best]
            # the better ones of a turn are all of that turn, for it is the first
            found = found[: np.searchsorted(order, better[0], side="right")] if len(better) else found
        self.tried += len(found)
        self.vain[key] = len(found)
        winner = int(found.argmax()) if len(found) else 0
        if not len(found) or found[winner] <= self.best:
            return False
        self.chosen, self.best, self.place = trials[allowed[winner]], float(found[winner]), int(places[winner])
        return True


def coordinate_descent(
    merits: TransmitterMerits, start: Integer, grid: Float, sizes: Integer, main_minimum: float, rounds: int
) -> tuple[float, Integer, int, int]:
    """Best (fom, grid indices, sampling index, candidates) by turning one Tx tap at a time until no turn helps.

    `grid` (taps, widest) holds the allowed values of each tap; a main tap of 0 there takes what the others leave
    of 1. `sizes` tells how many values each row holds. Where merits are those between samples and no turn helps,
    any two taps are moved by a step each: the end then hangs less on the start.
    """
    descent, count, main = _Descent(merits, start, grid, main_minimum), len(sizes), merits.problem.tap_main
    for _ in range(rounds):
        improved = False
        for tap in range(count):
            # the main tap follows from the others: its turn tries the present setting, which counts when it is the only tap
            if tap == main and descent.best >= 0.0:
                descent.tried += 1
                continue
            values = np.arange(1 if tap == main else sizes[tap])
            trials = np.empty((len(values), count), dtype=np.int64)
            trials[:] = descent.chosen
            trials[:, tap] = values
            improved |= descent.improves(trials)
        if not improved and merits.problem.between:
            moves, turns = _pair_moves(count, main)
            trials = descent.chosen + moves
            inside = ((trials >= 0) & (trials < sizes)).all(axis=1)
            improved = descent.improves(trials[inside], turns[inside])
        if not improved:
            break
    return descent.best, descent.chosen, merits.instant(descent.place), descent.tried


@lru_cache(maxsize=8)
def _pair_moves(count: int, main: int) -> tuple[Integer, Integer]:
    """Steps (n, taps) of any two of `count` taps but the main one, each up or down, and which two (n,)."""
    taps = [tap for tap in range(count) if tap != main]
    pairs = [(one, other) for one in taps for other in taps if other < one]
    moves = np.zeros((len(pairs), 4, count), dtype=np.int64)
    for turn, (one, other) in enumerate(pairs):
        moves[turn, :, one] = -1, 1, -1, 1
        moves[turn, :, other] = -1, -1, 1, 1
    turns = np.arange(len(pairs)).repeat(4)
    moves.flags.writeable = turns.flags.writeable = False
    return moves.reshape(-1, count), turns
