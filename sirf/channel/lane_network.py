"""Several pairs beside each other in mixed modes: the 4n-port of n lanes, its cascade, and the aggressors that come out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.mixed_mode import PortOrder
from sirf.channel.network import LINE_OHM, PAIR_OHM, Network
from sirf.channel.pair import PairNetwork


@dataclass(frozen=True, slots=True, eq=False)
class LaneNetwork:
    """S (F, 4n, 4n) of n lanes at `frequency` (F,) in Hz: the waves of end 1, then those of end 2.

    At each end every lane has its differential wave (100 ohm), then its common one (25 ohm). Lane 0 is the victim.
    """

    frequency: Float
    s: Complex

    @classmethod
    def alone(cls, pair: PairNetwork, lanes: int) -> LaneNetwork:
        """`lanes` equal pairs without coupling between them."""
        s = np.zeros((pair.frequency.size, 4 * lanes, 4 * lanes), dtype=np.complex128)
        _put(s, pair, [(k, k) for k in range(lanes)], 1.0)
        return cls(pair.frequency, s)

    @classmethod
    def coupled(cls, even: PairNetwork, odd: PairNetwork) -> LaneNetwork:
        """Two equal lanes of their even and odd modes: half the sum stays in a lane, half the difference crosses."""
        s = np.zeros((even.frequency.size, 8, 8), dtype=np.complex128)
        _put(s, even, [(0, 0), (1, 1), (0, 1), (1, 0)], 0.5)
        _put(s, odd, [(0, 0), (1, 1)], 0.5)
        _put(s, odd, [(0, 1), (1, 0)], -0.5)
        return cls(even.frequency, s)

    @classmethod
    def from_network(cls, network: Network, lanes: Sequence[PortOrder]) -> LaneNetwork:
        """A single-ended network whose `lanes`, the victim first, are (P in, P out, N in, N out), ports from 1."""
        modes = np.zeros((4 * len(lanes), network.ports))
        for lane, (p_in, p_out, n_in, n_out) in enumerate(lanes):
            for end, (p, n) in enumerate(((p_in, n_in), (p_out, n_out))):
                row = 2 * (end * len(lanes) + lane)
                modes[row : row + 2, p - 1] = np.sqrt(0.5)
                modes[row : row + 2, n - 1] = -np.sqrt(0.5), np.sqrt(0.5)
        # the transform is orthogonal: its inverse is its transpose
        return cls(network.frequency, modes @ network.renormalized(LINE_OHM).s @ modes.T)

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return int(self.s.shape[1] // 4)

    def cascade(self, other: LaneNetwork) -> LaneNetwork:
        """End 2 of this network joined to end 1 of `other`, lane to lane and mode to mode."""
        near, far = slice(0, 2 * self.lanes), slice(2 * self.lanes, None)
        a, b = self.s, other.s
        unit = np.eye(2 * self.lanes)
        # waves between both networks by what comes from end 1 and from end 2, all that goes to and fro between them included
        forward = np.linalg.solve(
            unit - a[:, far, far] @ b[:, near, near],
            np.concatenate((a[:, far, near], a[:, far, far] @ b[:, near, far]), 2),
        )
        from_near, from_far = forward[:, :, near], forward[:, :, far]
        s = np.empty_like(a)
        s[:, near, near] = a[:, near, near] + a[:, near, far] @ b[:, near, near] @ from_near
        s[:, near, far] = a[:, near, far] @ (b[:, near, far] + b[:, near, near] @ from_far)
        s[:, far, near] = b[:, far, near] @ from_near
        s[:, far, far] = b[:, far, far] + b[:, far, near] @ from_far
        return LaneNetwork(self.frequency, s)

    def pair(self, lane: int = 0) -> PairNetwork:
        """One lane, all others terminated in their references."""
        if self.lanes == 1:
            return PairNetwork.of_waves(self.frequency, self.s)
        rows = [slice(2 * lane + mode, None, 2 * self.lanes) for mode in (0, 1)]
        dd, dc, cd, cc = (self.s[:, rows[out], rows[into]] for out in (0, 1) for into in (0, 1))
        # pairs without conversion stay two separate modes, which cascade faster
        if not (np.any(dc) or np.any(cd)):
            return PairNetwork(self.frequency, dd, cc)
        return PairNetwork(self.frequency, dd, cc, dc, cd)

    def flipped(self) -> LaneNetwork:
        """All lanes seen from their other end."""
        # ends change places, lanes keep theirs
        order = np.roll(np.arange(4 * self.lanes), 2 * self.lanes)
        return LaneNetwork(self.frequency, self.s[:, order][:, :, order])

    def aggressor(self, lane: int, *, near: bool, name: str = "") -> Network:
        """Differential two-port from the transmitter of `lane` (port 1) to the victim's receiver (port 2), 100 ohm.

        The victim's receiver is at end 2. The aggressor transmits from end 1, or from end 2 if `near`.
        """
        ports = [2 * (int(near) * self.lanes + lane), 2 * self.lanes]
        return Network(self.frequency, self.s[:, ports][:, :, ports], z0=PAIR_OHM, name=name)


def _put(s: Complex, pair: PairNetwork, blocks: Sequence[tuple[int, int]], factor: float) -> None:
    """Add `factor` times the pair's parameters between the lanes (out, into) of each block."""
    half = s.shape[1] // 2
    for out, into in blocks:
        for (mode_out, mode_in), part in (
            ((0, 0), pair.dd),
            ((0, 1), pair.dc),
            ((1, 0), pair.cd),
            ((1, 1), pair.cc),
        ):
            if part is not None:
                s[:, 2 * out + mode_out :: half, 2 * into + mode_in :: half] += factor * part
