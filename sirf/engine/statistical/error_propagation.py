"""Decision-feedback error propagation as a Markov chain on the last decision errors.

A decision off by one level feeds a wrong value back for as many symbols as the DFE has taps. The state of the chain is the
tuple of the last `MEMORY` errors, each -1, 0 or +1 levels. An error also tells what comes next: coloured noise, precursors and
jittered edges tie it to the interference and the levels that follow. Approximations, all stated: errors of more than one level
count as one in the state (their bits are counted in full); taps beyond MEMORY do not propagate; what an error tells is a
regression whose covariances are taken in the tail, and a distribution of levels with the right mean.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.signal.pam import bit_error_table, bits_per_symbol, thresholds

Float = NDArray[np.float64]

MEMORY = 5
LONGEST_RUN = 64
"""Runs of wrong symbols are told apart up to this length."""


@dataclass(frozen=True, slots=True, eq=False)
class AfterError:
    """What an error upwards tells of the next symbols.

    `covariance` (MEMORY + 1,) in V² of the interference with that so many symbols later, in the tail where errors happen; the
    first is its variance. `levels` (MEMORY,) is the mean level of the symbols sent 1, 2 … later.
    """

    covariance: Float
    levels: Float


def transition_tables(
    at_instant: Interference,
    levels: Float,
    main: float,
    shifts: Float,
    scales: Float | None = None,
    decision: Float | None = None,
) -> Float:
    """(S, L, L): probability that level i is decided as level j when the slicer input is moved by each of `shifts` (S,) V.

    `scales` (S,) narrows the interference (1 by default); `decision` (L - 1,) in V are the thresholds, half way between the
    levels by default.
    """
    narrow = np.ones(len(shifts)) if scales is None else scales
    bounds = (thresholds(levels) * main if decision is None else decision) - shifts[:, None]
    count = len(levels)
    sent, decided, bound = np.arange(count)[:, None], np.arange(count), np.arange(count - 1)
    upward = bound >= sent
    margin = (bounds[:, None, :] - levels[:, None] * main) / narrow[:, None, None]
    # an upward error is read from the upper tail, a downward one from the mirrored level's: small ones keep their digits
    beyond = np.zeros((len(shifts), count, count + 1))
    beyond[:, :, 1:-1] = at_instant.beyond(upward, sent, np.where(upward, margin, -margin))
    between = np.diff(beyond, axis=2)
    tables = np.where(decided < sent, between, -between)
    tables[:, range(count), range(count)] = 0.0
    tables[:, range(count), range(count)] = 1.0 - tables.sum(axis=2)
    return np.clip(tables, 0.0, 1.0)


def without_feedback(at_instant: Interference, levels: Float, main: float, decision: Float | None = None) -> ErrorRates:
    """Error ratios when the fed-back symbols are the sent ones; `decision` as in `transition_tables`."""
    tables = transition_tables(at_instant, levels, main, np.zeros(1), decision=decision)
    symbol, bit, _, _ = (float(rate[0]) for rate in _rates(tables))
    return ErrorRates(ser=symbol, ber=bit, detector_error_ratio=symbol, mean_burst=1.0)


def with_feedback(
    at_instant: Interference,
    levels: Float,
    main: float,
    dfe: tuple[float, ...],
    *,
    after: AfterError | None = None,
    decision: Float | None = None,
) -> ErrorRates:
    """Error ratios with decided symbols fed back; `dfe` relative to the main cursor, levels relative to the outer one.

    `after` says what an error tells of the symbols that follow it (nothing by default); `decision` as in `transition_tables`.
    """
    # coloured noise ties errors to each other beyond a short feedback filter
    taps = np.asarray([*dfe, 0.0, 0.0, 0.0][: max(len(dfe), 0 if after is None else 4)][:MEMORY])
    memory = len(taps)
    step = 2.0 / (len(levels) - 1)
    states, following = _chain_of_errors(memory)
    shifts = -states @ taps * step * main
    means, scales = np.zeros(len(states)), np.ones(len(states))
    lean = np.zeros(len(states))
    if after is not None:
        half = 0.5 * step * main
        deviation = float(np.sqrt(after.covariance[0]))
        seen = _seen(states, taps * step * main, half, deviation)
        means, scales = _expected(states, seen, after.covariance)
        # an error that the feedback made easy tells less of the levels around it
        strength = seen / (deviation * mean_beyond(np.asarray(half / deviation)))
        lean = strength @ _leaning(after.levels[:memory], levels)
    tables = transition_tables(at_instant, levels, main, shifts + means, scales, decision)
    symbol, bit, up, down = _rates(tables, _shares(lean, levels))
    occupancy = _stationary(following, (down, 1.0 - up - down, up))
    ser = float(occupancy @ symbol)
    quiet = (states == 0).all(axis=1)
    fresh = float(occupancy[quiet] @ symbol[quiet])
    alone = float(symbol[quiet][0])
    return ErrorRates(
        ser=ser,
        ber=float(occupancy @ bit),
        detector_error_ratio=alone,
        mean_burst=ser / fresh if fresh > 0 else 1.0,
        run_lengths=_run_lengths(states, occupancy, following, (down, up)),
        error_probabilities=(down, up),
    )


@cache
def _chain_of_errors(memory: int) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """The states (3^memory, memory), and the number of the state that follows each after an error of -1, 0 and +1."""
    states = np.array(list(itertools.product((-1, 0, 1), repeat=memory)))
    weights = 3 ** np.arange(memory)[::-1]
    following = [
        ((np.roll(states, 1, axis=1) * (np.arange(memory) > 0) + error * (np.arange(memory) == 0)) + 1) @ weights
        for error in (-1, 0, 1)
    ]
    return states, following


def _seen(states: NDArray[np.int64], taps: Float, half: float, deviation: float) -> Float:
    """Mean of the interference (S, MEMORY) in V at the time of each error of a state.

    It exceeded what was left of `half` the distance of the levels after the feedback of the errors before it; its mean beyond
    that point is taken as a Gaussian's.
    """
    memory = states.shape[1]
    fed = np.stack([-states[:, lag + 1 :] @ taps[: memory - lag - 1] for lag in range(memory)], axis=1)
    return np.asarray(states * deviation * mean_beyond((half - states * fed) / deviation))


def _expected(states: NDArray[np.int64], seen: Float, correlation: Float) -> tuple[Float, Float]:
    """(mean (S,) in V, scale (S,)) of the interference after the errors of each state, by linear regression on `seen`."""
    memory = states.shape[1]
    patterns, both, apart = _patterns_of_errors(memory)
    # one system for each pattern of errors: where there is none, the equation says that it tells nothing
    systems = np.where(both, correlation[apart], np.eye(memory))
    known = np.where(patterns, correlation[1 : memory + 1], 0.0)
    gains = np.linalg.solve(systems, known[:, :, None])[:, :, 0]
    narrowed = np.sqrt(np.maximum(1.0 - np.sum(gains * known, axis=1) / correlation[0], 0.01))
    which = (states != 0) @ (2 ** np.arange(memory)[::-1])
    return np.sum(seen * gains[which], axis=1), np.asarray(narrowed[which])


@cache
def _patterns_of_errors(memory: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Which of the last symbols were wrong (2^memory, memory), which pairs both were, and how far apart the two are."""
    patterns = np.array(list(itertools.product((False, True), repeat=memory)))
    lags = np.arange(memory)
    return patterns, patterns[:, :, None] & patterns[:, None, :], np.abs(lags[:, None] - lags)


def mean_beyond(margin: Float) -> Float:
    """Mean of a standard normal variable beyond `margin`."""
    return np.asarray(np.sqrt(2.0 / np.pi) / erfcx(margin / np.sqrt(2.0)))


def _run_lengths(
    states: NDArray[np.int64], occupancy: Float, following: list[NDArray[np.int64]], wrong: tuple[Float, Float]
) -> tuple[float, ...]:
    """Probabilities of runs of 1, 2 … `LONGEST_RUN` wrong symbols in a row, the last one of at least so many."""
    size = len(states)

    def after_one_more(weight: Float) -> Float:
        down, up = (np.bincount(following[e], weight * p, size) for e, p in ((0, wrong[0]), (2, wrong[1])))
        return np.asarray(down + up)

    now = after_one_more(occupancy * (states[:, 0] == 0))
    started = float(now.sum())
    if started <= 0.0:
        return (1.0, *[0.0] * (LONGEST_RUN - 1))
    at_least = [started]
    for _ in range(states.shape[1]):
        now = after_one_more(now)
        at_least.append(float(now.sum()))
    # by then every error of the state is one of the run: few states are left, and powers of one matrix lead on
    left = np.flatnonzero(np.all(states != 0, axis=1))
    place = np.full(size, -1)
    place[left] = np.arange(len(left))
    power = np.zeros((len(left), len(left)))
    for e, share in ((0, wrong[0]), (2, wrong[1])):
        power[place[following[e][left]], np.arange(len(left))] = share[left]
    ahead = (power @ now[left])[:, None]
    while len(at_least) + ahead.shape[1] < LONGEST_RUN:
        ahead = np.hstack([ahead, power @ ahead])
        power = power @ power
    reached = np.array([*at_least, *ahead.sum(axis=0)])[:LONGEST_RUN] / started
    return tuple((reached - np.append(reached[1:], 0.0)).tolist())


def _rates(tables: Float, shares: Float | None = None) -> tuple[Float, Float, Float, Float]:
    """(symbol error ratio, bit error ratio, probability of an error upwards, downwards), each (S,), of transition tables.

    `shares` (S, L) are the probabilities of the sent levels, equal by default.
    """
    count = tables.shape[1]
    sent = np.full((len(tables), count), 1.0 / count) if shares is None else shares
    errors = tables * (1.0 - np.eye(count)) * sent[:, :, None]
    bits = np.sum(errors * bit_error_table(count), axis=(1, 2)) / bits_per_symbol(count)
    up, down = np.triu(errors).sum(axis=(1, 2)), np.tril(errors).sum(axis=(1, 2))
    return up + down, bits, up, down


def _shares(lean: Float, levels: Float) -> Float:
    """Probabilities (S, L) of the levels in proportion to exp(lean x level)."""
    weight = np.exp(lean[:, None] * levels)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _leaning(means: Float, levels: Float) -> Float:
    """The leans (M,) whose levels have these means (M,): Newton's method."""
    wanted = np.clip(means, 0.98 * levels[0], 0.98 * levels[-1])
    lean = np.zeros(len(wanted))
    for _ in range(50):
        shares = _shares(lean, levels)
        found = shares @ levels
        spread = np.maximum(shares @ levels**2 - found**2, 1e-3)
        move = np.clip((wanted - found) / spread, -1.0, 1.0)
        lean += move
        if np.abs(move).max(initial=0.0) < 1e-9:
            break
    return lean


def _stationary(following: list[NDArray[np.int64]], probabilities: tuple[Float, Float, Float]) -> Float:
    """Stationary distribution of the chain: state s goes to following[e][s] with probabilities[e][s]."""
    size = len(following[0])
    matrix = np.zeros((size, size))
    # the states that follow after different errors differ, so that no place is written twice
    for state, probability in zip(following, probabilities, strict=True):
        matrix[state, np.arange(size)] = probability
    matrix[np.diag_indices(size)] -= 1.0
    # the all-zero state is in the middle; its equation is replaced by the sum of one
    right = np.zeros(size)
    matrix[size // 2, :] = 1.0
    right[size // 2] = 1.0
    return np.asarray(np.clip(np.linalg.solve(matrix, right), 0.0, 1.0))
