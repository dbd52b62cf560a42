"""Decision-feedback error propagation as a Markov chain on the last decision errors.

A decision off by one level feeds a wrong value back for as many symbols as the DFE has taps. The state of the chain is the
tuple of the last `MEMORY` errors, each -1, 0 or +1 levels. Approximations, all stated: errors of more than one level count
as one in the state (their bits are counted in full); taps beyond MEMORY do not propagate; interference after an error is
predicted from its covariance, as if Gaussian; the sent level is uniform given the state.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import toeplitz
from scipy.special import erfcx

from sirf.results.interference import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.signal.pam import bit_error_table, bits_per_symbol, thresholds

Float = NDArray[np.float64]

MEMORY = 5


def transition_tables(
    at_instant: Interference, levels: Float, main: float, shifts: Float, scales: Float | None = None
) -> Float:
    """(S, L, L): probability that level i is decided as level j when the slicer input is moved by each of `shifts` (S,) V.

    `scales` (S,) narrows the interference (1 by default).
    """
    narrow = np.ones(len(shifts)) if scales is None else scales
    bounds = thresholds(levels) * main - shifts[:, None]
    count = len(levels)
    tables = np.zeros((len(shifts), count, count))
    nothing = np.zeros((len(shifts), 1))
    for i in range(count):
        margin = (bounds - levels[i] * main) / narrow[:, None]
        # an upward error is read from the upper tail, a downward one from the mirrored level's: small ones keep their digits
        upward = np.hstack([at_instant.above(i, margin[:, i:]), nothing])
        downward = np.hstack([at_instant.below(i, -margin[:, :i][:, ::-1]), nothing])
        tables[:, i, i + 1 :] = upward[:, :-1] - upward[:, 1:]
        tables[:, i, :i] = (downward[:, :-1] - downward[:, 1:])[:, ::-1]
        tables[:, i, i] = 1.0 - tables[:, i].sum(axis=1)
    return np.clip(tables, 0.0, 1.0)


def without_feedback(at_instant: Interference, levels: Float, main: float) -> ErrorRates:
    """Error ratios when the fed-back symbols are the sent ones."""
    symbol, bit, _, _ = (float(rate[0]) for rate in _rates(transition_tables(at_instant, levels, main, np.zeros(1))))
    return ErrorRates(ser=symbol, ber=bit, detector_error_ratio=symbol, mean_burst=1.0)


def with_feedback(
    at_instant: Interference,
    levels: Float,
    main: float,
    dfe: tuple[float, ...],
    *,
    correlation: Float | None = None,
) -> ErrorRates:
    """Error ratios with decided symbols fed back; `dfe` relative to the main cursor, levels relative to the outer one.

    `correlation` (MEMORY + 1,) in V² is the covariance of the interference with itself so many symbols later (none by
    default): an error tells how large the interference was, and so what to expect of the next.
    """
    memory = min(MEMORY, len(dfe))
    step = 2.0 / (len(levels) - 1)
    states = np.array(list(itertools.product((-1, 0, 1), repeat=memory)))
    shifts = -states @ np.asarray(dfe[:memory]) * step * main
    means, scales = np.zeros(len(states)), np.ones(len(states))
    if correlation is not None and correlation[0] > 0:
        means, scales = _expected(states, np.asarray(dfe[:memory]) * step * main, 0.5 * step * main, correlation)
    key = np.round(np.stack([(shifts + means) / main, scales]), 12)
    unique, inverse = np.unique(key, axis=1, return_inverse=True)
    tables = transition_tables(at_instant, levels, main, unique[0] * main, unique[1])
    symbol, bit, up, down = (rate[inverse.ravel()] for rate in _rates(tables))
    weights = 3 ** np.arange(memory)[::-1]
    following = [
        ((np.roll(states, 1, axis=1) * (np.arange(memory) > 0) + error * (np.arange(memory) == 0)) + 1) @ weights
        for error in (-1, 0, 1)
    ]
    occupancy = _stationary(following, (down, 1.0 - up - down, up))
    ser = float(occupancy @ symbol)
    quiet = (states == 0).all(axis=1)
    fresh = float(occupancy[quiet] @ symbol[quiet])
    alone = float(symbol[quiet][0])
    return ErrorRates(
        ser=ser, ber=float(occupancy @ bit), detector_error_ratio=alone, mean_burst=ser / fresh if fresh > 0 else 1.0
    )


def _expected(states: NDArray[np.int64], taps: Float, half: float, correlation: Float) -> tuple[Float, Float]:
    """(mean (S,) in V, scale (S,)) of the interference after the errors of each state, by linear regression.

    At the time of an error the interference exceeded what was left of `half` the distance of the levels after the feedback of
    the errors before it; its mean beyond that point is taken as a Gaussian's.
    """
    deviation = float(np.sqrt(correlation[0]))
    covariance = toeplitz(correlation[: states.shape[1]])
    means, scales = np.zeros(len(states)), np.ones(len(states))
    for row, state in enumerate(states):
        when = np.flatnonzero(state)
        if not len(when):
            continue
        seen = np.empty(len(when))
        for index, lag in enumerate(when):
            older = state[lag + 1 :]
            fed = -float(older @ taps[: len(older)])
            margin = (half - state[lag] * fed) / deviation
            seen[index] = state[lag] * deviation * _mean_beyond(margin)
        gain = np.linalg.solve(covariance[np.ix_(when, when)], correlation[when + 1])
        means[row] = gain @ seen
        scales[row] = np.sqrt(max(1.0 - gain @ correlation[when + 1] / correlation[0], 0.01))
    return means, scales


def _mean_beyond(margin: float) -> float:
    """Mean of a standard normal variable beyond `margin`."""
    return float(np.sqrt(2.0 / np.pi) / erfcx(margin / np.sqrt(2.0)))


def _rates(tables: Float) -> tuple[Float, Float, Float, Float]:
    """(symbol error ratio, bit error ratio, probability of an error upwards, downwards), each (S,), of transition tables."""
    count = tables.shape[1]
    errors = tables * (1.0 - np.eye(count))
    bits = np.sum(errors * bit_error_table(count), axis=(1, 2)) / count / bits_per_symbol(count)
    up, down = np.triu(errors).sum(axis=(1, 2)) / count, np.tril(errors).sum(axis=(1, 2)) / count
    return up + down, bits, up, down


def _stationary(following: list[NDArray[np.int64]], probabilities: tuple[Float, Float, Float]) -> Float:
    """Stationary distribution of the chain: state s goes to following[e][s] with probabilities[e][s]."""
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import spsolve

    size = len(following[0])
    columns = np.concatenate([np.arange(size)] * 3)
    matrix = coo_array((np.concatenate(probabilities), (np.concatenate(following), columns)), shape=(size, size))
    # the all-zero state is in the middle; its equation is replaced by the sum of one
    system = (matrix - eye_array(size)).tolil()
    right = np.zeros(size)
    system[size // 2, :] = 1.0
    right[size // 2] = 1.0
    return np.asarray(np.clip(spsolve(system.tocsc(), right), 0.0, 1.0))
