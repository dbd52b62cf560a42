"""A distribution of interference: tails that keep their digits, quantiles, density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FLOOR = 1e-40
"""Probabilities below this are reported as zero: rounding of the inversion takes over there."""
LOG_FLOOR = float(np.log(FLOOR))


@dataclass(frozen=True, slots=True, eq=False)
class Interference:
    """Upper tails P(x > v) of the interference x given the main symbol's level, and its density.

    `volts` (V,) from 0 up in equal steps; `log_tail` (L, V) the natural logarithm by level index, `LOG_FLOOR` at least; the
    lower tail of level j is the upper tail of level L-1-j.
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
        """P(x > value | level) at any sign of `value`, by cubic interpolation of the logarithm."""
        value = np.asarray(value, dtype=float)
        distance = np.abs(value)
        upper = self._logarithm(level, distance)
        lower = self._logarithm(len(self.log_tail) - 1 - level, distance)
        logarithm = np.where(value >= 0, upper, lower)
        tail = np.where(logarithm > LOG_FLOOR, np.exp(logarithm), 0.0)
        return np.where(value >= 0, tail, 1.0 - tail)

    def quantile(self, level: int, probability: float) -> float:
        """The value v with P(x > v | level) = probability (below 0.5), V; 0 where even P(x > 0 | level) is smaller."""
        tail, wanted = self.log_tail[level], float(np.log(probability))
        if tail[0] <= wanted:
            return 0.0
        # the tail falls: the first voltage at or below the wanted probability ends the step that holds the quantile
        last = len(tail) - int(np.searchsorted(tail[::-1], wanted, side="right"))
        if last >= len(tail):
            return float(self.volts[-1])
        first = min(max(last - 2, 0), len(tail) - 4)
        nodes = [float(value) for value in tail[first : first + 4]]
        low, high = float(last - 1 - first), float(last - first)
        if nodes[3] <= LOG_FLOOR:
            upper, lower = float(tail[last - 1]), float(tail[last])
            return (last - 1 + (upper - wanted) / (upper - lower)) * float(self.volts[1])
        for _ in range(40):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _cubic(nodes, middle) > wanted else (low, middle)
        return (first + 0.5 * (low + high)) * float(self.volts[1])

    def error_ratio(self, levels: Float, main: float, decision: Float) -> float:
        """Symbol error ratio with `levels` (L,) relative to the outer one, main cursor in V and thresholds (L - 1,) in V."""
        count = len(levels)
        total = 0.0
        for e in range(count - 1):
            total += float(self.above(e, decision[e] - levels[e] * main))
            total += float(self.above(count - 2 - e, levels[e + 1] * main - decision[e]))
        return total / count

    def _logarithm(self, level: int, distance: Float) -> Float:
        """log P(x > distance | level) through the four nearest points; straight where the floor is near."""
        tail = self.log_tail[level]
        where = distance / self.volts[1]
        index = np.clip(where.astype(np.int64), 0, len(tail) - 2)
        part = np.minimum(where - index, 1.0)
        first = np.clip(index - 1, 0, len(tail) - 4)
        nodes = [tail[first + step] for step in range(4)]
        straight = tail[index] + part * (tail[index + 1] - tail[index])
        near_floor = (nodes[3] <= LOG_FLOOR) | (where > len(tail) - 1)
        return np.asarray(np.where(near_floor, straight, _cubic(nodes, where - first)))


def _cubic(nodes: Sequence[Any], x: Any) -> Any:
    """Lagrange's cubic through `nodes` at 0, 1, 2 and 3."""
    a, b, c, d = nodes
    return (
        -a * (x - 1) * (x - 2) * (x - 3) / 6
        + b * x * (x - 2) * (x - 3) / 2
        - c * x * (x - 1) * (x - 3) / 2
        + d * x * (x - 1) * (x - 2) / 6
    )
