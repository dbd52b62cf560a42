"""Loops of the polyphase waveform: weighted symbols, products of spectra, overlap-add and refinement in time.

Block of b symbols, transforms of n symbols, q drives, c coarse phases per symbol, m fine ones (c divides m).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

BAND = 1024  # bins of one sum that stay in the first cache while all drives add to it
TILE = 64  # symbols whose bins stay in the first cache
WINDOW = 9  # coarse samples that share one pass over the fine ones
STRIDE = 64  # fine samples, at most, that one pass makes of them
S1, S2, S3, S4, S5, S6, S7, S8 = [STRIDE * i for i in range(1, WINDOW)]
MOST_COUNTED = 1 << 15  # symbols that no counter of 16 bits overflows for


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def weigh(values: Real, taps: Real, out: Real) -> None:
    """out[k] = sum over j of taps[j] x values[k + J - 1 - j]: `out` (b,), `values` (b + J - 1,), the newest last, `taps` (J,)."""
    size = len(out)
    out[:] = np.float32(0.0)
    for j in range(len(taps)):
        weight = taps[j]
        first = len(taps) - 1 - j
        part = values[first : first + size]
        for k in range(size):
            out[k] += weight * part[k]


@kernel(fastmath=True)  # sums in single precision: their order changes the last bit only, and never between runs
def mix(
    spectra: Spectrum, rows: NDArray[np.int64], responses: Spectrum, where: NDArray[np.int64], out: Spectrum
) -> None:
    """out[s, c, f] = sum over q of spectra[s, rows[q], f] x responses[where[s, q, c], f]."""
    blocks, phases, bins = out.shape
    for low in range(0, bins, BAND):
        high = min(low + BAND, bins)
        for s in range(blocks):
            for c in range(phases):
                row = out[s, c, low:high]
                a, h = spectra[s, rows[0], low:high], responses[where[s, 0, c], low:high]
                for f in range(len(row)):
                    row[f] = a[f] * h[f]
                for q in range(1, len(rows)):
                    a, h = spectra[s, rows[q], low:high], responses[where[s, q, c], low:high]
                    for f in range(len(row)):
                        row[f] += a[f] * h[f]


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def overlap_add(pieces: Real, block: int, tail: Real, out: Real) -> None:
    """Blocks in order into `out` (S block, c): `pieces` (S, c, n) plus the `tail` (c, n - block) of the blocks before.

    `tail` is replaced by what reaches beyond the last block.
    """
    blocks, phases, total = pieces.shape
    reach = total - block
    for s in range(blocks):
        new = out[s * block : (s + 1) * block]
        for c in range(phases):
            piece, rest = pieces[s, c], tail[c]
            both = min(reach, block)
            for k in range(both):
                new[k, c] = piece[k] + rest[k]
            for k in range(both, block):
                new[k, c] = piece[k]
            # transforms at most twice the block: what reaches on ends within the next block
            if reach <= block:
                for k in range(reach):
                    rest[k] = piece[block + k]
            else:
                for k in range(reach):
                    # longer responses reach over several blocks: the tail moves up by a block and gains this one's
                    kept = rest[k + block] if k + block < reach else np.float32(0.0)
                    rest[k] = kept + piece[block + k]


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def refine(coarse: Real, taps: Real, first: int, count: int, fine: Real) -> None:
    """Fine samples (count, m) in order of time of the symbols `first` … of `coarse` (columns, c).

    `taps` (r, T), r = m / c, interpolate at r instants from a coarse sample on, out of T of them, T / 2 - 1 before it. `coarse`
    goes on for WINDOW - 1 samples behind the last of these symbols.
    """
    phases = coarse.shape[1]
    ratio, length = taps.shape
    before = length // 2 - 1
    if ratio == 1:
        # nothing lies between
        for k in range(count):
            for c in range(phases):
                fine[k, c] = coarse[first + k, c]
        return
    # the samples behind two neighbouring coarse ones are sums over one window of coarse samples, whose weights lie side by side:
    # they fill a vector, and nothing is turned round
    group = 2 if phases % 2 == 0 else 1
    width, groups = group * ratio, phases // group
    line, samples = coarse.reshape(-1), fine.reshape(-1)
    for low in range(0, width, STRIDE):
        size = min(STRIDE, width - low)
        for j in range(0, group + length - 1, WINDOW):
            # one array with rows at constant distances: of several, each vector loop first asks whether they overlap
            h = np.zeros(WINDOW * STRIDE, dtype=np.float32)
            for p in range(size):
                for i in range(WINDOW):
                    tap = j + i - (low + p) // ratio
                    if 0 <= tap < length:
                        h[i * STRIDE + p] = taps[(low + p) % ratio, tap]
            for g in range(count * groups):
                start = first * phases - before + j + g * group
                x = line[start : start + WINDOW]
                x0, x1, x2, x3, x4, x5, x6, x7, x8 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]
                target = samples[g * width + low : g * width + low + size]
                if j == 0:
                    for p in range(size):
                        early = x0 * h[p] + x1 * h[S1 + p] + x2 * h[S2 + p] + x3 * h[S3 + p]
                        middle = early + x4 * h[S4 + p] + x5 * h[S5 + p]
                        target[p] = middle + x6 * h[S6 + p] + x7 * h[S7 + p] + x8 * h[S8 + p]
                else:
                    for p in range(size):
                        early = x0 * h[p] + x1 * h[S1 + p] + x2 * h[S2 + p] + x3 * h[S3 + p]
                        middle = early + x4 * h[S4 + p] + x5 * h[S5 + p]
                        target[p] += middle + x6 * h[S6 + p] + x7 * h[S7 + p] + x8 * h[S8 + p]


@kernel(fastmath=True)  # weights in single precision, in one order on one machine
def cubic_weights(u: np.float32, gain: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """`gain` times the weights of Lagrange's cubic at `u` through the samples at -1, 0, 1 and 2, as the receiver's own sampler
    takes it; at a sample they are 0, 1, 0 and 0.
    """
    one, two, six, half = np.float32(1.0), np.float32(2.0), np.float32(6.0), np.float32(0.5)
    a = -gain * u * (u - one) * (u - two) / six
    b = gain * (u + one) * (u - one) * (u - two) * half
    c = -gain * (u + one) * u * (u - two) * half
    d = gain * (u + one) * u * (u - one) / six
    return a, b, c, d


@kernel
def count_places(places: NDArray[np.uint16], size: int, counts: NDArray[np.uint16]) -> None:
    """Add to `counts` (m, V) the bins `places` (…, m) of the first `size` symbols."""
    # phase by phase: the counters of one lie in a few lines of the cache
    for p in range(len(counts)):
        row = counts[p]
        for q in range(size):
            row[places[q, p]] += np.uint16(1)


@kernel(fastmath=True)  # a bin number: the last bit of a voltage on a bin's edge
def accumulate(
    wave: Real,
    origin: int,
    position: NDArray[np.float64],
    feedback: NDArray[np.float64],
    gains: Real,
    saturation: float,
    weights: Real,
    main: int,
    low: float,
    scale: float,
    histogram: NDArray[np.int64],
) -> None:
    """Add symbols to `histogram` (m, V): `wave` about the instants `position` (k,) in UI, less `feedback` (k,) in V.

    `wave` starts at UI `origin`; row p is (p - m // 2) / m UI after the instant. An amplifier of `gains` (k,) comes first,
    limited to `saturation` V (0: not). `weights` (k, F) are taps, one UI apart, of an equaliser between it and the feedback (the
    tap at `main` without delay); (k, 0) for none. Voltage bin (v - low) x scale, the end bins collect what lies beyond. Between
    samples a cubic through four of them.
    """
    m, bins = histogram.shape
    top, limit, step = np.float32(bins - 1), np.float32(saturation), np.float32(scale)
    taps = weights.shape[1]
    # neither equaliser nor a limiting amplifier: a sample goes into its bin at once
    straight = taps == 0 and not limit > 0.0
    value = np.empty(m, dtype=np.float32)
    places = np.empty((TILE, m), dtype=np.uint16)
    # counters of 16 bits stay in the first cache; they are emptied before one can be full
    few = np.zeros((m, bins), dtype=np.uint16)
    for begin in range(0, len(position), MOST_COUNTED):
        end = min(begin + MOST_COUNTED, len(position))
        # bins of a tile of symbols first, in vectors, then their counts, one by one
        for start in range(begin, end, TILE):
            size = min(TILE, end - start)
            for q in range(size):
                k = start + q
                place = (position[k] - origin) * m
                whole = int(np.floor(place))
                u = np.float32(place - whole)
                # feedback is constant over the UI of a decision: one shift for all phases
                shift = np.float32(feedback[k] + low)
                row = places[q]
                if straight:
                    at = whole - m // 2 + main * m
                    source = wave[at - 1 : at + m + 2]
                    if u == np.float32(0.0):
                        # without a clock nothing lies between samples
                        gain = gains[k]
                        for p in range(m):
                            volts = gain * source[p + 1]
                            row[p] = np.uint16(np.int32(min(max((volts - shift) * step, np.float32(0.0)), top)))
                        continue
                    a, b, c, d = cubic_weights(u, gains[k])
                    for p in range(m):
                        volts = a * source[p] + b * source[p + 1] + c * source[p + 2] + d * source[p + 3]
                        row[p] = np.uint16(np.int32(min(max((volts - shift) * step, np.float32(0.0)), top)))
                    continue
                for i in range(max(taps, 1)):
                    at = whole - m // 2 - (i - main) * m
                    factor = weights[k, i] if taps else np.float32(1.0)
                    # a linear amplifier and a tap are one factor; a limiting one bends the signal before the tap weighs it
                    gain = gains[k] if limit > 0.0 else gains[k] * factor
                    source = wave[at - 1 : at + m + 2]
                    a, b, c, d = cubic_weights(u, gain)
                    if limit > 0.0:
                        for p in range(m):
                            volts = a * source[p] + b * source[p + 1] + c * source[p + 2] + d * source[p + 3]
                            before = value[p] if i else np.float32(0.0)
                            value[p] = before + factor * limit * np.tanh(volts / limit)
                    elif i == 0:
                        for p in range(m):
                            value[p] = a * source[p] + b * source[p + 1] + c * source[p + 2] + d * source[p + 3]
                    else:
                        for p in range(m):
                            value[p] += a * source[p] + b * source[p + 1] + c * source[p + 2] + d * source[p + 3]
                for p in range(m):
                    row[p] = np.uint16(np.int32(min(max((value[p] - shift) * step, np.float32(0.0)), top)))
            count_places(places, size, few)
        for p in range(m):
            total, found = histogram[p], few[p]
            for v in range(bins):
                total[v] += found[v]
                found[v] = np.uint16(0)
