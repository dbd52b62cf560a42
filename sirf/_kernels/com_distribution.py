"""Distribution of a sum of independent symbols by successive convolution of delta functions (IEEE 802.3 Annex 93A.1.7.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.jit import kernel


@kernel
def delta_bins(value: Any, levels: Any, bin_size: Any, bins: Any) -> None:
    """Bins (L,) of `value` times the `levels` symbols from -1 to 1, rounded away from zero at a half as MATLAB does."""
    for level in range(levels):
        x = value * (2.0 * level / (levels - 1) - 1.0) / bin_size
        bins[level] = int(np.floor(abs(x) + 0.5)) if x >= 0 else -int(np.floor(abs(x) + 0.5))


@kernel
def delta_variance(values: Any, levels: Any, bin_size: Any) -> Any:
    """Variance, in bins squared, of the binned distribution of `values` (N,); those within a bin count as none."""
    bins = np.empty(levels, dtype=np.int64)
    total = 0.0
    for value in values:
        if abs(value) > bin_size:
            delta_bins(abs(value), levels, bin_size, bins)
            for level in range(levels):
                total += bins[level] * bins[level] / levels
    return total


@kernel
def phase_of_largest_variance(pulse: Any, per_ui: Any, count: Any, levels: Any, bin_size: Any) -> Any:
    """Sampling phase at which `count` samples from the second UI on have the largest variance on bins, the first of equals."""
    found, largest = 0, -1.0
    for phase in range(per_ui):
        variance = delta_variance(pulse[per_ui + phase :: per_ui][:count], levels, bin_size)
        if variance > largest:
            found, largest = phase, variance
    return found


@kernel
def convolve_deltas(values: Any, levels: Any, bin_size: Any) -> Any:
    """Probabilities of the sum of `values` (N,) times independent symbols, in bins symmetric around zero, (2 H + 1,).

    Those within a bin are left out. Ascending magnitudes are fastest: the distribution grows late.
    """
    bins = np.empty(levels, dtype=np.int64)
    # the width of the result is known beforehand: all symbols at their outer level
    half = 0
    for value in values:
        if abs(value) > bin_size:
            delta_bins(abs(value), levels, bin_size, bins)
            half += bins[levels - 1]
    density = np.zeros(2 * half + 1)
    spread = np.zeros(2 * half + 1)
    density[half] = 1.0
    reach = 0
    for value in values:
        if abs(value) <= bin_size:
            continue
        delta_bins(abs(value), levels, bin_size, bins)
        low, high = half - reach, half + reach + 1
        reach += bins[levels - 1]
        spread[half - reach : half + reach + 1] = 0.0
        source = density[low:high]
        # sums of positive terms keep their relative precision far out, where a Fourier transform would leave 1e-16 of
        # the middle
        for level in range(levels):
            target = spread[low + bins[level] : high + bins[level]]
            for i in range(source.size):
                target[i] += source[i]
        part = density[half - reach : half + reach + 1]
        done = spread[half - reach : half + reach + 1]
        for i in range(part.size):
            part[i] = done[i] / levels
    return density


@kernel(compact=True)
def _ascending(values: Any, bin_size: Any) -> Any:
    """Magnitudes of at least a bin by rising bin; the numba library's sort takes seconds to compile."""
    largest = 0
    # a counting sort: order within a bin does not matter, because it only saves time
    for value in values:
        largest = max(largest, int(abs(value) / bin_size))
    start = np.zeros(largest + 2, dtype=np.int64)
    for value in values:
        start[int(abs(value) / bin_size) + 1] += 1
    for i in range(1, start.size):
        start[i] += start[i - 1]
    below = start[1]
    result = np.empty(values.size - below)
    for value in values:
        place = int(abs(value) / bin_size)
        if place > 0:
            result[start[place] - below] = abs(value)
            start[place] += 1
    return result


@kernel
def _convolved(first: Any, second: Any) -> Any:
    """Full convolution of (N,) with (M,)."""
    result = np.zeros(first.size + second.size - 1)
    for i in range(second.size):
        weight = second[i]
        part = result[i : i + first.size]
        for k in range(first.size):
            part[k] += weight * first[k]
    return result


@kernel
def _tail(density: Any, normal: Any, bins: Any) -> Any:
    """Probability that the sum of `density` (2 H + 1,) and a normal term is at or above `bins`.

    `normal` (2 R + 2,) is the normal term's probability of at least -R, -R + 1 … R + 1 bins.
    """
    half = density.size // 2
    reach = normal.size // 2 - 1
    total = 0.0
    # from here on the sum passes whatever the normal term is, which is cut at -R bins
    sure = bins + reach
    for i in range(max(sure + half, 0), density.size):
        total += density[i]
    low = max(bins - reach + half, 0)
    high = min(sure + half, density.size)
    if high > low:
        # in between the normal term has to make up for the distance
        source = density[low:high]
        offset = bins - (low - half) + reach
        for i in range(source.size):
            total += source[i] * normal[offset - i]
    return total


@kernel
def _interpolated(pulse: Any, position: Any) -> Any:
    index = int(np.floor(position))
    # beyond its ends the pulse is zero
    if index < 0 or index > pulse.size - 1:
        return 0.0
    if index == pulse.size - 1:
        return pulse[index]
    part = position - index
    return pulse[index] + part * (pulse[index + 1] - pulse[index])


@kernel(compact=True)
def _exceeds(densities: Any, normals: Any, weights: Any, shifts: Any, sign: Any, trial: Any, most: Any) -> Any:
    """Whether the weighted probability of a level's noise at or beyond bin `trial` is above `most`."""
    total = 0.0
    for index in range(weights.size):
        if weights[index] > 0.0:
            total += weights[index] * _tail(densities[index], normals[index], trial - sign * shifts[index])
    return total > most


@kernel(compact=True)
def window_eye(
    pulse: Any,
    cursor: Any,
    per_ui: Any,
    fine: Any,
    weights: Any,
    upper: Any,
    lower: Any,
    levels: Any,
    scale: Any,
    noise: Any,
    crest: Any,
    der0: Any,
    bin_size: Any,
    extra: Any,
    isi: Any,
) -> Any:
    """Edges (L - 1, 2) in V, top and bottom, of the eyes at `der0` over a window of sampling instants (Annex 120G).

    `pulse` (N,) is equalised, `per_ui` samples a UI, and is interpolated to `fine`; `weights` (2 T + 1,) are those of the
    instants within T fine samples of `cursor`, which are left out where 0. `upper`, `lower` bound the DFE in V, `scale` is
    R_LM / (L - 1). `noise` holds (sigma_N² + sigma_TX², (sigma_RJ sigma_X)², A_DD); `extra` (2 E + 1,) is the
    distribution of crosstalk. With `isi` 0 the residual interference is left out, with 1 it counts.
    """
    reach = weights.size // 2
    # 1e-9 for quotients that come out just below a whole number
    before = int(np.floor(cursor * fine / per_ui + 1e-9))
    after = int(np.floor((pulse.size - 1 - cursor) * fine / per_ui + 1e-9))
    count = int(np.floor((before + after + 1) / fine + 0.5))
    first, last = fine - before, fine * (count - 1) - 1 - before
    middle = fine // 2
    step = per_ui / fine
    densities = []
    normals = []
    centers = np.empty(weights.size)
    largest = 0
    for index in range(weights.size):
        if weights[index] == 0.0:
            # placeholders: instants without weight are skipped, but keep their index
            densities.append(np.ones(1))
            normals.append(np.array([1.0, 0.0]))
            centers[index] = scale * (levels - 1) * pulse[cursor]
            continue
        offset = index - reach
        start = -((offset - first) // fine)
        stop = (last - offset) // fine
        values = np.empty(2 * max(stop - start + 1, 0))
        used = 0
        slope_energy = 0.0
        centers[index] = scale * (levels - 1) * _interpolated(pulse, cursor + offset * step)
        for unit in range(start, stop + 1):
            place = offset + fine * unit
            value = _interpolated(pulse, cursor + place * step)
            # the slope is per UI as jitter is, a central difference over two fine samples
            if place - 1 >= first and place + 1 <= last:
                late = _interpolated(pulse, cursor + (place + 1) * step)
                early = _interpolated(pulse, cursor + (place - 1) * step)
                slope = (late - early) / 2 * fine
                slope_energy += slope * slope
                # dual-Dirac jitter is convolved like interference; the random part joins the normal noise below
                values[used] = abs(noise[2] * slope)
                used += 1
            window = (place + middle) // fine
            if window == 0:
                continue
            if 1 <= window <= upper.size:
                # feedback is set at the cursor: at other instants it takes off what the pulse is there, not what it is
                # here
                tap = pulse[cursor + window * per_ui] if cursor + window * per_ui < pulse.size else 0.0
                value -= min(max(tap, lower[window - 1]), upper[window - 1])
            values[used] = isi * abs(value)
            used += 1
        density = convolve_deltas(_ascending(values[:used], bin_size), levels, bin_size)
        if extra.size > 1:
            density = _convolved(density, extra)
        sigma = np.sqrt(noise[0] + noise[1] * slope_energy)
        half = int(np.floor(crest * sigma / bin_size + 0.5))
        # one entry more than bins, which stays zero: nothing lies beyond the cut
        normal = np.zeros(2 * half + 2)
        total = 0.0
        for i in range(2 * half, -1, -1):
            x = (i - half) * bin_size
            # the machine epsilon keeps the quotient finite where there is no noise
            total += np.exp(-x * x / (2 * sigma * sigma + 2.220446049250313e-16))
            normal[i] = total
        # normalised after the cut: what lies beyond is dealt out, not lost
        normal /= total
        densities.append(density)
        normals.append(normal)
        largest = max(largest, density.size // 2 + half)
    weight = 0.0
    for index in range(weights.size):
        weight += weights[index]
    edges = np.empty((levels - 1, 2))
    shifts = np.empty(weights.size, dtype=np.int64)
    # noise about the levels is alike: later edges are looked for around the distance of the last one
    guess, margin = 0, 4 * largest
    for eye in range(levels - 1):
        for side in range(2):
            level = 2.0 * (eye + 1 - side) / (levels - 1) - 1.0
            if eye > levels - 2 - eye or (eye == levels - 2 - eye and side == 1):
                # levels and noise are symmetric about zero, so is this edge to one already found
                edges[eye, side] = -edges[levels - 2 - eye, 1 - side]
                continue
            # the upper level's noise downwards, the lower level's upwards, both as a threshold from the level inwards
            sign = -1 if side == 0 else 1
            spread = 0
            for index in range(weights.size):
                x = centers[index] * level / bin_size
                shifts[index] = int(np.floor(abs(x) + 0.5)) * (1 if x >= 0 else -1)
            for index in range(weights.size):
                spread = max(spread, 2 * abs(shifts[index] - shifts[reach]))
            base = sign * shifts[reach]
            # no edge is further from its level than the widest distribution reaches from any of the instants
            floor, ceiling = base - largest - 1 - spread, base + largest + 1 + spread
            low, high = max(base + guess - margin, floor), min(base + guess + margin, ceiling)
            # the bracket moves until the crossing lies inside it
            while low > floor and not _exceeds(densities, normals, weights, shifts, sign, low, der0 * weight):
                high = low
                low = max(low - 2 * margin, floor)
            while high < ceiling and _exceeds(densities, normals, weights, shifts, sign, high, der0 * weight):
                low = high
                high = min(high + 2 * margin, ceiling)
            while high - low > 1:
                trial = (low + high) // 2
                if _exceeds(densities, normals, weights, shifts, sign, trial, der0 * weight):
                    low = trial
                else:
                    high = trial
            guess, margin = low - base, 32
            edges[eye, side] = sign * low * bin_size
    return edges
