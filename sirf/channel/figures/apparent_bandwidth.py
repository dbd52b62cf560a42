"""Apparent bandwidth of a channel: where its loss begins to grow faster than that of a line (ACBW of COM release 4.17)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.channel.resample import usual_step
from sirf.errors import SirfError

FIT_FROM_GHZ = 10.0
"""Lowest frequency of the fit."""
FIT_UP_TO_GHZ = np.arange(20.0, 131.0, 5.0)
"""Ends of the bands over which a fit is tried."""
JUDGED_GHZ = (20.0, 60.0)
"""Band in which the flattest residual is chosen."""
WINDOW_GHZ = 2.0
"""Width of the moving mean ahead of the slope."""


def apparent_bandwidth(frequency: ArrayLike, transfer: ArrayLike, *, slope_db_per_ghz: float = 1.0) -> float:
    """Apparent bandwidth in Hz of `transfer` (F,) complex at `frequency` (F,) in Hz, ascending.

    The cumulative sum of 1 / |H|², relative to its last value and in dB, is fitted by a + b sqrt(f) + c f + d f² from 10 GHz
    on, up to the frequency that leaves the flattest residual between 20 and 60 GHz. The bandwidth is the first frequency at
    which the residual, smoothed over 2 GHz, rises by `slope_db_per_ghz` (T_dev); the last frequency where it never does. The
    steps are those of COM release 4.17. Raises `SirfError` for data that end below 60 GHz, or a slope that is not positive.

    >>> f = np.linspace(10e6, 100e9, 1001)
    >>> bool(apparent_bandwidth(f, np.exp(-f / 20e9)) == f[-1])
    True
    """
    f, magnitude = np.asarray(frequency, dtype=float) / 1e9, np.abs(np.asarray(transfer))
    if not slope_db_per_ghz > 0:
        raise SirfError(f"slope_db_per_ghz must be positive, got {slope_db_per_ghz}. Use 1.")
    if f[-1] < JUDGED_GHZ[1] or np.count_nonzero((f >= FIT_FROM_GHZ) & (f <= FIT_UP_TO_GHZ[0])) < 4:
        raise SirfError(
            f"frequency must reach {JUDGED_GHZ[1]:g} GHz in steps of at most 3 GHz for an apparent bandwidth, got "
            f"{f[-1]:g} GHz and {f.size} points. Measure further."
        )
    # noise that an ideal inverse of the channel would let through, up to each frequency
    total = np.cumsum(1.0 / magnitude**2)
    penalty = 20.0 * np.log10(total / total[-1])
    residual = _flattest_residual(f, penalty)
    # the median, as elsewhere: one missing point does not double it
    step = usual_step(f)
    count = max(3, int(np.floor(WINDOW_GHZ / step + 0.5)))
    slope = _slope(_moving_mean(residual, count), f)
    steep = np.flatnonzero((f >= FIT_FROM_GHZ) & (slope >= slope_db_per_ghz))
    return float(f[steep[0]] if steep.size else f[-1]) * 1e9


def _flattest_residual(f: Float, penalty: Float) -> Float:
    """What is left of `penalty` (F,) in dB behind the fit with the flattest residual, the first of equals."""
    basis = np.stack([np.ones_like(f), np.sqrt(f), f, f**2], axis=1)
    first, last = (int(np.argmax(f >= edge)) for edge in JUDGED_GHZ)
    judged = slice(first, last + 1)
    best, flattest = penalty, np.inf
    # the fit that the release keeps is the one whose residual runs flat, wherever it ended
    for end in FIT_UP_TO_GHZ:
        inside = (f >= FIT_FROM_GHZ) & (f <= end)
        # normal equations as in the reference code: their rounding decides among nearly equal fits
        rows = basis[inside]
        weights = np.linalg.solve(rows.T @ rows, rows.T @ penalty[inside])
        residual = penalty - basis @ weights
        tilt = abs(float(np.polyfit(f[judged], residual[judged], 1)[0]))
        if tilt < flattest:
            best, flattest = residual, tilt
    return best


def _moving_mean(values: Float, count: int) -> Float:
    """Mean of `count` values about each; a window that reaches over an end is cut there. Even windows reach back further."""
    before = count // 2
    after = count - 1 - before
    total = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(values.size)
    low, high = np.maximum(index - before, 0), np.minimum(index + after + 1, values.size)
    return np.asarray((total[high] - total[low]) / (high - low))


def _slope(values: Float, f: Float) -> Float:
    """Difference of the two neighbours over their distance, one-sided at the ends."""
    slope = np.empty(values.size)
    slope[1:-1] = (values[2:] - values[:-2]) / (f[2:] - f[:-2])
    slope[0] = (values[1] - values[0]) / (f[1] - f[0])
    slope[-1] = (values[-1] - values[-2]) / (f[-1] - f[-2])
    return slope
