"""Separable connectors, of the OSFP class by their default numbers in `data/paths`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.channel.lines import LINE_OHM, Chain, join, line_chain, pair_two_port, shunt_chain
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.channel.parts._checks import check_coupling, check_values
from sirf.channel.parts.two_lines import TwoLines
from sirf.errors import PhysicsError
from sirf.units import C0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector(TwoLines):
    """A separable connector: pad capacitance, a length of line with loss, pad capacitance.

    `impedance` in ohm differential, `length` in m, `pad` in F of one line at each end, `material` gives Dk and Df of its body;
    `skin_db_per_m` is the conductor loss at 1 GHz in dB/m, growing with sqrt(f) and with the phase that causality asks for.
    `resonance` in Hz, if not infinite, is the first resonance of the ground structure: a series circuit across the middle of the
    line with a notch of `resonance_db` and an unloaded quality `resonance_q`. Valid up to `valid_to` in Hz, which is a statement
    of the data, not of the formula. Raises `PhysicsError` for values that are negative, or an impedance or length of zero.
    """

    impedance: float
    length: float
    pad: float
    material: Material
    skin_db_per_m: float
    coupling: float = 0.0
    inductance_factor: float = 1.0
    common_impedance: float | None = None
    resonance: float = float("inf")
    resonance_db: float = 0.0
    resonance_q: float = 30.0
    valid_to: float = 60e9
    name: str = "connector"

    def __post_init__(self) -> None:
        """Validate the values."""
        check_values(self.name, pad=self.pad, skin_db_per_m=self.skin_db_per_m, resonance_db=self.resonance_db)
        if not (self.resonance > 0.0 and self.resonance_q > 0.0):
            raise PhysicsError(
                f"resonance and resonance_q of {self.name} must be positive, got {self.resonance} Hz and {self.resonance_q}. "
                "Leave resonance out for none."
            )
        check_coupling(self.name, self.coupling)
        if not (self.impedance > 0.0 and self.length > 0.0):
            raise PhysicsError(
                f"{self.name} must have a positive impedance and length, got {self.impedance} ohm and {self.length} m. "
                "Check both."
            )

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        side = shunt_chain(2j * np.pi * f * self.pad)
        if self.resonance_db == 0.0 or not np.isfinite(self.resonance):
            return pair_two_port(f, join(side, self._line(f, self.length), side), name=self.name)
        half = self._line(f, 0.5 * self.length)
        return pair_two_port(f, join(side, half, shunt_chain(self._notch(f)), half, side), name=self.name)

    def _line(self, frequency: Float, length: float) -> Chain:
        one = 0.5 * self.impedance
        root = float(np.sqrt(self.material.dk))
        w = 2.0 * np.pi * frequency
        # a wave on the pair's own impedance loses alpha = R / (2 Z), so R = 2 Z alpha; 8.686 dB a neper
        resistance = 2.0 * one * self.skin_db_per_m * np.log(10.0) / 20.0 * np.sqrt(frequency / 1e9)
        # (1 + j): a skin's inductance equals its resistance over w, which keeps the line causal
        series = 1j * w * (one * root / C0 * self.inductance_factor) + (1.0 + 1j) * resistance
        # dielectric loss is in the complex permittivity; the reference of 'root' is the material's Dk
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * one * root)
        return line_chain(series, shunt, length)

    def _notch(self, frequency: Float) -> Complex:
        """Admittance (F,) in S of a series circuit: R from the depth, 1 + R_0 / (2 R), L and C from quality and resonance."""
        # a shunt G across 50 ohm on both sides loses 1 + G R_0 / 2 of the voltage
        conductance = float(np.expm1(self.resonance_db / 20.0 * np.log(10.0))) / (0.5 * LINE_OHM)
        ratio = frequency / self.resonance
        # 1 / (R (1 + j Q (x - 1 / x))) with x = f / f_0, times x over x so that DC is no division by zero
        return np.asarray(conductance * 1j * ratio / (1j * ratio + self.resonance_q * (1.0 - ratio**2)))
