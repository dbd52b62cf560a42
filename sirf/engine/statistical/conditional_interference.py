"""The interference and the level of the next symbol, given which of the last decisions were wrong.

Coloured noise, precursors and jittered edges tie an error to what follows it. The interference at successive instants is taken as
jointly normal with covariances that hold in the tail, where errors happen. Each decision, wrong or right, truncates it; the mean
and the variance of what is left go on to the next symbol (assumed-density filtering). How the next level leans, and what it says
of the interference it meets, is in proportion to how much the decision has surprised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.engine.statistical.decision_filter import filter_decisions
from sirf.engine.statistical.tilted_moment import PairCumulants
from sirf.engine.statistical.truncated_normal import FARTHEST
from sirf.signal.gaussian import erfcx, log_gaussian_below
from sirf.signal.pam import level_shares


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
        # cumulants of independent variables add: those of the Gaussian parts come on top of the bounded ones
        here, mixed, other = (
            value[rows] + added
            for value, added in (
                (pair.variance, noise[0]),
                (pair.covariance, noise[1]),
                (pair.other_variance, noise[0]),
            )
        )
        # an exponential tilt moves a Gaussian part's mean by the tilt times its covariance with what is tilted
        tilted, tilted_later = pair.mean[rows] + tilt * noise[0], pair.other_mean[rows] + tilt * noise[1]
        deviation = np.sqrt(here)
        # the tilt taken back from the mean of a normal variable
        margin = (bounds[:, None] - tilted + tilt * here) / deviation
        log_beyond = log_gaussian_below(-margin)
        mass = pair.logarithm[rows] - tilt * tilted + 0.5 * tilt**2 * here + log_beyond
        # relative to the largest, because masses of far tails underflow; the factor cancels in the next line
        weight = np.exp(mass - mass.max(axis=1, keepdims=True))
        weight *= likely[:, None] / weight.sum(axis=1, keepdims=True)
        # density over probability, of which the logarithm is known already
        beyond = np.exp(-0.5 * margin**2 - log_beyond) / np.sqrt(2.0 * np.pi)
        means = tilted_later - tilt * mixed + mixed / deviation * beyond
        variances = other - mixed**2 / here * (beyond**2 - margin * beyond)
        share = weight.sum(axis=0)
        by_level = np.sum(weight * means, axis=0) / share
        # law of total variance: what varies about each mean, and how the means differ
        within = np.sum(weight * (variances + (means - by_level) ** 2), axis=0) / share
        whole = float(share @ by_level)
        return cls(
            whole, np.log(share / level_shares(len(share))), by_level - whole, within / float(share @ within) - 1.0
        )


@dataclass(frozen=True, slots=True, eq=False)
class NextSymbol:
    """Of S states and L levels each (S, L): mean in V and scale of the interference, probability of the level."""

    mean: Float
    scale: Float
    share: Float


def mean_beyond(margin: Float) -> Float:
    """Mean of a standard normal variable beyond `margin`."""
    # as an exponentially scaled error function, because density and probability both underflow far out
    return np.asarray(np.sqrt(2.0 / np.pi) / erfcx(np.maximum(margin, -FARTHEST) / np.sqrt(2.0)))


def next_symbol(after: AfterError, taps: Float, distances: tuple[Float, Float]) -> NextSymbol:
    """What to expect after each sequence of the last errors, in the order of `itertools.product((-1, 0, 1), ...)`, newest first.

    `taps` (M,) in V is what an error of one level upwards takes off 1, 2 … symbols later; `distances` (L,) in V are those from
    each level down and up to the next threshold, infinite for the outermost.
    """
    mean, scale, share = filter_decisions(
        after.variance, after.mean, after.leaning, after.offset, after.spread, taps, -distances[0], distances[1]
    )
    usual = level_shares(share.shape[1])
    if np.ptp(usual) > 0.0:
        # the kernel weighs levels that are sent equally often
        share *= usual
        share /= share.sum(axis=1, keepdims=True)
    return NextSymbol(mean, scale, share)


def leaning(mean: float, levels: Float) -> float:
    """The lean whose levels, weighed by exp(lean x level), have this mean: Newton's method."""
    # the mean of an outer level alone would take an infinite lean
    mean = min(max(mean, 0.98 * float(levels[0])), 0.98 * float(levels[-1]))
    square, usual = levels**2, level_shares(len(levels))
    lean = 0.0
    for _ in range(50):
        weight = usual * np.exp(lean * levels)
        shares = weight / weight.sum()
        found = float(shares @ levels)
        # the mean grows with the lean by the variance of the levels; steps of more than one are cut
        move = min(max((mean - found) / max(float(shares @ square) - found**2, 1e-3), -1.0), 1.0)
        lean += move
        if abs(move) < 1e-9:
            break
    return lean
