"""The first look of a chip-to-module search at one CTLE setting; arrays are those of `sirf._kernels.com_search`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.com_search import at_taps, clipped, feedback_taps, form, peak_window, sampling_point
from sirf._kernels.jit import kernel

EYE_SLACK = 0.001
"""Room in V of the reference code's first test of the eye height."""


@kernel(compact=True)
def screen_setting(
    rows: Any,
    gram: Any,
    taps: Any,
    window: Any,
    b_max: Any,
    b_min: Any,
    floating: Any,
    limits: Any,
    constants: Any,
    fext: Any,
    shift: Any,
    quantiles: Any,
    crest: Any,
    bin_most: Any,
    result: Any,
) -> None:
    """First look at all rows of `taps` at one CTLE setting of a chip-to-module search, into `result` (T, 6).

    Its columns: cursor index (-1: none), A_s, sigma of interference without the DFE's span, sigma of all noise, the least
    interference and noise at DER_0 (the largest m residuals at their outer symbols and the normal noise beyond, at
    `quantiles` (m,) sigma), and the part of the normal noise that does not jitter. Where `crest` sigma of the noise close the eye
    without the interference in the DFE's span, that is left out of sigma, and the least interference is infinite. `shift` is T_O
    in samples; `constants` and `window` are those of `search_settings`, `gram` (M, K, K) the products of slopes.
    """
    low, high, per_ui, reach, _, anchor = window[0], window[1], window[2], window[3], window[4], window[5]
    low, high = peak_window(rows, taps, window[4], low, high)
    work = np.empty(max(high - low, 4 * per_ui + 1))
    post = np.empty(reach)
    early = np.empty(reach)
    upper = np.empty(reach)
    lower = np.empty(reach)
    chosen = np.zeros(reach, dtype=np.bool_)
    size = rows.shape[1]
    # few instants are sampling points of many settings: the products of what the DFE does not reach are summed once for each
    far, made = (
        np.empty((high - low + 8 * per_ui, taps.shape[1], taps.shape[1])),
        np.zeros(high - low + 8 * per_ui, np.bool_),
    )
    most = quantiles.size - 1
    top = np.empty(most)
    b_first = b_max[0] if b_max.size else 0.0
    for t in range(taps.shape[0]):
        tap = taps[t]
        result[t, 0] = -1.0
        at = sampling_point(rows, tap, low, high, per_ui, b_first, anchor, work)
        if at < per_ui:
            continue
        cursor = at_taps(rows, tap, at)
        if cursor <= 0.0:
            continue
        place = at - low + 4 * per_ui
        if not made[place]:
            _far_products(rows, at, per_ui, at - shift + (reach + 1) * per_ui, far[place])
            made[place] = True
        outside = max(form(far[place], tap), 0.0)
        # transmitter noise is relative to the cursor, as it is or as it would be for c(0) = 1
        reference = cursor / tap[window[4]] if constants[4] > 0.0 else cursor
        transmitter = constants[3] * reference * reference
        jitter = constants[2] * form(gram[at % per_ui], tap)
        normal = np.sqrt(constants[6] + transmitter)
        total = constants[0] + transmitter + jitter + fext[t] + constants[1] * outside
        signal = cursor * np.sqrt(constants[5])
        result[t, 0] = at
        result[t, 1] = signal
        result[t, 2] = np.sqrt(constants[1] * outside)
        result[t, 3] = np.sqrt(total)
        result[t, 4] = np.inf
        result[t, 5] = normal
        # most settings: no eye whatever the DFE takes off
        if 2.0 * (signal - crest * result[t, 3]) < -EYE_SLACK:
            continue
        for j in range(reach):
            place = at + (j + 1) * per_ui
            post[j] = at_taps(rows, tap, place) if place < size else 0.0
            early[j] = at_taps(rows, tap, place - shift) if place - shift < size else 0.0
        feedback_taps(post, cursor, b_max, b_min, floating, limits, chosen, upper, lower)
        # any samples give a lower bound of the interference; the largest ones lie next to the cursor and behind the
        # DFE's reach
        top[:] = 0.0
        for j in range(1, 9):
            if at - j * per_ui >= 2 * per_ui:
                _keep(top, abs(at_taps(rows, tap, at - j * per_ui)))
        for j in range(reach, min(reach + 16, (size - 3 * per_ui - at) // per_ui)):
            _keep(top, abs(at_taps(rows, tap, at + (j + 1) * per_ui)))
        inside = 0.0
        for j in range(reach):
            feedback = clipped(post[j], cursor, lower[j], upper[j], limits[2])
            inside += (early[j] - feedback) * (early[j] - feedback)
            if at + (j + 3) * per_ui < size:
                _keep(top, abs(post[j] - feedback))
        bin_size = min(signal / 1000, bin_most)
        least = 0.0
        outer = 0.0
        for m in range(most + 1):
            # the exact sum is one of values rounded to bins: it may be so many bins lower
            least = max(least, outer + normal * quantiles[m] - (m + 4) * bin_size)
            if m < most:
                outer += top[m]
        result[t, 3] = np.sqrt(total + constants[1] * inside)
        result[t, 4] = least


@kernel
def _keep(top: Any, value: Any) -> None:
    """Insert into the descending list of the largest values."""
    for i in range(top.size):
        if value > top[i]:
            held = top[i]
            top[i] = value
            value = held


@kernel(compact=True)
def _far_products(rows: Any, at: Any, per_ui: Any, later: Any, gram: Any) -> None:
    """Products (K, K) of `rows` (K, N) summed over the UI before `at` and those from `later` on."""
    for k in range(gram.shape[0]):
        for m in range(k + 1):
            total = 0.0
            for place in range(at % per_ui, at, per_ui):
                total += rows[k, place] * rows[m, place]
            for place in range(later, rows.shape[1], per_ui):
                total += rows[k, place] * rows[m, place]
            gram[k, m] = total
            gram[m, k] = total
