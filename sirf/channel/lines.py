"""Transmission lines from geometry and material: series impedance and shunt admittance, then a two-port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0, MU0

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

REFERENCE_OHM = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripline:
    """A differential pair of symmetric striplines, taken as two lines without coupling between them.

    `width`, `thickness` of the trace and `spacing` of the planes in m; the differential impedance is twice that of one line.
    Impedance by Cohn (1955) with finite thickness, wide-strip form: width / (spacing - thickness) of at least 0.35.
    Conductor loss by Wheeler's incremental inductance (1942) with the material's complex surface impedance, so resistance and
    internal inductance belong together; at DC the resistance is that of the trace.
    """

    material: Material
    width: float
    thickness: float
    spacing: float

    def __post_init__(self) -> None:
        """Refuse geometries outside the formula's range."""
        if not (self.width > 0 and 0 < self.thickness < 0.5 * self.spacing):
            raise PhysicsError(f"stripline must have a positive width and a thickness below half the plane spacing, got "
                               f"{self.width}, {self.thickness}, {self.spacing} m. Check the unit.")  # fmt: skip
        if self.width / (self.spacing - self.thickness) < 0.35:
            raise PhysicsError(f"width / (spacing - thickness) must be at least 0.35, got "
                               f"{self.width / (self.spacing - self.thickness):.3f}. Widen the trace.")  # fmt: skip

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm without loss at the material's frequency."""
        return 2.0 * _cohn_in_air(self.width, self.thickness, self.spacing) / float(np.sqrt(self.material.dk))

    def coefficients(self, frequency: Real) -> tuple[Complex, Complex]:
        """(gamma per m, differential characteristic impedance in ohm), each (F,), at `frequency` > 0 in Hz."""
        f = np.asarray(frequency, dtype=float)
        w = 2 * np.pi * f
        air = _cohn_in_air(self.width, self.thickness, self.spacing)
        series = 1j * w * air / C0 + self._internal(f)
        shunt = 1j * w * self.material.permittivity(f) / (C0 * air)
        return np.asarray(np.sqrt(series * shunt)), np.asarray(2.0 * np.sqrt(series / shunt), dtype=complex)

    def loss_db_per_m(self, frequency: Real) -> Real:
        """Attenuation (F,) in dB/m."""
        return np.asarray(self.coefficients(frequency)[0].real * 20.0 / np.log(10.0))

    def network(self, frequency: Real, length: float) -> Network:
        """Two-port (100 ohm differential) of `length` in m."""
        gamma, impedance = self.coefficients(np.maximum(frequency, 1.0))
        return line_network(frequency, gamma, impedance, length, name="stripline")

    def _internal(self, frequency: Real) -> Complex:
        """Internal impedance in ohm/m of one line: sqrt(R_dc² + (dL/dn Z_s / mu0)²), causal and right at both ends."""
        step = 1e-4 * self.thickness
        receded = _cohn_in_air(self.width - 2 * step, self.thickness - 2 * step, self.spacing + 2 * step)
        slope = (receded - _cohn_in_air(self.width, self.thickness, self.spacing)) / (C0 * step)
        skin = slope / MU0 * self.material.surface_impedance(frequency)
        direct = 1.0 / (self.material.conductivity * self.width * self.thickness)
        return np.sqrt(direct**2 + skin**2)


def _cohn_in_air(width: float, thickness: float, spacing: float) -> float:
    """Impedance in ohm of a symmetric stripline in air."""
    x = 1.0 / (1.0 - thickness / spacing)
    fringe = (2 * x * np.log(x + 1) - (x - 1) * np.log(x**2 - 1)) / np.pi
    return float(94.15 / (width / spacing * x + fringe))


def line_network(frequency: Real, gamma: Complex, impedance: Complex, length: float, *, name: str) -> Network:
    """Two-port at 100 ohm of a uniform line: gamma (F,) per m, impedance (F,) in ohm, `length` in m."""
    reflection = (impedance - REFERENCE_OHM) / (impedance + REFERENCE_OHM)
    once = np.exp(-gamma * length)
    scale = 1.0 / (1.0 - reflection**2 * once**2)
    s = np.empty((len(once), 2, 2), dtype=complex)
    s[:, 0, 0] = s[:, 1, 1] = reflection * (1.0 - once**2) * scale
    s[:, 0, 1] = s[:, 1, 0] = (1.0 - reflection**2) * once * scale
    return Network(frequency, s, z0=REFERENCE_OHM, name=name)
