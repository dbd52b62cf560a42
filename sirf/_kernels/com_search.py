"""Loops of the COM search: CTLE settings, and all transmitter settings at each (IEEE 802.3 Annex 93A.1.6, with 802.3ck's DFE).

Arrays: `rows` (K, N) the pulse shifted by each transmitter tap's place, `gram` and `slope` (M, K, K) their products summed over
all UI at each sampling phase, of values and of slopes. A transmitter setting is a row of `taps` (T, K). All voltages are those of
the pulse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.jit import kernel

BEFORE_UI, BEHIND_UI = 10, 40
"""UI before the cursor and behind the DFE whose energy bounds a setting before the products over all UI are summed."""


@kernel
def form(gram: Any, tap: Any) -> Any:
    """Quadratic form of a symmetric matrix."""
    total = 0.0
    for k in range(tap.size):
        for m in range(tap.size):
            total += tap[k] * gram[k, m] * tap[m]
    return total


@kernel
def _behind_taps(rows: Any, tap: Any, low: Any, high: Any, result: Any) -> None:
    """Samples `low` to `high` of the pulse behind the taps, to the beginning of `result`."""
    weight = tap[0]
    row = rows[0, low:high]
    for i in range(row.size):
        result[i] = weight * row[i]
    for k in range(1, tap.size):
        weight = tap[k]
        if weight != 0.0:
            row = rows[k, low:high]
            for i in range(row.size):
                result[i] += weight * row[i]


@kernel
def _largest(values: Any, count: Any) -> Any:
    """Index of the largest of the first `count` values, the first of equals."""
    found = 0
    best = values[0]
    for i in range(count):
        if values[i] > best:
            best = values[i]
            found = i
    return found


@kernel(compact=True)
def sampling_point(rows: Any, tap: Any, low: Any, high: Any, per_ui: Any, b_first: Any, anchor: Any, work: Any) -> Any:
    """Index of the cursor, equation (93A-25), or -1 where the pulse has no rising edge within 4 UI of its peak.

    `low` to `high` bound the search of the peak; `anchor` 1 takes the peak, 2 the largest step over one UI.
    """
    size = rows.shape[1]
    _behind_taps(rows, tap, low, high, work)
    peak = _largest(work, high - low)
    best = work[peak]
    peak += low
    if anchor == 1:
        return peak
    if anchor == 2:
        return _steepest(rows, tap, peak, per_ui)
    # the pulse's rising edge, looked for backwards from the peak: where it crosses 1 % of the peak
    edge = -1
    above = best - 0.01 * best
    for i in range(peak - 1, max(peak - 4 * per_ui, 0) - 1, -1):
        below = at_taps(rows, tap, i) - 0.01 * best
        if (below < 0.0 and above >= 0.0) or (below == 0.0 and above > 0.0):
            edge = i
            break
        above = below
    if edge < per_ui or edge + 3 * per_ui >= size:
        return -1
    _behind_taps(rows, tap, edge - per_ui, edge + 3 * per_ui + 1, work)
    least = np.inf
    cursor = 0
    for i in range(2 * per_ui + 1):
        # the DFE takes off b_max(1) times the cursor, but no more than there is
        after = max(work[i + 2 * per_ui] - b_first * work[i + per_ui], 0.0)
        metric = abs(work[i] - after)
        if metric < least:
            least = metric
            cursor = i
    return edge + cursor


@kernel(compact=True)
def peak_window(rows: Any, taps: Any, main: Any, low: Any, high: Any) -> Any:
    """Part of `low` to `high` outside which no setting of `taps` (T, K) can have its peak.

    Each tap within its largest magnitude bounds every sample from above and below; samples whose upper bound is under the
    largest lower bound cannot be the peak.
    """
    count = taps.shape[1]
    most = np.zeros(count)
    least = np.inf
    for t in range(taps.shape[0]):
        least = min(least, taps[t, main])
        for k in range(count):
            most[k] = max(most[k], abs(taps[t, k]))
    upper = np.empty(high - low)
    floor = -np.inf
    for i in range(upper.size):
        center = rows[main, low + i]
        others = 0.0
        for k in range(count):
            if k != main:
                others += most[k] * abs(rows[k, low + i])
        upper[i] = max(least * center, most[main] * center) + others
        floor = max(floor, min(least * center, most[main] * center) - others)
    # two ways of adding the same products may differ by rounding
    floor -= 1e-9 * abs(floor)
    first, last = high, low
    for i in range(upper.size):
        if upper[i] >= floor:
            first = min(first, low + i)
            last = low + i + 1
    return first, last


@kernel
def at_taps(rows: Any, tap: Any, index: Any) -> Any:
    total = 0.0
    for k in range(tap.size):
        total += tap[k] * rows[k, index]
    return total


@kernel(compact=True)
def _steepest(rows: Any, tap: Any, peak: Any, per_ui: Any) -> Any:
    best = -np.inf
    found = -1
    for i in range(max(peak - per_ui, per_ui), min(peak + per_ui, rows.shape[1] - 1) + 1):
        step = at_taps(rows, tap, i) - at_taps(rows, tap, i - per_ui)
        if step > best:
            best = step
            found = i
    return found


@kernel
def _sort_strongest(worth: Any, order: Any) -> None:
    """Indices by falling worth, the first of equals first; insertion, for the numba library's sort takes seconds to compile."""
    for i in range(order.size):
        place = i
        while place > 0 and worth[order[place - 1]] < worth[i]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = i


@kernel(compact=True)
def floating_banks(post: Any, fixed: Any, span: Any, groups: Any, size: Any, limit: Any, chosen: Any) -> None:
    """Mark in `chosen` (span,) the floating taps that the reference code's choice of banks takes.

    `post` (span,) are the post-cursors, the first `fixed` belong to the fixed taps; a bank of `size` taps is worth the energy
    that taps within ±`limit` remove. Banks are taken strongest first; one that would leave too little room before itself gives
    way to a stronger neighbour, or pulls the bank exactly before it along.
    """
    windows = span - fixed - size + 1
    worth, order = np.empty(windows), np.empty(windows, dtype=np.int64)
    for start in range(windows):
        total = 0.0
        for j in range(fixed + start, fixed + start + size):
            value = abs(post[j])
            left = max(0.0, value - limit)
            total += value * value - left * left
        worth[start] = total
    for j in range(span):
        chosen[j] = False
    group, forced, second = 0, -1, -1
    while group < groups:
        _sort_strongest(worth, order)
        start, pulled = order[0], -1
        if group == 0 and second < 0 and windows > (groups - 1) * size:
            # if the strongest windows are exactly the foremost, all banks stand side by side behind the fixed taps
            furthest = 0
            for i in range((groups - 1) * size + 1):
                furthest = max(furthest, order[i])
            if furthest == (groups - 1) * size:
                for j in range(fixed, fixed + groups * size):
                    chosen[j] = True
                return
        if forced >= 0:
            start = forced
        elif group < groups - 1:
            if second >= 0:
                start = second
            # places in front of the bank that are free but too few for another bank
            low = max(start - size + 1, 0)
            blocked = False
            for j in range(low, start):
                blocked = blocked or not chosen[fixed + j]
            # by falling worth: is one of them ahead of what lies neither there nor within the bank?
            nearer = False
            if blocked:
                for i in range(windows):
                    j = order[i]
                    if j == start - size:
                        pulled = j
                        break
                    before = low <= j < start and not chosen[fixed + j]
                    if not (before or start <= j < start + size):
                        break
                    # the last one has nothing behind it
                    nearer = nearer or (before and i < windows - 1)
            if nearer and pulled < 0:
                worth[start] = 0.0
                second = order[1]
                continue
        for j in range(max(start - size + 1, 0), start + size):
            # a bank from a window that overlaps this one is worth nothing any more
            if j < windows:
                worth[j] = 0.0
            if j >= start and fixed + j < span:
                chosen[fixed + j] = True
        group, forced, second = group + 1, pulled, -1


@kernel(compact=True)
def feedback_taps(
    post: Any, cursor: Any, b_max: Any, b_min: Any, floating: Any, limits: Any, chosen: Any, upper: Any, lower: Any
) -> Any:
    """DFE by equation (93A-26) with 802.3ck's floating taps and tail limit; returns the energy that it leaves of `post`.

    `floating` = (groups, taps a group, first tail tap or 0), `limits` = (bmaxg, tail limit, step). Fills `upper`, `lower`
    (the limits in volts that hold in the end); a tap is `post` between them.
    """
    fixed = b_max.size
    groups, size, tail_start = floating[0], floating[1], floating[2]
    if groups > 0:
        floating_banks(post, fixed, post.size, groups, size, limits[0] * cursor, chosen)
    for j in range(post.size):
        high, low = 0.0, 0.0
        if j < fixed:
            high, low = b_max[j] * cursor, b_min[j] * cursor
        elif groups > 0 and chosen[j]:
            high, low = limits[0] * cursor, -limits[0] * cursor
        upper[j], lower[j] = high, low
    # the tail's taps have one limit together, on the root of their sum of squares: beyond it all are scaled by one
    # factor
    tail, total, begin = 0.0, 0.0, max(tail_start - 1, 0)
    # the tail's energy, its scaling, and what is left, by one loop: the rounding of taps is compiled once
    for turn in range(0 if 0 < tail_start <= post.size else 2, 3):
        if turn == 1:
            tail = np.sqrt(total) / cursor
            if tail == 0.0 or tail < limits[1]:
                continue
        if turn == 2:
            begin = 0
        total = 0.0
        for j in range(begin, post.size):
            tap = clipped(post[j], cursor, lower[j], upper[j], limits[2])
            if turn == 1:
                upper[j] = limits[1] * abs(tap) / tail
                lower[j] = -upper[j]
            rest = post[j] - tap if turn == 2 else tap
            total += rest * rest
    return total


@kernel
def clipped(value: Any, cursor: Any, low: Any, high: Any, step: Any) -> Any:
    if step > 0.0:
        # towards zero, as the reference code rounds its taps
        value = np.floor(abs(value / cursor) / step) * step * np.sign(value) * cursor
    return min(max(value, low), high)


@kernel(compact=True)
def _least_left(post: Any, cursor: Any, b_max: Any, b_min: Any, floating_max: Any) -> Any:
    """Energy of the post-cursors that no DFE within its limits removes, were there a floating tap at each."""
    left = 0.0
    for j in range(post.size):
        high_limit = b_max[j] * cursor if j < b_max.size else floating_max * cursor
        low_limit = b_min[j] * cursor if j < b_max.size else -high_limit
        rest = post[j] - min(max(post[j], low_limit), high_limit)
        left += rest * rest
    return left


@kernel
def _noise_beside(rows: Any, tap: Any, at: Any, per_ui: Any, reach: Any, noise: Any) -> Any:
    """Jitter and interference by what is near the cursor alone, without post-cursors in the DFE's span; `noise` as below."""
    total = 0.0
    for j in range(-BEFORE_UI, reach + BEHIND_UI + 1):
        place = at + j * per_ui
        if 0 < place < rows.shape[1] - 1:
            if j < 0 or j > reach:
                total += noise[1] * at_taps(rows, tap, place) ** 2
            if j <= BEFORE_UI:
                total += noise[2] * (at_taps(rows, tap, place + 1) - at_taps(rows, tap, place - 1)) ** 2
    return total


@kernel
def _weighed(parts: Any, weights: Any, rows: Any) -> None:
    """Sum of the four `parts` (4, K, N) at the gains' `weights` (4,) into `rows` (K, N)."""
    for k in range(rows.shape[0]):
        first, second, third, fourth, row = parts[0, k], parts[1, k], parts[2, k], parts[3, k], rows[k]
        for i in range(row.size):
            row[i] = weights[0] * first[i] + weights[1] * second[i] + weights[2] * third[i] + weights[3] * fourth[i]


@kernel(compact=True)
def _weighed_products(terms: Any, phase: Any, weights: Any, gram: Any, slope: Any) -> None:
    """Sums of the ten `terms` (10, 2, M, K, K) of pairs of parts at a phase into products of values and of slopes (K, K)."""
    gram[:] = 0.0
    slope[:] = 0.0
    pair = 0
    for i in range(weights.size):
        for j in range(i, weights.size):
            # each pair stands once, and counts for both orders
            weight = weights[i] * weights[j] * (1.0 if i == j else 2.0)
            for k in range(gram.shape[0]):
                for m in range(gram.shape[1]):
                    gram[k, m] += weight * terms[pair, 0, phase, k, m]
                    slope[k, m] += weight * terms[pair, 1, phase, k, m]
            pair += 1


@kernel
def search_settings(
    parts: Any,
    terms: Any,
    made: Any,
    weights: Any,
    gains: Any,
    noise: Any,
    fext: Any,
    taps: Any,
    places: Any,
    may_win: Any,
    window: Any,
    b_max: Any,
    b_min: Any,
    floating: Any,
    limits: Any,
    state: Any,
    local: Any,
    prune: Any,
    best: Any,
    ratios: Any,
    found: Any,
    progress: Any,
) -> Any:
    """Search the rows of `taps` that `may_win` (G, T) at G gain settings in turn; returns (best, phase that it lacks or -1).

    `best` is the square of the ratio in equation (93A-36) to beat (strictly), `ratios` (G,) and `found` (G, 3) those that each
    gain setting had when it was the best so far, with (row or -1, cursor index, settings evaluated). `progress` (gain setting,
    row) is where to go on.
    `parts` (4, K, N) are the pulses shifted by each tap's place, of which the gains' `weights` (G, 4) make `rows`, and `terms`
    (10, 2, M, K, K) products of two parts at each sampling phase, `made` (M,) says of which: where a setting has another phase,
    the search stops until it has them. `gains` (G, 2) are the indices of both gains. `noise` (G, 6) holds
    (sigma_N² + sigma_NEXT², sigma_X², (A_DD² + sigma_RJ²) sigma_X² M² / 4, 10^(-SNR_TX/10), 1 where SNR_TX refers to c(0),
    (R_LM / (L-1))²), `fext` (G, T) sigma_FEXT², `window` (low, high, samples a UI, DFE reach, index of c(0), anchor), between
    whose first two all peaks are.
    With `local` above 0 the reference code's local search holds: `places` (T, S) are the indices of the swept values, `state`
    (S + 2) the index of each at the best so far, that of its second gain, and whether there is a best yet. Without `prune` every
    setting is evaluated in full.
    """
    per_ui, reach, main, anchor = window[2], window[3], window[4], window[5]
    work = np.empty(max(window[1] - window[0], 4 * per_ui + 1))
    post, upper, lower = np.empty(reach), np.empty(reach), np.empty(reach)
    chosen = np.zeros(reach, dtype=np.bool_)
    count, size = parts.shape[1], parts.shape[2]
    rows, gram, slope = np.empty((count, size)), np.empty((per_ui, count, count)), np.empty((per_ui, count, count))
    swept = places.shape[1]
    b_first = b_max[0] if b_max.size else 0.0
    for g in range(progress[0], weights.shape[0]):
        _weighed(parts, weights[g], rows)
        low, high = peak_window(rows, taps, main, window[0], window[1])
        summed = np.zeros(per_ui, dtype=np.bool_)
        begin = progress[1]
        progress[0], progress[1] = g + 1, 0
        constants = noise[g]
        for t in range(begin, taps.shape[0]):
            if not may_win[g, t]:
                continue
            if local > 0 and state[swept + 1] > 0:
                skip = False
                # as in the reference code's nested loops: the distance of a value counts only where the loop around it is
                # past its first value
                before = gains[g, 1]
                for s in range(swept):
                    if before > 0 and abs(places[t, s] - state[s]) > local:
                        skip = True
                        break
                    before = places[t, s]
                if skip or (gains[g, 0] > 0 and abs(gains[g, 1] - state[swept]) > local):
                    continue
            tap = taps[t]
            at = sampling_point(rows, tap, low, high, per_ui, b_first, anchor, work)
            if at < 0:
                continue
            phase = at % per_ui
            cursor = at_taps(rows, tap, at)
            if cursor <= 0.0:
                continue
            # bounds from the cheapest to the dearest: first without jitter and interference, then without interference,
            # then with a DFE that has a floating tap everywhere
            signal = cursor * cursor * constants[5]
            if prune and signal < best * (constants[0] + fext[g, t]):
                continue
            reference = cursor / tap[main] if constants[4] > 0.0 else cursor
            sent = constants[3] * reference * reference
            known = min(reach, (size - 1 - at) // per_ui)
            post[:] = 0.0
            for k in range(tap.size):
                weight = tap[k]
                if weight != 0.0:
                    row = rows[k]
                    for j in range(known):
                        post[j] += weight * row[at + (j + 1) * per_ui]
            left = _least_left(post, cursor, b_max, b_min, limits[0])
            # products over all UI cost more than a hundred settings: most are excluded by what they leave near the cursor
            if prune and not made[phase]:
                beside = constants[1] * left + _noise_beside(rows, tap, at, per_ui, reach, constants)
                # the products' own sums round by more than these few
                if signal < best * (constants[0] + fext[g, t] + sent + beside) * (1.0 - 1e-9):
                    continue
            if not made[phase]:
                progress[0], progress[1] = g, t
                return best, phase
            if not summed[phase]:
                _weighed_products(terms, phase, weights[g], gram[phase], slope[phase])
                summed[phase] = True
            other = constants[0] + fext[g, t] + constants[2] * form(slope[phase], tap)
            other += sent
            if prune and signal < best * other:
                continue
            # energy of all samples of this phase less the cursor's and those within the DFE's span
            isi = form(gram[phase], tap) - cursor * cursor
            for j in range(reach):
                isi -= post[j] * post[j]
            # a difference of large sums may round below zero
            isi = max(isi, 0.0)
            # rounding of two different sums must not exclude a setting that is as good
            if prune and signal < best * (other + constants[1] * (isi + left)) * (1.0 - 1e-12):
                continue
            found[g, 2] += 1
            isi += feedback_taps(post, cursor, b_max, b_min, floating, limits, chosen, upper, lower)
            ratio = signal / (other + constants[1] * isi)
            # strictly: of equals the first stays, as in the reference code
            if ratio > best:
                best = ratio
                ratios[g], found[g, 0], found[g, 1] = ratio, t, at
                if local > 0:
                    for s in range(swept):
                        state[s] = places[t, s]
                    state[swept] = gains[g, 1]
                    state[swept + 1] = 1
    return best, -1


@kernel(fastmath=True)  # rounding, in a sum of positive terms
def tap_weights(own: Any, cosines: Any, weights: Any) -> None:
    """|H_ffe(f)| (T, F) of taps with autocorrelations `own` (T, K), with cosines (K, F) of multiples of w, into `weights`."""
    for t in range(own.shape[0]):
        out = weights[t]
        # one loop a tap: a loop of taps inside that of frequencies does not run on vector registers
        power = own[t, 0]
        for i in range(out.size):
            out[i] = power * cosines[0, i]
        for k in range(1, own.shape[1]):
            power, cosine = own[t, k], cosines[k]
            for i in range(out.size):
                out[i] += power * cosine[i]
        for i in range(out.size):
            out[i] = np.sqrt(max(out[i], 0.0))
