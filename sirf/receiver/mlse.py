"""A maximum-likelihood sequence detector as a value: its target, its states, and how they are reduced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf.errors import SirfError

MOST_STATES = 256


# above 256 states one byte no longer holds a state, and a real detector would not be built
@dataclass(frozen=True, slots=True, kw_only=True)
class Mlse:
    """A Viterbi detector in place of the slicer, for the target 1 + b(1) D + … + b(memory) D^memory of the first DFE taps.

    What the remaining DFE taps take off is fed back from each survivor's own past. `subsets` reduces the states: a state then
    knows of the symbol i before only its subset, one of `subsets[i - 1]` (levels that are the same modulo this number, so that
    those of a subset lie farthest apart); the level itself comes from the survivor's past. Each must divide the one before,
    the first the number of levels. None keeps all levels: L^memory states.

    Eyuboglu and Qureshi, IEEE Trans. Commun. 36 (1988) 13; Duel-Hallen and Heegard, IEEE Trans. Commun. 37 (1989) 428.

    >>> sirf.Mlse(memory=1).memory
    1
    """

    memory: int = 1
    subsets: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Validate the fields."""
        if self.memory < 1:
            raise SirfError(f"memory must be at least 1, got {self.memory}. Leave mlse out for a slicer.")
        # one number for each symbol of the memory, the newest first
        if self.subsets is not None and (len(self.subsets) != self.memory or min(self.subsets) < 1):
            raise SirfError(
                f"subsets must be {self.memory} positive numbers, one for each symbol of the memory, got {self.subsets}. "
                "Use (2,) for two states of PAM4."
            )

    def trellis(self, order: int) -> NDArray[np.int64]:
        """The state (S, L) that each of L = `order` symbols leads to; `SirfError` for subsets that do not nest."""
        # all levels for every symbol: the full trellis
        sizes = self.subsets or (order,) * self.memory
        states = int(np.prod(sizes))
        if any(larger % smaller for larger, smaller in zip((order, *sizes), sizes, strict=False)):
            raise SirfError(
                f"subsets must each divide the one before, from {order} levels down, got {sizes}. Use powers of two for PAM4."
            )
        if states > MOST_STATES:
            raise SirfError(
                f"states must be at most {MOST_STATES}, got {states}. Shorten the memory or reduce by subsets."
            )
        # a state is a number of mixed radix, the newest symbol its lowest digit
        weights = np.cumprod([1, *sizes[:-1]])
        digits = np.arange(states)[:, None] // weights % sizes
        following = np.zeros((states, order), dtype=np.int64)
        for symbol in range(order):
            newest = np.full((states, 1), symbol)
            # each symbol grows one older, and may be known by a coarser subset from there on
            moved = np.concatenate([newest, digits[:, :-1]], axis=1) % sizes
            following[:, symbol] = moved @ weights
        return following
