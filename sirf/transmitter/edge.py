"""The transmitter's finite edge as a filter on ideal rectangular symbols (IEEE 802.3 Annex 93A)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf.signal.filters import gaussian_edge


def transmitter_edge(
    frequency: NDArray[Any], rise_time: float, *, linear_phase: bool = False
) -> NDArray[np.complex128]:
    """Gaussian edge filter H_t(f) with the 20 % to 80 % `rise_time` in seconds, equation (93A-46).

    |H_t| is `sirf.signal.filters.gaussian_edge`. `linear_phase` adds the delay of 3 T_r that the COM reference code applies.
    `rise_time` 0 gives one at every frequency.
    """
    f = np.asarray(frequency, dtype=float)
    magnitude = gaussian_edge(f, rise_time)
    # a delay of three rise times: the Gaussian edge is over before it begins
    return (
        np.asarray(magnitude * np.exp(-2j * np.pi * f * 3.0 * rise_time)) if linear_phase else magnitude.astype(complex)
    )
