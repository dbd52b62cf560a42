"""The sampling instant by what comes of it: the highest eye, its middle or the fewest errors, beside the Mueller-Müller point.

A Mueller-Müller loop balances the pulse a UI before and a UI after; on channels with baseline wander or long tails that is not
where errors are fewest. The search stays within half a UI of that point, on the grid of the link's samples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from sirf.engine.contract import LARGE_SIGNAL, STATISTICAL, without_refused
from sirf.engine.front_end import front_end
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.link_error_rates import error_rates
from sirf.errors import SirfError
from sirf.receiver.receiver import EYE_CENTRE, MUELLER_MULLER, SAMPLING_CRITERIA
from sirf.results.sampling_instant import SamplingInstant

if TYPE_CHECKING:
    from sirf.link import Link

COARSE_STEPS = 8
"""Steps of a UI in which the search begins."""
EDGE_STEPS = 4
"""Steps of a UI in which the edges of an open eye are walked to."""
MIN_MAIN_SHARE = 0.3
"""Part of the pulse's peak below which a sample is no main cursor, as in the search for the Mueller-Müller point."""


@lru_cache(maxsize=64)
def find_instant(link: Link, criterion: str | None = None) -> SamplingInstant:
    """The instant that the receiver's criterion, or another, finds for the link with its taps as they are; kept.

    Errors and eyes are those of the statistics, error propagation and sequence detection in them; blocks that only other engines
    model (clock, wander, amplifier, patterns) are left out of the search. `Receiver.sampling_offset_ui` is no part of it.

    Raises `SirfError` for an unknown criterion, and where the statistical engine refuses the link.

    >>> link.sampling_instant("maximum-eye").criterion
    'maximum-eye'
    """
    search = _search(link)
    best = find_offset(link, criterion)
    return SamplingInstant(
        criterion=link.receiver.sampling if criterion is None else criterion,
        offset_ui=best / link.samples_per_ui,
        ser=search.ratio(best),
        loop_ser=search.ratio(0),
        height=search.height(best),
        loop_height=search.height(0),
    )


@lru_cache(maxsize=64)
def find_offset(link: Link, criterion: str | None = None) -> int:
    """The samples by which that instant lies after the Mueller-Müller point; errors as `find_instant`."""
    wanted = link.receiver.sampling if criterion is None else criterion
    if wanted not in SAMPLING_CRITERIA:
        raise SirfError(
            f"criterion must be one of {', '.join(SAMPLING_CRITERIA)}, got {wanted!r}. Use 'minimum-error-ratio'."
        )
    search, m = _search(link), link.samples_per_ui
    if wanted == MUELLER_MULLER:
        return 0
    if wanted == EYE_CENTRE:
        middle = search.middle()
        # a closed eye has no middle: it is sampled where it lacks least
        return _least(lambda offset: (-search.height(offset), abs(offset)), m) if middle is None else middle
    # one decides where the other cannot: error ratios below rounding, or heights alike
    if wanted == "minimum-error-ratio":
        return _least(lambda offset: (search.ratio(offset), -search.height(offset), abs(offset)), m)
    return _least(lambda offset: (-search.height(offset), search.ratio(offset), abs(offset)), m)


class _Search:
    """Heights and error ratios of one link at offsets in samples from its Mueller-Müller point; each is computed once."""

    def __init__(self, link: Link) -> None:
        large = link.optics is not None and link.optics.large_signal
        self.bare = without_refused(LARGE_SIGNAL if large else STATISTICAL, _at(link, 0.0))
        self.m, end = link.samples_per_ui, front_end(self.bare)
        self.pulse, self.loop = end.mean_pulse, end.sampling
        # every offset is asked for several times; ratios cost more than heights and are not always asked for. A model is large,
        # and is asked for again only by the ratio that follows its height
        self.model = lru_cache(maxsize=1)(self._model)
        self.height, self.ratio = cache(self._height), cache(self._ratio)

    def middle(self) -> int | None:
        """The middle of the open eye, within half a UI of the loop's point; None where it is closed at the pulse's peak.

        The eye is that of one receiver seen at many phases, whose feedback holds its volts.
        """
        half, stride = self.m // 2, max(self.m // EDGE_STEPS, 1)
        peak = min(max(int(np.argmax(self.pulse)) - self.loop, -half), half)
        model = self.model(peak)

        @cache
        def is_open(offset: int) -> bool:
            return _lowest_eye(model, offset) > 0.0

        if not is_open(0):
            return None
        edges = []
        for side in (-1, 1):
            # the last that is known to be open, and one beyond the edge; an eye is open for less than a UI
            inside, outside = 0, stride
            while outside < self.m and is_open(side * outside):
                inside, outside = outside, outside + stride
            while outside - inside > 1:
                between = (inside + outside) // 2
                inside, outside = (between, outside) if is_open(side * between) else (inside, between)
            edges.append(side * inside)
        return min(max(peak + round(0.5 * sum(edges)), -half), half)

    def _model(self, offset: int) -> InterferenceModel:
        return InterferenceModel(_at(self.bare, offset / self.m))

    def _height(self, offset: int) -> float:
        """Of the lowest eye at DER0 in V, below zero what a closed one lacks; -inf where another symbol is the main one."""
        # on the foot of the pulse another symbol's cursor is the larger one: an eye there would be that symbol's
        if not self.pulse[self.loop + offset] > MIN_MAIN_SHARE * self.pulse.max():
            return -inf
        return _lowest_eye(self.model(offset), 0)

    def _ratio(self, offset: int) -> float:
        # a height costs less than a ratio, and says already that no error ratio is worth asking for here
        if self.height(offset) == -inf:
            return inf
        model = self.model(offset)
        return error_rates(model, model.at(0), ideal_feedback=False).ser


# two: an instant is asked for again with its costs after it has been placed
@lru_cache(maxsize=2)
def _search(link: Link) -> _Search:
    return _Search(link)


def _least(merit: Callable[[int], tuple[float, ...]], samples_per_ui: int) -> int:
    """The offset in samples, within half a UI, of least merit: all of a coarse grid, then halved steps about the best."""
    step = max(samples_per_ui // COARSE_STEPS, 1)
    half = samples_per_ui // 2

    def around(middle: int, distance: int) -> list[int]:
        """The offset and its two neighbours; beyond half a UI another symbol would be the main one."""
        return [offset for offset in (middle, middle - distance, middle + distance) if abs(offset) <= half]

    # multiples of the step, so that the loop's own instant is among those looked at
    best = min(range(-(half // step) * step, half + 1, step), key=merit)
    while step > 1:
        step = (step + 1) // 2
        best = min(around(best, step), key=merit)
    # halved steps of a size that is no power of two may end beside the least
    while (after := min(around(best, 1), key=merit)) != best:
        best = after
    return best


def _at(link: Link, offset_ui: float) -> Link:
    """`link` sampled `offset_ui` after the Mueller-Müller point."""
    return link.replace(receiver=link.receiver.replace(sampling=MUELLER_MULLER, sampling_offset_ui=offset_ui))


def _lowest_eye(model: InterferenceModel, offset: int) -> float:
    """Height in V of the lowest eye at DER0, `offset` samples after the model's instant; below zero what a closed one lacks."""
    found, levels, der0 = model.at(offset), model.decided, model.link.der0
    main = float(model.main_cursors(np.array([offset]))[0])
    return min(
        float(levels[e + 1] - levels[e]) * main - found.quantile(e, der0) - found.lower_quantile(e + 1, der0)
        for e in range(len(levels) - 1)
    )
