"""Mixed modes against scikit-rf and skew against a pair whose lines differ in length."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.figures import balance, mode_conversion, pn_skew
from sirf.channel.mixed_mode import differential_two_port
from sirf.channel.network import Network
from sirf.errors import SirfError

GRID = np.linspace(0.0, 40e9, 2001)


def pair(late: float, coupling: float = 0.0) -> Network:
    """Lines 1→2 (P, later by `late` s) and 3→4 (N), each 1 ns with skin-effect loss, with some coupling at the far end."""
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    one = np.exp(-(1 + 1j) * 5e-6 * np.sqrt(GRID) - 2j * np.pi * GRID * 1e-9)
    s[:, 1, 0] = s[:, 0, 1] = one * np.exp(-2j * np.pi * GRID * late)
    s[:, 3, 2] = s[:, 2, 3] = one
    s[:, 3, 0] = s[:, 0, 3] = s[:, 1, 2] = s[:, 2, 1] = coupling * one
    return Network(GRID, s)


def random(ports: int = 4) -> Network:
    draw = np.random.default_rng(3).normal(size=(2, 7, ports, ports)) * 0.2
    return Network(np.linspace(1e9, 7e9, 7), draw[0] + 1j * draw[1])


@pytest.mark.parametrize("late", [0.0, 0.4e-12, -3e-12, 12e-12, 40e-12])
def test_skew_is_the_difference_in_delay(late: float) -> None:
    assert pn_skew(pair(late), (1, 2, 3, 4)) == pytest.approx(late, abs=1e-18)
    assert pn_skew(pair(late), (3, 4, 1, 2), f_max=13e9) == pytest.approx(-late, abs=1e-18)


def test_a_phase_that_is_no_delay_is_fitted_by_the_straight_line_through_the_origin() -> None:
    """P late by 3 ps and by a constant phase besides: slope of least squares, phase = -2 pi f skew, weights |S|²."""
    turn = 0.05
    s = pair(3e-12).s.copy()
    s[1:, 1, 0] = s[1:, 0, 1] = s[1:, 1, 0] * np.exp(-1j * turn)
    weight = np.abs(s[:, 3, 2]) ** 2
    extra = turn * np.sum(weight * GRID) / (2 * np.pi * np.sum(weight * GRID**2))
    assert pn_skew(Network(GRID, s), (1, 2, 3, 4)) == pytest.approx(3e-12 + extra, rel=1e-6, abs=0)


def test_skew_alone_converts_by_half_its_phase() -> None:
    # |SCD21 / SDD21| = |tan(pi f skew)| of two lines without coupling
    made = mode_conversion(pair(3e-12), (1, 2, 3, 4))
    expected = np.abs(np.tan(np.pi * GRID[1:] * 3e-12))
    assert 10 ** (made.relative_db[1:] / 20) == pytest.approx(expected, rel=1e-9)


def test_a_balanced_pair_converts_nothing() -> None:
    made = mode_conversion(pair(0.0, coupling=0.1), (1, 2, 3, 4))
    assert np.max(np.abs(made.cd)) < 1e-15
    assert np.all(made.scd11_db < -300.0)


def test_mixed_modes_are_those_of_scikit_rf() -> None:
    skrf = pytest.importorskip("skrf")
    network = random()
    theirs = skrf.Network(f=network.frequency, f_unit="Hz", s=network.s, z0=50)
    theirs.renumber([0, 1, 2, 3], [0, 2, 1, 3])  # pairs (1, 3) and (2, 4) become neighbours
    theirs.se2gmm(p=2)
    made = mode_conversion(network, (1, 2, 3, 4))
    assert made.dd == pytest.approx(theirs.s[:, :2, :2])
    assert made.dc == pytest.approx(theirs.s[:, :2, 2:])
    assert made.cd == pytest.approx(theirs.s[:, 2:, :2])
    assert made.cc == pytest.approx(theirs.s[:, 2:, 2:])
    assert made.dd == pytest.approx(differential_two_port(network, (1, 2, 3, 4)).s)


def test_two_ports_and_dead_pairs_are_refused() -> None:
    with pytest.raises(SirfError, match="number of ports must be 4"):
        mode_conversion(random(2), (1, 2, 3, 4))
    with pytest.raises(SirfError, match="must pass a signal"):
        pn_skew(Network(GRID, np.zeros((GRID.size, 4, 4), dtype=complex)), (1, 2, 3, 4))


@pytest.mark.parametrize("late", [0.5e-12, 3e-12, 8e-12])
def test_the_conversion_loss_of_skew_is_its_cosine(late: float) -> None:
    """Lines that differ in delay alone: the insertion loss is that of one line and -20 log10 |cos(pi f skew)| more."""
    found = balance(pair(late), 26.56e9)
    assert found.skew == pytest.approx(late, rel=1e-9)
    assert found.conversion_loss_db == pytest.approx(-20 * np.log10(np.cos(np.pi * 26.56e9 * late)), rel=1e-3)
    made = mode_conversion(pair(late))
    at = int(np.argmin(np.abs(GRID - 26.56e9)))
    one = 20 * np.log10(np.exp(-5e-6 * np.sqrt(GRID[at])))
    assert 20 * np.log10(np.abs(made.dd[at, 1, 0])) + found.conversion_loss_db == pytest.approx(one, abs=1e-3)


def test_a_balanced_pair_loses_nothing_to_the_common_mode() -> None:
    assert balance(pair(0.0, coupling=0.1), 26.56e9).conversion_loss_db == pytest.approx(0.0, abs=1e-12)
