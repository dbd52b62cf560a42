"""The reference code's adaptive search of IEEE 802.3 Annex 178A: a radius about the best that shrinks while little is gained.

`state` is kept from call to call: radius, how often two figures of merit hardly differed, rows seen since there is a best, the
difference in dB of the last two figures of merit looked at (negative while there are fewer), and how many rows were looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]
Integer = NDArray[np.int64]


@kernel
def next_candidate(
    places: Integer,
    row: int,
    best: Integer,
    gains: Integer,
    best_gains: Integer,
    reach: float,
    least: float,
    state: Real,
) -> int:
    """First row from `row` on that the adaptive search looks at, or the number of rows (C,).

    `places` (C, T) are the indices of the transmitter's tap values and `gains` those of g_DC and g_DC2 here, `best` and
    `best_gains` the same at the best so far. `reach` is Local Search, `least` the least radius. `state` is described above.
    """
    difference = state[3]
    for c in range(row, places.shape[0]):
        state[2] += 1.0
        # rows count from the first one after there is a best, which starts the search with the whole radius
        if state[2] == 1.0:
            state[0], state[1] = max(least, reach), 0.0
        if difference >= 0.0:
            # two figures of merit within 0.002 dB: the search is on flat ground
            if difference < 0.002:
                state[1] += 1.0
            else:
                # there is progress: the radius grows again by one step, though never beyond Local Search
                state[1] = 0.0
                state[0] = min(state[0] + 1.0, reach)
            # floor(x + 0.5) is MATLAB's round of positive numbers, where Python's round would take halves to even
            if state[1] >= 1.0 and abs(gains[0] - best_gains[0]) <= 1:
                state[0], state[1] = max(least, np.floor(0.6 * state[0] + 0.5)), 0.0
        # whatever is found, the radius also falls with the number of rows that have passed
        shrunk = max(least, np.floor(reach / (1.0 + 0.15 * state[2]) + 0.5))
        state[0] = max(least, min(state[0], shrunk))
        if abs(gains[0] - best_gains[0]) > 2:
            continue
        # a step of g_DC2 weighs a quarter of a tap's step at the first g_DC, and an eighth more at each further one
        weighted = 0.25 * (1.0 + 0.5 * gains[0]) * abs(gains[1] - best_gains[1])
        taps, squares = 0.0, weighted * weighted
        for t in range(places.shape[1]):
            step = float(abs(places[c, t] - best[t]))
            taps += step
            squares += step * step
        # no distance at all: the best's own taps, at another g_DC within two steps
        if taps + weighted == 0.0:
            return c
        # the sum of steps has a bound of its own, from Local Search and not from the radius that shrinks
        if taps > max(least, np.floor(1.2 * reach + 0.5)):
            continue
        # left out is only what is too far by both measures, the sum of steps and their root of squares
        if taps + weighted > state[0] and np.sqrt(squares) > max(least, np.ceil(0.55 * state[0])):
            continue
        return c
    return int(places.shape[0])
