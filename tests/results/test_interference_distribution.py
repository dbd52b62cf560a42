"""Thresholds of an interference distribution against those of normal noise, which a quotient of deviations tells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr

from sirf.results.interference_distribution import LOG_FLOOR, Interference

LEVELS = np.array([-1.0, -0.2, 0.4, 1.0])
VOLTS = np.arange(4096) / 2048.0


def normal(deviations: np.ndarray) -> Interference:
    """Normal interference of these `deviations` (L,) in V, without decay of its density."""
    tails = np.maximum(log_ndtr(-VOLTS / deviations[:, None]), LOG_FLOOR)
    return Interference(VOLTS, tails, np.zeros_like(tails), tails, np.zeros_like(tails))


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_thresholds_part_levels_as_their_deviations(scale: float) -> None:
    """Either neighbour is mistaken as often as many deviations away: to what a cubic through the tail leaves."""
    deviations = scale * np.array([0.02, 0.03, 0.05, 0.04])
    found = normal(deviations)
    main = 0.7
    thresholds = found.balanced_thresholds(LEVELS, main)
    part = deviations[:-1] / (deviations[:-1] + deviations[1:])
    expected = main * (LEVELS[:-1] + part * np.diff(LEVELS))
    # tails of more than 13 deviations are lost: half way
    lost = main * np.diff(LEVELS) / (deviations[:-1] + deviations[1:]) > 13.2
    assert lost.any() == (scale < 1.0)
    assert thresholds[~lost] == pytest.approx(expected[~lost], abs=1e-7)
    for e in np.flatnonzero(~lost).tolist():
        above = found.above(e, thresholds[e] - main * LEVELS[e])
        assert above == pytest.approx(found.below(e + 1, main * LEVELS[e + 1] - thresholds[e]), rel=1e-9)


def test_lost_tails_leave_thresholds_half_way() -> None:
    found = normal(np.array([1e-3, 3e-3, 1e-3, 2e-3])).balanced_thresholds(LEVELS, 1.0)
    assert found == pytest.approx(0.5 * (LEVELS[:-1] + LEVELS[1:]), abs=1e-15)


def test_only_one_lost_tail_is_left_behind() -> None:
    """Where one tail is lost half way, the threshold lies where the other one is, too."""
    found = normal(np.array([0.005, 0.06, 0.005, 0.06]))
    thresholds = found.balanced_thresholds(LEVELS, 1.0)
    assert thresholds == pytest.approx(LEVELS[:-1] + np.diff(LEVELS) * np.array([1 / 13, 12 / 13, 1 / 13]), abs=1e-6)
