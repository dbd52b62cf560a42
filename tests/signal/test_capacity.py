"""Water-filling against closed forms and a general optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, minimize

from sirf.errors import SirfError
from sirf.signal.capacity import capacity

FREQUENCY = np.linspace(0.0, 50e9, 501)


def test_flat_channel_has_shannons_capacity() -> None:
    noise = np.full(501, 4e-18)
    found = capacity(FREQUENCY, np.full(501, 0.25), noise, power=0.16)
    assert found == pytest.approx(50e9 * np.log2(1.0 + 0.25 * 0.16 / (4e-18 * 50e9)), rel=1e-9)


def test_noise_of_the_transmitter_bounds_a_flat_channel() -> None:
    noise, e = np.full(501, 4e-18), 10.0**-3.3
    x = 0.25 * 0.16 / (4e-18 * 50e9)
    found = capacity(FREQUENCY, np.full(501, 0.25), noise, power=0.16, transmitter_snr_db=33.0)
    assert found == pytest.approx(50e9 * np.log2(1.0 + x / (1.0 + e * x)), rel=1e-9)


def test_two_bands_share_power_as_water_does() -> None:
    # gain over noise 4 and 1 in two bands of 1 Hz (as steps of the trapezoid: ends alike), power 3: levels meet at 2.125
    f = np.array([0.0, 1.0, 1.0 + 1e-9, 2.0])
    found = capacity(f, np.array([4.0, 4.0, 1.0, 1.0]), np.ones(4), power=3.0)
    level = (3.0 + 1.0 / 4.0 + 1.0) / 2.0
    assert found == pytest.approx(np.log2(4.0 * level) + np.log2(level), rel=1e-6)


def test_a_lossy_channel_with_transmitter_noise_agrees_with_a_general_optimiser() -> None:
    f = np.linspace(0.0, 1.0, 12)
    gain, e, power = 10.0 ** (-3.0 * f), 10.0**-2.0, 5.0
    noise = np.full(12, 0.1)
    weight = np.full(12, 1.0 / 11.0)
    weight[[0, -1]] *= 0.5

    def rate(density: np.ndarray) -> float:
        x = density * gain / noise
        return -float(np.sum(weight * np.log2(1.0 + x / (1.0 + e * x))))

    result: OptimizeResult = minimize(  # type: ignore[call-overload]
        rate,
        np.full(12, power),
        bounds=[(0.0, None)] * 12,
        constraints={"type": "eq", "fun": lambda density: float(weight @ density) - power},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert capacity(f, gain, noise, power=power, transmitter_snr_db=20.0) == pytest.approx(-result.fun, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0, 1.0], [1.0], [1.0, 1.0], 1.0), "alike"),
        (([1.0, 0.0], [1.0, 1.0], [1.0, 1.0], 1.0), "alike"),
        (([0.0, 1.0], [1.0, 1.0], [1.0, 0.0], 1.0), "above 0"),
        (([0.0, 1.0], [1.0, 1.0], [1.0, 1.0], 0.0), "above 0"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    arguments: tuple[list[float], list[float], list[float], float], message: str
) -> None:
    f, gain, noise, power = arguments
    with pytest.raises(SirfError, match=message):
        capacity(f, gain, noise, power=power)
