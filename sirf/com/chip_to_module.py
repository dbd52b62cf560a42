"""Chip to module, Annex 120G: eye height over a window of sampling instants, and the search that maximises it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcinv

from sirf._kernels.com_distribution import window_eye
from sirf._kernels.com_search import products, screen_setting
from sirf.com.distribution import Distribution, crest_factor
from sirf.com.search import Choice, Search, by_phase, feedback_of, shifted_rows
from sirf.com.settings import ChipToModuleSettings, ComSettings

Real = NDArray[np.float64]

_SINGLE = 6
"""Residuals that the bound on a setting's interference counts one by one."""
_WORKERS = 2


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


def window_weights(c2m: ChipToModuleSettings) -> Real:
    """Weights (2 T + 1,) of the sampling instants within T_O (Histogram_Window_Weight)."""
    reach = int(np.floor(c2m.half_width_ui * c2m.samples_per_ui + 1e-9))
    place = np.arange(-reach, reach + 1, dtype=float)
    sigma = c2m.sigma_r * c2m.samples_per_ui
    if reach == 0 or c2m.window == "rectangle":
        return np.ones(place.size)
    if c2m.window == "triangle":
        return np.asarray(1 - np.abs(place) / reach)
    if c2m.window == "gaussian":
        return np.asarray(np.exp(-0.5 * (place / sigma) ** 2))
    rising, falling = (place + reach) / sigma, (place - reach) / sigma
    weights = (rising * np.exp(-0.5 * rising**2) - falling * np.exp(-0.5 * falling**2)) / sigma
    return np.asarray(weights / np.max(weights))


def eye_of(
    pulse: Real,
    cursor: int,
    settings: ComSettings,
    c2m: ChipToModuleSettings,
    *,
    sigma_n: float,
    sigma_tx: float,
    crosstalk: Distribution | None = None,
    weights: Real | None = None,
    der0: float | None = None,
) -> WindowEye:
    """Worst eye of the equalised `pulse` (N,) sampled about index `cursor`, clause 120G.5.2."""
    tx = settings.transmitter
    scale = tx.level_mismatch / (settings.levels - 1)
    signal = scale * float(pulse[cursor])
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
    )
    worst = int(np.argmin(edges[:, 0] - edges[:, 1]))
    return WindowEye(float(edges[worst, 0]), float(edges[worst, 1]), signal)


class EyeSearch:
    """Search over CTLE gains and transmitter taps for the largest A_s over interference in the window."""

    def __init__(self, search: Search, c2m: ChipToModuleSettings) -> None:
        self.search = search
        self.c2m = c2m
        self.settings = search.settings
        weights = window_weights(c2m)
        # within the window an instant of this weight alone exceeds DER_0 where it exceeds this
        self._alone = min(self.settings.der0 * float(np.sum(weights) / weights[weights.size // 2]), 0.49)

    def local(self) -> Choice | None:
        """The reference code's local search, step by step in its order."""
        for least in self._least_heights():
            best, evaluated, found = -np.inf, 0, None
            places, step = self.search.grid.places, self.settings.local_search
            for number, pulse in self.search.pulses():
                i, j = self.search.gains[number]
                rows, table = self._screen(number, pulse)
                for t in np.flatnonzero(table[:, 0] >= 0):
                    if found is not None and step > 0:
                        before = np.concatenate(([j], places[t, :-1]))
                        far = (before > 0) & (np.abs(places[t] - places[found.row]) > step)
                        if np.any(far) or (i > 0 and abs(j - found.g_dc2) > step):
                            continue
                    fom, seen = self._figure(number, rows, table[t], int(t), best, least, bound=False)
                    evaluated += seen
                    if fom > best:
                        best = fom
                        found = Choice(fom, i, j, int(t), int(table[t, 0]), 0)
            if found is not None:
                return Choice(found.fom_db, found.g_dc, found.g_dc2, found.row, found.cursor, evaluated)
        return None

    def full(self, *, floor_db: float = -np.inf, prune: bool = True) -> Choice | None:
        """The best of all settings, see `Search.full`."""
        for least in self._least_heights():
            # a floor that a height below the limit reached does not count in the first pass, but cannot be beaten there either
            choice = self._full(floor_db - 1e-9, least, prune)
            if choice is not None:
                return choice
        return None

    def _full(self, floor_db: float, least: float, prune: bool) -> Choice | None:
        def work(g_dc: int) -> tuple[float, int, int, int, int]:
            best, number_of, row, cursor, evaluated = floor_db, -1, -1, -1, 0
            for number, pulse in self.search.pulses(g_dc):
                rows, table = self._screen(number, pulse)
                for t in self._ordered(table):
                    fom, seen = self._figure(number, rows, table[t], int(t), best, least, bound=prune)
                    evaluated += seen
                    if fom > best or (fom == best and number == number_of and t < row):
                        best, number_of, row, cursor = fom, number, int(t), int(table[t, 0])
            return best, number_of, row, cursor, evaluated

        first = sorted({i for i, _ in self.search.gains})
        with ThreadPoolExecutor(_WORKERS) as pool:
            results = list(pool.map(work, first))
        winners = [result for result in results if result[2] >= 0]
        if not winners:
            return None
        best, number, row, cursor, _ = max(winners, key=lambda result: (result[0], -result[1]))
        return Choice(best, *self.search.gains[number], row, cursor, sum(result[4] for result in results))

    def _least_heights(self) -> tuple[float, ...]:
        """Min_VEO_Test first, then none, as the reference code's two passes."""
        return (self.c2m.least_height, 0.0) if self.c2m.least_height > 0 else (0.0,)

    def _ordered(self, table: Real) -> NDArray[np.intp]:
        """Rows that can be sampled, the most promising first."""
        rows = np.flatnonzero(table[:, 0] >= 0)
        ratio = table[rows, 1] / table[rows, 3]
        return rows[np.argsort(-ratio, kind="stable")]

    def _screen(self, number: int, pulse: Real) -> tuple[Real, Real]:
        search, settings = self.search, self.settings
        per_ui, dfe = settings.samples_per_ui, settings.receiver.dfe
        rows = shifted_rows(pulse, search.grid.offsets, per_ui)
        slopes = np.zeros_like(rows)
        slopes[:, 1:-1] = rows[:, 2:] - rows[:, :-2]
        slope_phases, last = by_phase(slopes, per_ui)
        table = np.empty((search.grid.taps.shape[0], 5))
        probabilities = np.minimum(2 * float(settings.levels) ** np.arange(_SINGLE + 1) * self._alone, 0.5)
        constants = np.append(search.constants(number), search.noise[number])
        screen_setting(
            rows,
            products(slope_phases, last),
            search.grid.taps,
            search.window(pulse.size),
            np.array(dfe.b_max, dtype=float),
            np.array(dfe.b_min, dtype=float),
            np.array([dfe.groups, dfe.group_taps, dfe.tail_start], dtype=np.int64),
            np.array([dfe.floating_max, dfe.tail_rss_max, dfe.step]),
            constants,
            np.ascontiguousarray(search.fext[:, number]),
            int(np.floor(self.c2m.half_width_ui * per_ui + 1e-9)),
            np.sqrt(2.0) * erfcinv(2 * probabilities),
            settings.pdf_bin,
            table,
        )
        return rows, table

    def _figure(
        self, number: int, rows: Real, entry: Real, row: int, best: float, least: float, *, bound: bool
    ) -> tuple[float, int]:
        """(figure of merit in dB or minus infinity, 1 where the whole window was computed)."""
        settings, signal = self.settings, float(entry[1])
        if 20 * np.log10(signal / max(float(entry[2]), 1e-300)) < best:
            return -np.inf, 0
        if 2 * (signal - crest_factor(settings.der0) * float(entry[3])) <= least - 0.001:
            return -np.inf, 0
        if bound and entry[4] > 0 and 20 * np.log10(signal / float(entry[4])) < best:
            return -np.inf, 0
        tap = self.search.grid.taps[row]
        pulse = tap @ rows
        cursor = int(entry[0])
        main = float(pulse[cursor]) / (float(tap[self.search.grid.main]) if settings.snr_tx_with_c0 else 1.0)
        sigma_tx = main * 10 ** (-settings.transmitter.snr_db / 20)
        sigma_n = float(np.sqrt(self.search.noise[number]))
        if bound:
            alone = eye_of(
                pulse,
                cursor,
                settings,
                self.c2m,
                sigma_n=sigma_n,
                sigma_tx=sigma_tx,
                weights=np.ones(1),
                der0=self._alone,
            )
            if alone.interference > 0 and 20 * np.log10(signal / alone.interference) < best:
                return -np.inf, 0
        eye = eye_of(pulse, cursor, settings, self.c2m, sigma_n=sigma_n, sigma_tx=sigma_tx)
        if eye.height <= least:
            return -np.inf, 1
        return float(20 * np.log10(signal / eye.interference)), 1
