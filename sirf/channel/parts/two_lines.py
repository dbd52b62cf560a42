"""Parts that are two equal short lines: how they see the common mode, and the even and odd mode of two coupled pairs."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Self

from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.channel.network import Network
from sirf.channel.pair import ASSUMED, PairNetwork


class TwoLines(ABC):
    """A frozen dataclass with these fields that makes its differential `network` of them."""

    __slots__ = ()
    impedance: float
    coupling: float
    inductance_factor: float
    common_impedance: float | None

    @abstractmethod
    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""

    @property
    def common_mode(self) -> str:
        """Of the stated `common_impedance`, or assumed."""
        return ASSUMED if self.common_impedance is None else "line of the stated common impedance"

    @property
    def converts(self) -> bool:
        """Never: both lines are equal."""
        return False

    def pair(self, frequency: Float) -> PairNetwork:
        """Both modes: the common one as two lines without coupling, of the stated `common_impedance` or of the same lines."""
        if self.common_impedance is None:
            return PairNetwork.balanced(self.network(frequency))
        # Z_odd = Z_diff / 2 and Z_even = 2 Z_common, and without coupling both are one line's: so twice the common
        # impedance, half the differential one
        common = self._changed(impedance=4.0 * self.common_impedance)
        return PairNetwork.balanced(self.network(frequency), common.network(frequency))

    def mode(self, sign: float) -> Self:
        """The part as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        return self._changed(inductance_factor=1.0 + sign * self.coupling, coupling=0.0)

    def _changed(self, **changes: float) -> Self:
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # heirs are dataclasses
