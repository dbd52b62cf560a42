"""The longest path whose figure meets a limit, for any figure: every length is equalised and measured anew."""

from __future__ import annotations

from collections.abc import Callable

from sirf.study.length_search import STRIDE, TOLERANCE, steady_length
from sirf.study.limits import Limit
from sirf.study.measurement import Measurement
from sirf.study.subject import Subject


class FigureLength:
    """Margins of a limit by length of one subject.

    `progress` is told each length in m and its figure; `curve` holds (figure, loss in dB) by length.
    """

    def __init__(self, subject: Subject, limit: Limit, progress: Callable[[float, float], None] | None = None) -> None:
        self.subject = subject
        self.limit = limit
        self.progress = progress
        self.curve: dict[float, tuple[float, float]] = {}

    def margin(self, length: float) -> float:
        """By how much the figure meets its limit at a length in m."""
        found = self.measurement(length)
        value = self.limit.value(found)
        # loss of the worst section, over which the curve is drawn
        self.curve[length] = value, max(section.link.insertion_loss_db for section in found.sections)
        if self.progress is not None:
            self.progress(length, value)
        return self.limit.margin(value)

    def measurement(self, length: float) -> Measurement:
        """What is measured at a length in m."""
        return self.limit.measurement(self.subject, length)

    def longest(
        self, start: float, *, stride: float = STRIDE, tolerance: float = TOLERANCE
    ) -> tuple[float | None, float | None]:
        """As `steady_length`: (length up to which lengths meet, length from which they miss)."""
        return steady_length(self.margin, start, stride=stride, tolerance=tolerance)
