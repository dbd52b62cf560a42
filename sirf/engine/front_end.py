"""All that is linear between the transmitter's edges and the slicer, as sampled responses that every engine shares.

The engines agree by construction: each takes its pulse, edge response, crosstalk pulses and noise from here and adds only
what is its own.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy import fft
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.channel.cached_spectra import KEPT_GRIDS, symbol_shape, transform_grid
from sirf.channel.die_to_die import find_distinct
from sirf.channel.response import PreparedTransfer, prepare_once
from sirf.channel.transfer import Pulse
from sirf.engine.baseline_wander import BaselineWander, CouplingTail
from sirf.engine.link_key import LinkKey
from sirf.engine.mueller_muller import root_beside, sampling_instant
from sirf.engine.noise_correlation import noise_correlation
from sirf.errors import SirfError
from sirf.receiver.receiver import MUELLER_MULLER, AnyCtle, Receiver
from sirf.signal.filters import butterworth4
from sirf.transmitter.edge import transmitter_edge

if TYPE_CHECKING:
    from sirf.link import Link


OF_DECISIONS = frozenset({"dfe", "dfe_unrolled", "adaptation"})
"""Fields of a receiver that work on decisions: no response and no noise ahead of the slicer knows them."""
WINDOW_MARGIN_UI = 2
"""UI at the end of a response, behind the last of its cursors."""
_ROUNDING_SAMPLES = 1e-9
"""An offset nearer to a sample than this part of one is meant to be on it."""
MIN_CURSOR_RATIO = 1e-4
"""Cursors below this part of the main one, beyond the last larger one, are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class FrontEnd:
    """Responses at the slicer input, M samples per UI, in volts for a unit symbol.

    `through` (N,) is the pulse with Tx FFE, `driver` (N,) that without and `mean_pulse` (N,) the first's mean over the
    displacement of its edges; `edge` (N,) the response to a unit transition displaced by one UI per UI (the derivative of the
    step response, no Tx FFE) and `edge_slope` (N,) its derivative; `crosstalk` one pulse per aggressor, those of equal number in
    `crosstalk_index` the same. `sampling` indexes the sampling instant in the first five.
    `noise_correlation` (N_lag,) in V² is the autocorrelation of the receiver noise at lags of one sample;
    `transmitter_noise` the rms in V of the SNR_TX term.
    `omitted` is the sum of |cursor| that was left out, relative to the main cursor. `feedback` (N,) is the part of `through` that
    `Receiver.cancellation` adds, None without; `wander` what an AC coupling adds behind the end of `through`, None without.
    """

    samples_per_ui: int
    symbol_rate: float
    through: Float
    driver: Float
    mean_pulse: Float
    edge: Float
    edge_slope: Float
    crosstalk: tuple[Float, ...]
    crosstalk_index: tuple[int, ...]
    sampling: int
    start_time: float
    noise_correlation: Float
    transmitter_noise: float
    omitted: float
    feedback: Float | None = None
    wander: BaselineWander | None = None

    @property
    def main_cursor(self) -> float:
        """Mean pulse at the sampling instant, V: what an adapted receiver takes for its levels."""
        return float(self.mean_pulse[self.sampling])

    @property
    def receiver_noise(self) -> float:
        """Rms of the receiver noise at the slicer, V."""
        return float(np.sqrt(max(self.noise_correlation[0], 0.0)))

    @property
    # one UI at least on either side, so that displaced edges stay within the record
    def pre_cursors(self) -> int:
        """Cursors before the main one in `cursors()`, the same at every phase in ±1 UI."""
        return self.sampling // self.samples_per_ui - 1

    def cursors(self, response: Float, *, phase: int = 0) -> Float:
        """Samples of `response` one UI apart, the main cursor at index `pre_cursors`, `phase` samples off the instant."""
        m = self.samples_per_ui
        start = self.sampling + phase - self.pre_cursors * m
        count = (len(response) - WINDOW_MARGIN_UI * m - start + phase) // m
        # contiguous: kernels take no strides
        return np.ascontiguousarray(response[start : start + count * m : m])

    def pulse(self) -> Pulse:
        """The pulse response at the slicer as the user sees it."""
        time = self.start_time + np.arange(len(self.through)) / (self.samples_per_ui * self.symbol_rate)
        return Pulse(
            time=time,
            volts=self.through,
            samples_per_ui=self.samples_per_ui,
            symbol_rate=self.symbol_rate,
            cursor=self.sampling,
        )


MIN_BAND_GAIN = 1e-9
"""Responses are built up to the frequency beyond which edge and noise filter stay below this."""


@dataclass(frozen=True, slots=True, eq=False)
class AnalogChannel:
    """The link's transfers in the form from which responses for any CTLE setting follow by one multiply and one inverse.

    `shapes` holds, for each distinct transfer and amplitude, amplitude x transfer x edge filter x noise filter in V/Hz x UI, up
    to the end of the band; `prepared` the transfer of each shape; `index` the number of the shape of each path, the through
    path first, then FEXT, then NEXT.
    """

    prepared: tuple[PreparedTransfer, ...]
    shapes: tuple[Complex, ...]
    index: tuple[int, ...]

    def response(self, path: int, receiver: Receiver, *, kind: str, factor: Complex | float = 1.0) -> Float:
        """Time response (n_samples,) of a path in V: `kind` and `factor` as in `spectrum`."""
        return self.in_time(path, factor * self.spectrum(path, receiver, kind=kind))

    def in_time(self, path: int, spectrum: Complex) -> Float:
        """Time response (n_samples,) of a path's `spectrum`, which ends with its band."""
        return np.asarray(fft.irfft(spectrum, n=self.prepared[self.index[path]].n_samples))

    def spectrum(self, path: int, receiver: Receiver, *, kind: str) -> Complex:
        """Spectrum of a path's response to the end of its band: `kind` is "pulse", "edge" or "edge_slope" (per UI).

        Of the receiver only the CTLE is read. What follows is a factor of it, and costs no transform of its own.
        """
        # distinct networks are prepared once, whatever number of paths share them
        number = self.index[path]
        transfer, shape = self.prepared[number], self.shapes[number]
        if receiver.ctle is not None:
            shape = shape * _ctle_transfer(receiver.ctle, transfer.n_samples, transfer.sample_rate, len(shape))
        if kind == "pulse":
            rate = transfer.symbol_rate
            return np.asarray(shape * symbol_shape(transfer.n_samples, transfer.samples_per_ui, rate, len(shape)))
        if kind == "edge_slope":
            # j omega differentiates; divided by the symbol rate the derivative is per UI
            return np.asarray(shape * (2j * np.pi * (transfer.frequency[: len(shape)] / transfer.symbol_rate)))
        if kind != "edge":
            raise ValueError(kind)
        return shape

    def taps(self, path: int, taps: Sequence[float], main: int) -> Complex:
        """Transfer of T-spaced taps at the frequencies of a path's `spectrum`; the tap at `main` causes no delay."""
        number = self.index[path]
        transfer = self.prepared[number]
        return _taps_transfer(
            tuple(taps), main, transfer.n_samples // transfer.samples_per_ui, len(self.shapes[number])
        )


# a link's paths mostly have one grid
@lru_cache(maxsize=KEPT_GRIDS)
def _taps_transfer(taps: tuple[float, ...], main: int, symbols: int, points: int) -> Complex:
    """Transfer of T-spaced taps at the first frequencies of the grid of a window of so many symbols."""
    # the same at every multiple of the symbol rate: one period of it is a transform of the taps
    period = np.zeros(symbols)
    np.add.at(period, (np.arange(len(taps)) - main) % symbols, taps)
    value = np.resize(fft.fft(period), points)
    value.flags.writeable = False
    return value


# few, for each keeps its link's copper: an equaliser search asks for one, light for two more
@lru_cache(maxsize=8)
def _analog_channel(link_key: LinkKey) -> AnalogChannel:
    link = link_key.link
    # prepared without the light's gain, which alone changes from link to link of a search
    ready, numbers = _prepared(_CopperKey(link))
    # the automatic gain follows the transmitter's taps: links of one search differ in it alone
    gains = [link.drive_gain if lit else 1.0 for lit in link.passing_light()]
    amplitudes = [gain * volts for gain, volts in zip(gains, link.launch_amplitudes(), strict=True)]
    kinds = ("through", *("fext",) * len(link.channel.fext), *("next",) * len(link.channel.next))
    launched, index = find_distinct(list(zip(numbers, amplitudes, kinds, strict=True)), operator.eq)
    return AnalogChannel(
        prepared=tuple(ready[number] for number, _, _ in launched),
        shapes=tuple(_shape(link, ready[number], amplitude, kind) for number, amplitude, kind in launched),
        index=index,
    )


class _CopperKey(LinkKey):
    """Hashes a link by what its transfers depend on, but for the gain ahead of an optical driver."""

    def __init__(self, link: Link) -> None:
        self.link = link
        optics = None if link.optics is None else (link.optics.path, *link.optics.gains(link.order))
        self.parts = (link.channel, link.packages, link.symbol_rate, link.samples_per_ui, optics)


@lru_cache(maxsize=8)
def _prepared(key: _CopperKey) -> tuple[tuple[PreparedTransfer, ...], tuple[int, ...]]:
    """The distinct transfers of a link without the gain ahead of an optical driver, and the number of each path's own."""
    link = key.link
    transfers, numbers = link.distinct_transfers(drive_gain=1.0)
    ready = (prepare_once(one, symbol_rate=link.symbol_rate, samples_per_ui=link.samples_per_ui) for one in transfers)
    return tuple(ready), numbers


# a search asks for four settings of the CTLE, each on the grids of three windows
@lru_cache(maxsize=4 * KEPT_GRIDS)
def _ctle_transfer(ctle: AnyCtle, n_samples: int, sample_rate: float, points: int) -> Complex:
    """The CTLE at the first frequencies of a transform's grid: the same for all kinds of response and all paths of a link."""
    # on the transform's own grid, so that a response is one product and one transform
    value = ctle.transfer(transform_grid(n_samples, sample_rate)[:points])
    value.flags.writeable = False
    return value


# lengths that are searched come back to a dozen windows
@lru_cache(maxsize=4 * KEPT_GRIDS)
def _edge_and_noise_filter(
    n_samples: int, sample_rate: float, rise_time: float, noise_corner: float | None
) -> tuple[Complex, int]:
    """Edge filter times noise filter on a transform's grid, and the number of points until it is below `MIN_BAND_GAIN`."""
    frequency = transform_grid(n_samples, sample_rate)
    filters = transmitter_edge(frequency, rise_time)
    if noise_corner is not None:
        filters = filters * butterworth4(frequency, noise_corner)
    filters.flags.writeable = False
    return filters, int(np.flatnonzero(np.abs(filters) > MIN_BAND_GAIN)[-1]) + 1


def _shape(link: Link, prepared: PreparedTransfer, amplitude: float, kind: str) -> Complex:
    filters, end = _edge_and_noise_filter(
        prepared.n_samples, prepared.sample_rate, link.transmitter.rise_time, link.receiver.noise_corner
    )
    # FEXT comes from transmitters like the victim's
    if link.transmitter.filter is not None and kind != "next":
        filters = filters * link.transmitter.filter.transfer(prepared.frequency)
    # one UI of time in the spectrum makes slopes per UI; the inverse transform of the grid is in samples per second
    scale = amplitude / link.symbol_rate * prepared.sample_rate
    return np.asarray(scale * prepared.value[:end] * filters[:end])


def analog_channel(link: Link) -> AnalogChannel:
    """The prepared transfers of a link, cached by channel, packages and rates.

    Raises `SirfError` for a link with vendor models: their filters must be found first (`sirf.ami.flow`).
    """
    if link.has_models:
        raise SirfError(
            "transmitter_model and receiver_model must be None here, got a link with vendor models. Use sirf.statistical_eye, "
            "sirf.simulate or sirf.count_errors."
        )
    return _analog_channel(LinkKey(link))


def preparation_warnings(link: Link) -> tuple[str, ...]:
    """What the way into the time domain has to say about the link's data, each once."""
    found = analog_channel(link)
    warnings = [warning for prepared in found.prepared for warning in prepared.warnings]
    through = found.prepared[found.index[0]]
    if through.wander_warning and link.optics is not None and link.optics.large_signal:
        warnings.append(f"{through.wander_warning} Curves of light are followed without it.")
    return tuple(dict.fromkeys(warnings))


def front_end(link: Link, *, tail: float = MIN_CURSOR_RATIO) -> FrontEnd:
    """Every response that the engines need, for the link's equaliser setting; cursors below `tail` of the main one are left out.

    Kept for the last links: those of one search differ in the taps of the feedback alone, which change no response. Raises
    `SirfError` when the pulse has no positive main cursor.
    """
    # an instant of another criterion follows the eye, which all of a link's parts have a say in
    make = _front_end if link.receiver.sampling == MUELLER_MULLER else _front_end.__wrapped__
    return make(_ResponseKey(link, tail))


def front_end_like(link: Link, like: Link, known: FrontEnd) -> FrontEnd:
    """`front_end` of a link that differs from `like`, whose front end is `known`, in noise, jitter and aggressors alone.

    Where noise is all that differs the responses are the known ones.
    """
    if link is like:
        return known
    transmitter = dataclasses.replace(link.transmitter, snr_db=like.transmitter.snr_db)
    receiver = dataclasses.replace(link.receiver, noise_density=like.receiver.noise_density)
    if (transmitter, receiver, link.aggressors) != (like.transmitter, like.receiver, like.aggressors):
        return front_end(link)
    return dataclasses.replace(
        known,
        noise_correlation=noise_correlation(link),
        transmitter_noise=_transmitter_noise(link, known.main_cursor),
    )


def _transmitter_noise(link: Link, main: float) -> float:
    """Rms in V of the SNR_TX term: it is relative to the main cursor, equation (93A-30)."""
    snr = link.transmitter.snr_db
    return 0.0 if snr is None else float(main * 10 ** (-snr / 20))


# links that differ in decisions alone have the same responses, and a search asks for them thousands of times
class _ResponseKey(LinkKey):
    """Hashes a link by what its responses and its noise depend on."""

    __slots__ = ("tail",)

    def __init__(self, link: Link, tail: float) -> None:
        super().__init__(link)
        self.tail = tail
        # light has noise beside its gain, which follows the span and the modulation
        self.parts += (
            link.transmitter,
            *(
                getattr(link.receiver, field.name)
                for field in dataclasses.fields(Receiver)
                if field.name not in OF_DECISIONS
            ),
            _first_dfe_limits(link),
            link.optics,
            link.modulation,
            tail,
        )


@lru_cache(maxsize=4)
def _front_end(key: _ResponseKey) -> FrontEnd:
    link, tail = key.link, key.tail
    channel = analog_channel(link)
    receiver, tx, m = link.receiver, link.transmitter, link.samples_per_ui
    sent = channel.taps(0, tx.ffe, tx.ffe_main)
    shaped, feedback = _shaped(link, channel)
    # found ahead of the Rx FFE, whose taps weigh samples at this instant
    instant = sampling_instant(shaped, m, dfe_limits=_first_dfe_limits(link))
    if receiver.sampling != MUELLER_MULLER:
        instant += round(link.sampling_instant().offset_ui * m)
    # the offset moves the sampler on purpose, after the instant of its criterion has been found
    samples, between = whole_samples(receiver.sampling_offset_ui * m)
    instant += samples
    behind = channel.taps(0, receiver.ffe, receiver.ffe_main)
    # what is left lies between two samples: the waves come earlier by it
    if between:
        behind = behind * np.exp(2j * np.pi * between / len(shaped) * np.arange(len(behind)))
        if 2 * len(behind) > len(shaped) + 1:
            # at half the sample rate a real wave has no phase
            behind[-1] = behind[-1].real
        feedback = None if feedback is None else earlier(feedback, between)
    edge, edge_slope = (channel.response(0, receiver, kind=kind, factor=behind) for kind in ("edge", "edge_slope"))
    pulse, both = channel.spectrum(0, receiver, kind="pulse"), sent * behind
    driver = channel.in_time(0, behind * pulse)
    through = mean_pulse = channel.in_time(0, both * pulse)
    moved = tx.jitter.variance(symbol_rate=link.symbol_rate)
    if moved:
        # E[p(t - tau)] = p + variance / 2 p'', and in the spectrum every derivative per UI is a factor of j omega T
        turns = 2.0 * np.pi * m / len(shaped) * np.arange(len(both))
        mean_pulse = channel.in_time(0, both * (1.0 - 0.5 * moved * turns**2) * pulse)
    # it stands still where edges are displaced
    if feedback is not None:
        added = with_ffe(feedback, receiver.ffe, receiver.ffe_main, m)
        through, mean_pulse = through + added, mean_pulse + added
    slow = None
    # curves of light see the signal without what goes on for long
    if link.optics is None or not link.optics.large_signal:
        slow = CouplingTail.of(channel.prepared[channel.index[0]], driver, instant, gain=sum(tx.ffe))
    # it ends no window: it is followed by its pole
    window, omitted = _window(through if slow is None else slow.taken_off(through), instant, m, tail)
    pulses, crosstalk_index = _all_crosstalk(link, channel)
    # responses are circular: an early offset may take the index below zero
    main = mean_pulse[instant % len(shaped)]
    if not main > 0:
        raise SirfError(
            f"main cursor must be positive, got {main:.3g} V. Swap P and N of one end of {link.channel.name}."
        )
    return FrontEnd(
        samples_per_ui=m,
        symbol_rate=link.symbol_rate,
        through=through.take(window, mode="wrap"),
        driver=driver.take(window, mode="wrap"),
        mean_pulse=mean_pulse.take(window, mode="wrap"),
        edge=edge.take(window, mode="wrap"),
        edge_slope=edge_slope.take(window, mode="wrap"),
        crosstalk=tuple(pulses[number] for number in crosstalk_index),
        crosstalk_index=crosstalk_index,
        sampling=int(instant - window[0]),
        start_time=channel.prepared[0].start_time + (window[0] + between) / (m * link.symbol_rate),
        noise_correlation=noise_correlation(link),
        transmitter_noise=_transmitter_noise(link, float(main)),
        omitted=omitted,
        feedback=None if feedback is None else feedback.take(window, mode="wrap"),
        wander=None if slow is None else slow.behind((len(window) - instant + int(window[0])) // m - WINDOW_MARGIN_UI),
    )


def _shaped(link: Link, channel: AnalogChannel) -> tuple[Float, Float | None]:
    """A circular pulse (N,) behind the transmitter's FFE, with what `Receiver.cancellation` adds, and that alone."""
    sent = channel.taps(0, link.transmitter.ffe, link.transmitter.ffe_main)
    shaped = channel.response(0, link.receiver, kind="pulse", factor=sent)
    if link.receiver.cancellation is None:
        return shaped, None
    # it answers the symbol itself, whatever the transmitter's FFE makes of it; as decision feedback it stands still where edges
    # are displaced
    feedback = link.receiver.cancellation.symbol_response(len(shaped), link.samples_per_ui)
    return shaped + feedback, feedback


def balanced_offset(link: Link) -> float:
    """UI from the sample at which a Mueller-Müller loop is taken to lock to where equation (93A-25) holds between samples."""
    limits, m = _first_dfe_limits(link), link.samples_per_ui
    shaped, _ = _shaped(link, analog_channel(link))
    return root_beside(shaped, sampling_instant(shaped, m, dfe_limits=limits), m, dfe_limits=limits) / m


def with_ffe(wave: Float, taps: Sequence[float], main: int, samples_per_ui: int) -> Float:
    """Circular wave (N,) through T-spaced taps; the tap at `main` causes no delay."""
    result = np.zeros_like(wave)
    for index, tap in enumerate(taps):
        if tap:
            # circular as the transforms are: what wraps round lies in the tail that preparation keeps below -50 dB
            later = (index - main) * samples_per_ui % len(wave)
            result[later:] += tap * wave[: len(wave) - later]
            result[:later] += tap * wave[len(wave) - later :]
    return result


def whole_samples(offset: float) -> tuple[int, float]:
    """An offset in samples as a whole number of them and what is left, zero where that is but rounding of a ratio of UI."""
    samples = round(offset)
    between = offset - samples
    return samples, between if abs(between) > _ROUNDING_SAMPLES else 0.0


def earlier(wave: Float, samples: float) -> Float:
    """Circular waves (..., N) that come so many samples, or a part of one, earlier."""
    size = wave.shape[-1]
    return np.asarray(fft.irfft(fft.rfft(wave) * np.exp(2j * np.pi * samples * fft.rfftfreq(size)), n=size))


def _first_dfe_limits(link: Link) -> tuple[float, float]:
    # without feedback the condition is that of equal flanks
    if not link.receiver.dfe:
        return (0.0, 0.0)
    # what a search may make of the tap; without limits the tap as it is
    if link.limits.dfe_max:
        return (link.limits.dfe_min[0], link.limits.dfe_max[0])
    return (link.receiver.dfe[0], link.receiver.dfe[0])


def _window(pulse: Float, instant: int, m: int, tail: float = MIN_CURSOR_RATIO) -> tuple[NDArray[np.int64], float]:
    """Sample indices from two UI before the first to two after the last cursor above `tail`, and what is left out."""
    n = len(pulse)
    # an eighth of the circle counts as before the pulse, the rest as after it: channels ring behind their main cursor
    half = n // m // 8
    offsets = np.arange(-half, n // m - half - 1)
    # rows of a UI about each cursor, the first of them half a UI ahead of its own
    start = (instant - half * m + -m // 2) % n
    size = np.abs(pulse)
    envelope = np.concatenate([size[start:], size[:start]])[: offsets.size * m].reshape(-1, m).max(axis=1)
    reference = abs(pulse[instant % n])
    # what is smaller than the tail ratio cannot be told from the transform's own floor
    large = np.flatnonzero(envelope > tail * reference)
    # at least two cursors on either side are kept, and two more beyond them for edges that are displaced
    first, last = int(offsets[large[0]]), int(offsets[large[-1]])
    pre, post = max(-first, 2) + 2, max(last, 2) + 3
    omitted = float(
        # all cursors of the circle less those kept
        np.sum(np.abs(pulse.take(instant + offsets * m, mode="wrap")))
        - np.sum(np.abs(pulse.take(instant + np.arange(-pre, post) * m, mode="wrap")))
    )
    return np.arange(instant - pre * m, instant + (post + 1) * m), max(omitted, 0.0) / reference


def _all_crosstalk(link: Link, channel: AnalogChannel) -> tuple[tuple[Float, ...], tuple[int, ...]]:
    """The distinct pulses of the aggressors, and the number of each aggressor's own."""
    paths = [(number, path <= len(link.channel.fext)) for path, number in enumerate(channel.index) if path > 0]
    distinct, index = find_distinct(paths, operator.eq)
    return tuple(_crosstalk(link, channel, paths.index(one) + 1) for one in distinct), index


def _crosstalk(link: Link, channel: AnalogChannel, index: int) -> Float:
    m, tx, receiver = link.samples_per_ui, link.transmitter, link.receiver
    taps = channel.taps(index, receiver.ffe, receiver.ffe_main)
    if index <= len(link.channel.fext):
        # transmitters of FEXT are equalised like the victim's; those of NEXT stand at the near end and send without a
        # FFE
        taps = taps * channel.taps(index, tx.ffe, tx.ffe_main)
    wave = channel.response(index, receiver, kind="pulse", factor=taps)
    # by magnitude, for crosstalk has no sign of its own
    peak = int(np.argmax(np.abs(wave)))
    window, _ = _window(wave, peak, m)
    return np.asarray(wave.take(window, mode="wrap"))
