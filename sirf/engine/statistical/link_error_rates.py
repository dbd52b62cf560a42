"""Error ratios of a link whose interference is known: symbol by symbol, with feedback of errors, or of a sequence detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf.engine.statistical.error_propagation import RatesByPattern, with_feedback, without_feedback
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates

if TYPE_CHECKING:
    from sirf.engine.statistical.analysis import InterferenceModel


SEQUENCE_LAGS = 16
"""Lags in UI at which the noise of an error event is taken as correlated."""
MIN_FOLLOWED_ERROR_RATIO = 1e-30
"""Symbol error ratio below which decisions are not followed any further."""
PATTERNS_FROM = 0.01
"""Share of the error ratio from which on what feedback does to it is followed pattern by pattern behind curves of light. That
moved the share by a third of itself at most over all shipped devices, so that 0.3 % of the error ratio are left out below."""


def error_rates(model: InterferenceModel, at_instant: Interference, *, ideal_feedback: bool) -> ErrorRates:
    """Symbol and bit error ratios of a link whose interference at the sampling instant is known."""
    link, main = model.link, model.front_end.main_cursor
    if link.receiver.mlse is not None:
        from sirf.engine.statistical.sequence_rates import check_memory, sequence_rates

        check_memory(link.receiver.mlse, link.order)
        # the first DFE tap is the second coefficient of the target: the sequence detector stands in its place
        alpha, covariance = link.receiver.dfe[0], model.covariance(SEQUENCE_LAGS)
        return sequence_rates(at_instant, model.decided, main, alpha, covariance)
    decision = model.thresholds(at_instant)
    seen = at_instant.error_ratio(model.decided, main, decision)
    # what is lost in rounding has no tail to say what follows an error
    if ideal_feedback or not any(link.receiver.dfe) or seen < MIN_FOLLOWED_ERROR_RATIO:
        return without_feedback(at_instant, model.decided, main, decision)

    def by_pattern(found: ErrorRates) -> RatesByPattern | None:
        # patterns take twenty times as long, which searches of linear rows, whose taps are small, would pay at every step
        if (
            model.large is None
            or abs(found.ser - found.detector_error_ratio) < PATTERNS_FROM * found.detector_error_ratio
        ):
            return None
        return model.rates_after_errors(decision)

    after = model.after_errors(at_instant)
    return with_feedback(
        at_instant, model.decided, main, link.receiver.dfe, after=after, decision=decision, by_pattern=by_pattern
    )
