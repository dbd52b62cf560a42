"""Errors below which no receiver of IEEE 802.3 Annex 178A falls for any transmitter setting in a box of tap values.

The transmitter's taps c and the FFE's w act on the signal as one filter z, their convolution, of K + N - 1 taps. Noise that c
does not filter leaves w with |Z(f)|^2 / |C(f)|^2 of its density, which is not below |Z|^2 over the largest |C|^2 of the box. So
the error of a receiver z with that noise, free of limits, bounds all settings of the box, and costs one Levinson recursion.

A box is a range of indices in the grid of each tap but the main one, c(0) = 1 - sum |c(k)|. No tap changes its sign within one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sirf._kernels.com_receiver import combined_power, tap_correlation
from sirf._kernels.jit import kernel

FREE_PART = 1.0 - 2e-3
"""As `PART`, for the FFE without end."""
PART = 1.0 - 1e-3
"""Bounds are lowered to this part: sums over a circle of frequencies differ from integrals by less."""
_ONE = np.uint64(1)
"""Sums of unsigned and signed numbers are no whole numbers to the compiler: both have to be unsigned."""
_LAGS = 16
_LAGS_MADE = np.uint64(_LAGS)
"""So many lags of a covariance are made at once."""
_CHECKED = np.uint64(8)
"""Every so many taps a bound is looked at, whether it is low enough to end."""
OUTER = 8
"""Samples about the main cursor that are looked at for the converter's clipping level."""
AFTER = 5
"""Of these so many come after the main cursor."""


@kernel
def error_of(gain: Any, cross: Any, square: Any, low: Any, high: Any) -> Any:
    """Least error for h_0'R^-1 h_0, h_0'R^-1 h_1 and h_1'R^-1 h_1, with a DFE tap between `low` and `high`."""
    # written so that NaN fails too
    if not gain > 0.0:
        return np.inf
    # the error is a parabola in b, whose minimum lies here; clipped to the limits it is the least that they allow
    b = min(max(cross / (gain * (1.0 - square) + cross * cross), low), high)
    return (1.0 - b * cross) ** 2 / gain + b * b * (1.0 - square) - 1.0


@kernel(fastmath=True)  # sums whose rounding the bound allows for
def _reversed_lags(row: Any, density: Any, transform: Any, begin: Any, lags: Any) -> Any:
    """The next lags of the covariance (L,) from `begin` on, the last one first; the number that is made is returned.

    They are those of `row`, and what `transform` (L, F) makes of `density` (F,).
    """
    end = min(begin + _LAGS, row.size)
    for n in range(begin, end):
        # single precision errs by about 1e-7 of the sum, and bounds are lowered by 1e-3
        lag = np.float32(0.0)
        weights = transform[n]
        for f in range(density.size):
            lag += weights[f] * density[f]
        lags[row.size - 1 - n] = row[n] + lag
    return end


@kernel(fastmath=True)  # sums whose rounding the bound allows for
def levinson_error(
    row: Any,
    density: Any,
    transform: Any,
    main: Any,
    later: Any,
    low: Any,
    high: Any,
    enough: Any,
    lags: Any,
    forward: Any,
    backward: Any,
) -> Any:
    """Least error of an FFE with a Toeplitz covariance of `row` (L,), and a DFE tap between `low` and `high`.

    To `row` comes what `transform` (L, F) makes of `density` (F,), lag by lag. `main` and `later` (L,) are the samples of the
    main cursor and of the one after it at each tap. Zero where the matrix is not definite, and where the error of fewer taps is
    not above `enough` already. `lags`, `forward` (L,) and `backward` (2 L,) are room.

    A step of Levinson's recursion reflects both predictors, projects the samples on the backward one and makes the product that
    the next step needs, all in one loop. Its indices are unsigned: those are not checked for the end of an array, and a slice
    for each product would cost more than the product.
    """
    # lags are made as the recursion comes to them, for it may end long before the last
    made = _reversed_lags(row, density, transform, 0, lags)
    size, one = np.uint64(row.size), _ONE
    # both predictors start at order zero; the backward one grows downwards from the middle of its room and is never
    # shifted
    forward[:] = 0.0
    backward[:] = 0.0
    start, beta = size, lags[size - one]
    if not beta > 0.0:
        return 0.0
    forward[0], backward[start] = 1.0, 1.0
    # each tap adds the square of what it predicts of the samples over the power beta that is left to predict
    gain, cross, square = main[0] * main[0] / beta, main[0] * later[0] / beta, later[0] * later[0] / beta
    ahead = lags[size - one - one] if size > one else 0.0
    for n in range(one, size):
        # the reflection coefficient; where R is definite its magnitude is below one, so that beta falls
        reflection = -ahead / beta
        beta *= 1.0 - reflection * reflection
        if not beta > 0.0:
            return 0.0
        start -= one
        # this step needs the lag of n + 1
        if n % _LAGS_MADE == _LAGS_MADE - one:
            made = _reversed_lags(row, density, transform, made, lags)
        # the last step has no next: what it reads in its place is not used
        next_lags = size - one - min(n + one, size - one)
        at_main, at_later, ahead = 0.0, 0.0, 0.0
        for i in range(n + one):
            before, after = forward[i], backward[start + i]
            forward[i] = before + reflection * after
            backward[start + i] = after + reflection * before
            ahead += forward[i] * lags[next_lags + i]
            at_main += backward[start + i] * main[i]
            at_later += backward[start + i] * later[i]
        gain += at_main * at_main / beta
        cross += at_main * at_later / beta
        square += at_later * at_later / beta
        # the error only falls with more taps: where it is low enough already, the rest of the recursion cannot exclude
        # the box
        if n % _CHECKED == _CHECKED - one and error_of(gain, cross, square, low, high) <= enough:
            return 0.0
    return error_of(gain, cross, square, low, high)


@kernel(fastmath=True)  # sums whose rounding the bound allows for
def free_error(density: Any, moving: Any, signal: Any, weights: Any, low: Any, high: Any) -> Any:
    """Error of an FFE without end in noise of `density` (F,) and `moving`, for a power spectrum `signal`.

    E = N / (S + N), and a DFE tap b leaves the integral of E |1 + b e^-jw|^2; `weights` (2, F) are those of sums of E and of
    E cos w.
    """
    total, shifted = np.float32(0.0), np.float32(0.0)
    whole, cosine = weights[0], weights[1]
    for f in range(density.size):
        noise = density[f] + moving[f]
        share = noise / (noise + signal[f])
        total += whole[f] * share
        shifted += cosine[f] * share
    if not total < 1.0:
        return np.inf
    # the parabola of `error_of` with h_0'R^-1 h_0 = h_1'R^-1 h_1 = 1 - total and h_0'R^-1 h_1 = -shifted
    b = min(max(-shifted / ((1.0 - total) * total + shifted * shifted), low), high)
    return (1.0 + b * shifted) ** 2 / (1.0 - total) + b * b * total - 1.0


@kernel(fastmath=True)  # sums whose rounding the bound allows for
def most_gain(
    values: Any, lowest: Any, highest: Any, main: Any, cosines: Any, taps: Any, part: Any, result: Any
) -> None:
    """Largest |C|^2 (F,) of the settings of a box: |C|^2 is convex in the taps, so it is one of the corners'.

    `values` (K, V) are the tap values, `cosines` (K, F) those of multiples of each frequency; `taps` (K,), `part` (F,) are room.
    """
    count = values.shape[0]
    result[:] = 0.0
    # bit k of the corner's number says which end of its range tap k takes
    for corner in range(1 << count):
        use, total = True, 0.0
        for k in range(count):
            upper = (corner >> k) & 1
            # a tap of one value has one end: this corner has been met with the bit at zero
            if upper and highest[k] == lowest[k]:
                use = False
                break
            taps[k] = values[k, highest[k] if upper else lowest[k]]
            if k != main:
                total += abs(taps[k])
        if not use:
            continue
        taps[main] = 1.0 - total
        # |C|^2 = r(0) + 2 sum over m of r(m) cos(m w), with the taps' autocorrelation r: no complex numbers
        for m in range(count):
            own = 0.0
            for k in range(count - m):
                own += taps[k] * taps[k + m]
            weight = np.float32(own if m == 0 else 2.0 * own)
            cosine = cosines[m]
            if m == 0:
                for f in range(part.size):
                    part[f] = weight
            else:
                for f in range(part.size):
                    part[f] += weight * cosine[f]
        for f in range(part.size):
            result[f] = max(result[f], part[f])


@kernel
def centre_of(values: Any, lowest: Any, highest: Any, main: Any, centre: Any, radius: Any, sign: Any) -> None:
    """Middle (K,) of a box, by how much each tap differs from it at most, and the signs of the taps in it."""
    total = 0.0
    for k in range(centre.size):
        radius[k], sign[k] = 0.0, 0.0
        if k != main:
            low, high = values[k, lowest[k]], values[k, highest[k]]
            centre[k] = 0.5 * (low + high)
            radius[k] = 0.5 * abs(high - low)
            # no tap changes its sign within a box, so that the sum of both ends has it
            sign[k] = 1.0 if low + high > 0.0 else -1.0
            total += abs(centre[k])
    centre[main] = 1.0 - total


@kernel
def white_noise(
    centre: Any, radius: Any, sign: Any, main: Any, near: Any, power: Any, noise: Any, converter: Any, quantiles: Any
) -> Any:
    """Variance over sigma_X^2 that the converter's error is not below in a box, from a level that the signal exceeds more often.

    `near` holds the pulse about the main cursor, later samples first. With some of the samples about it at their outer symbols
    the sum passes those plus some sigma, `quantiles` of as many, of the noise and of all other samples, which are small enough
    to count as Gaussian. `power` (2 K - 1,) is the pulse's autocorrelation.
    """
    edge = centre.size - 1
    rest = 0.0
    # the whole energy of the filtered pulse; the samples that are looked at by themselves are taken off below
    for k in range(centre.size):
        for m in range(centre.size):
            rest += centre[k] * centre[m] * power[edge + k - m]
    sizes, less = np.empty(OUTER), 0.0
    for i in range(OUTER):
        value = 0.0
        for k in range(centre.size):
            value += centre[k] * near[k + i]
        rest -= value * value
        sizes[i] = abs(value)
    for k in range(centre.size):
        if radius[k] > 0.0:
            # a step of this tap takes as much off the main tap: the energy of two shifted pulses' difference, of which
            # the root bounds what a step changes
            change = 2.0 * power[edge] - 2.0 * sign[k] * power[edge + k - main]
            for i in range(OUTER):
                part = near[k + i] - sign[k] * near[main + i]
                change -= part * part
                sizes[i] -= radius[k] * abs(part)
            less += radius[k] * math.sqrt(max(change, 0.0))
    for i in range(OUTER):
        sizes[i] = max(sizes[i], 0.0)
    outside = max(math.sqrt(max(rest, 0.0)) - less, 0.0)
    sigma = math.sqrt(noise + converter[1] * outside * outside)
    # samples run from later to earlier ones: lower indices are post-cursors, and those nearest to the main cursor come
    # first
    one = sizes[AFTER]
    three = one + sizes[AFTER - 1] + sizes[AFTER + 1]
    five = three + sizes[AFTER - 2] + sizes[AFTER - 3]
    whole = five + sizes[AFTER - 4] + sizes[AFTER - 5] + sizes[AFTER + 2]
    level = max(
        max(one + quantiles[0] * sigma, three + quantiles[1] * sigma),
        max(five + quantiles[2] * sigma, whole + quantiles[3] * sigma),
    )
    # a rounding error is uniform within a step, so that its variance is the step's square over 12
    return (converter[2] * level * converter[0]) ** 2 / (12.0 * converter[1])


@kernel(fastmath=True)  # sums whose rounding the bound allows for
def crosstalk_spectrum(
    centre: Any,
    radius: Any,
    sign: Any,
    main: Any,
    strengths: Any,
    spectra: Any,
    all_phases: Any,
    room: Any,
    result: Any,
) -> None:
    """Sum (F,) of the aggressors' densities, each the least of the phases at which it can be strongest in the box.

    `strengths` (A, M, 2 K - 1) are autocorrelations of each phase, `spectra` (A, M, F) the densities, `all_phases` (A, F) their
    least; `room` (M, 2) is scratch.
    """
    edge, own = centre.size - 1, np.empty(centre.size)
    tap_correlation(centre, own)
    result[:] = np.float32(0.0)
    for a in range(strengths.shape[0]):
        floor = 0.0
        for phase in range(strengths.shape[1]):
            power, less = strengths[a, phase], 0.0
            for k in range(centre.size):
                if radius[k] > 0.0:
                    less += radius[k] * math.sqrt(max(2.0 * power[edge] - 2.0 * sign[k] * power[edge + k - main], 0.0))
            # by the triangle inequality the root of the power lies within `less` of that at the centre
            root = math.sqrt(max(combined_power(own, power), 0.0))
            floor = max(floor, root - less)
            room[phase] = root + less
        # a phase whose most is below the least of another one is not the strongest anywhere in the box; 1e-9 allows for
        # rounding
        count = 0
        for phase in range(room.size):
            if room[phase] >= floor * (1.0 - 1e-9):
                count += 1
        # the least over all phases is lower still, thus a bound as well, and it is made once for all boxes
        if count > 4:
            for f in range(result.size):
                result[f] += all_phases[a, f]
            continue
        first = -1
        for phase in range(room.size):
            if room[phase] >= floor * (1.0 - 1e-9):
                if first < 0 and count == 1:
                    for f in range(result.size):
                        result[f] += spectra[a, phase, f]
                elif first < 0:
                    first = phase
                else:
                    break
        if count > 1:
            for f in range(result.size):
                least = spectra[a, first, f]
                for phase in range(first + 1, room.size):
                    if room[phase] >= floor * (1.0 - 1e-9):
                        least = min(least, spectra[a, phase, f])
                result[f] += least
