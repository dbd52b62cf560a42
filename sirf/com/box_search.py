"""The full grid of Annex 178A at one CTLE setting: boxes of transmitter settings are halved until bounds exclude them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._arrays import Integer
from sirf._kernels.com_bounds import EVERY
from sirf._kernels.com_halving import NO_SETTING, next_setting
from sirf.com.ctle_tables import CtleTables
from sirf.com.setting_errors import setting_errors


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
    # a tap is halved as often as its indices have bits, and once more where its sign changes
    depth = int(sum(int(last).bit_length() + 1 for last in highest)) + 2
    order, ends = np.append(1, np.arange(depth)), np.zeros((depth, 2, highest.size), dtype=np.int64)
    # the whole grid waits alone, with every instant
    ends[0, 1] = highest
    windows = np.zeros((depth, 2), dtype=np.int64)
    windows[0, 1] = tables.through.size - 1
    counts, kept = np.full(depth, EVERY, dtype=np.int64), np.empty((depth, room), dtype=np.int64)
    stack = order, ends, windows, counts, kept, np.empty((2, depth, room))
    here, ratios = np.empty(room, dtype=np.int64), np.empty(room)
    found: list[tuple[float, int, int]] = []
    looked = 0
    while True:
        row, count = next_setting(stack, (here, ratios), instants, bound_arguments, known * (1.0 + slack))
        if row == NO_SETTING:
            return found, float(known), looked
        looked += 1
        within, errors = here[:count], np.empty(count)
        known = setting_errors(tables.grid.taps[row], within, tables.arguments, known, slack, errors)
        found += [(float(errors[p]), int(row), int(within[p])) for p in np.flatnonzero(errors < np.inf)]
