"""Shielded twin cable: two round wires in a round shield."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.lines.base import Line, internal_impedance
from sirf.channel.materials import Material
from sirf.errors import PhysicsError
from sirf.units import C0, MU0


@dataclass(frozen=True, slots=True, kw_only=True)
class Twinax(Line):
    """A balanced pair in a shield, by its odd mode.

    `wire` diameter, `separation` of the wires' centres and inner diameter of the `shield` in m; `material` gives the insulation
    and the metal. Impedance (Reference Data for Radio Engineers, shielded balanced line), with p = separation / wire and q =
    separation / shield: 120 / sqrt(Dk) {ln[2 p (1 - q²) / (1 + q²)] - (1 + 4 p²) / (16 p⁴) (1 - 4 q²)}, within 2.5 % of a
    field solution. Conductor loss by Wheeler's incremental inductance over wires and shield.

    Valid for wires apart from each other by a quarter of their diameter, from the shield by half, below the TE11 mode of the
    shield. A shield wrapped in a spiral has a stop band (its pitch half a wave) that this model does not have.
    Raises `PhysicsError` outside.

    >>> from sirf.channel.materials import load_material
    >>> cable = Twinax(material=load_material("foam-twinax"), wire=405e-6, separation=880e-6, shield=2.1e-3)
    >>> round(cable.impedance)
    100
    """

    material: Material
    wire: float
    separation: float
    shield: float

    def __post_init__(self) -> None:
        """Validate the geometry against the formula's range."""
        apart, room = self.separation - self.wire, self.shield - self.separation - self.wire
        if not (self.wire > 0 and apart >= 0.25 * self.wire and room >= self.wire):
            raise PhysicsError(
                "wires must be a quarter of their diameter apart and half of it from the shield, got wire "
                f"{self.wire}, separation {self.separation}, shield {self.shield} m. Check the units."
            )

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm without loss, at the material's frequency."""
        return 2.0 * _odd_in_air(self.wire, self.separation, self.shield) / float(np.sqrt(self.material.dk))

    @property
    def common_impedance(self) -> float:
        """Common-mode impedance in ohm, both wires in parallel against the shield, without loss."""
        return 0.5 * _even_in_air(self.wire, self.separation, self.shield) / float(np.sqrt(self.material.dk))

    @property
    def cutoff(self) -> float:
        """TE11 mode of the shield without its wires: 1.841 c / (pi shield sqrt(Dk)), Hz."""
        return 1.8412 * C0 / (np.pi * self.shield * float(np.sqrt(self.material.high_frequency_dk)))

    @property
    def earliest_index(self) -> float:
        """Index of the insulation at infinite frequency."""
        return float(np.sqrt(self.material.high_frequency_dk))

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one wire in the odd mode, each (F,), DC included."""
        return self._mode_immittances(frequency, _odd_in_air)

    def common_immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """The same with both wires in parallel against the shield."""
        return self._mode_immittances(frequency, _even_in_air)

    def _mode_immittances(
        self, frequency: Float, in_air: Callable[[float, float, float], float]
    ) -> tuple[Complex, Complex]:
        w = 2.0 * np.pi * frequency
        air, step = in_air(self.wire, self.separation, self.shield), 1e-4 * self.wire
        # diameters: both sides recede, the wires' centres stay
        receded = in_air(self.wire - 2 * step, self.separation, self.shield + 2 * step)
        # Wheeler: the inductance in air is impedance / c, and its change by the recession of the metal over mu0 is
        # what a skin depth's field sees of the circumference, in 1/m
        recession = (receded - air) / (C0 * step * MU0)
        # the cross-section of one round wire
        inside = internal_impedance(frequency, self.material, recession, 0.25 * np.pi * self.wire**2)
        series = 1j * w * (air / C0) + inside
        # the capacitance in air is 1 / (c impedance); insulation fills the whole cross-section, so its complex Dk is a
        # factor
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * air)
        return np.asarray(series, dtype=np.complex128), np.asarray(shunt, dtype=np.complex128)


def _even_in_air(wire: float, separation: float, shield: float) -> float:
    """Impedance in ohm in air of one wire while the other carries the same: twice that of both in parallel, sheath return.

    Thin wires have 60 ln[p (1 - q⁴) / (2 q²)] (Reference Data for Radio Engineers, 69 / sqrt(Dk) log10 for both). The field of
    the other wire and of both images, e / separation, polarises a wire of radius a: that takes a² e² / separation² off the
    logarithm. Within 2 % of a field solution.
    """
    p, q = separation / wire, separation / shield
    # field of the other wire and of both images in the shield, in units of e / separation
    field = 1.0 + 2.0 * q**2 / (1.0 - q**2) - 2.0 * q**2 / (1.0 + q**2)
    logarithm = np.log(p * (1.0 - q**4) / (2.0 * q**2)) - field**2 / (4.0 * p**2)
    return float(MU0 * C0 / (2.0 * np.pi) * logarithm)


def _odd_in_air(wire: float, separation: float, shield: float) -> float:
    """Impedance in ohm in air of one wire while the other carries the opposite: half the differential one."""
    p, q = separation / wire, separation / shield
    bracket = np.log(2.0 * p * (1.0 - q**2) / (1.0 + q**2)) - (1.0 + 4.0 * p**2) / (16.0 * p**4) * (1.0 - 4.0 * q**2)
    return float(MU0 * C0 / (2.0 * np.pi) * bracket)
