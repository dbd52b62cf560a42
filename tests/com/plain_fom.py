"""The figure of merit of one setting in plain NumPy, step by step, as a second method beside the compiled search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf.com.filters import equalized_impulse
from sirf.com.interference import edge_slopes, transmitter_equalized
from sirf.com.responses import running_sum
from sirf.com.search import CaseSearch, feedback_of

Real = NDArray[np.float64]


def plain_fom_db(search: CaseSearch, number: int, row: int) -> float:
    """FOM in dB, equation (93A-36), of gain setting `number` and row `row` of the grid; minus infinity where nothing samples."""
    settings, grid, ctle = search.settings, search.grid, search.settings.receiver.ctle
    m = settings.samples_per_ui
    i, j = search.gains[number]
    impulse = equalized_impulse(
        search.paths[0].impulse, ctle, ctle.g_dc_db[i], ctle.g_dc2_db[j], settings.symbol_rate * m
    )
    pulse = transmitter_equalized(running_sum(impulse, m), grid.taps[row], grid.offsets, m)
    cursor = plain_cursor(pulse, search, m)
    if cursor is None or pulse[cursor] <= 0:
        return -np.inf
    main = float(pulse[cursor])
    feedback = feedback_of(pulse, cursor, settings)
    before, after = pulse[cursor - m :: -m], pulse[cursor + m :: m].copy()
    reach = min(feedback.taps.size, after.size)
    after[:reach] -= after[:reach].clip(feedback.lower[:reach], feedback.upper[:reach])
    power, tx = settings.sigma_x**2, settings.transmitter
    jitter = (tx.a_dd**2 + tx.sigma_rj**2) * power * float(np.sum(edge_slopes(pulse, cursor, m) ** 2))
    noise = search.noise[number] + search.next[number] + float(search.fext([number])[0, row])
    transmitter = main**2 * 10 ** (-tx.snr_db / 10)
    total = power * float(np.sum(before**2) + np.sum(after**2)) + jitter + noise + transmitter
    signal = tx.level_mismatch * main / (settings.levels - 1)
    return float(10 * np.log10(signal**2 / total))


def plain_cursor(pulse: Real, search: CaseSearch, m: int) -> int | None:
    """Mueller-Müller sampling index, equation (93A-25), with the first DFE tap at its limit."""
    around = int(np.argmax(search.paths[0].pulse))
    low, high = max(around - 20 * m, 0), min(around + 20 * m + 1, pulse.size)
    peak = low + int(np.argmax(pulse[low:high]))
    start = max(peak - 4 * m, 0)
    rising = np.flatnonzero(np.diff(np.sign(pulse[start : peak + 1] - 0.01 * pulse[peak])) >= 1)
    if rising.size == 0:
        return None
    edge = start + int(rising[-1])
    places = edge + np.arange(2 * m + 1)
    b_max = search.settings.receiver.dfe.b_max
    left = np.maximum(pulse[places + m] - (b_max[0] if b_max else 0.0) * pulse[places], 0.0)
    return edge + int(np.argmin(np.abs(pulse[places - m] - left)))
