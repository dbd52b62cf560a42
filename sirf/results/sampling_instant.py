"""Where a receiver samples by its criterion, and what the Mueller-Müller point would have cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingInstant:
    """What a criterion of the sampling instant found, by the statistical eye.

    `offset_ui` is how much later than the Mueller-Müller point it lies, in UI. `ser` and `height` are symbol error ratio and
    height in V of the lowest eye at the link's DER0 there, `loop_ser` and `loop_height` those at the Mueller-Müller point. A
    height below zero is what a closed eye lacks.

    >>> link.sampling_instant("minimum-error-ratio").loop_offset_ui <= 0.5
    True
    """

    criterion: str
    offset_ui: float
    ser: float
    loop_ser: float
    height: float
    loop_height: float

    @property
    def loop_offset_ui(self) -> float:
        """How much later than the chosen instant a Mueller-Müller loop would lock, in UI."""
        # without a minus before zero
        return 0.0 - self.offset_ui

    @property
    def brief(self) -> str:
        """The criterion and the loop's offset."""
        return f"sampled by {self.criterion}, the Mueller-Müller loop {self.loop_offset_ui:+.3f} UI off"

    def __str__(self) -> str:
        """One line: criterion, the loop's offset, and what that would cost."""
        return (
            f"{self.criterion}; the Mueller-Müller loop would lock {self.loop_offset_ui:+.4f} UI off: symbol error ratio "
            f"{self.loop_ser:.3e} for {self.ser:.3e}, height {1e3 * self.loop_height:.2f} for {1e3 * self.height:.2f} mV"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "criterion": self.criterion,
            "offset_ui": self.offset_ui,
            "loop_offset_ui": self.loop_offset_ui,
            "ser": self.ser,
            "loop_ser": self.loop_ser,
            "height_mv": 1e3 * self.height,
            "loop_height_mv": 1e3 * self.loop_height,
        }
