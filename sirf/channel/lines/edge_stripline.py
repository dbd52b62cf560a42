"""Edge-coupled striplines: a differential pair midway between two planes in one dielectric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.lines.base import ROUNDING, Line, internal_impedance
from sirf.channel.lines.fields import Strips, capacitance_matrix, recession_matrix
from sirf.channel.materials import Material
from sirf.errors import PhysicsError
from sirf.units import C0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStripline(Line):
    """An edge-coupled differential pair of striplines midway between planes, by its odd mode.

    `width`, `gap` between the facing edges, `thickness` and `spacing` of the planes in m. Capacitance, inductance and conductor
    loss by boundary elements with the real thickness (`fields`): within 0.3 % of Cohn's exact even and odd mode (IRE Trans.
    MTT-3, 1955) for thin strips and 3 % of his correction for thick ones (`cohn.pair`).

    Valid for width and gap from a tenth to five times the plane spacing and thickness up to half of it and twice the gap, up to
    `cutoff`. Raises `PhysicsError` outside.

    >>> from sirf.channel.materials import load_material
    >>> line = EdgeStripline(material=load_material("megtron7"), width=115e-6, gap=180e-6, thickness=17e-6, spacing=280e-6)
    >>> round(line.impedance), round(line.common_impedance)
    (100, 28)
    """

    material: Material
    width: float
    gap: float
    thickness: float
    spacing: float

    def __post_init__(self) -> None:
        """Validate the geometry."""
        for name, value in (("width", self.width), ("gap", self.gap)):
            if not (self.spacing > 0 and 0.1 * ROUNDING <= value / self.spacing <= 5.0 / ROUNDING):
                raise PhysicsError(
                    f"{name} must be between a tenth and five times the plane spacing, got {value} and {self.spacing} m. "
                    "Check the unit."
                )
        if not 0 < self.thickness <= min(0.5 * self.spacing, 2.0 * self.gap):
            raise PhysicsError(
                f"thickness must be positive, at most half the plane spacing and twice the gap, got {self.thickness} m. "
                "Check the unit."
            )

    @property
    def strips(self) -> Strips:
        """The cross-section for the field solution."""
        # midway: half of what the trace leaves of the spacing lies below it
        pitch, height = self.width + self.gap, 0.5 * (self.spacing - self.thickness)
        return Strips((-0.5 * pitch, 0.5 * pitch), self.width, self.thickness, height, self.spacing)

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm: twice that of the odd mode, without loss."""
        # odd mode in air over the root of Dk; both lines of a pair are in series
        return 2.0 * self._air(-1.0) / float(np.sqrt(self.material.dk))

    @property
    def common_impedance(self) -> float:
        """Common-mode impedance in ohm: half that of the even mode, without loss."""
        # even mode: both lines are parallel
        return 0.5 * self._air(1.0) / float(np.sqrt(self.material.dk))

    @property
    def cutoff(self) -> float:
        """Frequency in Hz above which a second mode runs between the planes: half a wave in their spacing."""
        # half a wavelength at the highest speed that the dielectric has, where its Dk is least
        return C0 / (2.0 * self.spacing * float(np.sqrt(self.material.high_frequency_dk)))

    @property
    def earliest_index(self) -> float:
        """Index of the dielectric at infinite frequency."""
        return float(np.sqrt(self.material.high_frequency_dk))

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line in the odd mode, each (F,), DC included."""
        return self._mode_immittances(frequency, -1.0)

    def common_immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """The same in the even mode, in which both lines carry the common mode."""
        return self._mode_immittances(frequency, 1.0)

    def _mode_immittances(self, frequency: Float, sign: float) -> tuple[Complex, Complex]:
        w, air = 2.0 * np.pi * frequency, self._air(sign)
        matrix = recession_matrix(self.strips)
        # odd and even mode are the difference and the sum of own and mutual entries
        recession = float(matrix[0, 0] + sign * matrix[0, 1])
        inside = internal_impedance(frequency, self.material, recession, self.width * self.thickness)
        series = 1j * w * (air / C0) + inside
        # one homogeneous dielectric: C is that in air, 1 / (c Z_air), times the permittivity; L = Z_air / c keeps that
        # of air
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * air)
        return np.asarray(series, dtype=np.complex128), np.asarray(shunt, dtype=np.complex128)

    def _air(self, sign: float) -> float:
        matrix = capacitance_matrix(self.strips, 1.0)
        # Z = 1 / (c C) of any line in air
        return 1.0 / (C0 * float(matrix[0, 0] + sign * matrix[0, 1]))
