"""Connectors, contacts, coupling capacitors and redrivers against chain matrices of their circuits, written out here."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from sirf.channel.materials import Material
from sirf.channel.parts.capacitor import Capacitor
from sirf.channel.parts.connector import Connector
from sirf.channel.parts.contacts import Ball, Socket, lumped_limit
from sirf.channel.parts.redriver import Redriver
from sirf.channel.parts.two_lines import TwoLines
from sirf.errors import PhysicsError

Complex = NDArray[np.complexfloating[Any, Any]]

FREQUENCY = np.linspace(0.1e9, 60e9, 240)
JW = 2j * np.pi * FREQUENCY
C = 299_792_458.0
LOSSLESS = Material(id="air", title="no loss", dk=2.25, df=0.0, frequency=1e9)


def chain(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Complex:
    return np.moveaxis(np.array([[a, b], [c, d]], dtype=complex), -1, 0)


def series(impedance: Complex) -> Complex:
    one, zero = np.ones_like(impedance), np.zeros_like(impedance)
    return chain(one, impedance, zero, one)


def shunt(admittance: Complex) -> Complex:
    one, zero = np.ones_like(admittance), np.zeros_like(admittance)
    return chain(one, zero, admittance, one)


def line(gamma_length: Complex, impedance: Complex | float) -> Complex:
    hyper, cosine = np.sinh(gamma_length), np.cosh(gamma_length)
    return chain(cosine, impedance * hyper, hyper / impedance, cosine)


def scattering(*parts: Complex, reference: float = 50.0) -> Complex:
    """S (F, 2, 2) of chain matrices in a row, one line against its plane."""
    (a, b), (c, d) = np.moveaxis(reduce(np.matmul, parts), 0, -1)
    b, c = b / reference, c * reference
    total = a + b + c + d
    s = np.array([[a + b - c - d, 2.0 * (a * d - b * c)], [2.0 * np.ones_like(a), -a + b - c + d]]) / total
    return np.moveaxis(s, -1, 0)


def test_a_ball_is_a_pi_and_says_how_far_it_is_short() -> None:
    ball = Ball(capacitance=30e-15, inductance=80e-12)
    expected = scattering(shunt(JW * 30e-15), series(JW * 80e-12), shunt(JW * 30e-15))
    assert ball.network(FREQUENCY).s == pytest.approx(expected, abs=1e-12)
    resonance = 1.0 / (2.0 * np.pi * np.sqrt(30e-15 * 80e-12))
    assert ball.valid_to == pytest.approx(resonance / 4.0)
    assert lumped_limit(0.0, 1e-12) == np.inf


def test_a_socket_is_pad_film_line_film_pad() -> None:
    socket = Socket(impedance=84.0, length=1.5e-3, dk=3.2, pad=40e-15, resistance=0.6)
    body = line(JW * 1.5e-3 * np.sqrt(3.2) / C, 42.0)
    film, pad = series(np.full(FREQUENCY.size, 0.3 + 0j)), shunt(JW * 40e-15)
    assert socket.network(FREQUENCY).s == pytest.approx(scattering(pad, film, body, film, pad), abs=1e-12)
    # half a wave in its length
    assert C / np.sqrt(3.2) / socket.valid_to == pytest.approx(2.0 * 1.5e-3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_neighbouring_contacts_share_inductance_and_not_capacitance(sign: float) -> None:
    """In a mode L becomes L (1 + sign k): impedance and delay both rise as its root."""
    socket = Socket(impedance=90.0, length=2e-3, dk=3.0, coupling=0.15)
    root = np.sqrt(1.0 + sign * 0.15)
    expected = scattering(line(JW * 2e-3 * np.sqrt(3.0) * root / C, 45.0 * root))
    assert socket.mode(sign).network(FREQUENCY).s == pytest.approx(expected, abs=1e-12)


def test_a_connector_is_a_line_with_skin_between_pads() -> None:
    connector = Connector(impedance=92.0, length=9e-3, pad=35e-15, material=LOSSLESS, skin_db_per_m=4.0)
    # a nominal loss of 4 dB/m at 1 GHz on the connector's own 46 ohm
    resistance = 2.0 * 46.0 * 4.0 / 8.685889638 * np.sqrt(FREQUENCY / 1e9)
    per_metre = JW * 46.0 * 1.5 / C + (1.0 + 1j) * resistance
    to_plane = JW * 1.5 / (C * 46.0)
    body = line(9e-3 * np.sqrt(per_metre * to_plane), np.sqrt(per_metre / to_plane))
    pad = shunt(JW * 35e-15)
    assert connector.network(FREQUENCY).s == pytest.approx(scattering(pad, body, pad), abs=1e-9)


def test_a_notch_has_its_depth_and_its_width() -> None:
    """Matched, a short line: at resonance the stated dB are lost; half of the conductance is left at f_0 / 2Q off."""
    notch = Connector(
        impedance=100.0,
        length=1e-9,
        pad=0.0,
        material=LOSSLESS,
        skin_db_per_m=0.0,
        resonance=40e9,
        resonance_db=6.0,
        resonance_q=25.0,
    )
    # where x - 1/x = 1/Q the reactance equals the resistance: the admittance is G / (1 + j)
    offset = 0.5 / 25.0
    upper = 40e9 * (offset + np.sqrt(1.0 + offset**2))
    s = notch.network(np.array([1e6, 40e9, upper])).s
    assert -20.0 * np.log10(np.abs(s[:, 1, 0]))[:2] == pytest.approx([0.0, 6.0], abs=1e-6)
    conductance = 2.0 * (10.0 ** (6.0 / 20.0) - 1.0)
    assert s[2, 1, 0] == pytest.approx(1.0 / (1.0 + 0.5 * conductance / (1.0 + 1j)), abs=1e-6)


def test_the_notch_stands_in_the_middle_of_the_line() -> None:
    given = {"impedance": 100.0, "pad": 0.0, "material": LOSSLESS, "skin_db_per_m": 0.0}
    s = Connector(length=8e-3, resonance=30e9, resonance_db=10.0, **given).network(FREQUENCY).s  # type: ignore[arg-type]
    # both reflections come back at once, over half of the length there and back
    assert s[:, 0, 0] == pytest.approx(s[:, 1, 1], abs=1e-12)
    at = np.argmin(np.abs(FREQUENCY - 30e9))
    plain = Connector(length=8e-3, **given).network(FREQUENCY).s[at, 1, 0]  # type: ignore[arg-type]
    assert s[at, 0, 0] / (s[at, 1, 0] - plain) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("common", [20.0, 30.0])
def test_the_common_mode_runs_on_the_stated_impedance(common: float) -> None:
    """Both lines side by side have half of one line's impedance, so that one line has twice the common one."""
    socket = Socket(impedance=84.0, length=2e-3, dk=3.0, common_impedance=common)
    found = socket.pair(FREQUENCY)
    expected = scattering(line(JW * 2e-3 * np.sqrt(3.0) / C, 2.0 * common))
    assert found.cc == pytest.approx(expected, abs=1e-12)
    assert found.dd == pytest.approx(socket.network(FREQUENCY).s, abs=1e-12)
    assert isinstance(socket, TwoLines)
    assert not socket.converts


def test_lines_of_no_stated_common_impedance_carry_both_modes_alike() -> None:
    socket = Socket(impedance=84.0, length=2e-3)
    found = socket.pair(FREQUENCY)
    assert found.cc == pytest.approx(found.dd)
    assert socket.common_mode != Socket(impedance=84.0, length=2e-3, common_impedance=25.0).common_mode


def test_a_capacitor_is_its_circuit_and_open_at_dc() -> None:
    part = Capacitor(capacitance=1e-12, resistance=0.4, inductance=150e-12, pad=25e-15)
    pad, branch = shunt(JW * 25e-15), series(1.0 / (JW * 1e-12) + 0.4 + JW * 150e-12)
    assert part.network(FREQUENCY).s == pytest.approx(scattering(pad, branch, pad), abs=1e-12)
    assert part.network(np.array([0.0])).s[0] == pytest.approx(np.eye(2))
    assert part.valid_to == pytest.approx(0.25 / (2.0 * np.pi * np.sqrt(150e-12 * 25e-15)))


def test_half_of_the_power_passes_at_the_corner() -> None:
    part = Capacitor(capacitance=100e-9)
    assert np.abs(part.network(np.array([part.corner])).s[0, 1, 0]) ** 2 == pytest.approx(0.5)
    # resistance in series lowers the corner: there a half of what it ever passes arrives
    lossy = Capacitor(capacitance=100e-9, resistance=10.0)
    passed = np.abs(lossy.network(np.array([lossy.corner, 1e9])).s[:, 1, 0]) ** 2
    assert passed[0] == pytest.approx(0.5 * passed[1], rel=1e-5)


def test_a_redriver_lifts_between_its_zero_and_its_poles_and_only_one_way() -> None:
    part = Redriver(gain_db=-3.0, zero=2e9, pole_1=20e9, pole_2=40e9)
    s = part.network(FREQUENCY).s
    size = (1.0 + (FREQUENCY / 2e9) ** 2) / (1.0 + (FREQUENCY / 20e9) ** 2) / (1.0 + (FREQUENCY / 40e9) ** 2)
    assert 20.0 * np.log10(np.abs(s[:, 1, 0])) == pytest.approx(-3.0 + 10.0 * np.log10(size))
    phase = np.arctan(FREQUENCY / 2e9) - np.arctan(FREQUENCY / 20e9) - np.arctan(FREQUENCY / 40e9)
    assert np.angle(s[:, 1, 0]) == pytest.approx(phase)
    assert not np.any(s[:, [0, 0, 1], [0, 1, 1]])


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(PhysicsError, match="dk of at least 1"):
        Socket(impedance=84.0, length=2e-3, dk=0.9)
    with pytest.raises(PhysicsError, match="capacitance of capacitor must be positive"):
        Capacitor(capacitance=0.0)
    with pytest.raises(PhysicsError, match="not above its poles"):
        Redriver(gain_db=0.0, zero=30e9, pole_1=20e9, pole_2=40e9)
    with pytest.raises(PhysicsError, match="gain_db of redriver"):
        Redriver(gain_db=41.0, zero=1e9, pole_1=20e9, pole_2=40e9)
    with pytest.raises(PhysicsError, match="resonance and resonance_q"):
        Connector(impedance=92.0, length=9e-3, pad=0.0, material=LOSSLESS, skin_db_per_m=4.0, resonance_q=0.0)
