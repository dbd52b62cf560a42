"""Uncertainty of reach: the band that random inputs give, where corners take all at once, and which inputs carry it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf._arrays import Float
from sirf.presets import load
from sirf.study.limits import Limit
from sirf.study.ratio_length import RatioLength
from sirf.study.rule import Rule
from sirf.study.ruled_reach import RuledReach, budget_loss_db
from sirf.study.sections import path_of
from sirf.study.subject import ArchitectureSubject
from sirf.study.sweep.distributions import Distribution
from sirf.system.corners import Corner, End, corner, ranges

SAMPLES = 20_000
"""Random sets of inputs: the ends of the band to a per cent of its width."""
# nine of ten sets of inputs lie between; the ends of all ranges at once are the corners (`sirf.system.corners`)
LOW, HIGH = 0.05, 0.95
"""Quantiles that the band runs between."""
SHORTER = 0.9
"""Length over the reach at which the slope of the margin is taken."""
MAX_SHIFT = math.log(4.0)
"""Largest shift of the logarithm of reach that one input is believed to make to first order."""


@dataclass(frozen=True, slots=True)
class InputShare:
    """What one input does to reach: its length in mm with the input at the worst and at the best end of its range."""

    name: str
    worst_mm: float
    best_mm: float

    @property
    def width_mm(self) -> float:
        """Distance of both."""
        return abs(self.best_mm - self.worst_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachUncertainty:
    """Reach in mm that 5 % and 95 % of random inputs fall below, and the `inputs` that carry it, the widest first."""

    low_mm: float
    high_mm: float
    inputs: tuple[InputShare, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "low_mm": self.low_mm,
            "high_mm": self.high_mm,
            "inputs": [{"name": one.name, "worst_mm": one.worst_mm, "best_mm": one.best_mm} for one in self.inputs],
        }


def reach_uncertainty(
    subject: ArchitectureSubject, rule: Rule, found: RuledReach, *, rng: int = 1
) -> ReachUncertainty | None:
    """One input after the other at both ends of its range, then all at random; None where there is no reach.

    Each end's shift of the binding limit's margin at the reach becomes a shift of length by the slope of the margin there; under
    COM, copper's temperature alone shifts it, by the length of equal loss. Inputs are drawn independently from triangular
    distributions over their ranges, most likely at nominal, and their shifts (a parabola through both ends and nominal) add up
    in the logarithm of length: a first-order estimate. `low_mm` is below nominal for what can only get worse.
    """
    if found.length_m is None:
        return None
    shifts = _shifts(subject, rule, found)
    # a seed by default: the band of a report is the same when the report is made again
    generator = np.random.default_rng(rng)
    total = np.zeros(SAMPLES)
    # independent inputs: their shifts add up in the logarithm of length
    for worst, best in shifts.values():
        total += _drawn(worst, best, generator)
    low, high = np.quantile(total, [LOW, HIGH])
    length = 1e3 * found.length_m
    shares = (
        InputShare(name, length * math.exp(worst), length * math.exp(best)) for name, (worst, best) in shifts.items()
    )
    return ReachUncertainty(
        low_mm=length * math.exp(float(low)),
        high_mm=length * math.exp(float(high)),
        # the widest first, as a tornado is drawn
        inputs=tuple(sorted(shares, key=lambda one: -one.width_mm)),
    )


def _shifts(subject: ArchitectureSubject, rule: Rule, found: RuledReach) -> dict[str, tuple[float, float]]:
    """(worst, best) shift of the logarithm of reach by each input that has one."""
    length = found.length_m
    assert length is not None
    if found.limit == "com_db":
        ends = (_equal_loss_shift(subject, length, end) for end in ("worst", "best"))
        first, last = ends
        return {"copper_temperature_c": (first, last)}
    limit = next((one for one in rule.limits if one.name == found.limit), None)
    if limit is None:
        # the range of the search ends it, which no input moves
        return {}
    here, shorter = (
        RatioLength(subject, limit, given=found.settings).margin(one) for one in (length, SHORTER * length)
    )
    # margin per e-fold of length; the floor keeps a margin that does not fall with length from dividing by zero
    slope = max((shorter - here) / -math.log(SHORTER), 1e-6)
    # laser, fibre and receiver have ranges as well, which move nothing in a row of copper
    lit = "optics" in subject.architecture.blocks
    names = [name for name, *_ in ranges() if lit or name == "copper_temperature_c"]
    return {
        name: tuple(_shift(subject, limit, found, name, end, here, slope) for end in ("worst", "best"))  # type: ignore[misc]
        for name in names
    }


def _shift(
    subject: ArchitectureSubject, limit: Limit, found: RuledReach, name: str, end: End, here: float, slope: float
) -> float:
    assert found.length_m is not None
    # this input at its end, all others nominal
    one = Corner(**{name: getattr(corner(end), name)})
    moved = dataclasses.replace(subject, inputs=one)
    there = RatioLength(moved, limit, given=found.settings).margin(found.length_m)
    # far beyond the slope's neighbourhood a straight line promises any length: it is cut
    return float(np.clip((there - here) / slope, -MAX_SHIFT, MAX_SHIFT))


def _equal_loss_shift(subject: ArchitectureSubject, length: float, end: End) -> float:
    inputs = Corner(copper_temperature_c=corner(end).copper_temperature_c)
    return math.log(length_of_equal_loss(subject, length, inputs) / length)


def length_of_equal_loss(subject: ArchitectureSubject, length: float, inputs: Corner) -> float:
    """Length in m at which copper with `inputs` loses as much as nominal copper of `length` m, at half the symbol rate."""
    nyquist = 0.5 * load(subject.architecture.at(subject.data_rate).standard).symbol_rate

    def slope(changed: Corner | None) -> float:
        """Loss in dB per m between lengths far enough apart for reflections to average out."""
        path = path_of(subject.architecture, subject.data_rate, inputs=changed)
        first, last = (budget_loss_db(path.with_length(one * length), None, nyquist) for one in (0.5, 1.5))
        return (last - first) / length

    # the whole's loss includes packages and joints, which do not grow: lengths go by the line's own loss per metre
    return length * slope(None) / slope(inputs)


def _drawn(worst: float, best: float, generator: np.random.Generator) -> Float:
    """Shifts (SAMPLES,) for an input that is at its worst at -1, nominal at 0 and at its best at 1."""
    place = Distribution(shape="triangular", middle=0.0, low=-1.0, high=1.0).quantile(generator.random(SAMPLES))
    # the parabola through (-1, worst), (0, 0) and (1, best)
    return np.asarray(0.5 * (best - worst) * place + 0.5 * (best + worst) * place**2)
