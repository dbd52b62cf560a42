"""Discontinuities as short networks: vias, solder balls, connectors. Passive, reciprocal and causal by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf.channel.lines import line_network
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.channel.package import cascade, series_inductance, shunt_capacitance
from sirf.errors import PhysicsError
from sirf.units import C0

Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pi:
    """Shunt C, series L, shunt C on each line of the pair: a via without stub, or a ball with its pads.

    `capacitance` in F at each side, `inductance` in H, both of one line. Valid while the part is short: below a quarter of
    1 / (2 pi sqrt(L C)); raises `PhysicsError` for negative values.
    """

    capacitance: float
    inductance: float
    name: str = "pi"

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if not (self.capacitance >= 0 and self.inductance >= 0):
            raise PhysicsError(f"{self.name} must have L and C of zero or more, got {self.inductance}, {self.capacitance}. "
                               "Check the sign.")  # fmt: skip

    def network(self, frequency: Real) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=float)
        side = shunt_capacitance(f, self.capacitance)
        return Network(f, cascade(cascade(side, series_inductance(f, self.inductance)), side), z0=100.0, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A separable connector: pad capacitance, a length of its own impedance with loss, pad capacitance.

    `impedance` in ohm differential, `length` in m, `pad` in F of one line at each end, `material` gives Dk, Df and the metal;
    `skin_db_per_m` is the conductor loss at 1 GHz in dB/m (it grows with sqrt(f), with the phase that causality asks).
    """

    impedance: float
    length: float
    pad: float
    material: Material
    skin_db_per_m: float
    name: str = "connector"

    def network(self, frequency: Real) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=float)
        w = 2 * np.pi * np.maximum(f, 1.0)
        inductance = self.impedance * np.sqrt(self.material.dk) / C0
        resistance = 2.0 * self.impedance * self.skin_db_per_m * np.log(10.0) / 20.0 / np.sqrt(1e9)
        series = 1j * w * inductance + (1 + 1j) * resistance * np.sqrt(w / (2 * np.pi))
        shunt = 1j * w * self.material.permittivity(w / (2 * np.pi)) / (C0 * self.impedance * np.sqrt(self.material.dk))
        line = line_network(f, np.sqrt(series * shunt), np.sqrt(series / shunt), self.length, name=self.name)
        side = shunt_capacitance(f, self.pad)
        return Network(f, cascade(cascade(side, line.s), side), z0=100.0, name=self.name)
