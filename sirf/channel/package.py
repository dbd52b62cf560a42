"""Device packages by the formulas of IEEE 802.3 Annex 93A: die termination, package line, ball.

All are two-ports normalised to R_0 a line (2 R_0 differential); lumped values are those of one line to ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.channel.cascade import cascade
from sirf.channel.network import Network
from sirf.errors import SirfError


def shunt_capacitance(frequency: Float, capacitance: float, r_0: float = 50.0) -> Complex:
    """S (F, 2, 2) of a shunt capacitance in F, equation (93A-8)."""
    # admittance of one line over that of its reference
    y = 2j * np.pi * np.asarray(frequency) * capacitance * r_0
    return _symmetric(-y / (2.0 + y), 2.0 / (2.0 + y))


def series_inductance(frequency: Float, inductance: float, r_0: float = 50.0) -> Complex:
    """S (F, 2, 2) of a series inductance in H, clause 93A.1.2.2 as 802.3ck extends it."""
    # impedance of one line over its reference
    z = 2j * np.pi * np.asarray(frequency) * inductance / r_0
    return _symmetric(z / (2.0 + z), 2.0 / (2.0 + z))


def propagation(frequency: Float, *, gamma0: float, a1: float, a2: float, tau: float) -> Complex:
    """Complex propagation coefficient (F,) per mm, equations (93A-9) to (93A-11).

    gamma(f) = gamma0 + a1 (1+j) sqrt(f) + [a2 (1 - j (2/pi) ln f) + j 2 pi tau] f, f in GHz, tau in ns/mm; gamma0 at DC.
    """
    f = np.asarray(frequency, dtype=float) / 1e9
    # f ln f vanishes at DC
    logarithm = np.log(np.where(f > 0, f, 1.0))
    return np.asarray(gamma0 + a1 * (1 + 1j) * np.sqrt(f) + (a2 * (1 - 2j / np.pi * logarithm) + 2j * np.pi * tau) * f)


def transmission_line(
    frequency: Float,
    z_c: float,
    length_mm: float,
    *,
    gamma0: float,
    a1: float,
    a2: float,
    tau: float,
    r_0: float = 50.0,
) -> Complex:
    """S (F, 2, 2) of a line of differential impedance `z_c` in ohm, equations (93A-12) to (93A-14)."""
    gamma = propagation(frequency, gamma0=gamma0, a1=a1, a2=a2, tau=tau)
    # `z_c` is differential, `r_0` that of one line
    reflection = (z_c - 2.0 * r_0) / (z_c + 2.0 * r_0)
    once = np.exp(-gamma * length_mm)
    # echoes between both ends of the line, summed
    scale = 1.0 / (1.0 - reflection**2 * once**2)
    return _symmetric(reflection * (1.0 - once**2) * scale, (1.0 - reflection**2) * once * scale)


def terminated_transfer(
    s21: Complex, s11: Complex, s12: Complex, s22: Complex, gamma1: float | Complex, gamma2: float | Complex
) -> Complex:
    """Voltage transfer H_21 (F,) between terminations with reflection coefficients `gamma1`, `gamma2`, equation (93A-18)."""
    # port voltages, not waves: with real sources and loads the transfer is over the source's open voltage
    determinant = s11 * s22 - s12 * s21
    return np.asarray(
        s21 * (1.0 - gamma1) * (1.0 + gamma2) / (1.0 - s11 * gamma1 - s22 * gamma2 + gamma1 * gamma2 * determinant)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLine:
    """One section of package trace: differential impedance in ohm, length in mm."""

    z_c: float
    length_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A device package, die side first.

    `die` lists the stages (C_d in F, L_s in H) from the die outwards, `c_b` the bump capacitance in F, `lines` the sections
    from the bump to the ball, `c_p` the ball capacitance in F. Line coefficients are in COM units (f in GHz, mm, ns). `r_d` is
    the die's termination, `r_0` the reference, both in ohm a line. Passive and reciprocal; the line formula's ln f keeps it
    from being exactly causal. Raises `SirfError` for negative values or impedances that are not positive.

    >>> import numpy as np
    >>> die = Package(die=((120e-15, 120e-12),), c_b=30e-15)
    >>> die.network(np.array([0.0, 26.5625e9])).ports
    2
    """

    die: tuple[tuple[float, float], ...]
    c_b: float = 0.0
    lines: tuple[PackageLine, ...] = ()
    gamma0: float = 0.0
    a1: float = 0.0
    a2: float = 0.0
    tau: float = 0.0
    c_p: float = 0.0
    r_0: float = 50.0
    r_d: float = 50.0

    def __post_init__(self) -> None:
        """Validate the values."""
        values = [*(value for stage in self.die for value in stage), self.c_b, self.c_p]
        values += [line.length_mm for line in self.lines] + [self.gamma0, self.a1, self.a2, self.tau]
        if not all(np.isfinite(value) and value >= 0 for value in values):
            raise SirfError(
                f"package values must be zero or positive, got {values}. Check C_d, L_s, C_b, C_p, lengths and coefficients."
            )
        if not (self.r_0 > 0 and self.r_d > 0 and all(line.z_c > 0 for line in self.lines)):
            raise SirfError(f"package impedances must be positive, got R_0 {self.r_0}, R_d {self.r_d}. Use 50 ohm.")

    def network(self, frequency: Float, *, receiver: bool = False) -> Network:
        """The two-port at `frequency` (F,) in Hz, die side at port 1 (at port 2 for a receiver), equation (93A-15)."""
        f = np.asarray(frequency, dtype=float)
        parts = []
        for capacitance, inductance in self.die:
            # the innermost stage first: capacitance to ground, then inductance on the way out
            parts += [shunt_capacitance(f, capacitance, self.r_0), series_inductance(f, inductance, self.r_0)]
        parts.append(shunt_capacitance(f, self.c_b, self.r_0))
        for line in self.lines:
            parts.append(
                transmission_line(
                    f, line.z_c, line.length_mm, gamma0=self.gamma0, a1=self.a1, a2=self.a2, tau=self.tau, r_0=self.r_0
                )
            )
        parts.append(shunt_capacitance(f, self.c_p, self.r_0))
        s = reduce(cascade, parts)
        if receiver:
            # a receiver's die is the far end: both ports change places
            s = s[:, ::-1, ::-1]
        return Network(f, s, z0=2.0 * self.r_0, name="package")


def _symmetric(reflected: NDArray[Any], through: NDArray[Any]) -> Complex:
    s = np.empty((len(reflected), 2, 2), dtype=complex)
    s[:, 0, 0] = s[:, 1, 1] = reflected
    s[:, 0, 1] = s[:, 1, 0] = through
    return s
