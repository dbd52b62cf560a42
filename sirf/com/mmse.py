"""The reference receiver of IEEE 802.3 Annex 178A: folded noise densities, and the equaliser of least mean-squared error.

A folded density and the autocorrelation of the sampled noise are one Fourier series; the receiver needs the latter, so
that is what is kept: `row[k]` is the covariance in V^2 of two samples k UI apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft
from scipy.linalg import toeplitz

from sirf._kernels.mmse import PEAK_WINDOW, equalizer, search
from sirf.com.config.settings import ComSettings, RxFfeSettings
from sirf.com.filters import ctle_transfer, receiver_filter
from sirf.units import from_db20

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

_SLACK = 1e-9
"""Bounds are lowered by this part, far above rounding."""
_POINTS_PER_UI = 4096
"""Frequency points between zero and the symbol rate over which the receiver's noise is integrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """Responses (T,) in V to one symbol, `samples_per_ui` a UI, at one CTLE setting, the transmitter's taps left out.

    All filters are in them: device packages, transmitter edge, receiver filter and CTLE; amplitudes A_v, A_fe, A_ne too.
    """

    through: Real
    fext: tuple[Real, ...] = ()
    next: tuple[Real, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRows:
    """Covariances (N,) in V^2 at the input of the receiver's FFE by their source.

    `worst_phases` are those of the crosstalk, `converter` the variance in V^2 of the converter's white noise.
    """

    receiver: Real
    transmitter: Real
    crosstalk: Real
    jitter: Real
    worst_phases: tuple[int, ...] = ()
    converter: float = 0.0

    @property
    def total(self) -> Real:
        """All sources together."""
        row = self.receiver + self.transmitter + self.crosstalk + self.jitter
        row[0] += self.converter
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class MmseReceiver:
    """Equaliser found: Rx FFE taps `w` (N,) with w'h_0 = 1, main tap at `cursor`, DFE taps `b` (B,) relative to the main
    cursor, `sigma_e` the rms error relative to the outer level, `sample` the sampling instant.
    """

    w: Real
    cursor: int
    b: Real
    sigma_e: float
    sample: int
    noise: NoiseRows

    @property
    def taps(self) -> Real:
        """Rx FFE taps relative to the main one."""
        return np.asarray(self.w / self.w[self.cursor])

    def fom_db(self, settings: ComSettings) -> float:
        """Figure of merit in dB, 20 log10(R_LM / ((L - 1) sigma_e)): half a level spacing over the rms error."""
        level = settings.transmitter.level_mismatch / (settings.levels - 1)
        return float(20.0 * np.log10(level / self.sigma_e))


def autocorrelation(response: Real, lags: int) -> Real:
    """Sums over n of h[n] h[n + k] (lags,) of one response, k = 0, 1, ...; zero outside it."""
    result = np.zeros(lags)
    for k in range(min(lags, response.size)):
        result[k] = np.dot(response[: response.size - k], response[k:])
    return result


def phase_autocorrelations(pulse: Real, samples_per_ui: int, lags: int, *, drop: int = 0) -> Real:
    """Autocorrelations (M, lags) of a pulse (T,) sampled at each of M phases, each without its last `drop` samples."""
    count = -(-pulse.size // samples_per_ui)
    rows = np.zeros((samples_per_ui, count))
    padded = np.zeros(count * samples_per_ui)
    padded[: pulse.size] = pulse
    rows[:] = padded.reshape(count, samples_per_ui).T
    for phase in range(samples_per_ui):
        kept = len(range(phase, pulse.size, samples_per_ui)) - drop
        rows[phase, max(kept, 0) :] = 0.0
    result = np.zeros((samples_per_ui, lags))
    for k in range(min(lags, count)):
        result[:, k] = np.einsum("ij,ij->i", rows[:, : count - k], rows[:, k:])
    return result


def receiver_noise(settings: ComSettings, gains: tuple[float, float], lags: int) -> Real:
    """Covariance (lags,) in V^2 of the receiver's noise: density eta_0 / 2 shaped by H_r and H_ctf up to half the sample rate.

    Folding at the symbol rate and sampling the covariance at multiples of a UI are the same.
    """
    receiver, rate = settings.receiver, settings.symbol_rate
    f = np.linspace(0.0, 0.5 * settings.samples_per_ui * rate, _POINTS_PER_UI * settings.samples_per_ui // 2 + 1)
    shape = receiver_filter(f, receiver) * ctle_transfer(f, receiver.ctle, *gains)
    density = receiver.noise_density * np.abs(shape) ** 2
    # the trapezoidal rule at these frequencies is an inverse transform: one sample each 1 / (M f_b), every M-th kept
    covariance = irfft(density) * f[-1]
    return np.asarray(covariance[: lags * settings.samples_per_ui : settings.samples_per_ui])


def transmitter_noise(settings: ComSettings, through: Real, sample: int, lags: int) -> Real:
    """Covariance (lags,) in V^2 of the transmitter's noise, sigma_X^2 10^(-SNR_TX / 10) times that of the response.

    The response is that to one symbol without the transmitter's taps. The reference code takes it one sample after the
    sampling instant and without its last two samples; so does this.
    """
    phase = (sample + 1) % settings.samples_per_ui
    strength = settings.sigma_x**2 * from_db20(-settings.transmitter.snr_db) ** 2
    return strength * autocorrelation(through[phase :: settings.samples_per_ui][:-2], lags)


def sampled(pulse: Real, phase: int, samples_per_ui: int) -> Real:
    """Samples of a pulse at one phase, one a UI, as the reference code takes them: without the last."""
    return pulse[phase::samples_per_ui][:-1]


def slopes(pulse: Real, phase: int, samples_per_ui: int) -> Real:
    """Slope h_J in V per UI at the samples of one phase, from the two samples beside each, equation (93A-28)."""
    at = np.arange(phase, pulse.size - 1, samples_per_ui)
    at = at[at > 0]
    return np.asarray((pulse[at + 1] - pulse[at - 1]) * (samples_per_ui / 2.0))


def worst_phase(pulse: Real, samples_per_ui: int) -> int:
    """Sampling phase at which a crosstalk response has the most power."""
    return int(np.argmax([np.sum(pulse[phase::samples_per_ui] ** 2) for phase in range(samples_per_ui)]))


def with_taps(pulse: Real, taps: Real, cursor: int, samples_per_ui: int) -> Real:
    """Response (T,) to a symbol that went through taps spaced one UI; nothing before time zero, same length."""
    result = np.zeros_like(pulse)
    for k, tap in enumerate(taps):
        shift = (k - cursor) * samples_per_ui
        if shift >= 0:
            result[shift:] += tap * pulse[: pulse.size - shift]
        else:
            result[:shift] += tap * pulse[-shift:]
    return result


class CtleSearch:
    """All transmitter settings at one CTLE setting.

    `tx_cursor` is the position of c(0) among the `tx_taps` taps of the transmitter, `white` the variance in V^2 of noise
    added at the input of the FFE. Tables are made once, see `sirf._kernels.mmse`.
    """

    def __init__(self, settings: ComSettings, ffe: RxFfeSettings, responses: Responses, gains: tuple[float, float],
                 *, tx_cursor: int, tx_taps: int, white: float = 0.0) -> None:  # fmt: skip
        self.settings, self.ffe, self.responses, self.tx_cursor = settings, ffe, responses, tx_cursor
        self.gains, self.white = gains, white
        self.size = ffe.pre + ffe.post + 1
        m, lags = settings.samples_per_ui, self.size + tx_taps - 1
        pulse = responses.through
        steps = np.zeros_like(pulse)
        steps[1:-1] = (pulse[2:] - pulse[:-2]) * (m / 2.0)
        slope = phase_autocorrelations(steps, m, lags)
        self._moving = phase_autocorrelations(pulse, m, lags, drop=1) + self._jitter * slope
        self._fext = np.array([phase_autocorrelations(x, m, lags) for x in responses.fext]).reshape(-1, m, lags)
        self._next_phases = tuple(worst_phase(x, m) for x in responses.next)
        still = receiver_noise(settings, gains, lags) + self._next(lags)
        still[0] += white
        late = np.roll(phase_autocorrelations(pulse, m, lags, drop=2), -1, axis=0)  # h_tn: one sample after the instant
        self._fixed = still / settings.sigma_x**2 + from_db20(-settings.transmitter.snr_db) ** 2 * late
        dfe = settings.receiver.dfe
        self._b = (np.array(dfe.b_min, dtype=float), np.array(dfe.b_max, dtype=float))
        self._w = _tap_limits(ffe)

    def bounds(self) -> tuple[Real, int]:
        """Errors (B,) that no transmitter taps can fall below at the instants `first`, `first` + 1, ... about the peak.

        Transmitter and receiver FFE in series are one longer FFE. What passes both is the same, but noise that enters between
        them is shaped by the receiver's alone; and as the transmitter's taps add up to one in magnitude, nowhere does their
        response exceed one. So the longer FFE without a transmitter's, FEXT left out, taps and feedback unlimited, has no
        more error than any pair.
        """
        m, pulse = self.settings.samples_per_ui, self.responses.through
        size, feedback = self._moving.shape[1], len(self._b[0])
        free, unlimited = np.full(size, np.inf), np.full(feedback, np.inf)
        cursor, reach = self.ffe.pre + self.tx_cursor, (size + feedback) * m
        padded = np.concatenate((np.zeros(reach), pulse, np.zeros(reach)))
        first = int(np.argmax(pulse)) - 2 * m
        w, b, work = np.empty(size), np.empty(feedback), np.empty((size, size))
        result = np.empty(4 * m + 1)
        for k in range(result.size):
            row = self._moving[(first + k) % m] + self._fixed[(first + k) % m]
            at = reach + first + k + m * (cursor - np.arange(size))
            rows = np.array([padded[at + j * m] for j in range(1 + feedback)])
            result[k] = equalizer(row, rows[0], rows[1:], -unlimited, unlimited, -free, free, cursor, w, b, work)
        return result * (1.0 - _SLACK), first

    def errors(self, candidates: Real, *, known: float = np.inf, prune: bool = True) -> tuple[Real, Integer, int]:
        """Error over sigma_X^2 (C,) and sampling instant (C,) of each row of transmitter taps (C, K), and receivers made.

        With `prune`, candidates and instants that a bound shows to be above `known` or one before them may come out infinite.
        """
        error, sample = np.empty(len(candidates)), np.empty(len(candidates), dtype=np.int64)
        sampling = self.settings.receiver.sampling
        offsets = np.arange(sampling.first, sampling.last + 1)
        bound, first = self.bounds() if prune else (np.zeros(0), 0)
        largest = np.max(np.abs(candidates), axis=0) if len(candidates) else np.zeros(candidates.shape[1])
        outer = self._outer(largest)
        made = search(
            np.ascontiguousarray(candidates), self.tx_cursor, self.responses.through, self.settings.samples_per_ui, offsets,
            self._moving, self._fixed, self._fext, outer, *self._b, *self._w, self.ffe.pre, bound, first, known, error, sample,
        )  # fmt: skip
        return error, sample, int(made)

    def _outer(self, largest: Real) -> float:
        """What no filtered pulse exceeds outside the kernel's window about the peak, with taps up to `largest` (K,)."""
        m, pulse = self.settings.samples_per_ui, np.abs(self.responses.through)
        total = np.zeros(pulse.size)
        for k, tap in enumerate(largest):
            shift = (k - self.tx_cursor) * m
            total[max(shift, 0) : pulse.size + min(shift, 0)] += (
                tap * pulse[max(-shift, 0) : pulse.size - max(shift, 0)]
            )
        peak = int(np.argmax(self.responses.through))
        total[max(peak - PEAK_WINDOW * m // 2, 0) : peak + PEAK_WINDOW * m // 2] = 0.0
        return float(np.max(total))

    @property
    def _jitter(self) -> float:
        transmitter = self.settings.transmitter
        return transmitter.a_dd**2 + transmitter.sigma_rj**2

    def _next(self, lags: int) -> Real:
        m, row = self.settings.samples_per_ui, np.zeros(lags)
        for x, phase in zip(self.responses.next, self._next_phases, strict=True):
            row += self.settings.sigma_x**2 * autocorrelation(x[phase::m], lags)
        return row

    def noise(self, taps: Real, sample: int, lags: int | None = None) -> NoiseRows:
        """Noise at the FFE's input with these transmitter taps, sampled at `sample`, at as many lags as the FFE has taps."""
        lags = lags or self.size
        settings, m = self.settings, self.settings.samples_per_ui
        pulse = with_taps(self.responses.through, taps, self.tx_cursor, m)
        power = settings.sigma_x**2
        crosstalk, phases = self._next(lags), []
        for x in self.responses.fext:
            filtered = with_taps(x, taps, self.tx_cursor, m)
            phases.append(worst_phase(filtered, m))
            crosstalk += power * autocorrelation(filtered[phases[-1] :: m], lags)
        return NoiseRows(
            receiver=receiver_noise(settings, self.gains, lags),
            transmitter=transmitter_noise(settings, self.responses.through, sample, lags),
            crosstalk=crosstalk,
            jitter=power * self._jitter * autocorrelation(slopes(pulse, sample % m, m), lags),
            worst_phases=(*phases, *self._next_phases),
            converter=self.white,
        )

    def receiver(self, taps: Real, sample: int) -> MmseReceiver:
        """The equaliser at one sampling instant, with the noise that it was made for."""
        m, power = self.settings.samples_per_ui, self.settings.sigma_x**2
        pulse = with_taps(self.responses.through, taps, self.tx_cursor, m)
        noise = self.noise(taps, sample)
        h, main = sampled(pulse, sample % m, m), sample // m
        correlation = autocorrelation(h, self.size) + noise.total / power
        reach = self.size + len(self._b[0])
        padded = np.concatenate((np.zeros(reach), h, np.zeros(reach)))
        at = reach + main + self.ffe.pre - np.arange(self.size)
        rows = np.array([padded[at + k] for k in range(1 + len(self._b[0]))])
        w, b = np.empty(self.size), np.empty(len(self._b[0]))
        error = equalizer(
            correlation, rows[0], rows[1:], *self._b, *self._w, self.ffe.pre, w, b, np.empty((self.size,) * 2)
        )
        return MmseReceiver(
            w=w, cursor=self.ffe.pre, b=b, sigma_e=float(np.sqrt(power * error)), sample=sample, noise=noise
        )


def through_taps(row: Real, taps: Real) -> float:
    """RMS in V of noise of covariance `row` (N,) behind the taps (N,)."""
    return float(np.sqrt(taps @ toeplitz(row) @ taps))


def behind_taps(row: Real, taps: Real) -> Real:
    """Covariance (K,) in V^2 behind the taps (N,) of noise of covariance `row` (K + N - 1,), one side."""
    both = np.concatenate((row[:0:-1], row))
    whole = np.convolve(both, np.correlate(taps, taps, "full"), mode="valid")
    return np.asarray(whole[whole.size // 2 :])


def _tap_limits(ffe: RxFfeSettings) -> tuple[Real, Real]:
    """Lower and upper limits (N,) relative to the main tap."""
    limit = np.full(ffe.pre + ffe.post + 1, float(ffe.tap_max))
    limit[ffe.pre] = np.inf
    if ffe.pre:
        limit[ffe.pre - 1] = ffe.pre1_max
    if ffe.post:
        limit[ffe.pre + 1] = ffe.post1_max
    return -limit, limit
