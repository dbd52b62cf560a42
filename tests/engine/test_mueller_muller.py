"""The Mueller-Müller instant of pulses with a closed form, on samples and between them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from sirf._arrays import Float
from sirf.engine.mueller_muller import root_beside, sampling_instant

M = 16


def _pulse(t: Float | float) -> Float:
    """A pulse over UI whose tail is longer than its rise."""
    return np.asarray(np.exp(-((np.asarray(t) / 0.6) ** 2)) + 0.2 * np.exp(-(((np.asarray(t) - 1.3) / 0.9) ** 2)))


def _root(limits: tuple[float, float]) -> float:
    """UI at which equation (93A-25) holds."""

    def balance(t: float) -> float:
        here, before, after = (float(_pulse(t + shift)) for shift in (0.0, -1.0, 1.0))
        return before - (after - float(np.clip(after / here, *limits)) * here)

    return float(brentq(balance, -0.4, 0.5, xtol=1e-12))


@pytest.mark.parametrize("limits", [(0.0, 0.0), (0.0, 0.05), (-0.15, 0.15)])
@pytest.mark.parametrize("late", [0.0, 0.2, 0.5, 0.77])
def test_the_root_between_samples_is_that_of_the_closed_form(limits: tuple[float, float], late: float) -> None:
    """`late` is the part of a sample by which the grid lies after the peak."""
    time = (np.arange(60 * M) - 20 * M + late) / M
    pulse = _pulse(time)
    instant = sampling_instant(pulse, M, dfe_limits=limits)
    offset = root_beside(pulse, instant, M, dfe_limits=limits)
    assert -0.6 < offset < 0.6
    assert time[instant] + offset / M == pytest.approx(_root(limits), abs=2e-5)
    # seen from the samples beside it the root stays where it is
    for other in (instant - 1, instant + 1):
        beside = root_beside(pulse, other, M, dfe_limits=limits)
        if abs(beside) < 0.99 and beside:
            assert time[other] + beside / M == pytest.approx(_root(limits), abs=2e-5)


def test_a_pulse_that_never_balances_beside_an_instant_has_no_root_there() -> None:
    pulse = _pulse((np.arange(60 * M) - 20 * M) / M)
    assert root_beside(pulse, 20 * M - 6, M) == 0.0
