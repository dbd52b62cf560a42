"""Maximum-likelihood sequence detection in the statistical engine: the union of the likely error events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf.com.sequence_gain import event_margins, feedback_error_ratio, sequence_error_ratio
from sirf.engine.statistical.analysis import interference_model
from sirf.engine.statistical.sequence_rates import MAX_EVENT_SYMBOLS
from sirf.errors import SirfError
from sirf.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceDetection:
    """Symbol error ratios of a sequence detector on the target 1 + alpha D, and of ideal feedback in its place.

    `detector_error_ratio` bounds it from above: the sum over error events of alternating sign, one level off, weighted with how
    often they can occur and how many symbols they cost (Forney 1972; IEEE 802.3 Annex 178A.1.11). `feedback_error_ratio` is
    that of decision feedback without error propagation. Both take all interference as Gaussian with its covariance.
    """

    alpha: float
    detector_error_ratio: float
    feedback_error_ratio: float


def sequence_detection(link: Link) -> SequenceDetection:
    """What a sequence detector in place of the first DFE tap would reach at the link's sampling instant.

    The first tap is the target's alpha; the others feed back ideally. Raises `SirfError` for a link without DFE.
    """
    if not link.receiver.dfe:
        raise SirfError("dfe must have a first tap, got none. Sequence detection takes its place: give dfe=(0.5,).")
    model = interference_model(link)
    covariance = model.covariance(16)
    levels = link.order
    # half the distance of two levels over the rms of all that disturbs: the argument that Q takes
    half = 0.5 * float(np.min(np.diff(link.levels))) * model.front_end.main_cursor / np.sqrt(covariance[0])
    margins = event_margins(link.receiver.dfe[0], covariance / covariance[0], MAX_EVENT_SYMBOLS)
    return SequenceDetection(
        alpha=link.receiver.dfe[0],
        # a union bound may pass one where the eye is closed
        detector_error_ratio=min(float(np.exp(sequence_error_ratio(float(half), levels, margins))), 1.0),
        feedback_error_ratio=float(np.exp(feedback_error_ratio(float(half), levels))),
    )
