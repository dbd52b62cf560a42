"""The slicer with decision feedback, told by its errors: between them nothing needs to be decided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Symbols = NDArray[np.uint8]

CHUNK = 64
"""Samples that one comparison of their largest size clears together."""


@kernel(fastmath=True)
def find_errors(
    residual: NDArray[np.float32],
    symbols: Symbols,
    level_volts: Float,
    decision: Float,
    levels: Float,
    dfe: Float,
    positions: NDArray[np.int64],
    decided: Symbols,
) -> int:
    """Wrong decisions of a slicer with decision feedback: their `positions` (n,) and what was `decided` (n,); how many.

    `residual` (n,) is the slicer's input in V less the sent level, feedback of the sent symbols taken off: with right decisions
    so far it is all that the slicer sees beside the level. After an error the feedback is wrong by dfe[j] x (decided - sent
    level) j + 1 symbols later; `levels` are relative, `level_volts` their mean at the slicer, `decision` (L - 1,) in V. Nothing
    but a residual beyond the smallest distance from a level to a threshold can start an error, and an error reaches as far as
    `dfe` (taps,) does.

    `fastmath` lets the largest of a chunk be found in vectors; no infinities or NaNs come here.
    """
    count = len(residual)
    taps = len(dfe)
    nearest = 1e300
    for e in range(len(decision)):
        nearest = min(nearest, decision[e] - level_volts[e], level_volts[e + 1] - decision[e])
    # rounding of the single-precision residual: look closer once too often rather than too seldom
    limit = np.float32(nearest * (1.0 - 1e-6))
    found = 0
    reach = -1
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        part = residual[start:stop]
        largest = np.float32(0.0)
        for i in range(stop - start):
            largest = max(largest, abs(part[i]))
        if largest < limit and reach < start:
            continue
        for n in range(start, stop):
            value = np.float64(residual[n])
            if n <= reach:
                # errors are sparse: walking back over those within the DFE's span is cheaper than all its taps
                oldest = found - 1
                while oldest >= 0 and positions[oldest] >= n - taps:
                    at = positions[oldest]
                    value -= dfe[n - 1 - at] * (levels[decided[oldest]] - levels[symbols[at]])
                    oldest -= 1
            sent = symbols[n]
            value += level_volts[sent]
            choice = 0
            for e in range(len(decision)):
                choice += value > decision[e]
            if choice != sent:
                positions[found] = n
                decided[found] = choice
                found += 1
                reach = n + taps
    return found


@kernel
def count_levels(symbols: Symbols, counts: NDArray[np.int64]) -> None:
    """Add to `counts` (L,) how often each level was sent."""
    for start in range(0, len(symbols), 128):
        part = symbols[start : start + 128]
        for level in range(len(counts)):
            # 128 symbols cannot overflow eight bits, and bytes fill a vector register more densely than wide counters
            few = np.uint8(0)
            for i in range(len(part)):
                few += np.uint8(part[i] == level)
            counts[level] += few
