"""A differential pair as a whole: its 4-port in mixed modes, and the cascade that keeps what goes through the common mode.

A differential two-port forgets what its pair puts into the common mode. Where the next network turns that back, as a
second skewed line does, two two-ports in series are wrong; two pairs in series are right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.cascade import cascade, cascade_waves, inverse, matrix_product
from sirf.channel.mixed_mode import mixed_modes
from sirf.channel.network import LINE_OHM, Network
from sirf.errors import SirfError

UNCOUPLED = "two lines without coupling, each modelled by itself"
"""Common mode of elements whose numbers are those of one line to ground."""
ASSUMED = "assumed: that of two lines without coupling"
"""Common mode of elements of which only the differential mode is known."""
_LINES = (0, 1), (2, 3)
"""Ports of P and of N in the order P in, P out, N in, N out."""


@dataclass(frozen=True, slots=True, eq=False)
class PairNetwork:
    """Mixed-mode S-parameters (F, 2, 2) of a pair, S_xy[out, in] from mode y to mode x, at `frequency` (F,) in Hz.

    `dd` differential at twice, `cc` common at half the reference `z0` of one line (50 ohm); `dc` common to differential and `cd`
    differential to common, None where the pair is balanced and converts nothing. Port 1 is towards the transmitter. With
    a_d = (a_P - a_N) / sqrt 2 and a_c = (a_P + a_N) / sqrt 2 this is the single-ended 4-port in another basis (Bockelman and
    Eisenstadt, IEEE Trans. MTT 43, 1995). Two equal lines without coupling have `cc` equal to `dd`, and may share one array.
    `by_waves` (F, 4, 4) is the array that the others look into, where they do (`waves`).

    >>> line = np.array([[[0.0, 0.9], [0.9, 0.0]]])
    >>> float(abs(PairNetwork.of_lines(np.array([1e9]), line, -line).dd[0, 1, 0]))
    0.0
    """

    frequency: Float
    dd: Complex
    cc: Complex
    dc: Complex | None = None
    cd: Complex | None = None
    z0: float = field(default=LINE_OHM, kw_only=True)
    by_waves: Complex | None = field(default=None, kw_only=True, repr=False)

    @classmethod
    def balanced(cls, differential: Network, common: Network | None = None) -> PairNetwork:
        """A balanced pair of its differential two-port and its `common` one, whose reference is a quarter of that.

        Without `common` the pair counts as two equal lines without coupling, whose common mode has the S-parameters of the
        differential one.
        """
        s = differential.s
        return cls(differential.frequency, s, s if common is None else common.s, z0=0.5 * differential.z0)

    @classmethod
    def of_lines(cls, frequency: Float, p: Complex, n: Complex) -> PairNetwork:
        """Two lines without coupling, S (F, 2, 2) of each at 50 ohm; conversion is half their difference."""
        # equal lines only: the mean runs in both modes, and half the difference from one to the other
        mean, half_difference = 0.5 * (p + n), 0.5 * (p - n)
        return cls(frequency, mean, mean, half_difference, half_difference)

    @classmethod
    def from_four_port(cls, network: Network, *, z0: float = LINE_OHM) -> PairNetwork:
        """A single-ended 4-port with ports P in, P out, N in, N out, brought to the reference `z0` in ohm.

        Raises `SirfError` for another number of ports.
        """
        if network.ports != 4:
            raise SirfError(
                f"number of ports must be 4 for a pair, got {network.ports} in {network.name or 'this network'}. "
                "Load the pair as a single-ended 4-port (.s4p)."
            )
        modes = mixed_modes(network.renormalized(z0).s, *_LINES)
        # exactly zero, as in files written from a balanced model: the cheap way through a cascade stays open
        if not (np.any(modes.dc) or np.any(modes.cd)):
            return cls(network.frequency, modes.dd, modes.cc, z0=z0)
        return cls(network.frequency, modes.dd, modes.cc, modes.dc, modes.cd, z0=z0)

    @property
    def converts(self) -> bool:
        """Whether anything passes between the differential and the common mode."""
        return self.dc is not None

    @property
    def uncoupled(self) -> bool:
        """Whether its lines do not couple, which it says by sharing one array for both modes and one for both conversions."""
        return self.cc is self.dd and self.dc is self.cd

    def line(self, sign: float) -> Complex:
        """S (F, 2, 2) of line P (+1) or N (-1) of an uncoupled pair."""
        return self.dd if self.dc is None else np.asarray(self.dd + sign * self.dc)

    def differential(
        self, *, common_reflection: tuple[Complex | float, Complex | float] = (0.0, 0.0), name: str = ""
    ) -> Network:
        """The differential two-port at twice `z0`, the common mode ended at both ends.

        `common_reflection` are the reflection coefficients of the common mode's terminations, one number or (F,) each, 0 where it
        ends matched.
        """
        s = self.dd
        if self.dc is not None and self.cd is not None and any(np.any(end) for end in common_reflection):
            # what was converted runs to and fro in the common mode between its terminations, and is converted back
            dc, cc, cd = (np.moveaxis(part, 0, -1) for part in (self.dc, self.cc, self.cd))
            ends = np.array([np.broadcast_to(end, len(s)) for end in common_reflection])
            loop = inverse(np.eye(2)[:, :, None] - cc * ends)
            s = s + np.moveaxis(matrix_product(dc * ends, matrix_product(loop, cd)), -1, 0)
        return Network(self.frequency, s, z0=2.0 * self.z0, name=name)

    def four_port(self, *, name: str = "") -> Network:
        """The single-ended 4-port at `z0`, ports P in, P out, N in, N out."""
        # the transform of `mixed_modes` undone; it is its own inverse up to the order of lines
        same, cross = 0.5 * (self.dd + self.cc), 0.5 * (self.cc - self.dd)
        s = np.empty((self.frequency.size, 4, 4), dtype=np.complex128)
        s[:, :2, :2] = s[:, 2:, 2:] = same
        s[:, :2, 2:] = s[:, 2:, :2] = cross
        if self.dc is not None and self.cd is not None:
            # P and N take what converts with opposite signs
            both, turn = 0.5 * (self.dc + self.cd), 0.5 * (self.dc - self.cd)
            s[:, :2, :2] += both
            s[:, 2:, 2:] -= both
            s[:, :2, 2:] += turn
            s[:, 2:, :2] -= turn
        return Network(self.frequency, s, z0=self.z0, name=name)

    def flipped(self) -> PairNetwork:
        """The pair seen from its other end."""
        turned = [None if s is None else s[:, ::-1, ::-1] for s in (self.dd, self.cc, self.dc, self.cd)]
        dd, cc, dc, cd = turned
        assert dd is not None
        assert cc is not None
        # one array for both modes stays one array: that is how equality is known further on
        return PairNetwork(self.frequency, dd, dd if self.cc is self.dd else cc, dc, cd, z0=self.z0)

    def cascade(self, other: PairNetwork) -> PairNetwork:
        """This pair with its port 2 joined to port 1 of `other`, P to P and N to N; both on one grid.

        Raises `SirfError` for two grids.
        """
        if not np.array_equal(self.frequency, other.frequency):
            raise SirfError("frequency must be the same grid to cascade, got two grids. Resample one.")
        return cascade_pairs((self, other))

    @classmethod
    def of_waves(cls, frequency: Float, s: Complex, *, z0: float = LINE_OHM) -> PairNetwork:
        """A pair of its S (F, 4, 4) by waves: differential and common of end 1, then of end 2."""
        dd, dc, cd, cc = (s[:, out::2, into::2] for out in (0, 1) for into in (0, 1))
        # most pairs show their conversion anywhere: all is looked through only where the middle of the band has none
        middle = len(s) // 2
        if not (np.any(dc[middle]) or np.any(dc) or np.any(cd)):
            return cls(frequency, dd, cc, z0=z0)
        return cls(frequency, dd, cc, dc, cd, z0=z0, by_waves=s)

    def waves(self) -> Complex:
        """S (F, 4, 4) by waves: differential and common of end 1, then of end 2."""
        if self.by_waves is not None:
            return self.by_waves
        s = np.zeros((self.frequency.size, 4, 4), dtype=np.complex128)
        s[:, 0::2, 0::2], s[:, 1::2, 1::2] = self.dd, self.cc
        if self.dc is not None and self.cd is not None:
            s[:, 0::2, 1::2], s[:, 1::2, 0::2] = self.dc, self.cd
        return s


def cascade_pairs(pairs: Iterable[PairNetwork]) -> PairNetwork:
    """All `pairs` in series, on one grid and at one reference.

    Neighbours without conversion are joined mode by mode first, and once where both modes are equal: that costs no more than
    differential two-ports. Where the two lines couple nowhere, each is a chain of two-ports of its own. The others are joined
    with the conversion between all modes.
    """
    joined: list[PairNetwork] = []
    for pair in pairs:
        if joined and not joined[-1].converts and not pair.converts:
            joined[-1] = _cascade_balanced(joined[-1], pair)
        else:
            joined.append(pair)
    if len(joined) == 1:
        return joined[0]
    if all(pair.uncoupled for pair in joined):
        p, n = (reduce(cascade, (pair.line(sign) for pair in joined)) for sign in (1.0, -1.0))
        return replace(PairNetwork.of_lines(joined[0].frequency, p, n), z0=joined[0].z0)
    s = reduce(cascade_waves, (pair.waves() for pair in joined))
    return PairNetwork.of_waves(joined[0].frequency, s, z0=joined[0].z0)


def _cascade_balanced(first: PairNetwork, second: PairNetwork) -> PairNetwork:
    dd = cascade(first.dd, second.dd)
    # sharing one array is how a pair says that both modes are equal: comparing values would cost as much as the
    # cascade
    equal = first.cc is first.dd and second.cc is second.dd
    return PairNetwork(first.frequency, dd, dd if equal else cascade(first.cc, second.cc), z0=first.z0)
