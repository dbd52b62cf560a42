"""The receiver symbol by symbol: sampler, clock recovery, amplifier, converter, equalisers, decisions, adaptation, counts.

Time is in UI of the transmitter; symbol k is sampled near UI k. State lives in two small arrays between calls, so that calls of
any size give the same result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Integer = NDArray[np.int64]
Bytes = NDArray[np.uint8]

# places in the state arrays
TIME, INTEGRAL, LAST_ERROR, GAIN = 0, 1, 2, 3
SYMBOL, LAST_WRONG, BURST_SYMBOLS, BURST_BITS, RING, SLIP, INSIDE, LOCKED, LOSSES, LOST_AT, LOCKED_AT = range(11)
BURST_FIRST, BURST_LAST, LAST_RIGHT, LAST_CHOICE, PLACES = range(11, 16)


@kernel
def sample(wave: Single, place: float) -> float:
    """`wave` at a fractional index: the sample itself at a whole one, else a cubic through four."""
    whole = int(np.floor(place))
    u = place - whole
    if u == 0.0:
        return float(wave[whole])
    return float(
        -u * (u - 1.0) * (u - 2.0) / 6.0 * wave[whole - 1]
        + (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5 * wave[whole]
        - (u + 1.0) * u * (u - 2.0) * 0.5 * wave[whole + 1]
        + (u + 1.0) * u * (u - 1.0) / 6.0 * wave[whole + 2]
    )


@kernel
def receive(
    wave: Single,
    origin: int,
    m: int,
    sent: Bytes,
    sent_origin: int,
    wander: Float,
    added: Float,
    noise: Float,
    levels: Float,
    main: float,
    reference: Float,
    threshold_offset: Float,
    ffe: Float,
    ffe_main: int,
    dfe: Float,
    unrolled: bool,
    ideal: bool,
    train: int,
    first: int,
    bits: Integer,
    gap: int,
    detector: int,
    loop: Float,
    ring: Float,
    front: Float,
    lanes: Float,
    adapt: Float,
    ffe_limits: Float,
    dfe_limits: Float,
    real: Float,
    whole: Integer,
    taken: Float,
    position: Float,
    decided: Bytes,
    fed: Float,
    equalised: Float,
    weights: Single,
    gains: Single,
    precoded: bool,
    counts: Integer,
    outgoing: Integer,
    confusion: Integer,
    lengths: Integer,
    batches: Integer,
) -> int:
    """Receive up to len(added) symbols while `wave` lasts; how many were sampled, -1 where the equaliser diverged.

    `wave` starts at UI `origin`, m samples per UI; `sent` at symbol `sent_origin`. `wander` (k,) or (0,): the transmitter's time
    at the receiver's tick less the tick, UI. `added` (k,): noise of SNR_TX at the slicer, V; `noise` (k,)
    or (0,) at the converter, V. `levels` (L,) relative, `reference` (L,) in V, `threshold_offset` (L - 1,) in V what thresholds
    lie above the middle of their references, `dfe` in V per unit level. Symbols before
    `train` are fed back as sent, those from `first` on count.

    Arrays `taken`, `position` (k + F - 1) and `decided` (k + max(D, 1)) begin with what is left of the call before; `fed`,
    `equalised`, `gains` (k,) and `weights` (k, F or 0) are told, entry i for the symbol decided at step i. The FFE waits for
    `ffe_main` symbols after the one that it equalises.

    `counts` (6,) gains symbols, symbol errors, bit errors, bursts (errors more than `gap` symbols apart start a new one) and the
    sums of squared symbol and bit errors per burst; `outgoing` (L,) what was sent, `confusion` (L, L) sent against taken, wrong
    ones alone, `lengths` bursts by their length less one. A row of `batches` (B, 6) is of batches of one length, each length a
    multiple of the one above: length, whole batches, sums of their squared symbol and bit errors, both of the open one. With
    `precoded` lines all of what the decoder behind the slicer gives out; bursts are those of the line.

    `detector` 0 none, 1 Mueller-Müller, 2 its sign, 3 bang-bang on edges. `loop` = proportional, integral, bias of the detector,
    sampling point after the edge in UI, lock window in UI, hold in symbols, first symbol, factor of its bandwidth while it
    acquires, symbol at which that ends; `ring` holds detector outputs for the latency. `front` = saturation in V (0: none), step
    of the converter in V (0: none), its clip in V. `lanes` (N, 3) = gain, offset in V, skew in UI of each interleaved lane,
    (0, 3) for none. `adapt` = step sizes of FFE, DFE, references, gain, sign flag, first symbol.
    """
    taps, posts, order = len(ffe), len(dfe), len(levels)
    guard = 2 if taps <= 1 and detector != 3 else 3
    end = origin + len(wave) // m - guard
    latency = len(ring)
    history = len(decided) - len(added)
    power = 0.0
    for level in levels:
        power += level * level / order
    threshold = np.empty(order - 1)
    candidate = np.empty(order, dtype=np.int64)
    moving = adapt[0] > 0 or adapt[1] > 0 or adapt[2] > 0 or adapt[3] > 0
    for e in range(order - 1):
        threshold[e] = 0.5 * (reference[e] + reference[e + 1]) + threshold_offset[e]
    done = 0
    for i in range(len(added)):
        k = whole[SYMBOL]
        at = k + real[TIME]
        if len(wander):
            at += wander[i]
        if at >= end:
            break
        skew = 0.0
        lane = 0
        if len(lanes):
            lane = k % len(lanes)
            skew = lanes[lane, 2]
        gains[i] = real[GAIN]
        value = real[GAIN] * sample(wave, (at + skew - origin) * m)
        if front[0] > 0:
            value = front[0] * np.tanh(value / front[0])
        if len(lanes):
            value = value * (1.0 + lanes[lane, 0]) + lanes[lane, 1]
        if len(noise):
            value += noise[i]
        if front[1] > 0:
            value = min(max(front[1] * (np.floor(value / front[1]) + 0.5), -front[2]), front[2])
        newest = taps - 1 + i
        taken[newest] = value
        position[newest] = at
        done = i + 1
        whole[SYMBOL] = k + 1

        # symbol j is the one whose FFE window is now complete
        j = k - ffe_main
        if j < 0:
            decided[history + i] = 0
            fed[i] = equalised[i] = 0.0
            continue
        z = added[i]
        for t in range(taps):
            z += ffe[t] * taken[newest - t]
        where = position[newest - ffe_main]
        expected = int(np.floor(where + 0.5))
        right = sent[max(expected - sent_origin, 0)]
        fed[i] = 0.0
        here = history + i
        for t in range(posts - 1, -1, -1):
            if dfe[t] != 0.0 or moving:
                fed[i] += dfe[t] * levels[decided[here - 1 - t]]
        if unrolled and posts:
            late = fed[i] - dfe[0] * levels[decided[here - 1]]
            for c in range(order):
                candidate[c] = 0
                for e in range(order - 1):
                    if z - late > threshold[e] + dfe[0] * levels[c]:
                        candidate[c] = e + 1
            choice = candidate[decided[here - 1]]
            y = z - fed[i]
        else:
            y = z - fed[i]
            choice = 0
            for e in range(order - 1):
                if y > threshold[e]:
                    choice = e + 1
        if not abs(y) < 1e6 * main:
            return -1
        equalised[i] = y
        for t in range(weights.shape[1]):
            weights[i, t] = ffe[t]
        # until counting starts the line is trained: sent symbols are fed back
        trained = j < train
        used = right if trained else choice
        decided[here] = right if ideal else used
        error = y - reference[used]

        if detector and j >= loop[6]:
            out = 0.0
            before = decided[here - 1]
            if detector == 3:
                if used + before == order - 1 and used != before:
                    edge = sample(wave, (position[newest - ffe_main] - loop[3] - origin) * m)
                    out = 1.0 if (edge > 0) != (used > before) else -1.0
            else:
                out = (error * levels[before] - real[LAST_ERROR] * levels[used]) / (main * power) - loop[2]
                if detector == 2:
                    out = 1.0 if out > 0 else -1.0
            real[LAST_ERROR] = error
            if latency:
                place = whole[RING]
                delayed = ring[place]
                ring[place] = out
                whole[RING] = (place + 1) % latency
                out = delayed
            gear = loop[7] if j < loop[8] else 1.0
            real[INTEGRAL] = min(max(real[INTEGRAL] + gear * gear * loop[1] * out, -0.25), 0.25)
            real[TIME] += min(max(gear * loop[0] * out + real[INTEGRAL], -0.5), 0.5)
            slip = expected - j
            inside = abs(where - expected) <= loop[4] and slip == whole[SLIP]
            whole[SLIP] = slip
            whole[INSIDE] = whole[INSIDE] + 1 if inside else 0
            if whole[LOCKED]:
                if not inside:
                    whole[LOCKED] = 0
                    whole[LOSSES] += 1
                    if whole[LOST_AT] < 0:
                        whole[LOST_AT] = k
            elif whole[INSIDE] >= loop[5]:
                whole[LOCKED] = 1
                if whole[LOCKED_AT] < 0:
                    whole[LOCKED_AT] = k - whole[INSIDE] + 1

        if moving and j >= adapt[5]:
            sign = adapt[4] > 0
            scaled = np.sign(error) if sign else error / main
            if adapt[0] > 0:
                for t in range(taps):
                    x = np.sign(taken[newest - t]) if sign else taken[newest - t] / main
                    ffe[t] = min(max(ffe[t] - adapt[0] * scaled * x, ffe_limits[t, 0]), ffe_limits[t, 1])
            if adapt[1] > 0:
                for t in range(posts):
                    a = levels[decided[here - 1 - t]]
                    a = np.sign(a) if sign else a
                    tap = dfe[t] + adapt[1] * scaled * a * main
                    dfe[t] = min(max(tap, dfe_limits[t, 0]), dfe_limits[t, 1])
            if adapt[2] > 0:
                reference[used] += adapt[2] * scaled * main
                for e in range(order - 1):
                    threshold[e] = 0.5 * (reference[e] + reference[e + 1]) + threshold_offset[e]
            if adapt[3] > 0:
                aim = np.sign(levels[used]) if sign else levels[used]
                real[GAIN] = max(real[GAIN] - adapt[3] * scaled * aim, 1e-3)

        data, got = right, choice
        if precoded:
            # a (1 + D) decoder stands behind the slicer
            data = (right + whole[LAST_RIGHT]) % order
            got = (choice + whole[LAST_CHOICE]) % order
            whole[LAST_RIGHT], whole[LAST_CHOICE] = right, choice
        if j < first:
            continue
        counts[0] += 1
        outgoing[data] += 1
        if right != choice:
            if j - whole[LAST_WRONG] > gap:
                counts[4] += whole[BURST_SYMBOLS] ** 2
                counts[5] += whole[BURST_BITS] ** 2
                if whole[BURST_SYMBOLS] > 0:
                    lengths[min(whole[BURST_LAST] - whole[BURST_FIRST], len(lengths) - 1)] += 1
                whole[BURST_SYMBOLS] = 0
                whole[BURST_BITS] = 0
            whole[LAST_WRONG] = j
        if data != got:
            if whole[BURST_SYMBOLS] == 0:
                counts[3] += 1
                whole[BURST_FIRST] = j
            whole[BURST_LAST] = j
            whole[BURST_SYMBOLS] += 1
            whole[BURST_BITS] += bits[data, got]
            counts[1] += 1
            counts[2] += bits[data, got]
            confusion[data, got] += 1
            for row in range(len(batches)):
                batches[row, 4] += 1
                batches[row, 5] += bits[data, got]
        for row in range(len(batches)):
            if counts[0] % batches[row, 0]:
                break
            batches[row, 1] += 1
            batches[row, 2] += batches[row, 4] ** 2
            batches[row, 3] += batches[row, 5] ** 2
            batches[row, 4] = batches[row, 5] = 0
    return done
