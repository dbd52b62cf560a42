"""Loops with feedback and counting: edges and their displacement, the slicer with its DFE, the eye histogram.

Symbols are level indices 0 … L-1. Signals are circular over a segment of n symbols.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel
def displaced_edges(
    symbols: NDArray[np.uint8],
    levels: Float,
    differences: Float,
    lead: int,
    displacement: Float,
    duty_cycle: float,
    first: Float,
    second: Float,
) -> None:
    """Drives of the first- and second-order responses to displaced edges: -dx tau and dx tau² / 2, each (n,).

    `differences` (J,) are the steps of the Tx FFE taps, the tap at `lead` acting on the present symbol; `displacement` in UI,
    to which rising edges add half of `duty_cycle` and falling ones take it off.
    """
    n = len(symbols)
    for k in range(n):
        step = 0.0
        for j in range(len(differences)):
            step += differences[j] * levels[symbols[(k - (j - lead)) % n]]
        tau = displacement[k] + (0.5 * duty_cycle if step > 0.0 else -0.5 * duty_cycle)
        first[k] = -step * tau
        second[k] = 0.5 * step * tau * tau


@kernel
def slice_symbols(
    samples: Float,
    symbols: NDArray[np.uint8],
    levels: Float,
    decision: Float,
    dfe: Float,
    ideal: bool,
    first: int,
    bits: NDArray[np.int64],
    gap: int,
    decided: NDArray[np.uint8],
    feedback: Float,
    counts: NDArray[np.int64],
) -> None:
    """Slice `samples` (n,) with decision feedback and count errors from symbol `first` on.

    `levels` and `dfe` (taps,) are in V and in V per unit level: tap j takes dfe[j] x the level decided j + 1 symbols before
    (relative to the outer one, so `levels` are relative and `decision` in V). `counts` gains symbols, symbol errors, bit
    errors, bursts (errors more than `gap` symbols apart start a new one), sum of squared symbol and bit errors per burst.
    """
    taps = len(dfe)
    last_error = -gap - 1
    burst_symbols = 0
    burst_bits = 0
    for n in range(len(samples)):
        fed = 0.0
        for j in range(min(taps, n)):
            at = n - 1 - j
            fed += dfe[j] * levels[symbols[at] if ideal else decided[at]]
        feedback[n] = fed
        value = samples[n] - fed
        choice = 0
        for e in range(len(decision)):
            if value > decision[e]:
                choice = e + 1
        # until counting starts the line is trained: sent symbols are fed back
        decided[n] = choice if n >= first - taps else symbols[n]
        if n < first:
            continue
        counts[0] += 1
        wrong = bits[symbols[n], choice]
        if wrong:
            if n - last_error > gap:
                counts[3] += 1
                counts[4] += burst_symbols * burst_symbols
                counts[5] += burst_bits * burst_bits
                burst_symbols = 0
                burst_bits = 0
            last_error = n
            burst_symbols += 1
            burst_bits += wrong
            counts[1] += 1
            counts[2] += wrong
    counts[4] += burst_symbols * burst_symbols
    counts[5] += burst_bits * burst_bits


@kernel
def accumulate_eye(
    wave: Float,
    feedback: Float,
    m: int,
    offset: int,
    first: int,
    low: float,
    scale: float,
    histogram: NDArray[np.int64],
) -> None:
    """Add `wave` (n m,) less the fed-back value of each UI to `histogram` (m, V).

    Phase p of symbol k is sample k m + offset + p - m // 2; voltage bin (v - low) x scale, ends collect what lies beyond.
    """
    count = histogram.shape[1]
    total = len(wave)
    for k in range(first, len(feedback)):
        start = k * m + offset - m // 2
        for p in range(m):
            at = start + p
            if at < 0 or at >= total:
                continue
            index = int((wave[at] - feedback[k] - low) * scale)
            histogram[p, min(max(index, 0), count - 1)] += 1
