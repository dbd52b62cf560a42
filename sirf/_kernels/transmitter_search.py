"""Inner loop of the transmitter-equaliser search: figure of merit of one Tx FFE setting.

Symbols: m samples per UI, K cursors, c Tx taps, b DFE taps relative to the main cursor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
NO_SIGNAL = 1e300
"""In place of a balance where hardly any signal is: fast arithmetic takes no number for infinite."""


@kernel(fastmath=True)  # sums over a few taps and samples; the order of addition changes them below 1e-12 of the pulse
def balance(
    wave: Float,
    taps: Float,
    tap_main: int,
    m: int,
    index: int,
    part: float,
    least: float,
    limit_low: float,
    limit_high: float,
) -> float:
    """p(t - T) - p(t + T) + b(1) p(t) of the pulse behind the taps, a `part` of a sample after one: zero where (93A-25) holds.

    `NO_SIGNAL` where the pulse is not above `least`; b(1) is held within its limits.
    """
    here = 0.0
    before = 0.0
    after = 0.0
    # on a sample, it alone counts
    for j in range(-1, 3) if part else range(1):
        weight = cubic_weight(float(j), part)
        for i in range(len(taps)):
            at = index + j - (i - tap_main) * m
            here += weight * taps[i] * wave[at]
            before += weight * taps[i] * wave[at - m]
            after += weight * taps[i] * wave[at + m]
    if here <= least:
        return NO_SIGNAL
    tap = min(max(after / here, limit_low), limit_high)
    return before - (after - tap * here)


@kernel
def cubic_weight(node: float, part: float) -> float:
    """Weight of the sample at -1, 0, 1 or 2 in the cubic through all four, at `part` between 0 and 1."""
    if node == -1.0:
        return -part * (part - 1.0) * (part - 2.0) / 6.0
    if node == 0.0:
        return (part + 1.0) * (part - 1.0) * (part - 2.0) / 2.0
    if node == 1.0:
        return -(part + 1.0) * part * (part - 2.0) / 2.0
    return (part + 1.0) * part * (part - 1.0) / 6.0


@kernel(fastmath=True)  # sums of squares; the order of addition changes the FOM below 1e-12
def figure_of_merit(
    wave: Float,
    taps: Float,
    tap_main: int,
    m: int,
    peak: int,
    dfe_min: Float,
    dfe_max: Float,
    edge_power: Float,
    fext_power: Float,
    fixed_variance: float,
    symbol_variance: float,
    jitter_variance: float,
    tx_noise: float,
    eye_factor: float,
    between: bool,
) -> tuple[float, int]:
    """(A_s² / sigma², sampling index) of a Tx FFE setting on the unequalised pulse `wave` (N,) with its peak at `peak`.

    `edge_power` (m,) is the sum of squared edge responses by sampling phase; `fext_power` (taps,) the FEXT autocorrelation
    at lags of UI; `fixed_variance` all that the Tx FFE does not touch. The index is of the sample closest to the root of equation
    (93A-25); with `between` the merit is that at the root itself. Zero when the main cursor is not positive.
    """
    count = len(taps)
    limit_low = dfe_min[0] if len(dfe_min) else 0.0
    limit_high = dfe_max[0] if len(dfe_max) else 0.0
    # on the way up to the peak the Mueller-Müller condition has false roots, where hardly any signal is
    least = 0.3 * wave[peak] * taps[tap_main]
    found = NO_SIGNAL
    instant = peak
    # equation (93A-25) has its root on the rising edge or close behind the peak
    for index in range(peak - m, peak + m // 2 + 1):
        error = balance(wave, taps, tap_main, m, index, 0.0, least, limit_low, limit_high)
        if abs(error) < abs(found):
            found = error
            instant = index
    if found == NO_SIGNAL:
        return 0.0, peak
    base = instant
    part = 0.0
    if between:
        # the root lies on the side on which the balance changes its sign
        for side in (1, -1):
            error = balance(wave, taps, tap_main, m, instant + side, 0.0, least, limit_low, limit_high)
            if error < NO_SIGNAL and error * found < 0.0:
                base = min(instant, instant + side)
                part = 0.5
        # whether it is positive at the later sample of both, which moves nearer where the balance has its sign
        later = (found > 0.0) == (base < instant)
        # halved: where b(1) meets a limit the balance has a bend, which fools a secant; to a part in 512 of a sample
        for halving in range(2, 10 if part else 2):
            error = balance(wave, taps, tap_main, m, base, part, least, limit_low, limit_high)
            part += -(0.5**halving) if (error > 0.0) == later else 0.5**halving
    # the cubic through four samples: within 2e-4 of a wave that ends at the symbol rate and is sampled 16 times a UI
    early, near = cubic_weight(-1.0, part), cubic_weight(0.0, part)
    far, late = cubic_weight(1.0, part), cubic_weight(2.0, part)
    phase = base % m
    # one sample a UI first, so that the sums over taps read neighbours
    rows = len(wave) // m
    baud = np.empty(rows)
    for n in range(1, rows - 1):
        at = phase + n * m
        baud[n] = early * wave[at - 1] + near * wave[at] + far * wave[at + 1] + late * wave[at + 2]
    middle = base // m
    main = 0.0
    for i in range(count):
        main += taps[i] * baud[middle - i + tap_main]
    isi = 0.0
    # what the DFE takes away comes below; the response is read `count` UI around each cursor, which the margins keep inside
    for n in range(count + 1, rows - count - 1):
        value = 0.0
        for i in range(count):
            value += taps[i] * baud[n - i + tap_main]
        isi += value * value if n < middle or n > middle + len(dfe_max) else 0.0
    for order in range(len(dfe_max)):
        value = 0.0
        for i in range(count):
            value += taps[i] * baud[middle + 1 + order - i + tap_main]
        value -= main * min(max(value / main, dfe_min[order]), dfe_max[order])
        isi += value * value
    edge = early * edge_power[(base - 1) % m] + near * edge_power[phase]
    edge += far * edge_power[(base + 1) % m] + late * edge_power[(base + 2) % m]
    # mean square of the FFE's output steps for independent symbols: the taps' differences, with zero before and after
    # them
    transitions = taps[0] * taps[0] + taps[count - 1] * taps[count - 1]
    for i in range(1, count):
        transitions += (taps[i] - taps[i - 1]) ** 2
    fext = 0.0
    for i in range(count):
        for j in range(count):
            fext += taps[i] * taps[j] * fext_power[abs(i - j)]
    sigma2 = (
        symbol_variance * (isi + fext + jitter_variance * transitions * edge)
        # SNR_TX noise follows the main cursor, equation (93A-30)
        + (tx_noise * main) ** 2
        + fixed_variance
    )
    available = eye_factor * main
    return available * available / sigma2, instant


@kernel
def coordinate_descent(
    wave: Float,
    start: NDArray[np.int64],
    grid: Float,
    sizes: NDArray[np.int64],
    tap_main: int,
    main_minimum: float,
    rounds: int,
    m: int,
    peak: int,
    dfe_min: Float,
    dfe_max: Float,
    edge_power: Float,
    fext_power: Float,
    fixed_variance: float,
    symbol_variance: float,
    jitter_variance: float,
    tx_noise: float,
    eye_factor: float,
    between: bool,
) -> tuple[float, NDArray[np.int64], int, int]:
    """Best (fom, grid indices, sampling index, candidates) by turning one Tx tap at a time until no turn helps.

    `grid` (taps, widest) holds the allowed values of each tap ; a main tap of 0 there takes what the others leave
    of 1. `sizes` tells how many values each row holds. With `between` merits are those between samples, and where no turn helps
    any two taps are moved by a step each: the end then hangs less on the start.
    """
    count = len(sizes)
    chosen = start.copy()
    best = -1.0
    instant = peak
    tried = 0
    taps = np.empty(count)
    for _ in range(rounds):
        improved = False
        # each tap by itself, then each pair: from `count` on the turn t is of the taps t // count and t % count
        for turn in range(count * count):
            one, other = (turn, turn) if turn < count else (turn // count, turn % count)
            if turn >= count and (improved or not between):
                break
            if turn >= count and (other >= one or one == tap_main or other == tap_main):
                continue
            # the main tap follows from the others: its turn tries the present setting, which counts when it is the only tap
            options = 4 if turn >= count else 1 if turn == tap_main else sizes[turn]
            first = chosen[one]
            second = chosen[other]
            winner = first
            partner = second
            for option in range(options):
                # all values of one tap, or a step up or down of two
                chosen[one] = option if one == other else first + 2 * (option % 2) - 1
                chosen[other] = option if one == other else second + 2 * (option // 2) - 1
                if min(chosen[one], chosen[other]) < 0 or chosen[one] >= sizes[one] or chosen[other] >= sizes[other]:
                    continue
                total = 0.0
                for i in range(count):
                    if i != tap_main:
                        taps[i] = grid[i, chosen[i]]
                        total += abs(taps[i])
                taps[tap_main] = grid[tap_main, 0] if grid[tap_main, 0] != 0.0 else 1.0 - total
                if taps[tap_main] < main_minimum:
                    continue
                tried += 1
                fom, index = figure_of_merit(
                    wave,
                    taps,
                    tap_main,
                    m,
                    peak,
                    dfe_min,
                    dfe_max,
                    edge_power,
                    fext_power,
                    fixed_variance,
                    symbol_variance,
                    jitter_variance,
                    tx_noise,
                    eye_factor,
                    between,
                )
                if fom > best:
                    best = fom
                    winner = chosen[one]
                    partner = chosen[other]
                    instant = index
                    improved = True
            chosen[one] = winner
            chosen[other] = partner
        # neither a tap alone nor two together improve the figure of merit any more
        if not improved:
            break
    return best, chosen, instant, tried
