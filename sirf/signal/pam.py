"""Pulse-amplitude modulation: levels, Gray mapping, decision thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf.errors import SirfError

Float = NDArray[np.float64]

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
    ideal = np.linspace(-1.0, 1.0, order)
    # outer levels stay: R_LM is the smallest step over its ideal third of the outer distance
    ideal[1:-1] *= level_mismatch
    return ideal


def thresholds(level_values: Float) -> Float:
    """Decision thresholds (order - 1,) half way between neighbouring levels."""
    return np.asarray(0.5 * (level_values[1:] + level_values[:-1]))


def bits_per_symbol(order: int) -> float:
    """log2(order): information bits of a symbol."""
    return float(np.log2(order))


def gray_code(order: int) -> NDArray[np.int64]:
    """Gray label (order,) of each level from the lowest up: neighbours differ in one bit.

    >>> gray_code(4)
    array([0, 1, 3, 2])
    """
    index = np.arange(order)
    return np.asarray(index ^ (index >> 1))


def bit_error_table(order: int) -> NDArray[np.int64]:
    """Bit errors (order, order) when level row is decided as level column, under Gray mapping."""
    code = gray_code(order)
    return np.asarray(np.bitwise_count(code[:, None] ^ code[None, :]), dtype=np.int64)
