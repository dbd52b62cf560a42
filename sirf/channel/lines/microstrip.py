"""Pairs of microstrips: without coupling between them, and edge-coupled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.lines import hammerstad
from sirf.channel.lines.base import ROUNDING, Line, internal_impedance
from sirf.channel.lines.dispersion import Dispersion, even_dispersion, odd_dispersion, single_dispersion
from sirf.channel.lines.fields import Strips, capacitance_matrix, recession_matrix
from sirf.channel.materials import Material
from sirf.errors import PhysicsError
from sirf.units import C0, MU0

_MAX_THICKNESS_RATIO = 0.5
"""Largest thickness / height for which Hammerstad's wider strip is within 1 % of the field solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Microstrip(Line):
    """A differential pair of microstrips far apart on a slab over a plane, air above.

    `width`, `thickness` and `height` of the slab in m. Impedance and permittivity by Hammerstad and Jensen (IEEE MTT-S 1980)
    with thickness; dispersion by Kirschning and Jansen (Electronics Letters 18, 1982) in a causal form within 1 %; it raises the
    series inductance, so the impedance rises as sqrt(effective permittivity). Loss of the slab by its filling factor, of the
    conductor by Wheeler's incremental inductance.

    Valid for width / height from 0.1 to 100, thickness up to half the height and the width, Dk up to 20, frequencies to
    `cutoff`. Raises `PhysicsError` outside.

    >>> from sirf.channel.materials import load_material
    >>> line = Microstrip(material=load_material("megtron7"), width=220e-6, thickness=30e-6, height=100e-6)
    >>> round(line.impedance)
    96
    """

    material: Material
    width: float
    thickness: float
    height: float

    def __post_init__(self) -> None:
        """Validate the geometry against the formulas' range."""
        _check(self.width, self.thickness, self.height, self.material.dk, widest=100.0, highest_dk=20.0)

    @property
    def effective_dk(self) -> float:
        """Effective permittivity without dispersion, at the material's frequency."""
        return self._static.effective

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm without loss and dispersion."""
        return 2.0 * self._static.air / float(np.sqrt(self.effective_dk))

    @property
    def cutoff(self) -> float:
        """The lower of where the dispersion stops being causal and the transverse resonance c / (sqrt(Dk) (2 w + 0.8 h)), Hz."""
        return _cutoff(self._dispersion, self.width, self.height, self.material.dk)

    @property
    def earliest_index(self) -> float:
        """Index of the static line with the slab at infinite frequency: dispersion only slows it in the band."""
        return _earliest(self.effective_dk, self.material)

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line, each (F,), DC included."""
        air = self._static.air
        # a step small against the strip and large against rounding: the closed form is smooth
        step = 1e-4 * self.thickness
        # air alone: conductor loss does not know the dielectric
        receded = hammerstad.single(
            (self.width - 2 * step) / (self.height + 2 * step),
            (self.thickness - 2 * step) / (self.height + 2 * step),
            1.0,
        ).air
        # L = Z / c of a line in air
        recession = (receded - air) / (C0 * step * MU0)
        inside = internal_impedance(frequency, self.material, recession, self.width * self.thickness)
        return _immittances(frequency, self.material, air, self.effective_dk, self._dispersion, self.height, inside)

    @property
    def _static(self) -> hammerstad.Strip:
        return hammerstad.single(self.width / self.height, self.thickness / self.height, self.material.dk)

    @property
    def _dispersion(self) -> Dispersion:
        return single_dispersion(self.width / self.height, self.material.dk, self.effective_dk)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMicrostrip(Line):
    """An edge-coupled differential pair of microstrips, by its odd mode.

    As `Microstrip`, with the `gap` between the facing edges in m. Capacitance, inductance and conductor loss by boundary elements
    with the real thickness (`fields`), within 1 % of Kirschning and Jansen (IEEE Trans. MTT-32, 1984) for thin strips, whose
    formula for the odd mode gives the dispersion. Valid for width and gap over height from 0.1 to 10, Dk up to 18.

    >>> from sirf.channel.materials import load_material
    >>> line = EdgeMicrostrip(material=load_material("megtron7"), width=150e-6, gap=150e-6, thickness=30e-6, height=100e-6)
    >>> round(line.impedance), round(line.common_impedance)
    (104, 33)
    """

    material: Material
    width: float
    gap: float
    thickness: float
    height: float

    def __post_init__(self) -> None:
        """Validate the geometry against the formulas' range."""
        _check(self.width, self.thickness, self.height, self.material.dk, widest=10.0, highest_dk=18.0)
        if not 0.1 * ROUNDING <= self.gap / self.height <= 10.0 / ROUNDING:
            raise PhysicsError(
                f"gap / height must be between 0.1 and 10, got {self.gap / self.height:.3g}. Check the gap."
            )

    @property
    def strips(self) -> Strips:
        """The cross-section for the field solution."""
        pitch = self.width + self.gap
        return Strips((-0.5 * pitch, 0.5 * pitch), self.width, self.thickness, self.height)

    @property
    def effective_dk(self) -> float:
        """Effective permittivity of the odd mode without dispersion, at the material's frequency."""
        return self._mode(-1.0).effective

    @property
    def impedance(self) -> float:
        """Differential impedance in ohm: twice that of the odd mode, without loss and dispersion."""
        odd = self._mode(-1.0)
        return 2.0 * odd.air / float(np.sqrt(odd.effective))

    @property
    def common_impedance(self) -> float:
        """Common-mode impedance in ohm: half that of the even mode."""
        even = self._mode(1.0)
        return 0.5 * even.air / float(np.sqrt(even.effective))

    @property
    def cutoff(self) -> float:
        """Highest frequency in Hz of the model, as of `Microstrip.cutoff`."""
        return _cutoff(self._dispersion, self.width, self.height, self.material.dk)

    @property
    def earliest_index(self) -> float:
        """As of `Microstrip`, for the odd mode."""
        return _earliest(self.effective_dk, self.material)

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line in the odd mode, each (F,), DC included."""
        return self._mode_immittances(frequency, -1.0, self._dispersion)

    def common_immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """The same in the even mode, in which both lines carry the common mode; its dispersion by the same authors."""
        u, g = self.width / self.height, self.gap / self.height
        dispersion = even_dispersion(u, g, self.material.dk, self._mode(1.0).effective)
        return self._mode_immittances(frequency, 1.0, dispersion)

    def _mode_immittances(self, frequency: Float, sign: float, dispersion: Dispersion) -> tuple[Complex, Complex]:
        mode, matrix = self._mode(sign), recession_matrix(self.strips)
        recession = float(matrix[0, 0] + sign * matrix[0, 1])
        inside = internal_impedance(frequency, self.material, recession, self.width * self.thickness)
        return _immittances(frequency, self.material, mode.air, mode.effective, dispersion, self.height, inside)

    def _mode(self, sign: float) -> hammerstad.Strip:
        air, slab = (capacitance_matrix(self.strips, dk) for dk in (1.0, self.material.dk))
        alone = float(air[0, 0] + sign * air[0, 1])
        # C with the slab over C without it is the effective permittivity
        return hammerstad.Strip(1.0 / (C0 * alone), float(slab[0, 0] + sign * slab[0, 1]) / alone)

    @property
    def _dispersion(self) -> Dispersion:
        u, g = self.width / self.height, self.gap / self.height
        return odd_dispersion(u, g, self.material.dk, self.effective_dk)


def _immittances(
    frequency: Float,
    material: Material,
    air: float,
    effective: float,
    dispersion: Dispersion,
    height: float,
    inside: Complex,
) -> tuple[Complex, Complex]:
    w = 2.0 * np.pi * frequency
    # Hz m to GHz mm: 1e-9 x 1e3
    slower = 1.0 + dispersion.rise(frequency * height * 1e-6) / effective
    # share of the field in the slab, from what it does to the capacitance
    filling = (effective - 1.0) / (material.dk - 1.0) if material.dk > 1.0 else 1.0
    # only the share of the field inside the slab meets its permittivity and its loss
    permittivity = 1.0 + filling * (material.permittivity(frequency) - 1.0)
    series = 1j * w * (air / C0) * slower + inside
    shunt = 1j * w * permittivity / (C0 * air)
    return np.asarray(series, dtype=np.complex128), np.asarray(shunt, dtype=np.complex128)


def _cutoff(dispersion: Dispersion, width: float, height: float, dk: float) -> float:
    transverse = C0 / (float(np.sqrt(dk)) * (2.0 * width + 0.8 * height))
    # the lower of both; a GHz mm is 1e6 Hz m
    return min(transverse, dispersion.limit * 1e6 / height)


def _earliest(effective: float, material: Material) -> float:
    filling = (effective - 1.0) / (material.dk - 1.0) if material.dk > 1.0 else 1.0
    # at infinite frequency the slab has its least permittivity, and the wave its highest speed
    return float(np.sqrt(1.0 + filling * (material.high_frequency_dk - 1.0)))


def _check(width: float, thickness: float, height: float, dk: float, *, widest: float, highest_dk: float) -> None:
    if not (width > 0 and height > 0 and 0 < thickness <= min(_MAX_THICKNESS_RATIO * height, width)):
        raise PhysicsError(
            "microstrip must have a positive width and height and a thickness up to half the height and the width, got width "
            f"{width}, thickness {thickness}, height {height} m. Check the unit."
        )
    if not 0.1 * ROUNDING <= width / height <= widest / ROUNDING:
        raise PhysicsError(
            f"width / height must be between 0.1 and {widest:g}, got {width / height:.3g}. Change the width."
        )
    if dk > highest_dk:
        raise PhysicsError(f"dk must be at most {highest_dk:g} for a microstrip, got {dk:g}. Use another slab.")
