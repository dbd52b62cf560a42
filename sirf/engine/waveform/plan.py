"""What all runs of a link through the waveform engine share: responses, filter tables, the grid of sample phases."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.engine.contract import LARGE_SIGNAL, without_refused
from sirf.engine.counting.baud_rate import STRETCH_SYMBOLS
from sirf.engine.edge_expansion import series_responses
from sirf.engine.front_end import MIN_CURSOR_RATIO, FrontEnd, front_end
from sirf.engine.light.averaged_chain import averaged, coarsest
from sirf.engine.light.large_signal import LargeSignal
from sirf.engine.light.light_chain import SAMPLES_PER_UI, LightChain
from sirf.engine.noise_correlation import NOISE_CORNERS
from sirf.engine.rounding import input_rms
from sirf.engine.seeding import MAX_WHOLE_PATTERN
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.waveform.polyphase import (
    FILTER_MARGIN,
    INTERPOLATION_TAPS,
    MAX_INTERPOLATION_ERROR,
    FilterTable,
    PhaseGrid,
    Response,
    choose_grid,
    span,
    transform_length,
)
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.signal.pam import mean_square, thresholds
from sirf.transmitter.jitter import SLOW_STRETCH, Jitter

MAX_NOISE_RIPPLE = 2e-3
"""Largest change of the noise's autocorrelation over a symbol, relative to its power, that a lower noise rate may cause."""
SLOW_ERROR_SHARE = 0.125
"""Part of the symbols in error while slow phase noise is where most errors come from."""
NOISE_UI = 64
"""Length of the receiver's noise response in UI, as long as the autocorrelation that the other engines use."""


@dataclass(frozen=True, slots=True, eq=False)
class LightPlan:
    """Light in a run: its `chain`, the `table` that filters `rows` of the drives up to the optical driver.

    A stretch needs `past` UI before it and `ahead` UI behind it. What it makes at the slicer joins what comes there straight.
    """

    chain: LightChain
    table: FilterTable
    rows: NDArray[np.int64]
    past: int
    ahead: int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`end` is the front end with the whole FFE, `raw` the one of the waveform that is sampled.

    Drives come in the order signal, displaced edges order by order (where there is jitter), what the driver loses
    (where it compresses), these `fixed` in number, then aggressors, then `noise_rate` white noises. `table` filters the drives
    in `rows` straight to the samples; where curves of `light` lie between, the others go there first. `memory` in symbols fills
    the channel; `rms` in V is that of the samples, `levels` (L,) in V their means by level at the slicer,
    `threshold_offset` (L - 1,) in V how far the slicers' thresholds lie above the middle of two levels.
    """

    digest: str
    end: FrontEnd
    raw: FrontEnd
    table: FilterTable
    rows: NDArray[np.int64]
    fixed: int
    noise_rate: int
    memory: int
    rms: float
    levels: Float
    light: LightPlan | None
    threshold_offset: Float

    @property
    def drives(self) -> int:
        """Number of drives of all kinds."""
        return len(self.rows) + (0 if self.light is None else len(self.light.rows))

    @property
    def lag(self) -> int:
        """UI by which the samples come later than the drives' lead alone says."""
        return 0 if self.light is None else self.light.ahead + FILTER_MARGIN


# runs of one link differ in seed and length alone, and a sweep returns to its last few links
@lru_cache(maxsize=4)
def plan(link: Link, allowed: float = MAX_INTERPOLATION_ERROR, tail: float = MIN_CURSOR_RATIO) -> Plan:
    """The plan of a link, kept for the last few links.

    Samples are interpolated within `allowed` of their rms; cursors below `tail` of the main one are left out.
    """
    receiver = link.receiver
    end = front_end(link, tail=tail)
    # behind a converter, or where taps adapt, the FFE works symbol by symbol in the loop; elsewhere it is part of the
    # responses
    sampled = dataclasses.replace(receiver, ffe=(1.0,), ffe_main=0) if receiver.digital else receiver
    raw = front_end(link.replace(receiver=sampled), tail=tail) if receiver.digital else end
    m = raw.samples_per_ui
    crosstalk = [Response(wave, 0, movable=m) for wave in raw.crosstalk]
    if link.optics is not None and link.optics.large_signal:
        return _lit_plan(link, sampled, end, raw, crosstalk)
    responses = signal_responses(link, raw)
    fixed = len(responses)
    grid = choose_grid([one.wave for one in responses], m, allowed=allowed)
    noise = noise_responses(sampled, raw, added=None if link.optics is None else link.optical_noise)
    responses += crosstalk + noise
    # blocks are filtered ahead of the instant by what pre-cursors and the FFE look ahead
    lead = _lead(link, raw)
    memory = max(span(one, lead, m) for one in responses)
    table = FilterTable.of(responses, grid, lead=lead, transform=transform_length(memory))
    return Plan(
        link.rounded_digest,
        end,
        raw,
        # tables follow the longest response, so that one transform serves all drives
        table,
        np.arange(len(responses)),
        fixed,
        len(noise),
        memory,
        input_rms(link, raw),
        driven_levels(link, end),
        None,
        np.zeros(link.order - 1),
    )


def _lit_plan(link: Link, sampled: Receiver, end: FrontEnd, raw: FrontEnd, crosstalk: list[Response]) -> Plan:
    """The plan of a link whose signal, and whose aggressors before the light, pass the curves of its optics."""
    assert link.optics is not None
    m, lead = raw.samples_per_ui, _lead(link, raw)
    chain = coarsest(averaged(link, sampled))
    driven = signal_responses(link, chain.drive)
    fixed = len(driven)
    before = link.optics.before
    sources = np.arange(len(crosstalk))
    near = sources - len(link.channel.fext)
    # aggressors couple in before the light (and pass its curves) or behind it; FEXT of both sides come first, then
    # NEXT
    early = (sources < len(before.fext)) | ((near >= 0) & (near < len(before.next)))
    driven += [Response(wave, 0, movable=SAMPLES_PER_UI) for wave in chain.drive.crosstalk]
    noise = noise_responses(sampled, raw)
    late = [one for one, passes in zip(crosstalk, early, strict=True) if not passes]
    straight = late + noise
    rows = np.arange(fixed + len(sources) + len(noise))
    through_light = np.concatenate([np.ones(fixed, dtype=bool), early, np.zeros(len(noise), dtype=bool)])
    reach = max(span(one, lead, SAMPLES_PER_UI) for one in driven)
    reach = max([reach, *(span(one, lead, m) for one in straight)])
    transform = transform_length(reach)
    block = transform - reach
    # a filter that passes the coarse sample itself: light is sampled at all its phases
    unit = np.zeros((1, INTERPOLATION_TAPS), dtype=np.float32)
    unit[0, INTERPOLATION_TAPS // 2 - 1] = 1.0
    to_driver = FilterTable.of(
        driven, PhaseGrid(SAMPLES_PER_UI, chain.per_ui, unit, 0.0), lead=lead, transform=transform, block=block
    )
    grid = choose_grid([raw.through], m)
    table = FilterTable.of(straight, grid, lead=lead, transform=transform, block=block)
    light = LightPlan(chain, to_driver, rows[through_light], chain.memory, chain.lead)
    return Plan(
        link.rounded_digest,
        end,
        raw,
        table,
        rows[~through_light],
        fixed,
        len(noise),
        reach + light.past + light.ahead + FILTER_MARGIN,
        input_rms(link, raw),
        LargeSignal(link, end).at(0).means,
        light,
        _adapted_thresholds(link),
    )


def _adapted_thresholds(link: Link) -> Float:
    """How far (L - 1,) in V adapted thresholds lie above the middle of their levels, as the statistical engine finds them.

    What only this engine models (clock, gain, adaptation, sequence detection) leaves the place of the thresholds alone.
    """
    if link.receiver.thresholds == "midway":
        return np.zeros(link.order - 1)
    model = InterferenceModel(without_refused(LARGE_SIGNAL, link))
    if not model.noise > 0.0:
        # levels without noise have no tails that thresholds could balance
        return np.zeros(link.order - 1)
    return model.thresholds(model.at(0)) - thresholds(model.decided) * model.front_end.main_cursor


def kept_draw(link: Link, shared: Plan) -> int:
    """Most symbols over which a run keeps one draw of what comes at random: phases of aggressors, double reflections of light,
    baseline wander, slow jitter; 0 where nothing is kept."""
    block = shared.table.block
    # a fixed phase and no offset is a course that goes on, not a draw
    moving = any(one.phase_ui is None or one.rate_offset_ppm for one in link.aggressors)
    echoes = shared.light is not None and bool(shared.light.chain.span.path.interference.echoes)
    kept = block if moving or echoes else 0
    if shared.raw.wander is not None and random_to_wander(link):
        kept = max(kept, min(int(shared.raw.wander.memory), STRETCH_SYMBOLS))
    return kept if split_jitter(link, block)[1].independent_only else max(kept, STRETCH_SYMBOLS)


def event_errors(link: Link, shared: Plan) -> float:
    """Errors that one large draw of slow phase noise may make, where that is what moves edges most; 0 elsewhere.

    A shift holds for 128 edges; those that make most errors err in one symbol of eight or so.
    """
    drawn = split_jitter(link, shared.table.block)[1]
    if drawn.phase_noise is None:
        return 0.0
    slow = drawn.phase_noise.slow_ui(STRETCH_SYMBOLS, symbol_rate=link.symbol_rate)
    all_of_it = drawn.gaussian_ui(symbol_rate=link.symbol_rate)
    return SLOW_STRETCH * SLOW_ERROR_SHARE if slow > 0.5 * all_of_it else 0.0


def random_to_wander(link: Link) -> bool:
    """Whether baseline wander takes the symbols of `link` for random; a short pattern has been sent for ever, and has its own."""
    pattern = link.transmitter.pattern
    return pattern is None or link.transmitter.precoding or pattern.period(link.order) > MAX_WHOLE_PATTERN


def split_jitter(link: Link, block: int) -> tuple[Jitter, Jitter]:
    """(tones that run on through all blocks, jitter of which all that has memory is drawn anew as in a count).

    Tones that hardly move within a `block` are drawn too, unless a clock follows them: else the errors of a run would be those of
    a few phases.
    """
    jitter = link.transmitter.jitter
    # a clock follows slow tones, so their course through time is part of the answer
    slowest = 0.0 if link.receiver.clock is not None else link.symbol_rate / block
    running = tuple(one for one in jitter.sinusoidal if one.frequency >= slowest)
    drawn = tuple(one for one in jitter.sinusoidal if one.frequency < slowest)
    return dataclasses.replace(Jitter(), sinusoidal=running), dataclasses.replace(jitter, sinusoidal=drawn)


def _lead(link: Link, raw: FrontEnd) -> int:
    """Symbols of a block before the instant of its first one."""
    return max(raw.pre_cursors + 4, 4 + len(link.receiver.ffe)) + link.transmitter.ffe_main


def signal_responses(link: Link, end: FrontEnd) -> list[Response]:
    """Responses to symbols and, where there are such, to displaced edges (order by order) and to the driver's loss."""
    # displaced edges enter as derivatives of the edge: their responses are those of the series, order by order
    responses = [Response(end.through, end.sampling)]
    # the transition that a pre-cursor tap makes is known only when its later symbols are drawn
    early = -link.transmitter.ffe_main * end.samples_per_ui
    if link.transmitter.jitter:
        responses += [Response(wave, end.sampling, early) for wave in series_responses(link, end)]
    if link.transmitter.compression:
        responses.append(Response(end.driver, end.sampling, early))
    return responses


def driven_levels(link: Link, end: FrontEnd) -> Float:
    """Mean (L,) in V at the slicer of each sent level: the driver's compression takes its share off the outer ones.

    The Tx FFE's output is w a + rest with independent symbols in the rest, so E[(w a + rest)³ | a] = w³ a³ + 3 w a E[rest²].
    """
    levels, tx = link.levels, link.transmitter
    result = levels * end.main_cursor
    if not tx.compression:
        return result
    weights, m = np.asarray(tx.ffe), end.samples_per_ui
    # independent symbols: what the other taps carry is a mean square, whatever they send
    power = mean_square(levels)
    for j, weight in enumerate(weights):
        at = end.sampling - (j - tx.ffe_main) * m
        if 0 <= at < len(end.driver):
            rest = power * float(np.sum(weights**2) - weight**2)
            result = result - tx.compression * end.driver[at] * (weight**3 * levels**3 + 3.0 * weight * levels * rest)
    return np.asarray(result)


Density = Callable[[Float], Float]


def noise_responses(
    receiver: Receiver, end: FrontEnd, *, rate: int | None = None, added: Density | None = None
) -> list[Response]:
    """Responses to white noise of unit variance, drawn as often per UI as the band of the receiver's filters asks for.

    Impulses at a rate R through a filter give noise of the filter's spectrum; what repeats is its statistics over 1 / R, by as
    much as the filter still passes beyond R / 2. The lowest rate at which variance and autocorrelation of a UI change over the
    phases by less than `MAX_NOISE_RIPPLE` is taken, or `rate` draws per UI. `added` (Hz to V²/Hz, one-sided) comes on top of the
    receiver's own noise at its input. None where there is no noise.
    """
    m = end.samples_per_ui
    wave, origin = _noise_wave(receiver, end, added)
    if not wave.any():
        # draws at the samples' own rate would cost most of the time of a run
        return []
    rate = _noise_rate(wave, m) if rate is None else rate
    step = m // rate
    # white noise of a two-sided density of 1 / 2 at this rate has half its variance
    scale = np.sqrt(0.5 / (rate * end.symbol_rate))
    if NOISE_CORNERS * (receiver.noise_corner or 0.0) > 0.5 * m * end.symbol_rate:
        # what lies beyond the samples' band is white to them: its power is put inside
        scale *= np.sqrt(end.noise_correlation[0] / (0.5 / (m * end.symbol_rate) * float(np.sum(wave**2))))
    return [Response(scale * wave, origin, step * index) for index in range(rate)]


def _noise_rate(wave: Float, m: int) -> int:
    # draws must fall on the same samples of every symbol, hence divisors of m
    for rate in (r for r in range(1, m) if m % r == 0):
        rows = wave[: len(wave) // m * m].reshape(-1, m // rate)
        variance = np.sum(rows**2, axis=0)
        # products of draws one UI apart, at each phase
        lag = np.sum(rows[:-rate] * rows[rate:], axis=0)
        if max(np.ptp(variance), np.ptp(lag)) <= MAX_NOISE_RIPPLE * np.mean(variance):
            return rate
    return m


def _noise_wave(receiver: Receiver, end: FrontEnd, added: Density | None) -> tuple[Float, int]:
    """Response (N,) in V sqrt(Hz) of the receiver's linear part to white noise of 1 V²/Hz, and the index of its zero of time.

    The root of the density at the input shapes it, without phase.
    """
    m = end.samples_per_ui
    n = 8 * NOISE_UI * m
    rate = m * end.symbol_rate
    # eight times as long as what is kept, so that what wraps round is far below it
    frequency = np.asarray(np.fft.rfftfreq(n, 1.0 / rate), dtype=np.float64)
    delays = np.arange(len(receiver.ffe)) - receiver.ffe_main
    density = receiver.noise_density + (0.0 if added is None else added(frequency))
    transfer = np.sqrt(density) * receiver.analog_transfer(frequency)
    if receiver.ffe != (1.0,):
        transfer = transfer * (
            np.asarray(receiver.ffe) @ np.exp(-2j * np.pi * np.outer(delays, frequency) / end.symbol_rate)
        )
    wave = np.fft.irfft(transfer, n) * rate
    # a root without phase rings on both sides
    before = (receiver.ffe_main + (1 if added is None else 16)) * m
    after = (NOISE_UI + len(receiver.ffe)) * m
    return np.roll(wave, before)[: before + after], before
