"""The receiver symbol by symbol: sampler, clock recovery, amplifier, converter, equalisers, decisions, adaptation.

Time is in UI of the transmitter; symbol k is sampled near UI k. All that changes lies in arrays and in one record that the caller
keeps between calls, so that calls of any size give the same result. Each step is a function of its own, which the compiler puts
into the loop of `receive`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.interpolation import between, interpolate
from sirf._kernels.jit import inlined, kernel

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MUELLER_MULLER, SIGN_MUELLER_MULLER, BANG_BANG = 1, 2, 3
"""Phase detectors; 0 is none."""
LARGEST_INTEGRAL, LARGEST_STEP = 0.25, 0.5
"""UI a symbol that the integral path may reach, and UI by which one symbol may move the sampler: both only bound a wild loop."""
DIVERGED = 1e6
"""Equalised sample, relative to the main cursor, that only a diverged equaliser reaches."""
LEAST_GAIN = 1e-3
"""An amplifier whose gain adapts stays above this: at zero it would see nothing to adapt to."""

STATE = np.dtype(
    [
        ("time", np.float64),  # sampling instant less the symbol's number, UI
        ("integral", np.float64),  # integral path of the loop, UI a symbol
        ("last_error", np.float64),  # slicer error of the symbol before, V
        ("gain", np.float64),  # of the amplifier
        ("symbol", np.int64),  # symbols sampled so far
        ("ring_place", np.int64),  # oldest entry of the loop's delay line
        ("slip", np.int64),  # symbols by which the sampler has slipped
        ("inside", np.int64),  # symbols in a row inside the lock window
        ("locked", np.int64),
        ("losses", np.int64),  # how often lock was lost
        ("lost_at", np.int64),  # symbol of the first loss, -1 for none
        ("locked_at", np.int64),  # symbol of the first lock, -1 for none
    ]
)
"""What goes on from call to call."""


class Signal(NamedTuple):
    """What one call receives.

    `wave` starts at UI `origin`, `samples_per_ui` samples a UI; `sent` (level indices) at symbol `sent_origin`. `wander` (k,) or
    (0,) is the transmitter's time at the receiver's tick less the tick, UI. `slicer_noise` (k,) in V is that of SNR_TX,
    `converter_noise` (k,) or (0,) in V comes ahead of the converter.
    """

    wave: Single
    origin: int
    samples_per_ui: int
    sent: Bytes
    sent_origin: int
    wander: Float
    slicer_noise: Float
    converter_noise: Float


class Front(NamedTuple):
    """Amplifier and converter: `saturation` in V (0: linear), `code` step in V (0: no converter) and `clip` in V.

    `lanes` (N, 3) holds gain error, offset in V and skew in UI of each interleaved lane; (0, 3) for none.
    """

    saturation: float
    code: float
    clip: float
    lanes: Float


class Slicer(NamedTuple):
    """Decisions: relative `levels` (L,), the `main` cursor in V, FFE taps before the main one `ffe_main`.

    `power` is the mean square of the symbols sent. Symbols before `train` are fed back as sent, with `ideal` all of them.
    `unrolled` decides for each symbol before instead of feeding the first tap back.
    """

    levels: Float
    power: float
    main: float
    ffe_main: int
    train: int
    ideal: bool
    unrolled: bool


class Loop(NamedTuple):
    """Clock recovery: a phase `detector` (0: none), its `bias`, the gains of both paths in UI per unit of its output.

    `edge` is the sampling point after the edge in UI, `window` in UI and `hold` in symbols say what is locked. The loop starts at
    symbol `start` and is `gear` times wider before symbol `gear_end`.
    """

    detector: int
    proportional: float
    integral: float
    bias: float
    edge: float
    window: float
    hold: int
    start: int
    gear: float
    gear_end: int


class Steps(NamedTuple):
    """Adaptation: step sizes (0: still), whether signs alone are used, its first symbol, limits (F, 2) and (D, 2) of the taps."""

    ffe: float
    dfe: float
    reference: float
    gain: float
    sign: bool
    start: int
    ffe_limits: Float
    dfe_limits: Float


class Taps(NamedTuple):
    """What adaptation moves: `ffe` (F,), `dfe` (D,) in V per unit level, `reference` (L,) and `threshold` (L - 1,) in V.

    Thresholds lie `offset` (L - 1,) in V above the middle of their references. `ring` holds detector outputs for the loop's
    latency.
    """

    ffe: Float
    dfe: Float
    reference: Float
    offset: Float
    threshold: Float
    ring: Float


class Trace(NamedTuple):
    """What is recorded of each symbol.

    `samples`, `position` (k + F - 1,) and `decided` (k + max(D, 1),) begin with what is left of the call before: converted
    samples in V, instants in UI, level indices that were fed back. Entry i of the others is for the symbol decided at step i:
    what the slicer chose, the fed-back and the equalised value in V, what was `sent` at its instant (after a cycle slip another
    symbol than the one whose turn it is), FFE taps `weights` (k, F or 0) and `gains` (k,).
    """

    samples: Float
    position: Float
    decided: Bytes
    chosen: Bytes
    fed_back: Float
    equalised: Float
    sent: Bytes
    weights: Single
    gains: Single


@kernel
def convert(value: float, factor: float, added: float, saturation: float, code: float, clip: float) -> float:
    """A sample in V through the amplifier's `saturation` (0: none), a lane's `factor`, what is `added` in V, and the converter.

    Its codes are `code` V wide (0: no converter) and end at ±`clip` V.
    """
    if saturation > 0:
        # slope one at zero, so that small signals keep the amplifier's gain
        value = saturation * np.tanh(value / saturation)
    value = value * factor + added
    if code > 0:
        # mid-rise: no code lies at zero, thresholds do
        value = min(max(code * (np.floor(value / code) + 0.5), -clip), clip)
    return value


@inlined
def feed_back(dfe: Float, levels: Float, decided: Bytes, here: int, every: bool) -> float:
    """What the DFE takes off symbol `here`, V; taps of zero are gaps between floating groups unless `every` one may move."""
    total = 0.0
    # the oldest tap first: the newest decision, on which the loop waits, is needed last
    for t in range(len(dfe) - 1, -1, -1):
        if dfe[t] != 0.0 or every:
            total += dfe[t] * levels[decided[here - 1 - t]]
    return total


@kernel
def decide(value: float, threshold: Float, shift: float) -> int:
    """The level index of a `value` in V against thresholds (L - 1,) moved by `shift` V."""
    choice = 0
    for e in range(len(threshold)):
        if value > threshold[e] + shift:
            choice = e + 1
    return choice


@kernel
def phase_error(
    detector: int,
    bias: float,
    levels: Float,
    scale: float,
    edge: float,
    used: int,
    before: int,
    errors: tuple[float, float],
) -> float:
    """Output of the phase `detector`, less its `bias`, at a symbol decided as `used` after one decided as `before`.

    `errors` are those of the slicer now and one symbol ago, V; `scale` in 1/V makes them relative, in units of the levels' power;
    `edge` is the wave in V on the edge between the two symbols.
    """
    if detector == BANG_BANG:
        # only a transition between opposite levels crosses zero at the middle of its edge
        out = 0.0
        if used + before == len(levels) - 1 and used != before:
            # the crossing sample still has the sign of the old symbol where the sampler is early, then it has to move
            # later
            out = 1.0 if (edge > 0) != (used > before) else -1.0
    else:
        # e(k) a(k-1) - e(k-1) a(k): the post-cursor less the pre-cursor, negative where the sampler is late
        out = (errors[0] * levels[before] - errors[1] * levels[used]) * scale - bias
        if detector == SIGN_MUELLER_MULLER:
            out = 1.0 if out > 0 else -1.0
    return out


@kernel
def delay(ring: Float, state: Any, out: float) -> float:
    """What went into the `ring` (D,), D at least 1, D calls ago; `out` takes its place."""
    place = state.ring_place
    delayed: float = ring[place]
    ring[place] = out
    state.ring_place = (place + 1) % len(ring)
    return delayed


@kernel
def recover(loop: Loop, time: float, integral: float, out: float, symbol: int) -> tuple[float, float]:
    """The sampler's `time` and the loop's `integral` after the detector's output `out`."""
    gear = loop.gear if symbol < loop.gear_end else 1.0
    # the damping stays when the loop is g times faster: its integral path is g² times stronger
    integral = min(max(integral + gear * gear * loop.integral * out, -LARGEST_INTEGRAL), LARGEST_INTEGRAL)
    return time + min(max(gear * loop.proportional * out + integral, -LARGEST_STEP), LARGEST_STEP), integral


@kernel(fastmath=True)  # sums in double precision: their order changes the last bits only
def add_phases(position: Float, sums: Float) -> None:
    """Add to `sums` (3,) the number of instants `position` (k,) in UI, their distances from whole UI, and those squared."""
    total = squares = 0.0
    for i in range(len(position)):
        off = position[i] - np.rint(position[i])
        total += off
        squares += off * off
    sums[0] += len(position)
    sums[1] += total
    sums[2] += squares


@kernel
def watch_lock(loop: Loop, state: Any, off: float, slip: int, symbol: int) -> None:
    """Note whether the loop is locked: the sampler within the window, `off` UI from its place, and no symbol slipped."""
    inside = abs(off) <= loop.window and slip == state.slip
    state.slip = slip
    state.inside = state.inside + 1 if inside else 0
    if state.locked:
        if not inside:
            state.locked = 0
            state.losses += 1
            if state.lost_at < 0:
                state.lost_at = symbol
    elif state.inside >= loop.hold:
        state.locked = 1
        if state.locked_at < 0:
            state.locked_at = symbol - state.inside + 1


@kernel
def set_thresholds(reference: Float, offset: Float, threshold: Float) -> None:
    """Thresholds half way between the reference levels, and by `offset` above."""
    for e in range(len(threshold)):
        threshold[e] = 0.5 * (reference[e] + reference[e + 1]) + offset[e]


@kernel
def adapt(
    steps: Steps, taps: Taps, slicer: Slicer, trace: Trace, state: Any, newest: int, here: int, used: int, error: float
) -> None:
    """Move taps, references and gain against the slicer's `error` in V at the symbol decided as `used`.

    `newest` indexes the newest sample of the FFE, `here` the decision. Errors and samples are relative to the main cursor.
    """
    main = slicer.main
    scaled = np.sign(error) if steps.sign else error / main
    if steps.ffe > 0:
        for t in range(len(taps.ffe)):
            seen = trace.samples[newest - t]
            x = np.sign(seen) if steps.sign else seen / main
            # least mean squares: down the gradient of e², which is 2 e x for a forward tap and -2 e a for feedback
            # that is subtracted
            tap = taps.ffe[t] - steps.ffe * scaled * x
            taps.ffe[t] = min(max(tap, steps.ffe_limits[t, 0]), steps.ffe_limits[t, 1])
    if steps.dfe > 0:
        for t in range(len(taps.dfe)):
            level = slicer.levels[trace.decided[here - 1 - t]]
            a = np.sign(level) if steps.sign else level
            tap = taps.dfe[t] + steps.dfe * scaled * a * main
            taps.dfe[t] = min(max(tap, steps.dfe_limits[t, 0]), steps.dfe_limits[t, 1])
    if steps.reference > 0:
        taps.reference[used] += steps.reference * scaled * main
        set_thresholds(taps.reference, taps.offset, taps.threshold)
    if steps.gain > 0:
        aim = np.sign(slicer.levels[used]) if steps.sign else slicer.levels[used]
        # the wanted level stands in for the sample: an error outwards, of the level's sign, means too much gain
        state.gain = max(state.gain - steps.gain * scaled * aim, LEAST_GAIN)


@kernel
def receive(
    signal: Signal, front: Front, slicer: Slicer, loop: Loop, steps: Steps, taps: Taps, trace: Trace, state: Any
) -> int:
    """Receive one symbol for each of `signal.slicer_noise` while the wave lasts; how many were sampled, -1 where taps diverged.

    The FFE waits for `slicer.ffe_main` symbols after the one that it equalises. `state` is a record of `STATE`.
    """
    # arrays are taken out of their records once: each look into a record counts references
    wave, sent, wander = signal.wave, signal.sent, signal.wander
    slicer_noise, converter_noise, lanes = signal.slicer_noise, signal.converter_noise, front.lanes
    levels, ffe, dfe, reference, threshold, ring = (
        slicer.levels,
        taps.ffe,
        taps.dfe,
        taps.reference,
        taps.threshold,
        taps.ring,
    )
    samples, position, decided, chosen = trace.samples, trace.position, trace.decided, trace.chosen
    fed_back, equalised, under_way = trace.fed_back, trace.equalised, trace.sent
    weights, gains = trace.weights, trace.gains
    count, posts = len(ffe), len(dfe)
    # interpolation reads two samples ahead, the edge detector and the FFE's past one UI more
    guard = 2 if count <= 1 and loop.detector != BANG_BANG else 3
    end = signal.origin + len(wave) // signal.samples_per_ui - guard
    history = len(decided) - len(slicer_noise)
    moving = steps.ffe > 0 or steps.dfe > 0 or steps.reference > 0 or steps.gain > 0
    # steps that change nothing are left out: each sampling instant waits for all of them of the symbol before
    converted = len(lanes) > 0 or len(converter_noise) > 0 or front.saturation > 0 or front.code > 0
    filtered = count > 1 or ffe[0] != 1.0 or moving
    set_thresholds(reference, taps.offset, threshold)
    # divided by the mean of a² the detector's output is a difference of cursors relative to the main one, for any levels
    scale = 1.0 / (slicer.main * slicer.power)
    # the loop waits for these: they stay in registers
    first, time, integral, last_error = state.symbol, state.time, state.integral, state.last_error
    m = signal.samples_per_ui
    # before the first one stands no sample: its place is looked up
    below, whole = -2.0 - m, -2 - m
    done = 0
    for i in range(len(slicer_noise)):
        k = first + i
        at = k + time
        if len(wander):
            at += wander[i]
        if at >= end:
            break
        gains[i] = state.gain
        taken = at
        if len(lanes):
            # the skew of a lane moves its own sample only, not the time that the loop sees
            taken += lanes[k % len(lanes), 2]
        place = (taken - signal.origin) * m
        # one UI behind the last sample, which is nearly always right: what it reads need not wait for the clock. A loop, since
        # compilers turn a condition into a selection, which would wait
        below, whole = below + m, whole + m
        u = place - below
        while u < 0.0 or u > 1.0:
            below = np.floor(place)
            whole, u = int(below), place - below
        sample = state.gain * between(wave, whole, u)
        # the first count - 1 entries are those of the call before
        newest = count - 1 + i
        if converted:
            factor, added = 1.0, 0.0
            if len(lanes):
                lane = k % len(lanes)
                factor, added = 1.0 + lanes[lane, 0], lanes[lane, 1]
            if len(converter_noise):
                added += converter_noise[i]
            sample = convert(sample, factor, added, front.saturation, front.code, front.clip)
        samples[newest] = sample
        position[newest] = at
        done = i + 1

        # symbol j is the one whose FFE window is now complete
        j = k - slicer.ffe_main
        here = history + i
        where = position[newest - slicer.ffe_main]
        # symbol on whose UI the sampler stands; it differs from j after a cycle slip
        expected = int(np.floor(where + 0.5))
        right = sent[max(expected - signal.sent_origin, 0)]
        under_way[i] = right
        if j < 0:
            decided[here] = chosen[i] = 0
            fed_back[i] = equalised[i] = 0.0
            continue
        z = slicer_noise[i] + (ffe[0] * sample if filtered else sample)
        for t in range(1, count):
            z += ffe[t] * samples[newest - t]
        before = decided[here - 1]
        back = feed_back(dfe, levels, decided, here, moving)
        y = z - back
        if slicer.unrolled and posts:
            # the first tap moves the thresholds instead: of the slicer sets, one for each level before, the one that applies
            shift = dfe[0] * levels[before]
            choice = decide(z - (back - shift), threshold, shift)
        else:
            choice = decide(y, threshold, 0.0)
        # written so that NaN counts as diverged
        if not abs(y) < DIVERGED * slicer.main:
            state.symbol = k + 1
            return -1
        fed_back[i] = back
        equalised[i] = y
        chosen[i] = choice
        for t in range(weights.shape[1]):
            weights[i, t] = ffe[t]
        # until counting starts the line is trained: sent symbols are fed back
        used = right if j < slicer.train else choice
        decided[here] = right if slicer.ideal else used
        error = y - reference[used]
        if loop.detector and j >= loop.start:
            edge = 0.0
            if loop.detector == BANG_BANG:
                edge = interpolate(wave, (where - loop.edge - signal.origin) * signal.samples_per_ui)
            errors = (error, last_error)
            out = phase_error(loop.detector, loop.bias, levels, scale, edge, used, before, errors)
            last_error = error
            if len(ring):
                out = delay(ring, state, out)
            time, integral = recover(loop, time, integral, out, j)
            watch_lock(loop, state, where - expected, expected - j, k)
        if moving and j >= steps.start:
            adapt(steps, taps, slicer, trace, state, newest, here, used, error)
    state.symbol, state.time, state.integral, state.last_error = first + done, time, integral, last_error
    return done
