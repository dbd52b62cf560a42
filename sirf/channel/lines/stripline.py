"""A pair of striplines without coupling between them: series impedance and shunt admittance from geometry and material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sirf.channel.lines.chain import Complex, Real, line_chain, pair_network
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0, MU0

NARROWEST = 0.35
"""Least width / (spacing - thickness) for which Cohn's wide-strip formula holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripline:
    """A differential pair of symmetric striplines, taken as two lines without coupling between them.

    `width` and `thickness` of the trace and `spacing` of the planes in m; the differential impedance is twice that of one
    line. Impedance by Cohn (IRE Trans. MTT-3, 1955) with finite thickness, wide-strip form: within 1.5 % for
    width / (spacing - thickness) >= 0.35. Conductor loss by Wheeler's incremental inductance (Proc. IRE 30, 1942) with the
    material's complex surface impedance, so that resistance and internal inductance belong together.

    Raises `PhysicsError` for a geometry outside that range.

    >>> from sirf.channel.materials import load_material
    >>> line = Stripline(material=load_material("megtron7"), width=127e-6, thickness=17e-6, spacing=280e-6)
    >>> round(line.impedance)
    101
    """

    material: Material
    width: float
    thickness: float
    spacing: float

    def __post_init__(self) -> None:
        """Refuse geometries outside the formula's range."""
        if not (self.width > 0 and 0 < self.thickness < 0.5 * self.spacing):
            raise PhysicsError(
                "stripline must have a positive width and a thickness below half the plane spacing, got width "
                f"{self.width}, thickness {self.thickness}, spacing {self.spacing} m. Check the unit."
            )
        ratio = self.width / (self.spacing - self.thickness)
        if not ratio >= NARROWEST:
            raise PhysicsError(
                f"width / (spacing - thickness) must be at least {NARROWEST}, got {ratio:.3f}. Widen the trace."
            )

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm without loss at the material's frequency."""
        return 2.0 * _cohn_in_air(self.width, self.thickness, self.spacing) / float(np.sqrt(self.material.dk))

    @property
    def cutoff(self) -> float:
        """Frequency in Hz above which a second mode runs between the planes: half a wave in their spacing."""
        return C0 / (2.0 * self.spacing * float(np.sqrt(self.material.high_frequency_dk)))

    def coefficients(self, frequency: ArrayLike) -> tuple[Complex, Complex]:
        """(gamma per m, differential characteristic impedance in ohm), each (F,), at `frequency` > 0 in Hz."""
        series, shunt = self.immittances(np.asarray(frequency, dtype=np.float64))
        gamma, impedance = np.sqrt(series * shunt), 2.0 * np.sqrt(series / shunt)
        return np.asarray(gamma), np.asarray(impedance)

    def immittances(self, frequency: Real) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line, each (F,), DC included."""
        w = 2.0 * np.pi * frequency
        air = _cohn_in_air(self.width, self.thickness, self.spacing)
        series = 1j * w * (air / C0) + self._internal(frequency)
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * air)
        return np.asarray(series, dtype=np.complex128), np.asarray(shunt, dtype=np.complex128)

    def loss_db_per_m(self, frequency: ArrayLike) -> Real:
        """Attenuation (F,) in dB/m at `frequency` > 0 in Hz."""
        return np.asarray(self.coefficients(frequency)[0].real * 20.0 / np.log(10.0), dtype=np.float64)

    def network(self, frequency: ArrayLike, length: float, *, name: str = "stripline") -> Network:
        """Two-port of the pair (100 ohm) of `length` in m; raises `PhysicsError` for frequencies beyond `cutoff`."""
        f = np.asarray(frequency, dtype=np.float64)
        if f[-1] > self.cutoff:
            raise PhysicsError(
                f"frequency must stay below {self.cutoff / 1e9:.0f} GHz for this stripline, got {f[-1] / 1e9:g} GHz. "
                "Reduce the plane spacing or the band."
            )
        return pair_network(f, line_chain(*self.immittances(f), length), name=name)

    def _internal(self, frequency: Real) -> Complex:
        """Internal impedance in ohm/m of one line: sqrt(R_dc² + (dL/dn Z_s / mu0)²), causal and right at both ends."""
        step = 1e-4 * self.thickness
        receded = _cohn_in_air(self.width - 2 * step, self.thickness - 2 * step, self.spacing + 2 * step)
        slope = (receded - _cohn_in_air(self.width, self.thickness, self.spacing)) / (C0 * step)
        skin = slope / MU0 * self.material.surface_impedance(frequency)
        direct = 1.0 / (self.material.conductivity * self.width * self.thickness)
        return np.asarray(np.sqrt(direct**2 + skin**2), dtype=np.complex128)


def _cohn_in_air(width: float, thickness: float, spacing: float) -> float:
    """Impedance in ohm of a symmetric stripline in air."""
    x = 1.0 / (1.0 - thickness / spacing)
    fringe = (2.0 * x * np.log(x + 1.0) - (x - 1.0) * np.log(x**2 - 1.0)) / np.pi
    return float(94.15 / (width / spacing * x + fringe))
