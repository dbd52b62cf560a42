"""A VCSEL by single-mode rate equations: carriers and photons follow the current, large signals and patterns included."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, pi, sqrt

import numpy as np

from sirf._arrays import Complex, Float
from sirf.optics.stage import check, check_intensity_noise, low_pass, noiseless
from sirf.units import CURRENT, ELECTRON, FREQUENCY, RESISTANCE, read_text_fields

LARGEST_STEP = 0.2
"""Integration step times the relaxation's angular frequency at the bias: the fourth order leaves 1e-5 of the light."""
WARM_UP_LIFETIMES = 4.0
"""Carrier lifetimes at the end of a period that are sent ahead of it. Above threshold memory is a hundred times shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEquationVcsel:
    """A directly modulated laser of N carriers and S photons in one mode, at `bias` A.

    dN/dt = injection_efficiency I / q - N / carrier_lifetime - G S
    dS/dt = G S - S / photon_lifetime + spontaneous N / carrier_lifetime,  G = gain (N - transparency) / (1 + compression S)

    and the light is `power_per_photon` S in W (Mena, Kang, Morikuni, Yang et al., J. Lightwave Technol. 17, 1999, equations 2 to
    5; Coldren, Corzine and Mašanović, Diode Lasers and Photonic Integrated Circuits, chapter 5). Lifetimes in s, `gain` in 1/s.
    Drive V about the bias flow through `resistance` Ohm and a `parasitic` pole in Hz; no current flows backwards.

    The temperature is that of the bias: it follows no symbol, so thermal roll-over belongs into `injection_efficiency` and
    `power_per_photon`. Resonance and damping follow from the bias; large symbols overshoot, and wait where they start below the
    threshold. `light` integrates; `curve` and `response` are its limits for slow and for small signals, both in closed form.
    """

    bias: float
    resistance: float
    injection_efficiency: float
    carrier_lifetime: float
    photon_lifetime: float
    gain: float
    transparency: float
    compression: float
    spontaneous: float
    power_per_photon: float
    parasitic: float = inf
    rin_db_per_hz: float = -inf

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, bias=CURRENT, resistance=RESISTANCE, parasitic=FREQUENCY)
        check("bias", self.bias, 1e-6, 1.0, "Give A, for example 8e-3.")
        check("resistance", self.resistance, 1.0, 1e4, "Give Ohm, for example 60.")
        check("injection_efficiency", self.injection_efficiency, 0.01, 1.0, "Give a share, for example 0.8.")
        check("carrier_lifetime", self.carrier_lifetime, 1e-12, 1e-6, "Give s, for example 1e-9.")
        check("photon_lifetime", self.photon_lifetime, 1e-14, 1e-9, "Give s, for example 2.5e-12.")
        check("gain", self.gain, 1.0, 1e12, "Give 1/s for one carrier, for example 5e5.")
        check("transparency", self.transparency, 0.0, 1e12, "Give a number of carriers, for example 3e6.")
        check("compression", self.compression, 0.0, 1.0, "Give the share that one photon takes, for example 2e-6.")
        check("spontaneous", self.spontaneous, 1e-12, 0.5, "Give a share, for example 1e-4.")
        check("power_per_photon", self.power_per_photon, 1e-15, 1e-3, "Give W, for example 3e-8.")
        check("parasitic", self.parasitic, 1e6, inf, "Give Hz.", unbounded=True)
        check_intensity_noise(self.rin_db_per_hz)
        # below threshold the linearisation at the bias means nothing
        check(
            "bias",
            self.bias,
            self.threshold,
            inf,
            f"Bias the laser above its threshold of {1e3 * self.threshold:.3g} mA.",
        )

    @property
    def rin(self) -> float:
        """Relative intensity noise, 1/Hz."""
        return float(10.0 ** (self.rin_db_per_hz / 10.0))

    @property
    def threshold(self) -> float:
        """A at which gain meets loss, without spontaneous emission."""
        # clear of transparency the gain must make up for the photons that leave
        carriers = self.transparency + 1.0 / (self.gain * self.photon_lifetime)
        return ELECTRON * carriers / (self.injection_efficiency * self.carrier_lifetime)

    @property
    def slope(self) -> float:
        """W/A above the threshold, without spontaneous emission."""
        # compression keeps some carriers that recombine by themselves
        kept = 1.0 + self.compression / (self.gain * self.carrier_lifetime)
        return self.power_per_photon * self.injection_efficiency * self.photon_lifetime / (ELECTRON * kept)

    @property
    def resonance(self) -> float:
        """Relaxation frequency in Hz at the bias."""
        return sqrt(self._linearised[0]) / (2.0 * pi)

    @property
    def damping(self) -> float:
        """Damping in 1/s at the bias."""
        return self._linearised[1]

    def steady(self, current: Float) -> tuple[Float, Float]:
        """Carriers and photons (N,) at steady `current` (N,) A: the positive root of a quadratic equation."""
        # no current flows backwards: see '_pump'
        pump = self._pump(np.asarray(current, dtype=float))
        lasing = 1.0 - self.spontaneous
        # carriers are `most` less `each` a photon, from the sum of both equations
        most, each = pump * self.carrier_lifetime / lasing, self.carrier_lifetime / (self.photon_lifetime * lasing)
        born = self.spontaneous * most / self.carrier_lifetime
        lost = 1.0 / self.photon_lifetime + self.spontaneous * each / self.carrier_lifetime
        square = lost * self.compression + self.gain * each
        linear = lost - born * self.compression - self.gain * (most - self.transparency)
        root = np.sqrt(linear**2 + 4.0 * square * born)
        # of two ways to write the root the one without a difference of nearly equal numbers
        below = 2.0 * born / np.maximum(linear + root, np.finfo(float).tiny)
        photons = np.where(linear > 0.0, below, (root - linear) / (2.0 * square))
        return np.asarray(most - each * photons), np.asarray(photons)

    def response(self, frequency: Float) -> Complex:
        """Small-signal response (F,) at the bias, 1 at DC: relaxation resonance and parasitic pole."""
        f = np.asarray(frequency, dtype=float)
        squared, damping = self._linearised
        omega = 2.0 * pi * f
        core = squared / (squared - omega**2 + 1j * omega * damping)
        return np.asarray(core * low_pass("pole", f, self.parasitic))

    def curve(self, x: Float) -> Float:
        """Light in W for slow `x` V about the bias: the steady L-I curve with spontaneous emission."""
        return self.power_per_photon * self.steady(self.bias + np.asarray(x, dtype=float) / self.resistance)[1]

    def light(self, volts: Float, sample_rate: float) -> Float:
        """Light (..., N) in W of periodic `volts` (..., N) about the bias, `sample_rate` samples a second, all responses applied.

        The current is taken as band-limited, and integrated in steps of at most LARGEST_STEP.
        """
        from scipy import fft

        from sirf._kernels.laser_rates import photon_numbers

        rows = np.atleast_2d(np.asarray(volts, dtype=float))
        n = rows.shape[-1]
        steps = max(ceil(2.0 * pi * self.resonance / (LARGEST_STEP * sample_rate)), 1)
        spectrum = fft.rfft(rows) * low_pass("pole", fft.rfftfreq(n, 1.0 / sample_rate), self.parasitic)
        # the integration asks for the current at every half step
        fine = 2 * steps
        current = self.bias + fft.irfft(spectrum, n * fine) * (fine / self.resistance)
        pump = self._pump(current)
        # a period may be shorter than the carriers' memory: then all of it is sent ahead
        before = min(n, ceil(WARM_UP_LIFETIMES * self.carrier_lifetime * sample_rate))
        photons, early = np.empty_like(rows), np.empty(before)
        step, laser = 1.0 / (sample_rate * steps), self._coefficients
        for row, out in zip(pump, photons, strict=True):
            # the end of the period comes before its beginning, and one more sample closes the last step
            ahead = np.concatenate([row[len(row) - before * fine :], row[:1]])
            # from the steady state of the first current, which the time ahead then turns into the pattern's own
            start = np.array([value[0] for value in self.steady(current[:1, 0])])
            photon_numbers(ahead, start, laser, step, steps, early)
            # 'start' is the state that the time ahead has left behind
            photon_numbers(np.append(row, row[0]), start, laser, step, steps, out)
        return np.asarray(self.power_per_photon * photons).reshape(np.shape(volts))

    def noise_density(self, frequency: Float, level: float) -> Float:
        """Relative intensity noise of `level` W, W²/Hz."""
        return noiseless(frequency) + self.rin * level**2

    @property
    def _coefficients(self) -> Float:
        """What the kernel calls `laser`."""
        return np.array(
            [
                self.gain,
                self.transparency,
                self.compression,
                1.0 / self.carrier_lifetime,
                self.spontaneous,
                1.0 / self.photon_lifetime,
            ]
        )

    def _pump(self, current: Float) -> Float:
        """Carriers a second that a `current` in A brings."""
        return np.asarray(np.maximum(current, 0.0) * (self.injection_efficiency / ELECTRON))

    @property
    def _linearised(self) -> tuple[float, float]:
        """Square of the relaxation's angular frequency, and damping in 1/s, at the bias (Coldren, equations 5.46 and 5.47)."""
        carriers, photons = (float(value[0]) for value in self.steady(np.array([self.bias])))
        squeezed = 1.0 + self.compression * photons
        above = self.gain * (carriers - self.transparency) / squeezed**2
        stimulated = self.gain * photons / squeezed
        # rates of N by N and by S, of S by N and by S
        nn, np_ = 1.0 / self.carrier_lifetime + stimulated, above
        pn, pp = self.spontaneous / self.carrier_lifetime + stimulated, 1.0 / self.photon_lifetime - above
        # determinant and trace of the matrix of rates
        return nn * pp + np_ * pn, nn + pp
