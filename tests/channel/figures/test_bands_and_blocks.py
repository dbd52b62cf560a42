"""Losses, fits and power sums where the data begin late, end early, pass nothing at DC or lie on grids of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from sirf.channel.figures.fitted_loss import FittedLoss, deviation_figure_of_merit, fitted_insertion_loss
from sirf.channel.figures.integrated_crosstalk import integrated_crosstalk_noise, power_sum
from sirf.channel.figures.loss import bandwidth, effective_bandwidth, insertion_loss_db
from sirf.channel.figures.weighting import band, bin_widths
from sirf.channel.network import Network
from sirf.errors import SirfError

Float = NDArray[np.float64]

GRID = np.linspace(0.0, 40e9, 4001)


def passing(frequency: Float, s21: NDArray[np.generic] | float, name: str = "") -> Network:
    s = np.zeros((frequency.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = s21
    return Network(frequency, s, z0=100.0, name=name)


def blocked(corner: float) -> Network:
    """A DC block before a single pole at `corner`: its own corner lies far below the second point."""
    with np.errstate(divide="ignore", invalid="ignore"):
        block = np.nan_to_num(1.0 / (1.0 + 10e3 / (1j * GRID)))
    return passing(GRID, block / (1.0 + 1j * GRID / corner))


def test_a_block_at_dc_leaves_the_bandwidths_of_what_passes() -> None:
    plain = passing(GRID, 1.0 / (1.0 + 1j * GRID / 5e9))
    half = 10.0 * math.log10(2.0)
    assert bandwidth(blocked(5e9), level_db=half) == pytest.approx(bandwidth(plain, level_db=half), rel=1e-5)
    # the trapezoid to the zero at DC loses half of one step
    assert effective_bandwidth(blocked(5e9)) == pytest.approx(effective_bandwidth(plain) - 5e6, rel=1e-5)


@pytest.mark.parametrize("level", [0.1, 1.0])
def test_a_constant_loss_narrows_no_band(level: float) -> None:
    pad = passing(GRID, level / (1.0 + 1j * GRID / 5e9))
    assert bandwidth(pad, level_db=10.0 * math.log10(2.0)) == pytest.approx(5e9, rel=1e-6)
    assert effective_bandwidth(pad) == pytest.approx(5e9 * math.atan(8.0), rel=1e-6)


def test_a_bandwidth_lies_on_the_straight_line_in_decibels() -> None:
    """Points at 0, 2 and 8 dB: 3 dB are a sixth of the way from the second to the third."""
    coarse = passing(np.array([0.0, 1e9, 4e9]), 10.0 ** (-np.array([0.0, 2.0, 8.0]) / 20.0))
    assert bandwidth(coarse) == pytest.approx(1e9 + 3e9 / 6.0)
    assert insertion_loss_db(coarse, [0.5e9, 2.5e9]) == pytest.approx([1.0, 5.0])


def test_a_band_takes_one_point_outside_at_either_end() -> None:
    frequency = 1e9 * np.arange(20, dtype=np.float64)
    assert band(frequency, 2.5e9, 9.5e9) == slice(2, 11)
    # an edge on a point needs no other
    assert band(frequency, 2e9, 9e9) == slice(2, 10)
    assert band(frequency[3:], 0.0, 99e9) == slice(0, 17)
    with pytest.raises(SirfError, match="five points at least in 2 to 5 GHz, got 4"):
        band(frequency, 2e9, 5e9)


def test_widths_of_points_make_up_the_band() -> None:
    """On an uneven grid the inner points stand for half of both sides, those at the ends for the whole of one."""
    frequency = np.array([0.0, 1.0, 3.0, 4.0, 8.0])
    expected = [1.0, 1.5, 1.5, 2.5, 4.0]
    # a straight line of slope one over the index, as seen from each point
    assert bin_widths(frequency) == pytest.approx(expected)


def smooth(frequency: Float) -> Float:
    """1 dB, 0.8 dB/sqrt(GHz), 0.3 dB/GHz and 0.01 dB/GHz² of loss, as |S21|."""
    f = frequency / 1e9
    return np.asarray(10.0 ** (-(1.0 + 0.8 * np.sqrt(f) + 0.3 * f + 0.01 * f**2) / 20.0))


def test_a_point_that_passes_nothing_has_no_part_in_the_fit() -> None:
    gone = smooth(GRID)
    gone[0] = 0.0
    fit = fitted_insertion_loss(GRID, gone.astype(complex), f_min=0.0, f_max=30e9)
    assert fit.coefficients == pytest.approx((1.0, 0.8, 0.3, 0.01), rel=1e-6)
    assert fit.frequency[0] == GRID[1]
    assert fit.span == 30e9


def test_a_fit_is_as_wide_as_the_data_reach() -> None:
    late = GRID[200:]
    fit = fitted_insertion_loss(late, smooth(late).astype(complex), f_min=50e6, f_max=60e9)
    assert fit.span == pytest.approx(38e9)


def test_the_fit_counts_each_point_by_what_arrives() -> None:
    """The normal equations of IEEE 802.3 93A.3, rows weighted by |S21|, against the QR solution."""
    rng = np.random.default_rng(8)
    frequency = GRID[10::40]
    size = smooth(frequency) * (1.0 + 0.1 * rng.standard_normal(frequency.size))
    f = frequency / 1e9
    rows = np.stack([np.ones_like(f), np.sqrt(f), f, f**2], axis=1) * size[:, None]
    expected = np.linalg.solve(rows.T @ rows, rows.T @ (-20.0 * np.log10(size) * size))
    fit = fitted_insertion_loss(frequency, size.astype(complex), f_min=50e6, f_max=41e9)
    assert fit.coefficients == pytest.approx(expected, rel=1e-6)


def mean_weight() -> float:
    """Of 25 GBd behind corners of 20 and 18 GHz up to 30 GHz, by quadrature."""

    def weight(f: float) -> float:
        return float(np.sinc(f / 25.0) ** 2 / (1.0 + (f / 20.0) ** 4) / (1.0 + (f / 18.0) ** 8))

    return float(quad(weight, 0.0, 30.0)[0]) / 30.0


def test_a_deviation_weighs_as_the_spectrum_of_its_symbols() -> None:
    """A deviation of 2 dB everywhere: its figure is the mean of the weight."""
    frequency = GRID[:3001]
    fit = FittedLoss(coefficients=(0.0, 0.0, 0.0, 0.0), frequency=frequency, loss_db=np.full(3001, 2.0), span=30e9)
    found = deviation_figure_of_merit(fit, symbol_rate=25e9, transmitter_corner=20e9, receiver_corner=18e9)

    assert found == pytest.approx(2.0 * math.sqrt(mean_weight()), rel=1e-3)


def test_aggressors_add_in_power_each_from_its_own_grid() -> None:
    """One starts above DC and holds its first value below, one is coarse and straight between its points."""
    late = passing(np.array([2e9, 10e9]), np.array([0.3, 0.3]))
    rising = passing(np.array([0.0, 10e9]), np.array([0.0, 0.4]))
    at = np.array([0.0, 5e9, 10e9])
    assert power_sum([late, rising], at) == pytest.approx([0.3, math.hypot(0.3, 0.2), 0.5])
    assert power_sum([late, rising], at, [2.0, 0.5]) == pytest.approx([0.6, math.hypot(0.6, 0.1), math.hypot(0.6, 0.2)])
    with pytest.raises(SirfError, match="aggressor 2 must reach 11 GHz, got data to 10 GHz"):
        power_sum([passing(np.array([0.0, 11e9]), 0.1), rising], np.array([0.0, 11e9]))


def test_noise_of_a_flat_aggressor_is_the_mean_of_the_weight() -> None:
    found = integrated_crosstalk_noise(
        [passing(GRID, 0.01)] * 3,
        amplitude=0.4,
        symbol_rate=25e9,
        transmitter_corner=20e9,
        receiver_corner=18e9,
        f_min=0.0,
        f_max=30e9,
    )

    expected = 0.4 * 0.01 * math.sqrt(3.0 * 2.0 * mean_weight())
    assert found == pytest.approx(expected, rel=1e-3)
