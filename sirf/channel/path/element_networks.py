"""Networks of a path's elements, kept by value: while one element varies, the others need not be computed again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, cast

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.cascade import cascade
from sirf.channel.network import Network

if TYPE_CHECKING:
    from sirf.channel.pair import PairNetwork
    from sirf.channel.path.elements import Coupled, Element


# one path in use has about ten elements; a study varies one of them at a time
KEPT_NETWORKS = 32
"""Two-ports that are kept, at most."""
KEPT_PAIRS = 16
"""Pairs in both modes that are kept, at most: up to four times the size of a two-port."""
KEPT_MODES = 32
"""Coupled parts as one mode of two neighbours sees them that are kept, at most: a path has four of each, for FEXT and NEXT."""
KEPT_SERIES = 8
"""Two-ports of several elements in series that are kept, at most: the starts of the last few paths."""
MOST_POINTS = 20_000
"""Points of a grid up to which they are: 1.3 MB each."""


class FrequencyGrid:
    """Frequencies (F,) in Hz that compare and hash by value; made once for all elements of a path."""

    __slots__ = ("_bytes", "_hash", "frequency")

    def __init__(self, frequency: Float) -> None:
        # a copy of one's own: a caller who went on writing into the array would change the key under the dictionary
        self.frequency = np.array(frequency, dtype=np.float64)
        self.frequency.flags.writeable = False
        self._bytes = self.frequency.tobytes()
        # hashed once: several dictionaries look the same grid up at every element
        self._hash = hash(self._bytes)

    def __hash__(self) -> int:
        """That of the values, made once."""
        return self._hash

    # bytes and not np.array_equal: one comparison of memory, and it fits what was hashed
    def __eq__(self, other: object) -> bool:
        """Whether the values are the same."""
        return isinstance(other, FrequencyGrid) and self._bytes == other._bytes


def element_network(element: Element, grid: FrequencyGrid) -> Network:
    """The two-port of an element on a grid; kept where the element compares by value."""
    if compares_by_value(element) and grid.frequency.size <= MOST_POINTS:
        return _kept(cast("Hashable", element), grid)
    return element.network(grid.frequency)


def element_pair(element: Element, grid: FrequencyGrid, find: Callable[[Element, Float], PairNetwork]) -> PairNetwork:
    """Both modes of an element on a grid, as `find` has them; kept where the element compares by value."""
    if compares_by_value(element) and grid.frequency.size <= MOST_POINTS:
        return _kept_pair(cast("Hashable", element), grid, find)
    return find(element, grid.frequency)


def mode_pair(
    element: Coupled, sign: float, grid: FrequencyGrid, find: Callable[[Element, Float], PairNetwork]
) -> PairNetwork:
    """The even or odd mode of a coupled element on a grid, as `find` has it; kept where the element compares by value."""
    if compares_by_value(element) and grid.frequency.size <= MOST_POINTS:
        return _kept_mode(cast("Hashable", element), sign, grid, find)
    return find(element.mode(sign), grid.frequency)


def two_port_of(elements: Sequence[Element], grid: FrequencyGrid, together: tuple[type[Element], ...]) -> Complex:
    """S (F, 2, 2) of all elements in series; those of the kinds `together` at its start, which vary least, are kept as one.

    All are joined from the first on: another order would change last bits, and with them what random draws a link has.
    """
    first = tuple(itertools.takewhile(lambda element: isinstance(element, together), elements))
    # one element alone is kept by itself already
    kept = len(first) > 1 and all(map(compares_by_value, first)) and grid.frequency.size <= MOST_POINTS
    start = [_kept_series(cast("Hashable", first), grid)] if kept else []
    rest = elements[len(first) :] if kept else elements
    # from left to right in any case: what is kept is the beginning, never an inner part
    return reduce(cascade, [*start, *(element_network(one, grid).s for one in rest)])


def compares_by_value(element: object) -> bool:
    """Whether elements of its type compare by value."""
    # a class that defines equality and no hash has None; one that defines neither has that of object
    return type(element).__hash__ not in (None, object.__hash__)


@lru_cache(maxsize=KEPT_SERIES)
def _kept_series(elements: Hashable, grid: FrequencyGrid) -> Complex:
    s = reduce(cascade, (element_network(one, grid).s for one in cast("Sequence[Element]", elements)))
    s.flags.writeable = False
    # what is kept is shared, so nobody may write into it
    return s


@lru_cache(maxsize=KEPT_NETWORKS)
def _kept(element: Hashable, grid: FrequencyGrid) -> Network:
    return cast("Element", element).network(grid.frequency)


@lru_cache(maxsize=KEPT_PAIRS)
def _kept_pair(element: Hashable, grid: FrequencyGrid, find: Callable[[Element, Float], PairNetwork]) -> PairNetwork:
    return _read_only(find(cast("Element", element), grid.frequency))


@lru_cache(maxsize=KEPT_MODES)
def _kept_mode(
    element: Hashable, sign: float, grid: FrequencyGrid, find: Callable[[Element, Float], PairNetwork]
) -> PairNetwork:
    return _read_only(find(cast("Coupled", element).mode(sign), grid.frequency))


def _read_only(pair: PairNetwork) -> PairNetwork:
    for each in (pair.dd, pair.cc, pair.dc, pair.cd):
        # pairs made of balanced lines have no conversion, and hold None there
        if each is not None:
            each.flags.writeable = False
    return pair
