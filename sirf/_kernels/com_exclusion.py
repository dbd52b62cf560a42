"""Blocks of transmitter settings that cannot win the COM search at one CTLE setting, found without looking at their rows.

Annex 93A.1.6 weighs the cursor h = r'c of the taps c against D(c), the sum of all noise, jitter and interference. For one
sampling instant D is a constant and a sum of squares of what is linear in c or the positive part of it, so that F = sqrt(D) is a
norm, and convex. Its tangent at any taps lies below it, and sqrt(best) F - sqrt(scale) h above a linear function of c. Where that
is positive in all of a box of tap values, for all instants that settings of the box can sample at, none of them reaches `best`.

`rows` (K, N), `taps` (T, K), `gram` and `slope` (M, K, K), `noise`, `window` and `limits` are those of `search_settings`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sirf._kernels.jit import kernel

BLOCK = 8
"""Blocks of no more rows are not split: to look at the rows costs no more than to bound them."""
SLACK = 1e-9
"""Part of the largest sample by which a bound has to be missed, so that rounding excludes nothing."""
PEAK_SPAN_UI = 4
"""The rising edge is looked for within so many UI before the peak, as in `sampling_point`."""


def tap_signs(taps: Any, main: Any) -> Any:
    """Sign (K,) of each tap over all settings, 1 for c(0), so that c(0) = 1 - sum of sign c(k) over the others.

    All zero where a tap takes both signs: c(0) is then taken for a tap that is free within its own range.
    """
    negative, positive = np.any(taps < 0.0, axis=0), np.any(taps > 0.0, axis=0)
    negative[main] = False
    if np.any(negative & positive):
        return np.zeros(taps.shape[1])
    return np.where(negative, -1.0, 1.0)


@kernel(compact=True)
def box_of(taps: Any, first: Any, last: Any, signs: Any, main: Any, box: Any, center: Any) -> None:
    """Least and largest value of each tap of the rows from `first` to before `last` into `box` (2, K), and its middle.

    c(0) at the `center` (K,) is that of the other taps there.
    """
    rest = 1.0
    for k in range(taps.shape[1]):
        low, high = taps[first, k], taps[first, k]
        for t in range(first + 1, last):
            low, high = min(low, taps[t, k]), max(high, taps[t, k])
        box[0, k], box[1, k] = low, high
        center[k] = 0.5 * (low + high)
        if k != main:
            rest -= signs[k] * center[k]
    if signs[main] > 0.0:
        center[main] = rest


@kernel(compact=True)
def split_at(taps: Any, main: Any, first: Any, last: Any) -> Any:
    """Row at which to split a block: the one nearest to its middle at which its slowest tap changes.

    Of rows in the order of a grid both parts are boxes then, in all taps but c(0).
    """
    middle = (first + last) // 2
    for k in range(taps.shape[1]):
        if k == main or taps[first, k] == taps[last - 1, k]:
            continue
        for away in range(last - first):
            after, before = middle + away, middle - away
            if first < after < last and taps[after, k] != taps[after - 1, k]:
                return after
            if first < before < last and taps[before, k] != taps[before - 1, k]:
                return before
    return middle


@kernel
def _least(slopes: Any, signs: Any, main: Any, box: Any) -> Any:
    """Least value of slopes'c over the box, with c(0) from the other taps where `signs` say how."""
    share = slopes[main]
    total = share if signs[main] > 0.0 else 0.0
    for k in range(signs.size):
        weight = slopes[k] - signs[k] * share
        total += min(weight * box[0, k], weight * box[1, k])
    return total


@kernel
def _largest(rows: Any, index: Any, signs: Any, main: Any, box: Any, side: Any) -> Any:
    """Largest sample at `index` over the box for `side` 1, and the least for `side` -1."""
    share = side * rows[main, index]
    total = share if signs[main] > 0.0 else 0.0
    for k in range(signs.size):
        weight = side * rows[k, index] - signs[k] * share
        total += max(weight * box[0, k], weight * box[1, k])
    return side * total


@kernel(compact=True)
def possible_cursors(rows: Any, signs: Any, main: Any, box: Any, low: Any, high: Any, per_ui: Any, anchor: Any) -> Any:
    """Samples (first, last + 1) at which settings of the box can sample whose peaks are from `low` to before `high`."""
    size = rows.shape[1]
    # the peak: samples that are below the least that another one can be are none
    floor, most = -np.inf, -np.inf
    for i in range(low, high):
        floor = max(floor, _largest(rows, i, signs, main, box, -1.0))
        most = max(most, _largest(rows, i, signs, main, box, 1.0))
    floor -= SLACK * abs(most)
    while low < high - 1 and _largest(rows, low, signs, main, box, 1.0) < floor:
        low += 1
    while high - 1 > low and _largest(rows, high - 1, signs, main, box, 1.0) < floor:
        high -= 1
    if anchor == 1:
        return low, high
    if anchor == 2:
        return max(low - per_ui, 0), min(high + per_ui, size)
    # no setting crosses 1 % of its peak where all are above 1 % of the largest peak
    edge = high - 1
    while edge > low - PEAK_SPAN_UI * per_ui and edge > 0:
        if _largest(rows, edge - 1, signs, main, box, -1.0) <= 0.01 * most * (1.0 + SLACK):
            break
        edge -= 1
    # the cursor is within 2 UI behind the edge
    return max(low - PEAK_SPAN_UI * per_ui, 0), min(edge + 2 * per_ui, size)


@kernel(compact=True)
def norm_tangent(
    rows: Any,
    at: Any,
    center: Any,
    per_ui: Any,
    reach: Any,
    b_max: Any,
    b_min: Any,
    floating_max: Any,
    noise: Any,
    floor: Any,
    main_most: Any,
    gram: Any,
    slope: Any,
    gradient: Any,
) -> Any:
    """F at `center` for the sampling instant `at`, and its gradient (K + 1,), the last in `floor`.

    `floor` is the root of what the taps do not change; F is a norm of taps and floor, so that its tangent passes through zero.
    """
    count, size = rows.shape
    cursor = 0.0
    for k in range(count):
        cursor += center[k] * rows[k, at]
    # where SNR_TX refers to c(0), the largest c(0) gives the least noise
    transmitter = noise[3] / (main_most * main_most) if noise[4] > 0.0 else noise[3]
    square = floor * floor
    for k in range(count):
        edges, all_samples = 0.0, 0.0
        for m in range(count):
            edges += slope[k, m] * center[m]
            all_samples += gram[k, m] * center[m]
        gradient[k] = noise[2] * edges + noise[1] * all_samples
        square += center[k] * gradient[k]
    # the cursor is no interference, and of the post-cursors only what no DFE removes: a tap for each is at its limit
    at_cursor = transmitter * cursor - noise[1] * cursor
    square += at_cursor * cursor
    for j in range(min(reach, (size - 1 - at) // per_ui)):
        place = at + (j + 1) * per_ui
        post = 0.0
        for k in range(count):
            post += center[k] * rows[k, place]
        most = b_max[j] if j < b_max.size else floating_max
        least = b_min[j] if j < b_max.size else -floating_max
        above, below = max(post - most * cursor, 0.0), max(least * cursor - post, 0.0)
        at_post = noise[1] * (above - below - post)
        at_cursor += noise[1] * (least * below - most * above)
        square += noise[1] * (above * above + below * below - post * post)
        for k in range(count):
            gradient[k] += at_post * rows[k, place]
    length = math.sqrt(max(square, 0.0))
    if length > 0.0:
        for k in range(count):
            # half the derivative of D over F
            gradient[k] = (gradient[k] + at_cursor * rows[k, at]) / length
        gradient[count] = floor / length
    return length


@kernel(compact=True)
def _first_open(
    rows: Any,
    instants: Any,
    whole: Any,
    begin: Any,
    tangents: Any,
    signs: Any,
    box: Any,
    center: Any,
    floor: Any,
    window: Any,
    b_max: Any,
    b_min: Any,
    floating_max: Any,
    noise: Any,
    roots: Any,
    main_most: Any,
    gram: Any,
    slope: Any,
) -> Any:
    """Number of `instants` at which no bound excludes the box, moved to the front; not above 1 unless it is the `whole` grid.

    `tangents` (A, K + 1) are bounds by the instant less `begin`, made anew where they do not suffice; `roots` those of the ratio
    to beat, of the signal's scale, and that scale with the largest sample.
    """  # fmt: skip
    per_ui, reach, main = window[2], window[3], window[4]
    count = center.size
    slack = SLACK * roots[2]
    kept = 0
    for turn in range(instants.size):
        at = instants[turn]
        tangent = tangents[at - begin]
        # tangents hold everywhere, so that another block's may do; that of an instant without one yet is zero
        if _least(tangent, signs, main, box) + tangent[count] * floor > slack:
            continue
        # the noise alone may be more than the largest cursor allows
        if roots[1] * _largest(rows, at, signs, main, box, 1.0) < roots[0] * floor - slack:
            continue
        phase = at % per_ui
        length = norm_tangent(
            rows, at, center, per_ui, reach, b_max, b_min, floating_max, noise, floor, main_most,
            gram[phase], slope[phase], tangent,
        )  # fmt: skip
        # a norm of zero has no tangent
        scale = roots[0] if length > 0.0 else 0.0
        for k in range(count):
            tangent[k] = scale * tangent[k] - roots[1] * rows[k, at]
        tangent[count] *= scale
        # written so that NaN excludes nothing
        if not _least(tangent, signs, main, box) + tangent[count] * floor > slack:
            # the next block is likely to fail first where this one did
            instants[turn], instants[kept] = instants[kept], at
            kept += 1
            if not whole:
                break
    return kept


def winning_rows(
    rows: Any,
    taps: Any,
    window: Any,
    b_max: Any,
    b_min: Any,
    limits: Any,
    noise: Any,
    fext: Any,
    best: Any,
    gram: Any,
    slope: Any,
    signs: Any,
) -> Any:
    """Rows of `taps` that may be better than `best` (T,), true for those in blocks that no bound excludes.

    `window` begins with the samples between which all peaks are; `signs` (K,) are `tap_signs` of the taps.
    """
    low, high, per_ui, _, main, anchor = window
    may_win = np.ones(len(taps), dtype=np.bool_)
    # limits that exclude each other are no interval, and what is left of a post-cursor is then not convex
    if np.any(b_min > b_max) or limits[0] < 0.0:
        return may_win
    root_scale = math.sqrt(noise[5])
    roots = np.array([math.sqrt(best), root_scale, root_scale * np.max(np.abs(rows[main]))])
    box, center = np.empty((2, taps.shape[1])), np.empty(taps.shape[1])
    box_of(taps, 0, len(taps), signs, main, box, center)
    first, last = possible_cursors(rows, signs, main, box, low, high, per_ui, anchor)
    tangents = np.zeros((last - first, center.size + 1))
    _exclude_blocks(
        rows, taps, window, b_max, b_min, limits[0], noise, fext, gram, slope, signs, roots, np.max(taps[:, main]),
        first, np.arange(first, last), tangents, np.empty((len(taps) + 1, 2), dtype=np.int64), box, center, may_win,
    )  # fmt: skip
    return may_win


@kernel(compact=True)
def _exclude_blocks(
    rows: Any,
    taps: Any,
    window: Any,
    b_max: Any,
    b_min: Any,
    floating_max: Any,
    noise: Any,
    fext: Any,
    gram: Any,
    slope: Any,
    signs: Any,
    roots: Any,
    main_most: Any,
    begin: Any,
    instants: Any,
    tangents: Any,
    blocks: Any,
    box: Any,
    center: Any,
    may_win: Any,
) -> None:
    """Make `may_win` (T,) false for the rows of blocks that bounds exclude; `blocks` (T + 1, 2) is room."""
    main, total = window[4], taps.shape[0]
    # depth-first, the later part of a split block below the earlier one
    blocks[0, 0], blocks[0, 1] = 0, total
    waiting = 1
    while waiting > 0:
        waiting -= 1
        start, stop = blocks[waiting, 0], blocks[waiting, 1]
        # compared, for numba would compile the callee for the literal of a flag that is set here a second time
        whole = stop - start == total
        box_of(taps, start, stop, signs, main, box, center)
        least = fext[start]
        for t in range(start + 1, stop):
            least = min(least, fext[t])
        kept = _first_open(
            rows, instants, whole, begin, tangents, signs, box, center, math.sqrt(noise[0] + least), window, b_max,
            b_min, floating_max, noise, roots, main_most, gram, slope,
        )  # fmt: skip
        if whole:
            # what excludes the whole grid at an instant does so for all its parts
            instants = instants[:kept]
        if kept == 0:
            may_win[start:stop] = False
        elif stop - start > BLOCK:
            between = split_at(taps, main, start, stop)
            blocks[waiting, 0], blocks[waiting, 1] = between, stop
            blocks[waiting + 1, 0], blocks[waiting + 1, 1] = start, between
            waiting += 2
