"""Bump maps: closed forms of two conductors and of a line, known limits, and what the paths of die-to-die links take of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sirf.channel.parts import Ball
from sirf.channel.parts.bump_map import (
    NEAREST,
    BumpMap,
    list_bump_maps,
    load_bump_map,
    loop_inductances,
    partial_inductance,
)
from sirf.channel.path import load_path
from sirf.errors import ConfigError, PhysicsError
from sirf.units import MU0

CHECKED = ("SG", "GS")


def bumps(pattern: tuple[str, ...] = CHECKED, pitch: float = 45e-6) -> BumpMap:
    return BumpMap(pattern=pattern, grid="hexagonal", pitch=pitch, height=0.65 * pitch, diameter=0.55 * pitch)


def test_a_signal_and_its_return_far_apart_are_a_two_wire_line() -> None:
    """mu_0 / pi ln(d / r) a metre, where the conductors are long against their distance."""
    found = loop_inductances(np.zeros((1, 2)), np.array([[1e-3, 0.0]]), height=10.0, diameter=2e-4)
    assert found[0, 0] / 10.0 == pytest.approx(MU0 / np.pi * np.log(1e-3 / 1e-4), rel=2e-4)


def test_mutual_inductance_is_the_double_integral_of_neumann() -> None:
    length, distance = 70e-6, 110e-6
    z = (np.arange(2000) + 0.5) / 2000 * length
    direct = MU0 / (4.0 * np.pi) * np.sum(1.0 / np.hypot(z[:, None] - z, distance)) * (length / 2000) ** 2
    assert partial_inductance(np.array(distance), length) == pytest.approx(direct, rel=1e-6)


def test_returns_share_the_current_so_that_the_energy_is_least() -> None:
    """One signal, two grounds: every other sharing has more energy, by direct search."""
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.7]]) * 1e-4
    apart = np.hypot(*(places[:, None] - places[None]).T)
    np.fill_diagonal(apart, 2e-5)
    partial = partial_inductance(apart, 1e-4)
    shares = np.linspace(0.0, 1.0, 2001)
    currents = np.stack([np.ones_like(shares), -shares, shares - 1.0])
    energy = np.einsum("is,ij,js->s", currents, partial, currents)
    found = loop_inductances(places[:1], places[1:], height=1e-4, diameter=4e-5)
    assert found[0, 0] == pytest.approx(energy.min(), rel=1e-6)


def test_scale_changes_inductance_alone_and_grounds_take_coupling_away() -> None:
    small, large = bumps(pitch=25e-6), bumps(pitch=110e-6)
    assert large.inductance / small.inductance == pytest.approx(110 / 25, rel=1e-9)
    assert large.coupling == pytest.approx(small.coupling, rel=1e-9)
    # wider apart at the same height and diameter couples less against its own inductance? more returns do
    ratios = [bumps(pattern) for pattern in (("SGGG", "GGSG"), CHECKED, ("SSG", "GSS"), ("SSSG", "SGSS"))]
    assert [one.signals_per_ground for one in ratios] == pytest.approx([1 / 3, 1.0, 2.0, 3.0])
    assert [one.coupling for one in ratios] == sorted(one.coupling for one in ratios)
    assert ratios[0].coupling < 0.01 < ratios[-1].coupling


def test_couplings_are_those_of_all_neighbours_together() -> None:
    one = bumps(("SSG", "GSS"))
    powers = [np.sum(one.couplings(signal) ** 2) for signal in range(4)]
    assert one.coupling == pytest.approx(np.sqrt(max(powers) / NEAREST))
    # a bump of 45 um pitch in a hexagonal grid
    assert one.signals_per_mm2 == pytest.approx(2 / 3 / (np.sqrt(0.75) * 0.045**2))


@pytest.mark.parametrize("name", ["ucie-advanced", "ucie-standard"])
def test_paths_take_their_bumps_from_the_map(name: str) -> None:
    bump_map = load_bump_map(name)
    balls = [part.element for part in load_path(name).segments if isinstance(part.element, Ball)]
    assert len(balls) == 2
    for ball in balls:
        assert (ball.inductance, ball.coupling) == (bump_map.inductance, bump_map.coupling)
    assert name in list_bump_maps()


def test_bad_maps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PhysicsError, match="pattern must hold S and G"):
        bumps(("SS", "SS"))
    with pytest.raises(PhysicsError, match="rows of one length"):
        bumps(("SG", "G"))
    with pytest.raises(PhysicsError, match="even number of rows"):
        bumps(("SG",))
    with pytest.raises(PhysicsError, match="below the pitch of 45 um"):
        replace(bumps(), diameter=50e-6)
    with pytest.raises(ConfigError, match="bump map must be one of"):
        load_bump_map("ucie")
    file = tmp_path / "own.toml"
    file.write_text(
        'id = "own"\ntitle = "own"\ngrid = "square"\npattern = ["S"]\npitch_um = 40.0\nheight_um = 20.0\n'
        'diameter_um = 20.0\nprovenance = "E"\nsource = "test"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"^own\.toml: pattern must hold S and G"):
        load_bump_map(file)
