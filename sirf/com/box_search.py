"""The full grid of Annex 178A at one CTLE setting: boxes of transmitter settings are halved until bounds exclude them.

Bounds and errors are kernels (`sirf._kernels.com_bounds`). What chooses among boxes is not: a search of a preset's grid looks at
some thousand of them, and to compile it took far longer than the search.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf._arrays import Float, Integer, Single
from sirf._kernels.com_bounds import EVERY, box_bounds, box_crosstalk, mixed_tap
from sirf.com.ctle_tables import CtleTables
from sirf.com.setting_errors import setting_errors


@dataclass(slots=True)
class _Box:
    """First and last index (K,) of each tap; instants that are left (None: all there are), their bounds, and ratios of them."""

    lowest: Integer
    highest: Integer
    instants: Integer | None
    bounds: Float
    ratios: Float

    def least(self) -> float:
        """Its least bound: zero where all instants are left, infinite where none is."""
        return 0.0 if self.instants is None else float(self.bounds.min()) if self.bounds.size else math.inf


def search_boxes(
    highest: Integer,
    instants: Integer,
    room: int,
    bound_arguments: tuple[Any, ...],
    tables: CtleTables,
    known: float,
    slack: float,
) -> tuple[list[tuple[float, int, int]], float, int]:
    """(error, row, instant) of one CTLE setting where the error is not above the least of all by more than the part `slack`.

    `highest` (K,) are the last indices of the grid, `instants` (P,) all that there are, of which a box holds `room`;
    `bound_arguments` are the tuples that `com_bounds` describes, `tables` those of the CTLE setting; `known` is the least error
    of other CTLE settings. Also returned are the least error and how many rows were looked at.
    """
    values, counts, row_of, main, *_ = bound_arguments[0]
    first, last = tables.offsets[0], tables.offsets[-1]
    found, looked, nothing = [], 0, np.empty(0)
    rows, unknown = values.tolist(), np.zeros(instants.size)
    stack = [_Box(np.zeros_like(highest), highest, None, nothing, nothing)]
    while stack:
        box, limit = stack.pop(), known * (1.0 + slack)
        here, ratios = instants, unknown
        if box.instants is not None:
            # a lower limit than the one they were bounded for excludes more of them
            left = box.bounds <= limit
            here, ratios = box.instants[left], box.ratios[left]
        if not here.size:
            continue
        tap, middle = _split_of(values, rows, box, main)
        if tap >= 0:
            stack += _halves(box, tap, middle, here, ratios, bound_arguments, limit, room)
            continue
        row = int(row_of[np.ravel_multi_index(tuple(box.lowest), tuple(counts))])
        # a combination that is no setting, as where c(0) is too small
        if row < 0:
            continue
        (instant,) = tables.instants_of(np.array([row]))
        within = here[(instant + first <= here) & (here <= instant + last)]
        looked += 1
        errors = np.empty(within.size)
        known = setting_errors(tables.grid.taps[row], within, tables.arguments, known, slack, errors)
        found += [(float(errors[p]), row, int(within[p])) for p in np.flatnonzero(errors < np.inf)]
    return found, float(known), looked


def _split_of(values: Float, rows: list[list[float]], box: _Box, main: int) -> tuple[int, int]:
    """The tap whose range is halved, -1 for a single setting, and the last index of the first half: at zero if it is within.

    `rows` are the `values` (K, V) as lists, since NumPy is slow with a handful of numbers.
    """
    lowest, highest = box.lowest.tolist(), box.highest.tolist()
    mixed = int(mixed_tap(values, box.lowest, box.highest, main))
    if mixed >= 0:
        # no bound holds for a tap of both signs
        return mixed, bisect_right(rows[mixed], 0.0, lowest[mixed], highest[mixed] + 1) - 1
    # by width in tap value, because grids differ in their steps
    widths = [
        abs(row[high] - row[low]) if k != main and high > low else -1.0
        for k, (row, low, high) in enumerate(zip(rows, lowest, highest, strict=True))
    ]
    tap = widths.index(max(widths))
    return (tap if widths[tap] >= 0.0 else -1), (lowest[tap] + highest[tap]) // 2


def _halves(
    box: _Box,
    tap: int,
    middle: int,
    instants: Integer,
    ratios: Float,
    bound_arguments: tuple[Any, ...],
    limit: float,
    room: int,
) -> list[_Box]:
    """Both halves of a box with their bounds, the better one last: what it finds lowers the limit for the other."""
    halves = []
    for upper in (False, True):
        lowest, highest = box.lowest.copy(), box.highest.copy()
        if upper:
            lowest[tap] = middle + 1
        else:
            highest[tap] = middle
        count, kept, bounds, found = bounded(lowest, highest, instants, ratios, bound_arguments, limit, room)
        if count == EVERY:
            halves.append(_Box(lowest, highest, None, bounds[:0], found[:0]))
        else:
            halves.append(_Box(lowest, highest, kept[:count], bounds[:count], found[:count]))
    return halves[::-1] if halves[0].least() < halves[1].least() else halves


def bounded(
    lowest: Integer,
    highest: Integer,
    instants: Integer,
    ratios: Float,
    bound_arguments: tuple[Any, ...],
    limit: float,
    room: int,
) -> tuple[int, Integer, Float, Float]:
    """What `box_bounds` says of a box: number of instants kept, and `room` for them, their bounds and their ratios."""
    grid, (strengths, densities, least_densities), sampling, spectra, converter, receiver = bound_arguments
    values, _, _, main, _, cosines, _ = grid
    crosstalk: Single = np.zeros(cosines.shape[1], dtype=np.float32)
    if len(strengths):
        box_crosstalk(lowest, highest, values, main, strengths, densities, least_densities, crosstalk)
    kept, bounds, found = np.empty(room, dtype=np.int64), np.empty(room), np.empty(room)
    box = lowest, highest, instants, ratios, crosstalk
    count = box_bounds(*box, grid, sampling, spectra, converter, receiver, limit, kept, bounds, found)
    return count, kept, bounds, found
