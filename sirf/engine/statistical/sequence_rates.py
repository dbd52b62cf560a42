"""Error ratios of a sequence detector in the statistical engine: the sum over its likely error events."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf.com.sequence_gain import event_margins
from sirf.errors import SirfError
from sirf.receiver.mlse import Mlse
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.signal.pam import bit_error_table, bits_per_symbol, level_shares

MAX_EVENT_SYMBOLS = 128
"""Symbols of the longest error event in the sum."""


def check_memory(mlse: Mlse, order: int) -> None:
    """Raise `SirfError` for a detector whose events are not those of a target of two taps with all states."""
    if mlse.memory != 1 or (mlse.subsets is not None and mlse.subsets != (order,)):
        raise SirfError(
            f"mlse must have a memory of 1 and all {order} states for a statistical eye, got {mlse}. Use sirf.count_errors."
        )


def sequence_rates(at_instant: Interference, levels: Float, main: float, alpha: float, covariance: Float) -> ErrorRates:
    """Error ratios of maximum-likelihood sequences on the target 1 + `alpha` D, by the formula of IEEE 802.3 Annex 178A.1.11.

    `at_instant` is the interference with the target taken off, `levels` (L,) relative to the main cursor `main` in V,
    `covariance` (K,) of interference and noise at lags of one UI. Events are runs of j symbols of alternating sign, each one
    level off: d = (1, -(1 - alpha), +(1 - alpha), ..., +-alpha) through the target, which wins where the projected noise
    passes its distance. The noise of an event is taken to have the shape of one sample's distribution with the event's own
    power. The ratio is the sum over j of ((L - 1) / L)^(j - 1) P_j, of PAM6 with the shares of its levels in place of 1 / L.
    Events overlap, which the union bound (each of both signs, j errors an event) counts several times and this sum does not.
    It is a bound from neither side: counts lay within a factor of two of it, with the noise of a receiver FFE as with white
    noise. A symbol off by one level costs one Gray bit.
    """
    count = levels.size
    # levels need not be equally far apart (level mismatch): the narrowest eye makes most of the errors
    half = 0.5 * float(np.min(np.diff(levels))) * main
    # normalised by the variance: an event's distance is then read from the distribution of a single sample
    margins = event_margins(alpha, covariance / covariance[0], MAX_EVENT_SYMBOLS)
    length = np.arange(1, MAX_EVENT_SYMBOLS + 1)
    # the outer levels of PAM6 are rarer than the others, because a cross of 32 points has no corners
    usual = level_shares(count)
    # a symbol can be off by a level in a given direction unless it is the outermost one on that side
    inner = 1.0 - float(usual[-1])
    beyond = sum(
        usual[e] * at_instant.above(e, half * margins) + usual[e + 1] * at_instant.below(e + 1, half * margins)
        for e in range(count - 1)
    )
    # beyond is over both signs at L - 1 pairs of levels; P_j is that of one sign
    events = inner ** (length - 1) * beyond / (2.0 * inner)
    total = float(np.sum(events))
    # every term has underflowed: the mean burst below would be zero over zero
    if total <= 0.0:
        return ErrorRates(ser=0.0, ber=0.0, detector_error_ratio=0.0, mean_burst=1.0)
    # events overlap, so that their sum may pass one where the eye is closed
    ser = min(total, 1.0)
    table = bit_error_table(count)
    # one bit, but of PAM6, whose labels are no Gray code
    bits = float(np.mean([np.diag(table, 1), np.diag(table, -1)]))
    return ErrorRates(
        ser=ser,
        ber=ser * bits / bits_per_symbol(count),
        detector_error_ratio=ser,
        mean_burst=float(np.sum(length * events)) / total,
    )
