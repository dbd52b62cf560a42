"""Loops of the polyphase waveform: weighted symbols, products of spectra, overlap-add and refinement in time.

Block of b symbols, transforms of n symbols, q drives, c coarse phases per symbol, m fine ones (c divides m).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

TILE = 64  # symbols whose phases stay in the first cache


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
def mix(spectra: Spectrum, responses: Spectrum, out: Spectrum) -> None:
    """out[c, f] = sum over q of spectra[q, f] x responses[q, c, f]."""
    drives, bins = spectra.shape
    for c in range(out.shape[0]):
        row = out[c]
        a, h = spectra[0], responses[0, c]
        for f in range(bins):
            row[f] = a[f] * h[f]
        for q in range(1, drives):
            a, h = spectra[q], responses[q, c]
            for f in range(bins):
                row[f] += a[f] * h[f]


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def overlap_add(pieces: Real, block: int, tail: Real, out: Real) -> None:
    """Append a block to `out` (c, history + block): `pieces` (c, n) plus the `tail` (c, n - block) of the blocks before.

    The first `history` columns of `out` become its last ones; `tail` is replaced by what reaches beyond this block.
    """
    phases, total = pieces.shape
    reach = total - block
    history = out.shape[1] - block
    for c in range(phases):
        row, piece, rest = out[c], pieces[c], tail[c]
        for k in range(history):
            row[k] = row[k + block]
        new = row[history:]
        for k in range(block):
            new[k] = piece[k]
        # transforms at most twice the block: what reaches on ends within the next block
        if reach <= block:
            for k in range(reach):
                new[k] += rest[k]
                rest[k] = piece[block + k]
        else:
            for k in range(block):
                new[k] += rest[k]
            for k in range(reach):
                # longer responses reach over several blocks: the tail moves up by a block and gains this one's
                kept = rest[k + block] if k + block < reach else np.float32(0.0)
                rest[k] = kept + piece[block + k]


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def refine(coarse: Real, taps: Real, first: int, count: int, fine: Real) -> None:
    """Fine samples (count, m) in order of time of the symbols `first` … of `coarse` (c, columns).

    `taps` (r, T), r = m / c, interpolate at r instants from a coarse sample on, out of T of them, T / 2 - 1 before it.
    """
    phases = coarse.shape[0]
    ratio, length = taps.shape
    m = phases * ratio
    before = length // 2 - 1
    # phases are computed row by row, which vectorises, and turned into time order within the first cache
    tile = np.empty((m, TILE), dtype=np.float32)
    for start in range(0, count, TILE):
        size = min(TILE, count - start)
        for c in range(phases):
            for r in range(ratio):
                row = tile[c * ratio + r]
                for k in range(size):
                    row[k] = np.float32(0.0)
                for j in range(length):
                    at = c + j - before
                    # floor division: a tap before the first phase is in the symbol before
                    shift = at // phases
                    source = coarse[at - shift * phases, first + start + shift : first + start + shift + size]
                    weight = taps[r, j]
                    if weight != 0.0:
                        for k in range(size):
                            row[k] += weight * source[k]
        for k in range(size):
            line = fine[start + k]
            for p in range(m):
                line[p] = tile[p, k]


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
    top = np.float32(bins - 1)
    flat = histogram.reshape(-1)
    taps = weights.shape[1]
    value = np.empty(m, dtype=np.float32)
    line = np.empty(m, dtype=np.float32)
    index = np.empty(m, dtype=np.int32)
    # 32-bit indices into the flat histogram keep the binning loop in vectors
    base = np.arange(m).astype(np.int32) * np.int32(bins)
    limit = np.float32(saturation)
    for k in range(len(position)):
        place = (position[k] - origin) * m
        whole = int(np.floor(place))
        u = np.float32(place - whole)
        for p in range(m):
            value[p] = np.float32(0.0)
        for i in range(max(taps, 1)):
            at = whole - m // 2 - (i - main) * m
            factor = weights[k, i] if taps else np.float32(1.0)
            # a linear amplifier and a tap are one factor; a limiting one bends the signal before the tap weighs it
            gain = gains[k] if limit > 0.0 else gains[k] * factor
            if u == 0.0:
                exact = wave[at : at + m]
                for p in range(m):
                    line[p] = gain * exact[p]
            else:
                source = wave[at - 1 : at + m + 2]
                # Lagrange's cubic through the samples at -1, 0, 1 and 2, as the receiver's own sampler takes it
                a = -gain * u * (u - np.float32(1.0)) * (u - np.float32(2.0)) / np.float32(6.0)
                b = gain * (u + np.float32(1.0)) * (u - np.float32(1.0)) * (u - np.float32(2.0)) * np.float32(0.5)
                c = -gain * (u + np.float32(1.0)) * u * (u - np.float32(2.0)) * np.float32(0.5)
                d = gain * (u + np.float32(1.0)) * u * (u - np.float32(1.0)) / np.float32(6.0)
                for p in range(m):
                    line[p] = a * source[p] + b * source[p + 1] + c * source[p + 2] + d * source[p + 3]
            if limit > 0.0:
                for p in range(m):
                    value[p] += factor * limit * np.tanh(line[p] / limit)
            else:
                for p in range(m):
                    value[p] += line[p]
        # feedback is constant over the UI of a decision: one shift for all phases
        shift = np.float32(feedback[k] + low)
        step = np.float32(scale)
        for p in range(m):
            where = (value[p] - shift) * step
            index[p] = base[p] + np.int32(min(max(where, np.float32(0.0)), top))
        for p in range(m):
            flat[index[p]] += 1
