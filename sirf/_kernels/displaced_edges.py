"""Step responses read between their samples, and how steep they are about a cursor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


@kernel
def displaced(step: Float, rises: Float, bends: Float, start: int, pitch: int, m: int, tau: Float, out: Float) -> None:
    """What edges later by `tau` (K, N) UI add at the cursors `start` + k `pitch`: `out` (K, N).

    `step` (S,) and its derivatives `rises` and `bends` per sample and sample², m samples per UI; tau beyond 1 UI counts as 1.
    The quintic through values and both derivatives of the two samples beside it.
    """
    for k in range(tau.shape[0]):
        cursor = start + k * pitch
        for n in range(tau.shape[1]):
            # an edge later by tau is seen tau earlier on its step response
            place = min(max(-tau[k, n] * m, -float(m)), float(m))
            # the last interval also takes its right end, so that i + 1 stays inside
            before = min(int(np.floor(place)), m - 1)
            u = place - before
            i = cursor + before
            gap = step[i + 1] - step[i]
            rise, rise_next, bend, bend_next = rises[i], rises[i + 1], bends[i], bends[i + 1]
            # Hermite interpolation of order five on a unit interval: value, slope and curvature given at both ends
            third = 10.0 * gap - 6.0 * rise - 4.0 * rise_next - 1.5 * bend + 0.5 * bend_next
            fourth = -15.0 * gap + 8.0 * rise + 7.0 * rise_next + 1.5 * bend - bend_next
            fifth = 6.0 * gap - 3.0 * (rise + rise_next) - 0.5 * (bend - bend_next)
            here = step[i] + u * (rise + u * (0.5 * bend + u * (third + u * (fourth + u * fifth))))
            out[k, n] = here - step[cursor]


@kernel
def steepest(rises: Float, start: int, pitch: int, around: int, out: Float) -> None:
    """Largest |`rises`| within `around` samples of each cursor `start` + k `pitch`: `out` (K,)."""
    for k in range(len(out)):
        cursor = start + k * pitch
        largest = 0.0
        for i in range(cursor - around, cursor + around + 1):
            largest = max(largest, abs(rises[i]))
        out[k] = largest
