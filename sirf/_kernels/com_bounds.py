"""IEEE 802.3 Annex 178A at one CTLE setting: bounds of boxes of transmitter settings, and the equations of a single one.

`sirf.com.box_search` halves boxes until bounds exclude them.

What is known of a CTLE setting comes as a few tuples of arrays, which `sirf.com.full_search` makes:

* grid: values (K, V) of each transmitter tap, numbers of them (K,), row of each combination or -1, index of the main tap, least
  c(0), cosines (K, F) of multiples of each frequency, transform (L, F) from a density to autocorrelations;
* sampling: pulse (T,), samples a UI, `blocks` (2, B) of `com_peaks`, first and last offset (2,) about an instant, instants (C,)
  of all rows or none where it is the peak;
* spectra: densities (M, F) over sigma_X^2 of noise that the taps do not filter and of jitter, which they do, the signal's power
  spectrum (M, F), weights (2, F) of integrals over frequency and of those with cos w;
* converter: place of the sample `AFTER` UI after UI zero in `backward`, autocorrelation (M, 2 K - 1) of the pulse, Gaussian noise
  (M,), constants and quantiles of `white_noise`;
* receiver: `backward`, `last` and `moving` of `setting_problems`, feedback taps, taps before the main one and feedback taps
  together, limits of the DFE tap.
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
    filter_samples,
    tap_correlation,
)
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
def box_crosstalk(
    lowest: Any,
    highest: Any,
    values: Any,
    main: Any,
    strengths: Any,
    densities: Any,
    least_densities: Any,
    result: Any,
) -> None:
    """Density (F,) that crosstalk is not below in a box; the aggressors' tables are those of `crosstalk_spectrum`."""
    centre, radius, sign = np.empty(lowest.size), np.empty(lowest.size), np.empty(lowest.size)
    centre_of(values, lowest, highest, main, centre, radius, sign)
    room = np.empty(strengths.shape[1])
    crosstalk_spectrum(centre, radius, sign, main, strengths, densities, least_densities, room, result)


@kernel
def box_bounds(
    lowest: Any,
    highest: Any,
    instants: Any,
    ratios: Any,
    crosstalk: Any,
    grid: Any,
    sampling: Any,
    spectra: Any,
    converter: Any,
    receiver: Any,
    limit: Any,
    window: Any,
    kept: Any,
    bounds: Any,
    kept_ratios: Any,
) -> Any:
    """Those of `instants` (P,) whose bound over a box is not above `limit` into `kept`, with their `bounds`; how many they are.

    A box with taps of both signs, or with peaks anywhere, keeps all: the number is `EVERY` if `kept` has no room for them.

    `crosstalk` (F,) is the density of FEXT by `box_crosstalk`, or zeros. `window` (2,) are the first and the last sample at
    which a box that holds this one can have its peak; those of this box take their place.

    `ratios` (P,) say how much larger the bound of an FFE with an end was than that of one without in the box that this one is a
    half of, zero where it is not known. Where this ratio lets expect that the box is kept, it is kept without a look: only the
    work changes, no answer. `kept_ratios` are those found here.
    """
    values, _, _, main, c0_least, cosines, transform = grid
    pulse, per_ui, blocks, offsets, anchored = sampling
    alone, jitter, signal, weights = spectra
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
        first, final = peak_range(centre, radius, sign, main, pulse, per_ui, blocks, window, tops, samples)
        window[0], window[1] = first, final
        if final - first + offsets[1] - offsets[0] >= kept.size:
            # wherever the peak may be, a smaller box tells more
            return _keep_all(instants, ratios, kept, bounds, kept_ratios)
    edge, frequencies = count - 1, transform.shape[1]
    length = moving.shape[1] - edge
    gain, part = np.empty(frequencies, dtype=np.float32), np.empty(frequencies, dtype=np.float32)
    most_gain(values, lowest, highest, main, cosines, np.empty(count), part, gain)
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
def setting_problems(
    taps: Any, instants: Any, crosstalk: Any, tables: Any, ahead: Any, correlations: Any, samples: Any
) -> None:
    """What the receiver's equations hold for one transmitter setting at `instants` (P,).

    That is the first row of the covariance over sigma_X^2 into `correlations` (P, N), and the filtered pulse from `ahead` UI
    before the main tap's on into `samples` (P, S), later ones first. `crosstalk` (N,) is that of FEXT behind the taps.
    `tables` are the first of `CtleTables.arguments`: samples a UI; `backward` (M, U), the pulse of each phase, later samples
    first, and `last`, the place of the sample of UI zero in it; `moving` (M, lags), which the taps filter, and `fixed` (M, N),
    which they do not, all over sigma_X^2; `slope` (M, 2 K - 1), the pulse's slope alone; `noise` (M,), Gaussian noise without
    aggressors in V^2; `converter` = (levels, 2 / (2^bits - 1) or 0, clipping probability or 0 for the largest sum, sigma_RJ^2,
    sigma_X^2); the main tap's index.
    """
    own, behind = np.empty(taps.size), np.empty(tables[1].shape[1] - taps.size + 1)
    tap_correlation(taps, own)
    for p in range(instants.size):
        instant_problem(taps, own, instants[p], crosstalk, tables, ahead, behind, correlations[p], samples[p])


@kernel
def instant_problem(
    taps: Any,
    own: Any,
    instant: Any,
    crosstalk: Any,
    tables: Any,
    ahead: Any,
    behind: Any,
    row: Any,
    samples: Any,
) -> None:
    """The same at one instant, into `row` (N,) and `samples` (S,); `own` (K,) is the taps' autocorrelation, `behind` is room."""
    per_ui, backward, last, moving, fixed, slope, noise, converter, main = tables
    phase, white = instant % per_ui, 0.0
    if converter[1] > 0.0:
        white = converter_noise(taps, own, crosstalk[0], phase, backward, slope, noise, converter, behind)
    for lag in range(row.size):
        row[lag] = fixed[phase, lag] + crosstalk[lag]
    add_combined(own, moving[phase], row)
    # rounding errors are white, so that they stand on the diagonal alone
    row[0] += white
    filter_samples(taps, backward[phase, last - instant // per_ui - ahead - main :], samples)
