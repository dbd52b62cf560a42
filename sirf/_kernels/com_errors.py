"""Errors of one transmitter setting of IEEE 802.3 Annex 178A at its sampling instants, for a receiver with floating taps."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.com_bounds import instant_problem
from sirf._kernels.com_boxes import levinson_error
from sirf._kernels.com_receiver import crosstalk_row, tap_correlation
from sirf._kernels.floating_taps import floating_error
from sirf._kernels.jit import kernel

_ROUNDING = 1e-9
"""Part by which the error of the FFE with every tap can come out above that of the same FFE with some of them."""


@kernel
def floating_errors(
    taps: Any, instants: Any, tables: Any, fext: Any, receiver: Any, known: Any, slack: Any, errors: Any
) -> Any:
    """Errors (P,) over sigma_X^2 of `taps` (K,) at `instants` (P,), infinite above `known` and `slack` of it; the new known.

    `tables`, `fext` and `receiver` are `CtleTables.arguments`: with floating taps, one DFE tap at most, and no rounded taps. With
    an infinite `slack` all are computed.
    """
    b_min, b_max, w_min, w_max, cursor, fixed, groups, run, _ = receiver
    size = w_min.size
    low, high = (b_min[0], b_max[0]) if b_min.size else (0.0, 0.0)
    own, behind = np.empty(taps.size), np.empty(tables[1].shape[1] - taps.size + 1)
    tap_correlation(taps, own)
    crosstalk, row = np.zeros(size), np.empty(size)
    # each aggressor stands at its own strongest phase, whatever the victim's instant
    crosstalk_row(taps, fext, crosstalk)
    # one more sample than taps: the one after the main cursor is read also where no tap feeds it back
    samples = np.empty(size + 1)
    main, later = samples[1:], samples[:size] if b_min.size else np.zeros(size)
    nothing, no_transform = np.zeros(0, dtype=np.float32), np.zeros((size, 0), dtype=np.float32)
    lags, forward, backward = np.empty(size), np.empty(size), np.empty(2 * size)
    starts = np.zeros(groups, dtype=np.int64)
    for p in range(instants.size):
        instant_problem(taps, own, instants[p], crosstalk, tables, cursor + 1, behind, row, samples)
        # falls as better errors are found, also within the row
        limit = known * (1.0 + slack)
        errors[p] = np.inf
        if limit < np.inf:
            # an FFE with a tap at every place and no limits is no worse
            whole = levinson_error(row, nothing, no_transform, main, later, low, high, limit, lags, forward, backward)
            if whole * (1.0 - _ROUNDING) > limit:
                continue
        error = floating_error(row, main, later, low, high, w_min, w_max, cursor, fixed, groups, run, starts, limit)
        if error <= limit:
            errors[p] = error
            known = min(known, error)
    return known
