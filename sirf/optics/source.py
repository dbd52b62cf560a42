"""Where light comes from and what drives it: laser with relative intensity noise, VCSEL, driver amplifier."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from sirf._arrays import Complex, Float, real
from sirf.optics.stage import check, check_intensity_noise, low_pass, noiseless
from sirf.units import CURRENT, FREQUENCY, POWER, RESISTANCE, VOLTAGE, read_text_fields


@dataclass(frozen=True, slots=True)
class Laser:
    """A continuous laser of `power` W into the modulator; `rin_db_per_hz` is its relative intensity noise, -inf for none."""

    power: float
    rin_db_per_hz: float = field(default=-inf, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, power=POWER)
        check("power", self.power, 1e-9, 10.0, "Give W, for example 0.01.")
        check_intensity_noise(self.rin_db_per_hz)

    @property
    def rin(self) -> float:
        """Relative intensity noise, 1/Hz, one-sided."""
        return float(10.0 ** (self.rin_db_per_hz / 10.0))


@dataclass(frozen=True, slots=True)
class Driver:
    """Modulator driver: `gain` V/V through a fourth-order Bessel response, then compression to ±`saturation` V as tanh."""

    gain: float
    bandwidth: float = field(default=inf, kw_only=True)
    saturation: float = field(default=inf, kw_only=True)
    noise: float = field(default=0.0, kw_only=True)
    """V / sqrt(Hz) at the output."""

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, bandwidth=FREQUENCY, saturation=VOLTAGE)
        check("gain", self.gain, 1e-3, 1e3, "Give V/V, for example 4.")
        check("bandwidth", self.bandwidth, 1e6, inf, "Give Hz.", unbounded=True)
        check("saturation", self.saturation, 1e-3, inf, "Give V.", unbounded=True)
        check("noise", self.noise, 0.0, 1e-6, "Give V/sqrt(Hz), for example 5e-9.")

    def response(self, frequency: Float) -> Complex:
        """Low-pass (F,): a fourth-order Bessel."""
        return low_pass("bessel4", frequency, self.bandwidth)

    def curve(self, x: Float) -> Float:
        """Output in V for an input of `x` V."""
        # infinity times tanh(0) would be not-a-number
        if self.saturation == inf:
            return np.asarray(self.gain * real(x))
        return np.asarray(self.saturation * np.tanh((self.gain / self.saturation) * real(x)))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """One-sided noise density (F,) of the output in V²/Hz, the same at any level."""
        return np.full(np.shape(frequency), self.noise**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vcsel:
    """A directly modulated laser: power slope x (I - threshold) with tanh-like roll-over, and its relaxation resonance.

    Small-signal response at the bias (Coldren, Corzine and Masanovic, Diode Lasers, equation 5.49):
    f_r² / (f_r² - f² + j f gamma / (2 pi)) times a parasitic pole. `drive` V about the bias flow through `resistance` Ohm.
    """

    bias: float
    threshold: float
    slope: float
    resistance: float
    resonance: float
    damping: float
    parasitic: float = inf
    saturation: float = inf
    """Power in W at which the output levels off."""
    rin_db_per_hz: float = -inf

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(
            self,
            bias=CURRENT,
            threshold=CURRENT,
            resistance=RESISTANCE,
            resonance=FREQUENCY,
            parasitic=FREQUENCY,
            saturation=POWER,
        )
        check("bias", self.bias, 0.0, 1.0, "Give A, for example 8e-3.")
        check("threshold", self.threshold, 0.0, self.bias, "Bias the laser above its threshold.")
        check("slope", self.slope, 1e-3, 2.0, "Give W/A, for example 0.5.")
        check("resistance", self.resistance, 1.0, 1e4, "Give Ohm, for example 60.")
        check("resonance", self.resonance, 1e8, 1e12, "Give Hz, for example 22e9.")
        check("damping", self.damping, 1e8, 1e13, "Give 1/s, for example 1.5e11.")
        check("saturation", self.saturation, 1e-6, inf, "Give W.", unbounded=True)
        check_intensity_noise(self.rin_db_per_hz)

    @property
    def rin(self) -> float:
        """Relative intensity noise, 1/Hz."""
        return float(10.0 ** (self.rin_db_per_hz / 10.0))

    def response(self, frequency: Float) -> Complex:
        """Relaxation resonance and parasitic pole."""
        f = np.asarray(frequency, dtype=float)
        # damping is in 1/s, all else in Hz: j omega gamma over (2 pi)² is j f gamma / (2 pi)
        core = self.resonance**2 / (self.resonance**2 - f**2 + 0.5j * f * self.damping / np.pi)
        return np.asarray(core * low_pass("pole", f, self.parasitic))

    def curve(self, x: Float) -> Float:
        """Light in W for `x` V about the bias, never below zero."""
        current = self.bias + real(x) / self.resistance
        # dark below the threshold: spontaneous emission takes the rate equations (`RateEquationVcsel`)
        power = self.slope * np.maximum(current - self.threshold, 0.0)
        return power if self.saturation == inf else np.asarray(self.saturation * np.tanh(power / self.saturation))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Relative intensity noise of `level` W, W²/Hz."""
        return noiseless(frequency) + self.rin * level**2
