"""Probability densities on a grid of bins, as COM convolves them (Annex 93A.1.7)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_distribution import convolve_deltas
from sirf.signal.gaussian import gaussian_quantile

_EPSILON = float(np.finfo(float).eps)
BIN_SLACK = 1e-9
"""A voltage on a bin is that bin, whatever the last digit says."""
NOISE_CREST = 10.0
"""Gaussian noise at a converter is cut at so many sigma, beyond every clipping probability in use."""


@dataclass(frozen=True, slots=True, eq=False)
class VoltageDistribution:
    """Probabilities `y` (N,) of the voltages (`first` + n) `bin_size` in V."""

    y: Float
    first: int
    bin_size: float

    @property
    def x(self) -> Float:
        """Voltages (N,) in V."""
        return np.asarray((self.first + np.arange(self.y.size)) * self.bin_size)

    @property
    def sigma(self) -> float:
        """Root of the mean square in V."""
        return float(np.sqrt(np.sum(self.x**2 * self.y)))

    def __add__(self, other: VoltageDistribution) -> VoltageDistribution:
        """Distribution of the sum of two independent voltages, equations (93A-43) to (93A-45)."""
        # direct sums of positive terms: a Fourier transform would leave 1e-16 of the middle in the tails
        return VoltageDistribution(np.convolve(self.y, other.y), self.first + other.first, self.bin_size)

    def shifted(self, bins: int) -> VoltageDistribution:
        """The same distribution moved by whole bins."""
        return VoltageDistribution(self.y, self.first + bins, self.bin_size)

    def scaled(self, factor: float) -> VoltageDistribution:
        """Distribution of `factor` (0 or more) times the voltage, by straight interpolation of the probabilities on the bins.

        As the reference code scales: the range is symmetric, and its outermost bins repeat their neighbours.
        """
        if factor == 0.0:
            return VoltageDistribution(np.ones(1), 0, self.bin_size)
        first = int(np.floor(self.first * factor))
        # the range is symmetric about zero
        bins = np.arange(first, -first + 1)
        y = np.interp(bins, (self.first + np.arange(self.y.size)) * factor, self.y)
        if y.size > 1:
            y[0], y[-1] = y[1], y[-2]
        return VoltageDistribution(y / np.sum(y), first, self.bin_size)

    def below(self, voltage: float) -> float:
        """Probability of a voltage up to the first bin at or above `voltage` in V."""
        index = int(np.ceil(voltage / self.bin_size - BIN_SLACK)) - self.first
        return float(np.sum(self.y[: index + 1])) if index >= 0 else 0.0

    def quantile_reaching(self, probability: float) -> float:
        """First voltage in V at which the sum of probabilities is `probability` or more."""
        # at or above, as the reference code counts here
        index = int(np.searchsorted(np.cumsum(self.y), probability, side="left"))
        return float(self.first + min(index, self.y.size - 1)) * self.bin_size

    def interpolated_magnitude_at(self, probability: float) -> float:
        """As `magnitude_at`, between bins: the sum of probabilities is a straight line from one bin's end to the next."""
        below = np.cumsum(self.y)
        index = int(np.searchsorted(below, probability, side="left"))
        before = float(below[index - 1]) if index > 0 else 0.0
        inside = (probability - before) / float(self.y[index])
        return abs((self.first + index - 0.5 + inside) * self.bin_size)

    def interpolated_magnitude_of_sum(self, other: VoltageDistribution, probability: float) -> float:
        """`(self + other).interpolated_magnitude_at(probability)` without the convolution, of which one quantile is wanted."""
        below, size = self._below_of_sum(other), self.y.size + other.y.size - 1
        count = bisect_left(range(size), probability, lo=1, key=below)
        before = below(count - 1)
        inside = (probability - before) / (below(count) - before)
        return abs((self.first + other.first + count - 1.5 + inside) * self.bin_size)

    def magnitude_of_sum(self, other: VoltageDistribution, probability: float) -> float:
        """`(self + other).magnitude_at(probability)` without the convolution."""
        below, size = self._below_of_sum(other), self.y.size + other.y.size - 1
        # the first bin with which the sum is above the probability
        count = bisect_right(range(size), probability, lo=1, key=below)
        return abs(float(self.first + other.first + count - 1) * self.bin_size)

    def _below_of_sum(self, other: VoltageDistribution) -> Callable[[int], float]:
        """The sum of so many first bins of the convolution with another distribution: one product of two rows."""
        # cumulative probabilities of the one behind as many zeros and before as many ones as the other has bins
        pad = self.y.size - 1
        cumulative = np.concatenate([np.zeros(pad + 1), np.cumsum(other.y), np.full(pad, np.sum(other.y))])
        turned = self.y[::-1]
        return lambda count: float(turned @ cumulative[count : count + pad + 1])

    def quantile(self, probability: float) -> float:
        """First voltage at which the sum of probabilities is above `probability`, equation (93A-37)."""
        # "above", not "at": the reference code's find(cdf > DER_0)
        index = int(np.searchsorted(np.cumsum(self.y), probability, side="right"))
        return float(self.first + min(index, self.y.size - 1)) * self.bin_size

    def magnitude_at(self, probability: float) -> float:
        """Magnitude in V that the voltage falls below minus of with `probability`."""
        return abs(self.quantile(probability))


def symbols(values: Float, levels: int, bin_size: float, shares: Sequence[float] = ()) -> VoltageDistribution:
    """Distribution of sum of `values` (N,) in V times independent symbols, equations (93A-39), (93A-40).

    Symbols are equally likely, or have the probabilities `shares` (L,), symmetric about the middle. Values within a bin are left
    out, as in the reference code.
    """
    if len(shares):
        return _unequal_symbols(values, shares, bin_size)
    # symbols are symmetric, so signs do not matter; ascending magnitudes keep the distribution short for long
    y = convolve_deltas(np.sort(np.abs(values)), levels, bin_size)
    return VoltageDistribution(y, -(y.size // 2), bin_size)


def _unequal_symbols(values: Float, shares: Sequence[float], bin_size: float) -> VoltageDistribution:
    """`symbols` of probabilities that are not alike."""
    levels = np.linspace(-1.0, 1.0, len(shares))
    y = np.ones(1)
    for value in np.sort(np.abs(values)):
        if value <= bin_size:
            continue
        # half bins away from zero, as MATLAB rounds them
        places = np.abs(value * levels / bin_size) + 0.5
        reach = int(places[-1])
        spread = np.zeros(y.size + 2 * reach)
        for share, place, level in zip(shares, places, levels, strict=True):
            first = reach + int(np.copysign(np.floor(place), level))
            spread[first : first + y.size] += share * y
        y = spread
    return VoltageDistribution(y, -(y.size // 2), bin_size)


def gaussian(sigma: float, crest: float, bin_size: float) -> VoltageDistribution:
    """Normal distribution of `sigma` V cut at `crest` sigma, equation (93A-42) on bins, its sum one."""
    half = int(np.floor(crest * sigma / bin_size + 0.5))
    x = np.arange(-half, half + 1) * bin_size
    # the summand keeps a sigma of zero from dividing by zero, as in the reference code
    y = np.exp(-(x**2) / (2 * sigma**2 + _EPSILON))
    return VoltageDistribution(y / np.sum(y), -half, bin_size)


def crest_factor(der0: float) -> float:
    """Q that a normal distribution exceeds with probability `der0`."""
    return gaussian_quantile(der0)
