"""How much a frequency counts: the spectrum of the signal behind transmitter and receiver filters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.errors import SirfError

MIN_FREQUENCY = 50e6
"""Lower edge in Hz of fits, integrals and worst values, as COM configurations have it (f_min): what instruments measure below
is seldom sure, and a DC block has no line's loss there."""


def power_weight(
    frequency: ArrayLike, *, symbol_rate: float, transmitter_corner: float, receiver_corner: float
) -> Float:
    """Weight W(f) (F,) of equation (93A-57), one at DC.

    sinc²(f / f_b) / [(1 + (f / f_t)^4) (1 + (f / f_r)^8)]: random symbols at `symbol_rate` in baud through filters whose 3 dB
    corners are `transmitter_corner` and `receiver_corner` in Hz. All `frequency` (F,) in Hz.
    Raises `SirfError` unless the rate and the corners are positive.

    >>> float(power_weight([0.0], symbol_rate=53.125e9, transmitter_corner=30e9, receiver_corner=40e9)[0])
    1.0
    """
    given = {"symbol_rate": symbol_rate, "transmitter_corner": transmitter_corner, "receiver_corner": receiver_corner}
    for name, value in given.items():
        if not (np.isfinite(value) and value > 0):
            raise SirfError(f"{name} must be positive and finite, in Hz, got {value!r}. Give for example 53.125e9.")
    f = np.asarray(frequency, dtype=np.float64)
    # a second-order filter of the transmitter and a fourth-order one of the receiver, as powers
    filters = (1.0 + (f / transmitter_corner) ** 4) * (1.0 + (f / receiver_corner) ** 8)
    return np.asarray(np.sinc(f / symbol_rate) ** 2 / filters)


def band(frequency: Float, f_min: float, f_max: float) -> slice:
    """Points from the last at or below `f_min` to the first at or above `f_max`, both in; the whole grid where it ends earlier.

    Raises `SirfError` when fewer than five points lie between.
    """
    if not 0 <= f_min < f_max:
        raise SirfError(f"f_min must lie below f_max, both in Hz, got {f_min!r} and {f_max!r}. Swap them.")
    # one point outside at either end, so that the band is covered whole
    start = max(int(np.searchsorted(frequency, f_min, side="right")) - 1, 0)
    stop = min(int(np.searchsorted(frequency, f_max, side="left")) + 1, frequency.size)
    if stop - start < 5:
        raise SirfError(
            f"frequency must have five points at least in {f_min / 1e9:g} to {f_max / 1e9:g} GHz, got {max(stop - start, 0)}. "
            "Use a finer grid or a wider band."
        )
    return slice(start, stop)


def bin_widths(frequency: Float) -> Float:
    """Width (F,) in Hz that each point of a grid stands for: half the distance between its neighbours, whole at both ends."""
    return np.asarray(np.gradient(frequency))
