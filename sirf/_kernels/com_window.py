"""Estimates of the eye in the window of Annex 120G by characteristic functions, for the pruning of its search.

`window_eye` convolves hundreds of distributions bin by bin. Its tails follow as well from the product of their transforms at some
dozens of frequencies, because normal noise leaves nothing above. The values are rounded to the same bins, so that what remains of
a difference is the last bin's. Arrays are those of `sirf._kernels.com_search`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sirf._kernels.com_search import feedback_taps
from sirf._kernels.jit import kernel

SLACK_BINS = 2.0
"""The exact interference, which is found in whole bins, lies within so many of the estimate."""
TRUNCATION_STEP = 1.0 / 256.0
"""Step of the table of what truncation takes off the transform of normal noise, in reciprocal sigma."""
DECAY = 6.7
"""Normal noise is counted up to so many over its sigma in angular frequency: e^(-22) is left."""
_REACH = 7.0
"""Sums beyond so many sigma are less likely than 1e-10: those of symbols are sub-Gaussian."""
_MOST_FREQUENCIES = 2048


@kernel(fastmath=True)  # sums of an estimate, whose distance to the exact eye is allowed for
def _samples_of_phases(phases: Any, tap: Any, at: Any, low: Any, per_ui: Any, samples: Any) -> Any:
    """Samples behind `tap` at `at` + `low` + i of every UI into row i; the column of UI zero, and how many columns there are."""
    left = (at + low) // per_ui
    count = phases.shape[2] - (at + low + samples.shape[0] - 1) // per_ui + left
    for i in range(samples.shape[0]):
        place = at + low + i
        phase, column = place % per_ui, place // per_ui - left
        row = samples[i, :count]
        row[:] = 0.0
        for k in range(tap.size):
            if tap[k] != 0.0:
                weight, part = tap[k], phases[phase, k, column : column + count]
                for u in range(row.size):
                    row[u] += weight * part[u]
    return left, count


@kernel(fastmath=True)  # sums of an estimate, whose distance to the exact eye is allowed for
def _interpolate(samples: Any, position: Any, low: Any, result: Any) -> None:
    """Samples of every UI at a position between two samples."""
    index = int(np.floor(position))
    part = position - index
    first, second = samples[index - low], samples[index - low + 1]
    for u in range(result.size):
        result[u] = first[u] + part * (second[u] - first[u])


@kernel
def _bins(value: Any, bin_size: Any) -> Any:
    # half up, as `window_eye` rounds magnitudes
    return np.floor(value / bin_size + 0.5)


@kernel(compact=True)
def _add_values(values: Any, levels: Any, bin_size: Any, small: Any, sums: Any, large: Any, used: Any) -> Any:
    """Bins of the outer levels of `values` (N,): cumulants of those below `small` bins into `sums`, the others into `large`.

    `sums` = (variance, fourth cumulant) in bins, `large` (P, N) holds bins of the positive levels. Returns how many are there.
    """
    positive = levels // 2
    for n in range(values.size):
        value = abs(values[n])
        # values within a bin count as none, as in `convolve_deltas`
        if value < bin_size:
            continue
        # up to the highest frequency that counts, DECAY over sigma, the angle of such a value is below one, so that two
        # cumulants do
        if value < small * bin_size:
            second, fourth = 0.0, 0.0
            for p in range(positive):
                square = _bins(value * (1.0 - 2.0 * p / (levels - 1)), bin_size) ** 2
                second += 2.0 * square / levels
                fourth += 2.0 * square * square / levels
            sums[0] += second
            # fourth cumulant: mean fourth power less three times the square of the variance
            sums[1] += fourth - 3.0 * second * second
            continue
        for p in range(positive):
            large[p, used] = _bins(value * (1.0 - 2.0 * p / (levels - 1)), bin_size)
        used += 1
    return used


@kernel(fastmath=True)  # sums of an estimate, whose distance to the exact eye is allowed for
def _transform(
    large: Any, count: Any, sums: Any, levels: Any, variance: Any, truncation: Any, angle: Any, result: Any, state: Any
) -> None:
    """Transform of an instant's noise at the odd multiples of `angle` (J,).

    `large` (P, N) holds the bins of positive levels of `count` values, `sums` the cumulants of all others, `variance` that of the
    normal noise in bins, of which truncation takes `truncation` off; `state` (3, P, N) is room for cosines.
    """
    sigma, scale = math.sqrt(variance), 1.0 / (1.0 - truncation[0])
    # an odd number of levels has one at zero
    share, rest = 2.0 / levels, (levels % 2) / levels
    for p in range(large.shape[0]):
        # cosines of odd multiples by recurrence, cos((n + 2) x) = 2 cos(2 x) cos(n x) - cos((n - 2) x); before cos(x)
        # comes cos(-x)
        for n in range(count):
            state[0, p, n] = math.cos(angle * large[p, n])
            state[1, p, n] = state[0, p, n]
            state[2, p, n] = 2.0 * math.cos(2.0 * angle * large[p, n])
    for j in range(result.size):
        frequency = (2 * j + 1) * angle
        square = frequency * frequency
        place = sigma * frequency / TRUNCATION_STEP
        index = int(place)
        taken = 0.0
        if index + 1 < truncation.size:
            taken = truncation[index] + (place - index) * (truncation[index + 1] - truncation[index])
        # transform of normal noise cut at some sigma: what the cut takes off, and the rest normalised
        product = scale * (math.exp(-0.5 * variance * square) - taken)
        product *= math.exp(-0.5 * sums[0] * square + sums[1] * square * square / 24.0)
        current, previous = state[j % 2], state[1 - j % 2]
        for n in range(count):
            mean = rest
            for p in range(large.shape[0]):
                mean += share * current[p, n]
            product *= mean
        result[j] = product
        # the older cosines give way to the next ones, which become current for odd j
        for p in range(large.shape[0]):
            now, before, twice = current[p], previous[p], state[2, p]
            for n in range(count):
                before[n] = twice[n] * now[n] - before[n]


@kernel(fastmath=True)  # sums of an estimate, whose distance to the exact eye is allowed for
def _turn(transform: Any, weight: Any, angle: Any, shift: Any, cosine: Any, sine: Any) -> None:
    """Add `weight` times a transform, moved by `shift` bins, to the parts of a mixture's that go with sine and cosine."""
    real, imaginary = math.cos(angle * shift), math.sin(angle * shift)
    turn_real, turn_imaginary = math.cos(2.0 * angle * shift), math.sin(2.0 * angle * shift)
    for j in range(transform.size):
        cosine[j] += weight * transform[j] * real
        sine[j] += weight * transform[j] * imaginary
        real, imaginary = real * turn_real - imaginary * turn_imaginary, real * turn_imaginary + imaginary * turn_real


@kernel(fastmath=True)  # sums of an estimate, whose distance to the exact eye is allowed for
def _weight_beyond(cosine: Any, sine: Any, total: Any, angle: Any, bins: Any) -> Any:
    """Weight of a mixture at or beyond `bins`, of `total` in all; half of the circle of frequencies' period lies beyond."""
    # at or beyond a bin is above half a bin before it
    at = bins - 0.5
    real, imaginary = math.cos(angle * at), math.sin(angle * at)
    turn_real, turn_imaginary = math.cos(2.0 * angle * at), math.sin(2.0 * angle * at)
    beyond = 0.0
    for j in range(cosine.size):
        # Fourier series of a square wave on whole bins: odd harmonics, with 1 / sin(n angle / 2) where a continuous
        # wave has 1 / n
        beyond += (cosine[j] * imaginary + sine[j] * real) / math.sin(0.5 * (2 * j + 1) * angle)
        real, imaginary = real * turn_real - imaginary * turn_imaginary, real * turn_imaginary + imaginary * turn_real
    return 0.5 * total - beyond * angle / math.pi


@kernel
def _mixture(transforms: Any, done: Any, weights: Any, levels_bins: Any, angle: Any, cosine: Any, sine: Any) -> Any:
    """Parts of the transform of the instants' mixture about a level, at `levels_bins` (W,) in each; returns their weight."""
    cosine[:] = 0.0
    sine[:] = 0.0
    reach, total = weights.size // 2, 0.0
    # shifts relative to the middle instant: what they have in common moves the level alone
    middle = np.floor(levels_bins[reach] + 0.5)
    for w in range(weights.size):
        if done[w]:
            total += weights[w]
            shift = np.floor(levels_bins[w] + 0.5) - middle
            _turn(transforms[w, : cosine.size], weights[w], angle, shift, cosine, sine)
    return total


@kernel
def _level_found(cosine: Any, sine: Any, total: Any, angle: Any, most: Any, wanted: Any) -> Any:
    """Bins beyond which `wanted` of the mixture's weight lies, within half a bin; `most` where they are more."""
    low, high = 0.0, most
    if _weight_beyond(cosine, sine, total, angle, most) > wanted:
        return most
    while high - low > 0.5:
        trial = 0.5 * (low + high)
        if _weight_beyond(cosine, sine, total, angle, trial) > wanted:
            low = trial
        else:
            high = trial
    return 0.5 * (low + high)


@kernel
def _worst_eye(
    transforms: Any,
    done: Any,
    weights: Any,
    top_bins: Any,
    levels: Any,
    angle: Any,
    most: Any,
    wanted: Any,
    cosine: Any,
    sine: Any,
) -> Any:
    """Half of what the worst eye lacks, in bins; `top_bins` (W,) is the outer level at each instant, `most` the furthest edge."""
    worst, level_bins = 0.0, np.empty(top_bins.size)
    for eye in range(levels // 2):
        edges = 0.0
        for side in range(2):
            # by symmetry the lower level's edge is the upper edge of the opposite level
            level = 2.0 * (eye + 1) / (levels - 1) - 1.0 if side == 0 else 1.0 - 2.0 * eye / (levels - 1)
            # the middle eye is symmetric about zero: its second edge is as far as its first
            if side == 1 and 2 * eye == levels - 2:
                edges *= 2.0
                break
            for w in range(top_bins.size):
                level_bins[w] = level * top_bins[w]
            total = _mixture(transforms, done, weights, level_bins, angle, cosine, sine)
            edges += _level_found(cosine, sine, total, angle, most, wanted)
        worst = max(worst, 0.5 * edges)
    return worst


@kernel
def _residuals(
    samples: Any,
    place: Any,
    step: Any,
    low: Any,
    fine: Any,
    zero: Any,
    post: Any,
    lower: Any,
    upper: Any,
    values: Any,
    slopes: Any,
    late: Any,
    first: Any,
    last: Any,
) -> Any:
    """Pulse (U,) at an instant `place` steps from the cursor without the symbol `zero` and what the DFE takes off, into `values`.

    `slopes` are per UI; returned is the sum of their squares. Symbols whose samples lie before step `first` or behind step `last`
    are left out. `late` (U,) is room.
    """
    count = values.size
    _interpolate(samples, (place - 1) * step, low, values)
    _interpolate(samples, (place + 1) * step, low, late)
    energy = 0.0
    for u in range(count):
        slope = 0.5 * fine * (late[u] - values[u])
        at = place + fine * (u - zero)
        # a slope needs the samples on both sides
        if at - 1 < first or at + 1 > last:
            slope = 0.0
        energy += slope * slope
        slopes[u] = slope
    _interpolate(samples, place * step, low, values)
    # the wanted symbol is no interference
    values[zero] = 0.0
    for n in range(min(post.size, count - zero - 1)):
        values[zero + 1 + n] -= min(max(post[n], lower[n]), upper[n])
    for u in range(count):
        at = place + fine * (u - zero)
        if at < first or at > last:
            values[u] = 0.0
    return energy


@kernel(compact=True)
def _resolution(values: Any, slopes: Any, variance: Any, power: Any, bin_size: Any, sigma: Any, most: Any) -> Any:
    """How far a tail is looked at in bins, the step of frequencies in radians that this asks for, and how many count.

    `values` and `slopes` (U,) are the symbols' shares in V, `variance` that of the normal noise and `sigma` the least of its rms
    in bins, `power` the symbols' mean square, `most` the furthest interference of interest in bins.
    """
    squares = 0.0
    for u in range(values.size):
        squares += values[u] * values[u] + slopes[u] * slopes[u]
    # the period holds the furthest edge of interest and all of the distribution behind it, so that no alias folds into
    # the tail
    spread = _REACH * math.sqrt(power * squares / (bin_size * bin_size) + variance)
    furthest = spread if most == np.inf else 1.5 * most
    angle = math.pi / np.ceil(furthest + spread + 2.0)
    # on whole bins frequencies end at pi; 3 leaves room for the last step
    return furthest, angle, int(0.5 * (min(DECAY / sigma, 3.0) / angle + 1.0)) + 1


@kernel
def window_estimates(
    result: Any,
    order: Any,
    phases: Any,
    taps: Any,
    screened: Any,
    size: Any,
    per_ui: Any,
    fine: Any,
    weights: Any,
    first_instants: Any,
    b_max: Any,
    b_min: Any,
    floating: Any,
    limits: Any,
    reach: Any,
    levels: Any,
    scale: Any,
    noise: Any,
    truncation: Any,
    der0: Any,
    bin_most: Any,
    least_height: Any,
    known: Any,
) -> Any:
    """Estimate the interference in V of the worst eye in the window for rows `order` (R,) of `taps`, into `result` (R,).

    It is infinite where some instants alone (`first_instants`, indices of `weights`) or an eye show that A_s over it is below
    `known`, the ratio that an eye of more than `least_height` is sure to have; NaN where the noise is too little for an estimate.
    Returns the ratio known in the end. `screened` (T, 6) is that of `screen_setting`, `size` the samples of a pulse, `reach` the
    DFE's; `noise` =
    ((sigma_RJ sigma_X)^2, A_DD), `truncation` what a cut takes off the normal noise's transform; the rest as in `window_eye`.
    """
    half_window, step = weights.size // 2, per_ui / fine
    low = int(np.floor(-(half_window + 1) * step))
    high = int(np.floor((half_window + 1) * step)) + 1
    columns, positive = phases.shape[2], levels // 2
    samples = np.empty((high - low + 1, columns))
    values, slopes, late = np.empty(columns), np.empty(columns), np.empty(columns)
    post, upper, lower = np.empty(reach), np.empty(reach), np.empty(reach)
    chosen = np.zeros(reach, dtype=np.bool_)
    large, state = np.empty((positive, 2 * columns)), np.empty((3, positive, 2 * columns))
    transforms, sums = np.empty((weights.size, _MOST_FREQUENCIES)), np.empty(2)
    cosine, sine = np.empty(_MOST_FREQUENCIES), np.empty(_MOST_FREQUENCIES)
    top_bins, done = np.empty(weights.size), np.zeros(weights.size, dtype=np.bool_)
    power, wanted = (levels + 1.0) / (3.0 * (levels - 1.0)), 0.0
    for w in range(weights.size):
        wanted += der0 * weights[w]
    for r in range(order.size):
        row = order[r]
        tap, at, signal, steady = taps[row], int(screened[row, 0]), screened[row, 1], screened[row, 5]
        result[r] = np.inf
        # the first look's bounds exclude the row already; 1e-9 allows for rounding
        if max(screened[row, 4], screened[row, 2]) * known > signal * (1.0 + 1e-9):
            continue
        bin_size = min(signal / 1000.0, bin_most)
        zero, count = _samples_of_phases(phases, tap, at, low, per_ui, samples)
        # as `window_eye`, which leaves out the first UI and what follows the last whole one
        before = int(np.floor(at * fine / per_ui + 1e-9))
        after = int(np.floor((size - 1 - at) * fine / per_ui + 1e-9))
        first = fine - before
        last = fine * (int(np.floor((before + after + 1) / fine + 0.5)) - 1) - 1 - before
        for n in range(reach):
            post[n] = samples[-low, zero + 1 + n] if zero + 1 + n < count else 0.0
        feedback_taps(post, samples[-low, zero], b_max, b_min, floating, limits, chosen, upper, lower)
        for w in range(weights.size):
            index = int(np.floor((w - half_window) * step))
            top, following = samples[index - low, zero], samples[index - low + 1, zero]
            top += ((w - half_window) * step - index) * (following - top)
            top_bins[w] = scale * (levels - 1) * top / bin_size
        # with more interference than this the row cannot be better than what is known
        most = signal / known / bin_size + SLACK_BINS if known > 0.0 else np.inf
        sigma, frequencies, angle, furthest = steady / bin_size, 0, 0.0, 0.0
        done[:] = False
        closed = False
        # a few instants come first: where one or all of them close the inner eye, the others are spared
        for turn in range(first_instants.size + weights.size):
            w = first_instants[turn] if turn < first_instants.size else turn - first_instants.size
            if 0 < turn <= first_instants.size and levels % 2 == 0 and most < np.inf:
                total = _mixture(
                    transforms, done, weights, top_bins / (levels - 1), angle, cosine[:frequencies], sine[:frequencies]
                )
                closed = _weight_beyond(cosine[:frequencies], sine[:frequencies], total, angle, most) > wanted
                if closed:
                    break
            if done[w] or weights[w] == 0.0:
                continue
            energy = _residuals(
                samples,
                w - half_window,
                step,
                low,
                fine,
                zero,
                post,
                lower,
                upper,
                values[:count],
                slopes,
                late[:count],
                first,
                last,
            )
            for u in range(count):
                slopes[u] *= noise[1]
            variance = (steady * steady + noise[0] * energy) / (bin_size * bin_size)
            if frequencies == 0:
                furthest, angle, frequencies = _resolution(
                    values[:count], slopes[:count], variance, power, bin_size, sigma, most
                )
                # too little noise for so many frequencies: the row gets no estimate
                if frequencies > _MOST_FREQUENCIES:
                    break
            sums[:] = 0.0
            used = np.int64(0)
            for part in (values[:count], slopes[:count]):
                used = _add_values(part, levels, bin_size, sigma / DECAY, sums, large, used)
            _transform(large, used, sums, levels, variance, truncation, angle, transforms[w, :frequencies], state)
            done[w] = True
        if closed:
            continue
        if frequencies > _MOST_FREQUENCIES:
            result[r] = np.nan
            continue
        worst = _worst_eye(
            transforms,
            done,
            weights,
            top_bins,
            levels,
            angle,
            furthest,
            wanted,
            cosine[:frequencies],
            sine[:frequencies],
        )
        if worst > most:
            continue
        result[r] = worst * bin_size
        sure = (worst + SLACK_BINS) * bin_size
        # only an eye that is open for sure may raise what the others are measured by
        if 2.0 * (signal - sure) > least_height:
            known = max(known, signal / sure)
    return known
