"""What `sirf.reach` returns: the longest length that meets a limit, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sirf._display import frame, html_table, table
from sirf.study.length_search import TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Longest length in mm that meets the limit.

    None where even the shortest length misses it. `limited_by` is the impairment of which 3 dB less helps most at that length,
    `limited_next` the runner-up (of a fibre: loss or dispersion), or a sentence where no limit was met with; `gained_decades`
    the decades of the error ratio that 3 dB less of each regains (of a fibre `gained_db`: the dB that each costs). Up to the
    reach lengths meet, from `tolerance`, relative, above it they miss, and between they meet or miss by chance. `curve` lists
    (length_mm, value of the limited figure, loss in dB) of every length tried, ascending; the figure of a mask is the eye over
    it, which must be 1. `medium` is what has the length.
    """

    path: str
    standard: str | None
    limit: tuple[str, float | tuple[float, float]]
    reach_mm: float | None
    limited_by: str
    curve: tuple[tuple[float, float, float], ...]
    data_rate: float | None = None
    limited_next: str | None = None
    gained_decades: dict[str, float] = field(default_factory=dict)
    gained_db: dict[str, float] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    medium: Literal["copper", "fibre"] = "copper"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        name, bound = self.limit
        return {
            "path": self.path,
            "standard": self.standard,
            "data_rate": self.data_rate,
            # as they are in JSON
            "medium": self.medium,
            "limit": {name: list(bound) if isinstance(bound, tuple) else bound},
            "reach_mm": self.reach_mm,
            "limited_by": self.limited_by,
            "limited_next": self.limited_next,
            "tolerance": self.tolerance,
            "gained_decades": dict(self.gained_decades),
            "gained_db": dict(self.gained_db),
            "curve": [{"length_mm": n, name: value, "insertion_loss_db": loss} for n, value, loss in self.curve],
        }

    def to_pandas(self) -> Any:
        """One row for each length tried: length in mm, the limited figure, loss in dB."""
        return frame(self.to_dict()["curve"])

    def __repr__(self) -> str:
        """One line."""
        return f"Reach({self._title()}: {self._length()}, limited by {self.limited_by})"

    def __str__(self) -> str:
        """A small table."""
        return table(f"reach of {self._title()}: {self._length()}", self._rows())

    def _repr_html_(self) -> str:
        return html_table(f"reach of {self._title()}: {self._length()}", self._rows())

    def _title(self) -> str:
        name, bound = self.limit
        wanted = " x ".join(f"{part:g}" for part in bound) if isinstance(bound, tuple) else f"{bound:g}"
        rate = "" if self.data_rate is None else f" at {self.data_rate / 1e9:g} Gb/s"
        under = "" if self.standard is None else f" under {self.standard}"
        return f"{self.path}{rate}{under} with {name} {wanted}"

    def _length(self) -> str:
        if self.reach_mm is None:
            return "none"
        # fibre in metres, copper in millimetres
        return f"{1e-3 * self.reach_mm:.0f} m" if self.medium == "fibre" else f"{self.reach_mm:.0f} mm"

    def _rows(self) -> Sequence[tuple[str, str]]:
        costs = ((f"cost of {name}", f"{cost:.1f} dB") for name, cost in self.gained_db.items())
        gains = ((f"3 dB less {name}", f"{gain:.2f} decades") for name, gain in self.gained_decades.items())
        return [("found as", self._found()), ("limited by", self.limited_by), *gains, *costs]

    def _found(self) -> str:
        """What the lengths about the reach do."""
        if self.reach_mm is None:
            return "the shortest length misses"
        # a search that ran out of lengths saw none that misses
        if all(length <= self.reach_mm for length, _, _ in self.curve):
            return "all lengths meet"
        return f"lengths up to it meet, those {100.0 * self.tolerance:.2g} % longer miss"
