"""Networks of a path's elements, kept by value: while one element varies, the others need not be computed again."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from sirf._arrays import Float
from sirf.channel.network import Network

if TYPE_CHECKING:
    from sirf.channel.path.elements import Element


KEPT_NETWORKS = 32
"""Two-ports that are kept, at most."""
MOST_POINTS = 20_000
"""Points of a grid up to which they are: 1.3 MB each."""


class FrequencyGrid:
    """Frequencies (F,) in Hz that compare and hash by value; made once for all elements of a path."""

    __slots__ = ("_bytes", "_hash", "frequency")

    def __init__(self, frequency: Float) -> None:
        self.frequency = np.array(frequency, dtype=np.float64)
        self.frequency.flags.writeable = False
        self._bytes = self.frequency.tobytes()
        self._hash = hash(self._bytes)

    def __hash__(self) -> int:
        """That of the values, made once."""
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Whether the values are the same."""
        return isinstance(other, FrequencyGrid) and self._bytes == other._bytes


def element_network(element: Element, grid: FrequencyGrid) -> Network:
    """The two-port of an element on a grid; kept where the element compares by value."""
    if type(element).__hash__ in (None, object.__hash__) or grid.frequency.size > MOST_POINTS:
        return element.network(grid.frequency)
    return _kept(cast("Hashable", element), grid)


@lru_cache(maxsize=KEPT_NETWORKS)
def _kept(element: Hashable, grid: FrequencyGrid) -> Network:
    return cast("Element", element).network(grid.frequency)
