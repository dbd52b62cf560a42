"""Pairs beside each other: the multiconductor line of all their traces, and what one pair leaves on the next.

Capacitance and inductance come from one geometry (`fields`), so a homogeneous dielectric gives L C = mu0 eps I and with it no
far-end crosstalk between matched pairs; a microstrip's unequal even and odd speeds give it some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.channel.cascade import inverse, matrix_product
from sirf.channel.lines.base import check_band, internal_impedance
from sirf.channel.lines.edge_stripline import EdgeStripline
from sirf.channel.lines.fields import Strips, capacitance_matrix, inductance_matrix, recession_matrix
from sirf.channel.lines.microstrip import EdgeMicrostrip
from sirf.channel.lines.unequal import pair_of_waves
from sirf.channel.network import LINE_OHM, Network
from sirf.channel.pair import PairNetwork
from sirf.errors import PhysicsError
from sirf.units import EPS0, MU0

EdgeLine: TypeAlias = EdgeStripline | EdgeMicrostrip


@dataclass(frozen=True, slots=True)
class PairArray:
    """Equal edge-coupled pairs at a `pitch` in m from middle to middle, all on one cross-section; one pair gives its 4-port.

    Microstrips are taken without dispersion (quasi-static), good while it stays below the difference of the modes' speeds.
    Raises `PhysicsError` for a pitch that makes pairs touch, or fewer than 1 or more than 6 pairs.

    >>> from sirf.channel.materials import load_material
    >>> line = EdgeStripline(material=load_material("megtron7"), width=115e-6, gap=180e-6, thickness=17e-6, spacing=280e-6)
    >>> PairArray(line, pitch=800e-6).network([1e9], 0.1).ports
    8
    """

    line: EdgeLine
    pitch: float
    pairs: int = 2

    def __post_init__(self) -> None:
        """Validate the number of pairs and their pitch."""
        if not 1 <= self.pairs <= 6:
            raise PhysicsError(f"pairs must be between 1 and 6, got {self.pairs}. Use two for one neighbour.")
        if not self.pitch >= 2.0 * self.line.width + 1.1 * self.line.gap:
            raise PhysicsError(
                f"pitch must leave more between pairs than within, got {self.pitch} m for traces of {self.line.width} m and "
                f"a gap of {self.line.gap} m. Widen the pitch."
            )

    @property
    def strips(self) -> Strips:
        """Cross-section of all traces, P and N of the first pair first."""
        one = self.line.strips
        # about the middle of all pairs
        middles = self.pitch * (np.arange(self.pairs) - 0.5 * (self.pairs - 1))
        centres = tuple(float(middle + centre) for middle in middles for centre in one.centres)
        return one._replace(centres=centres)

    @property
    def capacitance(self) -> Float:
        """Maxwell capacitance matrix (2 pairs, 2 pairs) in F/m at the material's Dk, without loss."""
        return capacitance_matrix(self.strips, self.line.material.dk)

    @property
    def inductance(self) -> Float:
        """External inductance matrix (2 pairs, 2 pairs) in H/m."""
        return inductance_matrix(self.strips)

    def immittances(self, frequency: Float, *, weight: float = 1.0, skew: float = 0.0) -> tuple[Complex, Complex]:
        """(series impedance in ohm/m, shunt admittance in S/m) of all traces, each (F, N, N), DC included.

        `weight` from 0 to 1 scales the coupling between pairs (a neighbour further away); `skew` in s/m is how much slower P of
        each pair is than its N, as in `Line.pair`.
        """
        material, strips = self.line.material, self.strips
        w = (2.0 * np.pi * frequency)[:, None, None]
        # only blocks of two different pairs are scaled, before inductance follows from capacitance: L C stays that of the medium
        mask = weight + (1.0 - weight) * np.kron(np.eye(self.pairs), np.ones((2, 2)))
        air, slab = (mask * capacitance_matrix(strips, dk) for dk in (1.0, material.dk))
        # shares of air and slab are linear in the slab's permittivity, which is complex in the slab's part of the
        # capacitance
        part = (slab - air) / (material.dk - 1.0) if material.dk > 1.0 else air
        # conductance and capacitance both follow from the complex permittivity
        shunt = 1j * w * (air + (material.permittivity(frequency) - 1.0)[:, None, None] * part)
        if skew:
            trace = np.arange(2 * self.pairs)
            shunt[:, trace, trace] *= [self.line.slowed(skew, sign) for sign in (1.0, -1.0)] * self.pairs
        # the square root of internal impedance holds mode by mode: in the basis in which recession is diagonal
        value, vector = np.linalg.eigh(mask * recession_matrix(strips))
        area = strips.width * strips.thickness
        inside = internal_impedance(frequency[:, None], material, np.maximum(value, 0.0), area)
        series = 1j * w * (MU0 * EPS0 * np.linalg.inv(air)) + (vector * inside[:, None, :]) @ vector.T
        return np.asarray(series), np.asarray(shunt)

    def network(
        self, frequency: ArrayLike, length: float, *, weight: float = 1.0, skew: float = 0.0, name: str = "pairs"
    ) -> Network:
        """Network of all traces, 50 ohm, `length` in m; trace k runs from port 2k - 1 to 2k, P and N of the first pair first.

        `weight` and `skew` as in `immittances`. Raises `PhysicsError` for frequencies beyond the line's `cutoff`.
        """
        f = np.asarray(frequency, dtype=np.float64)
        check_band(f, self.line.cutoff, type(self.line).__name__)
        return Network(f, _scattering(*self.immittances(f, weight=weight, skew=skew), length), z0=LINE_OHM, name=name)

    def mirrored(self, frequency: Float, length: float, *, weight: float = 1.0) -> tuple[PairNetwork, PairNetwork]:
        """One of two pairs beside its mirror image, with differential waves that are equal in both, and that are opposite.

        Both together hold the same as `network` without skew, at a fraction of its work. `length` in m, `weight` as in
        `immittances`. Raises `PhysicsError` for other than two pairs, and for frequencies beyond the line's `cutoff`.
        """
        if self.pairs != 2:
            raise PhysicsError(f"pairs must be 2 to be mirrored, got {self.pairs}. Take the network of all.")
        check_band(frequency, self.line.cutoff, type(self.line).__name__)
        series, shunt = self.immittances(frequency, weight=weight)
        # the image of P is the other pair's N: where it carries the same, differential waves are opposite and common ones equal
        equal, opposite = (
            pair_of_waves(
                frequency, *_waves_of_length(_mirrored_modes(series, sign), _mirrored_modes(shunt, sign), length)
            )
            for sign in (-1.0, 1.0)
        )
        return equal, opposite


def _mirrored_modes(immittance: Complex, sign: float) -> Complex:
    """Immittance (2, 2, F) of the modes (differential, common) of the first pair, its image carrying `sign` times the same."""
    paired = np.ascontiguousarray((immittance[:, :2, :2] + sign * immittance[:, :2, 3:1:-1]).transpose(1, 2, 0))
    modes = np.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])[:, :, None]
    # unit vectors: immittances of the modes are per m of one line, as are those of the traces
    return matrix_product(matrix_product(modes, paired), modes.swapaxes(0, 1))


def _scattering(series: Complex, shunt: Complex, length: float) -> Complex:
    """S (F, 2N, 2N) at 50 ohm of immittances (F, N, N) per m; trace k runs from port 2k - 1 to 2k."""
    # frequencies side by side, or products would stride through memory
    z, y = (np.ascontiguousarray(one.transpose(1, 2, 0)) for one in (series, shunt))
    near, far = _waves_of_length(z, y, length)
    s = np.empty((series.shape[0], 2 * len(near), 2 * len(near)), dtype=np.complex128)
    s[:, 0::2, 0::2] = s[:, 1::2, 1::2] = near.transpose(2, 0, 1)
    s[:, 1::2, 0::2] = s[:, 0::2, 1::2] = far.transpose(2, 0, 1)
    # reciprocal by physics; rounding of the doublings is taken out
    return np.asarray(0.5 * (s + s.swapaxes(1, 2)))


def _waves_of_length(series: Complex, shunt: Complex, length: float) -> tuple[Complex, Complex]:
    """(reflection, transmission), each (N, N, F): a short piece by the series of cosh and sinh, cascaded with itself until whole.

    Waves, not chain matrices, are doubled: no term grows with the loss, so modes of very unequal loss keep their digits.
    """
    product = matrix_product(series, shunt)
    turns = float(np.sqrt(np.abs(product).sum(axis=1).max())) * length
    # a piece is also short against its impedances, or its waves lose digits
    steps = max(turns, length * float(np.abs(series).max()) / LINE_OHM, length * float(np.abs(shunt).max()) * LINE_OHM)
    doublings = max(0, int(np.ceil(np.log2(max(steps, 1e-300) / 0.5))))
    # halved until the piece is short, doubled again as waves
    piece = length / 2**doublings
    cosine, sine = _short(product * piece**2)
    impedance, admittance = (
        matrix_product(sine, series) * (piece / LINE_OHM),
        matrix_product(shunt, sine) * (piece * LINE_OHM),
    )
    near, far = _waves(cosine, impedance, admittance)
    unit = np.eye(len(near))[:, :, None]
    for _ in range(doublings):
        # into the second half, with all that goes to and fro between the halves
        inside = matrix_product(inverse(unit - matrix_product(near, near)), far)
        near, far = near + matrix_product(matrix_product(far, near), inside), matrix_product(far, inside)
    return near, far


def _short(square: Complex) -> tuple[Complex, Complex]:
    """(cosh x, sinh x / x) of a matrix whose square (N, N, F) is below 1/4."""
    unit = np.broadcast_to(np.eye(len(square), dtype=np.complex128)[:, :, None], square.shape)
    cosine, sine = unit, unit
    # Horner from the highest power; nine terms leave less than rounding for squares below 1/4
    for n in range(9, 0, -1):
        cosine = unit + matrix_product(square, cosine) / ((2 * n) * (2 * n - 1))
        sine = unit + matrix_product(square, sine) / ((2 * n) * (2 * n + 1))
    return np.asarray(cosine), np.asarray(sine)


def _waves(a: Complex, b: Complex, c: Complex) -> tuple[Complex, Complex]:
    """(reflection, transmission), each (N, N, F), of a chain matrix a, b, c, a^T in units of the reference impedance.

    A uniform piece is the same from both ends, so both are symmetric matrices.
    """
    d = a.swapaxes(0, 1)
    through = 2.0 * inverse(a + b + c + d)
    return matrix_product(0.5 * (a + b - c - d), through), through
