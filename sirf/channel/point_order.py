"""The order of the points of a sweep: ascending, each frequency once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray


def ascending_points(
    frequency: NDArray[np.float64],
    values: NDArray[np.generic],
    *,
    sort: bool,
    fail: Callable[[int, float, float], NoReturn],
) -> tuple[NDArray[np.intp] | None, list[str]]:
    """Indices that bring the points into ascending order, None where they are, and notes on what that changes.

    A falling sweep is turned round, and a point that stands twice with equal `values` (F, …), as where two segments of a sweep
    meet, counts once. Any other order is sorted only if `sort`, for it may as well come from a lost number: else `fail` is called
    with the index of the point before, its frequency and the next one, and so it is where values at one frequency differ.
    """
    steps = np.diff(frequency)
    # a strictly ascending grid, as nearly all files have, costs one comparison
    if np.all(steps > 0):
        return None, []
    notes, index = [], np.arange(frequency.size)
    if np.any(steps < 0):
        if sort:
            # stable: of equal frequencies the first in the file stays first
            index = np.argsort(frequency, kind="stable")
            notes.append("frequencies were sorted.")
        elif np.all(steps <= 0):
            # turned round without being asked: a falling sweep can only be a falling sweep
            index = index[::-1]
            notes.append("frequencies fall in the file and were sorted.")
        else:
            first = int(np.argmax(steps < 0))
            fail(first, float(frequency[first]), float(frequency[first + 1]))
    again = np.flatnonzero(np.diff(frequency[index]) == 0)
    if again.size:
        # one difference in any entry is enough
        different = [place for place in again if np.any(values[index[place]] != values[index[place + 1]])]
        if different:
            first = int(index[different[0]])
            fail(first, float(frequency[first]), float(frequency[first]))
        count = "one repeated point was" if again.size == 1 else f"{again.size} repeated points were"
        notes.append(f"{count} left out: the values are equal.")
        # the first of the equal points stays
        index = np.delete(index, again + 1)
    return index, notes


def order_message(before: float, after: float) -> str:
    """What is wrong with the order, for the user."""
    remedy = "Its values differ: keep one of them." if before == after else "Or let it sort them (--sort)."
    return f"frequency must ascend, got {after:g} after {before:g}. Sort and merge the points. {remedy}"
