"""The full grid of Annex 178A: every pair of a setting and a sampling instant that a bound does not exclude.

A grid of 200GBASE-KR1 has 192 000 settings of transmitter and CTLE, each sampled at several instants, and each of these pairs
asks for a search of floating taps. The error of an FFE without end and without limits bounds a pair's from below, and costs a
sum over a hundred frequencies. Pairs are looked at in the order of their bounds until the next is above the least error found,
so nothing is left out that could be the best.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.fft import rfft
from numpy.typing import NDArray

from sirf._kernels.com_bounds import AFTER, frequency_bounds, group_bounds
from sirf.com.ctle_tables import BoundSpectra, CtleTables, transmitter_strength, two_sided
from sirf.com.mmse import receiver_noise
from sirf.com.path_terms import POINTS
from sirf.com.quantization import clip_probability
from sirf.com.reference_receiver import ReferenceReceiver
from sirf.com.search import gain_settings
from sirf.execution import tell
from sirf.signal.gaussian import gaussian_quantile

Real = NDArray[np.float64]
Integer = NDArray[np.int64]
Single = NDArray[np.float32]

_WORKERS = 2
_STEP_SLACK = 1e-3
"""Part of an error by which the estimate of the converter's step can make it wrong: the step is within a thousandth, and the
converter makes at most half of an error."""
_LEVEL_PART = 0.97
"""Part of the estimated clipping level that a bound counts, because sums of symbols have less tail than Gaussian noise."""
_OUTER_COUNTS = (1, 3, 5, 8)
"""Numbers of samples at their outer symbols for which a level is found."""
_NOISE_LAGS = 128
_GROUP = 8
"""Frequencies of one group."""
_FIRST_STEP = 4
"""Every so manyth sampling offset is looked at for an error to begin with."""
_FIRST_PAIRS = 2
"""So many pairs of each CTLE setting are looked at first, for an error to hold bounds against."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Indices of the CTLE gains and of a row of the transmitter's grid, a sampling instant, and the error over sigma_X^2.

    `slack` is the part by which the error can be wrong.
    """

    error: float
    g_dc: int
    g_dc2: int
    row: int
    sample: int
    slack: float


class _Circle:
    """The circle of frequencies, and |G|^2 (C, F) of the transmitter's settings on it.

    `weights` (2, F) sum over the circle, once as it is and once times cos w; `group_gains` (2, C, G) and `group_weights` (2, G)
    are the same for groups of frequencies, of the gains the least and the most.
    """

    def __init__(self, receiver: ReferenceReceiver) -> None:
        taps = np.zeros((len(receiver.grid.taps), POINTS))
        taps[:, : receiver.grid.taps.shape[1]] = receiver.grid.taps
        gains = np.abs(rfft(taps, axis=1)) ** 2
        self.starts = np.arange(0, POINTS // 2, _GROUP)
        weight = np.full(POINTS // 2 + 1, 2.0 / POINTS)
        weight[0] = weight[-1] = 1.0 / POINTS
        weights = np.array((weight, weight * np.cos(2.0 * np.pi * np.arange(weight.size) / POINTS)))
        self.gains = gains.astype(np.float32)
        least, most = (bound.reduceat(gains, self.starts, axis=1) for bound in (np.minimum, np.maximum))
        self.group_gains = np.array((least, most), dtype=np.float32)
        self.weights = weights.astype(np.float32)
        self.group_weights = np.add.reduceat(weights, self.starts, axis=1).astype(np.float32)

    def groups(self, alone: Single, moving: Single, signal: Single) -> Single:
        """Spectra (3, M, G) of groups: the least of the noises, the mean of the signal."""
        mean = np.add.reduceat(signal * self.weights[0], self.starts, axis=1) / self.group_weights[0]
        least = [np.minimum.reduceat(part, self.starts, axis=1) for part in (alone, moving)]
        return np.array((*least, mean), dtype=np.float32)


def _noise_and_signal(
    receiver: ReferenceReceiver, tables: CtleTables, circle: _Circle
) -> tuple[Single, Single, Single]:
    """Spectra (M, F) over sigma_X^2: noise that the transmitter's taps do not filter, that they do, and the signal."""
    settings, rules, tx = receiver.settings, receiver.rules, receiver.settings.transmitter
    weights, power, terms = tables.weights, settings.sigma_x**2, receiver.terms
    row = receiver_noise(settings, tables.gains, _NOISE_LAGS)
    density = 2.0 * np.real(rfft(row, n=POINTS)) - row[0]
    still = (np.maximum(density, 0.0) / power).astype(np.float32)
    for x in terms.next:
        spectrum = x.spectrum(weights)
        still = still + spectrum[int(np.argmax(spectrum @ circle.weights[0]))]
    noise = np.float32(transmitter_strength(settings, rules) / power) * terms.transmitter.spectrum(weights)
    if rules.late_transmitter_noise:
        noise = np.roll(noise, -1, axis=0)
    moving = np.float32(tx.a_dd**2 + tx.sigma_rj**2) * terms.slope.spectrum(weights)
    for x in terms.fext:
        # whichever phase an aggressor is strongest at, it has no less than the least of all phases
        moving += np.min(x.spectrum(weights), axis=0)
    return still + noise, moving, terms.signal.spectrum(weights)


class _Bounds:
    """Bounds of one CTLE setting, `coarse` (C, P) for all pairs of a transmitter setting and a sampling offset."""

    def __init__(self, receiver: ReferenceReceiver, circle: _Circle, tables: CtleTables, known: float) -> None:
        settings, detector = receiver.settings, receiver.settings.receiver.detector
        self.circle, self.tables = circle, tables
        alone, moving, signal = _noise_and_signal(receiver, tables, circle)
        self._parts = (alone, moving, signal)
        slow = (detector.clip_method or receiver.rules.clip_method) == "slow"
        scale = 2.0 / (2.0**detector.adc_bits - 1.0) if detector.adc_bits else 0.0
        probability = clip_probability(settings, receiver.rules) if slow else 0.5
        # a sample at its outer symbol leaves the others L times the probability
        shares = probability * float(settings.levels) ** np.array(_OUTER_COUNTS)
        backward, last = tables.backward
        dfe = settings.receiver.dfe
        self._common = (
            settings.samples_per_ui,
            backward,
            last - receiver.grid.main - AFTER,
            two_sided(receiver.terms.signal.correlation(tables.weights)[:, : tables.edge + 1], tables.edge),
            np.asarray(alone @ circle.weights[0] * settings.sigma_x**2, dtype=float),
            np.array([scale, settings.sigma_x**2, _LEVEL_PART]),
            np.array([gaussian_quantile(min(share, 0.5)) for share in shares.tolist()]),
            *((dfe.b_min[0], dfe.b_max[0]) if dfe.taps == 1 else (0.0, 0.0)),
        )
        self.coarse = np.empty((len(receiver.grid.taps), tables.offsets.size), dtype=np.float32)
        group_bounds(
            self.coarse,
            receiver.grid.taps,
            tables.instants,
            tables.offsets,
            *self._common,
            circle.group_gains,
            circle.groups(*self._parts),
            circle.group_weights,
            known,
        )

    @cached_property
    def spectra(self) -> BoundSpectra:
        """What a bound from every frequency is made of."""
        alone, moving, signal = self._parts
        return BoundSpectra(self.circle.gains, np.array((alone, moving, moving + signal)), self.circle.weights)

    def fine(self, rows: Integer, samples: Integer) -> Real:
        """Bounds (N,) of pairs of a row and a sampling instant from every frequency."""
        result, spectra = np.empty(rows.size), self.spectra
        frequency_bounds(
            result,
            self.tables.grid.taps,
            rows,
            samples,
            *self._common,
            spectra.gains,
            spectra.spectra,
            spectra.weights,
        )
        return result


def best_pairs(receiver: ReferenceReceiver, *, prune: bool) -> tuple[list[Pair], int, list[Pair]]:
    """Pairs with their errors, the least first, how many settings were looked at, and the pairs better than all before.

    With `prune` only those that can be the best are there. More than one DFE tap has no bound: all is looked at.
    """
    settings = receiver.settings
    return _pruned(receiver) if prune and settings.receiver.dfe.taps <= 1 else _all(receiver)


def _tables(receiver: ReferenceReceiver) -> list[tuple[tuple[int, int], CtleTables]]:
    ctle = receiver.settings.receiver.ctle
    return [((i, j), receiver.tables((ctle.g_dc_db[i], ctle.g_dc2_db[j]))) for i, j in gain_settings(ctle)]


def _slack(receiver: ReferenceReceiver) -> float:
    return _STEP_SLACK if receiver.settings.receiver.detector.adc_bits else 0.0


def _all(receiver: ReferenceReceiver) -> tuple[list[Pair], int, list[Pair]]:
    rows, found, slack = np.arange(len(receiver.grid.taps)), [], _slack(receiver)
    places = _tables(receiver)
    for place, tables in places:
        errors = tables.errors(rows)
        for row in rows:
            for p in np.flatnonzero(np.isfinite(errors[row])):
                sample = int(tables.instants[row] + tables.offsets[p])
                found.append(Pair(float(errors[row, p]), place[0], place[1], int(row), sample, slack))
    return sorted(found, key=lambda pair: pair.error), len(places) * rows.size, found


def _pruned(receiver: ReferenceReceiver) -> tuple[list[Pair], int, list[Pair]]:
    """Of each CTLE setting the pairs by their bounds, until the next is above the least error of all.

    The transmitter setting with the largest c(0) gives an error to begin with. Bounds come from groups of frequencies first; the
    pairs that they like best are looked at. The others that are not excluded yet are bounded from every frequency, then with the
    converter's own step, and what is left has its receiver made.
    """
    circle = _Circle(receiver)
    places = _tables(receiver)
    search = _PrunedSearch(places, _slack(receiver))
    begin = np.array([int(np.argmax(receiver.grid.taps[:, receiver.grid.main]))])
    known = min(float(np.min(tables.errors(begin, _FIRST_STEP))) for _, tables in places)
    with ThreadPoolExecutor(_WORKERS) as pool:
        bounds = []
        for bound in pool.map(lambda place: _Bounds(receiver, circle, place[1], known), places):
            bounds.append(bound)
            tell("bounds of the full grid", len(bounds), 2 * len(places))
    order = np.argsort([np.min(bound.coarse) for bound in bounds], kind="stable")
    for k in order:
        search.look(int(k), bounds[k], most=_FIRST_PAIRS)
    for done, k in enumerate(order):
        search.look(int(k), bounds[k])
        tell("full grid", len(places) + done + 1, 2 * len(places))
    return sorted(search.found, key=lambda pair: pair.error), len(search.looked), search.improved


class _PrunedSearch:
    """The errors found so far, and which settings were looked at."""

    def __init__(self, places: list[tuple[tuple[int, int], CtleTables]], slack: float) -> None:
        self.places, self.slack, self.least = places, slack, np.inf
        self.found: list[Pair] = []
        self.improved: list[Pair] = []
        self.looked: set[tuple[int, int]] = set()

    @property
    def limit(self) -> float:
        """Bounds above this exclude a pair."""
        return self.least * (1.0 + self.slack)

    def look(self, k: int, bounds: _Bounds, *, most: int | None = None) -> None:
        """Errors of the pairs of CTLE setting `k` that can be the best; of the first `most` only."""
        (g_dc, g_dc2), tables = self.places[k]
        flat, offsets = bounds.coarse.ravel(), tables.offsets
        kept = np.flatnonzero(flat <= self.limit)
        if most is not None and kept.size > most:
            kept = kept[np.argpartition(flat[kept], most)[:most]]
        if not kept.size:
            return
        rows, samples = kept // offsets.size, tables.instants[kept // offsets.size] + offsets[kept % offsets.size]
        fine = bounds.fine(rows, samples)
        order = np.argsort(fine, kind="stable")
        order = order[fine[order] <= self.limit]
        if not order.size:
            return
        rows, samples = rows[order], samples[order]
        errors, made = tables.pair_errors(rows, samples, fine[order], self.least, self.slack, bounds.spectra)
        self.looked |= {(k, int(row)) for row in np.unique(rows[:made])}
        for n in np.flatnonzero(errors <= self.limit):
            self.found.append(Pair(float(errors[n]), g_dc, g_dc2, int(rows[n]), int(samples[n]), self.slack))
        if np.min(errors) < self.least:
            m = int(np.argmin(errors))
            self.improved.append(Pair(float(errors[m]), g_dc, g_dc2, int(rows[m]), int(samples[m]), self.slack))
        self.least = min(self.least, float(np.min(errors)))
