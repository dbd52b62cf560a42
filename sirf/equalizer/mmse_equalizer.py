"""Closed-form equaliser: the FFE and DFE with the least mean squared error at the slicer, where adaptation starts."""

from __future__ import annotations

import dataclasses

import numpy as np

from sirf._arrays import Float
from sirf.engine.front_end import FrontEnd, front_end
from sirf.errors import SirfError
from sirf.link import Link
from sirf.signal.pam import mean_square


def mmse_equalizer(link: Link, *, ffe: tuple[int, int] | None = None, dfe: int | None = None) -> Link:
    """This link with the receiver's FFE and DFE of least mean squared error at the link's sampling instant.

    `ffe` counts taps before and after the main one, `dfe` feedback taps; None keeps as many as the receiver has (gaps of
    floating taps stay gaps). With x the samples under the FFE, a the sent symbol and h0 the main cursor, the taps w minimise
    E |w x - sum b(d) a(-d) - h0 a|²: w = h0 E[a²] R^-1 p, R the covariance of x without what the DFE takes away (J. Salz, Bell
    Syst. Tech. J. 52, 1973, with finitely many taps). Crosstalk is averaged over its phase, edge jitter enters to first order.

    Raises `SirfError` for negative numbers of taps.
    """
    receiver = link.receiver
    before, after = ffe if ffe is not None else (receiver.ffe_main, len(receiver.ffe) - 1 - receiver.ffe_main)
    if before < 0 or after < 0 or (dfe is not None and dfe < 0):
        raise SirfError(f"numbers of taps must not be negative, got ffe={ffe}, dfe={dfe}. Use 0 for none.")
    old = np.asarray(receiver.dfe)
    delays = (
        np.flatnonzero(old) + 1
        if dfe is None and np.any(old)
        else np.arange(1, (dfe if dfe is not None else len(old)) + 1)
    )
    # the sampling instant depends on whether there is a DFE
    present = (0.0,) * (dfe if dfe is not None else len(old))
    # zeros: the taps themselves must not be in the responses
    flat = dataclasses.replace(receiver, ffe=(1.0,), ffe_main=0, dfe=present, adaptation=None)
    end = front_end(link.replace(receiver=flat))
    power = mean_square(link.levels)
    pulse = _windows(end.mean_pulse, end, before, after)
    main = end.pre_cursors + before
    # cursors beyond the end of the pulse have nothing to cancel
    column = {int(delay): main + int(delay) for delay in delays if main + delay < pulse.shape[1]}
    cancelled = list(column.values())
    # cursors that the DFE removes cost nothing, whatever they are
    covariance = power * (pulse @ pulse.T - pulse[:, cancelled] @ pulse[:, cancelled].T)
    covariance += _disturbance(link, end, before + after + 1, power)
    # the target is the main cursor as it was, so that the FFE leaves the size of the signal nearly as it is
    taps = end.main_cursor * power * np.linalg.solve(covariance, pulse[:, main])
    feedback = np.zeros(dfe if dfe is not None else len(old))
    # what the equalised main cursor becomes is the unit of the DFE taps
    equalised = float(taps @ pulse[:, main])
    for delay, at in column.items():
        feedback[delay - 1] = float(taps @ pulse[:, at])
    chosen = dataclasses.replace(
        receiver,
        ffe=tuple(float(tap) for tap in taps),
        ffe_main=before,
        dfe=tuple(float(tap) for tap in feedback / equalised),
    )
    return link.replace(receiver=chosen)


def _windows(response: Float, end: FrontEnd, before: int, after: int) -> Float:
    """(taps, K): cursor k of `response` as each FFE tap sees it; tap i looks i - before symbols back."""
    m = end.samples_per_ui
    start = end.sampling - end.pre_cursors * m
    cursors = response[start % m :: m] if start < m else response[start::m]
    taps = before + after + 1
    result = np.zeros((taps, len(cursors) + taps - 1))
    for tap in range(taps):
        # cursor d of a sample i - before symbols late belongs to the symbol d + i - before back
        result[tap, tap : tap + len(cursors)] = cursors
    return result


def _disturbance(link: Link, end: FrontEnd, taps: int, power: float) -> Float:
    """Covariance (taps, taps) in V² of noise, crosstalk and edge jitter at samples one UI apart."""
    m = end.samples_per_ui
    lags = np.zeros(taps)
    # taps stand one symbol apart, so that only lags of whole symbols enter their covariance
    noise = end.noise_correlation[::m]
    lags[: len(noise)] += noise[:taps]
    for wave in end.crosstalk:
        # the phase of an aggressor is random: the mean over its m phases
        lags += power / m * _correlation(wave, m, taps)
    tx = link.transmitter
    # the FFE's output steps by the differences of its taps, zero before and behind them; symbols are independent, so
    # their
    # mean squares add
    steps = power * float(np.sum(np.diff([0.0, *tx.ffe, 0.0]) ** 2))
    moved = tx.jitter.variance(symbol_rate=link.symbol_rate)
    # jitter is independent from edge to edge: power of the transitions times variance times the edge's correlation
    lags += moved * steps * _correlation(end.edge[end.sampling % m :: m], 1, taps)
    distance = np.abs(np.arange(taps)[:, None] - np.arange(taps)[None, :])
    # the SNR_TX term enters behind the FFE and does not depend on it
    return np.asarray(lags[distance])


def _correlation(wave: Float, step: int, count: int) -> Float:
    """Sums of products of `wave` with itself 0, 1, … steps later (count,)."""
    return np.array([float(np.sum(wave[: max(len(wave) - k * step, 0)] * wave[k * step :])) for k in range(count)])
