"""Decision-feedback error propagation as a Markov chain on the last decision errors.

A decision off by one level feeds a wrong value back for as many symbols as the DFE has taps. The state of the chain is the
tuple of the last `MEMORY` errors, each -1, 0 or +1 levels. Decisions also tell what comes next: coloured noise, precursors and
jittered edges tie them to the interference and the levels that follow (`conditional_interference`). Approximations: errors of
more than one level count as one in the state (their bits are counted in full), and taps beyond MEMORY do not propagate.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.engine.statistical.conditional_interference import AfterError, next_symbol
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.signal.pam import bit_error_table, bits_per_symbol, level_shares, thresholds

RatesByPattern = Callable[[NDArray[np.int64], Float], Float]
Rates = tuple[Float, Float, Float, Float]
"""Symbol and bit error ratio, probability of an error upwards and downwards, each (S,) by state."""

# 3^5 = 243 states: each further decision would triple them
MEMORY = 5
COLOUR_MEMORY = 3
"""Last decisions in the chain that tells how coloured noise groups errors where the sent symbols are fed back."""
LONGEST_EXCURSION = 500
"""Symbols after which errors that follow one another are no longer summed one by one."""


def transition_tables(
    at_instant: Interference,
    levels: Float,
    main: float,
    shifts: Float,
    scales: Float | None = None,
    decision: Float | None = None,
) -> Float:
    """(S, L, L): probability that level i is decided as level j when the slicer input is moved by each of `shifts` (S,) V.

    `shifts` may be (S, L), one for each level, as may `scales`, which narrow the interference (1 by default); `decision` (L - 1,)
    in V are the thresholds, half way between the levels by default.
    """
    count = len(levels)
    moved, narrow = (
        each if each.ndim == 2 else each[:, None]
        for each in (shifts, np.ones(len(shifts)) if scales is None else scales)
    )
    bounds = thresholds(levels) * main if decision is None else decision
    sent, decided, bound = np.arange(count)[:, None], np.arange(count), np.arange(count - 1)
    upward = bound >= sent
    margin = (bounds - levels[:, None] * main - moved[:, :, None]) / narrow[:, :, None]
    # an upward error is read from the upper tail, a downward one from the mirrored level's: small ones keep their digits
    beyond = np.zeros((len(shifts), count, count + 1))
    beyond[:, :, 1:-1] = at_instant.beyond(upward, sent, np.where(upward, margin, -margin))
    between = np.diff(beyond, axis=2)
    tables = np.where(decided < sent, between, -between)
    tables[:, range(count), range(count)] = 0.0
    # what is right is one less what is wrong, so that small error ratios keep their digits
    tables[:, range(count), range(count)] = 1.0 - tables.sum(axis=2)
    # a difference of two tails may end below zero by rounding
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
    by_pattern: Callable[[ErrorRates], RatesByPattern | None] | None = None,
) -> ErrorRates:
    """Error ratios with decided symbols fed back; `dfe` relative to the main cursor, levels relative to the outer one.

    `after` says what an error tells of the symbols that follow it (nothing by default); `decision` as in `transition_tables`.
    `by_pattern` is given what is found so, and says whether known patterns tell more: it gives none, or what takes states (S, M)
    and what an error feeds back (M,) in V, and gives the rates after errors: upwards, downwards and bits (3, S), not a number
    where patterns tell nothing.
    """
    # coloured noise ties errors to each other beyond a short feedback filter
    taps = np.asarray([*dfe, 0.0, 0.0, 0.0][: max(len(dfe), 0 if after is None else 4)][:MEMORY])
    # an error of one level is 2 / (L - 1) of the outer level
    volts = taps * main * 2.0 / (len(levels) - 1)
    between = thresholds(levels) * main if decision is None else decision
    # the second: with the sent symbols fed back
    fed = [volts] if after is None else [volts, np.zeros(COLOUR_MEMORY)]
    rates = [_rates_by_state(at_instant, levels, main, each, after, between) for each in fed]
    found = _of_states(rates)
    told = None if by_pattern is None else by_pattern(found)
    if told is None:
        return found
    return _of_states([_where_told(told, each, usual) for each, usual in zip(fed, rates, strict=True)])


def _of_states(rates: Sequence[Rates]) -> ErrorRates:
    """Error ratios of the rates after each sequence of errors, and, where errors tell what follows, of those without feedback."""
    symbol, bit, up, down = (each.copy() for each in rates[0])
    # no error at all is the middle state in the order in which `itertools.product` counts -1, 0, 1
    quiet = len(symbol) // 2
    alone = float(symbol[quiet])
    if len(rates) > 1:
        rarer = _part_after_right_decisions(rates[1])
        for each in (symbol, bit, up, down):
            each[quiet] *= rarer
    occupancy = _stationary((down, 1.0 - up - down, up))
    ser = float(occupancy @ symbol)
    # errors that begin a burst: all others follow one of the last symbols' errors
    fresh = float(occupancy[quiet] * symbol[quiet])
    return ErrorRates(
        ser=ser,
        ber=float(occupancy @ bit),
        detector_error_ratio=alone,
        mean_burst=ser / fresh if fresh > 0 else 1.0,
        error_probabilities=(down, up),
    )


def _where_told(by_pattern: RatesByPattern, fed: Float, usual: Rates) -> Rates:
    """The `usual` rates, but those that patterns tell where they do."""
    states = _states(len(fed))
    up, down, bit = by_pattern(states, fed)
    # the symbols after right decisions are those of the distribution, which knows deeper tails than patterns do
    told = np.isfinite(up) & (np.arange(len(states)) != len(states) // 2)
    symbol, bit, up, down = (
        np.where(told, own, old) for own, old in zip((up + down, bit, up, down), usual, strict=True)
    )
    return symbol, bit, up, down


@cache
def _states(memory: int) -> NDArray[np.int64]:
    """The last errors (3^memory, memory) of each state, the newest first."""
    return np.array(list(itertools.product((-1, 0, 1), repeat=memory)))


def _rates_by_state(
    at_instant: Interference,
    levels: Float,
    main: float,
    fed: Float,
    after: AfterError | None,
    decision: Float,
) -> Rates:
    """`_rates` after each sequence of errors, where an error of one level takes `fed` (M,) in V off the next symbols."""
    states = _states(len(fed))
    # feedback subtracts, so that an error upwards lowers the next samples
    moved = -(states @ fed)
    if after is None:
        return _rates(transition_tables(at_instant, levels, main, moved, decision=decision))
    volts = levels * main
    distances = np.append(np.inf, volts[1:] - decision), np.append(decision - volts[:-1], np.inf)
    following = next_symbol(after, fed, distances)
    tables = transition_tables(at_instant, levels, main, following.mean + moved[:, None], following.scale, decision)
    return _rates(tables, following.share)


def _part_after_right_decisions(rates: Rates) -> float:
    """Part of the error ratio of any symbol that one after right decisions has: correlated interference groups errors.

    `rates` are those with the sent symbols fed back: then the chain must give the error ratio of any symbol. With B errors and T
    symbols in an excursion from the quiet state, which p starts, that ratio is p B / (1 + p T).
    """
    symbol, _, up, down = rates
    quiet = len(symbol) // 2
    alone = float(symbol[quiet])
    occupancy = _stationary((down, 1.0 - up - down, up))
    rest = float(occupancy[quiet])
    errors = float(occupancy @ symbol) / (rest * alone)
    away = (1.0 / rest - 1.0) / alone
    needed = errors - alone * away
    # in a closed eye no start gives that ratio: most symbols lie in excursions, and grouping means nothing
    return 1.0 / needed if needed > alone else 1.0


def _rates(tables: Float, shares: Float | None = None) -> Rates:
    """(symbol error ratio, bit error ratio, probability of an error upwards, downwards), each (S,), of transition tables.

    `shares` (S, L) are the probabilities of the sent levels, those of random bits by default.
    """
    count = tables.shape[1]
    sent = np.broadcast_to(level_shares(count), tables.shape[:2]) if shares is None else shares
    errors = (tables * sent[:, :, None]).reshape(len(tables), -1)
    bits, up, down = np.asarray(errors @ _weights_of_errors(count)).T
    return up + down, bits, up, down


@cache
def _weights_of_errors(count: int) -> Float:
    """(L L, 3): what level i decided as level j puts into the bit error ratio, and into errors upwards and downwards."""
    bits = bit_error_table(count) / bits_per_symbol(count)
    each = np.stack([bits, np.triu(np.ones((count, count)), 1), np.tril(np.ones((count, count)), -1)], axis=-1)
    return np.asarray(each.reshape(count * count, 3))


def _stationary(probabilities: tuple[Float, Float, Float]) -> Float:
    """Stationary distribution of the chain: `probabilities` (S,) of an error of -1, 0 and +1 in each state.

    Summed over excursions from the quiet state, which ends them: all terms are positive, so that rare states keep their digits.
    """
    size = len(probabilities[0])
    quiet = size // 2
    # a step forgets the oldest error, the last digit of a state, and puts the newest in front
    step = np.stack(probabilities).reshape(3, size // 3, 3)
    visits = np.zeros(size)
    visits[quiet] = 1.0
    now = visits
    for _ in range(LONGEST_EXCURSION):
        now = np.asarray(np.einsum("esj,sj->es", step, now.reshape(-1, 3)), dtype=float).ravel()
        now[quiet] = 0.0
        visits = visits + now
        if float(now.sum()) <= np.finfo(float).eps * float(visits.sum()) / LONGEST_EXCURSION:
            return np.asarray(visits / visits.sum())
    # errors that hardly ever end: all states at once, the equation of the quiet one replaced by the sum of one
    matrix = np.zeros((size, size))
    for error, probability in enumerate(probabilities):
        matrix[(error * size + np.arange(size)) // 3, np.arange(size)] = probability
    # P x = x alone is singular, because every column of P sums to one: one equation gives way to that of the sum
    matrix[np.diag_indices(size)] -= 1.0
    matrix[quiet, :] = 1.0
    right = np.zeros(size)
    right[quiet] = 1.0
    try:
        return np.asarray(np.clip(np.linalg.solve(matrix, right), 0.0, 1.0))
    except np.linalg.LinAlgError:
        # a dead link has several ways to go on for ever: the visits from the quiet state say how often each is taken
        return np.asarray(visits / visits.sum())
