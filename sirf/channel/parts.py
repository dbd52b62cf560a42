"""Discontinuities as short networks: solder balls, vias, connectors.

Each is built from positive resistances, inductances and capacitances (or causal lines of them): reciprocal, passive and causal
by construction. `coupling` is the mutual inductance to the same part of a neighbouring pair, relative to the part's own; `mode`
gives the part as the even (+1) or odd (-1) mode of the two pairs sees it, from which a path makes its crosstalk.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sirf.channel.lines import Chain, Complex, Real, join, line_chain, pair_network, series_chain, shunt_chain
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0, EPS0, MU0


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

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        _check(self.name, capacitance=self.capacitance, inductance=self.inductance)
        _check_coupling(self.name, self.coupling)

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        jw = 2j * np.pi * f
        side = shunt_chain(jw * self.capacitance)
        return pair_network(f, join(side, series_chain(jw * self.inductance), side), name=self.name)

    def mode(self, sign: float) -> Ball:
        """The ball as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        return dataclasses.replace(self, inductance=self.inductance * (1.0 + sign * self.coupling), coupling=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A plated through hole in its antipads: pad, barrel as a coaxial line, stub below the layer of the trace, pad.

    Diameters and lengths in m: `barrel` of the drill, `antipad` of the clearance, `length` from the surface to the trace,
    `stub` what the back-drill leaves below it. `pad` in F of one line is what a pad adds at the surface. The stub resonates at
    c / (4 stub sqrt(Dk)). Quasi-TEM: planes close together and well stitched; the coaxial TE11 mode starts at
    2 c / (pi (barrel + antipad) sqrt(Dk)).

    Raises `PhysicsError` for an antipad that is not larger than the barrel or negative values.
    """

    material: Material
    barrel: float
    antipad: float
    length: float
    stub: float = 0.0
    pad: float = 0.0
    coupling: float = 0.0
    inductance_factor: float = 1.0
    name: str = "via"

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        _check(self.name, length=self.length, stub=self.stub, pad=self.pad)
        _check_coupling(self.name, self.coupling)
        if not 0.0 < self.barrel < self.antipad:
            raise PhysicsError(
                f"antipad of {self.name} must be larger than the barrel, got antipad {self.antipad} and barrel "
                f"{self.barrel} m. Check the unit."
            )

    @property
    def impedance(self) -> float:
        """Differential impedance of the barrels in ohm, at the material's frequency."""
        air = np.sqrt(MU0 / EPS0) * self._log_ratio / (2.0 * np.pi)
        return float(2.0 * air / np.sqrt(self.material.dk))

    @property
    def stub_resonance(self) -> float:
        """First frequency in Hz at which the stub shorts the via, infinite without a stub."""
        return float("inf") if self.stub == 0.0 else C0 / (4.0 * self.stub * float(np.sqrt(self.material.dk)))

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential, the surface at port 1 and the trace at port 2."""
        f = np.asarray(frequency, dtype=np.float64)
        series, shunt = self._immittances(f)
        parts = [shunt_chain(2j * np.pi * f * self.pad), line_chain(series, shunt, self.length)]
        if self.stub > 0.0:
            parts.append(shunt_chain(_open_line(series, shunt, self.stub)))
        return pair_network(f, join(*parts), name=self.name)

    def mode(self, sign: float) -> Via:
        """The via as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        return dataclasses.replace(self, inductance_factor=1.0 + sign * self.coupling, coupling=0.0)

    @property
    def _log_ratio(self) -> float:
        return float(np.log(self.antipad / self.barrel))

    def _immittances(self, frequency: Real) -> tuple[Complex, Complex]:
        w = 2.0 * np.pi * frequency
        external = MU0 * self._log_ratio / (2.0 * np.pi) * self.inductance_factor
        series = 1j * w * external + self.material.surface_impedance(frequency) / (np.pi * self.barrel)
        return series, 1j * w * self.material.permittivity(frequency) * (2.0 * np.pi * EPS0 / self._log_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A separable connector: pad capacitance, a length of line with loss, pad capacitance.

    `impedance` in ohm differential, `length` in m, `pad` in F of one line at each end, `material` gives Dk and Df of its body;
    `skin_db_per_m` is the conductor loss at 1 GHz in dB/m, growing with sqrt(f) and with the phase that causality asks for.
    Valid up to the first resonance of its ground structure, which it does not have. Raises `PhysicsError` for values that are
    negative, or an impedance or length of zero.
    """

    impedance: float
    length: float
    pad: float
    material: Material
    skin_db_per_m: float
    coupling: float = 0.0
    inductance_factor: float = 1.0
    name: str = "connector"

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        _check(self.name, pad=self.pad, skin_db_per_m=self.skin_db_per_m)
        _check_coupling(self.name, self.coupling)
        if not (self.impedance > 0.0 and self.length > 0.0):
            raise PhysicsError(
                f"{self.name} must have a positive impedance and length, got {self.impedance} ohm and {self.length} m. "
                "Check both."
            )

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential."""
        f = np.asarray(frequency, dtype=np.float64)
        side = shunt_chain(2j * np.pi * f * self.pad)
        return pair_network(f, join(side, self._line(f), side), name=self.name)

    def mode(self, sign: float) -> Connector:
        """The connector as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        return dataclasses.replace(self, inductance_factor=1.0 + sign * self.coupling, coupling=0.0)

    def _line(self, frequency: Real) -> Chain:
        one = 0.5 * self.impedance
        root = float(np.sqrt(self.material.dk))
        w = 2.0 * np.pi * frequency
        # alpha = R / (2 Z), so R = 2 Z alpha; 8.686 dB a neper
        resistance = 2.0 * one * self.skin_db_per_m * np.log(10.0) / 20.0 * np.sqrt(frequency / 1e9)
        series = 1j * w * (one * root / C0 * self.inductance_factor) + (1.0 + 1j) * resistance
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * one * root)
        return line_chain(series, shunt, self.length)


def _open_line(series: Complex, shunt: Complex, length: float) -> Complex:
    """Input admittance (F,) in S of a line left open at its end."""
    chain = line_chain(series, shunt, length)
    return chain.c / chain.a


def _check(name: str, **values: float) -> None:
    for key, value in values.items():
        if not (np.isfinite(value) and value >= 0.0):
            raise PhysicsError(f"{key} of {name} must be zero or more, got {value!r}. Give it in SI units.")


def _check_coupling(name: str, coupling: float) -> None:
    if not 0.0 <= coupling <= 0.5:
        raise PhysicsError(f"coupling of {name} must be between 0 and 0.5, got {coupling!r}. Use about 0.05.")
