"""Compiled receivers of minimum mean-squared error for IEEE 802.3 Annex 178A: fixed and floating FFE taps with one DFE.

An error is a variance over that of the symbols. R = H'H + R_n / sigma_X^2 is given by its first row, because it depends on the
distance of two taps alone; tap i sees the response at h_0[i], and h_1[i] one UI later, where the DFE's first tap removes it.
`sirf._kernels.floating_taps` finds the same floating taps faster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]
Integer = NDArray[np.int64]


@kernel
def factorize(matrix: Real) -> bool:
    """Replace a symmetric positive definite matrix by its lower Cholesky factor; False where it is not definite."""
    size = matrix.shape[0]
    for column in range(size):
        pivot = matrix[column, column]
        for k in range(column):
            pivot -= matrix[column, k] ** 2
        # written so that NaN fails too
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
def _limited_taps(w: Real, places: Integer, w_min: Real, w_max: Real, cursor: int, step: float) -> bool:
    """Bring taps within their limits and, for a `step` above 0, onto whole steps towards zero; whether any tap changed."""
    changed, reference = False, w[cursor]
    for i in range(w.size):
        if i == cursor:
            continue
        tap = min(max(w[i], w_min[places[i]] * reference), w_max[places[i]] * reference)
        if step > 0.0:
            ratio = tap / reference
            # towards zero, as the reference does: rounding to nearest could leave the limits again
            tap = np.floor(abs(ratio) / step) * step * np.sign(ratio) * reference
        changed |= tap != w[i]
        w[i] = tap
    return changed


@kernel
def equalizer(
    correlation: Real,
    main: Real,
    feedback: Real,
    b_min: Real,
    b_max: Real,
    w_min: Real,
    w_max: Real,
    cursor: int,
    step: float,
    places: Integer,
    w: Real,
    b: Real,
) -> float:
    """Taps of least mean-squared error at `places` (T,), into `w` (T,) and `b` (B,); returns the error.

    `correlation` (N,) is the first row of R, `main` (N,) is h_0 and `feedback` (B, N) the rows after it, for all N places that
    a tap can have; `cursor` is the number of the main tap among `places` and its place. The gain at the main cursor is one:
    w'h_0 = 1. Feedback stays within `b_min` and `b_max`; where it meets a limit, all of it keeps the clipped values and `w` is
    solved again. Then taps are clipped to `w_min`, `w_max` (N,) relative to the main tap and rounded to whole `step`s (0: not
    rounded); where that changes one, all are scaled to unit gain and the feedback is taken anew. Infinite where R is not
    definite or no gain is left.
    """
    size, taps = places.size, b.size
    solved, other, work = np.empty(size), np.empty(size), np.empty((size, size))
    at_main = np.empty(size)
    for i in range(size):
        at_main[i] = main[places[i]]
        for j in range(i + 1):
            total = correlation[abs(places[i] - places[j])]
            for k in range(taps):
                # the DFE removes these cursors whatever they are, so they do not count as errors: R less h_k h_k'
                total -= feedback[k, places[i]] * feedback[k, places[j]]
            work[i, j] = total
    if not factorize(work):
        return np.inf
    solve(work, at_main, w)
    gain = 0.0
    for i in range(size):
        gain += at_main[i] * w[i]
    limited = False
    for i in range(size):
        w[i] /= gain
    for k in range(taps):
        total = 0.0
        for i in range(size):
            total += feedback[k, places[i]] * w[i]
        b[k] = min(max(total, b_min[k]), b_max[k])
        limited |= b[k] != total
    if limited:
        for i in range(size):
            for j in range(i + 1):
                work[i, j] = correlation[abs(places[i] - places[j])]
            other[i] = 0.0
            for k in range(taps):
                other[i] += feedback[k, places[i]] * b[k]
        if not factorize(work):
            return np.inf
        solve(work, at_main, w)
        solve(work, other, solved)
        gain, present = 0.0, 0.0
        for i in range(size):
            gain += at_main[i] * w[i]
            present += at_main[i] * solved[i]
        for i in range(size):
            # w = R^-1 (b h_1 + l h_0), with l such that w'h_0 = 1
            w[i] = solved[i] + (1.0 - present) / gain * w[i]
    changed = _limited_taps(w, places, w_min, w_max, cursor, step)
    if not (limited or changed):
        # at the optimum w'R w = 1 / (h_0'R^-1 h_0); one of it is the wanted symbol. Rounding must not make an error
        # negative
        return max(1.0 / gain - 1.0, 0.0)
    if changed:
        gain = 0.0
        for i in range(size):
            gain += at_main[i] * w[i]
        if not gain > 0.0:
            return np.inf
        for i in range(size):
            w[i] /= gain
        for k in range(taps):
            total = 0.0
            for i in range(size):
                total += feedback[k, places[i]] * w[i]
            b[k] = min(max(total, b_min[k]), b_max[k])
    # w'R w - 1 + b'b - 2 b'(w'h): R holds the post-cursors in full, the DFE leaves their difference from b
    error = -1.0
    for k in range(taps):
        error += b[k] * b[k]
    for i in range(size):
        row = 0.0
        for j in range(size):
            row += correlation[abs(places[i] - places[j])] * w[j]
        for k in range(taps):
            row -= 2.0 * feedback[k, places[i]] * b[k]
        error += w[i] * row
    return max(error, 0.0)


@kernel
def run_is_free(starts: Integer, count: int, start: int, run: int) -> bool:
    """Whether a run of taps from `start` overlaps none of the first `count` runs of `starts`."""
    free = True
    for k in range(count):
        free &= abs(starts[k] - start) >= run
    return free


@kernel
def set_places(fixed: int, starts: Integer, count: int, run: int, places: Integer) -> None:
    """Fill `places` with the fixed taps and those of the first `count` runs, rising."""
    for i in range(fixed):
        places[i] = i
    at = fixed
    last = -1
    for _ in range(count):
        # the next larger start by selection: groups are few, and numba's sort takes seconds to compile
        least = 1 << 60
        for k in range(count):
            if last < starts[k] < least:
                least = starts[k]
        for j in range(run):
            places[at] = least + j
            at += 1
        last = least


@kernel
def floating_equalizer_by_trial(
    correlation: Real,
    main: Real,
    feedback: Real,
    b_min: Real,
    b_max: Real,
    w_min: Real,
    w_max: Real,
    cursor: int,
    step: float,
    fixed: int,
    groups: int,
    run: int,
    starts: Integer,
) -> float:
    """Error with `fixed` taps and `groups` runs of `run` taps, whose first places go into `starts` (G,).

    One group after the other stands where the error of the whole receiver is least, with all limits applied; the first of
    equals, and none over another. Every place is tried: this is the rule itself, which `floating_equalizer` follows faster.
    """
    size = main.size
    b = np.empty(b_min.size)
    error = np.inf
    for group in range(groups + 1):
        count = fixed + group * run
        places, w = np.empty(count, dtype=np.int64), np.empty(count)
        if group == 0:
            set_places(fixed, starts, group, run, places)
            error = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, places, w, b)
            continue
        least, best = np.inf, -1
        for start in range(fixed, size - run + 1):
            if not run_is_free(starts, group - 1, start, run):
                continue
            starts[group - 1] = start
            set_places(fixed, starts, group, run, places)
            error = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, places, w, b)
            # the first place is taken even at an infinite error, so that `starts` never holds a stale one
            if error < least or best < 0:
                least, best = error, start
        starts[group - 1] = best
        if best < 0:
            return np.inf
        error = least
    return error
