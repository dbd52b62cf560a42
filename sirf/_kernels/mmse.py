"""Compiled search for the minimum mean-squared error receiver of IEEE 802.3 Annex 178A.

Everything that a candidate needs is linear or quadratic in the transmitter's taps, which are spaced one UI: the
autocorrelation of a filtered response is the taps' autocorrelation convolved with that of the response. So the tables are
made once for each CTLE setting, and a candidate costs one small Cholesky factorisation for each sampling phase.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

PEAK_WINDOW = 12
"""UI about the peak of the pulse in which the peak of a filtered pulse is looked for first."""


@kernel
def factorize(matrix: Real) -> bool:
    """Replace a symmetric positive definite matrix by its lower Cholesky factor; False where it is not definite."""
    size = matrix.shape[0]
    for column in range(size):
        pivot = matrix[column, column]
        for k in range(column):
            pivot -= matrix[column, k] ** 2
        if not pivot > 0.0:
            return False
        pivot = np.sqrt(pivot)
        matrix[column, column] = pivot
        for row in range(column + 1, size):
            total = matrix[row, column]
            for k in range(column):
                total -= matrix[row, k] * matrix[column, k]
            matrix[row, column] = total / pivot
    return True


@kernel
def solve(factor: Real, right: Real, x: Real) -> None:
    """Solve L L' x = right for a factor made by `factorize`."""
    size = factor.shape[0]
    for row in range(size):
        total = right[row]
        for k in range(row):
            total -= factor[row, k] * x[k]
        x[row] = total / factor[row, row]
    for row in range(size - 1, -1, -1):
        total = x[row]
        for k in range(row + 1, size):
            total -= factor[k, row] * x[k]
        x[row] = total / factor[row, row]


@kernel
def equalizer(
    correlation: Real, main: Real, feedback: Real, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int,
    w: Real, b: Real, work: Real,
) -> float:  # fmt: skip
    """Taps of least mean-squared error, into `w` (N,) and `b` (B,); returns the error over the symbols' variance.

    `correlation` (N,) is the first row of R = H'H + R_n / sigma_X^2, `main` (N,) the row h_0 of H at the main cursor and
    `feedback` (B, N) those after it. The gain at the main cursor is one: w'h_0 = 1. Feedback within `b_min` and `b_max`;
    where it meets a limit, all of it stays at the clipped values and `w` is solved again. `w_min`, `w_max` bound taps
    relative to tap `cursor`. `work` (N, N). Infinite where the matrix is not definite.
    """
    size, taps = main.size, b.size
    solved, other = np.empty(size), np.empty(size)
    for i in range(size):
        for j in range(i + 1):
            total = correlation[i - j]
            for k in range(taps):
                total -= feedback[k, i] * feedback[k, j]
            work[i, j] = total
    if not factorize(work):
        return np.inf
    solve(work, main, w)
    gain = 0.0
    for i in range(size):
        gain += main[i] * w[i]
    limited = False
    for i in range(size):
        w[i] /= gain
    for k in range(taps):
        total = 0.0
        for i in range(size):
            total += feedback[k, i] * w[i]
        b[k] = min(max(total, b_min[k]), b_max[k])
        limited |= b[k] != total
    if limited:
        for i in range(size):
            for j in range(i + 1):
                work[i, j] = correlation[i - j]
            other[i] = 0.0
            for k in range(taps):
                other[i] += feedback[k, i] * b[k]
        if not factorize(work):
            return np.inf
        solve(work, main, w)
        solve(work, other, solved)
        gain, present = 0.0, 0.0
        for i in range(size):
            gain += main[i] * w[i]
            present += main[i] * solved[i]
        for i in range(size):
            w[i] = solved[i] + (1.0 - present) / gain * w[i]
    clipped, reference = False, w[cursor]
    for i in range(size):
        if i != cursor:
            bounded = min(max(w[i], w_min[i] * reference), w_max[i] * reference)
            clipped |= bounded != w[i]
            w[i] = bounded
    if not (limited or clipped):
        return max(1.0 / gain - 1.0, 0.0)
    if clipped:
        gain = 0.0
        for i in range(size):
            gain += main[i] * w[i]
        if not gain > 0.0:
            return np.inf
        for i in range(size):
            w[i] /= gain
        for k in range(taps):
            total = 0.0
            for i in range(size):
                total += feedback[k, i] * w[i]
            b[k] = min(max(total, b_min[k]), b_max[k])
    error = -1.0
    for k in range(taps):
        error += b[k] * b[k]
    for i in range(size):
        row = 0.0
        for j in range(size):
            row += correlation[abs(i - j)] * w[j]
        for k in range(taps):
            row -= 2.0 * feedback[k, i] * b[k]
        error += w[i] * row
    return max(error, 0.0)


@kernel
def combined(taps: Real, table: Real, lag: int) -> float:
    """Autocorrelation at `lag` of a response filtered by `taps` (their own autocorrelation), of which `table` has one side."""
    total = 0.0
    for m in range(1, taps.size):
        total += taps[m] * (table[abs(lag - m)] + table[lag + m])
    return float(taps[0] * table[lag] + total)


@kernel
def search(
    candidates: Real, tx_cursor: int, pulse: Real, per_ui: int, offsets: Integer, moving: Real, fixed: Real, fext: Real,
    outer: float, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int, bound: Real, first: int, known: float,
    error: Real, sample: Integer,
) -> int:  # fmt: skip
    """Least error (C,) of each candidate, over the sampling offsets, and the sample at which it is reached.

    Returns the number of receivers made. `bound` (B,) holds errors that no candidate sampled at `first`, `first` + 1, ...
    can fall below: where one is above the least error so far, `known` at the start, that instant is not looked at, and the
    candidate's error may come out infinite.

    `candidates` (C, K) are transmitter taps with c(0) at `tx_cursor`; `pulse` (T,) the response to one unfiltered symbol
    with `per_ui` samples a UI; `offsets` are tried about the peak of the filtered pulse. All tables are autocorrelations at
    lags 0, 1, ... UI in V^2 over the variance of a symbol: `moving` (phases, lags) of what the taps filter (pulse, and slope
    times jitter), `fixed` (phases, lags) of what they do not, `fext` (A, phases, lags) of each aggressor. `outer` is what
    no filtered pulse exceeds further than `PEAK_WINDOW` / 2 UI from the peak.
    """
    size, feedback_taps, count = w_min.size, b_min.size, candidates.shape[1]
    correlation, main, feedback = np.empty(size), np.empty(size), np.empty((feedback_taps, size))
    w, b, work = np.empty(size), np.empty(feedback_taps), np.empty((size, size))
    own, crosstalk, around = np.empty(count), np.empty(size), np.empty(size + feedback_taps)
    samples, made = pulse.size, 0
    peak = int(np.argmax(pulse))
    for c in range(candidates.shape[0]):
        taps = candidates[c]
        for m in range(count):
            own[m] = 0.0
            for k in range(count - m):
                own[m] += taps[k] * taps[k + m]
        middle = filtered_peak(pulse, taps, tx_cursor, per_ui, peak, outer)
        error[c], sample[c] = np.inf, middle
        low, high = middle + offsets[0] - first, middle + offsets[-1] - first + 1
        if low >= 0 and high <= bound.size and np.min(bound[low:high]) > known:
            continue
        crosstalk[:] = 0.0
        for a in range(fext.shape[0]):
            worst, loudest = 0, -1.0
            for phase in range(per_ui):
                power = combined(own, fext[a, phase], 0)
                if power > loudest:
                    worst, loudest = phase, power
            for lag in range(size):
                crosstalk[lag] += combined(own, fext[a, worst], lag)
        least, at = np.inf, middle
        for offset in offsets:
            instant = middle + offset
            if 0 <= instant - first < bound.size and bound[instant - first] > min(known, least):
                continue
            made += 1
            phase = instant % per_ui
            for lag in range(size):
                correlation[lag] = combined(own, moving[phase], lag) + fixed[phase, lag] + crosstalk[lag]
            for j in range(size + feedback_taps):
                around[j] = filtered(
                    pulse, taps, tx_cursor, per_ui, instant + (cursor + feedback_taps - j) * per_ui, samples
                )
            for i in range(size):
                main[i] = around[i + feedback_taps]
                for k in range(feedback_taps):
                    feedback[k, i] = around[i + feedback_taps - 1 - k]
            value = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, w, b, work)
            if value < least:
                least, at = value, instant
        error[c] = least
        sample[c] = at
        known = min(known, least)
    return made


@kernel
def filtered(pulse: Real, taps: Real, tx_cursor: int, per_ui: int, instant: int, samples: int) -> float:
    """One sample of the pulse through the transmitter's taps; zero outside the pulse."""
    total = 0.0
    for k in range(taps.size):
        at = instant - (k - tx_cursor) * per_ui
        if 0 <= at < samples:
            total += taps[k] * pulse[at]
    return total


@kernel
def filtered_peak(pulse: Real, taps: Real, tx_cursor: int, per_ui: int, peak: int, outer: float) -> int:
    """Sample of the largest value of the filtered pulse: near the peak of the pulse, or anywhere if `outer` is not exceeded."""
    samples, reach, span = pulse.size, PEAK_WINDOW * per_ui // 2, (taps.size + 1) * per_ui
    best, at = -np.inf, peak
    if peak - reach >= span and peak + reach + span <= samples:
        total = np.zeros(2 * reach)
        for k in range(taps.size):
            if taps[k] != 0.0:
                start = peak - reach - (k - tx_cursor) * per_ui
                part = pulse[start : start + 2 * reach]
                for i in range(total.size):
                    total[i] += taps[k] * part[i]
        at = peak - reach + int(np.argmax(total))
        best = filtered(pulse, taps, tx_cursor, per_ui, at, samples)
    if best > outer:
        return at
    for instant in range(samples):
        value = filtered(pulse, taps, tx_cursor, per_ui, instant, samples)
        if value > best:
            best, at = value, instant
    return at
