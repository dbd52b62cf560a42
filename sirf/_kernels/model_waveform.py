"""Loops of a vendor-model run at M samples a symbol: displaced edges, fewer samples for the channel, decisions at instants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.interpolation import interpolate
from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@kernel
def displace_edges(wave: Float, values: Float, displacement: Float, m: int) -> None:
    """Move the edges of a staircase `wave` (b m,), in place, by `displacement` (b + 1,) in samples, later if positive.

    Step k lies m samples long at `values[k + 1]`; `values` (b + 2,) begins with the one before the block and ends with the one
    behind it. Edge k is the one into step k, so the last lies at the block's end. A sample is the mean over its interval.
    """
    size = len(wave)
    for k in range(len(displacement)):
        step = values[k + 1] - values[k]
        if step == 0.0:
            continue
        moved = displacement[k]
        edge = k * m
        # whole samples change by the full step, the one in which the edge lies by the covered part of it: means over
        # intervals
        whole = int(np.floor(abs(moved)))
        part = abs(moved) - whole
        if moved > 0.0:
            for i in range(whole):
                if edge + i < size:
                    wave[edge + i] -= step
            if edge + whole < size:
                wave[edge + whole] -= step * part
        else:
            for i in range(whole):
                if edge - 1 - i >= 0:
                    wave[edge - 1 - i] += step
            if edge - 1 - whole >= 0:
                wave[edge - 1 - whole] += step * part


TILE = 128  # output samples whose sources stay in the cache while all taps pass


@kernel(fastmath=True)  # sums of a few products in single precision, in one order on one machine
def decimate(past: Float, wave: Float, taps: Single, ratio: int, out: Single) -> None:
    """out[n] = sum over i of taps[i] x wave[n ratio - i]: `out` (b / ratio,), `wave` (b,), `taps` (K,).

    `past` (K - 1,) are the samples before those of the wave.
    """
    length = len(taps)
    before = (length - 1) // ratio
    # samples of one remainder lie side by side, so that sums over taps run in vectors
    rows = np.empty((ratio, TILE + before), dtype=np.float32)
    for start in range(0, len(out), TILE):
        size = min(TILE, len(out) - start)
        for s in range(ratio):
            row = rows[s]
            at = (start - before) * ratio - s
            for k in range(size + before):
                if at >= 0:
                    row[k] = wave[at]
                elif at + len(past) >= 0:
                    row[k] = past[at + len(past)]
                else:
                    # in front of the oldest sample that any tap reaches
                    row[k] = np.float32(0.0)
                at += ratio
        result = out[start : start + size]
        for k in range(size):
            result[k] = np.float32(0.0)
        for i in range(length):
            shift = before - i // ratio
            source = rows[i % ratio, shift : shift + size]
            weight = taps[i]
            for k in range(size):
                result[k] += weight * source[k]


@kernel
def decide_at(
    wave: Single,
    place: Float,
    offset: Float,
    threshold: Float,
    added: Float,
    sensitivity: float,
    sent: Bytes,
    decided: Bytes,
    value: Float,
) -> None:
    """Decide the symbols at the fractional indices `place` (k,) of `wave`: `decided` (k,) and the slicer's input `value` (k,).

    Each `threshold` (L - 1,) in V is compared `offset` (L - 1,) samples later; `added` (k,) V is noise. A value within
    `sensitivity` V of a threshold next to the `sent` (k,) level is decided wrongly.
    """
    thresholds = len(threshold)
    same = True
    for e in range(thresholds):
        same = same and offset[e] == 0.0
    for k in range(len(place)):
        centre = interpolate(wave, place[k]) + added[k]
        value[k] = centre
        choice = 0
        for e in range(thresholds):
            # one comparator for each threshold, all with the noise of the same instant
            seen = centre if same else interpolate(wave, place[k] + offset[e]) + added[k]
            # the threshold moves against the symbol that was sent: a value too close to it is decided wrongly on
            # either side
            bound = threshold[e] - sensitivity if sent[k] <= e else threshold[e] + sensitivity
            choice += seen > bound
        decided[k] = choice
