"""Paths with boards and packages around them, against cascades made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.channel.package import Package, PackageLine, voltage_transfer
from sirf.com.config.settings import BoardSettings
from sirf.com.config.workbook import from_workbook
from sirf.com.responses import path_network, path_responses, running_sum
from sirf.errors import ConfigError
from tests.com.small import BARE, small_settings
from tests.com.test_margin import GRID, coupling, line, small_channel

NEAR = Package(
    die=((29e-15, 0.0),), lines=(PackageLine(z_c=100.0, length_mm=110.3),), a1=3.8e-4, a2=9.6e-5, tau=5.79e-3
)
FAR = replace(NEAR, lines=(PackageLine(z_c=95.0, length_mm=50.0),), c_p=19e-15)


def test_boards_stand_between_package_and_channel() -> None:
    """Device, board, channel, board, device; a NEXT aggressor's lengths are those of the far end."""
    settings = replace(
        small_settings(),
        board=BoardSettings(transmitter=NEAR, fext=NEAR, next_near=FAR, next_far=NEAR, receiver=FAR),
    )
    through = line()
    made = path_network(through, "through", "ball", settings, 1)
    by_hand = NEAR.network(GRID) @ through @ FAR.network(GRID, receiver=True)
    np.testing.assert_allclose(made.s, (BARE.network(GRID) @ by_hand @ BARE.network(GRID, receiver=True)).s, atol=1e-12)
    next_ = path_network(through, "next", "die", settings, 1)
    np.testing.assert_allclose(next_.s, (FAR.network(GRID) @ through @ NEAR.network(GRID, receiver=True)).s, atol=1e-12)
    only_far = replace(
        settings, board=BoardSettings(transmitter=None, fext=None, next_near=None, next_far=NEAR, receiver=FAR)
    )
    np.testing.assert_allclose(
        path_network(through, "fext", "die", only_far, 1).s, (through @ FAR.network(GRID, receiver=True)).s, atol=1e-12
    )


def test_the_plane_says_what_is_missing() -> None:
    case = small_settings().packages[0]
    package = Package(die=((120e-15, 120e-12),), c_b=30e-15, lines=(PackageLine(z_c=87.5, length_mm=12.0),), a1=1e-3, tau=6e-3,
                      c_p=87e-15)  # fmt: skip
    settings = replace(small_settings(), packages=(replace(case, transmitter=package, receiver=package),))
    through = line()
    die = path_network(through, "through", "die", settings, 1)
    assert die is through
    bump = path_network(through, "through", "bump", settings, 1)
    stage = replace(package, lines=(), c_p=0.0)
    np.testing.assert_allclose(
        bump.s, (stage.network(GRID) @ through @ stage.network(GRID, receiver=True)).s, atol=1e-12
    )
    ball = path_network(through, "through", "ball", settings, 1)
    assert np.abs(ball.s[2656, 1, 0]) < np.abs(bump.s[2656, 1, 0]) < np.abs(die.s[2656, 1, 0])


def test_responses_carry_amplitude_and_kind() -> None:
    settings = small_settings()
    paths, warnings = path_responses(small_channel(fext=(coupling("f"),), next=(coupling("n"),)), settings, 1)
    assert [path.kind for path in paths] == ["through", "fext", "next"]
    assert [path.amplitude for path in paths] == [0.4, 0.4, 0.6]
    assert np.sum(paths[0].impulse) == pytest.approx(0.4, rel=0.06)  # the slow tail of a skin-effect line is cut
    assert np.max(np.abs(paths[2].pulse)) == pytest.approx(1.5 * np.max(np.abs(paths[1].pulse)), rel=1e-9)
    assert not warnings
    s = paths[0].s
    np.testing.assert_allclose(voltage_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], 0.0, 0.0), s[:, 1, 0])


def test_a_coarse_grid_is_said() -> None:
    settings = replace(small_settings(), f_min=1e6, frequency_step=1e6)
    through = line()
    cut = type(through)(GRID[5:], through.s[5:], z0=100.0, name="late")
    _, warnings = path_responses(sirf.Channel(cut, name="late"), settings, 1)
    assert any("late starts at 50 MHz, above the f_min of 1 MHz" in text for text in warnings)
    assert any("steps of 10 MHz, above the Delta_f of 1 MHz" in text for text in warnings)


def test_include_pcb_says_which_boards(reference_dir: Path) -> None:
    book = reference_dir / "golden/com/config_com_ieee8023_93a=3ck_SA_CR_CA_08_17_2022.xlsx"
    both, far = from_workbook(book).board, from_workbook(book, {"Include PCB": 2}).board
    assert both is not None
    assert both.transmitter is not None
    assert both.transmitter.lines[0].length_mm == pytest.approx(110.3)
    assert far is not None
    assert far.transmitter is None
    assert far.receiver.lines[0].z_c == 100.0
    with pytest.raises(ConfigError, match="Include PCB at --set Include PCB must be 0, 1 or 2"):
        from_workbook(book, {"Include PCB": 3})


def test_running_sum_counts_what_came_before() -> None:
    assert running_sum(np.array([1.0, 2.0, 4.0, 8.0]), 2).tolist() == [1.0, 3.0, 6.0, 12.0]
