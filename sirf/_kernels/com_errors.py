"""Errors of receivers with floating taps of IEEE 802.3 Annex 178A, for one transmitter setting at its sampling instants."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.com_boxes import levinson_error
from sirf._kernels.floating_taps import ROUNDING, floating_error
from sirf._kernels.jit import kernel


@kernel
def every_tap_errs_above(row: Any, main: Any, later: Any, low: Any, high: Any, limit: Any, room: Any) -> Any:
    """Whether the FFE with a tap at every place and no limits, which is no worse than any other, errs above `limit`.

    `row` (N,), `main` (N,) and `later` (N,) as in `levinson_error`, `low` and `high` those of the DFE tap; `room` (4, N).
    """
    nothing, no_transform = np.zeros(0, dtype=np.float32), np.zeros((row.size, 0), dtype=np.float32)
    backward = room[2:].reshape(-1)
    whole = levinson_error(row, nothing, no_transform, main, later, low, high, limit, room[0], room[1], backward)
    # it can come out above that of the same FFE with some of the taps by rounding alone
    return whole * (1.0 - ROUNDING) > limit


@kernel
def floating_errors(
    correlations: Any, samples: Any, receiver: Any, known: Any, slack: Any, errors: Any, starts: Any
) -> Any:
    """Errors (P,) over sigma_X^2 of a receiver's problems, infinite above `known` and `slack` of it; the new known.

    `correlations` (P, N) and `samples` (P, N + 1) are those of `setting_problems`, one sample ahead of the taps; `receiver` is
    the last of `CtleTables.arguments`: with floating taps, one DFE tap at most, and no rounded taps. With an infinite `slack` all
    are computed. Places of the last problem's groups go into `starts`.
    """
    b_min, b_max, w_min, w_max, cursor, fixed, groups, run, _ = receiver
    size = w_min.size
    low, high = (b_min[0], b_max[0]) if b_min.size else (0.0, 0.0)
    room, none = np.empty((4, size)), np.zeros(size)
    for p in range(errors.size):
        row, main = correlations[p], samples[p, 1:]
        later = samples[p, :size] if b_min.size else none
        # falls as better errors are found, also within the row
        limit = known * (1.0 + slack)
        errors[p] = np.inf
        if limit < np.inf and every_tap_errs_above(row, main, later, low, high, limit, room):
            continue
        error = floating_error(row, main, later, low, high, w_min, w_max, cursor, fixed, groups, run, starts, limit)
        if error <= limit:
            errors[p] = error
            known = min(known, error)
    return known
