"""Variable-gain amplifier with saturation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.units import VOLTAGE, read_text_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Vga:
    """An amplifier behind the CTLE: `gain` (linear), then saturation towards ±`saturation` V (None: linear).

    The curve is saturation x tanh(gain x / saturation): slope `gain` at zero, third-order distortion
    (gain x / saturation)² / 3 relative to the linear part.

    >>> sirf.Vga(gain=2.0, saturation="300 mV").saturation
    0.3
    """

    gain: float = 1.0
    saturation: float | None = None

    def __post_init__(self) -> None:
        """Validate the fields."""
        # text such as "300 mV" becomes volts before any check compares it
        read_text_fields(self, saturation=VOLTAGE)
        if not 0 < self.gain < float("inf"):
            raise SirfError(f"gain must be positive, got {self.gain}. Use 1 for none.")
        if self.saturation is not None and not 0 < self.saturation < float("inf"):
            raise SirfError(
                f"saturation must be positive volts, got {self.saturation}. Use None for a linear amplifier."
            )

    def output(self, volts: Float) -> Float:
        """The curve at `volts` (N,), in V."""
        linear = self.gain * np.asarray(volts, dtype=float)
        return linear if self.saturation is None else np.asarray(self.saturation * np.tanh(linear / self.saturation))
