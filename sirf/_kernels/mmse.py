"""Compiled receivers of minimum mean-squared error for IEEE 802.3 Annex 178A: fixed and floating FFE taps with one DFE.

An error is a variance over that of the symbols. R = H'H + R_n / sigma_X^2 is given by its first row, because it depends on the
distance of two taps alone; tap i sees the response at h_0[i], and h_1[i] one UI later, where the DFE's first tap removes it.
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
            tap = np.floor(abs(ratio) / step) * step * np.sign(ratio) * reference
        changed |= tap != w[i]
        w[i] = tap
    return changed


@kernel
def equalizer(
    correlation: Real, main: Real, feedback: Real, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int,
    step: float, places: Integer, w: Real, b: Real,
) -> float:  # fmt: skip
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
            w[i] = solved[i] + (1.0 - present) / gain * w[i]
    changed = _limited_taps(w, places, w_min, w_max, cursor, step)
    if not (limited or changed):
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
    correlation: Real, main: Real, feedback: Real, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int,
    step: float, fixed: int, groups: int, run: int, starts: Integer,
) -> float:  # fmt: skip
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
            set_places(fixed, starts, 0, run, places)
            error = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, places, w, b)
            continue
        least, best = np.inf, -1
        for start in range(fixed, size - run + 1):
            if not run_is_free(starts, group - 1, start, run):
                continue
            starts[group - 1] = start
            set_places(fixed, starts, group, run, places)
            error = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, places, w, b)
            if error < least or best < 0:
                least, best = error, start
        starts[group - 1] = best
        if best < 0:
            return np.inf
        error = least
    return error


@kernel
def _append_fixed(
    row: int, correlation: Real, main: Real, later: Real, lower: Real, y_main: Real, y_later: Real
) -> bool:
    """Row `row` of the Cholesky factor of R for the fixed taps, and of L^-1 h_0 and L^-1 h_1; False where not definite."""
    for k in range(row):
        total = correlation[row - k]
        for m in range(k):
            total -= lower[row, m] * lower[k, m]
        lower[row, k] = total / lower[k, k]
    pivot, at_main, at_later = correlation[0], main[row], later[row]
    for k in range(row):
        pivot -= lower[row, k] ** 2
        at_main -= lower[row, k] * y_main[k]
        at_later -= lower[row, k] * y_later[k]
    if not pivot > 0.0:
        return False
    pivot = np.sqrt(pivot)
    lower[row, row] = pivot
    y_main[row], y_later[row] = at_main / pivot, at_later / pivot
    return True


@kernel
def _append_floating(
    row: int, first: int, place: int, correlation: Real, main: float, later: float, spread: Real, lower: Real,
    y_main: Real, y_later: Real, places: Integer,
) -> bool:  # fmt: skip
    """The same for a floating tap at `place` after the fixed ones; rows before `first` are in `spread` already."""
    for k in range(first):
        lower[row, k] = spread[k, place]
    for k in range(first, row):
        total = correlation[abs(place - places[k])]
        for m in range(k):
            total -= lower[row, m] * lower[k, m]
        lower[row, k] = total / lower[k, k]
    pivot, at_main, at_later = correlation[0], main, later
    for k in range(row):
        pivot -= lower[row, k] ** 2
        at_main -= lower[row, k] * y_main[k]
        at_later -= lower[row, k] * y_later[k]
    if not pivot > 0.0:
        return False
    pivot = np.sqrt(pivot)
    lower[row, row] = pivot
    y_main[row], y_later[row] = at_main / pivot, at_later / pivot
    places[row] = place
    return True


@kernel
def _spread_row(
    row: int,
    lags: Real,
    lower: Real,
    y_main: Real,
    y_later: Real,
    spread: Real,
    at_main: Real,
    at_later: Real,
    bands: Real,
) -> None:
    """Row of L^-1 R towards all floating places, and what it takes off h_0, h_1 and the near diagonals of R there.

    `lags` (F,) are the entries of R between the row's tap and the floating places.
    """
    target = spread[row]
    for f in range(target.size):
        target[f] = lags[f]
    for k in range(row):
        factor, source = lower[row, k], spread[k]
        for f in range(target.size):
            target[f] -= factor * source[f]
    scale, main, later = 1.0 / lower[row, row], y_main[row], y_later[row]
    for f in range(target.size):
        target[f] *= scale
        at_main[f] -= main * target[f]
        at_later[f] -= later * target[f]
    for d in range(bands.shape[0]):
        band, ahead = bands[d], target[d:]
        for f in range(ahead.size):
            band[f] -= target[f] * ahead[f]


@kernel
def _run_gains(bands: Real, at_main: Real, at_later: Real, factors: Real, gains: Real) -> None:
    """What a run from each place adds to h_0'R^-1 h_0, h_0'R^-1 h_1 and h_1'R^-1 h_1, into `gains` (3, F).

    The Schur complement of each run is factored as L D L', all runs side by side: `factors` (run, run + 3, F) holds row by row
    L, D, and the two right sides.
    """
    run = bands.shape[0]
    count = at_main.size - run + 1
    gains[:, :] = 0.0
    for j in range(run):
        diagonal, main, later = factors[j, run], factors[j, run + 1], factors[j, run + 2]
        own, first, second = bands[0][j:], at_main[j:], at_later[j:]
        for s in range(count):
            diagonal[s], main[s], later[s] = own[s], first[s], second[s]
        for k in range(j):
            lower, weight = factors[j, k], factors[k, run]
            main_k, later_k = factors[k, run + 1], factors[k, run + 2]
            for s in range(count):
                diagonal[s] -= lower[s] * lower[s] * weight[s]
                main[s] -= lower[s] * main_k[s]
                later[s] -= lower[s] * later_k[s]
        for s in range(count):
            scale = 1.0 / diagonal[s]
            gains[0, s] += main[s] * main[s] * scale
            gains[1, s] += main[s] * later[s] * scale
            gains[2, s] += later[s] * later[s] * scale
        for i in range(j + 1, run):
            target, band = factors[i, j], bands[i - j][j:]
            for s in range(count):
                target[s] = band[s]
            for k in range(j):
                one, two, weight = factors[i, k], factors[j, k], factors[k, run]
                for s in range(count):
                    target[s] -= one[s] * two[s] * weight[s]
            for s in range(count):
                target[s] /= diagonal[s]


@kernel
def _feedback(g: float, cross: float, later: float, low: float, high: float) -> float:
    """DFE tap within its limits, for g = h_0'R^-1 h_0, cross = h_0'R^-1 h_1, later = h_1'R^-1 h_1."""
    return min(max(cross / (g * (1.0 - later) + cross * cross), low), high)


@kernel
def _error(g: float, cross: float, later: float, b: float) -> float:
    """Least error of the FFE for a DFE tap `b`: w = R^-1 (b h_1 + l h_0) with l = (1 - b cross) / g."""
    return (1.0 - b * cross) ** 2 / g + b * b * (1.0 - later) - 1.0


@kernel
def _taps_within_limits(
    count: int, fixed: int, b: float, scale: float, lower: Real, y_main: Real, y_later: Real, places: Integer,
    w_min: Real, w_max: Real, cursor: int, w: Real,
) -> bool:  # fmt: skip
    """Solve L' w = b y_1 + l y_0 into `w`; whether every tap is within its limits relative to the main tap."""
    for row in range(count - 1, -1, -1):
        total = b * y_later[row] + scale * y_main[row]
        for k in range(row + 1, count):
            total -= lower[k, row] * w[k]
        w[row] = total / lower[row, row]
    reference = w[cursor]
    for i in range(count):
        place = i if i < fixed else fixed + places[i]
        if i != cursor and not w_min[place] * reference <= w[i] <= w_max[place] * reference:
            return False
    return True


@kernel
def floating_equalizer(
    correlation: Real, main: Real, feedback: Real, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int,
    step: float, fixed: int, groups: int, run: int, starts: Integer,
) -> float:  # fmt: skip
    """As `floating_equalizer_by_trial`, by one Cholesky factor that grows with the groups.

    A run adds its Schur complement's share to the three products that give the error, so all places of a group cost little
    more than one. Limits of FFE taps make an error larger only: places are looked at in the order of their error without such
    limits, until the next is above the best. Feedback of more than one tap, and rounded taps, are tried place by place.
    """
    if b_min.size > 1 or step > 0.0:
        return floating_equalizer_by_trial(
            correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, fixed, groups, run, starts
        )
    size, count = main.size, fixed + groups * run
    low, high = (b_min[0], b_max[0]) if b_min.size else (0.0, 0.0)
    later = feedback[0] if b_min.size else np.zeros(size)
    lower, spread = np.empty((count, count)), np.empty((count, size - fixed))
    y_main, y_later, w = np.empty(count), np.empty(count), np.empty(count)
    places = np.zeros(count, dtype=np.int64)
    at_main, at_later = main[fixed:].copy(), later[fixed:].copy()
    bands = np.empty((run, size - fixed))
    for d in range(run):
        bands[d, :] = correlation[d]
    lags = np.empty(size - fixed)
    g, cross, square = 0.0, 0.0, 0.0
    for row in range(fixed):
        if not _append_fixed(row, correlation, main, later, lower, y_main, y_later):
            return np.inf
        g, cross, square = g + y_main[row] ** 2, cross + y_main[row] * y_later[row], square + y_later[row] ** 2
        if groups > 0:
            _spread_row(row, correlation[fixed - row :], lower, y_main, y_later, spread, at_main, at_later, bands)
    b = _feedback(g, cross, square, low, high)
    error = _error(g, cross, square, b)
    if groups == 0:
        if _taps_within_limits(
            fixed, fixed, b, (1.0 - b * cross) / g, lower, y_main, y_later, places, w_min, w_max, cursor, w
        ):
            return max(error, 0.0)
        return floating_equalizer_by_trial(
            correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, fixed, 0, run, starts
        )
    gains, factors = np.empty((3, size - fixed)), np.empty((run, run + 3, size - fixed))
    errors = np.empty(size - fixed - run + 1)
    for group in range(groups):
        first = fixed + group * run
        _run_gains(bands, at_main, at_later, factors, gains)
        for s in range(errors.size):
            errors[s] = np.inf
            if run_is_free(starts, group, fixed + s, run):
                one, two, three = g + gains[0, s], cross + gains[1, s], square + gains[2, s]
                errors[s] = _error(one, two, three, _feedback(one, two, three, low, high))
        best = int(np.argmin(errors))
        if not errors[best] < np.inf:
            return np.inf
        error = errors[best]
        free = False
        for attempt in range(2):
            new_g, new_cross, new_square = g, cross, square
            for j in range(run):
                at = best + j
                if not _append_floating(
                    first + j,
                    first,
                    at,
                    correlation,
                    main[fixed + at],
                    later[fixed + at],
                    spread,
                    lower,
                    y_main,
                    y_later,
                    places,
                ):
                    return np.inf
                row = first + j
                new_g += y_main[row] ** 2
                new_cross += y_main[row] * y_later[row]
                new_square += y_later[row] ** 2
            if attempt == 0:
                b = _feedback(new_g, new_cross, new_square, low, high)
                free = _taps_within_limits(
                    first + run,
                    fixed,
                    b,
                    (1.0 - b * new_cross) / new_g,
                    lower,
                    y_main,
                    y_later,
                    places,
                    w_min,
                    w_max,
                    cursor,
                    w,
                )
                if free:
                    break
                best, error = _best_with_limits(
                    correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, fixed, group, run, starts, errors
                )
                if best < 0:
                    return np.inf
        starts[group] = fixed + best
        g, cross, square = new_g, new_cross, new_square
        if group + 1 < groups:
            for j in range(run):
                for f in range(lags.size):
                    lags[f] = correlation[abs(f - best - j)]
                _spread_row(first + j, lags, lower, y_main, y_later, spread, at_main, at_later, bands)
    return max(error, 0.0)


@kernel
def _best_with_limits(
    correlation: Real, main: Real, feedback: Real, b_min: Real, b_max: Real, w_min: Real, w_max: Real, cursor: int,
    fixed: int, group: int, run: int, starts: Integer, errors: Real,
) -> tuple[int, float]:  # fmt: skip
    """Place (after the fixed taps) and error of the best run with limits; `errors` (S,) are those without, and are used up."""
    count = fixed + (group + 1) * run
    places, w, b = np.empty(count, dtype=np.int64), np.empty(count), np.empty(b_min.size)
    least, best = np.inf, -1
    while True:
        s = int(np.argmin(errors))
        if not errors[s] < least:
            return best, least
        starts[group] = fixed + s
        set_places(fixed, starts, group + 1, run, places)
        error = equalizer(correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, 0.0, places, w, b)
        if error < least or (error == least and s < best):
            least, best = error, s
        errors[s] = np.inf
