"""A distribution of interference: tails that keep their digits, quantiles, density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float, Integer
from sirf.results.tail_lookup import logarithm_at, logarithms_at, probabilities_beyond
from sirf.signal.pam import level_shares

FLOOR = 1e-40
"""Probabilities below this are reported as zero: rounding of the inversion takes over there."""
LOG_FLOOR = float(np.log(FLOOR))
# 4e-15 of the distance: the threshold is then as exact as the voltages
LAST_STEP = 2.0**-48
"""Last step of the search for a threshold, as part of the distance of two levels."""
BISECTIONS = 48
"""Most steps of a search for a threshold or a quantile."""
SHORTEST_STEP = 1e-12
"""Last step of a search for a quantile, in samples of a tail."""


@dataclass(frozen=True, slots=True, eq=False)
class Interference:
    """Tails P(x > v) and P(x < -v) of the interference x given the main symbol's level, and its density.

    `volts` (V,) from 0 up in equal steps; `log_tail` (L, V) the natural logarithm by level index, `LOG_FLOOR` at least;
    `density` (L, V) in 1/V on the same grid. `lower_log_tail` and `lower_density` (L, V) are those of P(x < -v); by default
    the upper ones of the mirror level L-1-j, as of all interference but duty-cycle distortion. Tails hold down to the
    probability `resolved`; below it rounding may outweigh them.
    """

    volts: Float
    log_tail: Float
    density: Float
    lower_log_tail: Float = None  # type: ignore[assignment]  # filled in below
    lower_density: Float = None  # type: ignore[assignment]  # filled in below
    resolved: float = 0.0

    def __post_init__(self) -> None:
        """Fill in lower tails that are not given: the mirror image of the upper ones."""
        if self.lower_log_tail is None:
            object.__setattr__(self, "lower_log_tail", self.log_tail[::-1])
        if self.lower_density is None:
            object.__setattr__(self, "lower_density", self.density[::-1])

    def continued(self, deeper: Interference, probability: float) -> Interference:
        """This distribution where its tails exceed `probability`, and `deeper` beyond, on the grid of `deeper`."""
        seam = float(np.log(probability))
        volts = deeper.volts
        places = volts * self._scale

        def joined(tail: Float, density: Float, far: Float, far_density: Float) -> tuple[Float, Float]:
            # on the grid of the deeper one, by the cubic that all questions about a tail use
            near = np.full((len(tail), len(volts)), LOG_FLOOR)
            # most of that grid lies behind the last sample above the seam, where the deeper one is asked
            within = places <= np.flatnonzero((tail >= seam).any(axis=0)).max(initial=0) + 1
            near[:, within] = logarithms_at(tail, slice(None), places[within], LOG_FLOOR)
            # from the first voltage on at which the tail has fallen that low
            beyond = np.logical_or.accumulate(near < seam, axis=1)
            near_density = np.array([np.interp(volts, self.volts, row, right=0.0) for row in density])
            # a seam must not rise: a tail falls
            whole = np.minimum.accumulate(np.where(beyond, far, near), axis=1)
            return whole, np.where(beyond, far_density, near_density)

        upper = joined(self.log_tail, self.density, deeper.log_tail, deeper.density)
        lower = joined(self.lower_log_tail, self.lower_density, deeper.lower_log_tail, deeper.lower_density)
        return Interference(volts, upper[0], upper[1], lower[0], lower[1])

    def multiplied(self, upper: Float, lower: Float) -> Interference:
        """This distribution with P(x > v) and P(x < -v) multiplied by factors whose logarithms (L, V) are given."""

        def times(log_tail: Float, logarithm: Float) -> Float:
            # zero stays zero, whatever it is multiplied with
            found = np.where(log_tail > LOG_FLOOR, log_tail + logarithm, LOG_FLOOR)
            # a probability falls with the voltage, and is never above one
            return np.clip(np.minimum.accumulate(found, axis=1), LOG_FLOOR, 0.0)

        return replace(
            self,
            log_tail=times(self.log_tail, upper),
            density=self.density * np.exp(upper),
            lower_log_tail=times(self.lower_log_tail, lower),
            lower_density=self.lower_density * np.exp(lower),
        )

    @property
    def tail(self) -> Float:
        """P(x > v | level), (L, V); 0 below `FLOOR`."""
        return np.where(self.log_tail > LOG_FLOOR, np.exp(self.log_tail), 0.0)

    def above(self, level: Integer | int, value: Float | float) -> Float:
        """P(x > value | level) at any sign of `value`, by cubic interpolation of the logarithm."""
        return self.beyond(True, level, value)

    def below(self, level: Integer | int, value: Float | float) -> Float:
        """P(x < -value | level) at any sign of `value`."""
        return self.beyond(False, level, value)

    def beyond(self, upward: NDArray[np.bool_] | bool, level: NDArray[np.int64] | int, value: Float | float) -> Float:
        """P(x > value | level) where `upward`, P(x < -value | level) elsewhere; the arguments are broadcast to one shape."""
        where = np.asarray(level), np.asarray(value, dtype=float)
        return probabilities_beyond(
            self.log_tail, self.lower_log_tail, self._scale, np.asarray(upward), *where, LOG_FLOOR
        )

    def quantile(self, level: int, probability: float) -> float:
        """The v with P(x > v | level) = probability (below 0.5), V; 0 where even P(x > 0 | level) is smaller."""
        return self._quantile(self.log_tail[level], probability)

    def lower_quantile(self, level: int, probability: float) -> float:
        """The v with P(x < -v | level) = probability (below 0.5), V; 0 where even P(x < 0 | level) is smaller."""
        return self._quantile(self.lower_log_tail[level], probability)

    def error_ratio(self, levels: Float, main: float, decision: Float) -> float:
        """Symbol error ratio with `levels` (L,) relative to the outer one, main cursor in V and thresholds (L - 1,) in V."""
        # every threshold is passed from below by the level under it and from above by the one over it, each counted
        # from its own mean
        low, high = levels[:-1] * main, levels[1:] * main
        lower = np.arange(len(levels) - 1)
        upward = np.array([[True], [False]])
        sent = np.stack([lower, lower + 1])
        each = self.beyond(upward, sent, np.stack([decision - low, high - decision]))
        return float(np.sum(each * level_shares(len(levels))[sent]))

    def error_ratios(self, levels: Float, main: float, decisions: Float) -> Float:
        """`error_ratio` (...) of many sets of thresholds (..., L - 1) in V at once."""
        lower = np.arange(len(levels) - 1)
        upward = np.array([[True], [False]])
        sent = np.stack([lower, lower + 1])
        distances = np.stack([decisions - levels[:-1] * main, levels[1:] * main - decisions], axis=-2)
        return np.asarray(np.sum(self.beyond(upward, sent, distances) * level_shares(len(levels))[sent], axis=(-2, -1)))

    def balanced_thresholds(self, levels: Float, main: float) -> Float:
        """Thresholds (L - 1,) in V at which either neighbour is mistaken for the other as often; arguments as `error_ratio`.

        Both tails have one value there, so the threshold lies inside the eye's contour at every error ratio at which it is open.
        Half way between the levels where both tails are lost in rounding there.
        """
        return np.array([self._balanced(e, levels[e : e + 2] * main) for e in range(len(levels) - 1)])

    def _balanced(self, level: int, volts: Float) -> float:
        """The threshold above a level, in V; `volts` (2,) are the level and the one above it."""
        low, high = (float(each) for each in volts)
        # as far as one level lies from the other, with all that a cubic there goes through
        reach = int((high - low) * self._scale) + 5
        tail_above, tail_below = self.log_tail[level, :reach].tolist(), self.lower_log_tail[level + 1, :reach].tolist()

        def excess(place: float) -> float:
            # by the logarithm: both tails may lie far below what a difference of numbers can hold
            upper = logarithm_at(tail_above, (place - low) * self._scale, LOG_FLOOR)
            return upper - logarithm_at(tail_below, (high - place) * self._scale, LOG_FLOOR)

        # where it is positive the tail from below is still the larger: the threshold lies further up
        ends, values, stayed = [low, high], [excess(low), excess(high)], -1
        place = 0.5 * (low + high)
        for _ in range(BISECTIONS):
            here = excess(place)
            # both lost: every place is as good, and half way is where the levels want it
            if here == 0.0:
                break
            moved, other = (0, 1) if here > 0.0 else (1, 0)
            ends[moved], values[moved] = place, here
            # an end that stays a second time counts half, so that the line finds the other side of the threshold
            if stayed == other:
                values[other] *= 0.5
            before, stayed = place, other
            place = ends[0] + (ends[1] - ends[0]) * values[0] / (values[0] - values[1])
            if abs(place - before) <= LAST_STEP * (high - low):
                break
        return place

    def _quantile(self, tail: Float, probability: float) -> float:
        wanted = float(np.log(probability))
        if tail[0] <= wanted:
            return 0.0
        # the tail falls: the first voltage at or below the wanted probability ends the step that holds the quantile
        last = len(tail) - int(np.searchsorted(tail[::-1], wanted, side="right"))
        # beyond the grid: the last voltage is a lower bound
        if last >= len(tail):
            return float(self.volts[-1])
        # four nodes about the step, moved inwards at the ends
        first = min(max(last - 2, 0), len(tail) - 4)
        nodes = [float(value) for value in tail[first : first + 4]]
        low, high = float(last - 1 - first), float(last - first)
        # the logarithm is cut off there: a cubic through the cut would swing
        if nodes[3] <= LOG_FLOOR:
            upper, lower = float(tail[last - 1]), float(tail[last])
            return (last - 1 + (upper - wanted) / (upper - lower)) * float(self.volts[1])
        return (first + _falling_through(nodes, wanted, low, high)) * float(self.volts[1])

    @property
    def _scale(self) -> float:
        """Samples of the tails a volt."""
        return 1.0 / float(self.volts[1])


def _falling_through(nodes: Sequence[float], wanted: float, low: float, high: float) -> float:
    """Where the cubic through `nodes` at 0, 1, 2 and 3 falls through `wanted` between `low` and `high`, by Newton's rule.

    A step that leaves the bracket is a halving instead.
    """
    a, b, c, d = nodes
    bend, third = c - 2.0 * b + a, d - 3.0 * (c - b) - a
    first, second, last = b - a - 0.5 * bend + third / 3.0, 0.5 * (bend - third), third / 6.0
    x = 0.5 * (low + high)
    for _ in range(BISECTIONS):
        above = a + x * (first + x * (second + x * last)) - wanted
        low, high = (x, high) if above > 0.0 else (low, x)
        # a tail that does not fall here has no root by Newton: the interval is halved
        slope = first + x * (2.0 * second + 3.0 * last * x)
        # 'low' is no step inside the bracket, so that the next line halves
        step = x - above / slope if slope < 0.0 else low
        step = step if low < step < high else 0.5 * (low + high)
        if abs(step - x) < SHORTEST_STEP:
            return step
        x = step
    return x
