"""Sequence detection: the Viterbi algorithm on a short target, with feedback from each survivor's own past."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Symbols = NDArray[np.uint8]

DEPTH = 21
"""Symbols of a survivor's past that fit into its 64-bit register, three bits each: as many taps a detector may have."""


@kernel
def viterbi(
    samples: NDArray[np.float32],
    level_volts: Float,
    levels: Float,
    taps: Float,
    following: NDArray[np.int64],
    metrics: Float,
    pasts: NDArray[np.uint64],
    came_from: Symbols,
    took: Symbols,
    decided: Symbols,
) -> int:
    """The most likely symbols `decided` (n,) behind `samples` (n,) in V; the state they start from.

    A sample is level_volts[now] + the sum over i of taps[i] levels[i + 1 ago] + noise, `taps` in V per unit level.
    `following` (S, L) is the state that a symbol leads to; a state may stand for several pasts (subsets of levels, or taps
    beyond its memory): each survivor then takes the interference from its own `pasts` (S,), packed three bits a symbol. Full
    traceback at the end of the block: `came_from` and `took` (n, S) are room for it. `metrics` (S,) and `pasts` go in and out.
    """
    count, order = following.shape
    depth = len(taps)
    better = np.empty(count)
    fresh = np.empty(count, dtype=np.uint64)
    for n in range(len(samples)):
        # a large number and not infinity, because metrics are subtracted below
        lowest = 1e300
        for state in range(count):
            better[state] = 1e300
        origin, choice = came_from[n], took[n]
        for state in range(count):
            past = pasts[state]
            base = np.float64(samples[n])
            for i in range(depth):
                # the newest symbol is in the lowest three bits
                base -= taps[i] * levels[np.int64(past & np.uint64(7))]
                past >>= np.uint64(3)
            for symbol in range(order):
                distance = base - level_volts[symbol]
                metric = metrics[state] + distance * distance
                target = following[state, symbol]
                # strictly: of equal paths the one from the lower state stays, so that a run repeats
                if metric < better[target]:
                    better[target] = metric
                    origin[target] = state
                    choice[target] = symbol
        for state in range(count):
            fresh[state] = (pasts[origin[state]] << np.uint64(3)) | np.uint64(choice[state])
            lowest = min(lowest, better[state])
        for state in range(count):
            # only differences count; less the lowest they stay small, however long the run
            metrics[state] = better[state] - lowest
            pasts[state] = fresh[state]
    state = 0
    for other in range(count):
        if metrics[other] < metrics[state]:
            state = other
    for n in range(len(samples) - 1, -1, -1):
        decided[n] = took[n, state]
        state = came_from[n, state]
    return state
