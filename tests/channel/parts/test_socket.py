"""Sockets, connector notches and pads: closed forms, passivity, causality, refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.materials import load_material
from sirf.channel.parts import Ball, Connector, Socket, Via, pad_capacitance
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db

CONNECTOR = Connector(impedance=100.0, length=0.012, pad=0.0, material=load_material("megtron7"), skin_db_per_m=2.0)


def test_a_socket_at_dc_is_its_contact_resistance() -> None:
    s = Socket(impedance=80.0, length=1e-3, resistance=0.05).network(np.array([0.0])).s[0]
    assert s[1, 0] == pytest.approx(100.0 / 100.05)


def test_a_short_socket_is_the_ball_of_its_inductance_and_capacitance() -> None:
    """A line much shorter than a wave is L = Z sqrt(Dk) l / c in series between the halves of C = sqrt(Dk) l / (Z c)."""
    socket = Socket(impedance=120.0, length=0.3e-3, dk=3.0)
    inductance = 60.0 * np.sqrt(3.0) * 0.3e-3 / C0
    ball = Ball(capacitance=0.5 * inductance / 60.0**2, inductance=inductance)
    f = np.linspace(0.0, 20e9, 41)
    assert np.allclose(socket.network(f).s, ball.network(f).s, atol=2e-3)
    assert socket.valid_to == pytest.approx(C0 / (2 * 0.3e-3 * np.sqrt(3.0)))


def test_a_ground_resonance_is_a_notch_of_its_depth_and_place() -> None:
    part = dataclasses.replace(CONNECTOR, resonance=45e9, resonance_db=3.0)
    f = np.linspace(40e9, 50e9, 1001)
    extra = 20 * np.log10(np.abs(CONNECTOR.network(f).s[:, 1, 0] / part.network(f).s[:, 1, 0]))
    assert f[np.argmax(extra)] == pytest.approx(45e9, rel=2e-3)
    assert extra.max() == pytest.approx(3.0, abs=0.05)
    half = f[extra > -10 * np.log10(0.5 * (1 + 10**-0.3))]
    assert 0.3e9 < half[-1] - half[0] < 3e9


def test_a_pad_has_johnson_and_grahams_capacitance() -> None:
    """Equation 7.8 in its own units: 1.41 er T D1 / (D2 - D1) pF, inches; their example of 0.028, 0.050, 0.063 in: 0.51 pF."""
    inch = 0.0254
    value = pad_capacitance(dk=4.7, pad=0.028 * inch, antipad=0.050 * inch, thickness=0.063 * inch)
    assert value == pytest.approx(0.51e-12, rel=0.05)
    with pytest.raises(PhysicsError, match=r"antipad must be 1\.2 to 5 times the pad"):
        pad_capacitance(dk=4.7, pad=0.5e-3, antipad=0.5e-3, thickness=1e-3)


def test_stated_ranges_are_those_of_the_docstrings() -> None:
    via = Via(material=load_material("megtron7"), barrel=200e-6, antipad=800e-6, length=1e-3)
    assert via.valid_to == pytest.approx(2 * C0 / (np.pi * 1e-3 * np.sqrt(3.4)))
    assert Ball(capacitance=20e-15, inductance=60e-12).valid_to == pytest.approx(36.3e9, rel=0.01)
    assert Ball(capacitance=0.0, inductance=15e-12).valid_to == float("inf")


@settings(max_examples=20, deadline=None)
@given(
    impedance=st.floats(60, 140),
    length=st.floats(0.2e-3, 3e-3),
    dk=st.floats(1, 5),
    pad=st.floats(0, 80e-15),
    resistance=st.floats(0, 0.1),
    depth=st.floats(0, 12),
    resonance=st.floats(20e9, 100e9),
    q=st.floats(5, 100),
    sign=st.sampled_from([-1.0, 0.0, 1.0]),
)
def test_every_socket_and_resonant_connector_is_passive_reciprocal_and_causal(
    impedance: float,
    length: float,
    dk: float,
    pad: float,
    resistance: float,
    depth: float,
    resonance: float,
    q: float,
    sign: float,
) -> None:
    socket = Socket(impedance=impedance, length=length, dk=dk, pad=pad, resistance=resistance, coupling=0.05)
    connector = dataclasses.replace(
        CONNECTOR, impedance=impedance, length=5 * length, resonance=resonance, resonance_db=depth, resonance_q=q
    )
    check_physical(socket.mode(sign).network(FREQUENCY))
    check_physical(connector.mode(sign).network(FREQUENCY))
    early = length * np.sqrt(dk) / C0
    assert early_energy_db(socket.network(PULSE_GRID).s[:, 1, 0], early) < -60
    slow = 5 * length * np.sqrt(CONNECTOR.material.high_frequency_dk) / C0
    assert early_energy_db(connector.network(PULSE_GRID).s[:, 1, 0], slow) < -60


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Socket(impedance=0.0, length=1e-3), "socket must have a positive impedance"),
        (lambda: Socket(impedance=90.0, length=1e-3, resistance=-1.0), "resistance of socket must be zero or more"),
        (lambda: Socket(impedance=90.0, length=1e-3, coupling=0.7), "coupling of socket must be between"),
        (
            lambda: dataclasses.replace(CONNECTOR, resonance=0.0),
            "resonance and resonance_q of connector must be positive",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(PhysicsError, match=words):
        make()
