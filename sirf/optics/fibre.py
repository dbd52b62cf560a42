"""Glass and its joints: dispersion with chirp, multimode bandwidth, connectors, interference of multiple paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf

import numpy as np
from numpy import fft

from sirf._arrays import Complex, Float, real
from sirf.optics.stage import check
from sirf.units import C0, FIBRE, MODAL_BANDWIDTH, WAVELENGTH, read_text_fields


@dataclass(frozen=True, slots=True)
class Fibre:
    """Single-mode fibre of `length` m.

    `dispersion` D in ps/(nm km) at `wavelength` m; `loss_db_per_km`. Polarisation-mode dispersion and non-linearity are left out
    (reaches to 10 km).
    """

    length: float
    dispersion: float = field(default=0.0, kw_only=True)
    wavelength: float = field(default=1310e-9, kw_only=True)
    loss_db_per_km: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, length=FIBRE, wavelength=WAVELENGTH)
        check("length", self.length, 0.0, 2e5, "Give m, for example 500.")
        check("dispersion", self.dispersion, -200.0, 200.0, "Give ps/(nm km), for example 1.6.")
        check("wavelength", self.wavelength, 400e-9, 2000e-9, "Give m, for example 1310e-9.")
        check("loss_db_per_km", self.loss_db_per_km, 0.0, 100.0, "Give dB/km, for example 0.4.")

    @property
    def loss_db(self) -> float:
        """Loss of the whole length."""
        return self.loss_db_per_km * self.length * 1e-3

    @property
    def group_delay_dispersion(self) -> float:
        """beta_2 L in s²: -D lambda² L / (2 pi c)."""
        # sign: with positive D short wavelengths arrive first, and beta_2 is negative
        # 1 ps/(nm km) is 1e-12 s over 1e-9 m and 1e3 m: 1e-6 s/m²
        return -self.dispersion * 1e-6 * self.length * self.wavelength**2 / (2.0 * np.pi * C0)

    def intensity_response(self, frequency: Float, *, chirp: float = 0.0) -> Complex:
        """Small-signal response (F,) of power after direct detection: sqrt(1 + a²) cos(theta + arctan a).

        theta = pi lambda² D L f² / c (Wang and Petermann, J. Lightwave Technol. 10, 1992), a the transmitter's chirp factor; 1 at
        DC, without the loss and the group delay.
        """
        # both sidebands turn by theta against the carrier: their beats with it add as cos(theta), chirp puts in the
        # quadrature
        theta = -0.5 * self.group_delay_dispersion * (2.0 * np.pi * np.asarray(frequency, dtype=float)) ** 2
        return np.asarray(np.cos(theta) - chirp * np.sin(theta), dtype=complex)

    def propagate(self, power: Float, sample_rate: float, *, chirp: float = 0.0) -> Float:
        """A periodic wave of power (..., N) W through field, dispersion and loss; its phase is chirp / 2 ln(power)."""
        # rounding of a filter may leave a power of -1e-18: no field has that
        wave = np.maximum(real(power), 0.0)
        if self.dispersion and self.length:
            wave = self._dispersed(wave, sample_rate, chirp)
        # the whole loss at once, for nothing between depends on the level
        return np.asarray(wave * 10.0 ** (-self.loss_db / 10.0))

    def _dispersed(self, wave: Float, sample_rate: float, chirp: float) -> Float:
        """A `wave` (..., N) of power behind the dispersion."""
        # transforms several stretches at once, and in single precision too
        from scipy import fft

        from sirf.signal.single_transform import irfft, rfft

        n = wave.shape[-1]
        # single precision stays single: half the memory of long stretches
        kind = np.result_type(wave, np.complex64).str
        if chirp == 0.0:
            # a real field and an even response: what is in phase and what is in quadrature are real waves of their own
            in_phase, in_quadrature = _sideband_turns(self.group_delay_dispersion, n, sample_rate, kind)
            half = rfft(np.sqrt(wave))
            parts = half.view(in_phase.dtype)
            found = irfft((parts * in_phase).view(half.dtype), n)
            np.square(found, out=found)
            parts *= in_quadrature
            beside = irfft(half, n)
            found += np.square(beside, out=beside)
            return found
        response = _dispersion(self.group_delay_dispersion, n, sample_rate, kind)
        # phase of a dark instant has no weight: keep its logarithm finite
        lit = np.maximum(wave, 1e-12 * wave.max() if wave.max() > 0 else 1.0)
        # the field: amplitude by the root of power, phase by chirp
        spectrum = fft.fft(np.sqrt(wave) * np.exp(0.5j * chirp * np.log(lit / lit.max())))
        spectrum *= response
        turned = fft.ifft(spectrum, overwrite_x=True)
        # the photodiode sees power, so the phase is lost again
        return np.asarray(np.square(turned.real) + np.square(turned.imag))


@lru_cache(maxsize=2)
def _dispersion(group_delay_dispersion: float, samples: int, sample_rate: float, kind: str) -> Complex:
    """What dispersion does to the spectrum (N,) of a field; kept, as stretches of a run are alike.

    Few are kept: that of the wave of an eye takes 12 MB.
    """
    omega = 2.0 * np.pi * fft.fftfreq(samples, 1.0 / sample_rate)
    # the transform counts time as exp(+j w t), hence the minus
    response = np.exp(-0.5j * group_delay_dispersion * omega**2).astype(kind)
    response.flags.writeable = False
    return np.asarray(response)


@lru_cache(maxsize=2)
def _sideband_turns(group_delay_dispersion: float, samples: int, sample_rate: float, kind: str) -> tuple[Float, Float]:
    """Real and imaginary part of the same for half a spectrum, each value twice (2 (N // 2 + 1),): for both parts of a line.

    NumPy takes a complex number times a real one for a product of complex ones.
    """
    turn = -0.5 * group_delay_dispersion * (2.0 * np.pi * fft.rfftfreq(samples, 1.0 / sample_rate)) ** 2
    real_kind = np.empty(0, dtype=kind).real.dtype
    parts = np.repeat(np.cos(turn), 2).astype(real_kind), np.repeat(np.sin(turn), 2).astype(real_kind)
    for part in parts:
        part.flags.writeable = False
    return parts


@dataclass(frozen=True, slots=True)
class MultimodeFibre:
    """Multimode fibre of `length` m: Gaussian response with `bandwidth` Hz km (effective modal, -3 dB of power)."""

    length: float
    bandwidth: float = field(default=inf, kw_only=True)
    loss_db_per_km: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, length=FIBRE, bandwidth=MODAL_BANDWIDTH)
        check("length", self.length, 0.0, 2e4, "Give m, for example 50.")
        check("bandwidth", self.bandwidth, 1e8, inf, "Give Hz km, for example 4.7e9.", unbounded=True)
        check("loss_db_per_km", self.loss_db_per_km, 0.0, 100.0, "Give dB/km, for example 3.")

    @property
    def loss_db(self) -> float:
        """Loss of the whole length."""
        return self.loss_db_per_km * self.length * 1e-3

    def intensity_response(self, frequency: Float, *, chirp: float = 0.0) -> Complex:
        """Gaussian, half the optical power at bandwidth / length; chirp does not matter."""
        # half the optical power at the bandwidth: exp(-ln 2)
        x = np.asarray(frequency, dtype=float) * self.length * 1e-3 / self.bandwidth
        return np.asarray(np.exp(-np.log(2.0) * x**2), dtype=complex)

    def propagate(self, power: Float, sample_rate: float, *, chirp: float = 0.0) -> Float:
        """A periodic wave of power (..., N) W through the modes and the loss."""
        samples = np.shape(power)[-1]
        frequency = np.asarray(fft.rfftfreq(samples, 1.0 / sample_rate), dtype=np.float64)
        spectrum = fft.rfft(power)
        spectrum *= self.intensity_response(frequency)
        spread = fft.irfft(spectrum, samples)
        return np.asarray(spread * 10.0 ** (-self.loss_db / 10.0))


@dataclass(frozen=True, slots=True)
class Connector:
    """A joint of `loss_db`, reflecting `reflectance_db` of the power (below zero; -inf for none)."""

    loss_db: float = 0.0
    reflectance_db: float = field(default=-inf, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        check("loss_db", self.loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        check("-reflectance_db", -self.reflectance_db, 1.0, inf, "Give dB below zero, for example -45.", unbounded=True)

    @property
    def reflectance(self) -> float:
        """Share of power reflected."""
        return float(10.0 ** (self.reflectance_db / 10.0))


@dataclass(frozen=True, slots=True)
class PathInterference:
    """Multipath interference: echoes of double reflections that beat with the signal at the photodiode.

    `echoes` (pairs of joints) are amplitudes of the echo's field relative to the signal's: sqrt(R_i R_j) times the loss between
    them. The beat of one is 2 rho sqrt(P(t) P(t - delay)) cos(phase), its phase and its symbol random. `leaks` are powers
    of other wavelengths relative to the signal's: they carry symbols of their own and do not beat.
    """

    echoes: tuple[float, ...]
    leaks: tuple[float, ...] = field(default=(), kw_only=True)

    @classmethod
    def between(cls, joints: Sequence[Connector], *, loss_db_between: float = 0.0) -> PathInterference:
        """All double reflections among `joints`, in order from transmitter to receiver, with fibre loss between neighbours."""
        found = []
        for i, one in enumerate(joints):
            for j in range(i + 1, len(joints)):
                # an echo passes what lies between the two joints twice more than the signal
                inside = sum(joint.loss_db for joint in joints[i + 1 : j]) + loss_db_between * (j - i)
                rho = np.sqrt(one.reflectance * joints[j].reflectance) * 10.0 ** (-2.0 * inside / 20.0)
                if rho > 0.0:
                    found.append(float(rho))
        return cls(tuple(found))

    def variance(self, level: float, mean: float) -> float:
        """Mean square of the beat in W² while the signal is at `level` W and the echoes carry `mean` W on average."""
        # (2 rho sqrt(P P') cos)², the cosine's mean square a half; light and echo carry independent levels, so the mean
        # of the product is the product of means
        return float(2.0 * level * mean * np.sum(np.square(self.echoes)))

    def bound(self, level: float, highest: float) -> float:
        """Largest beat in W at `level` W with all echoes at the `highest` level and in phase."""
        return float(2.0 * np.sqrt(level * highest) * np.sum(self.echoes))

    def penalty_db(self, *, extinction_db: float, order: int = 4) -> float:
        """Worst-case loss of eye in dB of OMA: the top level swings by its bound, half a step is 1 / (2 (order - 1)) of OMA.

        inf where the eye closes.
        """
        ratio = 10.0 ** (-extinction_db / 10.0)
        # in units of the OMA, which is (1 - ratio) of the top level
        swing = self.bound(1.0, 1.0) / (1.0 - ratio)
        # an eye of PAM4 has a third of the OMA, half of it to either side
        left = 1.0 - 2.0 * (order - 1) * swing
        return float(-10.0 * np.log10(left)) if left > 0.0 else inf
