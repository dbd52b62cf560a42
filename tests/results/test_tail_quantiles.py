"""Quantiles of many tails at once against those that are asked for one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr

import sirf
from sirf.errors import SirfError
from sirf.results.interference_distribution import LOG_FLOOR, Interference
from sirf.results.tail_quantiles import edge_quantiles
from tests.engine.links import flat_link

RATIOS = (0.4, 1e-3, 1e-6, 1e-12, 1e-30, 1e-60)


def _normal(deviations: tuple[float, ...], samples: int, step: float) -> Interference:
    """Normal interference of a deviation in V for each level; upward and downward tails differ, the last is cut off early."""
    volts = step * np.arange(samples, dtype=np.float64)
    upper = np.maximum(log_ndtr(-volts / np.array(deviations)[:, np.newaxis]), LOG_FLOOR)
    lower = np.maximum(log_ndtr(-volts / (1.3 * np.array(deviations)[:, np.newaxis])), LOG_FLOOR)
    # nothing at all above zero: the quantile is zero
    upper[1], upper[2, 40:] = LOG_FLOOR, LOG_FLOOR
    return Interference(volts, upper, np.zeros_like(upper), lower, np.zeros_like(lower))


def test_all_at_once_are_those_one_by_one() -> None:
    """Grids that differ, tails that end within the grid, beyond it, in a cut, and before they begin."""
    slices = [
        _normal((0.01, 0.02, 0.03, 0.04), 512, 1e-3),
        _normal((0.02, 0.05, 0.01, 0.2), 300, 7e-4),
        _normal((0.03, 0.01, 0.02, 0.01), 1024, 2e-3),
    ]
    expected = [
        [[[piece.quantile(e, b) for b in RATIOS], [piece.lower_quantile(e + 1, b) for b in RATIOS]] for e in range(3)]
        for piece in slices
    ]
    np.testing.assert_allclose(edge_quantiles(slices, RATIOS), expected, rtol=4e-16, atol=0.0)


def test_spans_of_an_eye_are_its_edges_at_every_phase() -> None:
    eye = sirf.statistical_eye(flat_link("PAM4", sigma=0.05), phases=16)
    expected = [[eye.edges(b, phase=index) for index in range(16)] for b in (1e-3, 1e-9)]
    np.testing.assert_allclose(eye.spans([1e-3, 1e-9]), expected, rtol=4e-16, atol=0.0)
    with pytest.raises(SirfError, match="ber must be between"):
        eye.spans([1e-3, 0.5])
