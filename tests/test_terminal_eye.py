"""Brightness of the eye in the terminal: logarithm of the density, and no line of one bin is lost between two dots."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.cli.terminal_eye import DECADES, _sampled

VOLTS = np.linspace(-1.0, 1.0, 401)
PHASE = np.linspace(-0.5, 0.5, 9)
HEIGHTS = np.linspace(0.7, -0.7, 29)


def sampled(density: np.ndarray) -> np.ndarray:
    return np.asarray(_sampled(density, PHASE, VOLTS, PHASE, HEIGHTS))


@pytest.mark.parametrize("bin_number", range(190, 212))
def test_a_line_of_one_bin_lights_the_dots_that_stand_for_it(bin_number: int) -> None:
    """Dots lie 0.05 V apart and stand for half of that to either side: a bin lights one, and no dot farther than that."""
    density = np.zeros((9, 401))
    density[:, bin_number] = 1.0
    lit = HEIGHTS[sampled(density)[:, 4] > 0.0]
    assert 1 <= lit.size <= 2
    assert np.abs(lit - VOLTS[bin_number]).max() <= 0.025 + 0.5 * 0.005 + 1e-9


@pytest.mark.parametrize(("share", "brightness"), [(1.0, 1.0), (0.1, 2.0 / 3.0), (10.0**-1.5, 0.5), (1e-4, 0.0)])
def test_brightness_is_a_logarithm_of_three_decades(share: float, brightness: float) -> None:
    assert DECADES == 3.0
    density = np.zeros((9, 401))
    density[:, 200], density[:, 240] = 1.0, share
    picture = sampled(density)
    row = int(np.argmin(np.abs(HEIGHTS - VOLTS[240])))
    assert picture[row, 4] == pytest.approx(brightness, abs=1e-9)


def test_brightness_is_relative_to_what_nearly_all_columns_reach() -> None:
    """A spike in one column of forty is no measure: the 97th percentile of the columns' maxima is."""
    phase = np.linspace(-0.5, 0.5, 101)
    density = np.zeros((101, 401))
    density[:, 200] = 1.0
    density[50, 200] = 1000.0
    picture = _sampled(density, phase, VOLTS, phase, HEIGHTS)
    assert picture.max() == 1.0
    assert (picture[14] == 1.0).all()


def test_no_density_is_dark() -> None:
    assert (sampled(np.zeros((9, 401))) == 0.0).all()


def test_places_between_phases_show_the_next_one() -> None:
    density = np.zeros((9, 401))
    density[5, 200] = 1.0
    places = np.array([PHASE[4] + 1e-6, PHASE[5], PHASE[5] + 1e-6, 2.0])
    picture = _sampled(density, PHASE, VOLTS, places, HEIGHTS)
    assert (picture.max(axis=0) > 0.0).tolist() == [True, True, False, False]
