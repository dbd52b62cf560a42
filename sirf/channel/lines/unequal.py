"""Pairs whose two lines are not equal: P/N skew in the dielectric, and lines of unequal length."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sirf._arrays import Complex, Float
from sirf._kernels.uniform_line import MAX_ATTENUATION_NEPER
from sirf.channel.cascade import inverse, matrix_product
from sirf.channel.lines.chain_matrix import uniform_scattering
from sirf.channel.materials import Material
from sirf.channel.network import LINE_OHM
from sirf.channel.pair import PairNetwork, cascade_pairs
from sirf.errors import PhysicsError


class PairLine(Protocol):
    """What this module needs to know of a line: its modes and its material."""

    @property
    def material(self) -> Material:
        """Laminate and foil."""
        ...

    @property
    def is_coupled(self) -> bool:
        """Whether the common mode has immittances of its own."""
        ...

    def immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of one line in the odd mode."""
        ...

    def common_immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        """The same in the even mode."""
        ...


def unequal_pair(
    line: PairLine, frequency: Float, length: float, *, skew: float = 0.0, length_difference: float = 0.0
) -> PairNetwork:
    """`length` in m (the mean of both) of a pair whose line P is slower by `skew` in s/m and longer by `length_difference` in m.

    The skew is that of each line by itself: its admittance is scaled by (1 ± skew / (2 slowness))², as its permittivity would be.
    Lines without coupling are exact. In a coupled pair both modes meet the unequal admittances all along; the extra length is a
    piece of the longer line alone at the end of the pair, between the two modes' impedances.
    """
    longest = 2.0 * length
    if not abs(length_difference) < longest:
        raise PhysicsError(
            f"length_difference must stay below twice the length of {length:g} m, got {length_difference:g} m. Check its unit."
        )
    series, shunt = line.immittances(frequency)
    if not line.is_coupled:
        if skew == 0.0 and length_difference == 0.0:
            alike = uniform_scattering(series, shunt, length)
            return PairNetwork(frequency, alike, alike)
        # P and N each by itself, where they do not meet
        p, n = (
            uniform_scattering(series, shunt * slowed(line, skew, sign), length + 0.5 * sign * length_difference)
            for sign in (1.0, -1.0)
        )
        return PairNetwork.of_lines(frequency, p, n)
    common_series, common_shunt = line.common_immittances(frequency)
    # both lines run together over the shorter one's length only; what the longer one has more comes behind it
    paired = length - 0.5 * abs(length_difference)
    if skew == 0.0:
        dd, cc = (uniform_scattering(z, y, paired) for z, y in ((series, shunt), (common_series, common_shunt)))
        pair = PairNetwork(frequency, dd, cc)
    else:
        # own admittance of a line: the mean of both modes; a line that is slower has more of it
        alone = 0.5 * (shunt + common_shunt)
        late, early = (alone * (slowed(line, skew, sign) - 1.0) for sign in (1.0, -1.0))
        # in modes a difference of P and N stands off the diagonal, and their mean on it
        mean, turn = 0.5 * (late + early), 0.5 * (late - early)
        zero = np.zeros_like(series)
        pair = coupled_pair(
            frequency,
            np.array([[series, zero], [zero, common_series]]),
            np.array([[shunt + mean, turn], [turn, common_shunt + mean]]),
            paired,
        )
    if length_difference == 0.0:
        return pair
    return cascade_pairs((pair, extra_length(frequency, single_immittances(line, frequency), length_difference)))


def single_immittances(line: PairLine, frequency: Float) -> tuple[Complex, Complex]:
    """(series impedance in ohm/m, shunt admittance in S/m) of one line of the pair by itself: the mean of both modes."""
    (series, shunt), (common_series, common_shunt) = line.immittances(frequency), line.common_immittances(frequency)
    return 0.5 * (series + common_series), 0.5 * (shunt + common_shunt)


def slowness(line: PairLine) -> float:
    """Delay in s/m of one line of the pair by itself, at the frequency where its material's Dk holds."""
    f = np.array([line.material.frequency])
    series, shunt = single_immittances(line, f)
    gamma = np.sqrt(series * shunt)
    return float(gamma[0].imag / (2.0 * np.pi * f[0]))


def coupled_pair(frequency: Float, series: Complex, shunt: Complex, length: float) -> PairNetwork:
    """Pair of `length` in m whose modes (differential, common) share `series` and `shunt` (2, 2, F), per m of one line.

    With M = Z Y the chain matrix holds cosh(sqrt(M) l) and sinh(sqrt(M) l) / sqrt(M). A function of a 2 x 2 matrix is c_0 + c_1 M
    with c_1 its divided difference between the two eigenvalues (Cayley and Hamilton); by half sums s and half differences t of
    sqrt(eigenvalue) l these are exact where both modes are equally fast: (cosh a - cosh b) / (a² - b²) = sinh s sinh t / (2 s t).
    """
    m = matrix_product(series, shunt)
    middle = 0.5 * (m[0, 0] + m[1, 1])
    # eigenvalues of a 2 x 2 matrix: half the trace plus and minus this root
    root = np.sqrt(0.25 * (m[0, 0] - m[1, 1]) ** 2 + m[0, 1] * m[1, 0])
    a, b = (_held(np.sqrt(middle + sign * root) * length) for sign in (1.0, -1.0))
    s, t = 0.5 * (a + b), 0.5 * (a - b)
    rise = 0.5 * length**2 * _sinhc(s) * _sinhc(t)
    # where a product vanishes the quotient below takes its limit
    both = np.where(a * b == 0.0, 1.0, a * b)
    # divided difference of sinh(x) / x by x²; its limit at zero is the second coefficient of the series, 1/6
    curve = np.where(a * b == 0.0, 1.0 / 6.0, 0.5 * (np.cosh(s) * _sinhc(t) - _sinhc(s) * np.cosh(t)) / both)
    curve = np.asarray(curve * length**2, dtype=np.complex128)
    cosine = _polynomial(np.cosh(s) * np.cosh(t) - rise * middle, rise, m)
    sine = _polynomial(0.5 * (_sinhc(a) + _sinhc(b)) - curve * middle, curve, m)
    impedance = matrix_product(sine, series) * (length / LINE_OHM)
    admittance = matrix_product(shunt, sine) * (length * LINE_OHM)
    transposed = cosine.swapaxes(0, 1)
    through = 2.0 * inverse(cosine + impedance + admittance + transposed)
    # a uniform piece is symmetric: one reflection and one transmission matrix
    reflected = 0.5 * matrix_product(cosine + impedance - admittance - transposed, through)
    return pair_of_waves(frequency, reflected, through)


def pair_of_waves(frequency: Float, reflected: Complex, through: Complex) -> PairNetwork:
    """Pair of the waves (2, 2, F) of its modes (differential, common) that turn back and that pass; the same from both ends."""
    return PairNetwork(frequency, *(_two_port(reflected[k], through[k]) for k in ((0, 0), (1, 1), (0, 1), (1, 0))))


def slowed(line: PairLine, skew: float, sign: float) -> float:
    """Factor on the admittance of line P (+1) or N (-1)."""
    if skew == 0.0:
        return 1.0
    # half of the skew on either line
    change = 0.5 * skew / slowness(line)
    if not abs(change) < 0.5:
        raise PhysicsError(
            f"skew must stay below the line's own delay of {slowness(line) * 1e9:.3g} ns/m, got {skew * 1e9:.3g} ns/m. "
            "Check its unit."
        )
    # delay goes with the root of the admittance
    return (1.0 + sign * change) ** 2


def extra_length(frequency: Float, single: tuple[Complex, Complex], length_difference: float) -> PairNetwork:
    """A piece of the longer line, P for a positive difference, while the other is already there."""
    longer = uniform_scattering(*single, abs(length_difference))
    wire = np.zeros_like(longer)
    wire[:, 0, 1] = wire[:, 1, 0] = 1.0
    return PairNetwork.of_lines(frequency, *((longer, wire) if length_difference > 0.0 else (wire, longer)))


def _held(turn: Complex) -> Complex:
    # attenuation beyond which nothing passes is held, or cosh overflows
    return np.asarray(np.minimum(turn.real, MAX_ATTENUATION_NEPER) + 1j * turn.imag)


def _sinhc(x: Complex) -> Complex:
    """sinh(x) / x, 1 at zero."""
    zero = np.abs(x) < 1e-100
    return np.asarray(np.where(zero, 1.0, np.sinh(x) / np.where(zero, 1.0, x)))


def _polynomial(constant: Complex, slope: Complex, m: Complex) -> Complex:
    """constant + slope m as a (2, 2, F) matrix."""
    # in place of a product with the unit matrix
    result = slope * m
    result[0, 0] += constant
    result[1, 1] += constant
    return np.asarray(result)


def _two_port(reflected: Complex, through: Complex) -> Complex:
    s = np.empty((reflected.size, 2, 2), dtype=np.complex128)
    s[:, 0, 0] = s[:, 1, 1] = reflected
    s[:, 0, 1] = s[:, 1, 0] = through
    return s
