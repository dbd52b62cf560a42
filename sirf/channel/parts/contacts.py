"""What joins a package to a board: solder balls, bumps and the contacts of a socket."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sirf.channel.lines import join, line_chain, pair_two_port, series_chain, shunt_chain
from sirf.channel.network import Network
from sirf.channel.pair import UNCOUPLED
from sirf.channel.parts._checks import check_coupling, check_values
from sirf.channel.parts.two_lines import TwoLines
from sirf.errors import PhysicsError
from sirf.units import C0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ball:
    """A solder ball, bump or socket contact: shunt C, series L, shunt C on each line of the pair.

    `capacitance` in F at each side, `inductance` in H, both of one line. Valid where the part is short, below a quarter of
    1 / (2 pi sqrt(L C)). Raises `PhysicsError` for negative values or a coupling outside 0 to 0.5.
    """

    capacitance: float
    inductance: float
    coupling: float = 0.0
    name: str = "ball"
    common_mode: ClassVar[str] = UNCOUPLED

    def __post_init__(self) -> None:
        """Validate the values."""
        check_values(self.name, capacitance=self.capacitance, inductance=self.inductance)
        check_coupling(self.name, self.coupling)

    @property
    def valid_to(self) -> float:
        """Frequency in Hz up to which the part is short: a quarter of 1 / (2 pi sqrt(L C)) of one half."""
        return lumped_limit(self.inductance, self.capacitance)

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        jw = 2j * np.pi * f
        side = shunt_chain(jw * self.capacitance)
        return pair_two_port(f, join(side, series_chain(jw * self.inductance), side), name=self.name)

    def mode(self, sign: float) -> Ball:
        """The ball as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        # mutual inductance adds to a pin's own where both pairs carry the same current, and takes away where opposite
        return dataclasses.replace(self, inductance=self.inductance * (1.0 + sign * self.coupling), coupling=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket(TwoLines):
    """An LGA contact or a longer pin: pad, contact resistance, a short line, pad, on each line of the pair.

    `impedance` in ohm differential and `length` in m of the contact among its grounds, `dk` of the housing, `pad` in F of one
    line at each end, `resistance` in ohm of one contact (its film and spring, taken as constant), half at each end. A line
    instead of an inductance keeps it right up to where the contact field gets its own modes, half a wave in its length.
    Raises `PhysicsError` for negative values, or an impedance, a length or a Dk of zero.
    """

    impedance: float
    length: float
    dk: float = 3.0
    pad: float = 0.0
    resistance: float = 0.0
    coupling: float = 0.0
    inductance_factor: float = 1.0
    common_impedance: float | None = None
    name: str = "socket"

    def __post_init__(self) -> None:
        """Validate the values."""
        check_values(self.name, pad=self.pad, resistance=self.resistance)
        check_coupling(self.name, self.coupling)
        if not (self.impedance > 0.0 and self.length > 0.0 and self.dk >= 1.0):
            raise PhysicsError(
                f"{self.name} must have a positive impedance and length and a dk of at least 1, got {self.impedance} ohm, "
                f"{self.length} m and {self.dk}. Check all three."
            )

    @property
    def valid_to(self) -> float:
        """Frequency in Hz at which the contact is half a wave long."""
        return C0 / (2.0 * self.length * float(np.sqrt(self.dk)))

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        jw = np.asarray(2j * np.pi * f, dtype=np.complex128)
        # half the differential impedance: both lines are taken as uncoupled
        one, slowness = 0.5 * self.impedance, float(np.sqrt(self.dk)) / C0
        side, film = shunt_chain(jw * self.pad), series_chain(np.full(f.size, 0.5 * self.resistance))
        body = line_chain(jw * one * slowness * self.inductance_factor, jw * slowness / one, self.length)
        # the film of a contact sits at both ends, inside of the pads
        return pair_two_port(f, join(side, film, body, film, side), name=self.name)


def lumped_limit(inductance: float, capacitance: float) -> float:
    """A quarter of the resonance of `inductance` in H with `capacitance` in F, Hz; infinite where one of them is zero."""
    product = inductance * capacitance
    return float("inf") if product == 0.0 else 0.25 / (2.0 * np.pi * float(np.sqrt(product)))
