"""The search over the grid of CTLE gains and transmitter taps: the figure of merit of equation (93A-36) at every setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.engine.front_end import (
    AnalogChannel,
    analog_channel,
    with_ffe,
)
from sirf.equalizer.between_samples import SAMPLES_BESIDE, best_between, most_between
from sirf.equalizer.constrained_taps import held_columns, merits_of_taps, solve_taps
from sirf.equalizer.floating_groups import TapProblem, place_floating_taps
from sirf.equalizer.gain_corners import GainCorners
from sirf.equalizer.receiver_problem import ReceiverProblem
from sirf.equalizer.search_grid import Spot, beside, coarse, coarse_step, gain_axes, neighbours
from sirf.equalizer.search_waves import UnequalizedWaves, circular_lags, pulse_columns, sampled_at
from sirf.equalizer.transmitter_search import TransmitterMerits, TransmitterProblem, coordinate_descent
from sirf.execution import tell
from sirf.presets import EqualizerLimits
from sirf.results.equalizer import EqualizerReport, Improvement
from sirf.signal.gaussian import gaussian_quantile
from sirf.signal.toeplitz import symmetric_toeplitz

if TYPE_CHECKING:
    from sirf.link import Link


@dataclass(frozen=True, slots=True, eq=False)
class _Sender:
    """A Tx FFE behind one CTLE setting: its `pulse`, the Mueller-Müller `instant` of that, covariance `noise` (taps,) in V²
    of two taps of the Rx FFE by their distance, and figures of merit by offset in samples.
    """

    pulse: Float
    instant: int
    noise: Float
    merits: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is found behind one CTLE setting: `senders` by their Tx taps, autocorrelations of the edge by sampling phase."""

    senders: dict[tuple[float, ...], _Sender] = field(default_factory=dict)
    edge_lags: dict[int, Float] = field(default_factory=dict)


_CLOSE_DB = 1e-4
"""Figures of merit in dB, beside ten times the error of what samples tell, within which a setting is solved for its taps before
it is held against the best."""


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


class GridSearch(ReceiverProblem):
    """State of one search: the prepared channel, the limits, and what was tried."""

    def __init__(
        self, link: Link, limits: EqualizerLimits, freeze: Sequence[str], *, between_samples: bool = False
    ) -> None:
        super().__init__(link, limits, freeze)
        self.between_samples = between_samples
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
        # the search solves the Rx FFE itself, so that noise and pulse are taken ahead of it
        self.receiver = (
            link.receiver if "rx_ffe" in freeze else dataclasses.replace(link.receiver, ffe=(1.0,), ffe_main=0)
        )
        self.uses_rx_ffe = limits.rx_ffe_pre + limits.rx_ffe_post > 0
        self.corners = self._corners()
        self.tx_grid = self._tx_grid()

    def _corners(self) -> GainCorners:
        return GainCorners(self.link, self.channel, self.receiver, gain_axes(self.limits), self.reach)

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
        self.corners = self._corners()
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
        waves = self.corners.waves(best.gains_db)
        m, pulse = waves.m, with_ffe(waves.pulse, best.tx, self.tap_main, waves.m)
        noise = self._disturbance(waves, best.tx, wide.rx_ffe_pre + 1 + wide.rx_ffe_post)
        middle, top = self._instant(pulse, m), dataclasses.replace(best, fom_db=-np.inf)
        first = last = round(best.offset_ui * m)
        top = self._sampled(top, waves, pulse, middle, first, wide, noise)
        merits = {first: top.fom_db}
        # a few samples on either side, and on where the best lies at an end
        while last - first < m:
            place = round(top.offset_ui * m)
            if place - first < SAMPLES_BESIDE:
                first -= 1
                offset = first
            elif last - place < SAMPLES_BESIDE:
                last += 1
                offset = last
            else:
                break
            trial = self._sampled(best, waves, pulse, middle, offset, wide, noise)
            merits[offset] = trial.fom_db
            top = trial if trial.fom_db > top.fom_db else top
        if not self.between_samples:
            return top
        best_offset = best_between(merits, round(top.offset_ui * m))
        between = self._sampled(best, waves, pulse, middle, best_offset, wide, noise)
        # floating taps that find other places between two samples bend the merits: the better one of both
        return max(between, top, key=lambda setting: setting.fom_db)

    def _sampled(
        self,
        best: Setting,
        waves: UnequalizedWaves,
        pulse: Float,
        middle: int,
        offset: float,
        wide: EqualizerLimits,
        noise: Float,
    ) -> Setting:
        """A CTLE and Tx FFE with floating taps and limits of the Rx FFE at one sampling instant, `offset` from the `middle`."""
        self.candidates += 1
        m, limits = waves.m, self.limits
        instant, pulse, waves = sampled_at(middle, pulse, waves, offset)
        samples, extra = pulse[instant % m :: m], self._disturbed(waves, instant, best.tx, noise)
        # noise of SNR_TX as the converter meets it, ahead of the FFE: relative to every sample
        sent = self._tx_noise() ** 2 * float(np.sum(samples**2))
        full_scale = self._converter_range(samples, float(extra[0]) + sent)
        covariance = self.symbol_variance * circular_lags(samples, len(extra)) + extra
        # rounding errors are white: taps have them in common with themselves alone
        covariance[0] += self._rounding(full_scale)
        problem = TapProblem(
            covariance=covariance,
            held=samples.take(instant // m + held_columns(limits, len(extra)), mode="wrap"),
            symbol_variance=self.symbol_variance,
            tx_noise=self._tx_noise(),
            eye_factor=self._eye_factor,
            limits=limits,
        )
        found = place_floating_taps(problem, limits)
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
        waves = self.corners.waves(gains_db)
        found = self._mmse(waves, best) if self.uses_rx_ffe else self._descend(waves, best)
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
        distance = np.abs(grid - np.array(taps)[:, None])
        distance[np.arange(grid.shape[1]) >= sizes[:, None]] = np.inf
        return np.asarray(distance.argmin(axis=1))

    def _descend(self, waves: UnequalizedWaves, best: Setting | None) -> Setting:
        grid, sizes = self.tx_grid
        noise = float(waves.noise_lags[0])
        frozen = "tx_ffe" in self.freeze
        # frozen taps are taken as they are, also below the least c(0)
        minimum = -np.inf if frozen else self.limits.tx_main_minimum
        problem = TransmitterProblem(
            wave=waves.pulse,
            tap_main=self.tap_main,
            m=self.link.samples_per_ui,
            peak=waves.peak,
            dfe_min=np.asarray(self.limits.dfe_min),
            dfe_max=np.asarray(self.limits.dfe_max),
            edge_power=waves.edge_power,
            fext_power=waves.fext_lags,
            # what the Tx FFE does not touch: receiver noise and NEXT
            fixed_variance=noise + self.symbol_variance * float(waves.near_lags[0]),
            symbol_variance=self.symbol_variance,
            jitter_variance=self.jitter_variance,
            tx_noise=self._tx_noise(),
            eye_factor=self._eye_factor,
            between=self.between_samples,
        )
        merits = TransmitterMerits(problem, self.tap_count)
        fom, chosen, _, tried = coordinate_descent(merits, self._start(grid, sizes, best), grid, sizes, minimum, 20)
        self.candidates += tried
        taps = [float(grid[i, chosen[i]]) for i in range(self.tap_count)]
        if not frozen:
            # rounded, so that sums of steps such as 0.02 stay such numbers
            taps[self.tap_main] = round(1.0 - sum(abs(tap) for i, tap in enumerate(taps) if i != self.tap_main), 12)
        fom_db = float(10 * np.log10(fom)) if fom > 0 else -np.inf
        if self.start_fom_db is None:
            self.start_fom_db = fom_db
        return Setting(tx=tuple(taps), fom_db=fom_db)

    def _mmse(self, waves: UnequalizedWaves, best: Setting | None) -> Setting:
        """Turn the Tx taps one at a time, coarse steps first; Rx FFE and DFE in closed form at every turn."""
        grid, sizes = self.tx_grid
        chosen = self._start(grid, sizes, best)
        known = _Known()
        if best is None:
            # a filter of many taps can put its main tap a UI off: start from the sample phases about the peak
            tx = self._taps(grid, chosen)
            behind = waves.peak - self._instant(with_ffe(waves.pulse, tx, self.tap_main, waves.m), waves.m)
            offsets = range(behind - waves.m // 2, behind + waves.m // 2, waves.m // 8)
        else:
            # the instant hardly moves from one CTLE setting to the next
            offset = round(best.offset_ui * waves.m)
            offsets = range(offset - 3, offset + 4, 3)
            if "tx_ffe" in self.freeze:
                # nothing is turned: what is asked below is found at once
                self._prepare(waves, self.link.transmitter.ffe, range(offset - 3, offset + 4), known)
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
        top = max((self._mmse_at(waves, top.tx, range(near - 3, near + 4), known), top), key=lambda s: s.fom_db)
        place, merits = round(top.offset_ui * waves.m), known.senders[top.tx].merits
        if self.between_samples:
            self._mmse_at(waves, top.tx, range(place - SAMPLES_BESIDE, place + SAMPLES_BESIDE + 1), known)
        # nobody asks for the taps of a setting that is not the best
        if best is not None and self._most_db(merits, place) < best.fom_db:
            return top
        if self.between_samples:
            positive = {offset: merit for offset, merit in merits.items() if merit > 0.0}
            top = dataclasses.replace(top, offset_ui=best_between(positive, place) / waves.m)
        return self._with_taps(waves, top, known)

    def _most_db(self, merits: Mapping[int, float], place: int) -> float:
        """What the figure of merit of a setting about the sample `place` does not exceed, in dB, from the `merits` of samples."""
        if merits[place] <= 0.0:
            return np.inf
        most, error = most_between(merits, place) if self.between_samples else (merits[place], 0.0)
        return float(10 * np.log10(most + 10.0 * error)) + _CLOSE_DB

    def _taps(self, grid: Float, chosen: NDArray[np.int64]) -> tuple[float, ...]:
        if "tx_ffe" in self.freeze:
            return self.link.transmitter.ffe
        taps = [float(grid[i, chosen[i]]) for i in range(self.tap_count)]
        taps[self.tap_main] = 0.0
        taps[self.tap_main] = round(1.0 - sum(abs(tap) for tap in taps), 12)
        return tuple(taps)

    def _mmse_at(
        self, waves: UnequalizedWaves, tx: tuple[float, ...], offsets: Sequence[int], known: _Known
    ) -> Setting:
        """The best of several `offsets` in samples from the Mueller-Müller instant, by figure of merit alone."""
        merits, place, best_db = self._prepare(waves, tx, offsets, known), 0, -np.inf
        for offset in offsets:
            self.candidates += 1
            fom_db = float(10 * np.log10(merits[offset])) if merits[offset] > 0 else -np.inf
            if self.start_fom_db is None:
                self.start_fom_db = fom_db
            if fom_db > best_db:
                place, best_db = offset, fom_db
        return Setting(tx=tx, offset_ui=place / waves.m, fom_db=best_db)

    def _prepare(
        self, waves: UnequalizedWaves, tx: tuple[float, ...], offsets: Sequence[int], known: _Known
    ) -> dict[int, float]:
        """Merits of a sender's offsets, those asked for among them."""
        if tx not in known.senders:
            known.senders[tx] = self._sender(waves, tx)
        merits = known.senders[tx].merits
        # a walk comes back to instants that it has been to
        if fresh := [offset for offset in offsets if offset not in merits]:
            self._find_merits(waves, tx, fresh, known)
        return merits

    def _sender(self, waves: UnequalizedWaves, tx: tuple[float, ...]) -> _Sender:
        m, limits = waves.m, self.limits
        pulse = with_ffe(waves.pulse, tx, self.tap_main, m)
        instant = self._instant(pulse, m)
        noise = self._disturbance(waves, tx, limits.rx_ffe_pre + limits.rx_ffe_post + 1)
        if limits.clip_probability is not None:
            # the converter's range follows the pulse ahead of the FFE, so its error is part of what a CTLE setting is worth
            samples = pulse[instant % m :: m]
            sent = self._tx_noise() ** 2 * float(np.sum(samples**2))
            full_scale = self._converter_range(samples, float(noise[0]) + sent)
            noise[0] += self._rounding(full_scale)
        return _Sender(pulse, instant, noise)

    def _find_merits(
        self, waves: UnequalizedWaves, tx: tuple[float, ...], offsets: Sequence[int], known: _Known
    ) -> None:
        """Figures of merit of the best Rx FFE and DFE at several sampling instants."""
        sender, m = known.senders[tx], waves.m
        rows, phases = np.divmod(sender.instant + np.array(offsets), m)
        count = len(sender.noise)
        for phase in set(phases.tolist()) - set(known.edge_lags):
            known.edge_lags[phase] = circular_lags(waves.edge[phase::m], count)
        samples = np.stack([sender.pulse[phase::m] for phase in phases])
        edges = np.stack([known.edge_lags[phase] for phase in phases.tolist()])
        found = merits_of_taps(
            samples,
            np.stack([circular_lags(one, count) for one in samples]),
            rows,
            sender.noise + self._jitter_power(tx) * edges,
            self.symbol_variance,
            self.limits,
            self._tx_noise(),
            self._eye_factor,
        )
        sender.merits.update(zip(offsets, found.tolist(), strict=True))

    def _with_taps(self, waves: UnequalizedWaves, setting: Setting, known: _Known) -> Setting:
        """The setting with its Rx FFE and DFE, and the figure of merit that these have; as it is where it has none."""
        if setting.fom_db == -np.inf:
            return setting
        sender, limits = known.senders[setting.tx], self.limits
        instant, pulse, waves = sampled_at(sender.instant, sender.pulse, waves, setting.offset_ui * waves.m)
        shape = pulse_columns(pulse, instant, waves.m, limits)
        extra = symmetric_toeplitz(self._disturbed(waves, instant, setting.tx, sender.noise))
        weights, feedback, fom = solve_taps(
            shape, instant // waves.m, extra, self.symbol_variance, limits, self._tx_noise(), self._eye_factor
        )
        fom_db = float(10 * np.log10(fom)) if fom > 0 else -np.inf
        return dataclasses.replace(setting, rx=weights, rx_main=limits.rx_ffe_pre, dfe=feedback, fom_db=fom_db)


def _key(setting: Setting) -> tuple[float, ...]:
    """Gains and Tx taps of a setting, without rounding errors of c(0)."""
    return (*setting.gains_db, *(round(tap, 9) for tap in setting.tx))


def _limited(limits: EqualizerLimits) -> bool:
    """Whether a last step of the search has floating taps, limits of the Rx FFE or a converter's range to put in."""
    return limits.rx_ffe_groups > 0 or bool(np.isfinite(limits.rx_ffe_tap_max)) or limits.clip_probability is not None
