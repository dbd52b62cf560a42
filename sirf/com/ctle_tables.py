"""Everything that the search of Annex 178A needs at one CTLE setting, whatever the transmitter's taps are."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.com_peaks import peaks
from sirf._kernels.com_search import sampling_point
from sirf.com.config.settings import ComSettings, RxFfeSettings
from sirf.com.filters import gain_weights
from sirf.com.mmse import ffe_size, receiver_noise_covariance, tap_limits
from sirf.com.path_terms import PathParts, SearchTerms, phase_rows, term_weights
from sirf.com.quantization import clip_probability
from sirf.com.revision import Rules
from sirf.com.search import TransmitterGrid, shifted_rows
from sirf.com.setting_errors import setting_errors
from sirf.units import from_db20

_LEAST_MARGIN = 32
"""Zeros, in UI, on either side of a pulse at least."""


def two_sided(table: Float, edge: int) -> Float:
    """A table (..., lags) with lags `edge` to 1 mirrored before it."""
    return np.ascontiguousarray(np.concatenate((table[..., edge:0:-1], table), axis=-1))


def transmitter_strength(settings: ComSettings, rules: Rules) -> float:
    """10^(-SNR_TX / 10), times sigma_X^2 where the revision or S_tn_w_AM says so, equation (178A-21)."""
    with_levels = rules.transmitter_noise_with_levels or settings.receiver.detector.noise_with_levels
    return from_db20(-settings.transmitter.snr_db) ** 2 * (settings.sigma_x**2 if with_levels else 1.0)


class CtleTables:
    """Tables of one CTLE setting, made when they are asked for, and the kernels that run on them.

    `settings` and `rules` say what is computed, `grid` holds the transmitter's settings, `gains` the CTLE's in dB.
    """

    def __init__(
        self,
        settings: ComSettings,
        rules: Rules,
        ffe: RxFfeSettings,
        parts: PathParts,
        terms: SearchTerms,
        grid: TransmitterGrid,
        gains: tuple[float, float],
    ) -> None:
        self.settings, self.rules, self.ffe, self.terms, self.grid, self.gains = (
            settings,
            rules,
            ffe,
            terms,
            grid,
            gains,
        )
        self.size, self.edge = ffe_size(ffe), grid.taps.shape[1] - 1
        self.parts = parts
        # pulses are linear in the parts of the CTLE, spectra and correlations in products of two
        self.weights = term_weights(gain_weights(settings.receiver.ctle, *gains))

    def with_grid(self, settings: ComSettings, grid: TransmitterGrid) -> CtleTables:
        """The same tables for another grid of the same taps; `settings` differ in their grids alone."""
        # a shallow copy: with all tables that have been asked for
        other = copy(self)
        other.settings, other.grid = settings, grid
        # the instants alone are those of a grid's settings
        other.__dict__.pop("instants", None)
        return other

    @property
    def offsets(self) -> Integer:
        """Sampling offsets about the anchor, in samples."""
        sampling = self.settings.receiver.sampling
        return np.arange(sampling.first, sampling.last + 1)

    @cached_property
    def through(self) -> Float:
        """The through pulse (T,) behind the CTLE, without the transmitter's taps."""
        return np.asarray(gain_weights(self.settings.receiver.ctle, *self.gains) @ self.parts.through)

    @cached_property
    def blocks(self) -> Float:
        """Least and largest value (2, B) of the through pulse in each UI, zeros behind its end."""
        if self.rules.last_sample:
            # a search keeps the tables of all its CTLE settings: the pulse by phase is kept once, the later samples first
            backward, last = self.backward
            margin = backward.shape[1] - 1 - last
            by_phase = backward[:, margin:-margin][:, ::-1]
        else:
            by_phase = phase_rows(self.through, self.settings.samples_per_ui)
        return np.array((np.min(by_phase, axis=0), np.max(by_phase, axis=0)))

    def instants_of(self, rows: Integer) -> Integer:
        """Sample about which these transmitter settings of the grid are sampled (R,): the peak, or what ts_anchor asks for."""
        if self.settings.receiver.sampling.anchor != 1:
            return self.instants[rows]
        result = np.empty(rows.size, dtype=np.int64)
        taps, m = np.ascontiguousarray(self.grid.taps[rows]), self.settings.samples_per_ui
        peaks(taps, self.grid.main, self.through, m, self.blocks, result)
        return result

    @cached_property
    def instants(self) -> Integer:
        """The same of all settings (C,)."""
        anchor = self.settings.receiver.sampling.anchor
        if anchor == 1:
            return self.instants_of(np.arange(len(self.grid.taps)))
        m, pulse = self.settings.samples_per_ui, self.through
        middle = int(np.argmax(pulse))
        result = np.empty(len(self.grid.taps), dtype=np.int64)
        # an equalised peak stays within some UI of the plain one
        low, high = max(middle - 20 * m, 0), min(middle + 20 * m, pulse.size)
        rows, work = shifted_rows(pulse, self.grid.offsets, m), np.empty(max(high - low, 4 * m + 1))
        first = self.settings.receiver.dfe.b_max[0] if self.settings.receiver.dfe.b_max else 0.0
        for c, taps in enumerate(self.grid.taps):
            result[c] = sampling_point(rows, taps, low, high, m, first, anchor, work)
        return result

    @property
    def sampling(self) -> Any:
        """How instants follow from taps: the tuple `sampling` of `sirf._kernels.com_bounds`."""
        sampling = self.settings.receiver.sampling
        # an empty array says that the kernel finds the peak itself
        anchored = np.zeros(0, dtype=np.int64) if sampling.anchor == 1 else self.instants
        offsets = np.array([sampling.first, sampling.last])
        return self.through, self.settings.samples_per_ui, self.blocks, offsets, anchored

    @property
    def instant_range(self) -> tuple[int, int]:
        """First and last sample about which a setting of the grid can be sampled."""
        if self.settings.receiver.sampling.anchor != 1:
            return int(np.min(self.instants)), int(np.max(self.instants))
        return 0, self.through.size - 1

    @cached_property
    def signal(self) -> Float:
        """Autocorrelations (M, lags) of the through pulse."""
        return self.terms.signal.correlation(self.weights)

    @cached_property
    def fext(self) -> tuple[Float, ...]:
        """Autocorrelations (M, lags) of the FEXT aggressors."""
        return tuple(x.correlation(self.weights) for x in self.terms.fext)

    @cached_property
    def _tables(self) -> tuple[Float, Float, Float, Float, Float]:
        """`moving`, `fixed`, `fext`, `slope` and `noise` of the kernels."""
        settings, tx, m = self.settings, self.settings.transmitter, self.settings.samples_per_ui
        power, edge, terms = settings.sigma_x**2, self.edge, self.terms
        slope = terms.slope.correlation(self.weights)
        # edges of all symbols move by themselves: jitter has the colour of the slopes
        moving = self.signal + (tx.a_dd**2 + tx.sigma_rj**2) * slope
        still = receiver_noise_covariance(settings, self.gains, self.size)
        for x in terms.next:
            # NEXT counts at its strongest phase, whatever the transmitter's taps are
            still = still + power * x.strongest(self.weights)[0][: self.size]
        same = terms.transmitter is terms.signal
        shaped = (self.signal if same else terms.transmitter.correlation(self.weights))[:, : self.size]
        if self.rules.late_transmitter_noise:
            # each phase is shaped by the response one sample later
            shaped = np.roll(shaped, -1, axis=0)
        transmitter = transmitter_strength(settings, self.rules) * shaped
        fext = np.empty((len(terms.fext), m, self.size + 2 * edge))
        # FEXT behind the taps depends on them, so its tables stay apart
        for a, table in enumerate(self.fext):
            fext[a] = two_sided(table, edge)
        fixed = (still + transmitter) / power
        # variances are covariances at lag zero
        noise = still[0] + transmitter[:, 0]
        return two_sided(moving, edge), fixed, fext, two_sided(slope[:, : edge + 1], edge), noise

    @cached_property
    def backward(self) -> tuple[Float, int]:
        """Samples of each phase, later ones first, with zeros about them, and the place of UI zero."""
        taps = self.size + self.edge + len(self.settings.receiver.dfe.b_max) + 1
        # more zeros than taps reach: the kernels look beyond both ends
        margin = max(taps, _LEAST_MARGIN)
        m = self.settings.samples_per_ui
        rows = phase_rows(self.through, m, drop=0 if self.rules.last_sample else 1)
        backward = np.zeros((rows.shape[0], rows.shape[1] + 2 * margin))
        backward[:, margin:-margin] = rows[:, ::-1]
        return backward, backward.shape[1] - 1 - margin

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """Tables of `setting_problems`, autocorrelations (A, M, lags) of FEXT, and the receiver's limits and shape."""
        settings, receiver, ffe, m = self.settings, self.settings.receiver, self.ffe, self.settings.samples_per_ui
        moving, fixed, fext, slope, noise = self._tables
        backward, last = self.backward
        detector = receiver.detector
        # a largest sum needs no probability
        slow = (detector.clip_method or self.rules.clip_method) == "slow"
        scale = 2.0 / (2.0**detector.adc_bits - 1.0) if detector.adc_bits else 0.0
        converter = np.array(
            [
                settings.levels,
                scale,
                clip_probability(settings, self.rules) if slow else 0.0,
                settings.transmitter.sigma_rj**2,
                settings.sigma_x**2,
            ]
        )
        limit = tap_limits(ffe)
        fixed_taps = ffe.pre + ffe.post + 1
        return (
            (m, backward, last, moving, fixed, slope, noise, converter, self.grid.main),
            fext,
            (
                np.array(receiver.dfe.b_min, dtype=float),
                np.array(receiver.dfe.b_max, dtype=float),
                -limit,
                limit,
                ffe.pre,
                fixed_taps,
                ffe.groups,
                ffe.group_taps,
                ffe.step,
            ),
        )

    def errors(self, rows: Integer, every: int = 1) -> Float:
        """Errors over sigma_X^2 (R, P) of these rows of the transmitter's grid at all sampling offsets, or at every so manyth.

        The converter's step is that of `clipping_estimate`, within a thousandth of what the distribution gives.
        """
        offsets = self.offsets[::every]
        result = np.empty((rows.size, offsets.size))
        for taps, instant, of_row in zip(self.grid.taps[rows], self.instants_of(rows), result, strict=True):
            setting_errors(taps, instant + offsets, self.arguments, np.inf, np.inf, of_row)
        return result

    def least_error(self, row: int, known: float = np.inf, every: int = 1) -> tuple[float, int]:
        """The least of these errors of one row and its sample, an infinite error where none is below `known`."""
        (instant,) = self.instants_of(np.array([row]))
        instants = instant + self.offsets[::every]
        errors = np.empty(instants.size)
        # no slack: what a bound shows to be above the least so far cannot be it
        setting_errors(self.grid.taps[row], instants, self.arguments, known, 0.0, errors)
        place = int(np.argmin(errors))
        return float(errors[place]), int(instants[place])
