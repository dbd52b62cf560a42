"""The reference receiver of IEEE 802.3 Annex 178A: folded noise densities, and the equaliser of least mean-squared error.

A folded density and the autocorrelation of the sampled noise are one Fourier series; the receiver needs the latter, so
that is what is kept: `row[k]` is the covariance in V^2 of two samples k UI apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.fft import irfft

from sirf._arrays import Float
from sirf.com.arriving_noise import density_of
from sirf.com.config.settings import ComSettings, ReceiverSettings, RxFfeSettings
from sirf.com.filters import ctle_power_terms, gain_weights, receiver_filter
from sirf.signal.toeplitz import symmetric_toeplitz

_POINTS_PER_UI = 4096
"""Frequency points between zero and the symbol rate over which the receiver's noise is integrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """Responses (T,) in V to one symbol, `samples_per_ui` a UI, at one CTLE setting, the transmitter's taps left out.

    All filters are in them: device packages, transmitter edge, receiver filter and CTLE; amplitudes A_v, A_fe, A_ne too.
    """

    through: Float
    fext: tuple[Float, ...] = ()
    next: tuple[Float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRows:
    """Covariances (N,) in V^2 at the input of the receiver's FFE by their source.

    `random_jitter` is the part of `jitter` that sigma_RJ makes. `worst_phases` are those of the crosstalk, `step` is the
    converter's in V (0: none); `converter` the variance in V^2 of its white error.
    """

    receiver: Float
    transmitter: Float
    crosstalk: Float
    jitter: Float
    random_jitter: Float
    worst_phases: tuple[int, ...] = ()
    step: float = 0.0

    @property
    def converter(self) -> float:
        """Variance in V^2 of the converter's rounding error, equation (178A-28)."""
        return self.step**2 / 12.0

    @property
    def total(self) -> Float:
        """All sources together."""
        row = self.receiver + self.transmitter + self.crosstalk + self.jitter
        # rounding errors of different samples are taken as independent: they add to lag zero alone
        row[0] += self.converter
        return row

    @property
    def gaussian_at_converter(self) -> float:
        """Root of the variance in V of what counts as Gaussian where the converter's step is found, equation (178A-31)."""
        parts = self.receiver[0] + self.transmitter[0] + self.crosstalk[0] + self.random_jitter[0]
        return float(np.sqrt(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class MmseReceiver:
    """Equaliser found: Rx FFE taps `w` (N,) with w'h_0 = 1, main tap at `cursor`, DFE taps `b` (B,) relative to the main
    cursor, `sigma_e` the rms error relative to the outer level, `sample` the sampling instant. `floating` holds the places of
    floating taps in UI after the cursor; between them `w` is zero.
    """

    w: Float
    cursor: int
    b: Float
    sigma_e: float
    sample: int
    noise: NoiseRows
    floating: tuple[int, ...] = ()

    @property
    def taps(self) -> Float:
        """Rx FFE taps relative to the main one."""
        return np.asarray(self.w / self.w[self.cursor])

    def fom_db(self, settings: ComSettings) -> float:
        """Figure of merit in dB, 20 log10(R_LM / ((L - 1) sigma_e)): half a level spacing over the rms error."""
        level = settings.transmitter.level_mismatch / (settings.levels - 1)
        return float(20.0 * np.log10(level / self.sigma_e))


def ffe_size(ffe: RxFfeSettings) -> int:
    """Number of places from the first pre-cursor tap to the last place that any tap can have."""
    return ffe.pre + 1 + (max(ffe.span, ffe.post) if ffe.groups else ffe.post)


def tap_limits(ffe: RxFfeSettings) -> Float:
    """Largest magnitude (N,) of each tap relative to the main one, which has no limit."""
    fixed = ffe.pre + ffe.post + 1
    limit = np.full(ffe_size(ffe), float(ffe.tap_max))
    # places behind the fixed taps belong to floating ones
    limit[fixed:] = ffe.floating_max
    # the first taps beside the main one have limits of their own
    if ffe.pre:
        limit[ffe.pre - 1] = ffe.pre1_max
    if ffe.post:
        limit[ffe.pre + 1] = ffe.post1_max
    limit[ffe.pre] = np.inf
    return limit


def autocorrelation(response: Float, lags: int) -> Float:
    """Sums over n of h[n] h[n + k] (lags,) of one response, k = 0, 1, ...; zero outside it."""
    result = np.zeros(lags)
    for k in range(min(lags, response.size)):
        result[k] = np.dot(response[: response.size - k], response[k:])
    return result


def receiver_noise_covariance(settings: ComSettings, gains: tuple[float, float], lags: int) -> Float:
    """Covariance (lags,) in V^2 of the receiver's noise: density eta_0 / 2 shaped by H_r and H_ctf up to half the sample rate.

    What arrives with the channel is in it. Folding at the symbol rate and sampling the covariance at multiples of a UI are the
    same. The gains only weigh four covariances that are made once.
    """
    terms = _noise_terms(settings.receiver, settings.symbol_rate, settings.samples_per_ui)
    # |H|² is linear in the squares of the gains
    weights = gain_weights(settings.receiver.ctle, *gains) ** 2
    return np.asarray(weights @ terms[:, :lags])


@lru_cache(maxsize=8)
def _noise_terms(receiver: ReceiverSettings, rate: float, samples_per_ui: int) -> Float:
    """Covariances (4, 2048) of the receiver's noise behind the four parts of the CTLE's power response."""
    f = np.linspace(0.0, 0.5 * samples_per_ui * rate, _POINTS_PER_UI * samples_per_ui // 2 + 1)
    # one-sided, in V²/Hz: eta_0 / 2 on both sides of 0 Hz
    density = receiver.noise_density + density_of(receiver.arriving, f)
    density = density * np.abs(receiver_filter(f, receiver)) ** 2 * ctle_power_terms(f, receiver.ctle)
    # the trapezoidal rule at these frequencies is an inverse transform: one sample each 1 / (M f_b), every M-th kept
    covariance = irfft(density, axis=1) * f[-1]
    result = np.ascontiguousarray(covariance[:, : _POINTS_PER_UI // 2 * samples_per_ui : samples_per_ui])
    # cached: all settings of a search read the same array
    result.setflags(write=False)
    return result


def pulse_slopes(pulse: Float, phase: int, samples_per_ui: int) -> Float:
    """Slope h_J in V per UI at the samples of one phase, from the two samples beside each, equation (93A-28)."""
    at = np.arange(phase, pulse.size - 1, samples_per_ui)
    # the first sample has none before it
    at = at[at > 0]
    # two samples apart, per UI
    return np.asarray((pulse[at + 1] - pulse[at - 1]) * (samples_per_ui / 2.0))


def phase_of_most_power(pulse: Float, samples_per_ui: int) -> int:
    """Sampling phase at which a crosstalk response has the most power."""
    return int(np.argmax([np.sum(pulse[phase::samples_per_ui] ** 2) for phase in range(samples_per_ui)]))


def with_taps(pulse: Float, taps: Float, cursor: int, samples_per_ui: int) -> Float:
    """Response (T,) to a symbol that went through taps spaced one UI; nothing before time zero, same length."""
    result = np.zeros_like(pulse)
    for k, tap in enumerate(taps):
        shift = (k - cursor) * samples_per_ui
        if shift >= 0:
            result[shift:] += tap * pulse[: pulse.size - shift]
        else:
            result[:shift] += tap * pulse[-shift:]
    return result


def through_taps(row: Float, taps: Float) -> float:
    """RMS in V of noise of covariance `row` (N,) behind the taps (N,)."""
    # variance of a weighted sum: w'R w
    return float(np.sqrt(taps @ symmetric_toeplitz(row) @ taps))


def behind_taps(row: Float, taps: Float) -> Float:
    """Covariance (K,) in V^2 behind the taps (N,) of noise of covariance `row` (K + N - 1,), one side."""
    # a covariance is even: lag -k stands as lag k
    both = np.concatenate((row[:0:-1], row))
    # "valid": only lags that all of the row's values reach
    whole = np.convolve(both, np.correlate(taps, taps, "full"), mode="valid")
    return np.asarray(whole[whole.size // 2 :])
