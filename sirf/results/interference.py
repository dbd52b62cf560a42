"""A distribution of interference: tails that keep their digits, quantiles, density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FLOOR = 1e-40
"""Probabilities below this are reported as zero: rounding of the inversion takes over there."""
LOG_FLOOR = float(np.log(FLOOR))


@dataclass(frozen=True, slots=True, eq=False)
class Interference:
    """Upper tails P(x > v) of the interference x given the main symbol's level, and its density.

    `volts` (V,) from 0 up; `log_tail` (L, V) the natural logarithm by level index, `LOG_FLOOR` at least; the lower tail of
    level j is the upper tail of level L-1-j.
    `density` (L, V) in 1/V on the same grid.
    """

    volts: Float
    log_tail: Float
    density: Float

    @property
    def tail(self) -> Float:
        """P(x > v | level), (L, V); 0 below `FLOOR`."""
        return np.where(self.log_tail > LOG_FLOOR, np.exp(self.log_tail), 0.0)

    def above(self, level: int, value: Float | float) -> Float:
        """P(x > value | level) at any sign of `value`, by interpolation of the logarithm."""
        value = np.asarray(value, dtype=float)
        distance = np.abs(value)
        upper = np.interp(distance, self.volts, self.log_tail[level], right=LOG_FLOOR)
        lower = np.interp(distance, self.volts, self.log_tail[len(self.log_tail) - 1 - level], right=LOG_FLOOR)
        logarithm = np.where(value >= 0, upper, lower)
        tail = np.where(logarithm > LOG_FLOOR, np.exp(logarithm), 0.0)
        return np.where(value >= 0, tail, 1.0 - tail)

    def quantile(self, level: int, probability: float) -> float:
        """The value v with P(x > v | level) = probability (below 0.5), V; by interpolation of the logarithm."""
        tail, wanted = self.log_tail[level], np.log(probability)
        last = int(np.argmax(tail <= wanted)) if tail[-1] <= wanted else len(tail) - 1
        if last == 0:
            return 0.0
        high, low = float(tail[last - 1]), float(tail[last])
        part = (high - wanted) / (high - low) if high > low else 1.0
        return float(self.volts[last - 1] + min(part, 1.0) * (self.volts[last] - self.volts[last - 1]))

    def error_ratio(self, levels: Float, main: float, decision: Float) -> float:
        """Symbol error ratio with `levels` (L,) relative to the outer one, main cursor in V and thresholds (L - 1,) in V."""
        count = len(levels)
        total = 0.0
        for e in range(count - 1):
            total += float(self.above(e, decision[e] - levels[e] * main))
            total += float(self.above(count - 2 - e, levels[e + 1] * main - decision[e]))
        return total / count
