"""A counted eye: how often the waveform passed each voltage at each phase, and the figures of its openings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.units import db20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeHistogram:
    """Counts (P, V) of the waveform by phase in UI about the sampling instant and by voltage bin centre in V.

    `thresholds` (E,) in V divide the levels, lowest first. Figures take an `error_ratio` in [0, 0.5): the part of a level's
    samples that may lie beyond the edge of its opening; 0, the default, is peak to peak, as is any ratio below one sample.
    """

    phase_ui: Float
    volts: Float
    counts: NDArray[np.int64]
    thresholds: Float

    @property
    def density(self) -> Float:
        """Counts (P, V) as a probability density in 1/V at each phase."""
        # a phase without any sample has a density of zero, not of 0 / 0
        total = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        return np.asarray(self.counts / (total * (self.volts[1] - self.volts[0])))

    def openings(self, error_ratio: float = 0.0) -> Float:
        """(P, E, 2): voltages about each threshold that all but `error_ratio` of the level below and of that above stay off.

        A level's samples are those decided as it at the sampling instant. Zero where more than that part of them have crossed
        the threshold. Raises `SirfError` for a ratio outside [0, 0.5).
        """
        # half of a level's samples lie to either side of its middle: an opening ends before that
        if not 0 <= error_ratio < 0.5:
            raise SirfError(f"error_ratio must be in [0, 0.5), got {error_ratio}. Use 0 for peak to peak.")
        spans = np.zeros((len(self.phase_ui), len(self.thresholds), 2))
        half = 0.5 * float(self.volts[1] - self.volts[0])
        # the instant is the middle phase
        centre = len(self.phase_ui) // 2
        # bins below a threshold belong to the level under it
        cuts = np.searchsorted(self.volts, self.thresholds, side="right")
        # how many symbols each level was taken for, at the instant
        level = np.add.reduceat(self.counts[centre], [0, *cuts])
        for e, cut in enumerate(cuts):
            # counted from the threshold outwards, so that the opening ends where the sum first exceeds what may lie
            # inside
            below = np.cumsum(self.counts[:, :cut][:, ::-1], axis=1)
            above = np.cumsum(self.counts[:, cut:], axis=1)
            # what a level may leave inside, from each side
            spare = error_ratio * level[e : e + 2]
            # at another phase more or fewer samples below the threshold than at the instant: so many at least have
            # crossed it
            crossed = np.abs(below[:, -1] - below[centre, -1])
            # only phases where both levels have enough samples beyond what they may lose
            for p in np.flatnonzero((crossed <= spare.min()) & (below[:, -1] > spare[0]) & (above[:, -1] > spare[1])):
                first, second = (
                    int(np.searchsorted(side[p], most, side="right"))
                    for side, most in ((below, spare[0]), (above, spare[1]))
                )
                # edges of the bins, not their middles: the opening ends where a bin with too many begins
                spans[p, e] = self.volts[cut - 1 - first] + half, self.volts[cut + second] - half
        return spans

    def eye_heights(self, error_ratio: float = 0.0) -> tuple[float, ...]:
        """Height in V of each eye at the sampling instant."""
        centre = self.openings(error_ratio)[len(self.phase_ui) // 2]
        return tuple(float(max(high - low, 0.0)) for low, high in centre)

    def eye_height(self, error_ratio: float = 0.0) -> float:
        """Height in V of the worst eye."""
        return min(self.eye_heights(error_ratio))

    def eye_widths(self, error_ratio: float = 0.0) -> tuple[float, ...]:
        """Width in UI of each eye: the unbroken run of phases about the instant where the opening holds the threshold."""
        spans = self.openings(error_ratio)
        step = float(self.phase_ui[1] - self.phase_ui[0])
        size = float(self.volts[1] - self.volts[0])
        return tuple(
            # an opening of a single bin is what any two neighbouring samples leave
            step * _run_length(spans[:, e, 1] - spans[:, e, 0] > 1.5 * size)
            for e in range(len(self.thresholds))
        )

    def eye_width(self, error_ratio: float = 0.0) -> float:
        """Width in UI of the worst eye."""
        return min(self.eye_widths(error_ratio))

    def level_means(self) -> Float:
        """Mean (E + 1,) in V at the sampling instant of the samples that are decided as each level, lowest first."""
        return self._levels()[0]

    def level_rms(self) -> Float:
        """Standard deviation (E + 1,) in V about these means."""
        return self._levels()[1]

    def linearity(self) -> float:
        """Smallest over largest distance of neighbouring level means, 1 when all are equal."""
        distances = np.diff(self.level_means())
        # by means, not by edges: noise does not bend levels
        return float(distances.min() / distances.max())

    def closures_db(self, error_ratio: float = 0.0) -> tuple[float | None, ...]:
        """VEC of each eye, 20 log10(distance of its levels / its height), dB; None of a closed eye."""
        pairs = zip(np.diff(self.level_means()), self.eye_heights(error_ratio), strict=True)
        return tuple(float(db20(distance / height)) if height > 0 else None for distance, height in pairs)

    def _levels(self) -> tuple[Float, Float]:
        row = self.counts[len(self.phase_ui) // 2].astype(float)
        # samples count for the level they are decided as, since which one was sent a histogram does not know; a bin on
        # a threshold counts as the level above
        level = np.searchsorted(self.thresholds, self.volts)
        size = len(self.thresholds) + 1
        # a level that was never decided has a mean of zero, not of 0 / 0
        total = np.maximum(np.bincount(level, row, size), 1.0)
        mean = np.bincount(level, row * self.volts, size) / total
        square = np.bincount(level, row * (self.volts - mean[level]) ** 2, size) / total
        return mean, np.sqrt(square)


def _run_length(inside: NDArray[np.bool_]) -> int:
    centre = len(inside) // 2
    # closed at the instant: what may be open elsewhere is not the eye that the receiver samples
    if not inside[centre]:
        return 0
    low = high = centre
    while low > 0 and inside[low - 1]:
        low -= 1
    while high < len(inside) - 1 and inside[high + 1]:
        high += 1
    return high - low + 1
