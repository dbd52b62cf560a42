"""Cursors of aggressors in a count: few are filtered at each phase, the others are small enough to join the Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single
from sirf._kernels.stream import SCATTERED, correlate_stretches
from sirf.engine.counting.noise_filter import added_covariances
from sirf.signal import cross32
from sirf.signal.pam import level_shares, mean_square

MAX_FOLDED_CUMULANT = 1e-3
"""Largest change of the logarithm of an error ratio of 1e-12 by taking small cursors of aggressors for Gaussian noise, by their
fourth cumulants; all aggressors together."""
TAIL_DEVIATIONS = 7.0
"""Deviations of the noise at which that error ratio lies."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """An aggressor's cursors at each of M phases: `taps` (M, T) that read `offsets` (M, T) samples from the output.

    Of a row the first `lengths` (M,) are in use.
    """

    taps: Single
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, cursors: Float, kept: NDArray[np.bool_]) -> Columns:
        """Those of the `cursors` (K, M) that are `kept` (K, M); cursor i is of the symbol i before the output's."""
        lengths = -(-kept.sum(axis=0) // SCATTERED) * SCATTERED
        taps = np.zeros((cursors.shape[1], lengths.max()), dtype=np.float32)
        offsets = np.zeros(taps.shape, dtype=np.int64)
        for phase in range(cursors.shape[1]):
            places = np.flatnonzero(kept[:, phase])
            taps[phase, : len(places)] = cursors[places, phase]
            offsets[phase, : len(places)] = -places
        return cls(taps, offsets, lengths)

    @property
    def before(self) -> int:
        """Samples before the output that are read; none behind it is."""
        return int(-self.offsets.min())

    def add(self, wave: Single, origin: int, phases: NDArray[np.int64], out: Single, lead: int, stretch: int) -> None:
        """Add the `wave` to `out` (n,), filtered with that of `phases` (S,) in each stretch; out[0] lies at wave[origin].

        A stretch has `stretch` samples, the first one `lead` more, the last what is left.
        """
        before = self.before
        correlate_stretches(
            wave[origin - before :], self.taps, self.offsets + before, self.lengths, phases, lead, stretch, out
        )


class FoldedCursors:
    """Cursors that pass for noise: their `covariance` (K,) V² over all phases, and what the power at each phase differs by.

    `scatter` (A, M) in V² is the power of an aggressor's folded cursors at a phase above the mean over its phases.
    """

    def __init__(self, order: int, levels: Float, aggressors: int, phases: int) -> None:
        self.power = mean_square(levels)
        fourth = float(level_shares(order) @ levels**4)
        # a pair of PAM6 shares its points: (c1⁴ + c2⁴) 5/3 of the cumulant of one is at least that of both
        self.cumulant = abs(fourth - 3.0 * self.power**2) * (5.0 / 3.0 if order == cross32.ORDER else 1.0)
        self.covariance = np.zeros(0)
        self.scatter = np.zeros((aggressors, phases))

    def __bool__(self) -> bool:
        """Whether any cursor is folded."""
        return bool(self.covariance.any())

    def split(self, which: int, cursors: Float, noise_power: float) -> NDArray[np.bool_]:
        """Which `cursors` (K, M) of aggressor `which` are filtered beside noise of `noise_power` V²; the others are folded."""
        # logarithm of a tail: fourth cumulant theta⁴ / 24 at theta = TAIL_DEVIATIONS / sigma
        each = self.cumulant * TAIL_DEVIATIONS**4 / (24.0 * noise_power**2)
        allowed = MAX_FOLDED_CUMULANT / len(self.scatter) / each
        order = np.argsort(np.abs(cursors), axis=0)
        small = np.sum(np.cumsum(np.take_along_axis(cursors, order, axis=0) ** 4, axis=0) <= allowed, axis=0)
        # a pass takes several taps in any case: it is filled up with the next largest
        count = -(-(len(cursors) - small) // SCATTERED) * SCATTERED
        kept = np.zeros(cursors.shape, dtype=bool)
        np.put_along_axis(kept, order, np.arange(len(cursors))[:, None] >= len(cursors) - count, axis=0)
        self._fold(which, np.where(kept, 0.0, cursors))
        return kept

    def _fold(self, which: int, ends: Float) -> None:
        """Take the cursors `ends` (K, M) for noise."""
        rows = len(ends)
        spectra = np.abs(fft.rfft(ends, 2 * rows, axis=0)) ** 2
        covariance = self.power * fft.irfft(spectra, 2 * rows, axis=0)[:rows].mean(axis=1)
        self.covariance = added_covariances(self.covariance, covariance)
        self.scatter[which] = self.power * np.sum(ends**2, axis=0) - covariance[0]

    def scale(self, phases: NDArray[np.int64], normals: Single, first: int, stretch: int, noise_power: float) -> None:
        """Scale unit noise (n,) to the power that noise of `noise_power` V² and the folded cursors have at `phases` (A, S).

        Each of S stretches has `stretch` deviates, but the first one `first`, and the last what is left.
        """
        if not self:
            return
        excess = np.take_along_axis(self.scatter, phases, axis=1).sum(axis=0)
        factor = np.sqrt(1.0 + excess / (noise_power + self.covariance[0])).astype(np.float32)
        last = first + (len(factor) - 2) * stretch
        normals[:first] *= factor[0]
        middle = normals[first:last].reshape(-1, stretch)
        middle *= factor[1:-1, None]
        normals[last:] *= factor[-1]
