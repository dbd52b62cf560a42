"""Error ratios of links in series that each send their decisions again: composed, and as a run counted them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sirf.results.error_count import ErrorCount

if TYPE_CHECKING:
    from sirf.link import Link

_HALF = 0.5 - 1e-16  # below a half: the logarithm of 1 - 2 p must stay finite


def composed_error_ratio(error_ratios: Sequence[float]) -> float:
    """Bit error ratio of segments in series that each send their decisions again: (1 - product of (1 - 2 p)) / 2.

    Two errors on one bit cancel; with small ratios they add.

    >>> composed_error_ratio([0.25, 0.5])
    0.5
    """
    # two errors on a bit cancel, hence 1 - 2 p a link; in logarithms, since ratios of 1e-15 would be lost beside one;
    # less zero, so that no error at all is 0.0 and not -0.0
    return 0.0 - 0.5 * math.expm1(math.fsum(math.log1p(-2.0 * min(p, _HALF)) for p in error_ratios))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChainRun:
    """What `sirf.simulate_chain` returns: errors from end to end, and of each link against what it was given.

    All counts are of the same symbols. `segments[i]` compares what `links[i]` decided with what it sent, `end_to_end` what the
    last one decided with what the first one sent.
    """

    links: tuple[Link, ...]
    end_to_end: ErrorCount
    segments: tuple[ErrorCount, ...]
    ideal_feedback: bool

    @property
    def ber(self) -> float:
        """Bit errors / bits from end to end."""
        return self.end_to_end.ber

    @property
    def ser(self) -> float:
        """Symbol errors / symbols from end to end."""
        return self.end_to_end.ser

    @property
    def composed_ber(self) -> float:
        """What `composed_error_ratio` makes of the counted ratios of the segments: independent errors on independent bits."""
        return composed_error_ratio([count.ber for count in self.segments])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the counts from end to end, those of each link in `segments`."""
        return {
            "engine": "chain",
            "ideal_feedback": self.ideal_feedback,
            "composed_ber": self.composed_ber,
            **self.end_to_end.to_dict(),
            "segments": [
                {
                    "standard": link.standard,
                    "symbol_rate": link.symbol_rate,
                    "modulation": link.modulation,
                    "light": link.optics is not None,
                    "insertion_loss_db": link.insertion_loss_db,
                    **count.to_dict(),
                }
                for link, count in zip(self.links, self.segments, strict=True)
            ],
        }

    def __repr__(self) -> str:
        """One line."""
        return f"ChainRun({len(self.links)} links, {self.end_to_end!r}, composed {self.composed_ber:.3e})"

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("Retimed chain", self._rows())

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("Retimed chain", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("symbols", f"{self.end_to_end.symbols:,}"),
            ("bit error ratio from end to end", _ratio(self.end_to_end)),
            ("composed of the links'", f"{self.composed_ber:.3e}"),
            *(
                (f"link {place}", f"{_ratio(count)}  {link!r}")
                for place, (link, count) in enumerate(zip(self.links, self.segments, strict=True), start=1)
            ),
        )


def _ratio(count: ErrorCount) -> str:
    return f"{count.ber:.3e} [{count.ber_low:.3e}, {count.ber_high:.3e}]"
