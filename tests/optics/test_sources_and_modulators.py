"""Curves and responses of drivers, lasers and modulators against closed forms and integrated equations."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from sirf import optics
from sirf.errors import PhysicsError
from sirf.optics.stage import low_pass, noise_bandwidth


@pytest.mark.parametrize("kind", ["pole", "bessel4", "butterworth4", "skin"])
def test_every_low_pass_is_one_at_dc_and_half_the_power_at_its_bandwidth(kind: str) -> None:
    response = low_pass(kind, np.array([0.0, 40e9]), 40e9)
    assert response[0] == pytest.approx(1.0, abs=1e-6)
    assert abs(response[1]) ** 2 == pytest.approx(0.5, rel=2e-5)
    assert (low_pass(kind, np.array([0.0, 40e9]), np.inf) == 1.0).all()


def test_noise_bandwidths_are_the_closed_forms() -> None:
    for kind, factor in (("pole", np.pi / 2), ("butterworth4", 1.02617)):
        assert noise_bandwidth(partial(low_pass, kind, bandwidth=3e10), 3e10) == pytest.approx(factor * 3e10, rel=2e-5)


def test_a_travelling_wave_electrode_falls_steadily_and_slower_than_a_pole() -> None:
    # half of the power at its bandwidth, to rounding
    assert abs(low_pass("skin", 60e9, 60e9)) ** 2 == pytest.approx(0.5, rel=1e-15)
    f = np.linspace(1e8, 200e9, 2000)
    response = low_pass("skin", f, 60e9)
    assert (np.diff(np.abs(response)) < 0).all()
    assert 20 * np.log10(abs(low_pass("skin", np.array([240e9]), 60e9)[0])) > 20 * np.log10(
        abs(low_pass("pole", np.array([240e9]), 60e9)[0])
    )


def test_mach_zehnder_has_its_half_wave_voltage_extinction_and_slope() -> None:
    device = optics.MachZehnder(3.0, insertion_loss_db=4.0, extinction_db=25.0)
    peak, null = device.curve(np.array([1.5, -1.5]))
    assert 10 * np.log10(peak / null) == pytest.approx(25.0)
    assert 10 * np.log10(peak) == pytest.approx(-4.0)
    ideal = optics.MachZehnder(3.0)
    small = np.array([-1e-4, 1e-4])
    assert np.diff(ideal.curve(small))[0] / 2e-4 == pytest.approx(np.pi / 6.0, rel=1e-6)
    # swing at which the inner levels of PAM4 sit: sin(pi/3 x) against a third of sin(pi x), x = swing / v_pi
    levels = ideal.curve(1.0 * np.array([-1, -1 / 3, 1 / 3, 1]))
    expected = 3 * min(2 * np.sin(np.pi / 9), np.sin(np.pi / 3) - np.sin(np.pi / 9)) / (2 * np.sin(np.pi / 3))
    assert optics.level_mismatch(levels, "94") == pytest.approx(expected)
    # by 120D the inner levels at sin(pi / 9) of sin(pi / 3) lie too far out: 2 less three times that
    assert optics.level_mismatch(levels) == pytest.approx(2.0 - 3.0 * np.sin(np.pi / 9) / np.sin(np.pi / 3))


@pytest.mark.parametrize(
    ("levels", "by_120d", "by_94"),
    [((0.0, 0.9, 2.0, 3.0), 0.8, 0.9), ((3.0, 2.0, 0.9, 0.0), 0.8, 0.9), ((-1, -0.3, 0.3, 1), 0.9, 0.9), ((0, 1, 2, 3), 1.0, 1.0),
     ((0.0, 1.1, 2.3, 3.0), 0.4, 0.7)],
)  # fmt: skip
def test_level_mismatch_by_either_clause(levels: tuple[float, ...], by_120d: float, by_94: float) -> None:
    """By hand: of (0, 0.9, 2, 3) ES1 = 0.6 / 1.5 and ES2 = 0.5 / 1.5; of (0, 1.1, 2.3, 3) 0.4 / 1.5 and 0.8 / 1.5."""
    assert optics.level_mismatch(np.array(levels)) == pytest.approx(by_120d)
    assert optics.level_mismatch(np.array(levels), "94") == pytest.approx(by_94)


def ring_by_integration(ring: optics.Ring, volts: float, frequency: float, amplitude: float) -> complex:
    """Power at the drive's frequency of the coupled-mode equation, integrated until its start has died away."""
    tau = 1.0 / (np.pi * ring.linewidth)
    mu2 = ring.coupling / tau
    period = 1.0 / frequency

    def slope(t: float, state: NDArray[np.float64]) -> list[float]:
        a = state[0] + 1j * state[1]
        delta = 2 * np.pi * (ring.detuning - ring.shift * (volts + amplitude * np.cos(2 * np.pi * frequency * t)))
        change = (1j * delta - 1.0 / tau) * a - 1j * np.sqrt(mu2)
        return [change.real, change.imag]

    start = np.ceil(30 * tau / period) * period
    times = start + np.arange(64) * period / 64
    run = solve_ivp(slope, (0, times[-1]), [0.0, 0.0], t_eval=times, rtol=1e-9, atol=1e-22, max_step=period / 40)
    power = np.abs(1.0 - 1j * np.sqrt(mu2) * (run.y[0] + 1j * run.y[1])) ** 2
    return complex(np.mean(power * np.exp(-2j * np.pi * frequency * times)) * 2 / amplitude)


@pytest.mark.parametrize("frequency", [5e9, 30e9, 60e9])
@pytest.mark.parametrize("overcoupled", [False, True])
def test_ring_response_is_that_of_the_integrated_coupled_mode_equation(frequency: float, overcoupled: bool) -> None:
    ring = optics.Ring(detuning=30e9, shift=5e9, linewidth=50e9, floor_db=12.0, overcoupled=overcoupled)
    slope = np.diff(ring.curve(np.array([-1e-4, 1e-4])))[0] / 2e-4
    integrated = ring_by_integration(ring, 0.0, frequency, 0.01)
    assert integrated / slope == pytest.approx(complex(ring.response(np.array([frequency]))[0]), rel=2e-3)


def test_a_detuned_ring_peaks_and_outruns_its_linewidth() -> None:
    f = np.linspace(0, 400e9, 4001)
    near = np.abs(optics.Ring(detuning=15e9, shift=5e9, linewidth=50e9).response(f))
    far = np.abs(optics.Ring(detuning=40e9, shift=5e9, linewidth=50e9).response(f))
    assert far.max() > 1.05 > near.max()
    assert f[np.argmax(far < np.sqrt(0.5))] > f[np.argmax(near < np.sqrt(0.5))] > 25e9
    static = optics.Ring(detuning=20e9, shift=5e9, linewidth=50e9, floor_db=20.0)
    assert static.curve(np.array([4.0])) == pytest.approx([0.01])


def test_electro_absorption_gives_the_light_of_its_exponential() -> None:
    device = optics.ElectroAbsorption(bias=1.0, scale=0.8, exponent=2.0, insertion_loss_db=3.0)
    assert device.curve(np.array([1.0, 0.0])) == pytest.approx(10**-0.3 * np.exp([0.0, -1.5625]))
    assert device.curve(np.array([5.0]))[0] == pytest.approx(10**-0.3)


def test_vcsel_follows_its_slope_above_threshold_and_its_rate_equations() -> None:
    device = optics.Vcsel(bias=8e-3, threshold=1e-3, slope=0.5, resistance=50.0, resonance=20e9, damping=1e11)
    assert device.curve(np.array([-0.4, 0.0, 0.1, -1.0])) == pytest.approx([0.0, 3.5e-3, 4.5e-3, 0.0])
    # second-order system y'' + gamma y' + w_r^2 y = w_r^2 x driven by a sine
    w, wr, gamma = 2 * np.pi * 15e9, 2 * np.pi * 20e9, 1e11
    assert device.response(np.array([15e9]))[0] == pytest.approx(wr**2 / (wr**2 - w**2 + 1j * w * gamma))
    assert device.noise_density(np.zeros(2), 1e-3) == pytest.approx([0.0, 0.0])


def test_driver_is_linear_when_small_and_levels_off() -> None:
    driver = optics.Driver(4.0, saturation=2.0, bandwidth=50e9)
    assert driver.curve(np.array([1e-4])) == pytest.approx([4e-4], rel=1e-6)
    assert driver.curve(np.array([100.0])) == pytest.approx([2.0])
    assert optics.Laser(0.02, rin_db_per_hz=-140.0).rin == pytest.approx(1e-14)


@pytest.mark.parametrize("name", ["dr-silicon-mzm", "sr-vcsel", "sr-vcsel-rate-equations", "microled-2g"])
@pytest.mark.parametrize("noise", [1e9, -79.0, float("nan"), float("inf"), -1e9])
def test_no_source_has_an_intensity_noise_beyond_any_laser(name: str, noise: float) -> None:
    """A gigabel has no value in 1/Hz at all."""
    source = optics.load_optics(name).path.source
    assert dataclasses.replace(source, rin_db_per_hz=-np.inf).rin == 0.0
    with pytest.raises(PhysicsError, match=r"rin_db_per_hz must be from -200 to -80"):
        dataclasses.replace(source, rin_db_per_hz=noise)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optics.Laser(-1e-3), "power must be"),
        (lambda: optics.Laser(1e-3, rin_db_per_hz=140.0), "rin_db_per_hz must be"),
        (lambda: optics.MachZehnder(0.0), "v_pi must be"),
        (lambda: optics.MachZehnder(float("nan")), "v_pi must be"),
        (lambda: optics.MachZehnder(3.0, kind="brick", bandwidth=1e9).response(np.ones(1)), "kind must be"),
        (lambda: optics.Ring(detuning=0.0, shift=5e9, linewidth=50e9), "on resonance"),
        (lambda: optics.Vcsel(bias=1e-3, threshold=2e-3, slope=0.5, resistance=50.0, resonance=2e10, damping=1e11),
         "above its threshold"),
        (lambda: optics.level_mismatch(np.array([0.0, 2.0, 1.0, 3.0])), "four ascending"),
        (lambda: optics.level_mismatch(np.array([0.0, 1.0, 2.0, 3.0]), "93A"), "clause must be"),
    ],
)  # fmt: skip
def test_bad_values_are_named(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(PhysicsError, match=message):
        make()
