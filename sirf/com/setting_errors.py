"""Errors of one transmitter setting of Annex 178A at its sampling instants.

What every instant needs is one kernel, and so is the receiver of each kind. Which of them a search needs is decided here: a
first run compiles no crosstalk where there is none, and no floating taps where the receiver has none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._arrays import Float, Integer
from sirf._kernels.com_bounds import setting_problems
from sirf._kernels.com_errors import every_tap_errs_above, floating_errors
from sirf._kernels.com_receiver import crosstalk_row
from sirf._kernels.floating_taps import floating_equalizer


def setting_errors(
    taps: Float, instants: Integer, arguments: tuple[Any, ...], known: float, slack: float, errors: Float
) -> float:
    """Errors (P,) over sigma_X^2 of the transmitter's `taps` (K,) at `instants` (P,), infinite above `known` and `slack` of it.

    With an infinite `slack` all are computed. The new known is returned. `arguments` are `CtleTables.arguments`.
    """
    tables, fext, receiver = arguments
    b_min, b_max, w_min, w_max, cursor, fixed, groups, run, step = receiver
    size, feedback_taps = w_min.size, b_min.size
    # the bound reads the sample after the main cursor also where no tap feeds it back
    reach = max(feedback_taps, 1)
    correlations, samples = np.empty((instants.size, size)), np.empty((instants.size, size + reach))
    crosstalk = np.zeros(size)
    if len(fext):
        # each aggressor stands at its own strongest phase, whatever the victim's instant
        crosstalk_row(taps, fext, crosstalk)
    setting_problems(taps, instants, crosstalk, tables, cursor + reach, correlations, samples)
    starts = np.zeros(max(groups, 1), dtype=np.int64)
    # all instants in one call, for the receivers of the standard's presets
    if groups and feedback_taps <= 1 and not step > 0.0:
        return float(floating_errors(correlations, samples, receiver, known, slack, errors, starts))
    low, high = (float(b_min[0]), float(b_max[0])) if feedback_taps else (0.0, 0.0)
    for p, (correlation, around) in enumerate(zip(correlations, samples, strict=True)):
        # falls as better errors are found, also within the row
        limit, main = known * (1.0 + slack), around[reach:]
        errors[p] = np.inf
        if groups and limit < np.inf:
            later = around[reach - 1 : -1] if feedback_taps else np.zeros(size)
            if every_tap_errs_above(correlation, main, later, low, high, limit, np.empty((4, size))):
                continue
        # row k holds the samples k + 1 UI later, and later samples come first
        feedback = np.empty((feedback_taps, size))
        for k in range(feedback_taps):
            feedback[k] = around[reach - 1 - k : reach - 1 - k + size]
        problem = (correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step)
        error = floating_equalizer(*problem, fixed, groups, run, starts, limit)
        if error <= limit:
            errors[p] = error
            known = min(known, error)
    return known
