"""Everything that the search of Annex 178A needs at one CTLE setting, whatever the transmitter's taps are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from sirf._kernels.com_receiver import pair_errors, peaks, sweep_errors
from sirf._kernels.com_search import sampling_point
from sirf.com.config.settings import ComSettings, RxFfeSettings
from sirf.com.filters import equalized_parts, gain_weights
from sirf.com.mmse import Responses, ffe_size, receiver_noise, tap_limits, worst_phase
from sirf.com.quantization import clip_probability
from sirf.com.responses import PathResponse, running_sum
from sirf.com.revision import Rules
from sirf.com.search import TransmitterGrid, shifted_rows
from sirf.units import from_db20

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

_PEAK_REACH_UI = 20
"""The equalised pulse's peak is looked for within so many UI of the unequalised one's."""


@dataclass(frozen=True, slots=True, eq=False)
class PathParts:
    """The pulses of all paths behind the four parts of the CTLE: `through` (4, T), and (4, T) of each aggressor."""

    through: Real
    fext: tuple[Real, ...]
    next: tuple[Real, ...]

    def responses(self, settings: ComSettings, gains: tuple[float, float]) -> Responses:
        """All pulses behind the CTLE at `gains` in dB."""
        weights = gain_weights(settings.receiver.ctle, *gains)
        return Responses(
            through=weights @ self.through,
            fext=tuple(weights @ parts for parts in self.fext),
            next=tuple(weights @ parts for parts in self.next),
        )


def path_parts(paths: tuple[PathResponse, ...], settings: ComSettings) -> PathParts:
    """Pulses behind the parts of the CTLE, of which every setting is a sum."""
    rate = settings.symbol_rate * settings.samples_per_ui
    found: dict[str, list[Real]] = {"through": [], "fext": [], "next": []}
    for path in paths:
        parts = equalized_parts(path.impulse, settings.receiver.ctle, rate)
        found[path.kind].append(np.array([running_sum(part, settings.samples_per_ui) for part in parts]))
    return PathParts(found["through"][0], tuple(found["fext"]), tuple(found["next"]))


def phase_rows(pulse: Real, samples_per_ui: int, *, drop: int = 0) -> Real:
    """A pulse (T,) by sampling phase (M, U), each phase without its last `drop` samples, zeros at the end."""
    count = -(-pulse.size // samples_per_ui)
    padded = np.zeros(count * samples_per_ui)
    padded[: pulse.size] = pulse
    rows = padded.reshape(count, samples_per_ui).T.copy()
    if drop:
        for phase in range(samples_per_ui):
            rows[phase, max(len(range(phase, pulse.size, samples_per_ui)) - drop, 0) :] = 0.0
    return rows


def power_spectra(rows: Real, lags: int) -> Real:
    """|H|^2 (M, F) of each row (M, U), on a grid fine enough for autocorrelations up to `lags`."""
    spectrum = rfft(rows, n=next_fast_len(rows.shape[1] + lags, real=True), axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def correlations(spectra: Real, rows: int, lags: int) -> Real:
    """Autocorrelations (M, lags) of `power_spectra` made for `rows` samples."""
    return np.asarray(irfft(spectra, n=next_fast_len(rows + lags, real=True), axis=1)[:, :lags])


def two_sided(table: Real, edge: int) -> Real:
    """A table (..., lags) with lags `edge` to 1 mirrored before it."""
    return np.ascontiguousarray(np.concatenate((table[..., edge:0:-1], table), axis=-1))


class CtleTables:
    """Tables of one CTLE setting, and the kernels that run on them.

    `settings` and `rules` say what is computed, `grid` holds the transmitter's settings, `gains` the CTLE's in dB.
    """

    def __init__(
        self,
        settings: ComSettings,
        rules: Rules,
        ffe: RxFfeSettings,
        parts: PathParts,
        grid: TransmitterGrid,
        gains: tuple[float, float],
    ) -> None:
        self.settings, self.rules, self.ffe, self.grid, self.gains = settings, rules, ffe, grid, gains
        self.size, self.edge = ffe_size(ffe), grid.taps.shape[1] - 1
        self.responses = parts.responses(settings, gains)
        m = settings.samples_per_ui
        self._rows = phase_rows(self.responses.through, m, drop=0 if rules.last_sample else 1)
        self._spectra = power_spectra(self._rows, self.size + self.edge)

    @property
    def offsets(self) -> Integer:
        """Sampling offsets about the anchor, in samples."""
        sampling = self.settings.receiver.sampling
        return np.arange(sampling.first, sampling.last + 1)

    @cached_property
    def instants(self) -> Integer:
        """Sample about which each transmitter setting of the grid is sampled (C,): its peak, or what ts_anchor asks for."""
        m, pulse = self.settings.samples_per_ui, self.responses.through
        middle = int(np.argmax(pulse))
        low, high = max(middle - _PEAK_REACH_UI * m, 0), min(middle + _PEAK_REACH_UI * m, pulse.size)
        result = np.empty(len(self.grid.taps), dtype=np.int64)
        anchor = self.settings.receiver.sampling.anchor
        if anchor == 1:
            peaks(self.grid.taps, self.grid.main, pulse, m, low, high, result)
            return result
        rows, work = shifted_rows(pulse, self.grid.offsets, m), np.empty(max(high - low, 4 * m + 1))
        first = self.settings.receiver.dfe.b_max[0] if self.settings.receiver.dfe.b_max else 0.0
        for c, taps in enumerate(self.grid.taps):
            result[c] = sampling_point(rows, taps, low, high, m, first, anchor, work)
        return result

    @cached_property
    def _tables(self) -> tuple[Real, Real, Real, Real, Real]:
        """`moving`, `fixed`, `fext`, `slope` and `noise` of the kernels."""
        settings, tx, m = self.settings, self.settings.transmitter, self.settings.samples_per_ui
        power, lags, pulse = settings.sigma_x**2, self.size + self.edge, self.responses.through
        own = correlations(self._spectra, self._rows.shape[1], lags)
        steps = np.zeros_like(pulse)
        steps[1:-1] = (pulse[2:] - pulse[:-2]) * (m / 2.0)
        slope = _phase_correlations(steps, m, lags)
        moving = own + (tx.a_dd**2 + tx.sigma_rj**2) * slope
        still = receiver_noise(settings, self.gains, self.size)
        for x in self.responses.next:
            phase = worst_phase(x, m)
            still = still + power * _phase_correlations(x[phase::m], 1, self.size)[0]
        transmitter = transmitter_strength(settings, self.rules) * self._transmitter(own)
        fext = np.array([_phase_correlations(x, m, lags) for x in self.responses.fext]).reshape(-1, m, lags)
        fixed = (still + transmitter) / power
        noise = still[0] + transmitter[:, 0]
        edge = self.edge
        return two_sided(moving, edge), fixed, two_sided(fext, edge), two_sided(slope[:, : edge + 1], edge), noise

    def _transmitter(self, own: Real) -> Real:
        """Autocorrelations (M, N) of the response that shapes the transmitter's noise, by sampling phase."""
        m, pulse = self.settings.samples_per_ui, self.responses.through
        if self.rules.late_transmitter_noise:
            return np.roll(_phase_correlations(pulse, m, self.size, drop=2), -1, axis=0)
        return _phase_correlations(pulse, m, self.size)

    @cached_property
    def _backward(self) -> tuple[Real, int]:
        """Samples of each phase, later ones first, with zeros about them, and the place of UI zero."""
        margin = self.size + self.edge + len(self.settings.receiver.dfe.b_max) + 1
        rows = np.pad(self._rows, ((0, 0), (margin, margin)))
        return np.ascontiguousarray(rows[:, ::-1]), rows.shape[1] - 1 - margin

    @cached_property
    def _arguments(self) -> tuple[object, ...]:
        """What the kernels take besides candidates and instants."""
        settings, receiver, ffe = self.settings, self.settings.receiver, self.ffe
        moving, fixed, fext, slope, noise = self._tables
        backward, last = self._backward
        detector = receiver.detector
        slow = (detector.clip_method or self.rules.clip_method) == "slow"
        scale = 2.0 / (2.0**detector.adc_bits - 1.0) if detector.adc_bits else 0.0
        converter = np.array([
            settings.levels, scale, clip_probability(settings, self.rules) if slow else 0.0,
            settings.transmitter.sigma_rj**2, settings.sigma_x**2,
        ])  # fmt: skip
        limit = tap_limits(ffe)
        shape = np.array([ffe.pre, ffe.pre + ffe.post + 1, ffe.groups, ffe.group_taps], dtype=np.int64)
        return (
            settings.samples_per_ui, backward, last, moving, fixed, fext, slope, noise, converter, self.grid.main,
            np.array(receiver.dfe.b_min, dtype=float), np.array(receiver.dfe.b_max, dtype=float), -limit, limit, shape, ffe.step,
        )  # fmt: skip

    def errors(self, rows: Integer) -> Real:
        """Errors over sigma_X^2 (R, P) of these rows of the transmitter's grid at all sampling offsets.

        The converter's step is that of `clipping_estimate`, within a bin of what the distribution gives.
        """
        result = np.empty((rows.size, self.offsets.size))
        candidates = np.ascontiguousarray(self.grid.taps[rows])
        sweep_errors(candidates, self.instants[rows], self.offsets, *self._arguments, result)
        return result

    def pair_errors(self, rows: Integer, instants: Integer, bounds: Real, known: float) -> tuple[Real, int]:
        """Errors (N,) of pairs of a row and an instant in the order of rising `bounds`, and how many were looked at."""
        result = np.empty(rows.size)
        made = pair_errors(self.grid.taps, rows, instants, bounds, known, *self._arguments, result)
        return result, int(made)


def transmitter_strength(settings: ComSettings, rules: Rules) -> float:
    """10^(-SNR_TX / 10), times sigma_X^2 where the revision or S_tn_w_AM says so, equation (178A-21)."""
    with_levels = rules.transmitter_noise_with_levels or settings.receiver.detector.noise_with_levels
    return from_db20(-settings.transmitter.snr_db) ** 2 * (settings.sigma_x**2 if with_levels else 1.0)


def _phase_correlations(pulse: Real, samples_per_ui: int, lags: int, *, drop: int = 0) -> Real:
    rows = phase_rows(pulse, samples_per_ui, drop=drop)
    return correlations(power_spectra(rows, lags), rows.shape[1], lags)
