"""AC-coupling capacitors: what they pass, and what they block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex
from sirf.channel.lines import LINE_OHM, PAIR_OHM
from sirf.channel.network import Network
from sirf.channel.pair import UNCOUPLED
from sirf.channel.parts._checks import check_values
from sirf.channel.parts.contacts import lumped_limit
from sirf.errors import PhysicsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacitor:
    """A coupling capacitor in each line of the pair: pad, C with its series resistance and inductance, pad.

    `capacitance` in F, `resistance` (ESR) in ohm, `inductance` (mounted ESL) in H, `pad` in F to the plane at each side, all of
    one line. At DC it is open: S21 is exactly zero there, and `corner` lies far below the grid of most channels. Above, it is
    valid to `valid_to`, where inductance and pads stop being lumped. Raises `PhysicsError` for a capacitance that is not positive
    or other values below zero.

    >>> round(Capacitor(capacitance=100e-9).corner / 1e3, 1)
    15.9
    """

    capacitance: float
    resistance: float = 0.0
    inductance: float = 0.0
    pad: float = 0.0
    name: str = "capacitor"
    common_mode: ClassVar[str] = UNCOUPLED

    def __post_init__(self) -> None:
        """Validate the values."""
        check_values(self.name, resistance=self.resistance, inductance=self.inductance, pad=self.pad)
        if not (np.isfinite(self.capacitance) and self.capacitance > 0.0):
            raise PhysicsError(
                f"capacitance of {self.name} must be positive, got {self.capacitance!r}. Leave the capacitor out for none."
            )

    @property
    def corner(self) -> float:
        """High-pass corner in Hz between 50 ohm a line: 1 / (2 pi (100 ohm + ESR) C)."""
        # both terminations are in series with it, of one line each
        return 1.0 / (2.0 * np.pi * (2.0 * LINE_OHM + self.resistance) * self.capacitance)

    @property
    def valid_to(self) -> float:
        """Frequency in Hz up to which inductance and pads are lumped."""
        return lumped_limit(self.inductance, self.pad)

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential; open at DC. Even and odd excitation of its two ends give S11 +- S21."""
        f = np.asarray(frequency, dtype=np.float64)
        jw = np.asarray(2j * np.pi * f, dtype=np.complex128)
        # the series branch as an admittance, written so that DC gives zero and not a division by it
        through = jw * self.capacitance / (1.0 + jw * self.capacitance * (self.resistance + jw * self.inductance))
        # the whole as two one-ports: driven alike at both ends, nothing flows through the capacitor; driven oppositely,
        # its middle is grounded and half of it left
        same = _reflection(jw * self.pad)
        opposite = _reflection(jw * self.pad + 2.0 * through)
        s = np.empty((f.size, 2, 2), dtype=np.complex128)
        s[:, 0, 0] = s[:, 1, 1] = 0.5 * (same + opposite)
        s[:, 0, 1] = s[:, 1, 0] = 0.5 * (same - opposite)
        return Network(f, s, z0=PAIR_OHM, name=self.name)


def _reflection(admittance: Complex) -> Complex:
    # reflection of an admittance to ground on one line
    return np.asarray((1.0 - LINE_OHM * admittance) / (1.0 + LINE_OHM * admittance))
