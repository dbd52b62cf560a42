"""Chip to module, Annex 120G: eye height over a window of sampling instants, and the search that maximises it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._kernels.com_distribution import window_eye
from sirf._kernels.com_screen import EYE_SLACK, screen_setting
from sirf._kernels.com_window import DECAY, SLACK_BINS, TRUNCATION_STEP, window_estimates
from sirf.com.config.settings import ChipToModuleSettings, ComSettings
from sirf.com.distribution import VoltageDistribution, crest_factor
from sirf.com.interference import transmitter_equalized
from sirf.com.path_terms import term_weights
from sirf.com.search import (
    SEARCH_THREADS,
    CaseSearch,
    FoundSetting,
    GridPart,
    by_phase,
    feedback_of,
    rising,
    shifted_rows,
)
from sirf.execution import tell
from sirf.signal.gaussian import gaussian_quantile
from sirf.units import db20, from_db20

_SINGLE = 6
"""Residuals that the first bound on a setting's interference counts, each at its outer symbol."""
_MANY_SETTINGS = 10_000
"""Grids of more settings are searched by several threads."""
_FIRST_INSTANTS = 0.8
"""Part of the window's half at which the instants lie that are looked at first, for they close most eyes."""


@dataclass(frozen=True, slots=True)
class WindowEye:
    """The worst eye within the window, in V: `top` and `bottom` at DER_0, `signal` A_s at the sampling instant."""

    top: float
    bottom: float
    signal: float

    @property
    def height(self) -> float:
        """Vertical eye opening VEO in V."""
        return self.top - self.bottom

    @property
    def interference(self) -> float:
        """What the eye lacks at each side of 2 A_s, in V."""
        return self.signal - self.height / 2

    @property
    def closure_db(self) -> float:
        """Vertical eye closure VEC in dB; infinite for a closed eye."""
        return float(20 * np.log10(2 * self.signal / self.height)) if self.height > 0 else float("inf")


def window_weights(c2m: ChipToModuleSettings) -> Float:
    """Weights (2 T + 1,) of the sampling instants within T_O (Histogram_Window_Weight)."""
    # 1e-9 for a product that comes out just below a whole number
    reach = int(np.floor(c2m.half_width_ui * c2m.samples_per_ui + 1e-9))
    place = np.arange(-reach, reach + 1, dtype=float)
    sigma = c2m.sigma_r * c2m.samples_per_ui
    if reach == 0 or c2m.window == "rectangle":
        return np.ones(place.size)
    if c2m.window == "triangle":
        return np.asarray(1 - np.abs(place) / reach)
    if c2m.window == "gaussian":
        return np.asarray(np.exp(-0.5 * (place / sigma) ** 2))
    # two Rayleigh densities face to face: the weight peaks a sigma inside either edge of the window
    rising, falling = (place + reach) / sigma, (place - reach) / sigma
    weights = (rising * np.exp(-0.5 * rising**2) - falling * np.exp(-0.5 * falling**2)) / sigma
    return np.asarray(weights / np.max(weights))


def eye_of(
    pulse: Float,
    cursor: int,
    settings: ComSettings,
    c2m: ChipToModuleSettings,
    *,
    sigma_n: float,
    sigma_tx: float,
    crosstalk: VoltageDistribution | None = None,
    weights: Float | None = None,
    der0: float | None = None,
    isi: bool = True,
) -> WindowEye:
    """Worst eye of the equalised `pulse` (N,) sampled about index `cursor`, clause 120G.5.2; `isi` False leaves its ISI out."""
    tx = settings.transmitter
    scale = tx.level_mismatch / (settings.levels - 1)
    signal = scale * float(pulse[cursor])
    # a thousandth of the signal at most, so that the eye is not rounded to bins
    bin_size = min(signal / 1000, settings.pdf_bin)
    feedback = feedback_of(pulse, cursor, settings)
    edges = window_eye(
        pulse,
        cursor,
        settings.samples_per_ui,
        c2m.samples_per_ui,
        window_weights(c2m) if weights is None else weights,
        feedback.upper,
        feedback.lower,
        settings.levels,
        scale,
        np.array([sigma_n**2 + sigma_tx**2, (tx.sigma_rj * settings.sigma_x) ** 2, tx.a_dd]),
        settings.noise_crest_factor or crest_factor(settings.der0),
        settings.der0 if der0 is None else der0,
        bin_size,
        np.ones(1) if crosstalk is None else crosstalk.y,
        1.0 if isi else 0.0,
    )
    # the least open eye of the PAM stack (top less bottom), as 120G.5.2 judges
    worst = int(np.argmin(edges[:, 0] - edges[:, 1]))
    return WindowEye(float(edges[worst, 0]), float(edges[worst, 1]), signal)


class EyeSearch:
    """Search over CTLE gains and transmitter taps for the largest A_s over interference in the window.

    The eye of a setting is computed as the reference code does only where an estimate of it, whose distance to the eye is
    bounded, can be the best (`sirf._kernels.com_window`).
    """

    def __init__(self, search: CaseSearch, c2m: ChipToModuleSettings) -> None:
        self.search = search
        self.c2m = c2m
        self.settings = settings = search.settings
        self._weights = window_weights(c2m)
        # noise beyond so many sigma is less likely than DER_0: the reference code's first test of an eye
        self.crest = crest_factor(settings.der0)
        # the window is symmetric about its middle sample
        reach = self._weights.size // 2
        outer = round(_FIRST_INSTANTS * reach)
        self._first = np.array(sorted({reach - outer, reach + outer}), dtype=np.int64)
        self._phases: dict[int, Float] = {}
        self._eyes: dict[tuple[int, int, int], WindowEye] = {}
        self._truncation = truncation(settings.noise_crest_factor or crest_factor(settings.der0))
        # an instant of this weight makes the whole window exceed DER_0 by itself where its own error ratio exceeds this
        self._alone = min(settings.der0 * float(np.sum(self._weights) / self._weights[reach]), 0.49)

    def local(self) -> FoundSetting | None:
        """The reference code's local search, step by step in its order."""
        for least in self._least_heights():
            best, evaluated, found = -np.inf, 0, None
            path: list[tuple[int, int, float]] = []
            places, step = self.search.grid.places, self.settings.local_search
            for number, pulse in self.search.pulses():
                i, j = self.search.gains[number]
                tell("local search", number, len(self.search.gains))
                table = self._screen(number, pulse)
                for t in np.flatnonzero(table.hopeful(best, least)):
                    # the reference code's skipping rule, with the CTLE's second gain as the outermost place
                    if found is not None and step > 0:
                        before = np.concatenate(([j], places[t, :-1]))
                        far = (before > 0) & (np.abs(places[t] - places[found.row]) > step)
                        if np.any(far) or (i > 0 and abs(j - found.g_dc2) > step):
                            continue
                    if np.isfinite(best):
                        # the eye itself is made only where its cheaper estimate may be better than the best so far
                        interference, _ = self._estimate(table, np.array([t]), least, from_db20(best))
                        if self._most_db(table, int(t), float(interference[0])) < best:
                            continue
                    evaluated += 1
                    fom = self._figure(number, pulse, table, int(t), least)
                    if fom > best:
                        best = fom
                        found = FoundSetting(fom, i, j, int(t), int(table.cursor[t]), 0)
                        path.append((i, j, fom))
            if found is not None:
                return replace(found, evaluated=evaluated, path=tuple(path))
        return None

    def full(
        self, *, floor_db: float = -np.inf, prune: bool = True, part: GridPart | None = None
    ) -> FoundSetting | None:
        """The best of all settings, see `CaseSearch.full`."""
        if part is None:
            rows: dict[int, NDArray[np.int64] | None] = dict.fromkeys(range(len(self.search.gains)))
        else:
            rows = {
                number: part.rows[flags]
                for number, flags in zip(part.numbers, part.flags, strict=True)
                if np.any(flags)
            }
        pulses = {number: self.search.pulse(number) for number in rows}
        # threads cost more than they bring where few eyes are looked at
        many = len(rows) * (len(self.search.grid.taps) if part is None else len(part.rows)) > _MANY_SETTINGS
        with ThreadPoolExecutor(SEARCH_THREADS) if many else nullcontext() as pool:
            side_by_side = map if pool is None else pool.map
            screened = side_by_side(self._screen, pulses, pulses.values(), rows.values())
            tables = dict(zip(pulses, screened, strict=True))
            for least in self._least_heights():
                # a hair below the floor, so that the setting which set it is found again
                hopes = (
                    self._hopes(tables, floor_db - 1e-9, least, side_by_side) if prune else _all_hopeful(tables, least)
                )
                choice = self._best(pulses, tables, hopes, least)
                if choice is not None:
                    return choice
        return None

    def _hopes(
        self, tables: dict[int, _Table], floor_db: float, least: float, side_by_side: Callable[..., Iterable[None]]
    ) -> list[tuple[float, int, int]]:
        """What can be the best, by rank: (the most in dB that it can have, number of the CTLE setting, row of its table)."""
        # as a ratio of voltages, as the kernel has it
        known = from_db20(floor_db) if np.isfinite(floor_db) else 0.0
        found: list[tuple[int, NDArray[np.int64], Float]] = []

        def look(number: int) -> None:
            nonlocal known
            table = tables[number]
            rows = np.flatnonzero(table.hopeful(floor_db, least))
            # the most promising rows first: what they reach spares the others
            rows = rows[np.argsort(-table.ratio[rows], kind="stable")]
            interference, reached = self._estimate(table, rows, least, known)
            known = max(known, reached)
            # infinite is what cannot beat the best that is known
            kept = ~np.isposinf(interference)
            found.append((number, rows[kept], interference[kept]))

        ranked = sorted(tables, key=lambda number: -float(np.max(tables[number].ratio, initial=0.0)))
        for done, _ in enumerate(side_by_side(look, ranked), start=1):
            tell("full grid", done, len(ranked))
        limit = float(db20(known)) if known > 0.0 else -np.inf
        hopes = [
            (self._most_db(tables[number], int(row), interference), number, int(row))
            for number, rows, estimates in found
            for row, interference in zip(rows, estimates, strict=True)
        ]
        return sorted((hope for hope in hopes if hope[0] >= limit), key=lambda hope: (-hope[0], hope[1:]))

    def _best(
        self, pulses: dict[int, Float], tables: dict[int, _Table], hopes: list[tuple[float, int, int]], least: float
    ) -> FoundSetting | None:
        """The best of `hopes` by the eyes themselves; the first in the reference code's order of equal ones."""
        best, place, evaluated = -np.inf, (-1, -1), 0
        steps: list[tuple[int, int, float]] = []
        # hopes come by the most that they can have: from here on none can be better
        for most, number, row in hopes:
            if most < best:
                break
            fom = self._figure(number, pulses[number], tables[number], row, least)
            evaluated += 1
            # of equals the first in the order of the loops, as if all had been looked at
            if fom > best or (fom == best and (number, row) < place):
                best, place = fom, (number, row)
                steps.append((*self.search.gains[number], fom))
        if not np.isfinite(best):
            return None
        table, gains = tables[place[0]], self.search.gains[place[0]]
        row, cursor = int(table.rows[place[1]]), int(table.cursor[place[1]])
        return FoundSetting(best, *gains, row, cursor, evaluated, rising(steps))

    def _least_heights(self) -> tuple[float, ...]:
        """Min_VEO_Test first, then none, as the reference code's two passes."""
        return (self.c2m.least_height, 0.0) if self.c2m.least_height > 0 else (0.0,)

    def _screen(self, number: int, pulse: Float, some: NDArray[np.int64] | None = None) -> _Table:
        """A first look at all rows of the grid, or at `some`, at one gain setting."""
        search, settings = self.search, self.settings
        per_ui = settings.samples_per_ui
        rows = np.arange(len(search.grid.taps)) if some is None else some
        shifted = shifted_rows(pulse, search.grid.offsets, per_ui)
        phases = self._phases.get(number)
        if some is None:
            phases = by_phase(shifted, per_ui)
        elif phases is None:
            # the next of several searches near a setting asks for it again
            phases = self._phases[number] = by_phase(shifted, per_ui)
        # of slopes over two samples, which the quarter of M² in `constants` makes slopes per UI
        _, slopes = search.terms.pulses.all_products(term_weights(search.weights(number)))
        taps = search.grid.taps[rows]
        columns = np.empty((len(taps), 6))
        # m residuals are at their outer symbols L^-m of the time: noise beyond them may be L^m times as likely
        probabilities = np.minimum(2 * float(settings.levels) ** np.arange(_SINGLE + 1) * self._alone, 0.5)
        constants = np.append(search.constants(number), search.noise[number])
        screen_setting(
            shifted,
            slopes,
            taps,
            search.window(),
            *search.limits,
            constants,
            search.fext([number], rows)[0],
            int(np.floor(self.c2m.half_width_ui * per_ui + 1e-9)),
            np.array([gaussian_quantile(one) for one in probabilities.tolist()]),
            self.crest,
            settings.pdf_bin,
            columns,
        )
        return _Table(columns, self.crest, phases, pulse.size, rows, taps)

    def _estimate(self, table: _Table, rows: NDArray[np.int64], least: float, known: float) -> tuple[Float, float]:
        """Estimates of interference (R,) in V and the ratio known in the end, see `window_estimates`."""
        settings, tx, c2m = self.settings, self.settings.transmitter, self.c2m
        result = np.empty(rows.size)
        reached = window_estimates(
            result,
            rows,
            table.phases,
            table.taps,
            table.columns,
            table.size,
            settings.samples_per_ui,
            c2m.samples_per_ui,
            self._weights,
            self._first,
            *self.search.limits,
            settings.receiver.dfe.reach,
            settings.levels,
            tx.level_mismatch / (settings.levels - 1),
            np.array([(tx.sigma_rj * settings.sigma_x) ** 2, tx.a_dd]),
            self._truncation,
            settings.der0,
            settings.pdf_bin,
            least,
            known,
        )
        return result, float(reached)

    def _most_db(self, table: _Table, row: int, interference: float) -> float:
        """The most that a setting's figure of merit in dB can be by an estimate of its interference in V."""
        if np.isnan(interference):
            return float("inf")
        signal = float(table.signal[row])
        # the estimate may be too high by the slack of its bins
        least = interference - SLACK_BINS * min(signal / 1000, self.settings.pdf_bin)
        return float(db20(signal / least)) if least > 0.0 else float("inf")

    def _figure(self, number: int, pulse: Float, table: _Table, row: int, least: float) -> float:
        """Figure of merit in dB of the eye itself; minus infinity where it is not above `least`."""
        signal = float(table.signal[row])
        found = self._eye(number, pulse, int(table.cursor[row]), int(table.rows[row]))
        # an eye that is too low is no setting at all, however good the ratio of signal to interference may be
        if found.height <= least:
            return -np.inf
        return float(20 * np.log10(signal / found.interference))

    def _eye(self, number: int, pulse: Float, cursor: int, row: int) -> WindowEye:
        """The eye in the window without crosstalk, of a row of the transmitter's grid."""
        # the best of one search near a setting is the centre of the next
        key = number, row, pulse.size
        if key not in self._eyes:
            settings = self.settings
            tap, offsets = self.search.grid.taps[row], self.search.grid.offsets
            equalized = transmitter_equalized(pulse, tap, offsets, settings.samples_per_ui)
            # SNR_TX is that of the pulse with c(0) of one where the sheet says so
            main = float(equalized[cursor]) / (float(tap[self.search.grid.main]) if settings.snr_tx_with_c0 else 1.0)
            sigma_tx = main * 10 ** (-settings.transmitter.snr_db / 20)
            sigma_n = float(np.sqrt(self.search.noise[number]))
            self._eyes[key] = eye_of(equalized, cursor, settings, self.c2m, sigma_n=sigma_n, sigma_tx=sigma_tx)
        return self._eyes[key]


class _Table:
    """What a first look at the transmitter settings `rows` (T,) with their `taps` (T, K) gives; see `screen_setting`.

    `phases` (M, K, J) is the pulse of `size` samples by sampling phase, moved by each tap's place.
    """

    def __init__(
        self, table: Float, crest: float, phases: Float, size: int, rows: NDArray[np.int64], taps: Float
    ) -> None:
        self.columns, self.phases, self.size, self.rows, self.taps = table, phases, size, rows, taps
        self.cursor = table[:, 0]
        self.signal = table[:, 1]
        # no cursor, no ratio: such settings come last
        self.ratio = np.where(self.cursor >= 0, self.signal / table[:, 3], 0.0)
        self._outside, self._noise, self._least, self._crest = table[:, 2], table[:, 3], table[:, 4], crest

    def hopeful(self, best: float, least: float) -> NDArray[np.bool_]:
        """Settings (T,) that can be sampled, pass the reference code's first test of the eye height and may reach `best` dB."""
        # the reference code's first test, with its room
        high = 2 * (self.signal - self._crest * self._noise) > least - EYE_SLACK
        return np.asarray((self.cursor >= 0) & high & self._reach(best))

    def _reach(self, best: float) -> NDArray[np.bool_]:
        """Settings (T,) whose least interference leaves room for `best` dB, with the reference code's test of far ISI."""
        if not np.isfinite(best):
            return np.ones(self.cursor.size, dtype=np.bool_)
        most = self.signal / 10 ** (best / 20)
        return np.asarray((self._least <= most) & (self._outside <= most))


def _all_hopeful(tables: dict[int, _Table], least: float) -> list[tuple[float, int, int]]:
    """Every setting that can be sampled at all, as `_hopes` gives those that can be the best."""
    return [
        (float("inf"), number, int(row))
        for number, table in tables.items()
        for row in np.flatnonzero(table.hopeful(-np.inf, least))
    ]


@lru_cache(maxsize=8)
def truncation(crest: float) -> Float:
    """What a cut at `crest` sigma takes off the transform of a normal distribution, at steps of `TRUNCATION_STEP` over sigma.

    The integral of twice the density times cos(u x) from the crest on, by the Faddeeva function.
    """
    u = np.arange(0.0, 3.0 * DECAY, TRUNCATION_STEP)
    # SciPy's special functions take time to load, and only chip to module needs them
    from scipy.special import wofz

    beyond = np.exp(-(crest**2) / 2.0 + 1j * u * crest) * wofz((u + 1j * crest) / np.sqrt(2.0))
    return np.asarray(beyond.real)
