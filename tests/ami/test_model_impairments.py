"""Jitter of a model's clock: moments of its distribution, in closed form and as drawn."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.ami.model_impairments import ClockJitter

JITTER = ClockJitter(
    random_ui=0.01, dual_ui=(0.02, 0.05), sinusoidal_ui=0.04, mean_ui=-0.03, pdf=((-0.1, 1.0), (0.0, 2.0), (0.1, 1.0))
)
VARIANCE = 0.02**2 + 0.05**2 + 0.5 * 0.04**2 + 0.5 * 0.1**2
"""Pairs by their squares, a sine by half of its own, the table's two outer points by half of theirs; without the Gaussian."""


def test_points_have_the_mean_and_the_variance_of_all_but_the_gaussian() -> None:
    where, share = JITTER.weights()
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    mean = float(share @ where)
    assert mean == pytest.approx(-0.03, rel=1e-9)
    assert float(share @ (where - mean) ** 2) == pytest.approx(VARIANCE, rel=1e-9)


def test_points_of_a_sine_have_its_fourth_moment() -> None:
    where, share = ClockJitter(sinusoidal_ui=0.2).weights()
    assert float(share @ where**4) == pytest.approx(3.0 / 8.0 * 0.2**4, rel=1e-9)
    assert np.abs(where).max() <= 0.2


def test_what_is_drawn_has_the_same_moments() -> None:
    drawn = JITTER.draw(np.random.default_rng(1), 200_000)
    assert drawn.mean() == pytest.approx(-0.03, abs=4.0 * np.sqrt(VARIANCE / 200_000))
    assert drawn.var() == pytest.approx(VARIANCE + 0.01**2, rel=0.02)


def test_only_what_is_not_gaussian_is_bounded() -> None:
    assert not ClockJitter(random_ui=0.1).bounded
    assert ClockJitter(mean_ui=0.01).bounded
    assert ClockJitter(dual_ui=(0.01,)).bounded
