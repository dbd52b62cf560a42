"""What the register says of a figure, and how its values are printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sirf.study.measurement import Measurement
from sirf.system.port import Range

Table: TypeAlias = Literal["margin", "cost", "none"]
"""Which table of a comparison shows a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the way from host to host.

    `name` is its key in JSON and as a limit, `title` says it in words, `heading` stands over a column. `compute` derives it from
    a measurement (None where it has no meaning); figures of cost give a `Range`. `show` makes text of a value. `more_is_better`
    is the direction of limits, `dead` the value of a link on which nothing arrives. `ratio` marks error ratios, which are drawn
    and interpolated in their logarithm; `banded` figures whose least and greatest value over the inputs' ranges a comparison
    gives; `limitable` those that reach can be held to; `table` is the table of a comparison that shows it.
    """

    name: str
    title: str
    heading: str
    unit: str
    more_is_better: bool
    compute: Callable[[Measurement], float | Range | None]
    show: Callable[[float], str]
    dead: float
    ratio: bool = False
    banded: bool = False
    limitable: bool = False
    table: Table = "none"

    @property
    def label(self) -> str:
        """Title with unit, for axes."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def value(self, measurement: Measurement) -> float | None:
        """The figure of a measurement, the typical value of one with a range; None where it has no meaning."""
        found = self.compute(measurement)
        return found.value if isinstance(found, Range) else found

    def text(self, value: float | Range | None) -> str:
        """A value as it is printed, with its range where it has one."""
        if value is None:
            return "-"
        if isinstance(value, Range):
            return f"{self.show(value.value)} ({self.show(value.low)}-{self.show(value.high)})"
        return self.show(value)


def decimals(count: int) -> Callable[[float], str]:
    """Make what formats a number with a fixed count of decimals."""
    return lambda value: f"{value:.{count}f}"


def significant(value: float) -> str:
    """Text with two significant digits, whole from 100 on.

    >>> significant(0.0712), significant(1234.4)
    ('0.071', '1234')
    """
    # two digits until 99.5, which rounds to a whole hundred
    return f"{value:.0f}" if value >= 99.5 else f"{value:.2g}"


def error_ratio(value: float) -> str:
    """Text of an error ratio before correction, down to what the engines resolve."""
    return "<1e-40" if value < 1e-40 else f"{value:.1e}"


def rare_error_ratio(value: float) -> str:
    """Text of an error ratio behind a code, down to what any test could count.

    >>> rare_error_ratio(3.2e-13), rare_error_ratio(1e-30)
    ('3e-13', '<1e-15')
    """
    # 1e15 bits take a lane of 100 Gb/s three hours, and a count of ten errors among them a day
    return "<1e-15" if value < 1e-15 else f"{value:.0e}"
