"""Tails of an eye by patterns of symbols as they are, over those where what a fit leaves is drawn by itself.

The fit of `large_signal` follows products of the main symbol and the one before with each other and with one neighbour. What it
leaves goes with the neighbours, most of all in the tails, where few patterns count, and displaced edges pass the curves with it.
The same patterns, with the same displacements, are summed twice: as they came through the curves, and as the fit has them. The
ratio of both sums corrects the fit's distribution, which knows patterns that the period does not hold.

Symbols: N of the period, R courses of jitter, L levels, V voltages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.pattern_sums import count_split, sum_tails

BINS_A_DEVIATION = 10.0
"""Bins of a histogram in the smallest deviation of the noise."""
MOST_BINS = 2048
"""Bins of a histogram on either side of zero; they are wider where noise is that small beside interference."""
SMALLEST = 1e-300
"""Sums of tails below this are lost in rounding."""
VOLTAGES = 64
"""Voltages at which both sums are compared."""
NOISE_CLASSES = 4
"""Classes, equally full, of patterns of one pair of levels by the noise that they meet."""
FEWEST_PATTERNS = 12.0
"""Patterns that must share a sum, or the ratio of the voltage before holds on."""


@dataclass(frozen=True, slots=True, eq=False)
class PatternTails:
    """One sampling phase: what the slicer sees of symbol n less what is fed back, in V, and the noise.

    `seen` (R, N) came through the curves, `fitted` (R, N) has the fit's cursors and edges without what it `left` (N,), which it
    takes as a matter of chance. `noise` (R, N) in V² is what curves and light add to the receiver's, pattern by pattern.
    `pair` (N,) is L times the level index of the symbol plus that of the one before it. `part` scales the logarithm of the ratio.
    """

    seen: Float
    fitted: Float
    left: Float
    noise: Float
    pair: Integer
    levels: int
    part: float = 1.0

    def log_ratios(self, centres: Float, variance: float, volts: Float) -> tuple[Float, Float]:
        """Logarithms (L, V) of what multiplies P(x > v) and P(x < -v) by level, at `volts` (V,) from zero up in equal steps.

        x is what the slicer sees beside `centres` (L,) in V; `variance` in V² is that of all Gaussian parts that do not depend
        on the pattern.
        """
        count, pairs = self.levels, self.levels**2
        beside = centres[self.pair // count]
        seen, fitted = self.seen - beside, self.fitted - beside
        average = _means(self.noise.mean(axis=0), self.pair, pairs) + variance
        grid = _Grid.of(seen, fitted, self.left, float(np.sqrt(average.min())))
        group = self.pair * NOISE_CLASSES + self._noise_classes()
        classes = _means(self.noise.ravel(), group.ravel(), pairs * NOISE_CLASSES) + variance
        counts, widened = grid.histograms(seen, group, len(classes))
        # each value is split over two bins, which adds variance: so much is taken off the Gaussian again
        actual, squares = grid.tails(counts, classes - widened)
        left, widened_left = grid.histograms(self.left[None], self.pair, pairs)
        counts, widened = grid.histograms(fitted, self.pair, pairs)
        # the sum of two independent variables
        by_chance = [
            # the shares of what is left sum to one, so that the convolution keeps the number of patterns
            np.convolve(row, other / max(other.sum(), 1.0), "same")
            for row, other in zip(counts, left, strict=True)
        ]
        chance, _ = grid.tails(np.array(by_chance), average - widened - widened_left)
        by_level = [each.reshape(2, count, -1, VOLTAGES).sum(axis=2) for each in (actual, squares, chance)]
        upper, lower = (
            np.array([np.interp(volts, grid.voltages, row) for row in _log_ratio(*(each[side] for each in by_level))])
            for side in (0, 1)
        )
        return self.part * upper, self.part * lower

    def _noise_classes(self) -> Integer:
        """Class (R, N) of each pattern among those of its pair, by its noise."""
        classes = np.empty(self.noise.shape, dtype=np.int64)
        ends = np.cumsum(np.bincount(self.pair, minlength=self.levels**2)).tolist()
        for first, last in zip([0, *ends[:-1]], ends, strict=True):
            noise = self.noise[:, first:last]
            # bounds of classes that are equally full; patterns of equal noise need not be told apart
            places = [-(-noise.size * part // NOISE_CLASSES) for part in range(1, NOISE_CLASSES)]
            bounds = np.partition(noise, places, axis=None)[places] if noise.size else np.zeros(len(places))
            classes[:, first:last] = sum((noise >= bound).astype(np.int64) for bound in bounds)
        return classes


@dataclass(frozen=True, slots=True)
class _Grid:
    """Bins of `width` in V, `half` of them on either side of zero, and voltages `stride` bins apart."""

    width: float
    half: int
    stride: int

    @classmethod
    def of(cls, seen: Float, fitted: Float, left: Float, deviation: float) -> _Grid:
        """For all of these values in V, about zero, and noise of a `deviation` in V."""
        # both sums share one grid, so that their ratio compares the same voltages
        reach = max(float(np.abs(seen).max()), float(np.abs(fitted).max())) + float(np.abs(left).max())
        # wider than a tenth of the noise only where the range would need too many bins
        width = max(deviation / BINS_A_DEVIATION, reach / MOST_BINS)
        half = int(np.ceil(reach / width)) + 2
        return cls(width, half, -(-half // VOLTAGES))

    @property
    def voltages(self) -> Float:
        """The voltages (VOLTAGES,)."""
        return np.asarray(self.width * self.stride * np.arange(VOLTAGES))

    def histograms(self, values: Float, group: Integer, groups: int) -> tuple[Float, Float]:
        """Counts (groups, bins) of `values` (R, N) by `group` (N,) or (R, N), each value split over two bins, its mean kept.

        And the variance (groups,) in V² by which splitting widens them.
        """
        counts, widened = np.zeros((groups, 2 * self.half + 1)), np.zeros(groups)
        every = group if group.ndim == 2 else [group] * len(values)
        for row, own in zip(values, every, strict=True):
            count_split(row[None], own, 1.0 / self.width, self.half, counts, widened)
        # a group without members has widened nothing: one in place of zero keeps its quotient defined
        members = np.maximum(sum(np.bincount(own, minlength=groups) for own in every), 1)
        return counts, self.width**2 * widened / members

    def tails(self, histograms: Float, variances: Float) -> tuple[Float, Float]:
        """Sums (2, groups, VOLTAGES) of Gaussian tails, of `variances` (groups,), above the voltages and below their opposites.

        And the sums of their squares.
        """
        # bins wider than the noise, which only a link nearly without noise asks for, would leave none of it
        narrowed = np.maximum(variances, self.width**2 / BINS_A_DEVIATION)
        sums = np.empty((4, len(histograms), VOLTAGES))
        room = np.empty(2 * histograms.shape[1] + self.stride * VOLTAGES)
        sum_tails(histograms, np.sqrt(narrowed) / self.width, self.half, self.stride, room, sums)
        return sums[:2], sums[2:]


def _log_ratio(actual: Float, squares: Float, chance: Float) -> Float:
    """Logarithm (L, VOLTAGES) of `actual` over `chance`; where too few patterns make a sum that of the voltage before."""
    # (sum)² over the sum of squares is the number of equal patterns that a sum is worth; once too few, always too few
    # further out
    few = np.logical_or.accumulate(~(actual**2 > FEWEST_PATTERNS * squares), axis=1)
    ratio = np.log(np.maximum(actual, SMALLEST) / np.maximum(chance, SMALLEST))
    # the last voltage before that, whose ratio holds on
    last = np.maximum(np.argmax(few, axis=1) - 1, 0)
    return np.where(few, np.take_along_axis(ratio, last[:, None], axis=1), ratio)


def _means(values: Float, group: Integer, groups: int) -> Float:
    """Mean (groups,) of `values` (N,) by group; zero where there is none."""
    return np.asarray(np.bincount(group, values, groups) / np.maximum(np.bincount(group, minlength=groups), 1))
