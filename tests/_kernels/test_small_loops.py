"""Short kernels against their closed forms: two-ports in series, uniform lines, a laser at rest."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

import sirf._kernels.laser_rates as laser_rates
import sirf._kernels.uniform_line as uniform_line
from sirf._kernels.two_ports import joined
from tests._kernels.plain import plain_module

RNG = np.random.default_rng(5)


def random_two_ports(points: int) -> NDArray[np.complex128]:
    shape = (points, 2, 2)
    return np.asarray(0.4 * (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)))


def test_two_ports_in_series_are_scikit_rfs() -> None:
    first, second = random_two_ports(7), random_two_ports(7)
    out = np.empty_like(first)
    joined.py_func(first, second, out)  # type: ignore[attr-defined]
    np.testing.assert_allclose(out, skrf.network.connect_s(first, 1, second, 0), rtol=1e-12)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, uniform_line)


@pytest.mark.parametrize(
    ("series", "shunt", "length"),
    [
        (3.0 + 40j, 0.001 + 0.02j, 0.3),
        (2.0 + 1e4j, 1e-5 + 3.0j, 0.1),
        (5.0 + 0j, 0.01 + 0j, 0.7),
        (0.3 - 40j, 0.001 + 0.02j, 0.3),
        (1e-3 + 40j, -1e-6 + 0.02j, 0.5),
    ],
)
def test_functions_of_a_line_are_those_of_complex_arithmetic(
    lines: ModuleType, series: complex, shunt: complex, length: float
) -> None:
    gamma = np.sqrt(np.complex128(series * shunt))
    even, ratio = lines.hyperbolic(series, shunt, length)
    assert even == pytest.approx(np.cosh(gamma * length), rel=1e-12)
    assert ratio == pytest.approx(np.sinh(gamma * length) / gamma, rel=1e-12)


def test_a_line_without_admittance_is_its_series_impedance(lines: ModuleType) -> None:
    assert lines.hyperbolic(3.0 + 4.0j, 0j, 0.25) == (1.0, 0.25)


def test_a_dead_line_stays_finite(lines: ModuleType) -> None:
    """Beyond 300 neper the chain matrix stops growing: nothing passes and the input sees the line's own impedance."""
    out = np.empty((1, 2, 2), dtype=complex)
    zero = np.zeros(1, dtype=complex)
    lines.line_two_port(np.array([400.0 + 0j]), np.array([0.04 + 0j]), 1000.0, zero, zero, 50.0, out)
    assert np.isfinite(out).all()
    assert abs(out[0, 1, 0]) < 1e-129
    assert out[0, 0, 0] == pytest.approx((100.0 - 50.0) / (100.0 + 50.0))


def test_a_line_between_admittances_is_scikit_rfs_cascade(lines: ModuleType) -> None:
    f = np.linspace(1e9, 20e9, 6)
    w = 2 * np.pi * f
    series, shunt = 20.0 + 1j * w * 350e-9, 1e-3 + 1j * w * 130e-12
    before, after = 1j * w * 0.1e-12 + 1e-3, 1j * w * 0.05e-12 + 2e-3
    out = np.empty((6, 2, 2), dtype=complex)
    lines.line_two_port(series, shunt, 0.02, before, after, 50.0, out)
    gamma, impedance = np.sqrt(series * shunt), np.sqrt(series / shunt)
    chain = np.empty((6, 2, 2), dtype=complex)
    chain[:, 0, 0] = chain[:, 1, 1] = np.cosh(gamma * 0.02)
    chain[:, 0, 1], chain[:, 1, 0] = impedance * np.sinh(gamma * 0.02), np.sinh(gamma * 0.02) / impedance

    def side(admittance: Any) -> Any:
        matrix = np.tile(np.eye(2, dtype=complex), (6, 1, 1))
        matrix[:, 1, 0] = admittance
        return matrix

    np.testing.assert_allclose(out, skrf.network.a2s(side(before) @ chain @ side(after), 50.0), rtol=1e-10, atol=1e-13)
    stub = np.empty(6, dtype=complex)
    lines.open_line(series, shunt, 0.02, stub)
    np.testing.assert_allclose(stub, np.tanh(gamma * 0.02) / impedance, rtol=1e-12)


LASER = np.array([1e4, 1e7, 2e-7, 1e9, 1e-4, 5e11])
"""Gain in 1/s a carrier, carriers at transparency, compression, 1 / lifetime, spontaneous share, 1 / photon lifetime."""


@pytest.fixture
def laser(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, laser_rates)


def test_a_laser_at_rest_stays_there(laser: ModuleType) -> None:
    """The steady state by hand: carriers for a given photon number, and the pump that both cost."""
    photons = 2e5
    gain = LASER[0] / (1.0 + LASER[2] * photons)
    carriers = (photons * LASER[5] + gain * LASER[1] * photons) / (gain * photons + LASER[4] * LASER[3])
    pump = carriers * LASER[3] + gain * (carriers - LASER[1]) * photons
    assert laser.carrier_rate(pump, carriers, photons, LASER) == pytest.approx(0.0, abs=1e-9 * pump)
    assert laser.photon_rate(carriers, photons, LASER) == pytest.approx(0.0, abs=1e-9 * pump)
    start, found = np.array([carriers, photons]), np.empty(5)
    laser.photon_numbers(np.full(2 * 3 * 5 + 1, pump), start, LASER, 1e-12, 3, found)
    np.testing.assert_allclose(found, photons, rtol=1e-9)
    np.testing.assert_allclose(start, [carriers, photons], rtol=1e-9)


def test_carriers_without_light_decay_as_an_exponential_to_fourth_order(laser: ModuleType) -> None:
    """No gain and no spontaneous share: N' = P - N / lifetime. Half the step, a sixteenth of the error."""
    quiet = np.array([0.0, 0.0, 0.0, 1e9, 0.0, 1e11])
    pump, span = 3e16, 1e-9
    exact = pump / 1e9 + (1e8 - pump / 1e9) * np.exp(-1e9 * span)
    errors = []
    for steps in (4, 8):
        start, found = np.array([1e8, 0.0]), np.empty(1)
        laser.photon_numbers(np.full(2 * steps + 1, pump), start, quiet, span / steps, steps, found)
        errors.append(abs(start[0] - exact))
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.15)


def test_photons_see_the_pump_at_its_own_time(laser: ModuleType) -> None:
    """A pump that grows with t² is integrated exactly by a method of fourth order: carriers t³ / 3 without decay."""
    still = np.zeros(6)
    steps, step = 5, 0.3
    t = 0.5 * step * np.arange(2 * steps * 2 + 1)
    start, found = np.array([1.0, 7.0]), np.empty(2)
    laser.photon_numbers(t**2, start, still, step, steps, found)
    assert start[0] == pytest.approx(1.0 + (2 * steps * step) ** 3 / 3.0, rel=1e-12)
    assert found.tolist() == [7.0, 7.0]


def test_more_photons_than_there_are_cannot_leave(laser: ModuleType) -> None:
    start, found = np.array([0.0, 1.0]), np.empty(3)
    laser.photon_numbers(np.zeros(7), start, np.array([0.0, 0.0, 0.0, 0.0, 0.0, 100.0]), 0.1, 1, found)
    assert (found >= 0.0).all()
    assert start[1] >= 0.0
