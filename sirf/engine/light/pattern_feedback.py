"""What follows errors behind curves of light: decisions over the period's patterns, fed back as they were made.

A bad pattern bends the symbols after it too: how likely they err after an error goes with the pattern, which no cursor tells.
The last decisions, right or wrong, are followed over every pattern of the period with its own noise; the sums tell how often a
symbol errs after each sequence of errors. Where few patterns make the errors, noise is raised until more do.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.special import ndtr

from sirf._arrays import Float, Integer
from sirf._kernels.pattern_decisions import follow_decisions
from sirf.engine.light.pattern_tails import PatternTails
from sirf.signal.pam import bit_error_table, bits_per_symbol

FEWEST_PATTERNS = 20.0
"""Patterns that must share the errors."""
MORE_NOISE = 1.1
"""Factor by which noise is raised until they do."""
MOST_NOISE = 20
"""Times that it is raised at most."""
PREDICTION = 3
"""Last symbols whose noise tells of that of the next."""


def rates_after_errors(
    patterns: PatternTails, order: Integer, decision: Float, covariance: Float, states: Integer, fed: Float
) -> Float:
    """(4, S): share of each of `states` (S, M), errors upwards and downwards in it, bit errors a bit; not a number where unknown.

    `order` (N,) says when each pattern was sent, `decision` (L - 1,) in V are the thresholds, `covariance` (K,) in V² that of the
    Gaussian parts that do not depend on the pattern 0, 1, 2 … symbols later, `fed` (M,) in V what an error of one level takes off
    the next symbols.
    """
    # decisions follow one another as symbols were sent
    sent = np.empty(len(order), dtype=np.int64)
    seen, noise = np.empty(patterns.seen.shape), np.empty(patterns.noise.shape)
    sent[order] = patterns.pair // patterns.levels
    seen[:, order], noise[:, order] = patterns.seen, patterns.noise
    variance = noise + covariance[0]
    for _ in range(MOST_NOISE):
        if _sharing(seen, np.sqrt(variance), sent, decision) >= FEWEST_PATTERNS:
            break
        variance = variance * MORE_NOISE**2
    correlation = covariance[: PREDICTION + 1] / covariance[0]
    prediction = solve_toeplitz(correlation[:-1], correlation[1:])
    bits = np.asarray(bit_error_table(patterns.levels) / bits_per_symbol(patterns.levels), dtype=float)
    out = np.zeros((4, len(states)))
    moved = -np.asarray(states @ fed, dtype=float)
    for row, deviation in zip(seen, np.sqrt(variance), strict=True):
        follow_decisions(row, deviation, sent, decision, moved, prediction, bits, out)
    met = np.where(out[0] > 0.0, out[0], np.nan)
    return np.stack([out[0] / out[0].sum(), *(out[1:] / met)])


def _sharing(seen: Float, deviation: Float, sent: Integer, decision: Float) -> float:
    """How many patterns share the errors that right decisions leave."""
    bounds = np.concatenate([[-np.inf], decision, [np.inf]])
    wrong = ndtr((seen - bounds[sent + 1]) / deviation) + ndtr((bounds[sent] - seen) / deviation)
    total = float(wrong.sum())
    return total**2 / float(np.sum(wrong**2)) if total > 0.0 else 0.0
