"""Losses and bandwidths against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sirf.channel.figures import bandwidth, effective_bandwidth, insertion_loss_db, return_loss_db
from sirf.channel.network import Network
from sirf.errors import SirfError

GRID = np.linspace(0.0, 60e9, 6001)


def network(s21: np.ndarray, s11: complex = 0.0, s22: complex = 0.0, grid: np.ndarray = GRID) -> Network:
    s = np.zeros((grid.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = s21
    s[:, 0, 0], s[:, 1, 1] = s11, s22
    return Network(grid, s, z0=100.0)


def test_losses_are_those_of_the_parameters() -> None:
    made = network(np.full(GRID.size, 0.5j), s11=0.1, s22=0.01j)
    assert insertion_loss_db(made, 26.5625e9) == pytest.approx(20 * math.log10(2))
    assert return_loss_db(made, [1e9, 2.5e9]) == pytest.approx([20.0, 20.0])
    assert return_loss_db(made, 1e9, port=2) == pytest.approx(40.0)
    assert return_loss_db(network(np.ones(GRID.size)), 1e9) == math.inf


def test_a_single_pole_has_its_bandwidths() -> None:
    corner = 5e9
    made = network(1.0 / (1.0 + 1j * GRID / corner))
    assert bandwidth(made, level_db=10 * math.log10(2)) == pytest.approx(corner, rel=1e-6)
    assert bandwidth(made, level_db=60.0) is None
    assert effective_bandwidth(made) == pytest.approx(corner * math.atan(60 / 5), rel=1e-6)


def test_a_butterworth_filter_passes_the_noise_of_its_closed_form() -> None:
    # 4th order: pi / 8 / sin(pi / 8) = 1.02617 of the corner
    made = network(1.0 / np.sqrt(1.0 + (GRID / 20e9) ** 8))
    assert effective_bandwidth(made) == pytest.approx(20e9 * math.pi / 8 / math.sin(math.pi / 8), rel=2e-4)


def test_a_file_without_dc_is_held_down_to_it() -> None:
    grid = GRID[5:]
    made = network(np.where(grid <= 10e9, 1.0, 1e-9), grid=grid)
    assert effective_bandwidth(made) == pytest.approx(10e9, rel=1e-3)


def test_bad_questions_are_refused() -> None:
    made = network(np.ones(GRID.size))
    with pytest.raises(SirfError, match="frequency must lie in"):
        insertion_loss_db(made, 61e9)
    with pytest.raises(SirfError, match="port must be"):
        return_loss_db(made, 1e9, port=0)
    with pytest.raises(SirfError, match="level_db"):
        bandwidth(made, level_db=0.0)
    with pytest.raises(SirfError, match="must pass a signal at low"):
        effective_bandwidth(network(np.zeros(GRID.size)))
