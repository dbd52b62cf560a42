"""Where pulses behind settings (n, taps) of a Tx FFE are sampled, and their figures of merit.

Small kernels, because the first eye waits for their compilation; sums are taken in order. `sirf.equalizer.transmitter_search`
arranges what they read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_SIGNAL = 1e300
"""In place of a balance where hardly any signal is."""
HALVINGS = 8
NEAR = 16
"""UI before the main cursor, and behind those of the DFE, in which interference is summed up first."""
ROUNDING = 1e-9
"""Part of a merit by which sums over a part of the pulse and over all of it may differ where the rest is empty."""
CUBIC = np.array([[0.0, 6.0, 0.0, 0.0], [-2.0, -3.0, 6.0, -1.0], [3.0, -6.0, 3.0, 0.0], [-1.0, 3.0, -3.0, 1.0]]) / 6.0
"""Weights of the samples at -1, 0, 1 and 2 (second axis) in the coefficients, constant first, of the cubic through all four."""


@kernel
def closest_places(
    settings: Float,
    sent: Float,
    tap_main: int,
    least: float,
    low: float,
    high: float,
    balances: Float,
    nearest: Integers,
) -> None:
    """`nearest` (n,) of the places to the root of equation (93A-25), but for two at either end; -1 without signal everywhere.

    `balances` (n, places) are p(t - T) - p(t + T) + b(1) p(t), with b(1) from `low` to `high`, of the pulse of which each tap
    sends `sent` (places, 3, taps) one UI before a place, there and one after; `NO_SIGNAL` where p(t) is not above `least` times
    the main tap: on the way up to the peak the balance has false roots, where hardly any signal is.
    """
    places = len(sent)
    for s in range(len(settings)):
        nearest[s] = -1
        found = NO_SIGNAL
        for place in range(places):
            before = here = after = 0.0
            for i in range(settings.shape[1]):
                tap = settings[s, i]
                before += tap * sent[place, 0, i]
                here += tap * sent[place, 1, i]
                after += tap * sent[place, 2, i]
            balance = NO_SIGNAL
            if here > least * settings[s, tap_main]:
                feedback = after / here
                feedback = low if feedback < low else high if feedback > high else feedback
                balance = before - (after - feedback * here)
            balances[s, place] = balance
            if 2 <= place < places - 2 and abs(balance) < found:
                found = abs(balance)
                nearest[s] = place


@kernel
def weigh_roots(
    settings: Float,
    sent: Float,
    tap_main: int,
    least: float,
    low: float,
    high: float,
    balances: Float,
    places: Integers,
    weights: Float,
    cubics: Float,
) -> None:
    """From the nearest of `places` (n,), as `closest_places` tells them and their balances, to the last one before the root.

    Samples at -1, 0, 1 and 2 from there tell the pulse at the root by their `weights` (n, 4), those of a cubic through them:
    within 2e-4 of a wave that ends at the symbol rate and is sampled 16 times a UI. The root is found to a part in 512 of a
    sample; the balance counts as positive where there is no signal. `cubics` (3, 4) is overwritten.
    """
    for s in range(len(settings)):
        place = places[s]
        if place < 0:
            continue
        found, later, earlier = balances[s, place], balances[s, place + 1], balances[s, place - 1]
        # the root lies on the side on which the balance changes its sign
        falls = found > 0.0
        part = 0.5 if later < NO_SIGNAL and later * found < 0.0 else 0.0
        if earlier < NO_SIGNAL and earlier * found < 0.0:
            part = 0.5
            falls = not falls
            place -= 1
        cubics[:] = 0.0
        for node in range(4):
            for u in range(3):
                value = 0.0
                for i in range(settings.shape[1]):
                    value += settings[s, i] * sent[place - 1 + node, u, i]
                for k in range(4):
                    cubics[u, k] += CUBIC[k, node] * value
        step = 0.5 * part
        # halved: where b(1) meets a limit the balance has a bend, which fools a secant
        for _ in range(HALVINGS):
            before = ((cubics[0, 3] * part + cubics[0, 2]) * part + cubics[0, 1]) * part + cubics[0, 0]
            here = ((cubics[1, 3] * part + cubics[1, 2]) * part + cubics[1, 1]) * part + cubics[1, 0]
            after = ((cubics[2, 3] * part + cubics[2, 2]) * part + cubics[2, 1]) * part + cubics[2, 0]
            feedback = after / here
            feedback = low if feedback < low else high if feedback > high else feedback
            positive = here <= least * settings[s, tap_main] or before - (after - feedback * here) > 0.0
            # no step where the balance changes its sign on neither side
            part += step if positive == falls else -step
            step *= 0.5
        for k in range(4):
            weights[s, k] = ((CUBIC[3, k] * part + CUBIC[2, k]) * part + CUBIC[1, k]) * part + CUBIC[0, k]
        places[s] = place


@kernel
def _send(setting: Float, weight: Float, lines: Float, row: int, first: int, last: int, pulse: Float) -> None:
    """The `pulse` behind a setting (taps,) from `first` to before `last`: `weight` (W,) times as many `lines` from a row on."""
    count = len(setting)
    # loops from zero on become vectors, which those from a number that could be negative do not
    part = pulse[first:last]
    part[:] = 0.0
    for w in range(len(weight)):
        # tap by tap, so that the sums over symbols become vectors
        for i in range(count):
            share = weight[w] * setting[count - 1 - i]
            line = lines[row + w, first + i : last + i]
            for n in range(len(part)):
                part[n] += share * line[n]


@kernel
def _interference(pulse: Float, center: int, limits: Float, first: int, last: int) -> float:
    """Sum of squares from `first` to before `last` of what a DFE leaves, in place, of a pulse beside its main cursor."""
    main = pulse[center]
    # what the DFE leaves of its cursors, relative to the main one
    for b in range(limits.shape[1]):
        value = pulse[center + 1 + b]
        feedback = value / main
        low, high = limits[0, b], limits[1, b]
        pulse[center + 1 + b] = value - main * (low if feedback < low else high if feedback > high else feedback)
    pulse[center] = 0.0
    total = 0.0
    for value in pulse[first:last]:
        total += value * value
    return total


@kernel
def pulse_merits(
    settings: Float,
    places: Integers,
    weights: Float,
    lines: Float,
    rows: Integers,
    mains: Integers,
    edges: Float,
    forms: Float,
    limits: Float,
    symbol_variance: float,
    fixed_variance: float,
    tx_noise: float,
    eye_factor: float,
    least: float,
    pulse: Float,
    merits: Float,
) -> None:
    """Figures of merit (n,), equation (93A-36), of pulses sampled once a UI at `places` (n,); zero where these are -1.

    Of `lines` (phases, UI), which each tap sends from its own UI on, the last tap first, `weights` (n, W) weigh W from the one in
    `rows` (places,) on; main cursors are at `mains` (places,). `edges` (phases,) are squared edge responses; `forms`
    (2, taps, taps) what FEXT and edges of one add to the interference. `limits` (2, B) are those of the DFE relative to the
    main cursor. Of a setting that reaches neither `least` nor the best before it, some value below both stands for its merit.
    `pulse` (UI - taps + 1,) is overwritten.
    """
    count = settings.shape[1]
    for s in range(len(settings)):
        merits[s] = 0.0
        if places[s] < 0:
            continue
        row, center = rows[places[s]], mains[places[s]]
        others = 0.0
        for w in range(weights.shape[1]):
            for i in range(count):
                tap = count - 1 - i
                weight = weights[s, w] * settings[s, tap]
                # weights add up to one
                for k in range(count):
                    others += weight * settings[s, k] * (forms[0, tap, k] + edges[row + w] * forms[1, tap, k])
        # the interference about the main cursor is nearly all of it, and tells most settings that are not the best
        first, last = max(center - NEAR, 0), min(center + 1 + limits.shape[1] + NEAR, len(pulse))
        for _ in range(2):
            _send(settings[s], weights[s], lines, row, first, last, pulse)
            main = pulse[center]
            isi = _interference(pulse, center, limits, first, last)
            # SNR_TX noise follows the main cursor, equation (93A-30)
            noise = tx_noise * main
            sigma2 = symbol_variance * (isi + others) + noise * noise + fixed_variance
            merits[s] = eye_factor * main * (eye_factor * main) / sigma2
            if merits[s] < least * (1.0 - ROUNDING):
                break
            first, last = 0, len(pulse)
        least = max(least, merits[s])
