"""What a run tells of its receiver: whether the clock stayed locked, where the taps went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReport:
    """How clock recovery did over a run.

    `locked` tells whether the sampler was within the lock window at the end; `locked_at` when it first stayed there, s from the
    start, None if never; `lost_at` when it first left it again, s, None if never; `losses` how often; `slips` the symbols gained
    (positive) or lost by the end. `mean_phase_ui` and `rms_phase_ui` of the sampling instant about the wanted one, over the
    symbols that count.
    """

    locked: bool
    locked_at: float | None
    lost_at: float | None
    losses: int
    slips: int
    mean_phase_ui: float
    rms_phase_ui: float

    def __str__(self) -> str:
        """One line."""
        if self.locked_at is None:
            return "never locked"
        # said even where the loop has found its way back, which `locked` at the end would hide
        if self.lost_at is not None:
            verdict = f"lost lock at {1e6 * self.lost_at:.3f} us, {self.losses} times"
        else:
            verdict = f"locked from {1e6 * self.locked_at:.3f} us on"
        return f"{verdict}; phase {self.mean_phase_ui:+.4f} UI, rms {self.rms_phase_ui:.4f} UI, slips {self.slips}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptedReceiver:
    """Taps, references (relative to the main cursor) and gain at the end of a run."""

    ffe: tuple[float, ...]
    dfe: tuple[float, ...]
    references: tuple[float, ...]
    gain: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"ffe": list(self.ffe), "dfe": list(self.dfe), "references": list(self.references), "gain": self.gain}
