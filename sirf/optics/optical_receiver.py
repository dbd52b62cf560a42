"""Photodiode and transimpedance amplifier: noise enters before the amplifier's bandwidth, and grows with the light."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from sirf._arrays import Complex, Float, real
from sirf.optics.stage import check, low_pass, noise_bandwidth
from sirf.units import CURRENT, ELECTRON, FREQUENCY, VOLTAGE, read_text_fields


@dataclass(frozen=True, slots=True)
class Photodiode:
    """Photodiode of `responsivity` A/W, one pole at `bandwidth` Hz, `dark_current` A."""

    responsivity: float
    bandwidth: float = field(default=inf, kw_only=True)
    dark_current: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, bandwidth=FREQUENCY, dark_current=CURRENT)
        check("responsivity", self.responsivity, 1e-3, 10.0, "Give A/W, for example 0.8.")
        check("bandwidth", self.bandwidth, 1e6, inf, "Give Hz.", unbounded=True)
        check("dark_current", self.dark_current, 0.0, 1e-3, "Give A, for example 1e-8.")

    def response(self, frequency: Float) -> Complex:
        """Low-pass (F,) of one pole."""
        return low_pass("pole", frequency, self.bandwidth)

    def curve(self, x: Float) -> Float:
        """Current in A for light of `x` W."""
        return np.asarray(self.responsivity * real(x) + self.dark_current)

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Shot noise 2 q I of `level` A, A²/Hz: white, the diode's transit time shapes it no more than the signal."""
        # a filtered wave may ring below zero, where there is no current to make noise
        return np.full(np.shape(frequency), 2.0 * ELECTRON * max(level, 0.0))


@dataclass(frozen=True, slots=True)
class Tia:
    """Transimpedance amplifier: `gain` V/A, `noise` A/sqrt(Hz) at its input, then `bandwidth` Hz of `kind`, then ±`saturation` V.

    Input noise may rise as 1 + (f / noise_corner)².
    """

    gain: float
    noise: float = field(default=0.0, kw_only=True)
    noise_corner: float = field(default=inf, kw_only=True)
    bandwidth: float = field(default=inf, kw_only=True)
    kind: str = field(default="bessel4", kw_only=True)
    saturation: float = field(default=inf, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, noise_corner=FREQUENCY, bandwidth=FREQUENCY, saturation=VOLTAGE)
        check("gain", self.gain, 1e-3, 1e6, "Give V/A, for example 2000.")
        check("noise", self.noise, 0.0, 1e-6, "Give A/sqrt(Hz), for example 12e-12.")
        check("noise_corner", self.noise_corner, 1e6, inf, "Give Hz.", unbounded=True)
        check("bandwidth", self.bandwidth, 1e6, inf, "Give Hz.", unbounded=True)
        check("saturation", self.saturation, 1e-3, inf, "Give V.", unbounded=True)
        # asked for its error alone: an unknown kind is refused where the amplifier is made
        low_pass(self.kind, np.zeros(1), 1.0)

    def response(self, frequency: Float) -> Complex:
        """The amplifier's low-pass."""
        return low_pass(self.kind, frequency, self.bandwidth)

    def curve(self, x: Float) -> Float:
        """Output in V for a current of `x` A about the mean."""
        # infinity times tanh(0) would be not-a-number
        if self.saturation == inf:
            return np.asarray(self.gain * real(x))
        return np.asarray(self.saturation * np.tanh((self.gain / self.saturation) * real(x)))

    def noise_power_gain(self, x: Float, variance: Float, squared: float) -> Float:
        """Gain in V²/A² for the power of Gaussian noise of `variance` A² beside `x` A about the mean, to first order of that.

        The mean slope over the noise, squared, and what the curvature makes of the noise's square, of which a filter passes
        `squared` times as much as of the noise itself (Hermite polynomials; the first is Bussgang's).
        """
        if self.saturation == inf:
            return np.full(np.shape(x), self.gain**2)
        scale = self.gain / self.saturation
        share = np.tanh(scale * real(x))
        share *= share
        # half the third derivative over the first is scale² (3 tanh² - 1), half the square of the second over that of the
        # first 2 scale² tanh²
        third, second = np.asarray(scale**2 * variance), 3.0 * share
        second -= 1.0
        # in place: an array for each of these steps would take as long as all of them
        second *= third
        second += 1.0
        second *= second
        third *= share
        third *= 2.0 * squared
        second += third
        share -= 1.0
        share *= share
        share *= self.gain**2
        share *= second
        return np.asarray(share)

    def curvature(self, x: Float) -> Float:
        """Second derivative of the curve in V/A² beside `x` A about the mean."""
        if self.saturation == inf:
            return np.zeros(np.shape(x))
        share = np.tanh(self.gain / self.saturation * real(x))
        return np.asarray(-2.0 * self.gain**2 / self.saturation * share * (1.0 - share**2))

    def input_density(self, frequency: Float) -> Float:
        """One-sided noise density (F,) in A²/Hz at the input."""
        # the first transistor's voltage noise drives a current through the input's capacitance: it grows with f
        return np.asarray(self.noise**2 * (1.0 + (np.asarray(frequency, dtype=float) / self.noise_corner) ** 2))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """V²/Hz at the output: the input's, through gain and response."""
        return np.asarray(self.gain**2 * self.input_density(frequency) * np.abs(self.response(frequency)) ** 2)


@dataclass(frozen=True, slots=True)
class OpticalReceiver:
    """Photodiode and amplifier together."""

    photodiode: Photodiode
    tia: Tia

    def response(self, frequency: Float) -> Complex:
        """Diode and amplifier, 1 at DC."""
        return np.asarray(self.photodiode.response(frequency) * self.tia.response(frequency))

    def input_density(self, frequency: Float, power: float, *, rin: float = 0.0) -> Float:
        """One-sided noise current density (F,) A²/Hz before the amplifier's bandwidth, while `power` W falls on the diode.

        Amplifier, shot noise 2 q (R P + dark) and intensity noise (R P)² RIN, the last through the diode like the signal.
        """
        current = self.photodiode.responsivity * power
        # intensity noise is light and passes the diode's pole; shot noise arises behind it
        shaped = rin * current**2 * np.abs(self.photodiode.response(frequency)) ** 2
        shot = self.photodiode.noise_density(frequency, current + self.photodiode.dark_current)
        return np.asarray(self.tia.input_density(frequency) + shot + shaped)

    def noise_current(
        self,
        power: float,
        *,
        rin: float = 0.0,
        bandwidth: float | None = None,
        after: Complex | None = None,
        frequency: Float | None = None,
    ) -> float:
        """Input-referred rms noise current in A at `power` W.

        Integrated through the amplifier and, where given, a further response `after` (F,) on `frequency` (F,) Hz, or flat up to
        `bandwidth` Hz (a brick wall in place of the amplifier's response: the textbook's B).
        """
        if bandwidth is not None:
            grid = np.linspace(0.0, bandwidth, 2001)
            return float(np.sqrt(np.trapezoid(self.input_density(grid, power, rin=rin), grid)))
        if frequency is None:
            if self.tia.bandwidth == inf:
                check(
                    "bandwidth",
                    self.tia.bandwidth,
                    1e6,
                    1e15,
                    "An amplifier without bandwidth has endless noise: give one.",
                )
            return float(
                np.sqrt(
                    noise_bandwidth(
                        lambda f: np.sqrt(self.input_density(f, power, rin=rin)) * self.tia.response(f),
                        self.tia.bandwidth,
                    )
                )
            )
        shape = self.tia.response(frequency) * (1.0 if after is None else after)
        density = self.input_density(frequency, power, rin=rin) * np.abs(shape) ** 2
        return float(np.sqrt(np.trapezoid(density, frequency)))
