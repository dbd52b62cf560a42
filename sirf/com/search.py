"""Search for the best linear equaliser setting, Annex 93A.1.6: figure of merit over CTLE gains and transmitter taps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from sirf._arrays import Flags, Float, Integer
from sirf._kernels.com_exclusion import winning_rows
from sirf._kernels.com_search import feedback_taps, peak_window, search_setting
from sirf.com.arriving_noise import RECEIVER, density_of, noise_sources
from sirf.com.case_terms import CaseTerms, case_terms, tap_cursors
from sirf.com.case_terms import peak_window as first_window
from sirf.com.config.settings import ComSettings, CtleSettings
from sirf.com.crosstalk_noise import fext_variance, receiver_noise_rms
from sirf.com.filters import ctle_transfer, gain_weights, receiver_filter
from sirf.com.path_terms import term_weights
from sirf.com.responses import PathResponse
from sirf.execution import tell

SEARCH_THREADS = 2
"""Kernels release the interpreter, so that threads run side by side; a study takes the other cores by its processes."""
MANY_SETTINGS = 100_000
"""Grids of more settings are searched by several threads."""
_MANY_ROWS = 500
"""Of so many transmitter settings bounds exclude blocks at once, before each is looked at."""
SearchPath = tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TransmitterGrid:
    """All transmitter settings that count: `taps` (T, K) at cursors `offsets`, c(0) at column `main`.

    `places` (T, S) are the indices of the values of every tap but c(0), and `values` those values; none where the settings are
    no grid.
    """

    taps: Float
    offsets: tuple[int, ...]
    main: int
    places: Integer
    values: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class FoundSetting:
    """A setting of the search: its figure of merit and where it samples.

    `path` holds (g_dc, g_dc2, figure of merit in dB) of each setting that was better than all before, gains by their indices.
    """

    fom_db: float
    g_dc: int
    g_dc2: int
    row: int
    cursor: int
    evaluated: int
    path: SearchPath = ()


def transmitter_grid(settings: ComSettings) -> TransmitterGrid:
    """Every combination of tap values, the last tap fastest, c(0) = 1 - sum |c(k)| not below its minimum."""
    cursors = [cursor for cursor, _ in settings.transmitter.ffe]
    values = [values for _, values in settings.transmitter.ffe]
    places = np.zeros((1, 0), dtype=np.int64)
    if values:
        places = np.indices([len(v) for v in values], dtype=np.int64).reshape(len(values), -1).T
    grid = np.empty(places.shape)
    for column, of_tap in enumerate(values):
        grid[:, column] = np.array(of_tap)[places[:, column]]
    # added column by column, as the reference code does: np.sum pairs its terms and may round c(0) across its minimum
    total = np.zeros(len(grid))
    for column in np.abs(grid).T:
        total = total + column
    main_tap = 1.0 - total
    # c(0) is what the others leave of the swing; settings that leave too little are none
    keep = main_tap >= settings.transmitter.c0_minimum
    main = sum(1 for cursor in cursors if cursor < 0)
    taps = np.concatenate((grid[keep, :main], main_tap[keep, None], grid[keep, main:]), axis=1)
    offsets = tap_cursors(settings)
    return TransmitterGrid(taps, offsets, main, np.ascontiguousarray(places[keep]), tuple(values))


def reported_taps(settings: ComSettings, taps: Float) -> tuple[float, ...]:
    """A row of the grid without the outermost taps that can only be zero, as the reference code reports it."""
    values = [values for _, values in settings.transmitter.ffe]
    main = sum(1 for cursor, _ in settings.transmitter.ffe if cursor < 0)
    # c(0) is always reported, whatever its value
    used = [values != (0.0,) for values in (*values[:main], (1.0,), *values[main:])]
    last = len(used) - used[::-1].index(True)
    return tuple(float(tap) for tap in taps[used.index(True) : last])


def gain_settings(ctle: CtleSettings) -> Iterator[tuple[int, int]]:
    """Indices of (g_DC, g_DC2), the second fastest, that the workbook's qualification allows."""
    for i, g in enumerate(ctle.g_dc_db):
        for j, g2 in enumerate(ctle.g_dc2_db):
            # half-open, as the workbook's table reads: a gain on an edge belongs to one row only
            held = any(low2 <= g2 < high2 and low <= g < high for low2, high2, low, high in ctle.ranges)
            if ctle.ranges and not held:
                continue
            # GDC_MIN of zero switches the rule off
            if ctle.least_sum_db != 0 and g + g2 > ctle.least_sum_db:
                continue
            yield i, j


class CaseSearch:
    """What the search of one package case needs: grids, noise of each CTLE setting, pulses on demand.

    `terms` are those of the paths, where searches of other grids have made them already.
    """

    def __init__(
        self, paths: tuple[PathResponse, ...], settings: ComSettings, *, terms: CaseTerms | None = None
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.terms = case_terms(paths, settings) if terms is None else terms
        self.grid = transmitter_grid(settings)
        self.gains = list(gain_settings(settings.receiver.ctle))
        self._peak_window = first_window(paths[0].pulse, settings)
        self.noise, self.next, self.fext = self._noise()

    def _noise(self) -> tuple[Float, Float, Float]:
        """sigma_N² (S,), sigma_NEXT² (S,), sigma_FEXT² (T, S) of all gain settings."""
        settings, terms = self.settings, self.terms
        ctle = settings.receiver.ctle
        weights = np.array([gain_weights(ctle, ctle.g_dc_db[i], ctle.g_dc2_db[j]) ** 2 for i, j in self.gains])
        weights = weights.reshape(-1, 4)
        # zeros of the same shape, so that the search need not ask whether there is FEXT
        fext = np.zeros((len(self.grid.taps), len(weights)))
        if terms.fext is not None and self.gains:
            f = self.paths[0].frequency
            # |H_ffe| depends on the row, |H_ctf|² on the gains: their product separates
            four = fext_variance(self.grid.taps, self.grid.offsets, f, settings.symbol_rate, terms.fext)
            fext = settings.sigma_x**2 * (four @ weights.T)
        return weights @ terms.noise, settings.sigma_x**2 * (weights @ terms.next), fext

    def noise_sources(self, number: int) -> dict[str, float]:
        """Parts in V rms of sigma_N at a gain setting by name: the receiver's own noise, and what arrives with the channel."""
        receiver, f = self.settings.receiver, self.paths[0].frequency
        if not receiver.arriving:
            return {RECEIVER: float(np.sqrt(self.noise[number]))}
        ctle, (i, j) = receiver.ctle, self.gains[number]
        transfer = receiver_filter(f, receiver) * ctle_transfer(f, ctle, ctle.g_dc_db[i], ctle.g_dc2_db[j])
        return {
            name: receiver_noise_rms(f, transfer, one.noise_density + density_of(one.arriving, f))
            for name, one in noise_sources(receiver).items()
        }

    def with_settings(self, settings: ComSettings) -> CaseSearch:
        """The same paths and grids under settings that differ only in how to search."""
        # a shallow copy: grids and noise of the case do not depend on the way of searching, and take long to make
        other = copy(self)
        other.settings = settings
        return other

    def weights(self, number: int) -> Float:
        """Weights (4,) of the CTLE's parts at a gain setting."""
        ctle, (i, j) = self.settings.receiver.ctle, self.gains[number]
        return gain_weights(ctle, ctle.g_dc_db[i], ctle.g_dc2_db[j])

    def pulses(self) -> Iterator[tuple[int, Float]]:
        """(number of the gain setting, pulse (N,) of the through path behind the CTLE)."""
        for number in range(len(self.gains)):
            yield number, self.pulse(number)

    def pulse(self, number: int) -> Float:
        """Pulse (N,) of the through path behind the CTLE at a gain setting."""
        return np.asarray(self.weights(number) @ self.terms.pulses.parts)

    def local(self) -> FoundSetting | None:
        """The reference code's local search, step by step in its order."""
        settings = self.settings
        state = np.zeros(self.grid.places.shape[1] + 2, dtype=np.int64)
        best = FoundSetting(-np.inf, 0, 0, -1, -1, 0)
        ratio, evaluated = 0.0, 0
        path: list[tuple[int, int, float]] = []
        for number in range(len(self.gains)):
            # g_DC is outermost: a search that goes on from gain to gain keeps the reference's order
            tell("local search", number, len(self.gains))
            ratio, row, cursor, count = self._run(number, state, settings.local_search, ratio, True, None)
            evaluated += count
            if row >= 0:
                best = FoundSetting(float(10 * np.log10(ratio)), *self.gains[number], row, cursor, 0)
                path.append((*self.gains[number], best.fom_db))
        return None if best.row < 0 else replace(best, evaluated=evaluated, path=tuple(path))

    def full(
        self, *, floor_db: float = -np.inf, prune: bool = True, wanted: Flags | None = None
    ) -> FoundSetting | None:
        """The best of all settings. `floor_db` is a figure of merit known to be reached: below it nothing is looked at.

        Settings are left out only where a bound (interference that no DFE within its limits removes) shows that they
        cannot win; `prune=False` evaluates all. Of equal settings the first in the reference code's order wins. With `wanted`
        (S, T) only those gain settings and rows are looked at.
        """
        # a hair below, so that the setting which set the floor is itself found again
        floor = 10 ** (floor_db / 10) * (1 - 1e-9) if np.isfinite(floor_db) else 0.0
        first = sorted({i for i, _ in self.gains})

        def work(g_dc: int, least: float = floor) -> tuple[float, int, int, int, int, list[tuple[int, float]]]:
            state = np.zeros(self.grid.places.shape[1] + 2, dtype=np.int64)
            best = (least, -1, -1, -1, 0)
            evaluated, improved = 0, []
            for number in [number for number, (i, _) in enumerate(self.gains) if i == g_dc]:
                rows = None if wanted is None else np.flatnonzero(wanted[number])
                if rows is not None and not rows.size:
                    continue
                ratio, row, cursor, count = self._run(number, state, 0, best[0], prune, rows)
                evaluated += count
                if row >= 0:
                    best = (ratio, number, row, cursor, 0)
                    improved.append((number, ratio))
            return (*best[:4], evaluated, improved)

        def in_turn() -> Iterator[tuple[float, int, int, int, int, list[tuple[int, float]]]]:
            least = floor
            for g_dc in first:
                # each gain has to beat the best of those before it
                result = work(g_dc, least)
                least = result[0]
                yield result

        results = []
        # threads cost more than they bring where the whole search takes a few milliseconds
        many = len(self.gains) * len(self.grid.taps) > MANY_SETTINGS
        with ThreadPoolExecutor(SEARCH_THREADS) if many else nullcontext() as pool:
            for result in in_turn() if pool is None else pool.map(work, first):
                results.append(result)
                tell("full grid", len(results), len(first))
        winners = [result for result in results if result[2] >= 0]
        if not winners:
            return None
        # of equal ratios the first setting in the reference's order, however the threads ended
        ratio, number, row, cursor, *_ = max(winners, key=lambda result: (result[0], -result[1]))
        # in the order of the gains, so that the path does not depend on the threads
        steps = ((*self.gains[k], float(10 * np.log10(value))) for result in results for k, value in result[5])
        return FoundSetting(
            float(10 * np.log10(ratio)),
            *self.gains[number],
            row,
            cursor,
            sum(result[4] for result in results),
            rising(steps),
        )

    def _run(
        self, number: int, state: Integer, local: int, best: float, prune: bool, some: Integer | None
    ) -> tuple[float, int, int, int]:
        """(square of the ratio, row, cursor, settings evaluated) of the best of all rows, or of `some`, at one gain setting."""
        settings, grid, dfe = self.settings, self.grid, self.settings.receiver.dfe
        weights, pulses, window = self.weights(number), self.terms.pulses, self.window()
        rows, every = pulses.near(weights), slice(None) if some is None else some
        taps, fext = grid.taps[every], np.ascontiguousarray(self.fext[every, number])
        window[:2] -= pulses.begin
        window[:2] = peak_window(rows, taps, grid.main, window[0], window[1])
        b_max, b_min = np.array(dfe.b_max, dtype=float), np.array(dfe.b_min, dtype=float)
        limits, noise = np.array([dfe.floating_max, dfe.tail_rss_max, dfe.step]), self.constants(number)
        gram, slope = np.empty((2, settings.samples_per_ui, len(rows), len(rows)))
        summed, may_win = np.zeros(len(gram), dtype=np.bool_), np.ones(len(taps), dtype=np.bool_)
        of_pairs = term_weights(weights)
        # a local search looks at few rows, and without a setting to beat no bound excludes any
        if prune and local == 0 and best > 0.0 and len(taps) > _MANY_ROWS:
            gram, slope = pulses.all_products(of_pairs)
            summed[:] = True
            may_win = winning_rows(rows, taps, window, b_max, b_min, limits, noise, fext, best, gram, slope)
        progress, needed = np.array([0, -1, -1, 0], dtype=np.int64), -1
        while True:
            best, needed = search_setting(
                rows,
                taps,
                grid.places[every],
                window,
                b_max,
                b_min,
                np.array([dfe.groups, dfe.group_taps, dfe.tail_start], dtype=np.int64),
                limits,
                noise,
                fext,
                state,
                np.array(self.gains[number], dtype=np.int64),
                local,
                best,
                prune,
                may_win,
                gram,
                slope,
                summed,
                progress,
            )
            if needed < 0:
                break
            gram[needed], slope[needed] = pulses.products(of_pairs, needed)
            summed[needed] = True
        _, row, cursor, evaluated = progress.tolist()
        found = row if some is None or row < 0 else int(some[row])
        return float(best), found, cursor + pulses.begin, evaluated

    def window(self) -> Integer:
        """Where the peak is looked for, and other whole numbers of the kernel."""
        sampling, reach = self.settings.receiver.sampling, self.settings.receiver.dfe.reach
        numbers = (*self._peak_window, self.settings.samples_per_ui, reach, self.grid.main, sampling.anchor)
        return np.array(numbers, dtype=np.int64)

    def constants(self, number: int) -> Float:
        """`noise` of `search_setting` at one gain setting."""
        settings, tx = self.settings, self.settings.transmitter
        power = settings.sigma_x**2
        # times the squared difference of the samples beside a cursor, so a quarter of M² makes it a slope per UI
        jitter = (tx.a_dd**2 + tx.sigma_rj**2) * power * settings.samples_per_ui**2 / 4
        # A_s is half the distance of two levels
        scale = (tx.level_mismatch / (settings.levels - 1)) ** 2
        noise = self.noise[number] + self.next[number]
        return np.array([noise, power, jitter, 10 ** (-tx.snr_db / 10), 1.0 if settings.snr_tx_with_c0 else 0.0, scale])


def shifted_rows(pulse: Float, offsets: tuple[int, ...], per_ui: int) -> Float:
    """The pulse (N,) moved by each cursor of `offsets` in UI (K, N); what leaves at one end enters at the other."""
    rows = np.empty((len(offsets), pulse.size))
    for row, offset in zip(rows, offsets, strict=True):
        # two slices: `np.roll` asks for as much time again
        start = offset * per_ui % pulse.size
        row[start:], row[:start] = pulse[: pulse.size - start], pulse[pulse.size - start :]
    return rows


def by_phase(rows: Float, per_ui: int) -> Float:
    """`rows` (K, N) as (M, K, J), zeros at the end, for the last UI may be incomplete."""
    taps, size = rows.shape
    count = -(-size // per_ui)
    padded = np.zeros((taps, count * per_ui))
    padded[:, :size] = rows
    return np.ascontiguousarray(padded.reshape(taps, count, per_ui).transpose(2, 0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Feedback:
    """DFE of a chosen setting: `taps` (reach,) relative to the cursor, `upper` and `lower` limits (reach,) in V."""

    taps: Float
    upper: Float
    lower: Float


def feedback_of(pulse: Float, cursor: int, settings: ComSettings) -> Feedback:
    """DFE taps at sample `cursor` of the equalised `pulse` (N,), equations (93A-26) and (93A-27)."""
    dfe = settings.receiver.dfe
    count = dfe.reach
    post = np.zeros(count)
    # post-cursors beyond the end of the pulse are zero
    known = pulse[cursor + settings.samples_per_ui :: settings.samples_per_ui][:count]
    post[: known.size] = known
    upper, lower = np.empty(count), np.empty(count)
    main = float(pulse[cursor])
    feedback_taps(
        post,
        main,
        np.array(dfe.b_max, dtype=float),
        np.array(dfe.b_min, dtype=float),
        np.array([dfe.groups, dfe.group_taps, dfe.tail_start], dtype=np.int64),
        np.array([dfe.floating_max, dfe.tail_rss_max, dfe.step]),
        np.zeros(count, dtype=np.bool_),
        upper,
        lower,
    )
    return Feedback(quantized(post, main, dfe.step).clip(lower, upper) / main, upper, lower)


def quantized(values: Float, cursor: float, step: float) -> Float:
    """`values` in whole steps of `step` times the cursor, towards zero; unchanged for step 0."""
    if step <= 0:
        return values
    # towards zero, on the magnitude: floor of a negative number would round away from it
    return np.asarray(np.floor(np.abs(values / cursor) / step) * step * np.sign(values) * cursor)


def rising(steps: Iterable[tuple[int, int, float]]) -> SearchPath:
    """Of the steps of a search those whose figure of merit is above all before.

    >>> rising([(0, 0, 1.0), (1, 0, 0.5), (2, 0, 1.5)])
    ((0, 0, 1.0), (2, 0, 1.5))
    """
    kept: list[tuple[int, int, float]] = []
    for step in steps:
        if not kept or step[2] > kept[-1][2]:
            kept.append(step)
    return tuple(kept)
