"""Balls, vias and connectors: closed forms, stub resonance, passivity, causality, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.cascade import cascade
from sirf.channel.materials import list_materials, load_material
from sirf.channel.package import series_inductance, shunt_capacitance
from sirf.channel.parts import Ball, Connector, Via
from sirf.channel.parts.via import pad_capacitance
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db

BOARD = load_material("megtron7")


def test_ball_is_a_pi_of_its_values() -> None:
    side = shunt_capacitance(FREQUENCY, 25e-15)
    expected = cascade(cascade(side, series_inductance(FREQUENCY, 90e-12)), side)
    assert np.allclose(Ball(capacitance=25e-15, inductance=90e-12).network(FREQUENCY).s, expected, atol=1e-12)


def test_via_is_a_coaxial_line() -> None:
    """60 / sqrt(Dk) x ln(antipad / barrel) ohm and the delay of its length."""
    via = Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=1e-3)
    assert via.impedance == pytest.approx(2 * 59.96 / np.sqrt(3.4) * np.log(4.0), rel=1e-3)
    f = np.array([5e9])
    phase = -np.angle(via.network(f).s[0, 1, 0])
    assert phase == pytest.approx(2 * np.pi * 5e9 * 1e-3 * np.sqrt(3.4) / C0, rel=0.03)


@pytest.mark.parametrize("stub", [0.5e-3, 1.0e-3, 2.0e-3])
def test_stub_resonates_at_a_quarter_wave(stub: float) -> None:
    via = Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=1e-3, stub=stub, pad=10e-15)
    f = np.linspace(1e9, 100e9, 9901)
    deepest = f[np.argmin(np.abs(via.network(f).s[:, 1, 0]))]
    assert deepest == pytest.approx(C0 / (4 * stub * np.sqrt(3.4)), rel=0.05)
    assert via.stub_resonance == pytest.approx(deepest, rel=0.05)


def test_via_without_stub_does_not_resonate() -> None:
    assert Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=1e-3).stub_resonance == float("inf")


def test_connector_loses_what_its_material_and_metal_say() -> None:
    """Matched and without pads: skin_db_per_m sqrt(f / GHz) + 27.3 f sqrt(Dk) Df / c, in dB/m, times its length."""
    connector = Connector(impedance=100.0, length=0.012, pad=0.0, material=BOARD, skin_db_per_m=2.0)
    f = 12e9
    loss = -20 * np.log10(np.abs(connector.network(np.array([f])).s[0, 1, 0]))
    assert loss == pytest.approx(0.012 * (2.0 * np.sqrt(12.0) + 27.29 * f * np.sqrt(3.4) * 0.002 / C0), rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    capacitance=st.floats(0, 200e-15),
    inductance=st.floats(0, 300e-12),
    material=st.sampled_from(list_materials()),
    barrel=st.floats(100e-6, 300e-6),
    clearance=st.floats(1.2, 6.0),
    lengths=st.tuples(st.floats(0, 4e-3), st.floats(0, 3e-3)),
    coupling=st.floats(0, 0.5),
    sign=st.sampled_from([-1.0, 0.0, 1.0]),
)
def test_every_part_is_passive_and_reciprocal(
    capacitance: float,
    inductance: float,
    material: str,
    barrel: float,
    clearance: float,
    lengths: tuple[float, float],
    coupling: float,
    sign: float,
) -> None:
    board = load_material(material)
    ball = Ball(capacitance=capacitance, inductance=inductance, coupling=coupling)
    via = Via(
        material=board,
        barrel=barrel,
        antipad=clearance * barrel,
        length=lengths[0],
        stub=lengths[1],
        pad=capacitance,
        coupling=coupling,
    )
    connector = Connector(
        impedance=70 + 1e12 * inductance / 6,
        length=1e-3 + 10 * lengths[0],
        pad=capacitance,
        material=board,
        skin_db_per_m=3.0,
        coupling=coupling,
    )
    for part in (ball, via, connector):
        check_physical(part.mode(sign).network(FREQUENCY))


@settings(max_examples=15, deadline=None)
@given(
    length=st.floats(5e-3, 30e-3),
    impedance=st.floats(80, 110),
    pad=st.floats(0, 60e-15),
    stub=st.floats(0, 2e-3),
)
def test_via_and_connector_are_causal(length: float, impedance: float, pad: float, stub: float) -> None:
    root = np.sqrt(BOARD.high_frequency_dk)
    connector = Connector(impedance=impedance, length=length, pad=pad, material=BOARD, skin_db_per_m=2.0)
    assert early_energy_db(connector.network(PULSE_GRID).s[:, 1, 0], length * root / C0) < -60
    via = Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=length / 10, stub=stub, pad=pad)
    assert early_energy_db(via.network(PULSE_GRID).s[:, 1, 0], length / 10 * root / C0) < -60


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Ball(capacitance=-1e-15, inductance=0.0), "capacitance of ball must be zero or more, got -1e-15"),
        (lambda: Ball(capacitance=0.0, inductance=float("inf")), "inductance of ball must be"),
        (lambda: Ball(capacitance=0.0, inductance=0.0, coupling=0.9), "coupling of ball must be between 0 and 0.5"),
        (lambda: Via(material=BOARD, barrel=2e-4, antipad=2e-4, length=1e-3), "antipad of via must be larger"),
        (lambda: Via(material=BOARD, barrel=2e-4, antipad=8e-4, length=-1.0), "length of via must be"),
        (
            lambda: Connector(impedance=0.0, length=0.01, pad=0.0, material=BOARD, skin_db_per_m=1.0),
            "connector must have a positive impedance",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(PhysicsError, match=words):
        make()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_in_the_even_mode_of_two_pairs_inductance_grows_by_the_coupling(sign: float) -> None:
    """Currents that flow alike in both pairs add their mutual inductance, opposite ones take it off; capacitance stays."""
    ball = Ball(capacitance=25e-15, inductance=90e-12, coupling=0.2)
    side, series = (
        shunt_capacitance(FREQUENCY, 25e-15),
        series_inductance(FREQUENCY, 90e-12 * (1.0 + sign * 0.2)),
    )
    expected = cascade(cascade(side, series), side)
    assert np.allclose(ball.mode(sign).network(FREQUENCY).s, expected, atol=1e-12)
    via = Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=1e-3, coupling=0.2)
    high = np.array([40e9])
    delays = [-np.angle(one.network(np.array([2e9])).s[0, 1, 0]) for one in (via, via.mode(sign))]
    assert (delays[1] > delays[0]) == (sign > 0.0)
    assert via.mode(sign).inductance_factor == pytest.approx(1.0 + sign * 0.2)
    assert abs(via.mode(sign).network(high).s[0, 1, 0]) <= 1.0


@pytest.mark.parametrize(
    "sizes",
    [
        {"thickness": 0.0},
        {"dk": 0.99},
        {"antipad": 1.19 * 450e-6},
        {"antipad": 5.01 * 450e-6},
    ],
)
def test_a_pad_outside_its_formula_is_refused(sizes: dict[str, float]) -> None:
    given = {"dk": 3.4, "pad": 450e-6, "antipad": 700e-6, "thickness": 100e-6}
    assert pad_capacitance(**given) > 0.0
    with pytest.raises(PhysicsError, match=r"antipad must be 1\.2 to 5 times the pad"):
        pad_capacitance(**(given | sizes))
