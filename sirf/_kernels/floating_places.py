"""Where a group of floating taps stands best: places by falling bound, each solved within the limits of FFE and DFE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.limited_taps import limited_taps

Real = NDArray[np.float64]
Integer = NDArray[np.int64]


@kernel(compact=True)
def best_run(
    kept: Integer,
    runs: Integer,
    order: Integer,
    most: Real,
    cursor: int,
    arguments: tuple[Real, Real, Real, Real, Real, Real],
    symbol_variance: float,
    eye_power: float,
    tx_power: float,
) -> int:
    """Row of `runs` (R, G) whose taps beside those `kept` (N,) have the largest merit, the first of equals.

    `order` (R,) names the rows by falling bound `most` (R,) of the merit: a bound below the best merit so far ends the search.
    Places are rising in `kept` and in each run; `cursor` is the index of the main tap among all, `arguments` are those of
    `limited_taps`. A merit is `eye_power` over the sum of the error's variance and `tx_power`.
    """
    group, size, floats = runs.shape[1], kept.size + runs.shape[1], arguments[3].size
    places, taps, feedback = np.empty(size, dtype=np.int64), np.empty(size), np.empty(floats)
    best, found = -1, 0.0
    for row in order:
        if best >= 0 and most[row] < found:
            break
        # a run is whole: taps kept ahead of it, the run, taps kept behind it
        ahead = 0
        while ahead < kept.size and kept[ahead] < runs[row, 0]:
            places[ahead] = kept[ahead]
            ahead += 1
        for i in range(group):
            places[ahead + i] = runs[row, i]
        for i in range(ahead, kept.size):
            places[group + i] = kept[i]
        variance = limited_taps(places, cursor, arguments, symbol_variance, taps, feedback)
        merit = eye_power / (variance + tx_power)
        # of equals the first place, whatever the order they are solved in
        if best < 0 or merit > found or (merit == found and row < best):
            best, found = row, merit
    return best
