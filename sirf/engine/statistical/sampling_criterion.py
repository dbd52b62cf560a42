"""The sampling instant by what comes of it: the highest eye or the fewest errors, beside the Mueller-Müller point.

A Mueller-Müller loop balances the pulse a UI before and a UI after; on channels with baseline wander or long tails that is not
where errors are fewest. The search stays within half a UI of that point, on the grid of the link's samples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from sirf.engine.contract import LARGE_SIGNAL, STATISTICAL, without_refused
from sirf.engine.front_end import front_end
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.link_error_rates import error_rates
from sirf.errors import SirfError
from sirf.receiver.receiver import MUELLER_MULLER, SAMPLING_CRITERIA
from sirf.results.sampling_instant import SamplingInstant

if TYPE_CHECKING:
    from sirf.link import Link

COARSE_STEPS = 8
"""Steps of a UI in which the search begins."""
MIN_MAIN_SHARE = 0.3
"""Part of the pulse's peak below which a sample is no main cursor, as in the search for the Mueller-Müller point."""

Judged = tuple[float, float]
"""Symbol error ratio, and height in V of the lowest eye at DER0 (negative where it is closed)."""


@lru_cache(maxsize=64)
def find_instant(link: Link, criterion: str | None = None) -> SamplingInstant:
    """The instant that the receiver's criterion, or another, finds for the link with its taps as they are; kept.

    Errors and eyes are those of the statistics, error propagation and sequence detection in them; blocks that only other engines
    model (clock, wander, amplifier, patterns) are left out of the search. `Receiver.sampling_offset_ui` is no part of it.

    Raises `SirfError` for an unknown criterion, and where the statistical engine refuses the link.

    >>> link.sampling_instant("maximum-eye").criterion
    'maximum-eye'
    """
    wanted = link.receiver.sampling if criterion is None else criterion
    if wanted not in SAMPLING_CRITERIA:
        raise SirfError(
            f"criterion must be one of {', '.join(SAMPLING_CRITERIA)}, got {wanted!r}. Use 'minimum-error-ratio'."
        )
    large = link.optics is not None and link.optics.large_signal
    bare = without_refused(LARGE_SIGNAL if large else STATISTICAL, _at(link, 0.0))
    m, end = link.samples_per_ui, front_end(bare)
    pulse = end.mean_pulse
    judged: dict[int, Judged] = {}

    def judge(offset: int) -> Judged:
        if offset not in judged:
            judged[offset] = _judged(_at(bare, offset / m))
        return judged[offset]

    def better(offset: int) -> tuple[float, float, int]:
        if not pulse[end.sampling + offset] > MIN_MAIN_SHARE * pulse.max():
            return float("inf"), float("inf"), abs(offset)
        ratio, height = judge(offset)
        # one decides where the other cannot: error ratios below rounding, or heights alike
        both = (ratio, -height) if wanted == "minimum-error-ratio" else (-height, ratio)
        return *both, abs(offset)

    best = 0 if wanted == MUELLER_MULLER else _least(better, m)
    ser, height = judge(best)
    loop_ser, loop_height = judge(0)
    return SamplingInstant(
        criterion=wanted, offset_ui=best / m, ser=ser, loop_ser=loop_ser, height=height, loop_height=loop_height
    )


def _least(merit: Callable[[int], tuple[float, float, int]], samples_per_ui: int) -> int:
    """The offset in samples, within half a UI, of least merit: all of a coarse grid, then halved steps about the best."""
    step = max(samples_per_ui // COARSE_STEPS, 1)
    half = samples_per_ui // 2

    def around(middle: int, distance: int) -> list[int]:
        """The offset and its two neighbours; beyond half a UI another symbol would be the main one."""
        return [offset for offset in (middle, middle - distance, middle + distance) if abs(offset) <= half]

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


def _judged(link: Link) -> Judged:
    model = InterferenceModel(link)
    found, main, levels = model.at(0), model.front_end.main_cursor, model.decided
    heights = (
        float(levels[e + 1] - levels[e]) * main - found.quantile(e, link.der0) - found.lower_quantile(e + 1, link.der0)
        for e in range(len(levels) - 1)
    )
    return error_rates(model, found, ideal_feedback=False).ser, min(heights)
