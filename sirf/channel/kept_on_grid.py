"""Properties over frequency that several parts of a path ask for in turn: found once for each value and grid."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np

from sirf._arrays import Complex

Part = TypeVar("Part", bound=Hashable)
Found = TypeVar("Found", Complex, tuple[Complex, ...])

KEPT = 4
"""Results that each property keeps: of the parts of one path, which mostly share a laminate and a cross-section."""
FEW, MANY = 64, 20_000
"""Points from which on looking up is faster than finding anew, and up to which results are kept."""


class _SameGrid:
    """A grid that equals itself alone: cheaper than its values, and kept alive, so that no other takes its place."""

    __slots__ = ("frequency",)

    def __init__(self, frequency: Any) -> None:
        self.frequency = frequency

    def __hash__(self) -> int:
        """That of the array's place in memory."""
        return id(self.frequency)

    def __eq__(self, other: object) -> bool:
        """Whether both are one array."""
        return isinstance(other, _SameGrid) and self.frequency is other.frequency


def kept_on_grid(find: Callable[[Part, Any], Found]) -> Callable[[Part, Any], Found]:
    """Keep what the method `find` gives for a part and a frequency array that nobody can write to; others are found anew."""

    @lru_cache(maxsize=KEPT)
    def kept(part: Part, grid: _SameGrid) -> Found:
        found = find(part, grid.frequency)
        for each in found if isinstance(found, tuple) else (found,):
            each.flags.writeable = False
        return found

    @wraps(find)
    def looked_up(part: Part, frequency: Any) -> Found:
        # a few points are faster found anew, and many would fill the memory
        if isinstance(frequency, np.ndarray) and FEW <= frequency.size <= MANY:
            flags = frequency.flags
            # a view could change with its base
            if flags.owndata and not flags.writeable:
                return kept(part, _SameGrid(frequency))
        return find(part, frequency)

    return looked_up
