"""Transmission lines from geometry and material: series impedance and shunt admittance, then a two-port.

A differential pair is taken as two equal lines without coupling: the pair's S-parameters at 100 ohm are those of one line at
50 ohm. Chain matrices here are those of one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0, MU0

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

LINE_OHM = 50.0
PAIR_OHM = 100.0
NARROWEST = 0.35
"""Least width / (spacing - thickness) for which Cohn's wide-strip formula holds."""


class Chain(NamedTuple):
    """Chain (ABCD) matrix of a reciprocal two-port over frequency, each entry (F,) or a number; b in ohm, c in siemens."""

    a: Complex
    b: Complex
    c: Complex
    d: Complex


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


def line_chain(series: Complex, shunt: Complex, length: float) -> Chain:
    """Chain matrix of `length` in m of a uniform line: `series` (F,) in ohm/m, `shunt` (F,) in S/m; exact at DC."""
    turn = np.sqrt(series * shunt) * length
    still = np.abs(turn) < 1e-100
    # sinh(x) / x keeps b and c finite where gamma vanishes
    ratio = np.where(still, 1.0, np.sinh(turn) / np.where(still, 1.0, turn)) * length
    cosine = np.cosh(turn)
    return Chain(cosine, series * ratio, shunt * ratio, cosine)


def series_chain(impedance: NDArray[Any]) -> Chain:
    """Chain matrix of an impedance (F,) in ohm in series."""
    value = np.asarray(impedance, dtype=np.complex128)
    one, zero = np.ones_like(value), np.zeros_like(value)
    return Chain(one, value, zero, one)


def shunt_chain(admittance: NDArray[Any]) -> Chain:
    """Chain matrix of an admittance (F,) in S to ground."""
    value = np.asarray(admittance, dtype=np.complex128)
    one, zero = np.ones_like(value), np.zeros_like(value)
    return Chain(one, zero, value, one)


def join(*chains: Chain) -> Chain:
    """Chain matrix of two-ports in series."""
    return reduce(_product, chains)


def pair_network(frequency: Real, chain: Chain, *, name: str = "") -> Network:
    """Two-port at 100 ohm of a pair of uncoupled equal lines with this chain matrix each."""
    b, c = chain.b / LINE_OHM, chain.c * LINE_OHM
    total = chain.a + b + c + chain.d
    s = np.empty((frequency.size, 2, 2), dtype=np.complex128)
    s[:, 0, 0] = (chain.a + b - c - chain.d) / total
    s[:, 0, 1] = s[:, 1, 0] = 2.0 / total
    s[:, 1, 1] = (chain.d + b - c - chain.a) / total
    return Network(frequency, s, z0=PAIR_OHM, name=name)


def _product(first: Chain, second: Chain) -> Chain:
    return Chain(
        first.a * second.a + first.b * second.c,
        first.a * second.b + first.b * second.d,
        first.c * second.a + first.d * second.c,
        first.c * second.b + first.d * second.d,
    )
