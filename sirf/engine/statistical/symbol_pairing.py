"""Symbols beside each other: independent, or two of them one of PAM6's 32 points (`sirf.signal.cross32`).

Which symbol is the first of its pair depends on the symbol that is looked at: an error ratio is the mean over both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.characteristic import average_symbols, multiply_pairs, multiply_rows
from sirf.signal.cross32 import ORDER, PAIR_LEVELS, POINTS
from sirf.signal.pam import level_shares

MET = np.zeros((ORDER, ORDER))
"""Probability of each pair of levels."""
np.add.at(MET, tuple(PAIR_LEVELS.T), 1.0 / POINTS)
# one table for all links of PAM6
MET.flags.writeable = False
_HALF = PAIR_LEVELS[PAIR_LEVELS[:, 0] >= ORDER // 2]
"""One of each two opposite points."""


def pairings(order: int) -> tuple[int | None, ...]:
    """Where the first symbol of a pair stands, at even or odd indices, equally likely; None where there are no pairs."""
    return (0, 1) if order == ORDER else (None,)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The symbols `start` … `stop` - 1 and those beyond both ends that are paired with one of them.

    `first` is the remainder by two of the index at which pairs begin, None without pairs.
    """

    start: int
    stop: int
    first: int | None
    levels: Float

    @property
    def _ends(self) -> tuple[int, int]:
        """Index of the first symbol, and behind the last, with the partners beyond both ends."""
        if self.first is None:
            return self.start, self.stop
        return self.start - (self.start - self.first) % 2, self.stop + (self.stop - self.first) % 2

    @property
    def coupling(self) -> Float:
        """(N - 1, L, L): how much more often than independent ones two neighbours have these levels; empty without pairs."""
        count = len(self.levels)
        if self.first is None:
            return np.zeros((0, count, count))
        # ones between the last symbol of a pair and the first of the next: these are independent
        found = np.ones((self.stop - self.start - 1, count, count))
        shares = level_shares(count)
        found[(self.first - self.start) % 2 :: 2] = MET / np.outer(shares, shares)
        return found

    def outside(self, cursors: Float, points: NDArray[Any]) -> Complex:
        """(..., 2, L, S): what partners beyond both ends, through `cursors` (..., K), add on `points` (S,), given the first and
        the last level; (..., 0, L, S) without pairs."""
        count, several = len(self.levels), cursors.shape[:-1]
        if self.first is None:
            return np.zeros((*several, 0, count, len(points)), dtype=complex)
        found = np.ones((*several, 2, count, len(points)), dtype=complex)
        # conditional on the partner inside the range, whose level is given where this factor is used
        given = MET / MET.sum(axis=1, keepdims=True)
        low, high = self._ends
        for row, place in enumerate((low if low < self.start else -1, high - 1 if high > self.stop else -1)):
            if 0 <= place < cursors.shape[-1]:
                swing = cursors[..., place, None] * self.levels
                found[..., row, :, :] = given @ np.exp(np.multiply.outer(swing, points))
        return found

    def others(self, cursors: Float) -> Float:
        """`cursors` (..., K) of all other symbols; where these are pairs, a cursor of zero stands for a partner without one."""
        low, high = self._ends
        before, after = cursors[..., : max(low, 0)], cursors[..., high:]
        if self.first is None:
            return np.concatenate([before, after], axis=-1)
        unpaired = [np.zeros((*cursors.shape[:-1], each.shape[-1] % 2)) for each in (before, after)]
        return np.concatenate([unpaired[0], before, after, unpaired[1]], axis=-1)


def multiply_others(out: Complex, tilt: float, step: float, cursors: Float, levels: Float, small: float) -> None:
    """Multiply `out` (S,) in place by the function of symbols, or of pairs, through `cursors` (K,); small ones by cumulants.

    Of several at once, (C, S) and (C, K), each by that of its own. The line is s = `tilt` + j n `step` in 1/V.
    """
    known = np.array(cumulants(levels))
    # a point and its opposite count together: half of them, each of twice the share, are enough
    points, shares = levels[_HALF] if len(levels) == ORDER else levels, np.full(len(_HALF), 2.0 / POINTS)
    functions, through = np.atleast_2d(out), np.atleast_2d(np.ascontiguousarray(cursors))
    if len(levels) != ORDER:
        multiply_rows(functions, tilt, step, through, levels, small, known, np.empty_like(functions[0]))
        return
    for function, own in zip(functions, through, strict=True):
        multiply_pairs(function, tilt, step, own, points, shares, small, known)


def averaged_function(
    wave: Float, first: int, stride: int, tilt: float, step: float, size: int, levels: Float, small: float
) -> Complex:
    """(S,): function of an aggressor averaged over the phases `first`, `first` + `stride` … of `wave` (rows, M)."""
    if len(levels) != ORDER:
        known = np.array(cumulants(levels))
        return np.asarray(average_symbols(wave, first, stride, tilt, step, size, levels, small, known))
    # phase and pairing of an aggressor are both unknown: the characteristic function of a mixture is the mean of
    # those of its members
    parts = []
    for phase in range(first, wave.shape[1], stride):
        for pairing in pairings(ORDER):
            part = np.ones(size, dtype=complex)
            cursors = Neighbours(0, 0, pairing, levels).others(wave[:, phase])
            multiply_others(part, tilt, step, cursors, levels, small)
            parts.append(part)
    return np.asarray(np.mean(parts, axis=0))


def cumulants(levels: Float) -> tuple[float, ...]:
    """Second, fourth and sixth cumulant of a symbol; of PAM6 also those of both symbols of a pair, (2, 2) and (4, 2)."""
    shares = level_shares(len(levels))
    second, fourth, sixth = (float(shares @ levels**power) for power in (2, 4, 6))
    alone = second, fourth - 3.0 * second**2, sixth - 15.0 * fourth * second + 30.0 * second**3
    if len(levels) != ORDER:
        return alone
    both, more = (float(levels**power @ MET @ levels**2) for power in (2, 4))
    # odd moments vanish: a point is as likely as its mirror image in either symbol
    return *alone, both - second**2, more - fourth * second - 6.0 * both * second + 6.0 * second**3
