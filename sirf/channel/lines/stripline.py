"""A pair of striplines without coupling between them: series impedance and shunt admittance from geometry and material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.channel.lines import cohn
from sirf.channel.lines.base import Line, internal_impedance
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0, MU0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripline(Line):
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
        """Validate the geometry against the formula's range."""
        if not (self.width > 0 and 0 < self.thickness < 0.5 * self.spacing):
            raise PhysicsError(
                "stripline must have a positive width and a thickness below half the plane spacing, got width "
                f"{self.width}, thickness {self.thickness}, spacing {self.spacing} m. Check the unit."
            )
        ratio = self.width / (self.spacing - self.thickness)
        if not ratio >= cohn.MIN_WIDTH_RATIO:
            raise PhysicsError(
                f"width / (spacing - thickness) must be at least {cohn.MIN_WIDTH_RATIO}, got {ratio:.3f}. Widen the trace."
            )

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm without loss at the material's frequency."""
        return 2.0 * cohn.single(self.width, self.thickness, self.spacing) / float(np.sqrt(self.material.dk))

    @property
    def cutoff(self) -> float:
        """Frequency in Hz above which a second mode runs between the planes: half a wave in their spacing."""
        return C0 / (2.0 * self.spacing * float(np.sqrt(self.material.high_frequency_dk)))

    @property
    def earliest_index(self) -> float:
        """Index of the dielectric at infinite frequency."""
        return float(np.sqrt(self.material.high_frequency_dk))

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line, each (F,), DC included."""
        w = 2.0 * np.pi * frequency
        air = cohn.single(self.width, self.thickness, self.spacing)
        # a step small against the trace and large against rounding
        step = 1e-4 * self.thickness
        # all faces recede by one step, planes included: both sides of a size change
        receded = cohn.single(self.width - 2 * step, self.thickness - 2 * step, self.spacing + 2 * step)
        recession = (receded - air) / (C0 * step) / MU0
        inside = internal_impedance(frequency, self.material, recession, self.width * self.thickness)
        series = 1j * w * (air / C0) + inside
        shunt = 1j * w * self.material.permittivity(frequency) / (C0 * air)
        return np.asarray(series, dtype=np.complex128), np.asarray(shunt, dtype=np.complex128)

    def network(self, frequency: ArrayLike, length: float, *, name: str = "stripline") -> Network:
        """Two-port of the pair (100 ohm) of `length` in m; raises `PhysicsError` for frequencies beyond `cutoff`."""
        return Line.network(self, frequency, length, name=name)
