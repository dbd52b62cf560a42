"""A cubic spline through complex values, at points whose places between the knots are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.jit import kernel


@kernel
def cubic_spline(
    values: Complex,
    chords: Float,
    rows: Float,
    piece: NDArray[np.int64],
    weights: Float,
    slopes: Complex,
    out: Complex,
) -> None:
    """The spline through `values` (K,) at P points, `out` (P,), by way of its `slopes` (K,) at the knots.

    `chords` (K - 1,) are one over the distances of the knots. `rows` (4, K) are the equations of the slopes after elimination
    from the first on: the factors of two neighbouring chords' slopes, of the slope before and of the one behind. `piece` (P,)
    and `weights` (P, 4) place the points.
    """
    last = len(values) - 1
    slope = complex(0.0, 0.0)
    for k in range(last + 1):
        # the outermost equations meet the same chords as their neighbours
        chord = min(max(k - 1, 0), last - 2)
        rise = (values[chord + 1] - values[chord]) * chords[chord]
        next_rise = (values[chord + 2] - values[chord + 1]) * chords[chord + 1]
        slope = rows[0, k] * rise + rows[1, k] * next_rise - rows[2, k] * slope
        slopes[k] = slope
    for k in range(last - 1, -1, -1):
        slope = slopes[k] - rows[3, k] * slope
        slopes[k] = slope
    # Hermite's form: values and slopes at both ends of the piece; the slopes make the second derivative continuous
    for p in range(len(out)):
        k = piece[p]
        out[p] = (
            weights[p, 0] * values[k]
            + weights[p, 1] * values[k + 1]
            + weights[p, 2] * slopes[k]
            + weights[p, 3] * slopes[k + 1]
        )
