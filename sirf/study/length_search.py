"""The search for the longest length that still meets a limit, of copper and of fibre."""

from __future__ import annotations

import math
from collections.abc import Callable

MIN_LENGTH, MAX_LENGTH = 0.002, 5.0
"""Lengths in m between which the reach of copper is sought."""
STRIDE = 2.0**0.25
"""Ratio of neighbouring lengths while the search walks."""


def longest_length(
    meets: Callable[[float], bool],
    start: float,
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    stride: float = STRIDE,
    tolerance: float = 0.02,
) -> tuple[float | None, float | None]:
    """(longest length that meets, the next one tried, which misses); None where there is none `between`.

    Walks from `start`, up by `stride` while lengths meet or down by 2 until one meets, and halves the last step in ratio.

    >>> low, high = longest_length(lambda length: length < 0.3, 0.1)
    >>> 0.294 < low < 0.3 <= high
    True
    """
    first = min(max(start, between[0]), between[1])
    rising = meets(first)
    low, high = (first, None) if rising else (None, first)
    for length in _steps(first, between[1], stride) if rising else _steps(first, between[0], 2.0):
        low, high = (length, high) if meets(length) else (low, length)
        if low is not None and high is not None:
            break
    while low is not None and high is not None and high / low - 1.0 > tolerance:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low, high


def _steps(start: float, end: float, stride: float) -> list[float]:
    """Lengths from `start` (left out) to `end` by `stride`, up or down; a last step below 1 % of one is not taken."""
    count = max(math.ceil(abs(math.log(end / start)) / math.log(stride) - 0.01), 0)
    ratio = stride if end > start else 1.0 / stride
    return [*(start * ratio**k for k in range(1, count)), end] if count else []
