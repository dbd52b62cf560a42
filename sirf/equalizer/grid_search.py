"""The search over the grid of CTLE gains and transmitter taps: the figure of merit of equation (93A-36) at every setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._kernels.transmitter_search import coordinate_descent
from sirf.engine.front_end import (
    AnalogChannel,
    analog_channel,
    sampling_instant,
    with_ffe,
)
from sirf.equalizer.constrained_taps import solve_taps
from sirf.equalizer.converter_range import converter_range
from sirf.equalizer.floating_groups import TapProblem, place_floating_taps
from sirf.equalizer.search_grid import Spot, beside, coarse, coarse_step, gain_axes, neighbours
from sirf.equalizer.search_waves import UnequalizedWaves, ctle_power, pulse_columns, through_ffe, with_gains
from sirf.execution import tell
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import Receiver
from sirf.results.equalizer import EqualizerReport, Improvement
from sirf.signal.gaussian import gaussian_quantile
from sirf.signal.pam import mean_square
from sirf.signal.toeplitz import symmetric_toeplitz

if TYPE_CHECKING:
    from sirf.link import Link


_Solved: TypeAlias = dict[tuple[tuple[float, ...], int], tuple[tuple[float, ...], tuple[float, ...], float]]
"""(Rx taps, DFE taps, figure of merit) by Tx taps and offset in samples, behind one CTLE setting."""
_OFFSETS_BESIDE = 3
"""Samples on either side of the best sampling instant that have been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One point of the search: CTLE gains in dB, Tx taps, Rx taps, DFE taps, sampling offset in UI, range of the converter in V
    where the limits set it, figure of merit in dB.
    """

    gains_db: tuple[float, ...] = ()
    tx: tuple[float, ...]
    rx: tuple[float, ...] = (1.0,)
    rx_main: int = 0
    dfe: tuple[float, ...] = ()
    offset_ui: float = 0.0
    converter_range: float | None = None
    fom_db: float = -np.inf


class GridSearch:
    """State of one search: the prepared channel, the limits, and what was tried."""

    def __init__(self, link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> None:
        self.link, self.limits, self.freeze = link, limits, freeze
        self.channel: AnalogChannel = analog_channel(link)
        self.candidates = 0
        self.path: list[Improvement] = []
        self.start_fom_db: float | None = None
        cursors = [cursor for cursor, _ in limits.tx_ffe]
        # pre-cursors have negative numbers: as many taps come before the main one
        self.tap_main = -min([*cursors, 0])
        self.tap_count = self.tap_main + 1 + max([*cursors, 0])
        if "tx_ffe" in freeze:
            self.tap_main, self.tap_count = link.transmitter.ffe_main, len(link.transmitter.ffe)
        # lags of one UI at which all taps together see noise and crosstalk
        self.reach = self.tap_count + limits.rx_ffe_pre + limits.rx_ffe_post + 1
        self.order = link.order
        self.symbol_variance = mean_square(link.levels)
        self.jitter_variance = link.transmitter.jitter.variance(symbol_rate=link.symbol_rate)
        # the search solves the Rx FFE itself, so that noise and pulse are taken ahead of it
        self.receiver = (
            link.receiver if "rx_ffe" in freeze else dataclasses.replace(link.receiver, ffe=(1.0,), ffe_main=0)
        )
        self.uses_rx_ffe = limits.rx_ffe_pre + limits.rx_ffe_post > 0
        self.snr = link.transmitter.snr_db
        self.power = self._aggressor_power()

    def run(self, most: int) -> Setting:
        """Coarse CTLE grid first, then ever nearer neighbours of the best."""
        axes = gain_axes(self.limits)
        sizes: Spot = tuple(len(axis) for axis in axes)
        steps: Spot = tuple(coarse_step(size) for size in sizes)
        done: dict[Spot, Setting] = {}
        pending = list(coarse(sizes, steps))
        best: Setting | None = None
        where: Spot = (0,) * len(axes)
        while True:
            for spot in pending:
                if spot in done or len(done) >= most:
                    continue
                # each halving of the steps asks the neighbours of the best once at least
                left = len(neighbours(where, steps, sizes)) * max(steps).bit_length()
                tell("CTLE settings", len(done), min(max(len(pending), len(done)) + left, most))
                gains = tuple(axis[place] for axis, place in zip(axes, spot, strict=True))
                done[spot] = found = self._at_ctle(gains, best)
                if best is None or found.fom_db > best.fom_db:
                    best, where = found, spot
                    self.path.append((*found.gains_db, found.tx, found.fom_db))
            pending = [spot for spot in neighbours(where, steps, sizes) if spot not in done]
            if not pending:
                if max(steps) == 1:
                    break
                # no neighbour is left at this pitch: halve it about the best
                steps = tuple(max(step // 2, 1) for step in steps)
                pending = neighbours(where, steps, sizes)
            if len(done) >= most:
                break
        assert best is not None
        return self._limited_search(best) if self.uses_rx_ffe and _limited(self.limits) else best

    def _limited_search(self, best: Setting) -> Setting:
        """From the best setting without floating taps and limits of the Rx FFE to one with them that no neighbour beats.

        Floating taps take over what CTLE and Tx FFE were set to soften, so the best of these moves by a few steps.
        """
        limits = self.limits
        last = limits.rx_ffe_span if limits.rx_ffe_groups else limits.rx_ffe_post
        # the problem is set up for every place a floating tap may take; solutions then pick columns of it
        wide = dataclasses.replace(limits, rx_ffe_post=last, rx_ffe_groups=0)
        self.reach = self.tap_count + wide.rx_ffe_pre + wide.rx_ffe_post + 1
        self.power = self._aggressor_power()
        top = self._within_limits(best, wide)
        self.path.append((*top.gains_db, top.tx, top.fom_db))
        # where nothing floats, limits are put in once and no neighbour is asked
        seen, moved = {_key(best)}, limits.rx_ffe_groups > 0
        while moved:
            moved = False
            for setting in self._neighbours(top):
                if _key(setting) not in seen:
                    seen.add(_key(setting))
                    trial = self._within_limits(setting, wide)
                    if trial.fom_db > top.fom_db:
                        top, moved = trial, True
                        self.path.append((*top.gains_db, top.tx, top.fom_db))
        return top

    def _neighbours(self, setting: Setting) -> list[Setting]:
        """Settings one step of one gain or one Tx tap away, c(0) not below its least value."""
        found = []
        for k, axis in enumerate(gain_axes(self.limits)):
            for gain in beside(axis, setting.gains_db[k]):
                gains = (*setting.gains_db[:k], gain, *setting.gains_db[k + 1 :])
                found.append(dataclasses.replace(setting, gains_db=gains))
        for cursor, values in () if "tx_ffe" in self.freeze else self.limits.tx_ffe:
            for value in beside(values, setting.tx[self.tap_main + cursor]):
                taps = list(setting.tx)
                taps[self.tap_main + cursor] = value
                taps[self.tap_main] = 1.0 - sum(abs(tap) for k, tap in enumerate(taps) if k != self.tap_main)
                if taps[self.tap_main] >= self.limits.tx_main_minimum:
                    found.append(dataclasses.replace(setting, tx=tuple(taps)))
        return found

    def _within_limits(self, best: Setting, wide: EqualizerLimits) -> Setting:
        """A CTLE and Tx FFE with floating taps and limits of the Rx FFE, sampled where these are best.

        `wide` are the limits with fixed taps at every place that a floating one may take.
        """
        receiver = with_gains(self.receiver, best.gains_db)
        waves = UnequalizedWaves.of(self.link, self.channel, receiver, self._crosstalk(receiver), self.reach)
        m, pulse = waves.m, with_ffe(waves.pulse, best.tx, self.tap_main, waves.m)
        noise = self._disturbance(waves, best.tx, wide.rx_ffe_pre + 1 + wide.rx_ffe_post)
        middle, top = self._instant(pulse, m), dataclasses.replace(best, fom_db=-np.inf)
        first = last = round(best.offset_ui * m)
        top = self._sampled(top, waves, pulse, middle, first, wide, noise)
        # a few samples on either side, and on where the best lies at an end
        while last - first < m:
            place = round(top.offset_ui * m)
            if place - first < _OFFSETS_BESIDE:
                first -= 1
                offset = first
            elif last - place < _OFFSETS_BESIDE:
                last += 1
                offset = last
            else:
                break
            trial = self._sampled(best, waves, pulse, middle, offset, wide, noise)
            top = trial if trial.fom_db > top.fom_db else top
        return top

    def _sampled(
        self,
        best: Setting,
        waves: UnequalizedWaves,
        pulse: Float,
        middle: int,
        offset: int,
        wide: EqualizerLimits,
        noise: Float,
    ) -> Setting:
        """A CTLE and Tx FFE with floating taps and limits of the Rx FFE at one sampling instant, `offset` from the `middle`."""
        self.candidates += 1
        m, limits, instant = waves.m, self.limits, middle + offset
        shape, extra = self._observed(waves, pulse, instant, best.tx, wide, noise)
        samples = pulse[instant % m :: m]
        # noise of SNR_TX as the converter meets it, ahead of the FFE: relative to every sample
        sent = self._tx_noise() ** 2 * float(np.sum(samples**2))
        full_scale = self._converter_range(samples, float(extra[0, 0]) + sent)
        problem = TapProblem(
            shape=shape,
            main=instant // m,
            # rounding errors are white: they stand on the diagonal
            extra=extra + self._rounding(full_scale) * np.eye(len(extra)),
            symbol_variance=self.symbol_variance,
            tx_noise=self._tx_noise(),
            eye_factor=self.link.transmitter.level_mismatch / (self.order - 1),
            limits=limits,
        )
        found = place_floating_taps(problem.solve, limits, problem.most)
        taps, main = found.dense()
        return dataclasses.replace(
            best,
            rx=taps,
            rx_main=main,
            dfe=tuple(found.dfe.tolist()),
            offset_ui=offset / m,
            converter_range=full_scale,
            fom_db=float(10 * np.log10(found.merit)),
        )

    def report(self, best: Setting, dfe: tuple[float, ...]) -> EqualizerReport:
        """What was chosen; the required FOM is that of Gaussian interference at the link's DER0."""
        # Q(x) = der0: the signal's half distance over sigma that Gaussian interference would need
        quantile = gaussian_quantile(self.link.der0)
        return EqualizerReport(
            ctle_db=best.gains_db,
            tx_taps=best.tx,
            tx_main=self.tap_main,
            rx_ffe_taps=best.rx,
            dfe_taps=dfe,
            fom_db=best.fom_db,
            start_fom_db=self.start_fom_db,
            required_fom_db=float(20 * np.log10(quantile)),
            candidates=self.candidates,
            path=tuple(self.path),
        )

    def _at_ctle(self, gains_db: tuple[float, ...], best: Setting | None) -> Setting:
        receiver = with_gains(self.receiver, gains_db)
        waves = UnequalizedWaves.of(self.link, self.channel, receiver, self._crosstalk(receiver), self.reach)
        found = self._mmse(waves, receiver, best) if self.uses_rx_ffe else self._descend(waves, receiver, best)
        return dataclasses.replace(found, gains_db=gains_db)

    def _tx_grid(self) -> tuple[Float, NDArray[np.int64]]:
        allowed = dict(self.limits.tx_ffe)
        if "tx_ffe" in self.freeze:
            columns: list[tuple[float, ...]] = [(tap,) for tap in self.link.transmitter.ffe]
        else:
            columns = [allowed.get(i - self.tap_main, (0.0,)) for i in range(self.tap_count)]
        grid = np.zeros((self.tap_count, max(len(column) for column in columns)))
        for row, column in enumerate(columns):
            grid[row, : len(column)] = column
        return grid, np.array([len(column) for column in columns])

    def _start(self, grid: Float, sizes: NDArray[np.int64], best: Setting | None) -> NDArray[np.int64]:
        taps = best.tx if best is not None else (0.0,) * self.tap_count
        # neighbouring CTLE settings want much the same taps
        return np.array([int(np.argmin(np.abs(grid[i, : sizes[i]] - taps[i]))) for i in range(self.tap_count)])

    def _descend(self, waves: UnequalizedWaves, receiver: Receiver, best: Setting | None) -> Setting:
        grid, sizes = self._tx_grid()
        noise = float(waves.noise_lags[0])
        frozen = "tx_ffe" in self.freeze
        # frozen taps are taken as they are, also below the least c(0)
        minimum = -np.inf if frozen else self.limits.tx_main_minimum
        fom, chosen, _, tried = coordinate_descent(
            waves.pulse,
            self._start(grid, sizes, best),
            grid,
            sizes,
            self.tap_main,
            minimum,
            20,
            self.link.samples_per_ui,
            waves.peak,
            np.asarray(self.limits.dfe_min),
            np.asarray(self.limits.dfe_max),
            waves.edge_power,
            waves.fext_lags,
            # what the Tx FFE does not touch: receiver noise and NEXT
            noise + self.symbol_variance * float(waves.near_lags[0]),
            self.symbol_variance,
            self.jitter_variance,
            self._tx_noise(),
            self.link.transmitter.level_mismatch / (self.order - 1),
        )
        self.candidates += tried
        taps = [float(grid[i, chosen[i]]) for i in range(self.tap_count)]
        if not frozen:
            # rounded, so that sums of steps such as 0.02 stay such numbers
            taps[self.tap_main] = round(1.0 - sum(abs(tap) for i, tap in enumerate(taps) if i != self.tap_main), 12)
        fom_db = float(10 * np.log10(fom)) if fom > 0 else -np.inf
        if self.start_fom_db is None:
            self.start_fom_db = fom_db
        return Setting(tx=tuple(taps), fom_db=fom_db)

    def _mmse(self, waves: UnequalizedWaves, receiver: Receiver, best: Setting | None) -> Setting:
        """Turn the Tx taps one at a time, coarse steps first; Rx FFE and DFE in closed form at every turn."""
        grid, sizes = self._tx_grid()
        chosen = self._start(grid, sizes, best)
        known: _Solved = {}
        if best is None:
            # a filter of many taps can put its main tap a UI off: start from the sample phases about the peak
            tx = self._taps(grid, chosen)
            behind = waves.peak - self._instant(with_ffe(waves.pulse, tx, self.tap_main, waves.m), waves.m)
            offsets = range(behind - waves.m // 2, behind + waves.m // 2, waves.m // 8)
        else:
            # the instant hardly moves from one CTLE setting to the next
            offset = round(best.offset_ui * waves.m)
            offsets = range(offset - 3, offset + 4, 3)
        top = self._mmse_at(waves, self._taps(grid, chosen), offsets, known)
        # far behind the best even before its taps are turned: a rule of thumb that saves most of the search
        if best is not None and top.fom_db < best.fom_db - 1.5:
            return top
        # long strides first, so that a fine grid of taps does not hold the walk in a dip
        for stride in (8, 2, 1):
            for turn in (i for i in range(self.tap_count) if i != self.tap_main and sizes[i] > 1):
                for move in (-stride, stride):
                    while 0 <= chosen[turn] + move < sizes[turn]:
                        trial = chosen.copy()
                        trial[turn] += move
                        taps = self._taps(grid, trial)
                        if taps[self.tap_main] < self.limits.tx_main_minimum:
                            break
                        # taps are turned at one instant; around the end of the walk some more are looked at
                        found = self._mmse_at(waves, taps, [round(top.offset_ui * waves.m)], known)
                        if found.fom_db <= top.fom_db:
                            break
                        top, chosen = found, trial
        near = round(top.offset_ui * waves.m)
        return max((self._mmse_at(waves, top.tx, range(near - 3, near + 4), known), top), key=lambda s: s.fom_db)

    def _taps(self, grid: Float, chosen: NDArray[np.int64]) -> tuple[float, ...]:
        if "tx_ffe" in self.freeze:
            return self.link.transmitter.ffe
        taps = [float(grid[i, chosen[i]]) for i in range(self.tap_count)]
        taps[self.tap_main] = 0.0
        taps[self.tap_main] = round(1.0 - sum(abs(tap) for tap in taps), 12)
        return tuple(taps)

    def _mmse_at(
        self, waves: UnequalizedWaves, tx: tuple[float, ...], offsets: Sequence[int], known: _Solved
    ) -> Setting:
        """The best of several `offsets` in samples from the Mueller-Müller instant; `known` holds those solved before."""
        m, limits = waves.m, self.limits
        pulse = with_ffe(waves.pulse, tx, self.tap_main, m)
        instant = self._instant(pulse, m)
        noise = self._disturbance(waves, tx, limits.rx_ffe_pre + limits.rx_ffe_post + 1)
        if limits.clip_probability is not None:
            # the converter's range follows the pulse ahead of the FFE, so its error is part of what a CTLE setting is worth
            samples = pulse[instant % m :: m]
            sent = self._tx_noise() ** 2 * float(np.sum(samples**2))
            full_scale = self._converter_range(samples, float(noise[0, 0]) + sent)
            noise = noise + self._rounding(full_scale) * np.eye(len(noise))
        best = Setting(tx=tx)
        for offset in offsets:
            self.candidates += 1
            # a walk comes back to instants that it has been to
            key = tx, offset
            if key not in known:
                shape, extra = self._observed(waves, pulse, instant + offset, tx, limits, noise)
                known[key] = solve_taps(
                    shape,
                    (instant + offset) // m,
                    extra,
                    self.symbol_variance,
                    limits,
                    self._tx_noise(),
                    self.link.transmitter.level_mismatch / (self.order - 1),
                )
            weights, tap_values, fom = known[key]
            fom_db = float(10 * np.log10(fom)) if fom > 0 else -np.inf
            if self.start_fom_db is None:
                self.start_fom_db = fom_db
            if fom_db > best.fom_db:
                best = dataclasses.replace(
                    best, rx=weights, rx_main=limits.rx_ffe_pre, dfe=tap_values, offset_ui=offset / m, fom_db=fom_db
                )
        return best

    def _converter_range(self, samples: Float, variance: float) -> float | None:
        """Range in V of the receiver's converter for a pulse (N,) ahead of the FFE; None without a converter or rule for it."""
        converter, probability = self.link.receiver.converter, self.limits.clip_probability
        if converter is None:
            return None
        if converter.full_scale is not None or probability is None:
            return converter.full_scale
        return converter_range(
            samples, float(np.sqrt(variance)), order=self.order, bits=converter.bits, probability=probability
        )

    def _rounding(self, full_scale: float | None) -> float:
        """Variance in V² of the converter's rounding error and own noise."""
        converter = self.link.receiver.converter
        if converter is None or full_scale is None:
            return 0.0
        return converter.step(full_scale) ** 2 / 12.0 + converter.extra_noise(full_scale) ** 2

    def _disturbance(self, waves: UnequalizedWaves, tx: tuple[float, ...], taps: int) -> Float:
        """Covariance (taps, taps) in V² of noise and crosstalk at the taps of the Rx FFE."""
        aggressors = through_ffe(waves.fext_lags, tx, taps) + waves.near_lags[:taps]
        return symmetric_toeplitz(waves.noise_lags[:taps] + self.symbol_variance * aggressors)

    def _observed(
        self,
        waves: UnequalizedWaves,
        pulse: Float,
        instant: int,
        tx: tuple[float, ...],
        limits: EqualizerLimits,
        noise: Float,
    ) -> tuple[Float, Float]:
        """The pulse as each tap sees it (cursors, taps), and `noise` with what jitter adds."""
        shape = pulse_columns(pulse, instant, waves.m, limits)
        edges = pulse_columns(waves.edge, instant, waves.m, limits)
        # mean square of the FFE's output steps: its differences, zero before and behind
        transitions = float(np.sum(np.diff([0.0, *tx, 0.0]) ** 2))
        # one circular wave, delayed: products of two columns depend on the delay alone
        products = symmetric_toeplitz(edges[:, 0] @ edges)
        return shape, noise + self.symbol_variance * self.jitter_variance * transitions * products

    def _instant(self, pulse: Float, m: int) -> int:
        """Mueller-Müller instant of the pulse before the Rx FFE, as the front end takes it."""
        limits = self.limits
        low, high = (limits.dfe_min[0], limits.dfe_max[0]) if limits.dfe_max else (0.0, 0.0)
        return sampling_instant(pulse, m, dfe_limits=(low, high))

    def _tx_noise(self) -> float:
        return 0.0 if self.snr is None else float(10 ** (-self.snr / 20))

    def _aggressor_power(self) -> tuple[tuple[bool, Float, Float, Float], ...]:
        """Of each kind of aggressor, equal ones together: whether it is FEXT, and where and how strong it is.

        Frequencies (F,), |pulse spectrum|² in (V s)² before the CTLE and cosines (lags, F), to 2.5 x the symbol rate.
        """
        result = []
        lags, fext = np.arange(self.reach), len(self.link.channel.fext)
        alike = [(number, path <= fext) for path, number in enumerate(self.channel.index) if path > 0]
        for kind in dict.fromkeys(alike):
            prepared, shape = self.channel.prepared[kind[0]], self.channel.shapes[kind[0]]
            frequency = prepared.frequency[: len(shape)]
            frequency = frequency[frequency <= 2.5 * self.link.symbol_rate]
            turns = frequency / self.link.symbol_rate
            # a symbol is a rectangle one UI long: its spectrum is a sinc; the shape is an edge's, per UI
            spectrum = np.abs(shape[: len(frequency)]) * np.sinc(turns) / prepared.sample_rate
            # aggressors of one kind are independent: powers add
            power = alike.count(kind) * spectrum**2
            result.append((kind[1], frequency, power, np.cos(2 * np.pi * np.outer(lags, turns))))
        return tuple(result)

    def _crosstalk(self, receiver: Receiver) -> tuple[Float, Float]:
        """Autocorrelation (lags,) at lags of one UI of all FEXT (before the Tx FFE) and of all NEXT, averaged over the phase.

        In V² for unit symbol variance.
        """
        fext, near = np.zeros(self.reach), np.zeros(self.reach)
        for is_fext, frequency, power, cosines in self.power:
            # Parseval: energy is twice the one-sided integral; over one UI it is the mean over the aggressor's phase
            scale = 2.0 * (frequency[1] - frequency[0]) * self.link.symbol_rate
            lags = scale * (cosines @ (power * ctle_power(receiver, frequency)))
            if is_fext:
                fext += lags
            else:
                near += lags
        return fext, near


def _key(setting: Setting) -> tuple[float, ...]:
    """Gains and Tx taps of a setting, without rounding errors of c(0)."""
    return (*setting.gains_db, *(round(tap, 9) for tap in setting.tx))


def _limited(limits: EqualizerLimits) -> bool:
    """Whether a last step of the search has floating taps, limits of the Rx FFE or a converter's range to put in."""
    return limits.rx_ffe_groups > 0 or bool(np.isfinite(limits.rx_ffe_tap_max)) or limits.clip_probability is not None
