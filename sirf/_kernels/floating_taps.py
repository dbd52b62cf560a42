"""Floating FFE taps of IEEE 802.3 Annex 178A by one growing Cholesky factor; names and units are those of `sirf._kernels.mmse`.

Delete compiled files (`__pycache__`) after an edit in that module: the cache of compiled code does not notice it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.mmse import equalizer, floating_equalizer_by_trial, run_is_free, set_places

Real = NDArray[np.float64]
Integer = NDArray[np.int64]


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
    row: int,
    first: int,
    place: int,
    correlation: Real,
    main: float,
    later: float,
    spread: Real,
    lower: Real,
    y_main: Real,
    y_later: Real,
    places: Integer,
) -> bool:
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
    count: int,
    fixed: int,
    b: float,
    scale: float,
    lower: Real,
    y_main: Real,
    y_later: Real,
    places: Integer,
    w_min: Real,
    w_max: Real,
    cursor: int,
    w: Real,
) -> bool:
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
    correlation: Real,
    main: Real,
    feedback: Real,
    b_min: Real,
    b_max: Real,
    w_min: Real,
    w_max: Real,
    cursor: int,
    fixed: int,
    group: int,
    run: int,
    starts: Integer,
    errors: Real,
) -> tuple[int, float]:
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
