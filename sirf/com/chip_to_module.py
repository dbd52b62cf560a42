"""Chip to module, Annex 120G: eye height over a window of sampling instants, and the search that maximises it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcinv

from sirf._kernels.com_distribution import instant_exceeds, window_eye
from sirf._kernels.com_search import products, screen_setting
from sirf.com.config.settings import ChipToModuleSettings, ComSettings
from sirf.com.distribution import Distribution, crest_factor
from sirf.com.interference import transmitter_equalized
from sirf.com.search import Choice, Search, by_phase, feedback_of, shifted_rows

Real = NDArray[np.float64]

_SINGLE = 6
"""Residuals that the first bound on a setting's interference counts, each at its outer symbol."""
_WORKERS = 2
_BATCH = 64


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
        self._parts = _parts(weights)
        reach, outer = weights.size // 2, round(0.8 * (weights.size // 2))
        step = self.settings.samples_per_ui / c2m.samples_per_ui
        # an instant of this weight alone must exceed twice DER_0 over its share of the window
        self._instants = [
            (place * step, 2 * self.settings.der0 * float(np.sum(weights) / weights[reach + place]))
            for place in sorted({-outer, outer})
            if weights[reach + place] > 0
        ]
        # within the window an instant of this weight alone exceeds DER_0 where it exceeds this
        self._alone = min(self.settings.der0 * float(np.sum(weights) / weights[weights.size // 2]), 0.49)

    def local(self) -> Choice | None:
        """The reference code's local search, step by step in its order."""
        for least in self._least_heights():
            best, evaluated, found = -np.inf, 0, None
            places, step = self.search.grid.places, self.settings.local_search
            for number, pulse in self.search.pulses():
                i, j = self.search.gains[number]
                table = self._screen(number, pulse)
                for t in np.flatnonzero(table.hopeful(best, least)):
                    if found is not None and step > 0:
                        before = np.concatenate(([j], places[t, :-1]))
                        far = (before > 0) & (np.abs(places[t] - places[found.row]) > step)
                        if np.any(far) or (i > 0 and abs(j - found.g_dc2) > step):
                            continue
                    fom, seen = self._figure(number, pulse, table, int(t), best, least, bound=True)
                    evaluated += seen
                    if fom > best:
                        best = fom
                        found = Choice(fom, i, j, int(t), int(table.cursor[t]), 0)
            if found is not None:
                return Choice(found.fom_db, found.g_dc, found.g_dc2, found.row, found.cursor, evaluated)
        return None

    def full(self, *, floor_db: float = -np.inf, prune: bool = True) -> Choice | None:
        """The best of all settings, see `Search.full`."""
        pulses = dict(self.search.pulses())
        with ThreadPoolExecutor(_WORKERS) as pool:
            tables = dict(zip(pulses, pool.map(self._screen, pulses, pulses.values()), strict=True))
            for least in self._least_heights():
                choice = self._full(pulses, tables, floor_db - 1e-9, least, prune, pool)
                if choice is not None:
                    return choice
        return None

    def _full(
        self,
        pulses: dict[int, Real],
        tables: dict[int, _Table],
        floor_db: float,
        least: float,
        prune: bool,
        pool: ThreadPoolExecutor,
    ) -> Choice | None:
        """Settings by their ratio of signal to all noise, the most promising first, in batches of one known best each."""
        best, place, evaluated = floor_db, (-1, -1), 0
        hopes = {number: table.hopeful(floor_db, least) for number, table in tables.items()}
        order = [(number, int(t)) for number, hope in hopes.items() for t in np.flatnonzero(hope)]
        ratio = np.array([tables[number].ratio[t] for number, t in order])
        queue = [order[index] for index in np.argsort(-ratio, kind="stable")]
        while queue:
            batch, queue = queue[:_BATCH], queue[_BATCH:]
            results = pool.map(
                lambda at, best=best: self._figure(
                    at[0], pulses[at[0]], tables[at[0]], at[1], best, least, bound=prune
                ),
                batch,
            )
            before = best
            for at, (fom, seen) in zip(batch, results, strict=True):
                evaluated += seen
                if fom > best or (fom == best and at < place):
                    best, place = fom, at
            if prune and best > before:
                reach = {number: table.reach(best) for number, table in tables.items()}
                queue = [at for at in queue if reach[at[0]][at[1]]]
        if place[0] < 0:
            return None
        return Choice(best, *self.search.gains[place[0]], place[1], int(tables[place[0]].cursor[place[1]]), evaluated)

    def _least_heights(self) -> tuple[float, ...]:
        """Min_VEO_Test first, then none, as the reference code's two passes."""
        return (self.c2m.least_height, 0.0) if self.c2m.least_height > 0 else (0.0,)

    def _screen(self, number: int, pulse: Real) -> _Table:
        search, settings = self.search, self.settings
        per_ui, dfe = settings.samples_per_ui, settings.receiver.dfe
        rows = shifted_rows(pulse, search.grid.offsets, per_ui)
        slopes = np.zeros_like(rows)
        slopes[:, 1:-1] = rows[:, 2:] - rows[:, :-2]
        slope_phases, last = by_phase(slopes, per_ui)
        count = search.grid.taps.shape[0]
        table = np.empty((count, 6))
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
        return _Table(table, crest_factor(settings.der0))

    def _closed_somewhere(self, pulse: Real, tap: Real, cursor: int, signal: float, sigma: float, most: float) -> bool:
        """Whether an instant near one end of the window alone closes the eye by more than `most` V."""
        settings, dfe = self.settings, self.settings.receiver.dfe
        if dfe.groups or dfe.tail_start or dfe.step:
            return False
        m, bin_size = settings.samples_per_ui, min(signal / 1000, settings.pdf_bin)
        shifts = np.array(self.search.grid.offsets, dtype=float) * m
        scale = settings.transmitter.level_mismatch / (settings.levels - 1)
        limits = np.array(dfe.b_max, dtype=float), np.array(dfe.b_min, dtype=float)
        tx, step = settings.transmitter, m / self.c2m.samples_per_ui
        noise = np.array([sigma**2, (tx.sigma_rj * settings.sigma_x) ** 2, tx.a_dd])
        return any(
            instant_exceeds(
                pulse,
                tap,
                shifts,
                cursor,
                place,
                m,
                step,
                *limits,
                settings.levels,
                scale,
                noise,
                most,
                probability,
                bin_size,
            )
            for place, probability in self._instants
        )

    def _figure(
        self, number: int, pulse: Real, table: _Table, row: int, best: float, least: float, *, bound: bool
    ) -> tuple[float, int]:
        """(figure of merit in dB or minus infinity, 1 where the whole window was computed)."""
        settings, signal = self.settings, float(table.signal[row])
        most = signal / 10 ** (best / 20) if np.isfinite(best) else np.inf
        tap, offsets = self.search.grid.taps[row], self.search.grid.offsets
        cursor = int(table.cursor[row])
        if (
            bound
            and np.isfinite(most)
            and self._closed_somewhere(pulse, tap, cursor, signal, float(table.steady[row]), most)
        ):
            return -np.inf, 0
        equalized = transmitter_equalized(pulse, tap, offsets, settings.samples_per_ui)
        main = float(equalized[cursor]) / (float(tap[self.search.grid.main]) if settings.snr_tx_with_c0 else 1.0)
        sigma_tx = main * 10 ** (-settings.transmitter.snr_db / 20)
        sigma_n = float(np.sqrt(self.search.noise[number]))

        def eye(weights: Real | None, der0: float | None) -> WindowEye:
            return eye_of(
                equalized, cursor, settings, self.c2m, sigma_n=sigma_n, sigma_tx=sigma_tx, weights=weights, der0=der0
            )

        if bound and np.isfinite(most):
            for weights, share in self._parts:
                if eye(weights, min(settings.der0 / share, 0.49)).interference > most * (1 + 1e-9):
                    return -np.inf, 0
        found = eye(None, None)
        if found.height <= least:
            return -np.inf, 1
        return float(20 * np.log10(signal / found.interference)), 1


class _Table:
    """What a first look at all transmitter settings (T,) of one CTLE setting gives; see `screen_setting`."""

    def __init__(self, table: Real, crest: float) -> None:
        self.cursor = table[:, 0]
        self.signal = table[:, 1]
        self.steady = table[:, 5]
        self.ratio = np.where(self.cursor >= 0, self.signal / table[:, 3], 0.0)
        self._outside, self._noise, self._least, self._crest = table[:, 2], table[:, 3], table[:, 4], crest

    def hopeful(self, best: float, least: float) -> NDArray[np.bool_]:
        """Settings (T,) that can be sampled, pass the reference code's first test of the eye height and may reach `best` dB."""
        high = 2 * (self.signal - self._crest * self._noise) > least - 0.001
        return np.asarray((self.cursor >= 0) & high & self.reach(best))

    def reach(self, best: float) -> NDArray[np.bool_]:
        """Settings (T,) whose least interference leaves room for `best` dB, with the reference code's test of far ISI."""
        if not np.isfinite(best):
            return np.ones(self.cursor.size, dtype=np.bool_)
        most = self.signal / 10 ** (best / 20)
        return np.asarray((self._least <= most) & (self._outside <= most))


def _parts(weights: Real) -> list[tuple[Real, float]]:
    """Windows of a few of the instants, with their share of the weight: less interference than in the whole window.

    Instants of a part that exceed DER_0 over its share exceed DER_0 in the whole, so each bounds it from below.
    """
    reach = weights.size // 2
    outer, inner = round(0.8 * reach), round(0.4 * reach)
    parts = []
    for places in ({-outer, outer}, {-outer, -inner, inner, outer}):
        part = np.zeros(weights.size)
        for place in places:
            part[reach + place] = weights[reach + place]
        share = float(np.sum(part) / np.sum(weights))
        if 0 < share < 1:
            parts.append((part, share))
    return parts
