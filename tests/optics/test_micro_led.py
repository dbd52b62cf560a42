"""A micro-LED against the closed forms of the ABC model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf import optics
from sirf.errors import PhysicsError
from sirf.units import C0, ELECTRON, PLANCK


def led(**changes: float) -> optics.MicroLed:
    values = {
        "bias": 1e-4, "area": 2e-12, "thickness": 2.5e-9, "trap": 0.0, "radiative": 1e-17, "auger": 0.0,
        "wavelength": 430e-9, "extraction": 0.3, "resistance": 2000.0,
    }  # fmt: skip
    return optics.MicroLed(**(values | changes))


@pytest.mark.parametrize("bias", [1e-6, 1e-5, 1e-4, 1e-3])
def test_bandwidth_goes_with_the_root_of_current_density_where_radiation_rules(bias: float) -> None:
    one = led(bias=bias)
    density = one.current_density
    closed = np.sqrt(1e-17 * density / (ELECTRON * 2.5e-9)) / np.pi
    assert one.bandwidth == pytest.approx(closed, rel=1e-9)
    # the response there has lost 3.01 dB of electrical power
    assert abs(one.response(np.array([closed]))[0]) == pytest.approx(np.sqrt(0.5), rel=1e-9)


def test_bandwidth_goes_with_the_two_thirds_power_where_auger_rules() -> None:
    low, high = (led(bias=bias, radiative=1e-22, auger=1e-43) for bias in (1e-4, 8e-4))
    assert high.bandwidth / low.bandwidth == pytest.approx(4.0, rel=1e-3)


def test_bandwidth_is_that_of_traps_at_small_current() -> None:
    assert led(bias=1e-9, trap=1e9, auger=1e-43).bandwidth == pytest.approx(1e9 / (2.0 * np.pi), rel=1e-2)


@pytest.mark.parametrize("bias", [1e-6, 1e-4, 1e-3])
def test_bandwidth_is_how_fast_recombination_grows_with_carriers(bias: float) -> None:
    """A, B and C all at work: the rate of small changes is the slope of current over carriers, found by differences."""
    one = led(bias=bias, trap=1e7, auger=1e-42)
    near = bias * np.array([1.0 - 1e-5, 1.0 + 1e-5])
    n = one.carriers(near)
    slope = np.diff(near)[0] / np.diff(n)[0] / (ELECTRON * 2.5e-9 * 2e-12)
    assert one.bandwidth == pytest.approx(slope / (2.0 * np.pi), rel=1e-6)


def test_all_carriers_make_light_without_traps_and_auger() -> None:
    one = led()
    volts = np.array([-0.2, -0.1, 0.0, 0.1])
    current = one.bias + volts / one.resistance
    expected = current / ELECTRON * 0.3 * PLANCK * C0 / 430e-9
    np.testing.assert_allclose(one.curve(volts), expected, rtol=1e-9, atol=1e-20)


def test_efficiency_peaks_at_the_closed_form_and_droops() -> None:
    one = led(trap=1e7, auger=1e-43, bias=1e-3)
    n = np.sqrt(1e7 / 1e-43)
    current = ELECTRON * 2.5e-9 * 2e-12 * (1e7 * n + 1e-17 * n**2 + 1e-43 * n**3)
    around = np.array([0.5, 0.99, 1.0, 1.01, 2.0]) * current
    share = one.curve((around - one.bias) * one.resistance) / around
    assert np.argmax(share) == 2
    peak = 1e-17 / (1e-17 + 2.0 * np.sqrt(1e7 * 1e-43)) / ELECTRON * 0.3 * PLANCK * C0 / 430e-9
    assert share[2] == pytest.approx(peak, rel=1e-9)


def test_carriers_solve_their_cubic() -> None:
    one = led(trap=1e7, auger=1e-43)
    current = np.geomspace(1e-9, 1e-2, 40)
    n = one.carriers(current)
    rate = 1e7 * n + 1e-17 * n**2 + 1e-43 * n**3
    np.testing.assert_allclose(rate * ELECTRON * 2.5e-9 * 2e-12, current, rtol=1e-10)
    assert one.carriers(np.array([0.0, -1e-3])) == pytest.approx([0.0, 0.0])


def test_shipped_link_is_faster_than_half_a_gigahertz_and_takes_a_path() -> None:
    preset = optics.load_optics("microled-2g")
    source = preset.path.source
    assert isinstance(source, optics.MicroLed)
    assert 0.3e9 < source.bandwidth < 2e9
    assert preset.order == 2
    slow = dataclasses.replace(source, bias=0.1 * source.bias)
    assert slow.bandwidth < 0.5 * source.bandwidth


def test_bad_values_are_refused() -> None:
    with pytest.raises(PhysicsError, match="extraction must be from"):
        led(extraction=1.5)
