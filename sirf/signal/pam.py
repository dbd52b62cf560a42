"""Pulse-amplitude modulation: levels, Gray mapping, decision thresholds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal import cross32

ORDERS = {"NRZ": 2, "PAM2": 2, "PAM3": 3, "PAM4": 4, "PAM6": 6, "PAM8": 8}
"""Number of levels by the name of the modulation."""


def order_of(modulation: str) -> int:
    """Number of levels of a modulation by name, for example 4 for "PAM4"; `SirfError` for an unknown name."""
    try:
        return ORDERS[modulation.upper()]
    except (KeyError, AttributeError):
        raise SirfError(f"modulation must be one of {', '.join(ORDERS)}, got {modulation!r}. Use 'PAM4'.") from None


def levels(order: int, *, level_mismatch: float = 1.0) -> Float:
    """Symbol levels (order,) ascending, outer ones at ±1.

    `level_mismatch` is the ratio R_LM in (0, 1], of IEEE 802.3 clause 120D.3.1.2 and of clause 94 alike: below one the inner
    levels move towards the middle (for PAM4 to ±R_LM/3), so that the smallest eye is R_LM times the ideal one, as in COM's A_s.

    >>> levels(4)
    array([-1.        , -0.33333333,  0.33333333,  1.        ])
    """
    if order < 2:
        raise SirfError(f"order must be at least 2, got {order}. Use 2 for NRZ or 4 for PAM4.")
    if not 0.0 < level_mismatch <= 1.0:
        raise SirfError(f"level_mismatch must be in (0, 1], got {level_mismatch}. Use 1 for equal spacing.")
    # an array of the caller's own
    return _levels(order, level_mismatch).copy()


# every part of a search asks for them, thousands of times
@lru_cache(maxsize=16)
def _levels(order: int, level_mismatch: float) -> Float:
    ideal = np.linspace(-1.0, 1.0, order)
    # outer levels stay: R_LM is the smallest step over its ideal third of the outer distance
    ideal[1:-1] *= level_mismatch
    return ideal


def thresholds(level_values: Float) -> Float:
    """Decision thresholds (order - 1,) half way between neighbouring levels."""
    return np.asarray(0.5 * (level_values[1:] + level_values[:-1]))


def bits_per_symbol(order: int) -> float:
    """Bits that a symbol carries: log2(order), but 2.5 for PAM6, of which two symbols carry five (`sirf.signal.cross32`).

    >>> bits_per_symbol(4), bits_per_symbol(6)
    (2.0, 2.5)
    """
    return cross32.BITS_PER_PAIR / 2 if order == cross32.ORDER else float(np.log2(order))


def level_shares(order: int) -> Float:
    """Probability (order,) of each level of random bits: alike, but for PAM6, whose pairs leave the corners out.

    >>> level_shares(6) * 16
    array([2., 3., 3., 3., 3., 2.])
    """
    # an array of the caller's own
    return _level_shares(order).copy()


@lru_cache(maxsize=16)
def _level_shares(order: int) -> Float:
    if order != cross32.ORDER:
        return np.full(order, 1.0 / order)
    counts = np.bincount(cross32.PAIR_LEVELS.ravel(), minlength=order)
    return np.asarray(counts / counts.sum())


def mean_square(level_values: Float) -> float:
    """Mean square of the symbols of random bits on `level_values` (order,), weighed with `level_shares`.

    >>> mean_square(levels(2)), round(mean_square(levels(6)), 3)
    (1.0, 0.4)
    """
    # corners are never sent, so inner levels are more frequent: the mean square is 0.4, not the 7/15 of even use
    if len(level_values) == cross32.ORDER:
        return float(level_shares(cross32.ORDER) @ level_values**2)
    return float(np.mean(level_values**2))


def gray_code(order: int) -> NDArray[np.int64]:
    """Gray label (order,) of each level from the lowest up: neighbours differ in one bit.

    >>> gray_code(4)
    array([0, 1, 3, 2])
    """
    index = np.arange(order)
    return np.asarray(index ^ (index >> 1))


def counted_bit_errors(order: int) -> tuple[NDArray[np.int64], int]:
    """`bit_error_table` as whole numbers (order, order), and of how many parts of a bit error they are: 1, or 6 for PAM6.

    Counts of PAM6 add what a wrong symbol costs on average over the other symbol of its pair.
    """
    # every mean of PAM6's table is a whole number of sixths: counts stay integers, which add exactly in any order
    parts = 6 if order == cross32.ORDER else 1
    return np.rint(parts * bit_error_table(order)).astype(np.int64), parts


def bit_error_table(order: int) -> NDArray[np.int64] | Float:
    """Bit errors (order, order) when level row is decided as level column, under Gray mapping.

    For PAM6 they are means over the pair's other symbol, taken as right (`sirf.signal.cross32.mean_bit_errors`).
    """
    if order == cross32.ORDER:
        return cross32.mean_bit_errors()
    code = gray_code(order)
    return np.asarray(np.bitwise_count(code[:, None] ^ code[None, :]), dtype=np.int64)
