"""Noise of the receiver in closed form, and where it enters."""

from __future__ import annotations

import numpy as np
import pytest

from sirf import optics
from sirf.errors import PhysicsError

Q = 1.602176634e-19


def test_shot_thermal_and_intensity_noise_are_the_closed_forms() -> None:
    power, band, rin = 0.4e-3, 30e9, 10**-14.2
    dark = optics.OpticalReceiver(optics.Photodiode(0.8), optics.Tia(1000.0))
    assert dark.noise_current(power, bandwidth=band) ** 2 == pytest.approx(2 * Q * 0.8 * power * band, rel=1e-9)
    warm = optics.OpticalReceiver(optics.Photodiode(0.8), optics.Tia(1000.0, noise=12e-12))
    assert warm.noise_current(0.0, bandwidth=band) ** 2 == pytest.approx(12e-12**2 * band, rel=1e-9)
    noisy = dark.noise_current(power, rin=rin, bandwidth=band) ** 2 - 2 * Q * 0.8 * power * band
    assert noisy == pytest.approx((0.8 * power) ** 2 * rin * band, rel=1e-9)


def test_the_dark_current_has_shot_noise_of_its_own() -> None:
    leaky = optics.OpticalReceiver(optics.Photodiode(0.8, dark_current=5e-6), optics.Tia(1000.0))
    for power in (0.0, 0.1e-3):
        assert leaky.input_density(np.zeros(1), power)[0] == pytest.approx(2 * Q * (0.8 * power + 5e-6), rel=1e-9)


def test_amplifier_noise_is_counted_through_the_amplifiers_bandwidth() -> None:
    for kind, factor in (("pole", np.pi / 2), ("butterworth4", 1.02617)):
        receiver = optics.OpticalReceiver(
            optics.Photodiode(0.8, bandwidth=5e9), optics.Tia(1000.0, noise=12e-12, bandwidth=40e9, kind=kind)
        )
        # the diode's bandwidth lies before the noise and does not touch it
        assert receiver.noise_current(0.0) ** 2 == pytest.approx(12e-12**2 * factor * 40e9, rel=1e-4)
        grid = np.linspace(0, 4e12, 400_001)
        assert receiver.noise_current(0.0, frequency=grid) == pytest.approx(receiver.noise_current(0.0), rel=0.01)
    rising = optics.OpticalReceiver(
        optics.Photodiode(0.8), optics.Tia(1.0, noise=1e-11, noise_corner=40e9, bandwidth=40e9, kind="butterworth4")
    )
    # integral of x² / (1 + x^8) is pi / (8 sin(3 pi / 8))
    extra = np.pi / (8 * np.sin(3 * np.pi / 8))
    assert rising.noise_current(0.0) ** 2 == pytest.approx(1e-22 * 40e9 * (1.02617 + extra), rel=1e-4)


def test_a_receiver_with_endless_noise_is_refused() -> None:
    with pytest.raises(PhysicsError, match="bandwidth"):
        optics.OpticalReceiver(optics.Photodiode(0.8), optics.Tia(1.0, noise=1e-12)).noise_current(1e-3)
    with pytest.raises(PhysicsError, match="responsivity must be"):
        optics.Photodiode(0.0)
    with pytest.raises(PhysicsError, match="kind must be"):
        optics.Tia(1.0, kind="brick")
