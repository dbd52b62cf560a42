"""External modulators: Mach-Zehnder, electro-absorption, ring. All turn volts about the bias into a transmission of power."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Protocol

import numpy as np

from sirf._arrays import Complex, Float, real
from sirf.errors import PhysicsError
from sirf.optics.stage import check, low_pass, noiseless
from sirf.units import DETUNING, FREQUENCY, SHIFT, VOLTAGE, read_text_fields


class Modulator(Protocol):
    """A stage whose curve is a transmission between 0 and 1, with a `chirp` parameter for the fibre."""

    @property
    def chirp(self) -> float:
        """Henry's factor alpha: phase = alpha / 2 ln(power)."""
        ...

    def response(self, frequency: Float) -> Complex:
        """Linear response (F,), 1 at DC."""
        ...

    def curve(self, x: Float) -> Float:
        """Transmission of power at `x` V about the bias."""
        ...

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Noise that the modulator adds: none."""
        ...


@dataclass(frozen=True, slots=True)
class MachZehnder:
    """Mach-Zehnder modulator of half-wave voltage `v_pi` V, biased at quadrature plus `bias_phase` rad.

    Transmission loss x (1 + c sin(pi v / v_pi + bias_phase)) / 2, with c from the static `extinction_db`. The electrode is of
    `kind` "skin" (travelling wave), "pole" or "bessel4", `bandwidth` Hz (electro-optical, -3 dB). Push-pull drive has no chirp.
    """

    v_pi: float
    insertion_loss_db: float = field(default=0.0, kw_only=True)
    extinction_db: float = field(default=inf, kw_only=True)
    bandwidth: float = field(default=inf, kw_only=True)
    kind: str = field(default="skin", kw_only=True)
    bias_phase: float = field(default=0.0, kw_only=True)
    chirp: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, v_pi=VOLTAGE, bandwidth=FREQUENCY)
        check("v_pi", self.v_pi, 0.1, 100.0, "Give V, for example 3.")
        check("insertion_loss_db", self.insertion_loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        check("extinction_db", self.extinction_db, 1.0, inf, "Give dB, for example 25.", unbounded=True)
        check("bandwidth", self.bandwidth, 1e6, inf, "Give Hz.", unbounded=True)
        check("bias_phase", self.bias_phase, -np.pi, np.pi, "Give rad from quadrature.")
        check("chirp", self.chirp, -10.0, 10.0, "Give Henry's factor, 0 for push-pull.")

    def response(self, frequency: Float) -> Complex:
        """Low-pass (F,) of the electrode."""
        return low_pass(self.kind, frequency, self.bandwidth)

    def curve(self, x: Float) -> Float:
        """Transmission at `x` V about the bias: a raised sine."""
        # the darkest point over the brightest
        ratio = 10.0 ** (-self.extinction_db / 10.0)
        contrast = (1.0 - ratio) / (1.0 + ratio)
        # the best arm balance transmits 1: the loss counts the excess only
        peak = 10.0 ** (-self.insertion_loss_db / 10.0) / (1.0 + contrast)
        phase = (np.pi / self.v_pi) * real(x) + self.bias_phase
        return np.asarray(peak + (peak * contrast) * np.sin(phase))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Zero: a modulator adds no noise of its own."""
        return noiseless(frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectroAbsorption:
    """Electro-absorption section of an EML: transmission loss x exp(-((bias - v) / scale)^exponent), a single pole.

    `bias` is the reverse voltage at rest; more reverse voltage absorbs more, so positive drive lets more light through.
    """

    bias: float
    scale: float
    exponent: float = 2.0
    insertion_loss_db: float = 0.0
    bandwidth: float = inf
    chirp: float = 0.0

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, bias=VOLTAGE, scale=VOLTAGE, bandwidth=FREQUENCY)
        check("bias", self.bias, 0.0, 20.0, "Give the reverse bias in V, for example 1.2.")
        check("scale", self.scale, 0.01, 20.0, "Give V, for example 1.5.")
        check("exponent", self.exponent, 0.5, 6.0, "Use 1 to 4.")
        check("insertion_loss_db", self.insertion_loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        check("bandwidth", self.bandwidth, 1e6, inf, "Give Hz.", unbounded=True)
        check("chirp", self.chirp, -10.0, 10.0, "Give Henry's factor.")

    def response(self, frequency: Float) -> Complex:
        """Low-pass (F,) of one pole."""
        return low_pass("pole", frequency, self.bandwidth)

    def curve(self, x: Float) -> Float:
        """Absorption grows with reverse voltage; forward drive absorbs nothing."""
        # a forward junction does not absorb, and its current is not modelled
        reverse = np.maximum(self.bias - real(x), 0.0)
        return np.asarray(10.0 ** (-self.insertion_loss_db / 10.0) * np.exp(-((reverse / self.scale) ** self.exponent)))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Zero: a modulator adds no noise of its own."""
        return noiseless(frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Ring modulator by coupled-mode theory (Little et al., J. Lightwave Technol. 15, 1997).

    The amplitude a in the ring follows da/dt = (j Delta - 1/tau) a - j mu s, the output is s - j mu a. The laser lies `detuning`
    Hz above the resonance, which `shift` Hz/V moves (towards the laser for positive values); `linewidth` Hz is the full width at
    half depth and the resonance goes down to `floor_db`. The curve is the Lorentzian, the response the exact linearisation
    at the bias: for a detuned laser it peaks and reaches beyond half the linewidth. `electrical` Hz is the junction's pole.
    """

    detuning: float
    shift: float
    linewidth: float
    floor_db: float = 20.0
    insertion_loss_db: float = 0.0
    electrical: float = inf
    overcoupled: bool = False
    chirp: float = 0.0

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, detuning=DETUNING, shift=SHIFT, linewidth=FREQUENCY, electrical=FREQUENCY)
        check("linewidth", self.linewidth, 1e8, 1e13, "Give Hz, for example 45e9.")
        check("floor_db", self.floor_db, 1.0, 80.0, "Give the depth of the resonance in dB, for example 20.")
        check("insertion_loss_db", self.insertion_loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        check("electrical", self.electrical, 1e6, inf, "Give Hz.", unbounded=True)
        check("shift", abs(self.shift), 1e6, 1e12, "Give Hz/V, for example 5e9.")
        check(
            "detuning",
            abs(self.detuning),
            1e-3 * self.linewidth,
            20.0 * self.linewidth,
            "Detune the laser by about half the linewidth: on resonance the ring has no slope.",
        )

    @property
    def coupling(self) -> float:
        """mu² tau: 1 is critical, below it more is lost in the ring than coupled."""
        # field at the resonance over the field far from it
        root = float(10.0 ** (-self.floor_db / 20.0))
        return 1.0 + root if self.overcoupled else 1.0 - root

    def response(self, frequency: Float) -> Complex:
        """Power response at the bias, 1 at DC, with the junction's pole."""
        f = np.asarray(frequency, dtype=float)
        half = 0.5 * self.linewidth
        delta, x = self.detuning / half, self.coupling
        # static transmission of the field at the bias
        static = 1.0 - x / (1.0 - 1j * delta)

        def sideband(y: Float) -> Complex:
            return np.asarray(-1j * x / ((1.0 - 1j * delta) * (1.0 + 1j * y - 1j * delta)))

        y = f / half
        # |a + e|² to first order: carrier times upper sideband and, conjugated, the lower one
        power = np.conj(static) * sideband(y) + static * np.conj(sideband(-y))
        slope = np.conj(static) * sideband(np.zeros(1)) + static * np.conj(sideband(np.zeros(1)))
        return np.asarray(power / slope[0] * low_pass("pole", f, self.electrical))

    def curve(self, x: Float) -> Float:
        """Transmission at `x` V about the bias: a Lorentzian notch."""
        # volts move the resonance towards the laser, which shrinks the detuning
        delta = (self.detuning - self.shift * real(x)) / (0.5 * self.linewidth)
        depth = 1.0 - 10.0 ** (-self.floor_db / 10.0)
        # a Lorentzian of the power: depth and floor add up to one
        return np.asarray(10.0 ** (-self.insertion_loss_db / 10.0) * (1.0 - depth / (1.0 + delta**2)))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Zero: a modulator adds no noise of its own."""
        return noiseless(frequency)


def level_mismatch(powers: Float, clause: str = "120D") -> float:
    """Level separation mismatch ratio R_LM of four ascending or descending levels (4,), by an IEEE 802.3 `clause`.

    "120D" (clause 120D.3.1.2): min(3 ES1, 3 ES2, 2 - 3 ES1, 2 - 3 ES2), where ES1 and ES2 are the distances of the two inner
    levels from the middle of the outer ones, over half of the outer distance. "94" (clause 94.3.12.5.1): three times the smallest
    step over the outer distance. Both are 1 for even levels, and the same where the inner ones move in alike.

    >>> level_mismatch(np.array([0.0, 0.9, 2.0, 3.0])), level_mismatch(np.array([0.0, 0.9, 2.0, 3.0]), "94")
    (0.8, 0.9)
    """
    values = np.asarray(powers, dtype=float)
    # descending levels are as good: an inverting modulator
    values = values if values[-1] > values[0] else values[::-1]
    steps = np.diff(values)
    if values.shape != (4,) or steps.min() <= 0.0:
        raise PhysicsError(f"powers must be four ascending levels, got {values}. Lower the swing or move the bias.")
    if clause == "94":
        return float(3.0 * steps.min() / steps.sum())
    if clause != "120D":
        raise PhysicsError(f"clause must be '120D' or '94', got {clause!r}. Use '120D'.")
    middle, half = 0.5 * (values[0] + values[3]), 0.5 * steps.sum()
    inner = 3.0 * np.abs(values[1:3] - middle) / half
    # rounded, so that a mismatch of one is exactly one
    return round(float(min(*inner, *(2.0 - inner))), 12)
