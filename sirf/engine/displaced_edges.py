"""Step responses read between their samples, and how steep they are about a cursor."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float, Integer


def displaced(step: Float, rises: Float, bends: Float, cursors: Integer, m: int, tau: Float) -> Float:
    """What edges later by `tau` (K, N) UI add at the `cursors` (K,), (K, N).

    `step` (S,) and its derivatives `rises` and `bends` per sample and sample², m samples per UI; tau beyond 1 UI counts as 1.
    The quintic through values and both derivatives of the two samples beside it.
    """
    cursor = cursors[:, None]
    # an edge later by tau is seen tau earlier on its step response
    place = np.minimum(np.maximum(-tau * m, -float(m)), float(m))
    # the last interval also takes its right end, so that i + 1 stays inside
    before = np.minimum(np.floor(place), m - 1.0)
    u = place - before
    i = cursor + before.astype(np.int64)
    here, rise, bend = step[i], rises[i], bends[i]
    gap, rise_next, bend_next = step[i + 1] - here, rises[i + 1], bends[i + 1]
    # Hermite interpolation of order five on a unit interval: value, slope and curvature given at both ends
    third = 10.0 * gap - 6.0 * rise - 4.0 * rise_next - 1.5 * bend + 0.5 * bend_next
    fourth = -15.0 * gap + 8.0 * rise + 7.0 * rise_next + 1.5 * bend - bend_next
    fifth = 6.0 * gap - 3.0 * (rise + rise_next) - 0.5 * (bend - bend_next)
    moved = here + u * (rise + u * (0.5 * bend + u * (third + u * (fourth + u * fifth))))
    return np.asarray(moved - step[cursor])


def steepest(rises: Float, around: int) -> Float:
    """Largest |`rises`| (S,) of every 2 `around` + 1 samples on end, (S - 2 `around`,), by the first of them."""
    wanted, size = 2 * around + 1, 1
    found = np.abs(rises)
    # of twice as many samples it is the larger of two halves
    while 2 * size <= wanted:
        found = np.maximum(found[:-size], found[size:])
        size *= 2
    # the last two may overlap
    return np.asarray(np.maximum(found[: len(found) - (wanted - size)], found[wanted - size :]))
