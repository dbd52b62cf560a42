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
from sirf._kernels.pattern_sums import count_classes, gather_groups, sum_tails

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
        mean_noise, bounds = self._noise_classes()
        beside, none = np.asarray(centres).repeat(count), np.zeros(pairs)
        # both sums share one grid, so that their ratio compares the same voltages
        middle = beside.astype(self.seen.dtype)[self.pair]
        reach = max(float(np.abs(each - middle).max()) for each in (self.seen, self.fitted))
        reach += float(np.abs(self.left).max())
        average = mean_noise + variance
        grid = _Grid.of(reach, float(np.sqrt(average.min())))
        # each value is split over two bins, which adds variance: so much is taken off the Gaussian again
        counts, noises, widened = grid.histograms(self.seen, self.noise, self.pair, beside, bounds)
        left, _, widened_left = grid.histograms(self.left[None], self.noise, self.pair, none, bounds[:, :0])
        alone, _, widened_alone = grid.histograms(self.fitted, self.noise, self.pair, beside, bounds[:, :0])
        # the sum of two independent variables: shares of what is left sum to one, which keeps the number of patterns
        chance = _convolved(alone, left / np.maximum(left.sum(axis=1), 1.0)[:, None])
        actual, squares = grid.tails(counts, noises + variance - widened, count)
        by_chance, _ = grid.tails(chance, average - widened_alone - widened_left, count)
        upper, lower = self.part * grid.between(_log_ratio(actual, squares, by_chance), volts)
        return upper, lower

    def _noise_classes(self) -> tuple[Float, Float]:
        """Mean noise (L L,) of the patterns of every pair, and bounds (L L, NOISE_CLASSES - 1) of equally full classes."""
        members = np.bincount(self.pair, minlength=self.levels**2) * len(self.noise)
        rows, sums = np.full((len(members), members.max()), np.inf, self.noise.dtype), np.zeros(len(members))
        gather_groups(self.noise, self.pair, rows, sums, np.zeros_like(members))
        rows.sort(axis=1)
        # patterns of equal noise need not be told apart; a pair without members has no classes to tell apart
        places = -(-np.outer(members, np.arange(1, NOISE_CLASSES)) // NOISE_CLASSES)
        bounds = np.take_along_axis(rows, np.minimum(places, rows.shape[1] - 1), axis=1)
        return sums / np.maximum(members, 1), bounds


@dataclass(frozen=True, slots=True)
class _Grid:
    """Bins of `width` in V, `half` of them on either side of zero, and voltages `stride` bins apart."""

    width: float
    half: int
    stride: int

    @classmethod
    def of(cls, reach: float, deviation: float) -> _Grid:
        """For values up to ±`reach` in V and noise of a `deviation` in V."""
        # wider than a tenth of the noise only where the range would need too many bins
        width = max(deviation / BINS_A_DEVIATION, reach / MOST_BINS)
        half = int(np.ceil(reach / width)) + 2
        return cls(width, half, -(-half // VOLTAGES))

    def histograms(
        self, values: Float, noise: Float, pair: Integer, centres: Float, bounds: Float
    ) -> tuple[Float, Float, Float]:
        """Counts (groups, bins) of `values` (R, N) less `centres` (L L,), their mean noise (groups,) and by how much counting
        widens their variance (groups,), both in V².

        By `pair` (N,) and by class of the `noise` (R, N), C classes between `bounds` (L L, C - 1). Each value is split over two
        bins, its mean kept.
        """
        groups = len(centres) * (bounds.shape[1] + 1)
        counts, sums = np.zeros((groups, 2 * self.half + 1)), np.zeros((2, groups))
        scales = np.full(len(centres), 1.0 / self.width)
        count_classes(values, noise, pair, centres, np.ascontiguousarray(bounds), scales, self.half, counts, sums)
        # a group without members has widened nothing: one in place of zero keeps its quotient defined
        members = np.maximum(counts.sum(axis=1), 1.0)
        return counts, sums[0] / members, self.width**2 * sums[1] / members

    def tails(self, histograms: Float, variances: Float, levels: int) -> Float:
        """Sums (2, L, VOLTAGES) of Gaussian tails, of `variances` (groups,), above the voltages and below their opposites, and
        those of their squares; groups in turn are of one level.
        """
        # bins wider than the noise, which only a link nearly without noise asks for, would leave none of it
        narrowed = np.maximum(variances, self.width**2 / BINS_A_DEVIATION)
        sums = np.empty((4, len(histograms), VOLTAGES))
        table, room = np.empty((2, 2 * histograms.shape[1] + self.stride * VOLTAGES))
        # one layout, or the kernel is compiled once more for the other
        counts = np.ascontiguousarray(histograms)
        sum_tails(counts, np.sqrt(narrowed) / self.width, self.half, self.stride, table, room, sums)
        return np.asarray(sums.reshape(2, 2, levels, -1, VOLTAGES).sum(axis=3))

    def between(self, values: Float, volts: Float) -> Float:
        """`values` (..., VOLTAGES) at `volts` (V,), on straight lines between the grid's voltages; the last value holds on."""
        place = np.minimum(volts / (self.width * self.stride), VOLTAGES - 1.0)
        index = np.minimum(place.astype(np.int64), VOLTAGES - 2)
        before = values[..., index]
        return np.asarray(before + (place - index) * (values[..., index + 1] - before))


def _convolved(rows: Float, others: Float) -> Float:
    """Each of `rows` (G, B), B odd, convolved with the same one of `others` (G, B) about the middle."""
    middle = rows.shape[1] // 2
    # most bins of what is left are empty in all groups
    used = np.flatnonzero(others.any(axis=0))
    first, last = min(int(used[0]), middle), max(int(used[-1]), middle)
    start = middle - first
    found = [np.convolve(row, other[first : last + 1]) for row, other in zip(rows, others, strict=True)]
    return np.array(found)[:, start : start + rows.shape[1]]


def _log_ratio(actual: Float, squares: Float, chance: Float) -> Float:
    """Logarithm (..., VOLTAGES) of `actual` over `chance`; where too few patterns make a sum that of the voltage before."""
    # (sum)² over the sum of squares is the number of equal patterns that a sum is worth; once too few, always too few
    # further out
    few = np.logical_or.accumulate(~(actual**2 > FEWEST_PATTERNS * squares), axis=-1)
    ratio = np.log(np.maximum(actual, SMALLEST) / np.maximum(chance, SMALLEST))
    # the last voltage before that, whose ratio holds on
    last = np.maximum(np.argmax(few, axis=-1) - 1, 0)
    return np.where(few, np.take_along_axis(ratio, last[..., None], axis=-1), ratio)
