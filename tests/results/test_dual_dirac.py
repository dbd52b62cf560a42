"""The dual-Dirac fit finds the parameters of bathtubs that are made of them."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.results.dual_dirac import Wall, fit_walls, q_of

PHASE = np.linspace(-0.5, 0.5, 401)


@pytest.mark.parametrize(("sigma", "deterministic"), [(0.02, 0.1), (0.01, 0.4), (0.035, 0.0)])
def test_a_bathtub_of_two_gaussians_is_found(sigma: float, deterministic: float) -> None:
    made = (Wall(-0.5 + 0.5 * deterministic, sigma, 0.75), Wall(0.5 - 0.5 * deterministic, -sigma, 0.75))
    ratio = made[0].ratio(PHASE) + made[1].ratio(PHASE)
    walls = fit_walls(PHASE, ratio, ratio_fitted=1e-6, share=0.75)
    assert walls is not None
    for found, wall in zip(walls, made, strict=True):
        assert found.mean == pytest.approx(wall.mean, abs=2e-3)
        assert found.sigma == pytest.approx(wall.sigma, rel=0.02)


def test_a_bathtub_above_the_ratio_has_no_fit() -> None:
    ratio = Wall(-0.5, 0.2, 0.75).ratio(PHASE) + Wall(0.5, -0.2, 0.75).ratio(PHASE)
    assert ratio.min() > 1e-6
    assert fit_walls(PHASE, ratio, ratio_fitted=1e-6, share=0.75) is None


def test_q_of_half_the_share_is_zero() -> None:
    assert q_of(0.25 * 0.98, 0.5) == pytest.approx(0.025, abs=1e-3)
    assert q_of(1e-12, 1.0) == pytest.approx(7.034, abs=1e-3)
