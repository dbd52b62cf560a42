"""The full grid of Annex 178A: every pair of a setting and a sampling instant that a bound does not exclude.

A grid of 200GBASE-KR1 has 192 000 settings of transmitter and CTLE, each sampled at several instants, and each of these pairs
asks for a search of floating taps. The error of an FFE without end and without limits bounds a pair's from below, and costs a
sum over a hundred frequencies. Pairs are looked at in the order of their bounds until the next is above the least error found,
so nothing is left out that could be the best.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.stats import norm

from sirf._kernels.com_bounds import error_bounds
from sirf.com.ctle_tables import CtleTables, transmitter_strength
from sirf.com.mmse import receiver_noise
from sirf.com.path_terms import POINTS
from sirf.com.quantization import clip_probability
from sirf.com.reference_receiver import ReferenceReceiver
from sirf.com.search import gain_settings

Real = NDArray[np.float64]
Integer = NDArray[np.int64]
Single = NDArray[np.float32]

_WORKERS = 2
_SLACK = 2e-3
"""Bounds are lowered by this part: more than the sum over a circle of so many points differs from the integral."""
_STEP_SLACK = 1e-3
"""Part of an error by which the estimate of the converter's step can make it wrong: the step is within a thousandth, and the
converter makes at most half of an error."""
_LEVEL_PART = 0.97
"""Part of the estimated clipping level that a bound counts, because sums of symbols have less tail than Gaussian noise."""
_LARGEST = 8
_NEAR_UI = (4, 9)
_NOISE_LAGS = 128


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
    """The circle of frequencies: |G|^2 (C, F) of the transmitter's settings, cos w and the weights of a sum over it (F,)."""

    def __init__(self, receiver: ReferenceReceiver) -> None:
        taps = np.zeros((len(receiver.grid.taps), POINTS))
        taps[:, : receiver.grid.taps.shape[1]] = receiver.grid.taps
        self.gains = (np.abs(rfft(taps, axis=1)) ** 2).astype(np.float32)
        self.cosine = np.cos(2.0 * np.pi * np.arange(POINTS // 2 + 1) / POINTS).astype(np.float32)
        self.weight = np.full(self.cosine.size, 2.0 / POINTS, dtype=np.float32)
        self.weight[0] = self.weight[-1] = 1.0 / POINTS


def _noise_and_signal(
    receiver: ReferenceReceiver, tables: CtleTables, circle: _Circle
) -> tuple[Single, Single, Single]:
    """Spectra (M, F) over sigma_X^2: noise that the transmitter's taps do not filter, that they do, and that with the signal."""
    settings, rules, tx = receiver.settings, receiver.rules, receiver.settings.transmitter
    weights, power, terms = tables.weights, settings.sigma_x**2, receiver.terms
    row = receiver_noise(settings, tables.gains, _NOISE_LAGS)
    density = 2.0 * np.real(rfft(row, n=POINTS)) - row[0]
    still = (np.maximum(density, 0.0) / power).astype(np.float32)
    for x in terms.next:
        spectrum = x.spectrum(weights)
        still = still + spectrum[int(np.argmax(spectrum @ circle.weight))]
    noise = np.float32(transmitter_strength(settings, rules) / power) * terms.transmitter.spectrum(weights)
    if rules.late_transmitter_noise:
        noise = np.roll(noise, -1, axis=0)
    moving = np.float32(tx.a_dd**2 + tx.sigma_rj**2) * terms.slope.spectrum(weights)
    for x in terms.fext:
        # whichever phase an aggressor is strongest at, it has no less than the least of all phases
        moving += np.min(x.spectrum(weights), axis=0)
    return still + noise, moving, moving + terms.signal.spectrum(weights)


def _bounds(receiver: ReferenceReceiver, circle: _Circle, tables: CtleTables) -> Real:
    """Errors (C, P) below which no pair of a transmitter setting and an instant falls at one CTLE setting."""
    settings, detector, grid = receiver.settings, receiver.settings.receiver.detector, receiver.grid
    alone, moving, whole = _noise_and_signal(receiver, tables, circle)
    slow = (detector.clip_method or receiver.rules.clip_method) == "slow"
    scale = 2.0 / (2.0**detector.adc_bits - 1.0) if detector.adc_bits else 0.0
    probability = clip_probability(settings, receiver.rules) if slow else 0.5
    # one more of the largest samples at its outer symbol leaves the rest L times the probability
    shares = probability * float(settings.levels) ** np.arange(_LARGEST)
    quantiles = np.maximum(norm.isf(np.minimum(shares, 0.5)), 0.0)
    dfe = settings.receiver.dfe
    low, high = (dfe.b_min[0], dfe.b_max[0]) if dfe.taps == 1 else (0.0, 0.0) if dfe.taps == 0 else (-np.inf, np.inf)
    result = np.empty((len(grid.taps), tables.offsets.size))
    backward, last = tables.backward
    error_bounds(
        grid.taps,
        circle.gains,
        tables.instants,
        tables.offsets,
        settings.samples_per_ui,
        backward,
        last,
        grid.main,
        np.array(_NEAR_UI),
        alone,
        moving,
        whole,
        circle.cosine,
        circle.weight,
        np.asarray(alone @ circle.weight * settings.sigma_x**2, dtype=float),
        np.array([scale, settings.sigma_x**2, _LEVEL_PART]),
        quantiles,
        low,
        high,
        result,
    )
    return result * (1.0 - _SLACK)


def best_pairs(receiver: ReferenceReceiver, *, prune: bool) -> tuple[list[Pair], int]:
    """Pairs with their errors, the least first, and how many settings of transmitter and CTLE were looked at.

    With `prune` only those that can be the best are there. More than one DFE tap has no bound: all is looked at.
    """
    settings = receiver.settings
    return _pruned(receiver) if prune and settings.receiver.dfe.taps <= 1 else _all(receiver)


def _tables(receiver: ReferenceReceiver) -> list[tuple[tuple[int, int], CtleTables]]:
    ctle = receiver.settings.receiver.ctle
    return [((i, j), receiver.tables((ctle.g_dc_db[i], ctle.g_dc2_db[j]))) for i, j in gain_settings(ctle)]


def _slack(receiver: ReferenceReceiver) -> float:
    return _STEP_SLACK if receiver.settings.receiver.detector.adc_bits else 0.0


def _all(receiver: ReferenceReceiver) -> tuple[list[Pair], int]:
    rows, found, slack = np.arange(len(receiver.grid.taps)), [], _slack(receiver)
    places = _tables(receiver)
    for place, tables in places:
        errors = tables.errors(rows)
        for row in rows:
            for p in np.flatnonzero(np.isfinite(errors[row])):
                sample = int(tables.instants[row] + tables.offsets[p])
                found.append(Pair(float(errors[row, p]), place[0], place[1], int(row), sample, slack))
    return sorted(found, key=lambda pair: pair.error), len(places) * rows.size


def _pruned(receiver: ReferenceReceiver) -> tuple[list[Pair], int]:
    """CTLE settings by their least bound; of each the pairs by theirs, until the next is above the least error of all."""
    circle, slack = _Circle(receiver), _slack(receiver)
    places = _tables(receiver)
    with ThreadPoolExecutor(_WORKERS) as pool:
        bounds = list(pool.map(lambda place: _bounds(receiver, circle, place[1]), places))
    least = np.inf
    found: list[Pair] = []
    looked: set[tuple[int, int]] = set()
    for order in np.argsort([np.min(bound) for bound in bounds], kind="stable"):
        place, tables = places[order]
        flat = bounds[order].ravel()
        kept = np.flatnonzero(flat <= least * (1.0 + slack))
        kept = kept[np.argsort(flat[kept], kind="stable")]
        if not kept.size:
            continue
        rows, offsets = kept // tables.offsets.size, kept % tables.offsets.size
        samples = tables.instants[rows] + tables.offsets[offsets]
        errors, made = tables.pair_errors(rows, samples, flat[kept], least, slack)
        looked |= {(int(order), int(row)) for row in rows[:made]}
        for n in np.flatnonzero(np.isfinite(errors)):
            found.append(Pair(float(errors[n]), place[0], place[1], int(rows[n]), int(samples[n]), slack))
        least = min(least, float(np.min(errors)))
    return sorted(found, key=lambda pair: pair.error), len(looked)
