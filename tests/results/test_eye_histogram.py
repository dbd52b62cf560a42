"""Figures of a counted eye against Gaussian levels drawn directly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from sirf.errors import SirfError
from sirf.results.eye_histogram import EyeHistogram

LEVELS, SIGMA = np.array([-0.3, -0.09, 0.11, 0.3]), 0.012
THRESHOLDS = 0.5 * (LEVELS[1:] + LEVELS[:-1])


@pytest.fixture(scope="module")
def eye() -> EyeHistogram:
    """Four Gaussian levels at the middle phase; towards both sides they come closer together."""
    rng = np.random.default_rng(1)
    edges = np.linspace(-0.5, 0.5, 2001)
    phase = (np.arange(16) - 8) / 16
    counts = []
    for offset in phase:
        samples = LEVELS[rng.integers(0, 4, 400_000)] * np.cos(np.pi * offset) + SIGMA * rng.standard_normal(400_000)
        counts.append(np.histogram(samples, edges)[0])
    return EyeHistogram(
        phase_ui=phase, volts=0.5 * (edges[1:] + edges[:-1]), counts=np.array(counts), thresholds=THRESHOLDS
    )


@pytest.mark.parametrize("ratio", [1e-1, 1e-2, 1e-3])
def test_heights_are_quantiles_of_the_levels(eye: EyeHistogram, ratio: float) -> None:
    expected = np.diff(LEVELS) + 2.0 * SIGMA * ndtri(ratio)
    np.testing.assert_allclose(eye.eye_heights(ratio), expected, atol=1.5e-3)
    assert eye.eye_height(ratio) == min(eye.eye_heights(ratio))


def test_peak_to_peak_leaves_no_sample_inside(eye: EyeHistogram) -> None:
    row = eye.counts[8]
    for low, high in eye.openings()[8]:
        assert row[(eye.volts > low) & (eye.volts < high)].sum() == 0
    assert all(a < b for a, b in zip(eye.eye_heights(), eye.eye_heights(1e-2), strict=True))


def test_levels_linearity_and_closure_are_those_drawn(eye: EyeHistogram) -> None:
    np.testing.assert_allclose(eye.level_means(), LEVELS, atol=2e-4)
    np.testing.assert_allclose(eye.level_rms(), SIGMA, rtol=0.02)
    distances = np.diff(LEVELS)
    assert eye.linearity() == pytest.approx(distances.min() / distances.max(), rel=2e-3)
    height = distances + 2.0 * SIGMA * ndtri(1e-2)
    found = [value or 0.0 for value in eye.closures_db(1e-2)]
    np.testing.assert_allclose(found, 20.0 * np.log10(distances / height), atol=0.08)


def test_width_is_how_long_both_levels_stay_off_the_threshold(eye: EyeHistogram) -> None:
    """Levels shrink with cos(pi t): the hundredth part of one crosses the threshold at a time in closed form, but for a step."""
    reach = -SIGMA * ndtri(1e-2)
    for width, threshold, low, high in zip(eye.eye_widths(1e-2), THRESHOLDS, LEVELS[:-1], LEVELS[1:], strict=True):
        level, side = (high, 1.0) if abs(high) > abs(low) else (low, -1.0)
        crossing = np.arccos(side * (threshold + side * reach) / abs(level)) / np.pi
        assert width == pytest.approx(2.0 * crossing, abs=1.01 / 16)
    assert eye.eye_width(1e-2) == min(eye.eye_widths(1e-2))


def test_closed_eyes_have_no_closure_and_ratios_have_limits(eye: EyeHistogram) -> None:
    flat = EyeHistogram(phase_ui=eye.phase_ui, volts=eye.volts, counts=np.ones_like(eye.counts), thresholds=THRESHOLDS)
    assert flat.eye_height() == pytest.approx(0.0, abs=1e-12)
    assert flat.eye_width() == 0.0
    with pytest.raises(SirfError, match="error_ratio must be in"):
        eye.openings(0.5)


def test_an_opening_reaches_to_the_edges_of_the_bins_that_hold_samples() -> None:
    """Two levels in single bins of a volt, at 2 and 7: what lies between is free from 2.5 to 6.5 V."""
    counts = np.zeros((3, 10), dtype=np.int64)
    counts[:, 2], counts[:, 7] = 40, 60
    # one sample in ten of the lower level stands at 4 V
    counts[:, 4] = 4
    counts[:, 2] -= 4
    eye = EyeHistogram(
        phase_ui=np.array([-0.25, 0.0, 0.25]), volts=np.arange(10.0), counts=counts, thresholds=np.array([4.5])
    )
    assert eye.openings()[1].tolist() == [[4.5, 6.5]]
    assert eye.openings(0.1)[1].tolist() == [[2.5, 6.5]]
    assert eye.eye_heights(0.1) == (4.0,)
