"""Taps of the receiver at one sampling instant: least mean-square error under the limits of the DFE, in closed form."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
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
    count = len(limits.dfe_max)
    # what is fed back costs nothing, and the main cursor is held: all other rows are interference
    fed_back = np.arange(main + 1, main + 1 + count)
    free = np.ones(len(shape), dtype=bool)
    free[[main, *fed_back]] = False
    cost = symbol_variance * (shape[free].T @ shape[free]) + extra
    target = np.zeros(0)
    taps, bound = shape[main], shape[fed_back]
    fixed = np.zeros(count, dtype=bool)
    # each turn pins one tap more at least, or ends
    for _ in range(count + 1):
        # constrained least squares: unit main cursor, and each DFE tap that hit its limit pinned there
        rows = np.vstack([taps[None, :], bound[fixed]])
        goal = np.concatenate([[1.0], target])
        inverse = np.linalg.solve(cost, rows.T)
        weights = inverse @ np.linalg.solve(rows @ inverse, goal)
        values = bound @ weights
        clipped = np.clip(values, limits.dfe_min, limits.dfe_max) if count else values
        violated = (np.abs(values - clipped) > 1e-12) & ~fixed
        if not violated.any():
            break
        fixed |= violated
        target = clipped[fixed]
    # a pinned tap leaves the rest of its cursor as interference
    variance = float(weights @ cost @ weights) + symbol_variance * float(np.sum((values - clipped) ** 2))
    # the main cursor is one by construction, so A_s is the eye factor, and SNR_TX noise its ratio to that cursor
    fom = eye_factor**2 / (variance + tx_noise**2)
    # gain is free: the main tap is set to one, as the standard writes the filter; it keeps its sign, that of the main cursor
    return tuple((weights / abs(weights[limits.rx_ffe_pre])).tolist()), tuple(clipped.tolist()), fom
