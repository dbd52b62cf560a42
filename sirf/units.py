"""Units at the edge: text such as "10 in" or "106.25 Gb/s" becomes SI floats; decibels and constants."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sirf.errors import SirfError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

C0 = 299_792_458.0
"""Speed of light in vacuum, m/s."""
EPS0 = 8.854_187_8188e-12
"""Permittivity of vacuum, F/m."""
MU0 = 1.256_637_061_27e-6
"""Permeability of vacuum, H/m."""

_LENGTH_M = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "in": 0.0254, "inch": 0.0254, "mil": 2.54e-5}
_QUANTITY = re.compile(r"\s*([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([^\s\d]*)\s*")


def parse_length(value: str | float, *, name: str = "length") -> float:
    """Length in metres from text with a unit ("10 in", "30 mm") or a float in metres.

    Raises `SirfError` when the text is not a number and a known unit, or the length is not finite and positive.

    >>> parse_length("30 mm")
    0.03
    """
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        if match is None or match.group(2) not in _LENGTH_M:
            raise SirfError(
                f"{name} must be a number with a unit of {', '.join(_LENGTH_M)}, got {value!r}. "
                "Write for example '10 in' or '30 mm'."
            )
        metres = float(match.group(1)) * _LENGTH_M[match.group(2)]
    else:
        metres = float(value)
    if not (math.isfinite(metres) and metres > 0):
        raise SirfError(f"{name} must be positive and finite, got {value!r}. Give a length such as '10 in'.")
    return metres


def db20(value: ArrayLike) -> NDArray[Any]:
    """20 log10 |value|: decibels of an amplitude ratio (zero gives -inf without a warning)."""
    import numpy as np

    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(np.abs(value)))


def from_db20(decibels: float) -> float:
    """Amplitude ratio of a level in dB."""
    return float(10.0 ** (decibels / 20.0))
