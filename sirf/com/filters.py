"""The receiver's linear filters as COM applies them: noise filter in frequency, CTLE in frequency and in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from sirf.com.config.settings import CtleSettings, ReceiverSettings
from sirf.receiver.transfer_functions import butterworth4, ctle

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


def receiver_filter(frequency: Real, receiver: ReceiverSettings) -> Complex:
    """H_r (F,): Butterworth of equation (93A-20), times the raised cosine where the settings have one."""
    response = np.ones(np.shape(frequency), dtype=complex)
    if receiver.noise_corner is not None:
        response = response * butterworth4(frequency, receiver.noise_corner)
    if receiver.raised_cosine is not None:
        response = response * raised_cosine(frequency, *receiver.raised_cosine)
    return response


def raised_cosine(frequency: Real, start: float, end: float) -> Real:
    """One to `start` Hz, half a period of a cosine down to zero at `end` Hz."""
    part = np.clip((np.asarray(frequency, dtype=float) - start) / (end - start), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part))


def ctle_transfer(frequency: Real, settings: CtleSettings, g_dc_db: float, g_dc2_db: float) -> Complex:
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


def first_stage(impulse: Real, settings: CtleSettings, g_dc_db: float, sample_rate: float) -> Real:
    """`impulse` (N,) through the first stage of H_ctf as the bilinear transform makes it at `sample_rate` in Hz."""
    return _section(impulse, settings.f_z, settings.f_p1, settings.f_p2, g_dc_db, sample_rate)


def second_stage(impulse: Real, settings: CtleSettings, g_dc2_db: float, sample_rate: float) -> Real:
    """`impulse` (N,) through the low-frequency stage; unchanged where the settings have none."""
    if settings.f_lf is None:
        return impulse
    return _section(impulse, settings.f_lf, settings.f_lf, None, g_dc2_db, sample_rate)


def equalized_impulse(
    impulse: Real, settings: CtleSettings, g_dc_db: float, g_dc2_db: float, sample_rate: float
) -> Real:
    """`impulse` (N,) through both stages."""
    return second_stage(first_stage(impulse, settings, g_dc_db, sample_rate), settings, g_dc2_db, sample_rate)


def _section(impulse: Real, f_z: float, f_p1: float, f_p2: float | None, gain_db: float, sample_rate: float) -> Real:
    """(g + s/w_z) / ((1 + s/w_1)(1 + s/w_2)) with s = 2 f_s (1 - 1/z) / (1 + 1/z); `f_p2` None leaves that pole out."""
    half = sample_rate / np.pi  # s / (2 pi) at the frequency scale of f: 2 f_s / (2 pi)
    gain = 10.0 ** (gain_db / 20.0)
    numerator = np.array([gain + half / f_z, gain - half / f_z])
    denominator = np.array([1.0 + half / f_p1, 1.0 - half / f_p1])
    if f_p2 is not None:
        numerator = np.convolve(numerator, [1.0, 1.0])
        denominator = np.convolve(denominator, [1.0 + half / f_p2, 1.0 - half / f_p2])
    return np.asarray(lfilter(numerator, denominator, impulse))
