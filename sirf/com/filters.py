"""The receiver's linear filters as COM applies them: noise filter in frequency, CTLE in frequency and in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf._kernels.recursive_filter import second_order
from sirf.com.config.settings import CtleSettings, ReceiverSettings
from sirf.receiver.transfer_functions import ctle
from sirf.signal.filters import butterworth4, raised_cosine


@dataclass(frozen=True, slots=True)
class NoiseFilter:
    """H_r: Butterworth of equation (93A-20) with a `corner` in Hz, times the raised cosine, each where the settings have one."""

    corner: float | None
    raised_cosine: tuple[float, float] | None

    def response(self, frequency: Float) -> Complex:
        """H_r (F,) at `frequency` in Hz."""
        found = np.ones(np.shape(frequency), dtype=complex)
        if self.corner is not None:
            found = found * butterworth4(frequency, self.corner)
        if self.raised_cosine is not None:
            found = found * raised_cosine(frequency, *self.raised_cosine)
        return found


def noise_filter_of(receiver: ReceiverSettings) -> NoiseFilter:
    """H_r of a receiver."""
    return NoiseFilter(receiver.noise_corner, receiver.raised_cosine)


def receiver_filter(frequency: Float, receiver: ReceiverSettings) -> Complex:
    """H_r (F,) of a receiver at `frequency` in Hz."""
    return noise_filter_of(receiver).response(frequency)


def ctle_transfer(frequency: Float, settings: CtleSettings, g_dc_db: float, g_dc2_db: float) -> Complex:
    """H_ctf (F,), equation (93A-22)."""
    return ctle(
        frequency,
        g_dc_db=g_dc_db,
        g_dc2_db=g_dc2_db,
        f_z=settings.f_z,
        f_p1=settings.f_p1,
        f_p2=settings.f_p2,
        f_lf=settings.f_lf,
    )


def first_stage(impulse: Float, settings: CtleSettings, g_dc_db: float, sample_rate: float) -> Float:
    """`impulse` (N,) through the first stage of H_ctf as the bilinear transform makes it at `sample_rate` in Hz."""
    return _section(impulse, settings.f_z, settings.f_p1, settings.f_p2, g_dc_db, sample_rate)


def second_stage(impulse: Float, settings: CtleSettings, g_dc2_db: float, sample_rate: float) -> Float:
    """`impulse` (N,) through the low-frequency stage; unchanged where the settings have none."""
    if settings.f_lf is None:
        return impulse
    # zero and pole at one frequency: what lies far below it is scaled by the gain, what lies far above passes unchanged
    return _section(impulse, settings.f_lf, settings.f_lf, None, g_dc2_db, sample_rate)


def equalized_impulse(
    impulse: Float, settings: CtleSettings, g_dc_db: float, g_dc2_db: float, sample_rate: float
) -> Float:
    """`impulse` (N,) through both stages."""
    return second_stage(first_stage(impulse, settings, g_dc_db, sample_rate), settings, g_dc2_db, sample_rate)


def _section(impulse: Float, f_z: float, f_p1: float, f_p2: float | None, gain_db: float, sample_rate: float) -> Float:
    """(g + s/w_z) / ((1 + s/w_1)(1 + s/w_2)) with s = 2 f_s (1 - 1/z) / (1 + 1/z); `f_p2` None leaves that pole out."""
    half = sample_rate / np.pi  # s / (2 pi) at the frequency scale of f: 2 f_s / (2 pi)
    gain = 10.0 ** (gain_db / 20.0)
    numerator = np.array([gain + half / f_z, gain - half / f_z])
    denominator = np.array([1.0 + half / f_p1, 1.0 - half / f_p1])
    if f_p2 is not None:
        # a pole without a zero of its own: the bilinear transform puts its zero at z = -1, half the sample rate
        numerator = np.convolve(numerator, [1.0, 1.0])
        denominator = np.convolve(denominator, [1.0 + half / f_p2, 1.0 - half / f_p2])
    return _filtered(numerator, denominator, impulse)


def gain_weights(settings: CtleSettings, g_dc_db: float, g_dc2_db: float) -> Float:
    """Weights (4,) of `equalized_parts`: the CTLE is linear in both gains."""
    first = 10.0 ** (g_dc_db / 20.0)
    second = 10.0 ** (g_dc2_db / 20.0) if settings.f_lf is not None else 1.0
    # (g1 + z1)(g2 + z2) = g1 g2 + g1 z2 + z1 g2 + z1 z2, in the order of `equalized_parts`
    return np.array([first * second, first, second, 1.0])


def equalized_parts(impulse: Float, settings: CtleSettings, sample_rate: float) -> Float:
    """`impulse` (N,) through four filters (4, N) of which `gain_weights` makes both stages of H_ctf at any gains.

    A stage (g + s/w_z) / ... is g times its part without the zero, plus the part of the zero alone.
    """
    parts = []
    for first_gain in (True, False):
        stage = _part(impulse, settings.f_z, settings.f_p1, settings.f_p2, sample_rate, with_gain=first_gain)
        for second_gain in (True, False):
            if settings.f_lf is not None:
                parts.append(_part(stage, settings.f_lf, settings.f_lf, None, sample_rate, with_gain=second_gain))
            else:
                parts.append(stage if second_gain else np.zeros_like(stage))
    return np.array(parts)


def ctle_power_terms(frequency: Float, settings: CtleSettings) -> Float:
    """Four parts (4, F) of |H_ctf|^2, which the squares of `gain_weights` add up."""
    f = np.asarray(frequency, dtype=float)
    # on the frequency axis gain and zero are in quadrature: |g + j x|² = g² + x², without products of both
    poles = (1.0 + (f / settings.f_p1) ** 2) * (1.0 + (f / settings.f_p2) ** 2)
    zero = (f / settings.f_z) ** 2
    if settings.f_lf is None:
        # a stage that is missing has a gain of one and no zero, so that the weights keep their order
        nothing = np.zeros_like(f)
        return np.array([1.0 / poles, nothing, zero / poles, nothing])
    low = (f / settings.f_lf) ** 2
    poles = poles * (1.0 + low)
    return np.array([1.0 / poles, low / poles, zero / poles, zero * low / poles])


def _part(impulse: Float, f_z: float, f_p1: float, f_p2: float | None, sample_rate: float, *, with_gain: bool) -> Float:
    """A stage's part that its gain multiplies, or the part of its zero alone."""
    half = sample_rate / np.pi
    # 1 and s/w_z under the bilinear transform, both times (1 + 1/z), the denominator that they share
    numerator = np.array([1.0, 1.0]) if with_gain else np.array([half / f_z, -half / f_z])
    denominator = np.array([1.0 + half / f_p1, 1.0 - half / f_p1])
    if f_p2 is not None:
        numerator = np.convolve(numerator, [1.0, 1.0])
        denominator = np.convolve(denominator, [1.0 + half / f_p2, 1.0 - half / f_p2])
    return _filtered(numerator, denominator, impulse)


def _filtered(numerator: Float, denominator: Float, impulse: Float) -> Float:
    """`impulse` (N,) through a section of up to second order, its coefficients in powers of 1/z."""
    zeros, poles = np.zeros(3), np.zeros(3)
    zeros[: len(numerator)], poles[: len(denominator)] = numerator, denominator
    filtered = np.empty(len(impulse))
    second_order(zeros, poles, np.ascontiguousarray(impulse), filtered)
    return filtered
