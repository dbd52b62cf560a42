"""The full grid of IEEE 802.3 Annex 178A at one CTLE setting: boxes of transmitter settings are halved until bounds exclude them.

What is known of a CTLE setting comes as a few tuples of arrays, which `sirf.com.full_search` makes:

* grid: values (K, V) of each transmitter tap, numbers of them (K,), row of each combination or -1, index of the main tap, least
  c(0), cosines (K, F) of multiples of each frequency, transform (L, F) from a density to autocorrelations;
* sampling: pulse (T,), samples a UI, `blocks` (2, B) of `com_peaks`, first and last offset (2,) about an instant, instants (C,)
  of all rows or none where it is the peak;
* spectra: densities (M, F) over sigma_X^2 of noise that the taps do not filter and of jitter, which they do, the signal's power
  spectrum (M, F), weights (2, F) of integrals over frequency and of those with cos w, FEXT aggressors' autocorrelations
  (A, M, 2 K - 1), densities (A, M, F) and their least (A, F);
* converter: place of the sample `AFTER` UI after UI zero in `backward`, autocorrelation (M, 2 K - 1) of the pulse, Gaussian noise
  (M,), constants and quantiles of `white_noise`;
* receiver: `backward`, `last` and `moving` of `pair_error`, feedback taps, taps before the main one and feedback taps together,
  limits of the DFE tap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.com_boxes import (
    FREE_PART,
    OUTER,
    PART,
    centre_of,
    crosstalk_spectrum,
    free_error,
    levinson_error,
    most_gain,
    white_noise,
)
from sirf._kernels.com_peaks import peak_at, peak_range
from sirf._kernels.com_receiver import (
    add_combined,
    converter_noise,
    crosstalk_row,
    filter_samples,
    pair_error,
    tap_correlation,
)
from sirf._kernels.copying import copy_row
from sirf._kernels.jit import kernel

_WORTHWHILE = 1.03
"""A recursion is made where its bound is expected to be above this part of the limit: just above it, halves do better."""
EVERY = -1
"""Number of instants that stands for all there are."""


@kernel
def _mixed(values: Any, lowest: Any, highest: Any, main: Any) -> Any:
    """A tap whose sign changes within the box, or -1."""
    for k in range(lowest.size):
        if k != main and values[k, lowest[k]] < 0.0 < values[k, highest[k]]:
            return k
    return -1


@kernel
def _keep_all(instants: Any, ratios: Any, kept: Any, bounds: Any, kept_ratios: Any) -> Any:
    """All instants are kept: `EVERY` where they are more than there is room for."""
    if instants.size > kept.size:
        return EVERY
    for p in range(instants.size):
        kept[p], bounds[p], kept_ratios[p] = instants[p], 0.0, ratios[p]
    return instants.size


@kernel
def box_bounds(
    lowest: Any,
    highest: Any,
    instants: Any,
    ratios: Any,
    grid: Any,
    sampling: Any,
    spectra: Any,
    converter: Any,
    receiver: Any,
    limit: Any,
    kept: Any,
    bounds: Any,
    kept_ratios: Any,
) -> Any:
    """Those of `instants` (P,) whose bound over a box is not above `limit` into `kept`, with their `bounds`; how many they are.

    A box with taps of both signs, or with peaks anywhere, keeps all: the number is `EVERY` if `kept` has no room for them.

    `ratios` (P,) say how much larger the bound of an FFE with an end was than that of one without in the box that this one is a
    half of, zero where it is not known. Where this ratio lets expect that the box is kept, it is kept without a look: only the
    work changes, no answer. `kept_ratios` are those found here.
    """
    values, _, _, main, c0_least, cosines, transform = grid
    pulse, per_ui, blocks, offsets, anchored = sampling
    alone, jitter, signal, weights, strengths, densities, least_densities = spectra
    first_near, power, noise, constants, quantiles = converter
    backward, last, moving, feedback_taps, pre, low, high = receiver
    count = values.shape[0]
    # with a tap of both signs c(0) = 1 - sum |c(k)| has a bend within the box, and no bound holds
    if _mixed(values, lowest, highest, main) >= 0:
        return _keep_all(instants, ratios, kept, bounds, kept_ratios)
    centre, radius, sign = np.empty(count), np.empty(count), np.empty(count)
    centre_of(values, lowest, highest, main, centre, radius, sign)
    smallest, single = 0.0, True
    for k in range(count):
        # the least sum of magnitudes leaves the largest c(0) of the box
        smallest += max(abs(centre[k]) - radius[k], 0.0) if k != main else 0.0
        single &= lowest[k] == highest[k]
    if 1.0 - smallest < c0_least - 1e-9:
        return 0
    first, final = 0, pulse.size - 1
    if anchored.size == 0:
        tops, samples = np.empty(blocks.shape[1]), np.empty((2, per_ui))
        first, final = peak_range(centre, radius, sign, main, pulse, per_ui, blocks, tops, samples)
        if final - first + offsets[1] - offsets[0] >= kept.size:
            # wherever the peak may be, a smaller box tells more
            return _keep_all(instants, ratios, kept, bounds, kept_ratios)
    edge, frequencies = count - 1, transform.shape[1]
    length = moving.shape[1] - edge
    gain, part = np.empty(frequencies, dtype=np.float32), np.empty(frequencies, dtype=np.float32)
    most_gain(values, lowest, highest, main, cosines, np.empty(count), part, gain)
    crosstalk = np.zeros(frequencies, dtype=np.float32)
    if strengths.shape[0] > 0:
        crosstalk_spectrum(
            centre, radius, sign, main, strengths, densities, least_densities, np.empty(strengths.shape[1]), crosstalk
        )
    lags, forward, predictor = np.empty(length), np.empty(length), np.empty(2 * length)
    none, found = np.zeros(length), 0
    for p in range(instants.size):
        instant = instants[p]
        # no peak of the box brings this instant within the offsets
        if instant < first + offsets[0] or instant > final + offsets[1]:
            continue
        phase, white = instant % per_ui, 0.0
        if constants[0] > 0.0:
            near = first_near - instant // per_ui
            white = white_noise(
                centre,
                radius,
                sign,
                main,
                backward[phase, near : near + count + OUTER - 1],
                power[phase],
                noise[phase],
                constants,
                quantiles,
            )
        _noise_density(alone[phase], np.float32(white), gain, crosstalk, part)
        # the cheap bound first: one pass over frequencies, an FFE without end, no recursion
        free = free_error(part, jitter[phase], signal[phase], weights, low, high)
        if FREE_PART * free > limit:
            continue
        bound, ratio = FREE_PART * free, ratios[p]
        if single or ratio == 0.0 or ratio * free > _WORTHWHILE * limit:
            begin = last - instant // per_ui - pre - main
            error = levinson_error(
                moving[phase, edge:],
                part,
                transform,
                backward[phase, begin : begin + length],
                backward[phase, begin - 1 : begin - 1 + length] if feedback_taps else none,
                low,
                high,
                # without a ratio the recursion runs to its end, for its halves will need one
                limit if ratio > 0.0 else -np.inf,
                lags,
                forward,
                predictor,
            )
            if PART * error > limit:
                continue
            # of an error that is only known to be low enough the limit is taken
            ratio = max(error if error > 0.0 else limit, free) / free if free > 0.0 else 0.0
            bound = max(bound, PART * error)
        kept[found], bounds[found], kept_ratios[found] = instant, bound, ratio
        found += 1
    return found


@kernel(fastmath=True)  # an estimate in single precision, whose rounding the bound allows for
def _noise_density(alone: Any, level: Any, gain: Any, crosstalk: Any, result: Any) -> None:
    for f in range(result.size):
        result[f] = (alone[f] + level) / gain[f] + crosstalk[f]


@kernel
def _grown(values: Any) -> Any:
    """The array with twice the room."""
    result = np.empty(2 * values.size, dtype=values.dtype)
    for i in range(values.size):
        result[i] = values[i]
    return result


@kernel
def _split_of(values: Any, lowest: Any, highest: Any, main: Any) -> Any:
    """The tap whose range is halved, -1 for a single setting, and the last index of the first half: at zero if it is within."""
    mixed = _mixed(values, lowest, highest, main)
    if mixed >= 0:
        index = lowest[mixed]
        while values[mixed, index + 1] <= 0.0:
            index += 1
        return mixed, index
    # by width in tap value, because grids differ in their steps
    split, widest = -1, -1.0
    for k in range(lowest.size):
        width = abs(values[k, highest[k]] - values[k, lowest[k]])
        if k != main and highest[k] > lowest[k] and width > widest:
            split, widest = k, width
    return split, (lowest[split] + highest[split]) // 2


@kernel
def _swap(rows: Any, first: Any, second: Any, count: Any) -> None:
    """Exchange the first `count` values of two rows."""
    for i in range(count):
        value = rows[first, i]
        rows[first, i] = rows[second, i]
        rows[second, i] = value


@kernel
def row_errors(taps: Any, instants: Any, tables: Any, known: Any, slack: Any, errors: Any) -> Any:
    """Errors (P,) of one transmitter setting at `instants` (P,), infinite above `known` and `slack` of it; the new known.

    `tables` are the arguments of `sweep_errors` from the samples a UI on.
    """
    per_ui, backward, last, moving, fixed, fext, slope, noise, converter, main = tables[:10]
    b_min, b_max, w_min, w_max, shape, step = tables[10:]
    size, own = w_min.size, np.empty(taps.size)
    crosstalk, correlation = np.empty(size), np.empty(size)
    behind, around = np.empty(backward.shape[1] - taps.size + 1), np.empty(size + 1)
    lags, forward, predictor, none = np.empty(size), np.empty(size), np.empty(2 * size), np.zeros(size)
    nothing, no_transform = np.zeros(0, dtype=np.float32), np.zeros((size, 0), dtype=np.float32)
    starts = np.zeros(max(shape[2], 1), dtype=np.int64)
    low, high = (b_min[0], b_max[0]) if b_min.size else (0.0, 0.0)
    tap_correlation(taps, own)
    crosstalk_row(own, fext, crosstalk)
    for p in range(instants.size):
        # falls as better errors are found, also within the row
        instant, limit = instants[p], known * (1.0 + slack)
        phase, white = instant % per_ui, 0.0
        errors[p] = np.inf
        if converter[1] > 0.0:
            white = converter_noise(taps, own, crosstalk[0], phase, backward, slope, noise, converter, behind)
        if shape[2] > 0:
            # an FFE with a tap at every place and no limits is no worse
            for lag in range(size):
                correlation[lag] = fixed[phase, lag] + crosstalk[lag]
            add_combined(own, moving[phase], correlation)
            correlation[0] += white
            filter_samples(taps, backward[phase], last - instant // per_ui - shape[0] - 1 - main, around)
            whole = levinson_error(
                correlation,
                nothing,
                no_transform,
                around[1:],
                around[:size] if b_min.size else none,
                low,
                high,
                limit,
                lags,
                forward,
                predictor,
            )
            if whole * (1.0 - 1e-9) > limit:
                continue
        error = pair_error(
            taps,
            own,
            crosstalk,
            white,
            instant,
            per_ui,
            backward,
            last,
            moving,
            fixed,
            main,
            b_min,
            b_max,
            w_min,
            w_max,
            shape,
            step,
            starts,
            limit,
        )
        if error <= limit:
            errors[p] = error
            known = min(known, error)
    return known


@kernel
def _passing(instants: Any, ratios: Any, bounds: Any, count: Any, limit: Any, passed: Any, passed_ratios: Any) -> Any:
    """The instants of a box whose bounds are not above `limit` into `passed`, with their ratios; how many they are."""
    used = 0
    for p in range(count):
        if bounds[p] <= limit:
            passed[used], passed_ratios[used] = instants[p], ratios[p]
            used += 1
    return used


@kernel
def _setting_of(lowest: Any, values: Any, counts: Any, main: Any, taps: Any) -> Any:
    """The taps (K,) of a box that is a single setting; its index in the grid."""
    index, total = 0, 0.0
    for k in range(lowest.size):
        index = index * counts[k] + lowest[k]
        if k != main:
            taps[k] = values[k, lowest[k]]
            total += abs(taps[k])
    taps[main] = 1.0 - total
    return index


@kernel
def _instants_within(instants: Any, middle: Any, offsets: Any, result: Any) -> Any:
    """Those of `instants` within the offsets about `middle`; `result` may be the same array."""
    within = 0
    for p in range(instants.size):
        if middle + offsets[0] <= instants[p] <= middle + offsets[1]:
            result[within] = instants[p]
            within += 1
    return within


@kernel
def _halve(
    box_low: Any,
    box_high: Any,
    split: Any,
    middle: Any,
    here: Any,
    ratios: Any,
    context: Any,
    limit: Any,
    place: Any,
    stack: Any,
) -> None:
    """Bound both halves of a box, which come to lie on the stack from `place` on, the better one on top."""
    grid, sampling, spectra, converter, receiver = context
    lows, highs, left_in, left, bounds, left_ratios = stack
    least = np.empty(2)
    for half in range(2):
        at = place + half
        copy_row(box_low, lows[at])
        copy_row(box_high, highs[at])
        if half == 0:
            highs[at, split] = middle
        else:
            lows[at, split] = middle + 1
        left_in[at] = box_bounds(
            lows[at],
            highs[at],
            here,
            ratios,
            grid,
            sampling,
            spectra,
            converter,
            receiver,
            limit,
            left[at],
            bounds[at],
            left_ratios[at],
        )
        least[half] = 0.0 if left_in[at] == EVERY else np.inf
        for p in range(left_in[at]):
            least[half] = min(least[half], bounds[at, p])
    # the better half is searched first: what it finds lowers the limit for the other
    if least[0] < least[1]:
        most = max(left_in[place], left_in[place + 1])
        _swap(lows, place, place + 1, box_low.size)
        _swap(highs, place, place + 1, box_low.size)
        _swap(left, place, place + 1, most)
        _swap(bounds, place, place + 1, most)
        _swap(left_ratios, place, place + 1, most)
        left_in[place], left_in[place + 1] = left_in[place + 1], left_in[place]


@kernel
def search_boxes(
    highest: Any,
    instants: Any,
    room: Any,
    grid: Any,
    sampling: Any,
    spectra: Any,
    converter: Any,
    receiver: Any,
    tables: Any,
    known: Any,
    slack: Any,
) -> Any:
    """Rows, instants and errors of one CTLE setting that are not above the least of all by more than the part `slack`.

    `highest` (K,) are the last indices of the grid, `instants` (P,) all that there are, of which a box holds `room`; `known` is
    the least error of other CTLE settings. `tables` are the arguments of `sweep_errors` from the samples a UI on. Also returned
    are the least error and how many rows were looked at.
    """
    values, counts, row_of, main = grid[:4]
    pulse, per_ui, blocks, offsets, anchored = sampling
    count, depth = values.shape[0], 4
    # the deepest stack: each tap's range is halved down to one value, and both halves lie on the stack
    for k in range(count):
        depth += 2 * int(np.ceil(np.log2(counts[k] + 1.0))) + 2
    # a stack of boxes: the ends of each, how many instants are left, these, their bounds and their ratios
    lows, highs = np.zeros((depth, count), np.int64), np.empty((depth, count), np.int64)
    left_in, left = np.zeros(depth, np.int64), np.empty((depth, room), np.int64)
    bounds, ratios = np.zeros((depth, room)), np.zeros((depth, room))
    stack = (lows, highs, left_in, left, bounds, ratios)
    context = (grid, sampling, spectra, converter, receiver)
    copy_row(highest, highs[0])
    left_in[0] = EVERY
    rows, samples, errors = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64)
    # both also hold all instants
    passed, of_row = np.empty(instants.size, np.int64), np.empty(instants.size)
    passed_ratios, none, taps = np.zeros(instants.size), np.zeros(count), np.empty(count)
    tops, work = np.empty(blocks.shape[1]), np.empty((2, per_ui))
    found, looked, top = 0, 0, 1
    box_low, box_high = np.empty(count, np.int64), np.empty(count, np.int64)
    while top > 0:
        top -= 1
        limit, used = known * (1.0 + slack), instants.size
        if left_in[top] == EVERY:
            copy_row(instants, passed)
            passed_ratios[:] = 0.0
        else:
            used = _passing(left[top], ratios[top], bounds[top], left_in[top], limit, passed, passed_ratios)
            if used == 0:
                continue
        copy_row(lows[top], box_low)
        copy_row(highs[top], box_high)
        split, middle = _split_of(values, box_low, box_high, main)
        if split >= 0:
            here = passed[:used]
            _halve(box_low, box_high, split, middle, here, passed_ratios[:used], context, limit, top, stack)
            top += 2
            continue
        row = row_of[_setting_of(box_low, values, counts, main, taps)]
        # a combination that is no setting, as where c(0) is too small
        if row < 0:
            continue
        middle = anchored[row] if anchored.size else peak_at(taps, main, pulse, per_ui, blocks, tops, work, none)
        within = _instants_within(passed[:used], middle, offsets, passed)
        looked += 1
        known = row_errors(taps, passed[:within], tables, known, slack, of_row)
        for p in range(within):
            if of_row[p] < np.inf:
                if found == rows.size:
                    rows, samples, errors = _grown(rows), _grown(samples), _grown(errors)
                rows[found], samples[found], errors[found] = row, passed[p], of_row[p]
                found += 1
    return rows[:found], samples[:found], errors[:found], known, looked
