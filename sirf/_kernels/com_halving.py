"""Boxes of transmitter settings of Annex 178A are halved until bounds exclude them or one setting is left.

Boxes wait on a stack, the better of two halves on top, and each keeps the instants that its bound has left. `sirf.com.box_search`
makes the room and evaluates the settings.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.com_bounds import EVERY, box_bounds, box_crosstalk, mixed_tap
from sirf._kernels.com_peaks import peaks
from sirf._kernels.jit import kernel

NO_SETTING = -1
"""In place of a row where no box is left."""


@kernel
def _split_of(lowest: Any, highest: Any, values: Any, main: Any) -> Any:
    """The tap whose range is halved, -1 for a single setting, and the last index of the first half: at zero if it is within."""
    mixed = mixed_tap(values, lowest, highest, main)
    if mixed >= 0:
        # no bound holds for a tap of both signs
        last = lowest[mixed]
        while values[mixed, last + 1] <= 0.0:
            last += 1
        return mixed, last
    tap, widest = -1, -1.0
    for k in range(lowest.size):
        # by width in tap value, because grids differ in their steps
        width = abs(values[k, highest[k]] - values[k, lowest[k]])
        if k != main and highest[k] > lowest[k] and width > widest:
            tap, widest = k, width
    return tap, (lowest[tap] + highest[tap]) // 2


@kernel
def _least(count: Any, bounds: Any) -> Any:
    """The least bound of a box: zero where all instants are left, infinite where none is."""
    least = 0.0 if count == EVERY else np.inf
    for p in range(count):
        least = min(least, bounds[p])
    return least


@kernel
def _within(row: Any, place: Any, values: Any, main: Any, sampling: Any, window: Any, here: Any, size: Any) -> Any:
    """Those of the first `size` instants of `here` that are within the offsets of a setting, `EVERY` for all; how many they are.

    `window` (2,) are the samples between which it has its peak.
    """
    pulse, per_ui, blocks, offsets, anchored = sampling
    instant = np.empty(1, dtype=np.int64)
    if anchored.size:
        instant[0] = anchored[row]
    elif window[0] == window[1]:
        instant[0] = window[0]
    else:
        taps, total = np.empty((1, place.size)), 0.0
        for k in range(place.size):
            if k != main:
                taps[0, k] = values[k, place[k]]
                total += abs(taps[0, k])
        taps[0, main] = 1.0 - total
        peaks(taps, main, pulse, per_ui, blocks, instant)
    first, last, found = instant[0] + offsets[0], instant[0] + offsets[1], 0
    if size == EVERY:
        for sample in range(first, last + 1):
            here[found] = sample
            found += 1
        return found
    for p in range(size):
        if first <= here[p] <= last:
            here[found] = here[p]
            found += 1
    return found


@kernel
def next_setting(stack: Any, room: Any, instants: Any, bound_arguments: Any, limit: Any) -> Any:
    """The next setting that bounds do not exclude at `limit`: its row, and into how much of `room` its instants went.

    `NO_SETTING` in place of the row where none is left. `stack` is

    * `order` (D + 1,): how many boxes wait, and then the places of their entries, those that wait first;
    * `ends` (D, 2, K): first and last index of each tap of a box;
    * `windows` (D, 2): first and last sample at which one of its settings can have its peak;
    * `counts` (D,): how many instants are left of it, `EVERY` where all are;
    * `kept` (D, P), and `found` (2, D, P), their bounds and their ratios.

    `room` are `here` (P,) and `ratios` (P,) of the box that is looked at; `instants` are all that there are. `bound_arguments`
    are the tuples that `com_bounds` describes, after the first that of aggressors.
    """
    order, ends, windows, counts, kept, found = stack
    here, ratios = room
    grid, (strengths, densities, least_densities), sampling, spectra, converter, receiver = bound_arguments
    values, numbers, row_of, main = grid[0], grid[1], grid[2], grid[3]
    crosstalk, unknown = np.zeros(grid[5].shape[1], dtype=np.float32), np.zeros(instants.size)
    lowest, highest = np.empty(numbers.size, dtype=np.int64), np.empty(numbers.size, dtype=np.int64)
    while order[0] > 0:
        top = order[0]
        box = order[top]
        order[0], size = top - 1, 0
        for p in range(counts[box]):
            # a lower limit than the one they were bounded for excludes more of them
            if found[0, box, p] <= limit:
                here[size], ratios[size] = kept[box, p], found[1, box, p]
                size += 1
        if size == 0 and counts[box] != EVERY:
            continue
        for k in range(numbers.size):
            lowest[k], highest[k] = ends[box, 0, k], ends[box, 1, k]
        tap, middle = _split_of(lowest, highest, values, main)
        if tap < 0:
            place = 0
            for k in range(numbers.size):
                place = place * numbers[k] + lowest[k]
            # a combination that is no setting, as where c(0) is too small, has no row
            row = row_of[place]
            if row < 0:
                continue
            left = EVERY if counts[box] == EVERY else size
            return row, _within(row, lowest, values, main, sampling, windows[box], here, left)
        every, earliest, latest = counts[box] == EVERY, windows[box, 0], windows[box, 1]
        for upper in range(2):
            half = order[top + upper]
            for k in range(numbers.size):
                ends[half, 0, k] = middle + 1 if upper and k == tap else lowest[k]
                ends[half, 1, k] = middle if k == tap and not upper else highest[k]
            windows[half, 0], windows[half, 1] = earliest, latest
            first, last = ends[half, 0], ends[half, 1]
            if strengths.shape[0]:
                box_crosstalk(first, last, values, main, strengths, densities, least_densities, crosstalk)
            counts[half] = box_bounds(
                first,
                last,
                instants if every else here[:size],
                unknown if every else ratios[:size],
                crosstalk,
                grid,
                sampling,
                spectra,
                converter,
                receiver,
                limit,
                windows[half],
                kept[half],
                found[0, half],
                found[1, half],
            )
        # the better one on top: what it finds lowers the limit for the other
        one, other = order[top], order[top + 1]
        if _least(counts[one], found[0, one]) < _least(counts[other], found[0, other]):
            order[top], order[top + 1] = other, one
        order[0] = top + 1
    return NO_SETTING, 0
