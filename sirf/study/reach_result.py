"""What `sirf.reach` returns: the longest length that meets a limit, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sirf.results.display import html_table, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Longest length in mm that meets the limit.

    None where even the shortest length misses it. `limited_by` is the impairment that costs most at that length: loss,
    reflection, crosstalk, noise or jitter (of a fibre: loss or dispersion), or a sentence where no limit was met with;
    `gained_db` the dB of margin that come back without each. `curve` lists (length_mm, value of the limited figure, loss in dB)
    of every length tried, ascending; the figure of a mask is the eye over it, which must be 1. `medium` is what has the length.
    """

    path: str
    standard: str | None
    limit: tuple[str, float | tuple[float, float]]
    reach_mm: float | None
    limited_by: str
    curve: tuple[tuple[float, float, float], ...]
    data_rate: float | None = None
    gained_db: dict[str, float] = field(default_factory=dict)
    medium: Literal["copper", "fibre"] = "copper"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        name, bound = self.limit
        return {
            "path": self.path, "standard": self.standard, "data_rate": self.data_rate, "medium": self.medium,
            "limit": {name: list(bound) if isinstance(bound, tuple) else bound}, "reach_mm": self.reach_mm,
            "limited_by": self.limited_by, "gained_db": dict(self.gained_db),
            "curve": [{"length_mm": n, name: value, "insertion_loss_db": loss} for n, value, loss in self.curve],
        }  # fmt: skip

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
        return f"{1e-3 * self.reach_mm:.0f} m" if self.medium == "fibre" else f"{self.reach_mm:.0f} mm"

    def _rows(self) -> Sequence[tuple[str, str]]:
        gains = ((f"margin without {name}", f"{gain:+.1f} dB") for name, gain in self.gained_db.items())
        return [("limited by", self.limited_by), *gains]
