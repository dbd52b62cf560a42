"""The interference and the level of the next symbol, given which of the last decisions were wrong.

Coloured noise, precursors and jittered edges tie an error to what follows it. The interference at successive instants is taken as
jointly normal with covariances that hold in the tail, where errors happen. Each decision, wrong or right, truncates it; the mean
and the variance of what is left go on to the next symbol (assumed-density filtering). How the next level leans, and what it says
of the interference it meets, is in proportion to how much the decision has surprised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.truncated_normal import FARTHEST, decided
from sirf.engine.statistical.tilted_moment import PairCumulants
from sirf.signal.gaussian import erfcx, log_gaussian_below
from sirf.signal.toeplitz import symmetric_toeplitz

Float = NDArray[np.float64]

LEAST_VARIANCE = 1e-3
"""Least part of the variance of the interference that knowing earlier decisions leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class AfterError:
    """What an error upwards tells of the next symbols.

    `variance` in V² of the interference, `mean` (K,) in V of that 1, 2 … symbols later. `leaning` (K, L) is the logarithm of
    how much more often each level is sent 1, 2 … symbols later. `offset` (K, L) in V is what the level adds to the mean of the
    interference it meets, and `spread` (K, L) what it adds to its variance, relatively.
    """

    variance: float
    mean: Float
    leaning: Float
    offset: Float
    spread: Float


@dataclass(frozen=True, slots=True, eq=False)
class LevelByLevel:
    """A later level and its interference after an error upwards: `mean` in V over all levels, the rest a row of `AfterError`."""

    mean: float
    leaning: Float
    offset: Float
    spread: Float

    @classmethod
    def of(cls, pair: PairCumulants, tilt: float, noise: Float, bounds: Float, likely: Float) -> LevelByLevel:
        """This interference and the later one are taken as a normal pair about the tilted mean: second order in the tail.

        `noise` (2,) in V² is the covariance of Gaussian parts with themselves and with the later ones, `bounds` (L - 1,)
        in V are the distances to the threshold above each level, `likely` (L - 1,) says which of them errors pass.
        """
        rows = slice(0, len(bounds))
        here, mixed, other = (
            value[rows] + added
            for value, added in (
                (pair.variance, noise[0]),
                (pair.covariance, noise[1]),
                (pair.other_variance, noise[0]),
            )
        )
        tilted, tilted_later = pair.mean[rows] + tilt * noise[0], pair.other_mean[rows] + tilt * noise[1]
        deviation = np.sqrt(here)
        # the tilt taken back from the mean of a normal variable
        margin = (bounds[:, None] - tilted + tilt * here) / deviation
        mass = pair.logarithm[rows] - tilt * tilted + 0.5 * tilt**2 * here + log_gaussian_below(-margin)
        weight = np.exp(mass - mass.max(axis=1, keepdims=True))
        weight *= likely[:, None] / weight.sum(axis=1, keepdims=True)
        beyond = mean_beyond(margin)
        means = tilted_later - tilt * mixed + mixed / deviation * beyond
        variances = other - mixed**2 / here * (beyond**2 - margin * beyond)
        share = weight.sum(axis=0)
        by_level = np.sum(weight * means, axis=0) / share
        within = np.sum(weight * (variances + (means - by_level) ** 2), axis=0) / share
        whole = float(share @ by_level)
        return cls(whole, np.log(share * len(share)), by_level - whole, within / float(share @ within) - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class NextSymbol:
    """Of S states and L levels each (S, L): mean in V and scale of the interference, probability of the level."""

    mean: Float
    scale: Float
    share: Float


def mean_beyond(margin: Float) -> Float:
    """Mean of a standard normal variable beyond `margin`."""
    return np.asarray(np.sqrt(2.0 / np.pi) / erfcx(np.maximum(margin, -FARTHEST) / np.sqrt(2.0)))


def next_symbol(after: AfterError, taps: Float, distances: tuple[Float, Float]) -> NextSymbol:
    """What to expect after each sequence of the last errors, in the order of `itertools.product((-1, 0, 1), ...)`, newest first.

    `taps` (M,) in V is what an error of one level upwards takes off 1, 2 … symbols later; `distances` (L,) in V are those from
    each level down and up to the next threshold, infinite for the outermost.
    """
    memory = len(taps)
    nothing = np.zeros((1, 0))
    usual_level = _levels(after, nothing)
    first, _ = _decided(np.zeros(1), np.zeros(1), np.array([after.variance]), usual_level, distances)[2]
    usual = float(first[0])
    mean = np.zeros((1, memory + 1))
    # so scaled, the regression on the mean of a normal variable beyond the threshold gives what an error tells
    covariance = symmetric_toeplitz(after.variance * np.concatenate([[1.0], after.mean[:memory] / usual]))[None]
    errors, surprise = nothing, nothing
    for now in range(memory):
        here, variance = mean[:, now], covariance[:, now, now]
        level = _levels(after, surprise)
        fed = -errors @ taps[:now][::-1]
        moments = _decided(here, fed, variance, level, distances)
        known = np.any(errors != 0.0, axis=1)
        # right decisions before the first error are as usual
        moments[1][0][~known], moments[1][1][~known] = here[~known], variance[~known]
        gain = covariance[:, :, now] / variance[:, None]
        shrink = gain[:, :, None] * covariance[:, None, :, now]
        parts = [
            (
                mean + gain * (found - here)[:, None],
                covariance - shrink * (1.0 - left / variance)[:, None, None],
                np.column_stack([errors, np.full(len(errors), float(error))]),
                np.column_stack([surprise, (found - here) / usual]),
            )
            for error, (found, left) in zip((-1, 0, 1), moments, strict=True)
        ]
        mean, covariance, errors, surprise = (np.concatenate(each) for each in zip(*parts, strict=True))
    share, offset, spread = _levels(after, surprise)
    scale = np.sqrt(np.maximum(covariance[:, -1, -1, None] / after.variance * spread, LEAST_VARIANCE))
    return NextSymbol(mean[:, -1, None] + offset, scale, share)


def _levels(after: AfterError, surprise: Float) -> tuple[Float, Float, Float]:
    """(share, offset in V, relative variance), each (S, L), of the next level after `surprise` (S, T), newest last."""
    states, known = surprise.shape
    count = after.leaning.shape[1]
    if not known:
        return np.full((states, count), 1.0 / count), np.zeros((states, count)), np.ones((states, count))
    newest_first = surprise[:, ::-1]

    def told(rows: Float, mirror: float) -> Float:
        """The sum over all surprises; a downward one tells of the mirrored levels."""
        upwards, downwards = np.maximum(newest_first, 0.0), np.maximum(-newest_first, 0.0)
        return np.asarray(upwards @ rows[:known] + mirror * (downwards @ rows[:known, ::-1]))

    lean = told(after.leaning, 1.0)
    share = np.exp(lean - lean.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    return share, told(after.offset, -1.0), np.maximum(1.0 + told(after.spread, 1.0), LEAST_VARIANCE)


def _decided(
    mean: Float, fed: Float, variance: Float, level: tuple[Float, Float, Float], distances: tuple[Float, Float]
) -> list[tuple[Float, Float]]:
    """(mean, variance) (S,) of the interference given a decision downwards, right and upwards; `fed` (S,) moves it."""
    share, offset, spread = level
    centre = mean[:, None] + fed[:, None] + offset
    deviation = np.sqrt(variance[:, None] * spread)
    means, variances = np.empty((2, 3, len(share)))
    decided(centre, deviation, share, -distances[0], distances[1], means, variances)
    return list(zip(means - fed, variances, strict=True))


def leaning(mean: float, levels: Float) -> float:
    """The lean whose levels, weighed by exp(lean x level), have this mean: Newton's method."""
    mean = min(max(mean, 0.98 * float(levels[0])), 0.98 * float(levels[-1]))
    square = levels**2
    lean = 0.0
    for _ in range(50):
        weight = np.exp(lean * levels)
        shares = weight / weight.sum()
        found = float(shares @ levels)
        move = min(max((mean - found) / max(float(shares @ square) - found**2, 1e-3), -1.0), 1.0)
        lean += move
        if abs(move) < 1e-9:
            break
    return lean
