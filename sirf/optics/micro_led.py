"""A micro-LED: light by the ABC model of recombination, whose carrier lifetime falls with current density."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from sirf._arrays import Complex, Float
from sirf.optics.stage import check, check_intensity_noise, low_pass, noiseless
from sirf.units import AREA, C0, CURRENT, ELECTRON, FREQUENCY, LENGTH, PLANCK, RESISTANCE, WAVELENGTH, read_text_fields

# where the cubic term rules a step takes a third off: so many lead down from nine orders of magnitude above the root
NEWTON_STEPS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroLed:
    """A micro-LED of `area` m² and active layers of `thickness` m together, at `bias` A.

    Carriers of density n recombine at A n + B n² + C n³ = J / (q thickness) (`trap` A in 1/s, `radiative` B in m³/s, `auger` C in
    m⁶/s); the share B n² of them makes light of `wavelength` m, of which `extraction` leaves. Its bandwidth is that of the
    differential lifetime 1 / (A + 2 B n + 3 C n²) at the bias: sqrt(B J / (q thickness)) / pi where B rules (Schubert,
    Light-Emitting Diodes, chapters 2 and 24). `drive` V about the bias flow through `resistance` Ohm.
    """

    bias: float
    area: float
    thickness: float
    trap: float
    radiative: float
    auger: float
    wavelength: float
    extraction: float
    resistance: float
    parasitic: float = inf
    rin_db_per_hz: float = -inf

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(
            self,
            bias=CURRENT,
            area=AREA,
            thickness=LENGTH,
            wavelength=WAVELENGTH,
            resistance=RESISTANCE,
            parasitic=FREQUENCY,
        )
        check("bias", self.bias, 1e-9, 1.0, "Give A, for example 1e-4.")
        check("area", self.area, 1e-14, 1e-6, "Give m², for example 1e-11.")
        check("thickness", self.thickness, 1e-10, 1e-5, "Give m, for example 1e-8.")
        check("trap", self.trap, 0.0, 1e12, "Give 1/s, for example 1e7.")
        check("radiative", self.radiative, 1e-22, 1e-12, "Give m³/s, for example 1e-17.")
        check("auger", self.auger, 0.0, 1e-36, "Give m⁶/s, for example 1e-42.")
        check("wavelength", self.wavelength, 200e-9, 2000e-9, "Give m, for example 430e-9.")
        check("extraction", self.extraction, 1e-4, 1.0, "Give a share, for example 0.3.")
        check("resistance", self.resistance, 1.0, 1e5, "Give Ohm, for example 500.")
        check("parasitic", self.parasitic, 1e6, inf, "Give Hz.", unbounded=True)
        check_intensity_noise(self.rin_db_per_hz)

    @property
    def rin(self) -> float:
        """Relative intensity noise, 1/Hz: none above the shot noise by default, many modes share the light."""
        return float(10.0 ** (self.rin_db_per_hz / 10.0))

    @property
    def current_density(self) -> float:
        """A/m² at the bias; 1e4 A/m² are 1 A/cm²."""
        return self.bias / self.area

    @property
    def bandwidth(self) -> float:
        """Hz at -3 dB (electrical) of the carriers at the bias, without the parasitic pole."""
        n = float(self.carriers(np.array([self.bias]))[0])
        return (self.trap + 2.0 * self.radiative * n + 3.0 * self.auger * n**2) / (2.0 * np.pi)

    def carriers(self, current: Float) -> Float:
        """Density (N,) in 1/m³ at `current` (N,) A, by Newton's method from above, where the cubic is convex."""
        rate = np.maximum(np.asarray(current, dtype=float), 0.0) / (ELECTRON * self.thickness * self.area)
        # start above the root (the B term alone): the cubic is convex there, so Newton's steps fall to it without
        # overshooting
        n = np.sqrt(rate / self.radiative)
        for _ in range(NEWTON_STEPS):
            value = n * (self.trap + n * (self.radiative + n * self.auger)) - rate
            slope = self.trap + n * (2.0 * self.radiative + 3.0 * self.auger * n)
            # no current, no carriers: 0 / 0 where traps are switched off as well
            moved = n - value / np.maximum(slope, 1e-300)
            if np.all(np.abs(moved - n) <= 1e-14 * np.maximum(n, 1.0)):
                return np.asarray(np.maximum(moved, 0.0))
            n = moved
        return np.asarray(np.maximum(n, 0.0))

    def response(self, frequency: Float) -> Complex:
        """The pole of the carriers' lifetime, and the parasitic one."""
        carriers = low_pass("pole", frequency, self.bandwidth)
        return np.asarray(carriers * low_pass("pole", frequency, self.parasitic))

    # the derivative of the carriers' loss by their number is the pole
    def curve(self, x: Float) -> Float:
        """Light in W for `x` V about the bias: the L-I curve with its droop, never below zero."""
        # volts about the bias, linear in the resistance: the diode's own knee is left out
        n = self.carriers(self.bias + np.asarray(x, dtype=float) / self.resistance)
        photons = self.radiative * n**2 * self.thickness * self.area
        # photons a second times their energy
        return np.asarray(photons * self.extraction * PLANCK * C0 / self.wavelength)

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Relative intensity noise of `level` W, W²/Hz."""
        return noiseless(frequency) + self.rin * level**2
