"""Limits that a figure is held to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sirf import fec
from sirf.errors import SirfError, shown
from sirf.study.figure import Figure
from sirf.study.figures import FIGURES, LIMITABLE, value_of
from sirf.study.measurement import CODE, Measurement
from sirf.study.subject import Subject

# near the least number that a float holds with all of its digits
MIN_RATIO = 1e-300
"""Error ratios below count as it in margins."""
OPENINGS = ("eye_height_mv", "eye_width_ui")
"""Figures that are zero where an eye is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A figure by name and what it is held to; for a mask `bound` is (height in mV, width in UI). `code` decodes."""

    name: str
    bound: float | tuple[float, float]
    code: str = CODE

    @property
    def figure(self) -> Figure:
        """The registered figure that the limit bounds."""
        return FIGURES[self.name]

    @property
    def level(self) -> float:
        """The number that values are held against: 1 for a mask."""
        return 1.0 if isinstance(self.bound, tuple) else self.bound

    @property
    def mask(self) -> tuple[float, float] | None:
        """(height in mV, width in UI) of a mask."""
        return self.bound if isinstance(self.bound, tuple) else None

    def meets(self, value: float) -> bool:
        """Whether a value of the figure meets the limit."""
        return value >= self.level if self.figure.more_is_better else value <= self.level

    def margin(self, value: float) -> float:
        """By how much a value meets the limit, negative where it misses: decades of an error ratio, else units of the figure."""
        # decades of an error ratio: half of it is as far as twice it
        if self.figure.ratio:
            # a ratio of zero has no logarithm
            return math.log10(self.level) - math.log10(max(value, MIN_RATIO))
        return value - self.level if self.figure.more_is_better else self.level - value

    def measurement(self, subject: Subject, length: float) -> Measurement:
        """What is measured of a subject at a length in m, under the limit's code and mask."""
        return subject.measurement(length, code=self.code, mask=self.mask)

    def value(self, measurement: Measurement) -> float:
        """The limited figure."""
        return value_of(self.name, measurement)


def limit_of(given: Mapping[str, Any] | None, *, ber: float, code: str = CODE) -> Limit:
    """The one limit of a mapping from the name of a limitable figure to its bound; None stands for at most `ber`.

    Raises `SirfError` for another name, more than one, or a bound out of range, `ConfigError` for an unknown `code`.
    """
    if given is not None and not isinstance(given, Mapping):
        raise SirfError(
            f"limit must say what it limits, got {shown(given)}. Write for example {{'ber': 1e-6}} or {{'com_db': 3}}."
        )
    # one limit: several would need a rule
    chosen = {"ber": ber} if given is None else dict(given)
    if len(chosen) != 1 or next(iter(chosen)) not in LIMITABLE:
        raise SirfError(
            f"limit must hold one of {', '.join(LIMITABLE)}, got {chosen}. Use for example {{'ber': 1e-6}}."
        )
    name, bound = next(iter(chosen.items()))
    if FIGURES[name].ratio:
        # an unknown code is refused before any work
        fec.load(code)
    return Limit(name=name, bound=_mask(bound) if name == "eye_mask" else _number(name, bound), code=code)


def _number(name: str, bound: Any) -> float:
    value = float(bound) if isinstance(bound, (int, float)) else float("nan")
    if FIGURES[name].ratio and not 0.0 < value < 0.5:
        raise SirfError(f"limit of {name} must be between 0 and 0.5, got {bound!r}. Use for example 1e-6.")
    # a closed eye has neither height nor width: at most zero, every length would meet
    if name in OPENINGS and value <= 0.0:
        raise SirfError(f"limit of {name} must be positive, got {bound!r}. Give what the eye has to be open by.")
    if not abs(value) < float("inf"):
        # not-a-number fails the comparison
        raise SirfError(f"limit of {name} must be a finite number, got {bound!r}. Give one in its unit.")
    return value


def _mask(bound: Any) -> tuple[float, float]:
    try:
        height, width = (float(part) for part in bound)
    except (TypeError, ValueError):
        height = width = 0.0
    if not (0.0 < height < float("inf") and 0.0 < width < 1.0):
        raise SirfError(
            f"limit of eye_mask must be a positive height in mV and a width between 0 and 1 UI, got {bound!r}. "
            "Give a pair such as (10, 0.1)."
        )
    return height, width
