"""Taps of the receiver at one sampling instant: least mean-square error under the limits of the DFE, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._kernels.held_rows import common_of_held
from sirf.presets import EqualizerLimits


def solve_taps(
    shape: Float,
    main: int,
    extra: Float,
    symbol_variance: float,
    limits: EqualizerLimits,
    tx_noise: float,
    eye_factor: float,
) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Rx FFE and DFE of least mean-square error with unit main cursor in row `main`; (taps, DFE, figure of merit)."""
    # what is fed back costs nothing, and the main cursor is held: all other rows are interference
    held = _held_rows(main, limits)
    free = np.ones(len(shape), dtype=bool)
    free[held] = False
    cost = symbol_variance * (shape[free].T @ shape[free]) + extra
    weights, clipped, variance = _least_squares(cost, shape[held], symbol_variance, limits)
    # the main cursor is one by construction, so A_s is the eye factor, and SNR_TX noise its ratio to that cursor
    fom = eye_factor**2 / (variance + tx_noise**2)
    # gain is free: the main tap is set to one, as the standard writes the filter; it keeps its sign, that of the main cursor
    return tuple((weights / abs(weights[limits.rx_ffe_pre])).tolist()), tuple(clipped.tolist()), fom


def merits_of_taps(
    samples: Float,
    lags: Float,
    mains: NDArray[np.int64],
    extra: Float,
    symbol_variance: float,
    limits: EqualizerLimits,
    tx_noise: float,
    eye_factor: float,
) -> Float:
    """Figures of merit (J,) of `solve_taps` to 11 digits, sooner: of a pulse's `samples` (J, N) one UI apart at J instants.

    They are taken as circles with the autocorrelation `lags` (J, taps) at 0, 1, 2 … UI: products of two columns depend on their
    distance alone, so that only the rows that are no interference have to be taken off. `extra` (J, taps) is the first row of a
    covariance matrix of the same kind, and `mains` (J,) are the rows of the main cursors.
    """
    # the main cursor and those that the DFE feeds back: no interference, whatever they are
    seen = mains[:, None, None] + held_columns(limits, lags.shape[1])
    held = samples[np.arange(len(mains))[:, None, None], seen % samples.shape[1]]
    # what the held rows have in common behind the inverse covariance: all that feedback and error depend on
    common = np.empty((len(mains), held.shape[1], held.shape[1]))
    common_of_held(symbol_variance * lags + extra, held, symbol_variance, common)
    variances = _held_variances(common, symbol_variance, np.asarray(limits.dfe_min), np.asarray(limits.dfe_max))
    return np.asarray(eye_factor**2 / (variances + tx_noise**2))


def _held_variances(common: Float, symbol_variance: float, low: Float, high: Float) -> Float:
    """Variances (J,) of `_least_squares` from R C^-1 R' (J, B + 1, B + 1) of its held rows R, the main cursor's first."""
    rows = common.shape[1]
    if rows == 2:
        # one tap, by far the most frequent: free, or held at the limit that it passes
        main, shared, own = common[:, 0, 0], common[:, 0, 1], common[:, 1, 1]
        value = shared / main
        at_limit = np.minimum(np.maximum(value, low), high)
        # R C^-1 R' inverted in closed form, between the goals 1 and the limit
        held = (own - at_limit * (2.0 * shared - at_limit * main)) / (main * own - shared * shared)
        return np.asarray(np.where(np.abs(value - at_limit) > 1e-12, held, 1.0 / main))
    goal, pinned = np.zeros((len(common), rows)), np.zeros((len(common), rows), dtype=bool)
    goal[:, 0], pinned[:, 0] = 1.0, True
    # at first the main cursor alone is held
    multipliers: Float = np.zeros((len(common), rows, 1))
    multipliers[:, 0, 0] = 1.0 / common[:, 0, 0]
    for turn in range(rows):
        if turn:
            # rows that are not held get a multiplier of zero
            system = np.where(pinned[:, :, None] & pinned[:, None, :], common, np.eye(rows))
            multipliers = np.asarray(np.linalg.solve(system, goal[:, :, None]), dtype=np.float64)
        values = (common @ multipliers)[:, 1:, 0]
        clipped = np.clip(values, low, high)
        violated = (np.abs(values - clipped) > 1e-12) & ~pinned[:, 1:]
        if not violated.any():
            break
        goal[:, 1:] = np.where(violated, clipped, goal[:, 1:])
        pinned[:, 1:] |= violated
    # w' C w of the weights C^-1 R' multipliers
    return np.asarray(
        np.einsum("jk,jk->j", goal, multipliers[:, :, 0]) + symbol_variance * np.sum((values - clipped) ** 2, axis=1)
    )


def held_columns(limits: EqualizerLimits, taps: int) -> NDArray[np.int64]:
    """Symbols (B + 1, taps) after the main cursor that taps see: for that cursor and for those that the DFE removes."""
    return np.arange(len(limits.dfe_max) + 1)[:, None] + limits.rx_ffe_pre - np.arange(taps)


def _held_rows(main: int, limits: EqualizerLimits) -> NDArray[np.int64]:
    """Rows of the main cursor and of those that the DFE feeds back."""
    return np.arange(main, main + 1 + len(limits.dfe_max))


def _least_squares(
    cost: Float, held: Float, symbol_variance: float, limits: EqualizerLimits
) -> tuple[Float, Float, float]:
    """(weights, DFE taps, variance) of least `cost` (taps, taps), with the rows of main cursor and feedback `held`."""
    taps, bound, target = held[0], held[1:], np.zeros(0)
    fixed = np.zeros(len(bound), dtype=bool)
    # each turn pins one tap more at least, or ends
    for _ in range(len(bound) + 1):
        # constrained least squares: unit main cursor, and each DFE tap that hit its limit pinned there
        rows = np.vstack([taps[None, :], bound[fixed]])
        goal = np.concatenate([[1.0], target])
        # Lagrange multipliers: w = C^-1 R' (R C^-1 R')^-1 g, with the rows R held at the goal g
        inverse = np.linalg.solve(cost, rows.T)
        weights = inverse @ np.linalg.solve(rows @ inverse, goal)
        values = bound @ weights
        clipped = np.clip(values, limits.dfe_min, limits.dfe_max) if len(bound) else values
        violated = (np.abs(values - clipped) > 1e-12) & ~fixed
        if not violated.any():
            break
        fixed |= violated
        target = clipped[fixed]
    # a pinned tap leaves the rest of its cursor as interference
    variance = float(weights @ cost @ weights) + symbol_variance * float(np.sum((values - clipped) ** 2))
    return weights, clipped, variance
