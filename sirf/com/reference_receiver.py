"""The reference receiver of Annex 178A at one setting: noise at its input, FFE and DFE of least error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_errors import floating_errors
from sirf._kernels.floating_taps import floating_equalizer
from sirf.com.config.settings import ComSettings, RxFfeSettings
from sirf.com.ctle_tables import CtleTables, transmitter_strength
from sirf.com.mmse import (
    MmseReceiver,
    NoiseRows,
    Responses,
    autocorrelation,
    ffe_size,
    phase_of_most_power,
    pulse_slopes,
    receiver_noise_covariance,
    tap_limits,
    with_taps,
)
from sirf.com.path_terms import PathParts, SearchTerms, path_parts, search_terms
from sirf.com.placed_taps import placed_taps
from sirf.com.quantization import check_converter, search_step
from sirf.com.responses import PathResponse
from sirf.com.revision import Rules, rules_of
from sirf.com.search import TransmitterGrid, transmitter_grid
from sirf.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class KeptSettings:
    """What searches of several grids of one case have made: tables by gains, receivers by gains, taps and sample."""

    tables: dict[tuple[float, float], CtleTables] = field(default_factory=dict)
    receivers: dict[tuple[tuple[float, float], bytes, int], MmseReceiver | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class CaseReceiver:
    """The paths of one package case with what every setting of the receiver shares. Gains are in dB.

    `terms` are what the tables of all CTLE settings are sums of; `kept` is what they and the receivers made are kept in, if
    anything.
    """

    paths: tuple[PathResponse, ...]
    settings: ComSettings
    rules: Rules
    ffe: RxFfeSettings
    grid: TransmitterGrid
    parts: PathParts
    terms: SearchTerms
    kept: KeptSettings | None = None

    def with_grids(self, settings: ComSettings) -> CaseReceiver:
        """The same paths under settings that differ only in their grids of gains and transmitter taps."""
        return replace(self, settings=settings, grid=transmitter_grid(settings))

    def responses(self, gains: tuple[float, float]) -> Responses:
        """All responses behind the CTLE, without the transmitter's taps."""
        return self.parts.responses(self.settings, gains)

    def tables(self, gains: tuple[float, float]) -> CtleTables:
        """What the search needs at one CTLE setting."""
        if self.kept is None or gains not in self.kept.tables:
            found = CtleTables(self.settings, self.rules, self.ffe, self.parts, self.terms, self.grid, gains)
        else:
            found = self.kept.tables[gains].with_grid(self.settings, self.grid)
        if self.kept is not None:
            # the last ones, because tables are filled as they are asked for
            self.kept.tables[gains] = found
        return found

    def through(self, gains: tuple[float, float], taps: Float) -> Float:
        """The through pulse (T,) before the FFE, with the transmitter's taps (K,)."""
        return with_taps(self.responses(gains).through, taps, self.grid.main, self.settings.samples_per_ui)

    def noise(self, gains: tuple[float, float], taps: Float, sample: int, lags: int) -> NoiseRows:
        """Noise at the FFE's input, covariances at `lags` lags, with the transmitter's taps (K,), sampled at `sample`."""
        settings, m, tx = self.settings, self.settings.samples_per_ui, self.settings.transmitter
        behind, power, phase = self.responses(gains), settings.sigma_x**2, sample % m
        pulse = with_taps(behind.through, taps, self.grid.main, m)
        edges = pulse_slopes(pulse, phase, m)
        crosstalk, phases = np.zeros(lags), []
        for x in (*(with_taps(x, taps, self.grid.main, m) for x in behind.fext), *behind.next):
            # crosstalk has no phase of its own to the receiver's clock: each aggressor is taken at the one of most
            # power
            phases.append(phase_of_most_power(x, m))
            crosstalk += power * autocorrelation(x[phases[-1] :: m], lags)
        late = self.rules.late_transmitter_noise
        # the reference code of this revision reads one sample late and two short
        shaped = behind.through[(sample + 1) % m :: m][:-2] if late else behind.through[phase::m]
        # jitter moves every edge by itself: covariance of the slopes, times the variance of the displacement
        jitter = power * autocorrelation(edges, lags)
        rows = NoiseRows(
            receiver=receiver_noise_covariance(settings, gains, lags),
            transmitter=transmitter_strength(settings, self.rules) * autocorrelation(shaped, lags),
            crosstalk=crosstalk,
            jitter=(tx.a_dd**2 + tx.sigma_rj**2) * jitter,
            random_jitter=tx.sigma_rj**2 * jitter,
            worst_phases=tuple(phases),
        )
        step = search_step(pulse[phase::m], rows.gaussian_at_converter, settings, self.rules)
        return NoiseRows(
            receiver=rows.receiver,
            transmitter=rows.transmitter,
            crosstalk=rows.crosstalk,
            jitter=rows.jitter,
            random_jitter=rows.random_jitter,
            worst_phases=rows.worst_phases,
            step=step,
        )

    def receiver(self, gains: tuple[float, float], taps: Float, sample: int) -> MmseReceiver | None:
        """The equaliser at one sampling instant with the noise that it was made for; None where none passes."""
        if self.kept is None:
            return self._receiver(gains, taps, sample)
        key = gains, taps.tobytes(), sample
        if key not in self.kept.receivers:
            self.kept.receivers[key] = self._receiver(gains, taps, sample)
        return self.kept.receivers[key]

    def _receiver(self, gains: tuple[float, float], taps: Float, sample: int) -> MmseReceiver | None:
        settings, m, ffe = self.settings, self.settings.samples_per_ui, self.ffe
        power, size, dfe = settings.sigma_x**2, ffe_size(ffe), settings.receiver.dfe
        noise = self.noise(gains, taps, sample, size)
        h, main_ui = self.through(gains, taps)[sample % m :: m], sample // m
        if not self.rules.last_sample:
            # this release leaves out the last sample of a phase
            h = h[:-1]
        correlation = autocorrelation(h, size) + noise.total / power
        # taps may look beyond both ends of the pulse
        margin = size + dfe.taps
        padded = np.concatenate((np.zeros(margin), h, np.zeros(margin)))
        # tap k of the FFE sees the pulse `ffe.pre` - k symbols from the main cursor: a convolution, hence the falling
        # index
        at = margin + main_ui + ffe.pre - np.arange(size)
        # the samples that follow at the same taps one symbol later: what the DFE takes off
        main, feedback = padded[at], np.array([padded[at + k] for k in range(1, 1 + dfe.taps)]).reshape(-1, size)
        limit, fixed = tap_limits(ffe), ffe.pre + ffe.post + 1
        arguments = (
            correlation,
            main,
            feedback,
            np.array(dfe.b_min, dtype=float),
            np.array(dfe.b_max, dtype=float),
            -limit,
            limit,
            ffe.pre,
            ffe.step,
        )
        starts = np.zeros(max(ffe.groups, 1), dtype=np.int64)
        # the search of places gives their error alone; taps are made once, at the places found
        if ffe.groups and dfe.taps <= 1 and not ffe.step > 0.0:
            # by the kernel that a search has at hand: its samples run from the one that follows the first tap's
            around = np.concatenate((padded[at[:1] + 1], main))[None]
            receiver = (*arguments[3:8], fixed, ffe.groups, ffe.group_taps, ffe.step)
            least = floating_errors(correlation[None], around, receiver, np.inf, np.inf, np.empty(1), starts)
        else:
            least = floating_equalizer(*arguments, fixed, ffe.groups, ffe.group_taps, starts, np.inf)
        if not least < np.inf:
            return None
        floating = [start + np.arange(ffe.group_taps) for start in np.sort(starts[: ffe.groups])]
        places = np.concatenate((np.arange(fixed), *floating))
        error, chosen, b = placed_taps(*arguments, places)
        w = np.zeros(size)
        w[places] = chosen
        return MmseReceiver(
            w=w,
            cursor=ffe.pre,
            b=b,
            sigma_e=float(np.sqrt(power * error)),
            sample=sample,
            noise=noise,
            floating=tuple(int(place) - ffe.pre for place in places[fixed:]),
        )


def reference_receiver(
    paths: tuple[PathResponse, ...], settings: ComSettings, *, taps: Float | None = None
) -> CaseReceiver:
    """The receiver of Annex 178A for these paths; `taps` (C, K) take the place of the grid's transmitter settings.

    Raises `ConfigError` for settings that it cannot have.
    """
    ffe = settings.receiver.ffe
    if ffe is None:
        raise ConfigError(f"{settings.name}: ffe_pre_tap_len and ffe_post_tap_len must be given for Annex 178A.")
    room = max(ffe.span - ffe.post, 0)
    if ffe.groups and ffe.groups * ffe.group_taps > room:
        raise ConfigError(
            f"{settings.name}: N_bg x N_bf must fit between tap {ffe.post + 1} and N_f, {room} places, got "
            f"{ffe.groups} x {ffe.group_taps}. Raise N_f or take fewer taps."
        )
    check_converter(settings)
    grid = transmitter_grid(settings)
    if taps is not None:
        # one list of settings, no grid: places have no meaning
        grid = TransmitterGrid(
            taps, grid.offsets, grid.main, np.zeros((len(taps), grid.places.shape[1]), dtype=np.int64)
        )
    rules, parts = rules_of(settings), path_parts(paths, settings)
    lags = ffe_size(ffe) + grid.taps.shape[1] - 1
    drops = (0 if rules.last_sample else 1, 2 if rules.late_transmitter_noise else 0)
    terms = search_terms(parts, settings.samples_per_ui, lags, drops=drops)
    return CaseReceiver(paths, settings, rules, ffe, grid, parts, terms)
