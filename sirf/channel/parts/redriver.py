"""A linear redriver: the amplifier with a fixed equaliser in the plug of an active copper cable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sirf.channel.lines import PAIR_OHM
from sirf.channel.network import Network
from sirf.channel.pair import UNCOUPLED
from sirf.errors import PhysicsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriver:
    """Matched at both ends and isolating: S21 = g (1 + j f / zero) / ((1 + j f / pole_1) (1 + j f / pole_2)), S12 = 0.

    `gain_db` is g, at low frequency; `zero`, `pole_1` and `pole_2` in Hz. It is linear at any swing; its noise belongs to the
    preset of the receiver behind it. Raises `PhysicsError` for frequencies that are not positive or poles below the zero.
    """

    gain_db: float
    zero: float
    pole_1: float
    pole_2: float
    name: str = "redriver"
    common_mode: ClassVar[str] = UNCOUPLED

    def __post_init__(self) -> None:
        """Validate the values."""
        if not -40.0 <= self.gain_db <= 40.0:
            raise PhysicsError(f"gain_db of {self.name} must be from -40 to 40, got {self.gain_db!r}. Give dB at DC.")
        # a pole below the zero would make a low-pass of the equaliser: most likely both keys have changed places
        if not 0.0 < self.zero <= min(self.pole_1, self.pole_2) < np.inf:
            raise PhysicsError(
                f"zero of {self.name} must be positive and not above its poles, got {self.zero!r} Hz. Give Hz."
            )

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        # S11 = S22 = S12 = 0: matched and one way
        s = np.zeros((f.size, 2, 2), dtype=np.complex128)
        s[:, 1, 0] = 10.0 ** (self.gain_db / 20.0) * (1.0 + 1j * f / self.zero)
        # two poles to one zero: the gain falls again beyond the band, and the noise with it
        s[:, 1, 0] /= (1.0 + 1j * f / self.pole_1) * (1.0 + 1j * f / self.pole_2)
        return Network(f, s, z0=PAIR_OHM, name=self.name)
