"""Floating FFE taps of IEEE 802.3 Annex 178A by one growing Cholesky factor; names and units are those of `sirf._kernels.mmse`.

Delete compiled files (`__pycache__`) after an edit in that module: the cache of compiled code does not notice it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.copying import copy_row
from sirf._kernels.jit import kernel
from sirf._kernels.mmse import floating_equalizer_by_trial, run_is_free

Real = NDArray[np.float64]
Integer = NDArray[np.int64]

ROUNDING = 1e-9
"""Errors closer than this part are one error by two ways of adding."""


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
    # R is Toeplitz: its diagonal is correlation[0] everywhere, and entry (row, k) depends on row - k alone
    pivot, at_main, at_later = correlation[0], main[row], later[row]
    for k in range(row):
        pivot -= lower[row, k] ** 2
        at_main -= lower[row, k] * y_main[k]
        at_later -= lower[row, k] * y_later[k]
    # written so that NaN fails too
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
    # dividing once and multiplying F times: this loop dominates the search
    scale, main, later = 1.0 / lower[row, row], y_main[row], y_later[row]
    for f in range(target.size):
        target[f] *= scale
        at_main[f] -= main * target[f]
        at_later[f] -= later * target[f]
    for d in range(bands.shape[0]):
        # Schur complement of the taps so far, by diagonals: entry (f, f + d) loses target[f] target[f + d]
        band, ahead = bands[d], target[d:]
        for f in range(ahead.size):
            band[f] -= target[f] * ahead[f]


@kernel
def _run_gains(bands: Real, at_main: Real, at_later: Real, factors: Real, gains: Real) -> None:
    """What a run from each place adds to h_0'R^-1 h_0, h_0'R^-1 h_1 and h_1'R^-1 h_1, into `gains` (3, F).

    The Schur complement of each run is factored as L D L', all runs side by side: `factors` (2 run, run + 3, F) holds L, one over
    D and the two right sides in its first rows, L D in the others.
    """
    run = bands.shape[0]
    count = at_main.size - run + 1
    gains[:, :] = 0.0
    for j in range(run):
        diagonal, main, later = factors[j, run], factors[j, run + 1], factors[j, run + 2]
        copy_row(bands[0][j : j + count], diagonal)
        copy_row(at_main[j : j + count], main)
        copy_row(at_later[j : j + count], later)
        for k in range(j):
            _take_product(diagonal, factors[j, k], factors[run + j, k], count)
            _take_product(main, factors[j, k], factors[k, run + 1], count)
            _take_product(later, factors[j, k], factors[k, run + 2], count)
        for s in range(count):
            # the reciprocal is kept: below it is only ever multiplied by
            diagonal[s] = 1.0 / diagonal[s]
        _add_product(gains[0], main, main, diagonal, count)
        _add_product(gains[1], main, later, diagonal, count)
        _add_product(gains[2], later, later, diagonal, count)
        for i in range(j + 1, run):
            # L D before the division, which the next columns need, and L after it
            weighted, lower = factors[run + i, j], factors[i, j]
            copy_row(bands[i - j][j : j + count], weighted)
            for k in range(j):
                _take_product(weighted, factors[run + i, k], factors[j, k], count)
            for s in range(count):
                lower[s] = weighted[s] * diagonal[s]


@kernel
def _take_product(target: Real, one: Real, two: Real, count: int) -> None:
    """Take the product of two rows off a third. Loops over few arrays are compiled to vector instructions."""
    for s in range(count):
        target[s] -= one[s] * two[s]


@kernel
def _add_product(target: Real, one: Real, two: Real, three: Real, count: int) -> None:
    for s in range(count):
        target[s] += one[s] * two[s] * three[s]


@kernel
def _feedback(g: float, cross: float, later: float, low: float, high: float) -> float:
    """DFE tap within its limits, for g = h_0'R^-1 h_0, cross = h_0'R^-1 h_1, later = h_1'R^-1 h_1."""
    # the tap without limits sets the derivative of `_error` by b to zero; the error is a parabola in b, so clipping is
    # optimal
    return min(max(cross / (g * (1.0 - later) + cross * cross), low), high)


@kernel
def _error(g: float, cross: float, later: float, b: float) -> float:
    """Least error of the FFE for a DFE tap `b`: w = R^-1 (b h_1 + l h_0) with l = (1 - b cross) / g."""
    return (1.0 - b * cross) ** 2 / g + b * b * (1.0 - later) - 1.0


@kernel
def _error_with_limits(
    count: int,
    fixed: int,
    g: float,
    cross: float,
    square: float,
    low: float,
    high: float,
    lower: Real,
    y_main: Real,
    y_later: Real,
    places: Integer,
    main: Real,
    later: Real,
    w_min: Real,
    w_max: Real,
    cursor: int,
    w: Real,
) -> float:
    """Error of the first `count` taps of the factor with all limits, by the rule of `equalizer` in `sirf._kernels.mmse`."""
    b = _feedback(g, cross, square, low, high)
    # the Lagrange multiplier l that holds the gain at the main cursor at one
    scale = (1.0 - b * cross) / g
    for row in range(count - 1, -1, -1):
        # w = L'^-1 (b y_1 + l y_0): the forward half of the solution was made while the factor grew
        total = b * y_later[row] + scale * y_main[row]
        for k in range(row + 1, count):
            total -= lower[k, row] * w[k]
        w[row] = total / lower[row, row]
    changed, reference = False, w[cursor]
    for i in range(count):
        if i != cursor:
            place = i if i < fixed else fixed + places[i]
            tap = min(max(w[i], w_min[place] * reference), w_max[place] * reference)
            changed |= tap != w[i]
            w[i] = tap
    if not changed:
        return _error(g, cross, square, b)
    gain, after = 0.0, 0.0
    for i in range(count):
        place = i if i < fixed else fixed + places[i]
        gain += main[place] * w[i]
        after += later[place] * w[i]
    # clipped taps may have lost the main cursor altogether
    if not gain > 0.0:
        return np.inf
    after /= gain
    b = min(max(after, low), high)
    # w'R w as |L'w|², from the factor at hand: R itself is not needed
    power = 0.0
    for k in range(count):
        total = 0.0
        for i in range(k, count):
            total += lower[i, k] * w[i]
        power += total * total
    # the wanted symbol, of gain one, is counted in w'R w and taken off; so is the post-cursor, and its remainder
    # (after - b)² put back
    return power / (gain * gain) - 1.0 + b * b - 2.0 * b * after


@kernel
def _append_run(
    first: int,
    start: int,
    run: int,
    fixed: int,
    correlation: Real,
    main: Real,
    later: Real,
    spread: Real,
    lower: Real,
    y_main: Real,
    y_later: Real,
    places: Integer,
    products: Real,
) -> bool:
    """Rows of a run from `start` after the fixed taps; adds what it adds to the three `products`. False where not definite."""
    for j in range(run):
        row, place = first + j, start + j
        if not _append_floating(
            row,
            first,
            place,
            correlation,
            main[fixed + place],
            later[fixed + place],
            spread,
            lower,
            y_main,
            y_later,
            places,
        ):
            return False
        products[0] += y_main[row] ** 2
        products[1] += y_main[row] * y_later[row]
        products[2] += y_later[row] ** 2
    return True


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
    known: float,
) -> float:
    """As `floating_equalizer_by_trial`, by one Cholesky factor that grows with the groups.

    A run adds its Schur complement's share to the three products that give the error, so all places of a group cost little
    more than one. Limits of FFE taps make an error larger only: places are looked at in the order of their error without such
    limits, until the next is above the best. Feedback of more than one tap, and rounded taps, are tried place by place. An error
    above `known` may come out too small, but above it: then the last group's places are not all looked at.

    The kernel is chosen here and not in a kernel, so that a first run compiles the one that its settings need.
    """
    # the closed forms of `_feedback` and `_error` hold for one DFE tap and for taps that are not rounded
    if b_min.size > 1 or step > 0.0:
        return floating_equalizer_by_trial(
            correlation, main, feedback, b_min, b_max, w_min, w_max, cursor, step, fixed, groups, run, starts
        )
    low, high = (float(b_min[0]), float(b_max[0])) if b_min.size else (0.0, 0.0)
    later = feedback[0] if b_min.size else np.zeros(main.size)
    problem = (correlation, main, later, low, high, w_min, w_max, cursor, fixed)
    if groups == 0:
        return fixed_error(*problem)
    return floating_error(*problem, groups, run, starts, known)


@kernel
def fixed_error(
    correlation: Real,
    main: Real,
    later: Real,
    low: float,
    high: float,
    w_min: Real,
    w_max: Real,
    cursor: int,
    fixed: int,
) -> float:
    """Error of the `fixed` taps alone, for one DFE tap between `low` and `high`, which takes off `later` (N,)."""
    lower, y_main, y_later, w = np.empty((fixed, fixed)), np.empty(fixed), np.empty(fixed), np.empty(fixed)
    gain, cross, square = 0.0, 0.0, 0.0
    for row in range(fixed):
        if not _append_fixed(row, correlation, main, later, lower, y_main, y_later):
            return np.inf
        gain += y_main[row] ** 2
        cross += y_main[row] * y_later[row]
        square += y_later[row] ** 2
    none = np.zeros(fixed, dtype=np.int64)
    error = _error_with_limits(
        fixed, fixed, gain, cross, square, low, high, lower, y_main, y_later, none, main, later, w_min, w_max, cursor, w
    )
    return max(error, 0.0)


@kernel
def floating_error(
    correlation: Real,
    main: Real,
    later: Real,
    low: float,
    high: float,
    w_min: Real,
    w_max: Real,
    cursor: int,
    fixed: int,
    groups: int,
    run: int,
    starts: Integer,
    known: float,
) -> float:
    """Error with one group of taps at least, whose places go into `starts`: the search that `floating_equalizer` describes."""
    size, count = main.size, fixed + groups * run
    lower, spread = np.empty((count, count)), np.empty((count, size - fixed))
    y_main, y_later, w = np.empty(count), np.empty(count), np.empty(count)
    places = np.zeros(count, dtype=np.int64)
    at_main, at_later = main[fixed:].copy(), later[fixed:].copy()
    bands = np.empty((run, size - fixed))
    for d in range(run):
        # before any tap is placed the Schur complement is R itself
        bands[d, :] = correlation[d]
    products, trial = np.zeros(3), np.empty(3)
    for row in range(fixed):
        if not _append_fixed(row, correlation, main, later, lower, y_main, y_later):
            return np.inf
        products[0] += y_main[row] ** 2
        products[1] += y_main[row] * y_later[row]
        products[2] += y_later[row] ** 2
        _spread_row(row, correlation[fixed - row :], lower, y_main, y_later, spread, at_main, at_later, bands)
    error = np.inf
    gains, factors = np.empty((3, size - fixed)), np.empty((2 * run, run + 3, size - fixed))
    errors, lags = np.empty(size - fixed - run + 1), np.empty(size - fixed)
    for group in range(groups):
        first = fixed + group * run
        _run_gains(bands, at_main, at_later, factors, gains)
        for s in range(errors.size):
            errors[s] = np.inf
            if run_is_free(starts, group, fixed + s, run):
                one, two, three = products[0] + gains[0, s], products[1] + gains[1, s], products[2] + gains[2, s]
                errors[s] = _error(one, two, three, _feedback(one, two, three, low, high))
        error, best, last = np.inf, -1, -1
        while True:
            s = int(np.argmin(errors))
            if not errors[s] < error:
                break
            # a bound from below already exceeds what another setting reaches: the caller drops this one
            if group + 1 == groups and errors[s] * (1.0 - ROUNDING) > known:
                return float(errors[s])
            copy_row(products, trial)
            if not _append_run(
                first, s, run, fixed, correlation, main, later, spread, lower, y_main, y_later, places, trial
            ):
                return np.inf
            value = _error_with_limits(
                first + run,
                fixed,
                trial[0],
                trial[1],
                trial[2],
                low,
                high,
                lower,
                y_main,
                y_later,
                places,
                main,
                later,
                w_min,
                w_max,
                cursor,
                w,
            )
            last = s
            # of equals the first place counts, whatever the order in which they are looked at
            if value < error or (value == error and s < best):
                error, best = value, s
            if value <= errors[s] * (1.0 + ROUNDING):
                # nothing was clipped: no other place has less
                break
            errors[s] = np.inf
        if best < 0:
            return np.inf
        # the rows of the factor are those of the place looked at last; after the last group nobody reads them
        if last != best and group + 1 < groups:
            copy_row(products, trial)
            if not _append_run(
                first, best, run, fixed, correlation, main, later, spread, lower, y_main, y_later, places, trial
            ):
                return np.inf
        copy_row(trial, products)
        starts[group] = fixed + best
        if group + 1 < groups:
            for j in range(run):
                for f in range(lags.size):
                    lags[f] = correlation[abs(f - best - j)]
                _spread_row(first + j, lags, lower, y_main, y_later, spread, at_main, at_later, bands)
    return max(error, 0.0)
