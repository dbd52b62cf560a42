"""The least modulation amplitude that a receiver needs: closed form for one noise, solved where noise grows with light."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from scipy.special import erfc, erfcinv

from sirf.errors import PhysicsError
from sirf.optics.optical_receiver import OpticalReceiver

MIN_RATIO = 1e-290
"""Least error ratio that a sensitivity is asked for: smaller ones have lost digits."""
LEAST, CELLS = 1e-9, 1 << 18
"""Least sensitivity in W, below which no receiver decides anything, and cells of equal ratio from there to 1 W: 8e-5 each."""


def gaussian_sensitivity(noise_current: float, responsivity: float, *, ser: float, order: int = 4) -> float:
    """OMA in W for a symbol error ratio with Gaussian noise alike at all levels: 2 (M - 1) Q⁻¹(ser / (2 (1 - 1/M))) sigma / R.

    `noise_current` in A rms, `responsivity` in A/W, `ser` from 1e-290 to below 0.5, `order` M. Raises `PhysicsError` for others.
    """
    _check_levels(ser, order)
    if not 0.0 <= noise_current < np.inf:
        raise PhysicsError(f"noise_current must be from 0 A rms, got {noise_current}. Give it in A, for example 2e-6.")
    if not 0.0 < responsivity < np.inf:
        raise PhysicsError(f"responsivity must be positive, got {responsivity}. Give it in A/W, for example 0.9.")
    # an outer level errs on one side only: (1 - 1/M) of two tails on average
    x = np.sqrt(2.0) * erfcinv(ser / (1.0 - 1.0 / order))
    return float(2.0 * (order - 1) * x * noise_current / responsivity)


def _check_levels(ser: float, order: int) -> None:
    if not MIN_RATIO <= ser < 0.5:
        raise PhysicsError(
            f"ser must be from {MIN_RATIO:g} to below 0.5, got {ser}. Give a symbol error ratio, for example 4.8e-4."
        )
    if order != int(order) or order < 2:
        raise PhysicsError(f"order must be a whole number from 2, got {order}. Give the levels, for example 4.")


def optical_error_ratio(
    receiver: OpticalReceiver,
    oma: float,
    *,
    extinction_db: float = np.inf,
    rin: float = 0.0,
    penalty_db: float = 0.0,
    order: int = 4,
) -> float:
    """Symbol error ratio of equally spaced levels `oma` W apart in all, thresholds half way, each level with its own noise.

    `penalty_db` takes its share of the eye: distances shrink by 10^(-penalty / 10), noise stays.
    """
    # high = ratio x low and high - low = OMA
    low = 0.0 if extinction_db == np.inf else oma / (10.0 ** (extinction_db / 10.0) - 1.0)
    powers = low + oma * np.arange(order) / (order - 1)
    sigma = np.array([receiver.noise_current(float(power), rin=rin) for power in powers])
    half = receiver.photodiode.responsivity * oma / (2.0 * (order - 1)) * 10.0 ** (-penalty_db / 10.0)
    # an outer level has one threshold beside it, an inner one two
    sides = np.where((np.arange(order) == 0) | (np.arange(order) == order - 1), 1.0, 2.0)
    return float(np.sum(sides * 0.5 * erfc(half / (np.sqrt(2.0) * sigma))) / order)


def sensitivity(
    receiver: OpticalReceiver,
    *,
    ser: float = 4.8e-4,
    extinction_db: float = np.inf,
    rin: float = 0.0,
    penalty_db: float = 0.0,
    order: int = 4,
) -> float:
    """OMA in W at the photodiode for `ser`, with amplifier, shot and intensity noise level by level; `rin` is in 1/Hz.

    With `penalty_db` the TDECQ or SECQ of the arriving light it is the stressed sensitivity. Raises `PhysicsError` for values
    that light cannot have, where no power reaches `ser` because intensity noise grows as fast as the light, and where less than
    `LEAST` does.
    """
    _check_levels(ser, order)
    # none of these comparisons holds for NaN
    if not extinction_db > 0.0:
        raise PhysicsError(f"extinction_db must be above 0, got {extinction_db}. Give the ratio of outer levels in dB.")
    if not 0.0 <= rin < np.inf:
        raise PhysicsError(f"rin must be from 0 1/Hz, got {rin}. Write 10**-15 for -150 dB/Hz.")
    if not penalty_db >= 0.0:
        raise PhysicsError(f"penalty_db must be at least 0, got {penalty_db}. Give TDECQ in dB.")

    def excess(log_oma: float) -> float:
        found = optical_error_ratio(
            receiver, float(np.exp(log_oma)), extinction_db=extinction_db, rin=rin, penalty_db=penalty_db, order=order
        )
        # in decades, where the curve is nearly straight
        return float(np.log(found + 1e-300) - np.log(ser))

    # no more than a watt at the photodiode
    high = np.log(1.0)
    if excess(high) > 0.0:
        raise PhysicsError(
            f"rin must let the receiver reach a symbol error ratio of {ser:g}, got {excess(high) / np.log(10):.1f} decades above "
            "it at 1 W. Lower the intensity noise or the penalty."
        )
    grid = np.linspace(np.log(LEAST), high, CELLS + 1)
    after = bisect_left(grid, True, lo=1, key=lambda log_oma: excess(log_oma) <= 0.0)
    before, behind = excess(grid[after - 1]), excess(grid[after])
    if before <= 0.0:
        raise PhysicsError(
            f"receiver must need at least {LEAST:g} W for a symbol error ratio of {ser:g}, got less. Give it noise and a band."
        )
    # straight within a cell, to the ninth digit
    return float(np.exp(grid[after - 1] + (grid[after] - grid[after - 1]) * before / (before - behind)))
