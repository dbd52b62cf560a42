"""The search for the longest length that still meets a limit, of copper and of fibre."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

MIN_LENGTH, MAX_LENGTH = 0.002, 5.0
"""Lengths in m between which the reach of copper is sought."""
STRIDE = 2.0**0.5
"""Ratio of neighbouring lengths while the search walks."""
TOLERANCE = 0.02
"""Relative length at which a search stops where nothing else is said."""
MAX_MARGIN = 30.0
"""Margins beyond it count as it: how far a dead link misses says nothing of where it begins to live."""


def longest_length(
    meets: Callable[[float], float | bool],
    start: float,
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    stride: float = STRIDE,
    descent: float = 2.0,
    tolerance: float = TOLERANCE,
    known: Mapping[float, float] | None = None,
    evaluations: int = 1000,
) -> tuple[float | None, float | None]:
    """(longest length that meets, the next one tried, which misses); None where there is none `between`.

    `meets` says whether a length meets, or by how much: a margin of at least 0 meets. Walks from `start`, up by `stride` while
    lengths meet or down by `descent` until one meets, then closes in on the crossing by interpolation of the margins over length.
    `known` margins by length are not asked for again; after so many `evaluations` the bracket is left as wide as it is.

    >>> low, high = longest_length(lambda length: length < 0.3, 0.1)
    >>> 0.294 < low < 0.3 <= high
    True
    """
    margins: dict[float, float] = dict(known or {})
    left = evaluations

    def margin(length: float) -> float:
        nonlocal left
        if length in margins:
            return margins[length]
        left -= 1
        found = meets(length)
        value: float = (
            (1.0 if found else -1.0) if isinstance(found, bool) else min(max(float(found), -MAX_MARGIN), MAX_MARGIN)
        )
        margins[length] = value
        return value

    # a start outside the range is no reason to fail: the answer is sought inside it
    first = min(max(start, between[0]), between[1])
    rising = margin(first) >= 0.0
    low, high = (first, None) if rising else (None, first)
    if not rising:
        # a known length that meets saves the walk down to it
        low = max((one for one, value in margins.items() if value >= 0.0 and one < first), default=None)
    # up in small strides, so as not to step over a bump into the next stretch that meets; down fast, for nothing meets there
    for length in _steps(first, between[1], stride) if rising else _steps(first, between[0], descent):
        if low is not None and high is not None:
            break
        low, high = (length, high) if margin(length) >= 0.0 else (low, length)
    if low is not None and high is not None:
        low, high = _closed(margin, margins, low, high, tolerance, left)
    return low, high


def _closed(
    margin: Callable[[float], float],
    margins: Mapping[float, float],
    low: float,
    high: float,
    tolerance: float,
    evaluations: int,
) -> tuple[float, float]:
    """Lengths about the crossing, one that meets and one that misses, closer than `tolerance`; `margins` holds all known ones.

    By the parabola through both ends and their nearest neighbour, aimed just beside the crossing so that the next step or two
    close the bracket, never within a third of the tolerance of an end; every third step halves the bracket.
    """
    # aimed at the crossing itself every step would land on the same side, and the other end of the bracket would never move
    beside = 1.0 + tolerance / 3.0
    for step in range(evaluations):
        if high / low - 1.0 <= tolerance:
            break
        crossing = _crossing(margins, low, high)
        # beyond the crossing as seen from the nearer end: if the guess is right, that end's partner comes close in one step
        aimed = crossing * beside if crossing - low < high - crossing else crossing / beside
        # margins that jump (a tap more, another gain) fool interpolation: halving now and then bounds the number of steps
        middle = math.sqrt(low * high) if step % 3 == 2 else min(max(aimed, low * beside), high / beside)
        low, high = (middle, high) if margin(middle) >= 0.0 else (low, middle)
    return low, high


def _crossing(margins: Mapping[float, float], low: float, high: float) -> float:
    """Length between `low`, which meets, and `high`, which misses, at which the parabola through three known margins is zero."""
    span, above, below = high - low, margins[low], margins[high]
    slope = (below - above) / span
    others = [one for one in margins if one not in (low, high)]
    bend = 0.0
    if others:
        # the nearest by ratio, as lengths are walked by ratios
        third = min(others, key=lambda one: max(low / one, one / high))
        bend = ((margins[third] - above) / (third - low) - slope) / (third - high)
    # above + linear t + bend t² for t from 0 at `low`: one root within, for the ends differ in sign
    linear = slope - bend * span
    # rounding can push a double root below zero
    root = math.sqrt(max(linear * linear - 4.0 * bend * above, 0.0))
    # the form with the root below the fraction: for a nearly straight curve the usual one would subtract equal numbers
    return low + min(2.0 * above / max(root - linear, 1e-300), span)


def _steps(start: float, end: float, stride: float) -> list[float]:
    """Lengths from `start` (left out) to `end` by `stride`, up or down; a last step below 1 % of one is not taken."""
    # the last length is the end itself, however the strides fall
    count = max(math.ceil(abs(math.log(end / start)) / math.log(stride) - 0.01), 0)
    ratio = stride if end > start else 1.0 / stride
    return [*(start * ratio**k for k in range(1, count)), end] if count else []
