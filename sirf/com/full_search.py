"""The full grid of Annex 178A: every pair of a setting and a sampling instant that a bound does not exclude.

A grid of 200GBASE-KR1 has 192 000 settings of transmitter and CTLE, each sampled at several instants, and each of these pairs
asks for a search of floating taps. Boxes of transmitter settings are bounded from below as a whole and halved while the bound
is not above the least error found (`sirf.com.box_search`), so nothing is left out that could be the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.fft import rfft

from sirf._arrays import Single
from sirf._kernels.com_boxes import AFTER
from sirf.com.box_search import search_boxes
from sirf.com.ctle_tables import CtleTables, transmitter_strength, two_sided
from sirf.com.mmse import ffe_size, receiver_noise_covariance
from sirf.com.path_terms import POINTS
from sirf.com.quantization import clip_probability
from sirf.com.reference_receiver import CaseReceiver
from sirf.com.search import TransmitterGrid, gain_settings
from sirf.execution import tell
from sirf.signal.gaussian import gaussian_quantile

_STEP_SLACK = 1e-3
"""Part of an error by which the estimate of the converter's step can make it wrong: the step is within a thousandth, and the
converter makes at most half of an error."""
_LEVEL_PART = 0.97
"""Part of the estimated clipping level that a bound counts, because sums of symbols have less tail than Gaussian noise."""
_OUTER_COUNTS = (1, 3, 5, 8)
"""Numbers of samples at their outer symbols for which a level is found."""
_NOISE_LAGS = 128
_PEAK_SPREAD_UI = 16
"""A box whose peaks can lie further apart is halved before its instants are bounded."""
_FIRST_STEP = 8
"""Every so manyth sampling offset is looked at where the walk begins."""
_LONGEST_STEP = 8
"""Steps of a grid that the walk takes at once, halved when none is better."""


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


class Boxes:
    """The transmitter's grid as boxes are made of it, the same for all CTLE settings; `arrays` are described in `com_bounds`."""

    # ascending, so that a box is a range of indices whatever the order in the sheet
    def __init__(self, grid: TransmitterGrid, size: int, c0_least: float) -> None:
        ordered = [np.unique(values) for values in grid.values]
        ordered.insert(grid.main, np.zeros(1))
        counts = np.array([values.size for values in ordered], dtype=np.int64)
        self.highest = counts - 1
        values = np.zeros((counts.size, int(np.max(counts))))
        for row, of_tap in zip(values, ordered, strict=True):
            row[: of_tap.size] = of_tap
        index = np.zeros(len(grid.taps), dtype=np.int64)
        # mixed radix, the last tap fastest
        for k, of_tap in enumerate(ordered):
            index *= of_tap.size
            if k != grid.main:
                index += np.searchsorted(of_tap, grid.taps[:, k])
        row_of = np.full(int(np.prod(counts)), -1, dtype=np.int64)
        # of a setting that is there twice the first row counts
        row_of[index[::-1]] = np.arange(len(grid.taps))[::-1]
        frequency = 2.0 * np.pi * np.arange(POINTS // 2 + 1) / POINTS
        cosines = np.cos(np.outer(np.arange(max(counts.size, 2)), frequency)).astype(np.float32)
        self.weight = np.full(frequency.size, 2.0 / POINTS)
        # half of the circle stands for all of it: points count twice but for both ends, which are their own mirror
        # images
        self.weight[[0, -1]] = 1.0 / POINTS
        lags = np.arange(size + counts.size - 1)
        transform = (np.cos(np.outer(lags, frequency)) * self.weight).astype(np.float32)
        self.arrays = (values, counts, row_of, grid.main, float(c0_least), cosines, transform)


class CtleBounds:
    """One CTLE setting; `bound_arguments` are the tuples that `com_bounds` describes, after the first that of aggressors."""

    def __init__(self, receiver: CaseReceiver, gains: tuple[int, int], tables: CtleTables, boxes: Boxes) -> None:
        self.gains, self.tables, self.boxes = gains, tables, boxes
        self.slack = _slack(receiver)
        settings, detector, m = receiver.settings, receiver.settings.receiver.detector, receiver.settings.samples_per_ui
        power, weights, terms = settings.sigma_x**2, tables.weights, receiver.terms
        signal = terms.signal.spectrum(weights)
        # what the transmitter's taps do not filter
        alone = _unfiltered_noise(receiver, tables, signal)
        edge, fext = tables.edge, terms.fext
        densities = np.zeros((len(fext), m, boxes.weight.size), dtype=np.float32)
        strengths = np.zeros((len(fext), m, 2 * edge + 1))
        for a, x in enumerate(fext):
            densities[a] = x.spectrum(weights)
            strengths[a] = two_sided(tables.fext[a][:, : edge + 1], edge)
        slow = (detector.clip_method or receiver.rules.clip_method) == "slow"
        scale = 2.0 / (2.0**detector.adc_bits - 1.0) if detector.adc_bits else 0.0
        # without a converter any probability does: its step is zero
        probability = clip_probability(settings, receiver.rules) if slow and detector.adc_bits else 0.5
        # a sample at its outer symbol leaves the others L times the probability
        shares = probability * float(settings.levels) ** np.array(_OUTER_COUNTS)
        backward, last = tables.backward
        moving, dfe = tables.arguments[0][3], settings.receiver.dfe
        # a bound knows one DFE tap at most
        low, high = (dfe.b_min[0], dfe.b_max[0]) if dfe.taps == 1 else (0.0, 0.0)
        spectra = (
            alone,
            np.float32(settings.transmitter.a_dd**2 + settings.transmitter.sigma_rj**2) * terms.slope.spectrum(weights),
            signal,
            # sums over the spectrum itself, and with the cosine of a lag of one
            np.array((boxes.weight, boxes.weight * boxes.arrays[5][1]), dtype=np.float32),
        )
        aggressors = (strengths, densities, np.min(densities, axis=1) if fext else densities[:, 0])
        converter = (
            last - receiver.grid.main - AFTER,
            two_sided(tables.signal[:, : edge + 1], edge),
            np.asarray(alone @ boxes.weight * power, dtype=float),
            np.array([scale, power, _LEVEL_PART]),
            np.array([gaussian_quantile(min(share, 0.5)) for share in shares.tolist()]),
        )
        bounded = (backward, last, moving, dfe.taps, receiver.ffe.pre + dfe.taps, float(low), float(high))
        self.bound_arguments = (boxes.arrays, aggressors, tables.sampling, spectra, converter, bounded)

    def search(self, known: float) -> tuple[list[Pair], float, int]:
        """Pairs that can be the best where another CTLE setting has the error `known`, the least error, rows looked at."""
        first, last = self.tables.instant_range
        offsets = self.tables.offsets
        # every instant that some peak and some offset can make
        instants = np.arange(first + offsets[0], last + offsets[-1] + 1)
        spread = _PEAK_SPREAD_UI * self.tables.settings.samples_per_ui + offsets[-1] - offsets[0] + 1
        found, known, looked = search_boxes(
            self.boxes.highest,
            instants,
            int(min(spread, instants.size)),
            self.bound_arguments,
            self.tables,
            known,
            self.slack,
        )
        return [Pair(error, *self.gains, row, sample, self.slack) for error, row, sample in found], known, looked


def _unfiltered_noise(receiver: CaseReceiver, tables: CtleTables, signal: Single) -> Single:
    """Spectra (M, F) over sigma_X^2 of noise that the transmitter's taps do not filter; `signal` (M, F) is the pulse's."""
    settings, rules = receiver.settings, receiver.rules
    power, terms = settings.sigma_x**2, receiver.terms
    row = receiver_noise_covariance(settings, tables.gains, _NOISE_LAGS)
    # the spectrum of an even sequence from one side of it: lag zero counts once
    density = 2.0 * np.real(rfft(row, n=POINTS)) - row[0]
    # a covariance that is cut has ripples, which may pass below zero
    still = (np.maximum(density, 0.0) / power).astype(np.float32)
    for x in terms.next:
        still = still + x.strongest(tables.weights)[1]
    shaped = signal if terms.transmitter is terms.signal else terms.transmitter.spectrum(tables.weights)
    noise = np.float32(transmitter_strength(settings, rules) / power) * shaped
    if rules.late_transmitter_noise:
        noise = np.roll(noise, -1, axis=0)
    return np.asarray(still + noise)


def best_pairs(receiver: CaseReceiver, *, prune: bool, known: float = np.inf) -> tuple[list[Pair], int, list[Pair]]:
    """Pairs with their errors, the least first, how many settings were looked at, and the pairs better than all before.

    With `prune` only those that can be the best are there, by bounds above an error that is `known` of some setting, or that a
    walk finds. More than one DFE tap, and settings that are no grid, have no bound: all is looked at.
    """
    settings = receiver.settings
    boxes = prune and settings.receiver.dfe.taps <= 1 and receiver.grid.values
    return _pruned(receiver, known) if boxes else _all(receiver)


def _tables(receiver: CaseReceiver) -> list[tuple[tuple[int, int], CtleTables]]:
    ctle = receiver.settings.receiver.ctle
    return [((i, j), receiver.tables((ctle.g_dc_db[i], ctle.g_dc2_db[j]))) for i, j in gain_settings(ctle)]


def _slack(receiver: CaseReceiver) -> float:
    return _STEP_SLACK if receiver.settings.receiver.detector.adc_bits else 0.0


def _all(receiver: CaseReceiver) -> tuple[list[Pair], int, list[Pair]]:
    rows, found, slack = np.arange(len(receiver.grid.taps)), [], _slack(receiver)
    places = _tables(receiver)
    for place, tables in places:
        errors = tables.errors(rows)
        for row in rows:
            for p in np.flatnonzero(np.isfinite(errors[row])):
                sample = int(tables.instants[row] + tables.offsets[p])
                found.append(Pair(float(errors[row, p]), place[0], place[1], int(row), sample, slack))
    return sorted(found, key=lambda pair: pair.error), len(places) * rows.size, found


def _pruned(receiver: CaseReceiver, known: float) -> tuple[list[Pair], int, list[Pair]]:
    """Every CTLE setting is searched against the least error so far, of which a walk finds the first where none is `known`."""
    grid = receiver.grid
    boxes = Boxes(grid, ffe_size(receiver.ffe), receiver.settings.transmitter.c0_minimum)
    tables = dict(_tables(receiver))
    order, improved = list(tables), list[Pair]()
    if known == np.inf:
        walk = _Walk(receiver, tables)
        known, order, improved = walk.least(), sorted(tables, key=walk.rank), walk.improved
    found, evaluated = list[Pair](), 0
    for done, gains in enumerate(order, start=1):
        pairs, known, looked = CtleBounds(receiver, gains, tables[gains], boxes).search(known)
        found += pairs
        evaluated += looked
        tell("full grid", done, len(tables))
    found.sort(key=lambda pair: pair.error)
    return found, evaluated, improved or found[:1]


class _Walk:
    """A walk from setting to better neighbour, for an error to hold bounds against; it decides nothing else.

    `improved` are the best pairs of each setting on the way.
    """

    def __init__(self, receiver: CaseReceiver, tables: dict[tuple[int, int], CtleTables]) -> None:
        self.grid, self.tables, self.improved = receiver.grid, tables, list[Pair]()
        self._slack = _slack(receiver)
        self._counts = tuple(len(values) for values in self.grid.values)
        self._row_of = np.full(self._counts, -1, dtype=np.int64)
        self._row_of[tuple(self.grid.places.T)] = np.arange(len(self.grid.taps))
        self._start = int(np.argmax(self.grid.taps[:, self.grid.main]))
        self._first = {gains: one.least_error(self._start, every=_FIRST_STEP)[0] for gains, one in tables.items()}

    def rank(self, gains: tuple[int, int]) -> tuple[float, tuple[int, int]]:
        """Order of CTLE settings: by the error of the transmitter setting with the largest c(0)."""
        return self._first[gains], gains

    def least(self) -> float:
        """The error at which the walk ends: no neighbour at the last step is better."""
        best, step = self._pair(min(self.tables, key=self.rank), self._start, np.inf), _LONGEST_STEP
        seen = {(best.g_dc, best.g_dc2, best.row)}
        self.improved.append(best)
        while step:
            moved = False
            for gains, row in self._neighbours(best, step):
                if (*gains, row) not in seen:
                    seen.add((*gains, row))
                    pair = self._pair(gains, row, best.error)
                    if pair.error < best.error:
                        best, moved = pair, True
                        self.improved.append(pair)
            # a step that found nothing is halved; at zero no neighbour is better
            step = step if moved else step // 2
        return best.error

    def _pair(self, gains: tuple[int, int], row: int, known: float) -> Pair:
        """The setting at its best sampling instant, with an infinite error where it is above `known`."""
        error, sample = self.tables[gains].least_error(row, known)
        return Pair(error, *gains, row, sample, self._slack)

    def _neighbours(self, pair: Pair, step: int) -> list[tuple[tuple[int, int], int]]:
        """Settings one `step` of one gain or tap away, those of the transmitter's only where c(0) allows them."""
        gains, place = (pair.g_dc, pair.g_dc2), self.grid.places[pair.row]
        found = []
        for sign in (-step, step):
            for moved in ((gains[0] + sign, gains[1]), (gains[0], gains[1] + sign)):
                if moved in self.tables:
                    found.append((moved, pair.row))
            for k, count in enumerate(self._counts):
                if 0 <= place[k] + sign < count:
                    # a combination that the least c(0) forbids has no row
                    row = int(self._row_of[(*place[:k], place[k] + sign, *place[k + 1 :])])
                    if row >= 0:
                        found.append((gains, row))
        return found
