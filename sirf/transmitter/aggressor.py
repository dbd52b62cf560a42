"""An aggressor as a value: what its transmitter does differently from the victim's."""

from __future__ import annotations

from dataclasses import dataclass

from sirf.errors import SirfError
from sirf.signal.patterns import Pattern
from sirf.units import VOLTAGE, read_text_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggressor:
    """Settings of one aggressor; the default is the preset's: own random data, random phase, the preset's launch amplitude.

    `amplitude` in V differential peak (None: A_fe for FEXT, A_ne for NEXT); `rate_offset_ppm` against the victim's symbol
    rate; `phase_ui` in [0, 1) how long after the peak of the aggressor's pulse the victim samples (None: uniformly random,
    drawn anew every 1024 symbols of a count and in every block of a waveform). With a rate offset the phase drifts: in a
    waveform on from there, in a count from a random phase every 1024 symbols, since every phase comes in turn. `pattern` is sent
    instead of random symbols.

    >>> sirf.Aggressor(amplitude="450 mV").amplitude
    0.45
    """

    amplitude: float | None = None
    rate_offset_ppm: float = 0.0
    phase_ui: float | None = None
    pattern: Pattern | None = None

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, amplitude=VOLTAGE)
        if self.amplitude is not None and not 0 <= self.amplitude < float("inf"):
            raise SirfError(f"amplitude must be zero or positive volts, got {self.amplitude}. Use 0 to switch it off.")
        if not abs(self.rate_offset_ppm) <= 10_000:
            raise SirfError(f"rate_offset_ppm must be within ±10000, got {self.rate_offset_ppm}. Standards allow ±100.")
        if self.phase_ui is not None and not 0 <= self.phase_ui < 1:
            raise SirfError(f"phase_ui must be in [0, 1), got {self.phase_ui}. Use None for a random phase.")
