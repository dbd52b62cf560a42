"""Coupling capacitors: scikit-rf's series element, the blocked DC, the high-pass corner, resonance, passivity."""

from __future__ import annotations

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from skrf.media import DefinedGammaZ0

from sirf.channel.parts import Capacitor
from sirf.errors import PhysicsError
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db


def test_network_is_scikit_rfs_ladder() -> None:
    """Shunt C, then C, R and L in series, shunt C, each of one line at 50 ohm."""
    f = FREQUENCY[1:]
    media = DefinedGammaZ0(skrf.Frequency.from_f(f, unit="Hz"), z0=50.0)
    side = media.shunt_capacitor(40e-15)
    expected = side ** media.capacitor(100e-9) ** media.resistor(0.03) ** media.inductor(250e-12) ** side
    part = Capacitor(capacitance=100e-9, resistance=0.03, inductance=250e-12, pad=40e-15)
    assert np.allclose(part.network(f).s, expected.s, atol=1e-9)


def test_dc_is_blocked_exactly_and_half_power_passes_at_the_corner() -> None:
    part = Capacitor(capacitance=100e-9)
    s = part.network(np.array([0.0, part.corner, 1e9])).s
    assert s[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert np.abs(s[1, 1, 0]) == pytest.approx(np.sqrt(0.5))
    assert np.abs(s[2, 1, 0]) == pytest.approx(1.0, abs=1e-9)
    assert part.corner == pytest.approx(1 / (2 * np.pi * 100.0 * 100e-9))


def test_only_the_resistance_is_left_at_series_resonance() -> None:
    part = Capacitor(capacitance=1e-9, resistance=2.0, inductance=250e-12)
    resonance = 1 / (2 * np.pi * np.sqrt(1e-9 * 250e-12))
    assert part.network(np.array([resonance])).s[0, 1, 0] == pytest.approx(100 / 102)


@settings(max_examples=25, deadline=None)
@given(
    capacitance=st.floats(1e-9, 1e-6),
    resistance=st.floats(0, 1.0),
    inductance=st.floats(0, 1e-9),
    pad=st.floats(0, 200e-15),
)
def test_every_capacitor_is_passive_reciprocal_and_causal(
    capacitance: float, resistance: float, inductance: float, pad: float
) -> None:
    part = Capacitor(capacitance=capacitance, resistance=resistance, inductance=inductance, pad=pad)
    check_physical(part.network(FREQUENCY))
    # DC taken from its neighbour: the tail of the one point at DC is longer than the grid's period
    s21 = part.network(PULSE_GRID).s[:, 1, 0].copy()
    s21[0] = s21[1].real
    assert early_energy_db(s21, 0.0) < -60


def test_values_that_cannot_be_built_are_refused() -> None:
    with pytest.raises(PhysicsError, match="capacitance of capacitor must be positive, got 0"):
        Capacitor(capacitance=0.0)
    with pytest.raises(PhysicsError, match="inductance of capacitor must be zero or more"):
        Capacitor(capacitance=1e-7, inductance=-1e-12)
