"""Reach of an architecture under a rule of several limits, and inside the loss and length budget of its interface."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sirf.channel.path import Device, Path
from sirf.presets import load
from sirf.study.com_length import ComLength
from sirf.study.length_search import (
    MAX_LENGTH,
    MIN_LENGTH,
    STRIDE,
    TOLERANCE,
    longest_length,
)
from sirf.study.limits import Limit
from sirf.study.measurement import Measurement
from sirf.study.ratio_length import RatioLength, Settings
from sirf.study.rule import Rule
from sirf.study.sections import path_of
from sirf.study.subject import ArchitectureSubject
from sirf.system.architecture import Budget, Plane

RANGE = "range of the search"
LOSS_BUDGET, LENGTH_BUDGET = "loss budget", "length budget"
CONFIRMING_STRIDE = 2.0
"""Ratio of the lengths at which error ratios are asked for up to where COM has ended the row: below that they seldom miss."""
BUDGET_STEP = 1.05
"""Ratio of neighbouring lengths at which the loss is held against its budget: reflections make it ripple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledReach:
    """Reach in m by physics (`length_m`) and inside the interface's budget (`budget_m`); None where none was found.

    `limit` is the figure that ends the one, `bound_by` what ends the other: a figure's name, "loss budget", "length budget" or
    "range of the search". Up to the reach lengths meet; from the `tolerance`, relative, above it they miss; between they meet or
    miss by chance (`sirf.study.length_search.steady_length`). `settings` are those at the reach of links that drive curves;
    `fall` is how far an error ratio's margin falls there over a length e times as long.
    """

    length_m: float | None
    limit: str
    budget_m: float | None
    bound_by: str
    tolerance: float
    settings: Settings = field(default_factory=dict, repr=False)
    fall: float | None = field(default=None, repr=False)


def ruled_reach(
    subject: ArchitectureSubject,
    rule: Rule,
    *,
    start: float | None = None,
    stride: float = STRIDE,
    descent: float = 2.0,
    tolerance: float = TOLERANCE,
    here: Measurement | None = None,
    given: Settings | None = None,
    steady: bool = True,
    fall: float | None = None,
) -> RuledReach:
    """The longest variable segment up to which all limits of the rule are met.

    Each limit is searched up to where the one before has ended. COM comes first, as `ComLength` searches it: it ends nearly
    every row that has one, and the error ratios are then asked for at few lengths, `CONFIRMING_STRIDE` apart. `here` is
    what is measured already at the architecture's own length. `start` in m is that length by default; from there lengths go up
    by `stride` or down by `descent`. `given` settings are tried at every length; with `steady` off an error ratio's crossing is
    one of single lengths, found sooner where its `fall` is about known.
    """
    first = subject.length_m if start is None else start
    # what is measured at another length is no help
    if first != subject.length_m:
        here = None
    length: float | None = MAX_LENGTH
    bound_by, found_within = RANGE, tolerance
    settings: Settings = {}
    found_fall: float | None = None
    sections = subject.sections(first) if here is None else here.sections
    # False sorts before True: COM first
    for limit in sorted(rule.applying(sections), key=lambda one: one.name != "com_db"):
        assert length is not None
        if limit.name == "com_db":
            low, high = ComLength(subject, limit, here).longest(first, stride=stride, tolerance=tolerance)
        else:
            ratios = RatioLength(subject, limit, here, given)
            low, high = ratios.longest(
                min(first, length),
                between=(MIN_LENGTH, length),
                # up to where COM has ended, margins seldom miss: larger strides
                stride=stride if length == MAX_LENGTH else CONFIRMING_STRIDE,
                descent=descent,
                tolerance=tolerance,
                known=_known_margin(limit, here, first),
                steady=steady,
                fall=fall,
            )
            # those of the longest length that meets
            settings = ratios.settings(low)
            found_fall = ratios.fall(low)
        # ended by this limit: at no length, or below the length up to which the ones before are met
        if low is None or high is not None:
            length, bound_by = low, limit.name
            found_within = tolerance if low is None or high is None else high / low - 1.0
        if length is None:
            break
    budget, cause = budget_length(subject)
    # a budget beyond the physical reach ends nothing
    if length is None or budget is None or budget >= length:
        budget, cause = length, bound_by
    return RuledReach(
        length_m=length,
        limit=bound_by,
        budget_m=budget,
        bound_by=cause,
        tolerance=found_within,
        settings=settings,
        fall=found_fall,
    )


def _known_margin(limit: Limit, here: Measurement | None, length: float) -> dict[float, float]:
    """The margin of an error ratio that is measured already; other figures depend on what an eye is asked for."""
    # errors are counted behind the limit's own code
    if here is None or not limit.figure.ratio or limit.code != here.code:
        return {}
    return {length: limit.margin(limit.value(here))}


def budget_length(subject: ArchitectureSubject) -> tuple[float | None, str]:
    """(longest variable segment in m inside the interface's loss and length budget, which of them ends it).

    None where the interface states no budget, or its loss is above it at any length. Budgets hold for nominal copper, whatever
    the subject's inputs are.
    """
    interface = subject.architecture.at(subject.data_rate)
    if interface.budget is None:
        return None, RANGE
    path = path_of(subject.architecture, subject.data_rate)
    return _length_within(interface.budget, path, load(interface.standard).symbol_rate)


# rows on the same copper have one budget, and so has each at the ends of its inputs' ranges
@lru_cache(maxsize=8)
def _length_within(budget: Budget, path: Path, symbol_rate: float) -> tuple[float | None, str]:
    # a length budget ends the search for the loss
    longest, cause = (MAX_LENGTH, RANGE) if budget.length_m is None else (budget.length_m, LENGTH_BUDGET)
    if budget.loss_db is None:
        return longest, cause
    nyquist = 0.5 * symbol_rate
    # a name of its own: in the lambda the type checker no longer knows that the budget's is not None
    allowed = budget.loss_db
    low, high = longest_length(
        lambda length: allowed - budget_loss_db(path.with_length(length), budget, nyquist),
        # the path's own length may lie beyond the budget's
        min(path.trace_length_m, longest),
        between=(MIN_LENGTH, longest),
        stride=BUDGET_STEP,
        # a tenth of a percent: loss of a path is cheap to ask for
        tolerance=1e-3,
    )
    # high is a length that loses too much
    return (low, LOSS_BUDGET) if high is not None else (longest, cause)


def budget_loss_db(path: Path, budget: Budget | None, frequency: float) -> float:
    """Loss in dB of a path at `frequency` in Hz between the planes of a budget, from die to die without one."""
    inner = path if budget is None else between_planes(path, budget.plane)
    return float(inner.insertion_loss_db(np.array([frequency]))[0])


def between_planes(path: Path, plane: Plane) -> Path:
    """The path from die to die, from bump to bump (without die terminations), or from ball to ball (without packages too).

    A substrate that is the path's variable segment is the channel itself and stays.
    """
    if plane == "die":
        return path

    def stays(segment_name: str, element: object) -> bool:
        if segment_name == path.variable or not isinstance(element, Device):
            return True
        # a device without lines is a bare die: beyond the bump there is nothing of it
        return plane == "bump" and bool(element.package.lines)

    kept = tuple(segment for segment in path.segments if stays(segment.name, segment.element))
    return dataclasses.replace(path, segments=kept)
