"""Shielded twin cable: a field solution in the shield, published cable loss, passivity, causality, refusals."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.lines import Twinax
from sirf.channel.materials import load_material
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.physical import PULSE_GRID, check_physical, early_energy_db

FOAM = load_material("foam-twinax")
CABLE = Twinax(material=FOAM, wire=405e-6, separation=880e-6, shield=2.1e-3)
"""26 AWG."""


def field_solution(wire: float, separation: float, shield: float, panels: int = 160, *, common: bool = False) -> float:
    """Differential or common impedance in ohm in air: charges on both wires, their images in the round shield at R² / conj(z)."""
    angle = (np.arange(panels) + 0.5) * 2 * np.pi / panels
    place = np.concatenate(
        (separation / 2 + wire / 2 * np.exp(1j * angle), -separation / 2 + wire / 2 * np.exp(1j * angle))
    )
    image = (shield / 2) ** 2 / np.conj(place)
    distance = np.abs(place[:, None] - place[None, :])
    # the mean of ln over a panel's own half length a is ln a - 1
    np.fill_diagonal(distance, wire / 2 * np.pi / panels / math.e)
    far = np.abs(place[:, None] - image[None, :]) * np.abs(place)[None, :] / (shield / 2)
    charge = np.linalg.solve(np.log(far / distance), np.repeat([1.0, 1.0 if common else -1.0], panels))
    # 2 V between the wires, or 1 V on both of them and twice the charge
    return float(376.73 / (charge[:panels].sum() * np.pi)) * (0.25 if common else 1.0)


@pytest.mark.parametrize("separation", [1.3, 1.6, 2.0, 2.5])
@pytest.mark.parametrize("room", [1.0, 2.0, 4.0])
def test_impedance_agrees_with_a_field_solution(separation: float, room: float) -> None:
    air = dataclasses.replace(FOAM, dk=1.0, df=0.0)
    cable = Twinax(material=air, wire=1e-3, separation=separation * 1e-3, shield=(separation + 1 + room) * 1e-3)
    solved = field_solution(cable.wire, cable.separation, cable.shield)
    assert cable.impedance == pytest.approx(solved, rel=0.025)


@pytest.mark.parametrize("separation", [1.3, 1.6, 2.0, 2.5])
@pytest.mark.parametrize("room", [1.0, 2.0, 4.0])
def test_the_common_impedance_agrees_with_a_field_solution(separation: float, room: float) -> None:
    """Both wires in parallel against the shield: thin wires and the dipole that each one's surroundings induce in it."""
    air = dataclasses.replace(FOAM, dk=1.0, df=0.0)
    cable = Twinax(material=air, wire=1e-3, separation=separation * 1e-3, shield=(separation + 1 + room) * 1e-3)
    solved = field_solution(cable.wire, cable.separation, cable.shield, common=True)
    assert cable.common_impedance == pytest.approx(solved, rel=0.02)


def test_loss_leaves_room_for_connectors_in_the_published_cable_budget() -> None:
    """IEEE 802.3ck clause 162: a 2 m assembly loses at most 19.75 dB at 26.56 GHz, with two connectors of 2 to 3 dB each."""
    assert 19.75 - 2 * 3.0 > 2 * float(CABLE.loss_db_per_m(26.5625e9)) > 0.5 * (19.75 - 2 * 3.0)


def test_smooth_wire_loss_is_that_of_two_wires_in_the_open() -> None:
    """Far shield: R = R_s / (pi r) x (D / 2r) / sqrt((D / 2r)² - 1) for both wires together (Ramo, Whinnery, Van Duzer)."""
    cable = Twinax(material=dataclasses.replace(FOAM, df=0.0), wire=0.4e-3, separation=1e-3, shield=40e-3)
    f = 1e9
    surface = np.sqrt(np.pi * f * 4e-7 * np.pi / FOAM.conductivity)
    resistance = 2 * surface / (np.pi * cable.wire) * 2.5 / np.sqrt(2.5**2 - 1)
    assert float(cable.loss_db_per_m(f)) == pytest.approx(8.686 * resistance / (2 * cable.impedance), rel=0.03)


@settings(max_examples=10, deadline=None)
@given(
    wire=st.floats(0.2e-3, 0.5e-3),
    separation=st.floats(1.3, 2.5),
    room=st.floats(1.05, 2.0),
    length=st.floats(0.05, 0.5),
    dk=st.floats(1.3, 2.3),
)
def test_every_cable_is_passive_reciprocal_and_causal(
    wire: float, separation: float, room: float, length: float, dk: float
) -> None:
    foam = dataclasses.replace(FOAM, dk=dk)
    cable = Twinax(material=foam, wire=wire, separation=separation * wire, shield=(separation + 1 + room) * wire)
    grid = np.linspace(0.0, min(110e9, cable.cutoff), 200)
    check_physical(cable.network(grid, 4 * length))
    thin = Twinax(material=foam, wire=40e-6, separation=separation * 40e-6, shield=(separation + 1 + room) * 40e-6)
    s21 = thin.network(PULSE_GRID, 0.3 * length).s[:, 1, 0]
    assert early_energy_db(s21, 0.3 * length * thin.earliest_index / C0) < -60


@pytest.mark.parametrize("changes", [{"separation": 0.4e-3}, {"shield": 1e-3}, {"wire": -1.0}, {"wire": float("nan")}])
def test_wires_that_touch_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(PhysicsError, match="wires must be a quarter"):
        dataclasses.replace(CABLE, **changes)  # type: ignore[arg-type]  # numbers only


def test_band_beyond_the_shields_own_mode_is_refused() -> None:
    with pytest.raises(PhysicsError, match="for this twinax"):
        CABLE.network(np.array([CABLE.cutoff * 1.1]), 1.0)
