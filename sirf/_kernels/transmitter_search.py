"""Inner loop of the transmitter-equaliser search: figure of merit of one Tx FFE setting.

Symbols: m samples per UI, K cursors, c Tx taps, b DFE taps relative to the main cursor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]


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
) -> tuple[float, int]:
    """(A_s² / sigma², sampling index) of a Tx FFE setting on the unequalised pulse `wave` (N,) with its peak at `peak`.

    `edge_power` (m,) is the sum of squared edge responses by sampling phase; `fext_power` (taps,) the FEXT autocorrelation
    at lags of UI; `fixed_variance` all that the Tx FFE does not touch. Zero when the main cursor is not positive.
    """
    count = len(taps)
    n = len(wave)
    best_error = np.inf
    instant = -1
    main = 0.0
    limit_low = dfe_min[0] if len(dfe_min) else 0.0
    limit_high = dfe_max[0] if len(dfe_max) else 0.0
    # equation (93A-25) has its root on the rising edge or close behind the peak
    for index in range(peak - m, peak + m // 2 + 1):
        here = 0.0
        before = 0.0
        after = 0.0
        for i in range(count):
            at = index - (i - tap_main) * m
            here += taps[i] * wave[at]
            before += taps[i] * wave[at - m]
            after += taps[i] * wave[at + m]
        # on the way up to the peak the Mueller-Müller condition has false roots, where hardly any signal is
        if here <= 0.3 * wave[peak] * taps[tap_main]:
            continue
        tap = min(max(after / here, limit_low), limit_high)
        # p(t - T) = p(t + T) - b(1) p(t), equation (93A-25): the sample closest to its root
        error = abs(before - (after - tap * here))
        if error < best_error:
            best_error = error
            instant = index
            main = here
    if instant < 0:
        return 0.0, peak
    isi = 0.0
    # the response is read `count` UI around each cursor: the same margin at both ends keeps indices inside
    first = instant % m + (count + 1) * m
    for index in range(first, n - (count + 1) * m, m):
        value = 0.0
        for i in range(count):
            value += taps[i] * wave[index - (i - tap_main) * m]
        order = (index - instant) // m
        if order == 0:
            continue
        if 0 < order <= len(dfe_max):
            ratio = value / main
            value -= main * min(max(ratio, dfe_min[order - 1]), dfe_max[order - 1])
        isi += value * value
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
        symbol_variance * (isi + fext + jitter_variance * transitions * edge_power[instant % m])
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
) -> tuple[float, NDArray[np.int64], int, int]:
    """Best (fom, grid indices, sampling index, candidates) by turning one Tx tap at a time until no turn helps.

    `grid` (taps, widest) holds the allowed values of each tap ; a main tap of 0 there takes what the others leave
    of 1. `sizes` tells how many values each row holds.
    """
    count = len(sizes)
    chosen = start.copy()
    best = -1.0
    instant = peak
    tried = 0
    taps = np.empty(count)
    for _ in range(rounds):
        improved = False
        for turn in range(count):
            # the main tap follows from the others: its turn tries the present setting, which counts when it is the only tap
            options = 1 if turn == tap_main else sizes[turn]
            winner = chosen[turn]
            for option in range(options):
                chosen[turn] = option
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
                )
                if fom > best:
                    best = fom
                    winner = option
                    instant = index
                    improved = True
            chosen[turn] = winner
        # no tap alone improves the figure of merit any more
        if not improved:
            break
    return best, chosen, instant, tried
