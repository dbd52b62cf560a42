"""Search for the best linear equaliser setting, Annex 93A.1.6: figure of merit over CTLE gains and transmitter taps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Flags, Float, Integer
from sirf._kernels.com_exclusion import tap_signs, winning_rows
from sirf._kernels.com_search import feedback_taps, peak_window, search_settings
from sirf.com.arriving_noise import RECEIVER, density_of, noise_sources
from sirf.com.case_terms import CaseTerms, case_terms, tap_cursors
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


@dataclass(frozen=True, slots=True, eq=False)
class GridPart:
    """Settings that a search looks at: those that `flags` (G, R) tell of gain settings `numbers` and `rows` (R,) of the grid."""

    numbers: tuple[int, ...]
    rows: Integer
    flags: Flags


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


@dataclass(frozen=True, slots=True)
class _Step:
    """The best of a gain setting that was better than all before: the square of the ratio in equation (93A-36), and where."""

    ratio: float
    number: int
    row: int
    cursor: int


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
        ctle, dfe = settings.receiver.ctle, settings.receiver.dfe
        self.gains = list(gain_settings(ctle))
        self._weights = np.array([gain_weights(ctle, ctle.g_dc_db[i], ctle.g_dc2_db[j]) for i, j in self.gains])
        # |H_ctf|² of a gain setting is a sum of four spectra by the squares of its weights
        self._weights = self._weights.reshape(-1, 4)
        power = self._weights**2
        self.noise, self.next = power @ self.terms.noise, settings.sigma_x**2 * (power @ self.terms.next)
        self._constants = self._all_constants()
        # NaN: not asked for yet
        self._fext = np.full((len(self.grid.taps), 4), 0.0 if self.terms.fext is None else np.nan)
        self.limits = (
            np.array(dfe.b_max, dtype=float),
            np.array(dfe.b_min, dtype=float),
            np.array([dfe.groups, dfe.group_taps, dfe.tail_start], dtype=np.int64),
            np.array([dfe.floating_max, dfe.tail_rss_max, dfe.step]),
        )

    def fext(self, numbers: Sequence[int], rows: Integer | None = None) -> Float:
        """sigma_FEXT² (G, R) at gain settings `numbers` for `rows` (R,) of the transmitter's grid, by default for all."""
        rows = np.arange(len(self._fext)) if rows is None else rows
        new = rows[np.isnan(self._fext[rows, 0])]
        if new.size:
            density = self.terms.fext
            assert density is not None
            f, settings = self.paths[0].frequency, self.settings
            # |H_ffe| depends on the row, |H_ctf|² on the gains: their product separates
            self._fext[new] = fext_variance(self.grid.taps[new], self.grid.offsets, f, settings.symbol_rate, density)
        return np.asarray(self.settings.sigma_x**2 * (self._weights[list(numbers)] ** 2 @ self._fext[rows].T))

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
        return np.asarray(self._weights[number])

    def pulses(self) -> Iterator[tuple[int, Float]]:
        """(number of the gain setting, pulse (N,) of the through path behind the CTLE)."""
        for number in range(len(self.gains)):
            yield number, self.pulse(number)

    def pulse(self, number: int) -> Float:
        """Pulse (N,) of the through path behind the CTLE at a gain setting."""
        return np.asarray(self.weights(number) @ self.terms.pulses.parts)

    def local(self) -> FoundSetting | None:
        """The reference code's local search, step by step in its order."""
        state, ratio, evaluated = self._state(), 0.0, 0
        steps: list[_Step] = []
        # g_DC is outermost: a search that goes on from gain to gain keeps the reference's order
        first = self._by_first_gain()
        for done, numbers in enumerate(first):
            tell("local search", done, len(first))
            ratio, some, count = self._run(numbers, None, None, state, ratio, self.settings.local_search)
            steps += some
            evaluated += count
        return self._found(steps, evaluated)

    def full(
        self, *, floor_db: float = -np.inf, prune: bool = True, part: GridPart | None = None
    ) -> FoundSetting | None:
        """The best of all settings. `floor_db` is a figure of merit known to be reached: below it nothing is looked at.

        Settings are left out only where a bound (interference that no DFE within its limits removes) shows that they
        cannot win; `prune=False` evaluates all. Of equal settings the first in the reference code's order wins. With `part` only
        its settings are looked at.
        """
        # a hair below, so that the setting which set the floor is itself found again
        floor = 10 ** (floor_db / 10) * (1 - 1e-9) if np.isfinite(floor_db) else 0.0
        if part is not None or len(self.grid.taps) <= _MANY_ROWS:
            if part is None:
                result = self._run(range(len(self.gains)), None, None, self._state(), floor, 0, prune=prune)
                tell("full grid", 1, 1)
            else:
                result = self._run(part.numbers, part.rows, part.flags, self._state(), floor, 0, prune=prune)
            _, steps, evaluated = result
            return self._found(steps, evaluated)
        first = self._by_first_gain()

        def work(numbers: list[int], least: float = floor) -> tuple[float, list[_Step], int]:
            return self._run(numbers, None, None, self._state(), least, 0, prune=prune)

        def in_turn() -> Iterator[tuple[float, list[_Step], int]]:
            least = floor
            for numbers in first:
                # each gain has to beat the best of those before it
                result = work(numbers, least)
                least = result[0]
                yield result

        results = []
        # threads cost more than they bring where the whole search takes a few milliseconds
        many = len(self.gains) * len(self.grid.taps) > MANY_SETTINGS
        with ThreadPoolExecutor(SEARCH_THREADS) if many else nullcontext() as pool:
            for result in in_turn() if pool is None else pool.map(work, first):
                results.append(result)
                tell("full grid", len(results), len(first))
        return self._found([step for _, steps, _ in results for step in steps], sum(count for *_, count in results))

    def _state(self) -> Integer:
        """Where a local search is, see `search_settings`."""
        return np.zeros(self.grid.places.shape[1] + 2, dtype=np.int64)

    def _by_first_gain(self) -> list[list[int]]:
        """Numbers of the gain settings of each g_DC."""
        return [
            [number for number, (i, _) in enumerate(self.gains) if i == g_dc]
            for g_dc in sorted({i for i, _ in self.gains})
        ]

    def _found(self, steps: list[_Step], evaluated: int) -> FoundSetting | None:
        """The best of `steps` in the order of the gains, so that the path does not depend on threads."""
        if not steps:
            return None
        # of equal ratios the first setting in the reference's order, however the threads ended
        best = max(steps, key=lambda step: (step.ratio, -step.number))
        path = rising((*self.gains[step.number], float(10 * np.log10(step.ratio))) for step in steps)
        fom_db = float(10 * np.log10(best.ratio))
        return FoundSetting(fom_db, *self.gains[best.number], best.row, best.cursor, evaluated, path)

    def _run(
        self,
        numbers: Sequence[int],
        rows: Integer | None,
        flags: Flags | None,
        state: Integer,
        best: float,
        local: int,
        *,
        prune: bool = True,
    ) -> tuple[float, list[_Step], int]:
        """(best square of the ratio, gain settings that were better than all before, settings evaluated), at `numbers` in turn.

        Of `rows` (R,) of the grid, by default all, those are looked at that `flags` (G, R) tell.
        """
        every: slice | Integer = slice(None) if rows is None else rows
        taps, places, fext = self.grid.taps[every], self.grid.places[every], self.fext(numbers, rows)
        flags = np.ones(fext.shape, dtype=np.bool_) if flags is None else flags
        # a local search looks at few rows: bounds of blocks exclude those of a large grid alone
        blocks = prune and local == 0 and len(taps) > _MANY_ROWS
        steps, evaluated = list[_Step](), 0
        signs = tap_signs(taps, self.grid.main) if blocks else None
        for group in [[g] for g in range(len(numbers))] if blocks else [list(range(len(numbers)))]:
            may_win = flags[group]
            # without a setting to beat no bound excludes any
            if signs is not None and best > 0.0:
                may_win[0] &= self._winning_rows(numbers[group[0]], taps, fext[group[0]], best, signs)
            best, ratios, found = self._look(
                [numbers[g] for g in group], taps, places, fext[group], may_win, state, best, local, prune
            )
            evaluated += int(np.sum(found[:, 2]))
            for g, ratio, (row, cursor, _) in zip(group, ratios, found.tolist(), strict=True):
                if row >= 0:
                    row = row if rows is None else int(rows[row])
                    steps.append(_Step(float(ratio), numbers[g], row, cursor + self.terms.pulses.begin))
        return best, steps, evaluated

    def _winning_rows(self, number: int, taps: Float, fext: Float, best: float, signs: Float) -> Flags:
        """Rows of `taps` (R, K) with their `signs` (K,) that no bound of blocks excludes at a gain setting."""
        weights, pulses, window = self.weights(number), self.terms.pulses, self.window(self.terms.pulses.begin)
        rows = pulses.near(weights)
        window[:2] = peak_window(rows, taps, self.grid.main, window[0], window[1])
        gram, slope = pulses.all_products(term_weights(weights))
        b_max, b_min, _, limits = self.limits
        noise = self.constants(number)
        return np.asarray(winning_rows(rows, taps, window, b_max, b_min, limits, noise, fext, best, gram, slope, signs))

    def _look(
        self,
        numbers: Sequence[int],
        taps: Float,
        places: Integer,
        fext: Float,
        may_win: Flags,
        state: Integer,
        best: float,
        local: int,
        prune: bool,
    ) -> tuple[float, Float, Integer]:
        """The best square of the ratio, and `ratios` (G,) and `found` (G, 3) of `search_settings`."""
        pulses = self.terms.pulses
        ratios, found = np.zeros(len(numbers)), np.zeros((len(numbers), 3), dtype=np.int64)
        found[:, 0] = -1
        some = list(numbers)
        weights, constants = self._weights[some], self._constants[some]
        gains = np.array([self.gains[number] for number in some], dtype=np.int64)
        progress, window = np.zeros(2, dtype=np.int64), self.window(pulses.begin)
        while True:
            best, needed = search_settings(
                pulses.near_parts,
                pulses.terms,
                pulses.made,
                weights,
                gains,
                constants,
                fext,
                taps,
                places,
                may_win,
                window,
                *self.limits,
                state,
                local,
                prune,
                best,
                ratios,
                found,
                progress,
            )
            if needed < 0:
                return float(best), ratios, found
            pulses.make(needed)

    def window(self, begin: int = 0) -> Integer:
        """Where the peak is looked for in the samples from `begin` on, and other whole numbers of the kernel."""
        sampling, reach = self.settings.receiver.sampling, self.settings.receiver.dfe.reach
        low, high = (sample - begin for sample in self.terms.window)
        numbers = (low, high, self.settings.samples_per_ui, reach, self.grid.main, sampling.anchor)
        return np.array(numbers, dtype=np.int64)

    def constants(self, number: int) -> Float:
        """`noise` of `search_settings` at one gain setting."""
        return np.asarray(self._constants[number])

    def _all_constants(self) -> Float:
        """`noise` (S, 6) of `search_settings`."""
        settings, tx = self.settings, self.settings.transmitter
        power = settings.sigma_x**2
        # times the squared difference of the samples beside a cursor, so a quarter of M² makes it a slope per UI
        jitter = (tx.a_dd**2 + tx.sigma_rj**2) * power * settings.samples_per_ui**2 / 4
        # A_s is half the distance of two levels
        scale = (tx.level_mismatch / (settings.levels - 1)) ** 2
        result = np.empty((len(self.gains), 6))
        result[:, 0] = self.noise + self.next
        result[:, 1:] = power, jitter, 10 ** (-tx.snr_db / 10), float(settings.snr_tx_with_c0), scale
        return result


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
