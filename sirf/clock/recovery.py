"""Clock recovery: the loop that places the sampler, as a value, and its linear model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.errors import SirfError
from sirf.units import FREQUENCY, read_text_fields

DETECTORS = {"mueller-muller": 1, "sign-mueller-muller": 2, "bang-bang": 3}
"""Phase detectors and their number in the kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecovery:
    """A second-order loop: proportional and integral path from a phase detector to the sampling time.

    `detector` is "mueller-muller" (K. H. Mueller, M. Müller, IEEE Trans. Commun. 24, 1976: e(k) a(k-1) - e(k-1) a(k), decisions
    directed), its sign, or "bang-bang" (J. D. H. Alexander, Electron. Lett. 11, 1975: the sign of a sample on the edge of every
    transition between opposite levels).

    `bandwidth` in Hz is the open loop's unity-gain frequency of the proportional path alone, for the Mueller-Müller detector:
    its gain is taken from the pulse. The other two detectors move by `step_ui` UI each time instead. `damping` sets the
    integral path (infinity: none). `latency` delays the detector by so many symbols beyond the one that any loop has.
    While it acquires, from an initial phase or against wander, the loop is `gear` times wider (1: not), as its delay bears.
    `initial_phase_ui` is where the sampler starts, relative to where it should stay; `lock_window_ui` how far from there it may
    be and count as locked.

    >>> sirf.ClockRecovery(bandwidth="4 MHz").bandwidth
    4000000.0
    """

    detector: str = "mueller-muller"
    bandwidth: float = 4e6
    step_ui: float = 1e-3
    damping: float = 2.0
    latency: int = 0
    gear: float = 8.0
    initial_phase_ui: float = 0.0
    lock_window_ui: float = 0.25
    hold_symbols: int = 1000

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, bandwidth=FREQUENCY)
        if self.detector not in DETECTORS:
            raise SirfError(
                f"detector must be one of {', '.join(DETECTORS)}, got {self.detector!r}. Use 'mueller-muller'."
            )
        for name in ("bandwidth", "step_ui", "damping"):
            value = getattr(self, name)
            if not value > 0 or (np.isinf(value) and name != "damping"):
                raise SirfError(f"{name} must be positive, got {value}. Use the default.")
        if not 0 <= self.latency <= 100_000:
            raise SirfError(f"latency must be between 0 and 100000 symbols, got {self.latency}. Use 0 for none.")
        if not 1 <= self.gear <= 64:
            raise SirfError(f"gear must be between 1 and 64, got {self.gear}. Use 1 for one bandwidth throughout.")
        if not -0.5 <= self.initial_phase_ui <= 0.5:
            raise SirfError(f"initial_phase_ui must be between -0.5 and 0.5, got {self.initial_phase_ui}. Use 0.")
        if not 0 < self.lock_window_ui <= 0.5:
            raise SirfError(f"lock_window_ui must be in (0, 0.5], got {self.lock_window_ui}. Use 0.25.")
        if self.hold_symbols < 1:
            raise SirfError(f"hold_symbols must be at least 1, got {self.hold_symbols}. Use 1000.")

    def gains(self, symbol_rate: float, detector_gain: float) -> tuple[float, float]:
        """Proportional and integral gain in UI per unit of detector output.

        `detector_gain` > 0 in output per UI. With g = 2 pi bandwidth / symbol_rate the loop's proportional gain, the natural
        frequency is sqrt(g_i) and the damping g / (2 sqrt(g_i)), so that g_i = (g / (2 damping))².
        """
        if self.detector == "mueller-muller":
            loop = 2.0 * np.pi * self.bandwidth / symbol_rate
            # the integral gain is (g / (2 damping))² of the whole loop, detector's gain included: divided by that once
            return loop / detector_gain, (loop / (2.0 * self.damping)) ** 2 / detector_gain
        loop = self.step_ui
        return loop, (loop / (2.0 * self.damping)) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearLoop:
    """The loop as a linear filter of the symbol clock: gains per symbol (detector's included) and its whole delay in symbols."""

    proportional: float
    integral: float
    delay: int
    symbol_rate: float

    def open_loop(self, frequency: Float) -> Complex:
        """L(z) at `frequency` (F,) in Hz: (g + g_i / (1 - 1/z)) z^-delay / (1 - 1/z), z = exp(j 2 pi f / symbol_rate)."""
        # one symbol back: 1 / z
        back = np.exp(-2j * np.pi * np.asarray(frequency) / self.symbol_rate)
        return np.asarray((self.proportional + self.integral / (1.0 - back)) * back**self.delay / (1.0 - back))

    def jitter_transfer(self, frequency: Float) -> Complex:
        """Sampling phase over the transmitter's phase, L / (1 + L)."""
        loop = self.open_loop(frequency)
        return np.asarray(loop / (1.0 + loop))

    def error_transfer(self, frequency: Float) -> Complex:
        """What is left of the transmitter's jitter at the sampler, 1 / (1 + L): tolerance is margin over its magnitude."""
        return np.asarray(1.0 / (1.0 + self.open_loop(frequency)))

    @property
    def phase_margin_deg(self) -> float:
        """Phase left at the unity-gain frequency, in degrees; the loop is stable where it is positive."""
        # half the symbol rate is the band of a loop that acts once a symbol; bisected on a logarithmic scale
        low, high = 1e-12, 0.5
        for _ in range(100):
            middle = np.sqrt(low * high)
            # the gain falls with frequency, so that bisection finds where it is one
            low, high = (middle, high) if abs(self.open_loop(middle * self.symbol_rate)) > 1.0 else (low, middle)
        # the phase is taken path by path: the angle of the whole loop would wrap at -180 degrees, just where it
        # matters
        angle = 2.0 * np.pi * low
        back = np.exp(-1j * angle)
        lag = np.angle(self.proportional + self.integral / (1.0 - back)) - np.angle(1.0 - back) - angle * self.delay
        return float(np.degrees(lag + np.pi))

    @property
    def stable(self) -> bool:
        """Whether the closed loop settles: its gain falls with frequency, so the phase margin tells."""
        return self.phase_margin_deg > 0.0
