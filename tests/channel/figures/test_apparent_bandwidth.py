"""Apparent bandwidth against COM release 4.17 under GNU Octave, and against channels whose bandwidth is known."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.figures.apparent_bandwidth import _moving_mean, _slope, apparent_bandwidth
from sirf.errors import SirfError


def published_channel() -> tuple[np.ndarray, np.ndarray]:
    """The channel of a published run of the reference code: a line with ripple and a step of 6 dB about 55 GHz."""
    f = np.linspace(10e6, 100e9, 2001)
    g = f / 1e9
    loss_db = 0.5 + 1.1 * np.sqrt(g) + 0.25 * g + 0.004 * g**2 + 6.0 / (1 + np.exp(-(g - 55) / 4))
    ripple = 0.3 * np.sin(2 * np.pi * g / 7.3)
    return f, 10 ** (-(loss_db + ripple) / 20) * np.exp(-2j * np.pi * f * 1.2e-9)


@pytest.mark.parametrize(("slope", "bandwidth_ghz"), [(1.0, 100.0), (0.05, 21.80782)])
def test_the_reference_code_finds_the_same(slope: float, bandwidth_ghz: float) -> None:
    """Both ways out: no slope as steep, so the last frequency; the first frequency that is as steep."""
    f, transfer = published_channel()
    assert apparent_bandwidth(f, transfer, slope_db_per_ghz=slope) == pytest.approx(1e9 * bandwidth_ghz, rel=1e-12)


def test_moving_mean_and_slope_are_the_reference_codes() -> None:
    """movmean(1:7, 3 and 4) and gradient(x.^2, x) as Octave prints them."""
    ramp = np.arange(1.0, 8.0)
    assert _moving_mean(ramp, 3) == pytest.approx([1.5, 2, 3, 4, 5, 6, 6.5])
    assert _moving_mean(ramp, 4) == pytest.approx([1.5, 2, 2.5, 3.5, 4.5, 5.5, 6])
    x = np.array([0.0, 1.0, 3.0, 6.0])
    assert _slope(x**2, x) == pytest.approx([1.0, 3.0, 7.0, 9.0])


def test_a_steep_edge_is_found_and_a_line_has_none() -> None:
    f = np.linspace(10e6, 100e9, 5001)
    line = 10 ** (-(1.1 * np.sqrt(f / 1e9) + 0.2 * f / 1e9) / 20)
    assert apparent_bandwidth(f, line) == f[-1]
    edge = line / np.sqrt(1 + (f / 70e9) ** 120)
    assert 55e9 < apparent_bandwidth(f, edge) < 75e9


def test_data_that_end_too_early_are_refused() -> None:
    f = np.linspace(10e6, 50e9, 1001)
    with pytest.raises(SirfError, match="must reach 60 GHz"):
        apparent_bandwidth(f, np.ones(f.size))
    with pytest.raises(SirfError, match="slope_db_per_ghz must be positive, got 0"):
        apparent_bandwidth(np.linspace(10e6, 80e9, 1001), np.ones(1001), slope_db_per_ghz=0)
