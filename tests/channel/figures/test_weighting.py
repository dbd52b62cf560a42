"""How much a frequency counts in fits and integrals."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.figures.weighting import band, bin_widths, power_weight
from sirf.errors import SirfError


def test_the_weight_is_symbols_through_two_filters() -> None:
    f = np.array([0.0, 0.25, 0.5, 1.0])
    found = power_weight(f, symbol_rate=1.0, transmitter_corner=0.5, receiver_corner=0.25)
    # at half the symbol rate sinc² is 4 / pi²; a filter of order n halves the power at its corner
    wanted = [1.0, (8.0 / np.pi**2) / ((1.0 + 0.5**4) * 2.0), (4.0 / np.pi**2) / (2.0 * (1.0 + 2.0**8)), 0.0]
    np.testing.assert_allclose(found, wanted, atol=1e-30)


def test_widths_of_points_add_up_to_the_band() -> None:
    grid = np.array([0.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(bin_widths(np.linspace(0.0, 10.0, 11)), 1.0)
    assert bin_widths(grid)[0] == 1.0
    assert bin_widths(grid)[-1] == 2.0


def test_a_band_reaches_to_the_points_around_its_ends() -> None:
    grid = np.arange(0.0, 11.0)
    assert band(grid, 2.5, 7.5) == slice(2, 9)
    assert band(grid, 2.0, 7.0) == slice(2, 8)
    assert band(grid, 3.0, 100.0) == slice(3, 11)


@pytest.mark.parametrize("ends", [(2.0, 4.5), (5.0, 3.0), (-1.0, 4.0)])
def test_bands_without_points_are_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(SirfError):
        band(np.arange(0.0, 11.0), *ends)


def test_corners_must_be_frequencies() -> None:
    with pytest.raises(SirfError, match="receiver_corner must be positive"):
        power_weight([1.0], symbol_rate=1.0, transmitter_corner=1.0, receiver_corner=0.0)
