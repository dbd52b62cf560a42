"""Receiver transfer functions: noise filter and continuous-time linear equaliser (IEEE 802.3 Annex 93A)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex
from sirf.units import from_db20


def ctle(
    frequency: NDArray[Any],
    *,
    g_dc_db: float,
    g_dc2_db: float = 0.0,
    f_z: float,
    f_p1: float,
    f_p2: float,
    f_lf: float | None = None,
) -> Complex:
    """Two-stage continuous-time linear equaliser H_ctf(f), equation (93A-22).

    `g_dc_db` and `g_dc2_db` (<= 0) are the DC gains of the two stages in dB; `f_z`, `f_p1`, `f_p2`, `f_lf` in Hz.
    `f_lf=None` leaves the low-frequency stage out. Gain at high frequency tends to f_p1 / f_z x f_p2 / (j f).
    """
    jf = 1j * np.asarray(frequency, dtype=float)
    first = (from_db20(g_dc_db) + jf / f_z) / ((1.0 + jf / f_p1) * (1.0 + jf / f_p2))
    if f_lf is None:
        return np.asarray(first)
    return np.asarray(first * (from_db20(g_dc2_db) + jf / f_lf) / (1.0 + jf / f_lf))
