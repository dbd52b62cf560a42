"""IEEE 802.3 Annex 178A at one CTLE setting: bounds of boxes of transmitter settings, and the errors of a single one.

`sirf.com.box_search` halves boxes until bounds exclude them.

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
* receiver: `backward`, `last` and `moving` of `row_errors`, feedback taps, taps before the main one and feedback taps together,
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
from sirf._kernels.com_peaks import peak_range
from sirf._kernels.com_receiver import (
    add_combined,
    converter_noise,
    crosstalk_row,
    filter_samples,
    tap_correlation,
)
from sirf._kernels.copying import copy_row
from sirf._kernels.floating_taps import floating_equalizer
from sirf._kernels.jit import kernel

_WORTHWHILE = 1.03
"""A recursion is made where its bound is expected to be above this part of the limit: just above it, halves do better."""
EVERY = -1
"""Number of instants that stands for all there are."""


@kernel
def mixed_tap(values: Any, lowest: Any, highest: Any, main: Any) -> Any:
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
    if mixed_tap(values, lowest, highest, main) >= 0:
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
def row_errors(taps: Any, instants: Any, tables: Any, known: Any, slack: Any, errors: Any) -> Any:
    """Errors (P,) over sigma_X^2 of one transmitter setting at `instants` (P,), infinite above `known` and `slack` of it.

    With an infinite `slack` all are computed. The new known is returned. `tables` are `CtleTables.arguments`: samples a UI;
    `backward` (M, U), the pulse of each phase, later samples first, and `last`, the place of the sample of UI zero in it;
    `moving` (M, lags), which the taps filter, and `fixed` (M, N), which they do not, all over sigma_X^2; FEXT aggressors
    (A, M, lags); `slope` (M, 2 K - 1), the pulse's slope alone; `noise` (M,), Gaussian noise without aggressors in V^2;
    `converter` = (levels, 2 / (2^bits - 1) or 0, clipping probability or 0 for the largest sum, sigma_RJ^2, sigma_X^2); the main
    tap's index; limits of feedback and of the FFE; `shape` = (main tap, fixed taps, groups, taps a group) and step of the FFE.
    """
    per_ui, backward, last, moving, fixed, fext, slope, noise, converter, main = tables[:10]
    b_min, b_max, w_min, w_max, shape, step = tables[10:]
    size, feedback_taps, own = w_min.size, b_min.size, np.empty(taps.size)
    # the bound reads the sample after the main cursor also where no tap feeds it back
    reach = max(feedback_taps, 1)
    crosstalk, correlation, around = np.empty(size), np.empty(size), np.empty(size + reach)
    feedback, behind = np.empty((feedback_taps, size)), np.empty(backward.shape[1] - taps.size + 1)
    lags, forward, predictor, none = np.empty(size), np.empty(size), np.empty(2 * size), np.zeros(size)
    nothing, no_transform = np.zeros(0, dtype=np.float32), np.zeros((size, 0), dtype=np.float32)
    starts = np.zeros(max(shape[2], 1), dtype=np.int64)
    low, high = (b_min[0], b_max[0]) if feedback_taps else (0.0, 0.0)
    tap_correlation(taps, own)
    # each aggressor stands at its own strongest phase, whatever the victim's instant
    crosstalk_row(own, fext, crosstalk)
    for p in range(instants.size):
        # falls as better errors are found, also within the row
        instant, limit = instants[p], known * (1.0 + slack)
        phase, white = instant % per_ui, 0.0
        errors[p] = np.inf
        if converter[1] > 0.0:
            white = converter_noise(taps, own, crosstalk[0], phase, backward, slope, noise, converter, behind)
        for lag in range(size):
            correlation[lag] = fixed[phase, lag] + crosstalk[lag]
        add_combined(own, moving[phase], correlation)
        # rounding errors are white, so that they stand on the diagonal alone
        correlation[0] += white
        begin = last - instant // per_ui - shape[0] - reach - main
        filter_samples(taps, backward[phase, begin:], around)
        if shape[2] > 0 and limit < np.inf:
            # an FFE with a tap at every place and no limits is no worse
            whole = levinson_error(
                correlation,
                nothing,
                no_transform,
                around[reach:],
                around[reach - 1 : reach - 1 + size] if feedback_taps else none,
                low,
                high,
                limit,
                lags,
                forward,
                predictor,
            )
            if whole * (1.0 - 1e-9) > limit:
                continue
        # row k holds the samples k + 1 UI later, and later samples come first
        for k in range(feedback_taps):
            copy_row(around[reach - 1 - k : reach - 1 - k + size], feedback[k])
        error = floating_equalizer(
            correlation,
            around[reach:],
            feedback,
            b_min,
            b_max,
            w_min,
            w_max,
            shape[0],
            step,
            shape[1],
            shape[2],
            shape[3],
            starts,
            limit,
        )
        if error <= limit:
            errors[p] = error
            known = min(known, error)
    return known
