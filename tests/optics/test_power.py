"""Powers of light in their units, levels of an extinction ratio, and OMA of a wave made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.errors import PhysicsError
from sirf.optics.power import dbm, extinction_ratio_db, from_dbm, outer_levels, outer_oma


@pytest.mark.parametrize(("watt", "level"), [(1e-3, 0.0), (1e-2, 10.0), (1e-6, -30.0), (2e-3, 10.0 * np.log10(2.0))])
def test_a_milliwatt_is_zero_dbm(watt: float, level: float) -> None:
    assert float(dbm(watt)) == pytest.approx(level, abs=1e-12)
    assert from_dbm(level) == pytest.approx(watt, rel=1e-12)


def test_ten_times_the_power_is_ten_decibels_of_extinction() -> None:
    assert extinction_ratio_db(1e-3, 1e-4) == pytest.approx(10.0)
    assert extinction_ratio_db(1e-3, 0.0) == np.inf
    for high, low in ((1e-3, 1e-3), (1e-3, -1e-9), (1e-4, 1e-3)):
        with pytest.raises(PhysicsError, match="high must be above low"):
            extinction_ratio_db(high, low)


@pytest.mark.parametrize("extinction", [3.0, 6.0, 40.0])
def test_outer_levels_have_their_mean_and_ratio(extinction: float) -> None:
    low, high = outer_levels(2e-3, extinction)
    assert 0.5 * (low + high) == pytest.approx(2e-3)
    assert extinction_ratio_db(high, low) == pytest.approx(extinction)
    with pytest.raises(PhysicsError, match="must be positive"):
        outer_levels(2e-3, 0.0)


def test_oma_is_read_in_the_middle_of_the_longest_runs() -> None:
    """A delay, and what stands in short runs and at the edges of long ones, do not count."""
    m, levels = 8, np.array([1, 2, 0, 3, 0] + [3] * 9 + [1, 2, 1] + [0] * 8 + [2, 1])
    volts = np.array([1e-4, 4e-4, 8e-4, 1.1e-3])[levels]
    wave = np.repeat(volts, m)
    # ringing over three UI behind each edge
    ringing = wave + 2e-4 * np.repeat(np.diff(levels, prepend=levels[-1]) / 3.0, m) * np.tile(
        [1.0, -1.0] * (m // 2), len(levels)
    )
    found = outer_oma(np.roll(ringing, 11), levels, m)
    assert found == pytest.approx(1e-3, rel=1e-9)
    assert outer_oma(wave, levels, m) == pytest.approx(1e-3, rel=1e-9)
    with pytest.raises(PhysicsError, match=f"power must have {len(levels)} x 8 samples"):
        outer_oma(wave[:-1], levels, m)
