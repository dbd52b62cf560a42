"""Distributions of tolerances, truncated where physics ends, correlated where stated.

Every distribution is a quantile function, so that one design of points in the unit cube (random, Latin hypercube, Sobol)
serves all of them. Correlation is a Gaussian copula: quantiles are made normal, mixed by the Cholesky factor of the stated
correlations, and made uniform again (Nelsen, An Introduction to Copulas, 2006, section 2.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sirf._arrays import Float
from sirf.errors import ConfigError, SirfError

Shape: TypeAlias = Literal["normal", "uniform", "triangular", "lognormal"]
SHAPES: tuple[Shape, ...] = ("normal", "uniform", "triangular", "lognormal")
# a normal variable lies farther out once in 16,000 cases
TRUNCATION = 4.0
"""Standard deviations at which normal and lognormal tails end where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A tolerance about its middle, never outside `low` to `high`.

    `normal`: `middle` is the mean, `spread` the standard deviation. `lognormal`: `middle` the median, `spread` the standard
    deviation of the natural logarithm. `uniform`: even between `low` and `high`. `triangular`: most likely at `middle`, zero at
    `low` and `high`. Normal and lognormal are truncated at `low` and `high`, by default four standard deviations out.

    Raises `SirfError` for ends that are not in order, a middle outside them, or a spread that is not positive.

    >>> Distribution(shape="uniform", middle=1.0, low=0.5, high=1.5).quantile(np.array([0.0, 0.25, 1.0])).tolist()
    [0.5, 0.75, 1.5]
    """

    shape: Shape
    middle: float
    spread: float = 0.0
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Validate the fields; tails that are not stated end at `TRUNCATION` standard deviations."""
        if self.shape not in SHAPES:
            raise SirfError(f"distribution must be one of {', '.join(SHAPES)}, got {self.shape!r}. Use normal.")
        numbers = [value for value in (self.middle, self.spread, self.low, self.high) if value is not None]
        if not all(map(math.isfinite, numbers)):
            raise SirfError(f"{self.shape} distribution must have finite numbers, got {numbers}. Mend them.")
        if self.shape in ("normal", "lognormal"):
            if not self.spread > 0.0:
                raise SirfError(
                    f"spread of a {self.shape} distribution must be positive, got {self.spread:g}. Give one."
                )
            if self.shape == "lognormal" and not self.middle > 0.0:
                raise SirfError(
                    f"median of a lognormal distribution must be positive, got {self.middle:g}. Use normal."
                )
            # ends that nobody states are where the tail stops to matter
            for name, sign in (("low", -1.0), ("high", 1.0)):
                if getattr(self, name) is None:
                    object.__setattr__(self, name, self._at(sign * TRUNCATION))
        elif self.low is None or self.high is None:
            raise SirfError(f"a {self.shape} distribution must have low and high, got none. Give both.")
        low, high = self.ends
        if not low < high:
            raise SirfError(f"low must be below high, got {low:g} and {high:g}. Put the smaller first.")
        if not low <= self.middle <= high:
            raise SirfError(f"middle must lie between low and high, got {self.middle:g} outside {low:g} to {high:g}.")

    @property
    def ends(self) -> tuple[float, float]:
        """Least and greatest value."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    def _at(self, deviations: float) -> float:
        """The value so many standard deviations above the middle."""
        if self.shape == "lognormal":
            # multiplied: the logarithm is what is normal
            return self.middle * math.exp(self.spread * deviations)
        return self.middle + self.spread * deviations

    def quantile(self, probability: Float) -> Float:
        """Values (N,) below which the distribution has `probability` (N,) in [0, 1]."""
        from scipy import stats

        low, high = self.ends
        p = np.asarray(probability, dtype=np.float64)
        if self.shape == "uniform":
            values = low + (high - low) * p
        elif self.shape == "triangular":
            values = stats.triang.ppf(p, (self.middle - low) / (high - low), loc=low, scale=high - low)
        elif self.shape == "normal":
            # ends in deviations from the middle, as SciPy wants them
            a, b = ((end - self.middle) / self.spread for end in (low, high))
            values = self.middle + self.spread * stats.truncnorm.ppf(p, a, b)
        else:
            with np.errstate(divide="ignore"):
                # an end at zero is infinitely far down in the logarithm
                a, b = (math.log(end / self.middle) / self.spread if end > 0 else -np.inf for end in (low, high))
            values = self.middle * np.exp(self.spread * stats.truncnorm.ppf(p, a, b))
        # sums and the library's quantiles may pass an end in the last bit
        return np.asarray(np.clip(values, low, high))


def correlation_factor(count: int, pairs: Sequence[tuple[int, int, float]]) -> Float:
    """Cholesky factor (count, count) of the correlation matrix with `pairs` (i, j, coefficient), ones on its diagonal.

    Raises `ConfigError` for a coefficient outside (-1, 1) and for coefficients that contradict each other.
    """
    matrix = np.eye(count)
    for i, j, coefficient in pairs:
        if not -1.0 < coefficient < 1.0:
            raise ConfigError(
                f"correlation must lie between -1 and 1, got {coefficient:g}. Take one of the two out instead."
            )
        matrix[i, j] = matrix[j, i] = coefficient
    try:
        # only a positive definite matrix has a factor: correlations that contradict each other have none
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        raise ConfigError(
            "correlations must fit together, got a matrix that is not positive definite. Lower a coefficient."
        ) from None


def correlated(uniform: Float, factor: Float) -> Float:
    """Points (N, D) of the unit cube whose coordinates have the normal correlation of `factor`; each stays uniform."""
    from scipy import stats

    # points without correlations stay as they are to the last bit: by the normal and back they would be rounded
    if np.array_equal(factor, np.eye(len(factor))):
        return uniform
    # zero and one have no finite quantile
    tiny = np.finfo(np.float64).tiny
    normal = stats.norm.ppf(np.clip(uniform, tiny, 1.0 - 1e-16))
    # a row of normals x becomes L x, whose covariance is L L^T: the stated correlations
    return np.asarray(stats.norm.cdf(normal @ factor.T))
