"""What follows errors behind curves of light: decisions over the period's patterns, fed back as they were made.

A bad pattern bends the symbols after it too: how likely they err after an error goes with the pattern, which no cursor tells.
The last decisions, right or wrong, are followed over every pattern of the period with its own noise; the sums tell how often a
symbol errs after each sequence of errors. Where few patterns make the errors, noise is raised until more do.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from sirf._arrays import Float, Integer
from sirf._kernels.pattern_decisions import follow_decisions, tail_table
from sirf.engine.light.pattern_tails import PatternTails
from sirf.signal.pam import bit_error_table, bits_per_symbol
from sirf.signal.toeplitz import symmetric_toeplitz

FEWEST_PATTERNS = 20.0
"""Patterns that must share the errors."""
MORE_NOISE = 1.1
"""Factor by which noise is raised until they do."""
MOST_NOISE = 20
"""Times that it is raised at most."""
PREDICTION = 3
"""Last symbols whose noise tells of that of the next."""
LEAST_SHARE = 1e-3
"""Errors and sequences of them of less than this part of the mean error ratio are not followed: 1e-4 of an error ratio of which
feedback makes a fifth."""


class PatternFeedback:
    """Decisions over the patterns of one sampling phase.

    The `patterns` stand as they were sent; `decision` (L - 1,) in V are the thresholds, `covariance` (K,) in V² that of the
    Gaussian parts that do not depend on the pattern 0, 1, 2 … symbols later.
    """

    def __init__(self, patterns: PatternTails, decision: Float, covariance: Float) -> None:
        self.sent, self.seen = patterns.pair // patterns.levels, patterns.seen.astype(float)
        self.decision, self.levels = decision, patterns.levels
        variance = patterns.noise + covariance[0]
        for _ in range(MOST_NOISE):
            self.deviation = np.sqrt(variance)
            self.wrong = self._wrong()
            if _number_of_equal(self.wrong.sum(axis=1)) >= FEWEST_PATTERNS:
                break
            # the factor raises the deviation, whose square the variance is
            variance = variance * MORE_NOISE**2
        # Yule-Walker equations: they give the linear prediction of least mean-square error from the last symbols' noise
        correlation = covariance[: PREDICTION + 1] / covariance[0]
        self.prediction = np.linalg.solve(symmetric_toeplitz(correlation[:-1]), correlation[1:])

    def _wrong(self) -> Float:
        """Error ratios (R, 2, N) of each pattern after right decisions, upwards and downwards."""
        bounds = np.concatenate([[-np.inf], self.decision, [np.inf]])
        above, below = self.seen - bounds[self.sent + 1], bounds[self.sent] - self.seen
        return np.asarray(ndtr(np.stack([above, below], axis=1) / self.deviation[:, None]))

    def rates(self, states: Integer, fed: Float) -> Float:
        """(3, S): errors upwards and downwards after each of `states` (S, M), bit errors a bit; not a number where unknown.

        `fed` (M,) in V is what an error of one level takes off the next symbols. Nothing is told of right decisions.
        """
        bits = np.asarray(bit_error_table(self.levels) / bits_per_symbol(self.levels), dtype=float)
        # the first column counts how often each sequence of errors came, and divides the other three in the end
        out = np.zeros((len(states), 4))
        moved = -np.asarray(states @ fed, dtype=float)
        least = LEAST_SHARE * float(self.wrong.sum(axis=1).mean())
        for seen, deviation, wrong in zip(self.seen, self.deviation, self.wrong, strict=True):
            # made here: the compiler takes longer for what makes an array than for the loops
            room, met = np.zeros((2, len(states), PREDICTION + 2)), np.empty((2, len(states)), np.int64)
            course = seen, deviation, self.sent, self.decision, moved, self.prediction, bits, wrong
            follow_decisions(*course, least, tail_table(), room, met, out)
        return np.asarray(out[:, 1:] / np.where(out[:, :1] > 0.0, out[:, :1], np.nan)).T


def _number_of_equal(shares: Float) -> float:
    """How many equal shares these are worth."""
    total = float(shares.sum())
    # Kish's effective sample size: n of n equal shares, one where a single share makes the sum
    return total**2 / float(np.sum(shares**2)) if total > 0.0 else 0.0
