"""What sequence detection adds to a margin: maximum likelihood on the target 1 + alpha D instead of decision feedback.

An error event of length j is a run of j wrong symbols of alternating sign, each off by one level: the events with the least
distance. Through the target it becomes d = (1, alpha - 1, 1 - alpha, ..., +-alpha), j + 1 samples. With noise of correlation
matrix C (unit variance) and half a level spacing of A over the rms noise, the event wins with probability
Q(A d'd / sqrt(d' C d)); there are 2 (L - 1)^j / L^j such events for a symbol, and each makes j errors. The sum over j bounds
the detector error ratio from above (Forney, IEEE Trans. Inf. Theory IT-18, 1972; the events are those of Annex 178A.1.11).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal.gaussian import log_gaussian_below
from sirf.signal.toeplitz import symmetric_toeplitz


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceGain:
    """`gain_db` is the ratio in dB of the signal-to-noise ratios that feedback and sequence detection need for one DER."""

    gain_db: float
    alpha: float
    longest_event: int


def event_margins(alpha: float, correlation: Float, longest: int) -> Float:
    """d'd / sqrt(d'Cd) (J,) for events of 1 to `longest` symbols; `correlation` (K,) of the noise, one at lag 0, zero after K.

    >>> float(event_margins(1.0, np.array([1.0]), 3)[2].round(6))
    1.414214
    """
    row = np.zeros(longest + 1)
    row[: min(correlation.size, longest + 1)] = correlation[: longest + 1]
    matrix = symmetric_toeplitz(row)
    margins = np.empty(longest)
    for j in range(1, longest + 1):
        # j alternating errors through the target 1 + alpha D span j + 1 samples
        event = np.convolve((-1.0) ** np.arange(j), [1.0, alpha])
        # a correlation cut off after K lags need not be positive definite: its power is held above zero below
        power = float(event @ matrix[: j + 1, : j + 1] @ event)
        margins[j - 1] = float(event @ event) / np.sqrt(max(power, np.finfo(float).tiny))
    return margins


def feedback_error_ratio(half_spacing: float, levels: int) -> float:
    """Logarithm of the detector error ratio with ideal feedback, 2 (L - 1) / L Q(A); `half_spacing` A over the rms noise."""
    return float(np.log(2.0 * (levels - 1) / levels) + log_gaussian_below(-half_spacing))


def sequence_error_ratio(half_spacing: float, levels: int, margins: Float) -> float:
    """Logarithm of the sum over j of 2 j ((L - 1) / L)^j Q(A m_j)."""
    j = np.arange(1, margins.size + 1)
    # Q(x) as the logarithm of the normal distribution below -x: far tails underflow, and the sum is over widely
    # different terms
    terms = np.log(2.0 * j) + j * np.log((levels - 1) / levels) + log_gaussian_below(-half_spacing * margins)
    return float(np.logaddexp.reduce(terms))


def sequence_gain(
    alpha: float, correlation: Float, *, levels: int, error_ratio: float, longest: int = 128
) -> SequenceGain:
    """Gain of sequence detection over ideal decision feedback at a detector error ratio.

    `alpha` is the DFE's first tap relative to the cursor, `correlation` (K,) the correlation coefficients of noise and
    residual interference at the slicer at lags 0, 1, ... UI. Raises `SirfError` for an error ratio outside (0, 0.1).
    """
    if not 0.0 < error_ratio < 0.1:
        raise SirfError(
            f"error ratio of the sequence detector must lie between 0 and 0.1, got {error_ratio:g}. Use DER_0."
        )
    from scipy.optimize import brentq

    margins = event_margins(alpha, correlation, longest)
    # error ratios span tens of decades: a root is found more safely for their logarithms
    target = np.log(error_ratio)
    # brackets far beyond any ratio in use: Q(60) is 1e-784
    feedback = brentq(lambda a: feedback_error_ratio(a, levels) - target, 0.0, 60.0)
    sequence = brentq(lambda a: sequence_error_ratio(a, levels, margins) - target, 1e-3, 600.0)
    return SequenceGain(gain_db=float(20.0 * np.log10(feedback / sequence)), alpha=alpha, longest_event=longest)
