"""The closed-form equaliser against Wiener's formula where a flat channel leaves nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.equalizer.mmse_equalizer import mmse_equalizer
from tests.engine.links import flat_link

POWER = 5.0 / 9.0
"""Mean square of PAM4 levels."""


@pytest.mark.parametrize(("sigma", "coupling"), [(0.05, ()), (0.2, ()), (0.05, (0.3,)), (0.05, (0.3, 0.4))])
def test_one_tap_shrinks_by_signal_over_signal_noise_and_crosstalk(sigma: float, coupling: tuple[float, ...]) -> None:
    """w = P / (P + sigma² + P c²): an aggressor's phase is random, so its whole energy counts, spread over a UI."""
    found = mmse_equalizer(flat_link("PAM4", sigma=sigma, crosstalk=coupling), ffe=(0, 0), dfe=0).receiver.ffe
    disturbance = sigma**2 + POWER * sum(factor**2 for factor in coupling)
    assert found[0] == pytest.approx(POWER / (POWER + disturbance), rel=6e-3)


def test_feedback_takes_the_post_cursor_and_leaves_the_filter_alone() -> None:
    """A transmitter's post-cursor of 0.4 is all interference; the DFE removes it, relative to the equalised main cursor.

    Within 2 %: the sampler stands where the edges are almost, not quite, settled.
    """
    link = flat_link("PAM4", sigma=0.05, ffe=(1.0, 0.4))
    found = mmse_equalizer(link, ffe=(0, 0), dfe=1).receiver
    assert found.dfe == pytest.approx((0.4,), rel=2e-2)
    assert found.ffe[0] == pytest.approx(POWER / (POWER + 0.05**2), rel=2e-2)
    without = mmse_equalizer(link, ffe=(0, 0), dfe=0).receiver
    assert without.ffe[0] == pytest.approx(POWER / (POWER * (1.0 + 0.4**2) + 0.05**2), rel=2e-2)


def test_many_taps_invert_a_post_cursor_where_noise_is_small() -> None:
    """1 / (1 + 0.4 D) = 1 - 0.4 D + 0.16 D² - …"""
    found = mmse_equalizer(flat_link("PAM4", sigma=1e-3, ffe=(1.0, 0.4)), ffe=(0, 8), dfe=0).receiver.ffe
    assert list(found) == pytest.approx(list((-0.4) ** np.arange(9)), abs=1e-2)
