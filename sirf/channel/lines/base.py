"""What all lines of a pair share: from series impedance and shunt admittance to loss, impedance and two-port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import Complex, Float
from sirf.channel.kept_on_grid import kept_on_grid
from sirf.channel.lines.chain_matrix import two_port_of_pair, uniform_scattering
from sirf.channel.lines.unequal import slowed, unequal_pair
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.channel.pair import PairNetwork
from sirf.errors import PhysicsError

ROUNDING = 1.0 - 1e-9
"""A ratio that is meant to lie at the end of a range may miss it in its last bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(ABC):
    """A differential pair on a uniform cross-section, seen by its odd mode (or as two lines without coupling)."""

    material: Material

    @property
    @abstractmethod
    def cutoff(self) -> float:
        """Frequency in Hz up to which the model holds; networks beyond it are refused."""

    @property
    @abstractmethod
    def earliest_index(self) -> float:
        """Least refractive index of the line: nothing arrives before length x index / c."""

    @abstractmethod
    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line, each (F,), DC included."""

    def common_immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """The same for the common mode; lines without coupling between them carry it as they carry the differential one."""
        return self.immittances(frequency)

    @property
    def is_coupled(self) -> bool:
        """Whether the two lines of the pair couple, so that the common mode has immittances of its own."""
        return type(self).common_immittances is not Line.common_immittances

    def coefficients(self, frequency: ArrayLike) -> tuple[Complex, Complex]:
        """(gamma per m, differential characteristic impedance in ohm), each (F,), at `frequency` > 0 in Hz."""
        series, shunt = self.immittances(np.asarray(frequency, dtype=np.float64))
        # gamma = sqrt(Z Y) and Z_c = sqrt(Z / Y) of one line; the pair's odd mode has it twice in series
        gamma, impedance = np.sqrt(series * shunt), 2.0 * np.sqrt(series / shunt)
        return np.asarray(gamma), np.asarray(impedance)

    def loss_db_per_m(self, frequency: ArrayLike) -> Float:
        """Attenuation (F,) in dB/m at `frequency` > 0 in Hz."""
        # one neper is 20 / ln 10 = 8.686 dB
        return np.asarray(self.coefficients(frequency)[0].real * 20.0 / np.log(10.0), dtype=np.float64)

    def network(self, frequency: ArrayLike, length: float, *, name: str = "line") -> Network:
        """Two-port of the pair (100 ohm) of `length` in m; raises `PhysicsError` for frequencies beyond `cutoff`."""
        f = np.asarray(frequency, dtype=np.float64)
        check_band(f, self.cutoff, type(self).__name__)
        series, shunt = self._kept_immittances(f)
        return two_port_of_pair(f, uniform_scattering(series, shunt, length), name=name)

    @kept_on_grid
    def _kept_immittances(self, frequency: Float) -> tuple[Complex, ...]:
        """`immittances`, the same for all lengths of a cross-section."""
        return self.immittances(frequency)

    def slowed(self, skew: float, sign: float) -> float:
        """Factor on the admittance of line P (`sign` +1) or N (-1) when P is slower than N by `skew` in s/m."""
        return slowed(self, skew, sign)

    def pair(
        self, frequency: ArrayLike, length: float, *, skew: float = 0.0, length_difference: float = 0.0
    ) -> PairNetwork:
        """Both modes of the pair over `length` in m, and what turns one into the other where the two lines are not equal.

        `skew` in s/m is how much slower line P is than N, each taken by itself (the two dielectrics differ that much);
        `length_difference` in m is how much longer P is than N, `length` their mean. Raises `PhysicsError` beyond `cutoff`, or
        for an imbalance that leaves no line.
        """
        f = np.asarray(frequency, dtype=np.float64)
        check_band(f, self.cutoff, type(self).__name__)
        return unequal_pair(self, f, length, skew=skew, length_difference=length_difference)


def check_band(frequency: Float, cutoff: float, name: str) -> None:
    """Raise `PhysicsError` where `frequency` (ascending, Hz) goes beyond `cutoff`."""
    if frequency[-1] > cutoff:
        raise PhysicsError(
            f"frequency must stay below {cutoff / 1e9:.0f} GHz for this {name.lower()}, got {frequency[-1] / 1e9:g} GHz. "
            "Make the cross-section smaller or reduce the band."
        )


def internal_impedance(
    frequency: Float, material: Material, recession: float | NDArray[np.float64], area: float
) -> Complex:
    """sqrt(R_dc² + (recession Z_s)²) in ohm/m: right at DC and where the skin is thin, causal between.

    `recession` is dL/dn / mu0 in 1/m (Wheeler, Proc. IRE 30 (1942) 412), one number or one a frequency, `area` the
    cross-section in m². At low frequency this is the resistance of the strip: a thin wire is an RC line there.
    """
    # Wheeler: the field that a recession of the surface frees is the field inside the skin
    skin = recession * material.surface_impedance(frequency)
    # the whole cross-section carries the current at DC
    direct = 1.0 / (material.conductivity * area)
    return np.asarray(np.sqrt(direct**2 + skin**2), dtype=np.complex128)
