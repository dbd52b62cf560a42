"""The least modulation amplitude that a receiver needs: closed form for one noise, solved where noise grows with light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erfc, erfcinv

from sirf.errors import PhysicsError
from sirf.optics.optical_receiver import OpticalReceiver

STEP, MOST_STEPS = 1e-9, 100
"""Last step of the search for a sensitivity, in the logarithm of the amplitude, and its most steps."""


def gaussian_sensitivity(noise_current: float, responsivity: float, *, ser: float, order: int = 4) -> float:
    """OMA in W for a symbol error ratio with Gaussian noise alike at all levels: 2 (M - 1) Q⁻¹(ser / (2 (1 - 1/M))) sigma / R.

    `noise_current` in A rms, `responsivity` in A/W, `ser` in (0, 0.5), `order` M.
    """
    if not 0.0 < ser < 0.5:
        raise PhysicsError(f"ser must be in (0, 0.5), got {ser}. Give a symbol error ratio, for example 4.8e-4.")
    # an outer level errs on one side only: (1 - 1/M) of two tails on average
    x = np.sqrt(2.0) * erfcinv(ser / (1.0 - 1.0 / order))
    return float(2.0 * (order - 1) * x * noise_current / responsivity)


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
    """OMA in W at the photodiode for `ser`, with amplifier, shot and intensity noise level by level.

    With `penalty_db` the TDECQ or SECQ of the arriving light it is the stressed sensitivity. Raises `PhysicsError` where no
    power reaches `ser` because intensity noise grows as fast as the light.
    """
    if not 0.0 < ser < 0.5:
        raise PhysicsError(f"ser must be in (0, 0.5), got {ser}. Give a symbol error ratio, for example 4.8e-4.")
    if penalty_db < 0.0:
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
    # from a nanowatt up: below that no receiver decides anything
    return float(np.exp(_zero(excess, np.log(1e-9), high)))


def _zero(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function passes zero between `low` and `high`, to `STEP`.

    False position, by Illinois' rule: as few calls as Brent's method, whose part of SciPy takes longer to load than this takes.
    """
    ends, values, stayed = [low, high], [falling(low), falling(high)], -1
    place = low
    for _ in range(MOST_STEPS):
        before, place = place, ends[0] + (ends[1] - ends[0]) * values[0] / (values[0] - values[1])
        if abs(place - before) <= STEP:
            break
        here = falling(place)
        moved, other = (0, 1) if here > 0.0 else (1, 0)
        ends[moved], values[moved] = place, here
        # an end that stays a second time counts half, so that the line finds the other side of the zero
        if stayed == other:
            values[other] *= 0.5
        stayed = other
    return place
