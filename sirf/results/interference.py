"""A distribution of interference: tails that keep their digits, quantiles, density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Interference:
    """Upper tails P(x > v) of the interference x given the main symbol's level, and its density.

    `volts` (V,) from 0 up; `tail` (L, V) by level index; the lower tail of level j is the upper tail of level L-1-j.
    `density` (L, V) in 1/V on the same grid.
    """

    volts: Float
    tail: Float
    density: Float

    def above(self, level: int, value: Float | float) -> Float:
        """P(x > value | level) at any sign of `value`, by interpolation of the logarithm."""
        value = np.asarray(value, dtype=float)
        upper = self._interpolate(self.tail[level], np.abs(value))
        lower = self._interpolate(self.tail[len(self.tail) - 1 - level], np.abs(value))
        return np.where(value >= 0, upper, 1.0 - lower)

    def quantile(self, level: int, probability: float) -> float:
        """The value v with P(x > v | level) = probability (below 0.5), V; by interpolation of the logarithm."""
        tail = self.tail[level]
        last = int(np.argmax(tail <= probability)) if np.any(tail <= probability) else len(tail) - 1
        if last == 0:
            return 0.0
        high, low = np.log(tail[last - 1]), np.log(max(tail[last], 1e-300))
        part = (high - np.log(probability)) / (high - low) if high > low else 1.0
        return float(self.volts[last - 1] + min(part, 1.0) * (self.volts[last] - self.volts[last - 1]))

    def _interpolate(self, tail: Float, value: Float) -> Float:
        logarithm = np.log(np.maximum(tail, 1e-300))
        return np.where(value > self.volts[-1], 0.0, np.exp(np.interp(value, self.volts, logarithm)))

    def error_ratio(self, levels: Float, main: float, decision: Float) -> float:
        """Symbol error ratio with `levels` (L,) relative to the outer one, main cursor in V and thresholds (L - 1,) in V."""
        count = len(levels)
        total = 0.0
        for e in range(count - 1):
            total += float(self.above(e, decision[e] - levels[e] * main))
            total += float(self.above(count - 2 - e, levels[e + 1] * main - decision[e]))
        return total / count
