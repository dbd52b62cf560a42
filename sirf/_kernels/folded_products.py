"""Products of spectra of a period of symbols, folded to one sample a symbol: what a transform of one phase alone needs.

Symbols: N symbols of P samples each, P even, F = N P / 2 + 1 lines of a transform, H = N / 2 + 1 of a phase's. A row of complex
numbers is one of real ones twice as long, real and imaginary parts in turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[Any]
Places = NDArray[np.int64]


@kernel(fastmath=True)  # sums of a few products: their order moves the last digits only
def fold_products(spectra: Real, shapes: Real, places: Places, turns: Real, out: Real) -> None:
    """Row t of `out` (T, 2 H): product of row `places`[0, t] of `spectra` (R, 2 F) and row `places`[1, t] of `shapes` (S, 2 F).

    Frequencies a symbol rate apart fall together, alias a from `turns`[a] (P / 2 + 1, 2) on the positive side, and mirrored.
    """
    half, aliases = out.shape[1] // 2, len(turns) - 1
    symbols = 2 * (half - 1)
    for t in range(len(out)):
        row, shape, folded = spectra[places[0, t]], shapes[places[1, t]], out[t]
        for k in range(2 * half):
            folded[k] = 0.0
        for a in range(aliases):
            c, s = turns[a, 0], turns[a, 1]
            above, factor = row[2 * a * symbols :], shape[2 * a * symbols :]
            for k in range(half):
                x, y = above[2 * k], above[2 * k + 1]
                u, v = factor[2 * k], factor[2 * k + 1]
                re, im = x * u - y * v, x * v + y * u
                folded[2 * k] += c * re - s * im
                folded[2 * k + 1] += c * im + s * re
            c, s = turns[a + 1, 0], turns[a + 1, 1]
            last = 2 * (a + 1) * symbols
            # negative frequencies: conjugates of the positive ones, counted downwards
            below, factor = row[last - 2 * half + 2 : last + 2], shape[last - 2 * half + 2 : last + 2]
            for k in range(half):
                at = 2 * (half - 1 - k)
                x, y = below[at], below[at + 1]
                u, v = factor[at], factor[at + 1]
                re, im = x * u - y * v, x * v + y * u
                folded[2 * k] += c * re - s * im
                folded[2 * k + 1] -= c * im + s * re
