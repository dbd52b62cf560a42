"""The longest path whose COM meets a limit: searched near known equaliser settings, its end held against the whole grid.

Neighbouring lengths want neighbouring settings. So lengths are tried with COM as a walk from the setting of the nearest length
finds it, which is a setting of the grid; the first is the full grid's. At the crossing the grid of every second value is asked
too. Where it leads to a better setting, whose margin is another by more than the ripple from length to length, the search goes on
with the full grid alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from sirf.results.margin import EqualizerChoice
from sirf.study.length_search import MAX_LENGTH, MIN_LENGTH, STRIDE, TOLERANCE, WINDOW, steady_length
from sirf.study.limits import Limit
from sirf.study.measurement import Measurement
from sirf.study.subject import Subject

Choices = dict[str, EqualizerChoice | None]

FAR_DB = 1.0
"""COM in dB over the limit above which every second stride is enough: from length to length it ripples by a third of that."""
ROUNDING_DB = 1e-9
"""Figures of merit in dB closer than this are of one setting, or of two as good."""


class ComLength:
    """Margins of COM over a limit by length, of one subject; `here` is what is measured already at its own length.

    `progress` is told each length in m and its COM in dB.
    """

    def __init__(
        self,
        subject: Subject,
        limit: Limit,
        here: Measurement | None = None,
        progress: Callable[[float, float], None] | None = None,
    ) -> None:
        self.subject = subject
        self.limit = limit
        self.progress = progress
        self.curve: dict[float, tuple[float, float]] = {}
        self._choices: dict[float, Choices] = {}
        self._full: dict[float, float] = {}
        self._walked: dict[float, float] = {}
        self._measured: dict[float, Measurement] = {}
        if here is not None:
            self._keep(subject.length_m, here)

    # a full grid is dear: what a walk has reached is a floor below which no setting need be finished
    def full(self, length: float) -> float:
        """The margin in dB at a length in m by the full grid; what a walk has reached there already spares it all below."""
        if length not in self._full:
            found = self.limit.measurement(self.subject, length)
            walked = self._choices.get(length, {})
            found.com_floor_db = {name: one.fom_db for name, one in walked.items() if one is not None}
            self._keep(length, found)
        return self._full[length]

    def near(self, length: float) -> float:
        """The margin by a walk from the settings of the nearest length known; the first is of the full grid."""
        # what the full grid says is better than any walk
        if length in self._full:
            return self._full[length]
        if length in self._walked:
            return self._walked[length]
        # settings of dead links are none to walk from
        known = [one for one, choices in self._choices.items() if None not in choices.values()]
        if not known:
            return self.full(length)
        # nearest by ratio, as lengths are walked
        nearest = min(known, key=lambda one: max(one, length) / min(one, length))
        found = self.limit.measurement(self.subject, length)
        found.com_near = {name: one for name, one in self._choices[nearest].items() if one is not None}
        self._choices[length] = found.com_choices
        self._walked[length], self._measured[length] = self._margin(length, found), found
        return self._walked[length]

    def measurement(self, length: float) -> Measurement:
        """What is measured at a length in m."""
        return self.limit.measurement(self.subject, length)

    def longest(
        self, start: float, *, stride: float = STRIDE, tolerance: float = TOLERANCE
    ) -> tuple[float | None, float | None]:
        """As `steady_length`: (length up to which lengths meet, length from which they miss)."""
        low, high = steady_length(self.near, start, stride=stride, tolerance=tolerance, far=FAR_DB)
        if low is None or high is None:
            # what misses everywhere or nowhere near a known setting is asked of the full grid
            end = MIN_LENGTH if low is None else MAX_LENGTH
            agreed = (self.full(end) >= 0.0) == (high is None)
        else:
            # the length nearest to the crossing that has a setting already: there a better setting of the full grid
            # would count
            end = min(self._choices, key=lambda one: abs(one / math.sqrt(low * high) - 1.0))
            agreed = self._agrees(end, high / low)
        if agreed:
            return low, high
        return steady_length(self.full, low or start, stride=stride, tolerance=tolerance, known=self._full)

    def _agrees(self, length: float, spread: float) -> bool:
        """Whether the whole grid, thinned, has no better setting at a length than the walk found.

        Or one whose margin is the walk's, to what moves the crossing by less than the spread found.
        """
        walked, choices = self.near(length), self._choices[length]
        known = self._measured.get(length)
        # what the walk has searched on, with its own answers left behind
        found = self.limit.measurement(self.subject, length) if known is None else known.with_sections(known.sections)
        found.com_thinned = True
        if not any(_is_better(one, choices[name]) for name, one in found.com_choices.items()):
            return True
        others = [one for one in self.curve if one != length]
        # as far away as the window: closer lengths would measure the ripple and not the slope
        far = min(others, key=lambda one: abs(abs(math.log(one / length)) - WINDOW))
        slope = abs((self.curve[far][0] - self.curve[length][0]) / math.log(far / length))
        return abs(self.limit.margin(self.limit.value(found)) - walked) <= slope * 0.5 * math.log(spread)

    def _keep(self, length: float, found: Measurement) -> None:
        self._choices[length] = found.com_choices
        self._full[length] = self._margin(length, found)

    def _margin(self, length: float, found: Measurement) -> float:
        value = self.limit.value(found)
        # the section with most loss, which the reach is drawn over
        loss = max(section.link.insertion_loss_db for section in found.sections)
        self.curve[length] = value, loss
        if self.progress is not None:
            self.progress(length, value)
        return self.limit.margin(value)


def _is_better(one: EqualizerChoice | None, known: EqualizerChoice | None) -> bool:
    """Whether a setting has the greater figure of merit, or passes where the known one does not."""
    # two searches add up one setting's terms in orders of their own
    return one is not None and (known is None or one.fom_db > known.fom_db + ROUNDING_DB)
