"""Channel operating margin of IEEE 802.3 Annex 178A: receiver FFE and DFE of least mean-squared error, folded noise.

The search for the transmitter's taps and the CTLE gains takes the receiver of least error at every candidate and sampling
offset; figure of merit is half a level spacing over the rms error. Interference and noise behind the chosen receiver are
then convolved as in Annex 93A. Agrees with revision 4.50 of the reference code, whose ways of cutting responses it keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf.com.config.settings import ComSettings, RxFfeSettings
from sirf.com.distribution import Distribution, gaussian, symbols
from sirf.com.filters import equalized_impulse
from sirf.com.interference import transmitter_equalized, whole_ui
from sirf.com.mlse import SequenceGain, sequence_gain
from sirf.com.mmse import CtleSearch, MmseReceiver, Responses, autocorrelation, behind_taps, slopes, through_taps
from sirf.com.quantization import quantization_noise
from sirf.com.responses import PathResponse, running_sum
from sirf.com.search import TransmitterGrid, gain_settings, transmitter_grid
from sirf.errors import ConfigError

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

_WORKERS = 2
_CONVERTER_ROUNDS = 8
_CHUNK = 64
_CREST = 8.0
"""Noise is cut at so many sigma, unless the settings say otherwise: far outside every DER_0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """A setting: indices of the CTLE gains, of the row in the transmitter's grid, and the receiver made for it."""

    g_dc: int
    g_dc2: int
    row: int
    taps: Real
    receiver: MmseReceiver
    fom_db: float
    evaluated: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Interference and noise behind the receiver of a choice, voltages in V at the slicer with the FFE's main tap one.

    `signal` is A_s. `sigma_n`, `sigma_tx`, `sigma_rj`, `sigma_g` are Gaussian; the distributions are of residual ISI, each
    aggressor, all crosstalk, dual-Dirac jitter and the whole. `pulse` (N,) is the equalised through pulse before the DFE.
    """

    signal: float
    sigma_n: float
    sigma_tx: float
    sigma_rj: float
    sigma_g: float
    isi: Distribution
    aggressors: tuple[Distribution, ...]
    crosstalk: Distribution
    dual_dirac: Distribution
    gaussian: Distribution
    total: Distribution
    pulse: Real


def choose(paths: tuple[PathResponse, ...], settings: ComSettings, *, local: bool, prune: bool = True) -> Choice | None:
    """The best setting by the reference code's local search or by the full grid; None where no setting passes.

    The full grid leaves out what a bound proves to be worse (`CtleSearch.bounds`); `prune=False` looks at all of it.

    Converter noise, where the settings have a converter, is that of the chosen setting: the search is repeated with it until
    the setting stays. Raises `ConfigError` for floating FFE taps, which this receiver does not have.
    """
    ffe = receiver_ffe(settings)
    white, best = 0.0, None
    for _ in range(_CONVERTER_ROUNDS):
        previous, best = best, _search(paths, settings, ffe, local, white, prune)
        if best is None or settings.receiver.detector.adc_bits == 0:
            return best
        if previous is not None and (best.g_dc, best.g_dc2, best.row) == (previous.g_dc, previous.g_dc2, previous.row):
            return best
        white = converter_noise(paths, settings, best)
    return best


def receiver_ffe(settings: ComSettings) -> RxFfeSettings:
    """The FFE of the settings; `ConfigError` where there is none or it asks for what is not built."""
    ffe = settings.receiver.ffe
    if ffe is None:
        raise ConfigError(f"{settings.name}: ffe_pre_tap_len and ffe_post_tap_len must be given for Annex 178A.")
    if ffe.groups:
        raise ConfigError(f"{settings.name}: N_bg must be 0 for the receiver FFE, got {ffe.groups} floating groups. "
                          "Set N_bg to 0.")  # fmt: skip
    if ffe.step:
        raise ConfigError(
            f"{settings.name}: ffe_tap_step_size must be 0, got {ffe.step:g}. Taps here are not quantised."
        )
    return ffe


def responses(paths: tuple[PathResponse, ...], settings: ComSettings, gains: tuple[float, float]) -> Responses:
    """All responses behind the CTLE at `gains` in dB."""
    rate = settings.symbol_rate * settings.samples_per_ui
    pulses: dict[str, list[Real]] = {"through": [], "fext": [], "next": []}
    for path in paths:
        impulse = equalized_impulse(path.impulse, settings.receiver.ctle, *gains, rate)
        pulses[path.kind].append(running_sum(impulse, settings.samples_per_ui))
    return Responses(through=pulses["through"][0], fext=tuple(pulses["fext"]), next=tuple(pulses["next"]))


def noise_of(paths: tuple[PathResponse, ...], settings: ComSettings, choice: Choice) -> Noise:
    """Distribution of interference and noise at the sampling instant behind FFE and DFE."""
    tx, levels, m = settings.transmitter, settings.levels, settings.samples_per_ui
    found = choice.receiver
    taps, sample, grid = found.taps, found.sample, transmitter_grid(settings)
    behind = responses(paths, settings, _gains(settings, choice))
    offsets = tuple(k - found.cursor for k in range(taps.size))
    through = transmitter_equalized(behind.through, choice.taps, grid.offsets, m)
    pulse = transmitter_equalized(through, taps, offsets, m)
    main = float(pulse[sample])
    signal = tx.level_mismatch * main / (levels - 1)
    bin_size = min(signal / 1000, settings.pdf_bin)

    residual = pulse.copy()
    residual[sample] = 0.0
    for k, b in enumerate(found.b, start=1):
        residual[sample + k * m] -= b * main
    isi = symbols(whole_ui(residual, sample % m, m), levels, bin_size)
    edges = np.convolve(slopes(through, sample % m, m), taps)
    dual_dirac = symbols(tx.a_dd * edges, levels, bin_size)
    aggressors = []
    victims = [transmitter_equalized(x, choice.taps, grid.offsets, m) for x in behind.fext] + list(behind.next)
    for x, phase in zip(victims, found.noise.worst_phases, strict=True):
        aggressors.append(symbols(np.convolve(x[phase::m], taps), levels, bin_size))
    crosstalk = Distribution(np.ones(1), 0, bin_size)
    for aggressor in aggressors:
        crosstalk = crosstalk + aggressor

    thermal = through_taps(found.noise.receiver, taps)
    sigma_n = float(np.sqrt(thermal**2 + found.noise.converter * np.sum(taps**2)))
    sigma_tx = through_taps(found.noise.transmitter, taps)
    sigma_rj = tx.sigma_rj * settings.sigma_x * float(np.linalg.norm(edges))
    sigma_g = float(np.sqrt(sigma_n**2 + sigma_tx**2 + sigma_rj**2))
    normal = gaussian(sigma_g, settings.noise_crest_factor or _CREST, bin_size)
    return Noise(
        signal=signal, sigma_n=sigma_n, sigma_tx=sigma_tx, sigma_rj=sigma_rj, sigma_g=sigma_g, isi=isi,
        aggressors=tuple(aggressors), crosstalk=crosstalk, dual_dirac=dual_dirac, gaussian=normal,
        total=isi + crosstalk + (normal + dual_dirac), pulse=pulse,
    )  # fmt: skip


def detector_gain(paths: tuple[PathResponse, ...], settings: ComSettings, choice: Choice) -> SequenceGain:
    """What a sequence detector in place of the one-tap DFE gains at DER_0, with noise coloured by the FFE.

    The colour is that of all noise of the choice plus residual interference. Raises `ConfigError` unless the DFE has one tap.
    """
    found, m = choice.receiver, settings.samples_per_ui
    if found.b.size != 1:
        raise ConfigError(f"{settings.name}: N_b must be 1 for MLSE, got {found.b.size}. Set N_b to 1 or MLSE to 0.")
    longest = settings.receiver.detector.truncation_length
    lags = longest + found.w.size
    search = _ctle_search(
        paths, settings, receiver_ffe(settings), transmitter_grid(settings), _gains(settings, choice), 0.0
    )
    row = behind_taps(search.noise(choice.taps, found.sample, lags + 1).total, found.taps)
    pulse = noise_of(paths, settings, choice).pulse
    residual = pulse[found.sample % m :: m].copy()
    at = found.sample // m
    main = residual[at]
    residual[at] = 0.0
    residual[at + 1] -= found.b[0] * main
    row[: longest + 1] += settings.sigma_x**2 * autocorrelation(residual, longest + 1)
    return sequence_gain(
        float(found.b[0]), row / row[0], levels=settings.levels, error_ratio=settings.der0, longest=longest
    )


def converter_noise(paths: tuple[PathResponse, ...], settings: ComSettings, choice: Choice) -> float:
    """Variance in V^2 of the converter's rounding at the FFE's input of a choice."""
    detector, m = settings.receiver.detector, settings.samples_per_ui
    behind = responses(paths, settings, _gains(settings, choice))
    pulse = transmitter_equalized(behind.through, choice.taps, transmitter_grid(settings).offsets, m)
    noise = choice.receiver.noise
    sigma = float(np.sqrt(noise.total[0] - noise.converter))
    return quantization_noise(
        pulse[choice.receiver.sample % m :: m], sigma, levels=settings.levels, bits=detector.adc_bits,
        clip_probability=detector.clip_probability,
    )  # fmt: skip


def _gains(settings: ComSettings, choice: Choice) -> tuple[float, float]:
    ctle = settings.receiver.ctle
    return ctle.g_dc_db[choice.g_dc], ctle.g_dc2_db[choice.g_dc2]


def _ctle_search(
    paths: tuple[PathResponse, ...],
    settings: ComSettings,
    ffe: RxFfeSettings,
    grid: TransmitterGrid,
    gains: tuple[float, float],
    white: float,
) -> CtleSearch:
    return CtleSearch(
        settings, ffe, responses(paths, settings, gains), gains,
        tx_cursor=grid.main, tx_taps=len(grid.offsets), white=white,
    )  # fmt: skip


def _search(
    paths: tuple[PathResponse, ...], settings: ComSettings, ffe: RxFfeSettings, local: bool, white: float, prune: bool
) -> Choice | None:
    ctle, grid = settings.receiver.ctle, transmitter_grid(settings)
    places = list(gain_settings(ctle))
    if not len(grid.taps):
        return None

    def at(place: tuple[int, int]) -> CtleSearch:
        return _ctle_search(paths, settings, ffe, grid, (ctle.g_dc_db[place[0]], ctle.g_dc2_db[place[1]]), white)

    if local and settings.local_search:
        best, evaluated = _local(places, grid, at, settings.local_search)
    else:
        best, evaluated = _full(places, grid, at, prune)
    if best is None:
        return None
    taps = grid.taps[best.row]
    receiver = at((best.g_dc, best.g_dc2)).receiver(taps, best.sample)
    return Choice(
        g_dc=best.g_dc, g_dc2=best.g_dc2, row=best.row, taps=taps, receiver=receiver, fom_db=receiver.fom_db(settings),
        evaluated=evaluated,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Best:
    error: float
    g_dc: int
    g_dc2: int
    row: int
    sample: int


def _full(
    places: list[tuple[int, int]], grid: TransmitterGrid, at: Callable[[tuple[int, int]], CtleSearch], prune: bool
) -> tuple[_Best | None, int]:
    """The least error of all, and how many receivers were made; of equals the first in the order of the loops.

    CTLE settings come in the order of their bounds, so that most are known to be worse before they are looked at.
    """
    found: list[tuple[float, int, int, int]] = []
    evaluated = 0
    with ThreadPoolExecutor(_WORKERS) as pool:
        searches = list(pool.map(at, places))
        least = [float(np.min(search.bounds()[0])) if prune else 0.0 for search in searches]

        def look(order: int) -> int:
            known = min((error for error, *_ in list(found)), default=np.inf)
            if least[order] > known:
                return 0
            error, sample, made = searches[order].errors(grid.taps, known=known, prune=prune)
            row = int(np.argmin(error))
            if np.isfinite(error[row]):
                found.append((float(error[row]), order, row, int(sample[row])))
            return made

        evaluated = sum(pool.map(look, np.argsort(least, kind="stable")))
    if not found:
        return None, evaluated
    error, order, row, sample = min(found)
    return _Best(error, *places[order], row, sample), evaluated


def _local(
    places: list[tuple[int, int]], grid: TransmitterGrid, at: Callable[[tuple[int, int]], CtleSearch], reach: int
) -> tuple[_Best | None, int]:
    """The reference code's loops with its skipping rule: nothing further than `reach` steps from the best so far.

    A tap counts only where the loop around it (g_DC2 for the first) is past its first value, g_DC2 where g_DC is. Also the
    number of receivers made.
    """
    best: _Best | None = None
    evaluated = 0
    for place in places:
        if best is not None and place[0] > 0 and abs(place[1] - best.g_dc2) > reach:
            continue
        search = at(place)
        around = np.column_stack((np.full(len(grid.places), place[1]), grid.places[:, :-1])) > 0
        row = 0
        while row < len(grid.taps):
            rows = np.arange(row, len(grid.taps))
            if best is not None and grid.places.shape[1]:
                far = np.abs(grid.places[row:] - grid.places[best.row]) > reach
                rows = rows[~np.any(around[row:] & far, axis=1)]
            rows = rows[:_CHUNK]
            if not rows.size:
                break
            error, sample, made = search.errors(grid.taps[rows], prune=False)
            evaluated += made
            row = int(rows[-1]) + 1
            for k in range(rows.size):
                if np.isfinite(error[k]) and (best is None or error[k] < best.error):
                    # the rule now asks for other rows than those looked at: go on behind this one
                    best, row = _Best(float(error[k]), *place, int(rows[k]), int(sample[k])), int(rows[k]) + 1
                    break
    return best, evaluated
