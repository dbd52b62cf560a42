"""Slow differences between the transmitter's clock and the receiver's: offset, spread spectrum, sinusoidal jitter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.units import FREQUENCY, read_text_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """How far the transmitter's time runs ahead of the receiver's reference, in UI.

    `frequency_offset_ppm` is the transmitter's excess frequency. Spread spectrum moves it down by up to `spread_ppm` (triangular
    in time, `spread_frequency` in Hz, down-spread as of PCI Express and SATA). `sinusoidal_ui` is the peak amplitude of a
    sinusoid at `sinusoidal_frequency` in Hz, which starts at rest at its lowest point.

    These move the whole waveform along the time axis, slowly against the channel's memory, at any amplitude; edge jitter of the
    transmitter is its own and goes through the channel.

    >>> sirf.Wander(sinusoidal_ui=0.1, sinusoidal_frequency="1 MHz").sinusoidal_frequency
    1000000.0
    """

    frequency_offset_ppm: float = 0.0
    spread_ppm: float = 0.0
    spread_frequency: float = 31.5e3
    sinusoidal_ui: float = 0.0
    sinusoidal_frequency: float = 1e6

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, spread_frequency=FREQUENCY, sinusoidal_frequency=FREQUENCY)
        if not abs(self.frequency_offset_ppm) <= 10_000:
            raise SirfError(
                f"frequency_offset_ppm must be between -10000 and 10000, got {self.frequency_offset_ppm}. Use 100."
            )
        for name, most in (("spread_ppm", 10_000.0), ("sinusoidal_ui", 1e4)):
            if not 0 <= getattr(self, name) <= most:
                raise SirfError(f"{name} must be between 0 and {most:g}, got {getattr(self, name)}. Use 0 for none.")
        for name in ("spread_frequency", "sinusoidal_frequency"):
            if not 0 < getattr(self, name) < float("inf"):
                raise SirfError(f"{name} must be positive Hz, got {getattr(self, name)}. Use the default.")

    def __bool__(self) -> bool:
        """Whether anything moves."""
        return bool(self.frequency_offset_ppm or self.spread_ppm or self.sinusoidal_ui)

    def slope(self, symbol_rate: float) -> float:
        """Largest change in UI per symbol."""
        tone = 2.0 * np.pi * self.sinusoidal_frequency / symbol_rate * self.sinusoidal_ui
        return float(1e-6 * (abs(self.frequency_offset_ppm) + self.spread_ppm) + tone)

    def at(self, symbol: NDArray[np.int64], symbol_rate: float) -> Float:
        """Transmitter's time less receiver's in UI (K,) at the receiver's ticks `symbol` (K,)."""
        ticks = np.asarray(symbol, dtype=np.float64)
        result = 1e-6 * self.frequency_offset_ppm * ticks
        if self.spread_ppm:
            # the triangle from 0 to -1 and back in a period, integrated: its mean of -1/2 and a periodic part
            turns = ticks * self.spread_frequency / symbol_rate
            part = turns % 1.0
            # integral of the triangle 2 x, then 2 - 2 x: x², then 2 x - x² - 1/2; at the period's end it has gathered
            # 1/2
            area = np.where(part < 0.5, part**2, 2.0 * part - part**2 - 0.5)
            result = (
                result - 1e-6 * self.spread_ppm * (0.5 * np.floor(turns) + area) * symbol_rate / self.spread_frequency
            )
        if self.sinusoidal_ui:
            turns = self.sinusoidal_frequency / symbol_rate * ticks
            # less its first value, so that the sampler starts where it should stay
            result = result + self.sinusoidal_ui * (1.0 - np.cos(2.0 * np.pi * turns))
        return result
