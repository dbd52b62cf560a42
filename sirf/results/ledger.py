"""Where a Channel Operating Margin goes: the signal, and what each source of interference and noise costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTerm:
    """One source at the slicer: its `name`, its rms in mV, and by how many dB COM would be larger without it.

    The costs of all terms do not add up: distributions convolve, and each cost is taken with all the other terms present.
    """

    name: str
    rms_mv: float
    cost_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginLedger:
    """The margin in parts.

    `signal_mv` is A_s and `interference_mv` A_ni at DER_0; `feedback_com_db` their ratio, COM with decision feedback alone;
    `sequence_gain_db` what sequence detection adds (None: no such detector) and `sequence_note` why that is nothing where it is
    nothing. `ffe_taps` are the receiver FFE's taps by position in UI after the cursor, those that are not zero; `floating` the
    positions of those that float. `clipping_mv` and `step_mv` are the converter's (0: an ideal one).
    """

    signal_mv: float
    interference_mv: float
    feedback_com_db: float
    terms: tuple[LedgerTerm, ...]
    sequence_gain_db: float | None = None
    sequence_note: str = ""
    ffe_taps: Mapping[int, float]
    floating: tuple[int, ...] = ()
    clipping_mv: float = 0.0
    step_mv: float = 0.0

    @property
    def largest(self) -> LedgerTerm:
        """The term without which COM would gain most."""
        # by cost and not by size: a large term may be one that the margin does not feel
        return max(self.terms, key=lambda term: term.cost_db)

    def rows(self) -> list[tuple[str, str]]:
        """The ledger as rows of a table, the most costly term first."""
        rows = [("signal A_s", f"{self.signal_mv:.3f} mV"), ("interference A_ni", f"{self.interference_mv:.3f} mV")]
        # costs are each taken with all others present: they are sorted, for they cannot be summed
        for term in sorted(self.terms, key=lambda term: -term.cost_db):
            rows.append((f"  {term.name}", f"{term.rms_mv:.3f} mV rms, costs {term.cost_db:.2f} dB"))
        largest = self.largest
        rows.append(("most is lost to", f"{largest.name}: without it COM would be {largest.cost_db:.2f} dB larger"))
        rows.append(("COM with feedback alone", f"{self.feedback_com_db:.3f} dB"))
        if self.sequence_gain_db is not None:
            note = f" ({self.sequence_note})" if self.sequence_note else ""
            rows.append(("sequence detection", f"+{self.sequence_gain_db:.3f} dB{note}"))
        # a step of zero is an ideal converter, of which there is nothing to say
        if self.step_mv:
            rows.append(("converter", f"clips at {self.clipping_mv:.2f} mV, step {self.step_mv:.3f} mV"))
        if self.floating:
            rows.append(("floating taps at", " ".join(str(place) for place in self.floating)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "signal_mv": self.signal_mv,
            "interference_mv": self.interference_mv,
            "feedback_com_db": self.feedback_com_db,
            "terms": [{"name": term.name, "rms_mv": term.rms_mv, "cost_db": term.cost_db} for term in self.terms],
            "sequence_gain_db": self.sequence_gain_db,
            "sequence_note": self.sequence_note,
            "ffe_taps": {str(place): tap for place, tap in self.ffe_taps.items()},
            "floating_positions": list(self.floating),
            "clipping_mv": self.clipping_mv,
            "step_mv": self.step_mv,
        }
