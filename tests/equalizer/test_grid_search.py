"""The constrained least-squares receiver of the search in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.equalizer.constrained_taps import solve_taps
from sirf.equalizer.grid_search import GridSearch, Setting
from sirf.presets import EqualizerLimits


@pytest.mark.parametrize("cursor", [0.5, -0.5])
def test_the_main_tap_has_the_sign_of_the_main_cursor(cursor: float) -> None:
    """One cursor without neighbours under three taps: the middle one alone is used, and makes the main cursor positive."""
    limits = EqualizerLimits(rx_ffe_pre=1, rx_ffe_post=1)
    pulse = np.array([0.0, 0.0, 0.0, cursor, 0.0, 0.0, 0.0])
    # row n holds what each tap sees of the symbol n; the main tap sees the pulse as it is
    shape = np.stack([np.roll(pulse, lag) for lag in (-1, 0, 1)], axis=1)
    taps, dfe, merit = solve_taps(shape, 3, 1e-3 * np.eye(3), 5 / 9, limits, 0.0, 1.0 / 3.0)
    np.testing.assert_allclose(taps, [0.0, np.sign(cursor), 0.0], atol=1e-12)
    assert dfe == ()
    # noise of 1e-3 V² through a tap of 1 / cursor, against (1/3)²
    assert merit == pytest.approx((1.0 / 9.0) / (1e-3 / cursor**2))


def test_a_search_starts_at_the_allowed_taps_nearest_to_the_best_known() -> None:
    """Tap by tap, among values that are not equally many; the first of two that are as near."""
    channel = sirf.paths.cpo(length="30 mm", rate_class="100g").to_channel()
    link = sirf.Link(channel, standard="802.3ck-c2m", samples_per_ui=8)
    limits = dataclasses.replace(link.limits, tx_ffe=((-2, (0.0, 0.25)), (-1, (-0.5, -0.25, 0.0)), (1, (-0.25, 0.0))))
    search = GridSearch(link, limits, ())
    grid, sizes = search.tx_grid
    for taps in ((0.13, -0.3, 0.6, -0.2), (0.125, -0.125, 0.7, 0.1), (9.0, 9.0, 0.0, -9.0)):
        found = search._start(grid, sizes, Setting(tx=taps))
        plain = [int(np.argmin(np.abs(grid[k, : sizes[k]] - taps[k]))) for k in range(4)]
        assert found.tolist() == plain
