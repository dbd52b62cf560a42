"""The slicer told by its errors against one that decides every symbol."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._kernels.decide import count_levels, find_errors
from sirf.signal.pam import levels as pam_levels
from sirf.signal.pam import thresholds


@pytest.mark.parametrize("order", [2, 3, 4, 8])
@pytest.mark.parametrize("taps", [(), (0.6,), (0.4, -0.2, 0.0, 0.3), tuple(0.1 / (k + 1) for k in range(24))])
@pytest.mark.parametrize("noise", [0.4, 0.9])
def test_errors_are_those_of_a_slicer_that_decides_every_symbol(
    order: int, taps: tuple[float, ...], noise: float
) -> None:
    rng = np.random.default_rng(1)
    n = 3000
    values, main = pam_levels(order, level_mismatch=0.9), 0.5
    sent = rng.integers(0, order, n).astype(np.uint8)
    residual = (noise / (order - 1) * main * rng.standard_normal(n)).astype(np.float32)
    dfe = np.array(taps) * main
    bounds = thresholds(values) * main
    expected = np.zeros(n, dtype=np.uint8)
    for k in range(n):
        value = float(residual[k]) + values[sent[k]] * main
        for j, tap in enumerate(dfe[:k]):
            value += tap * (values[sent[k - 1 - j]] - values[expected[k - 1 - j]])
        expected[k] = np.searchsorted(bounds, value)
    positions, decided = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.uint8)
    found = find_errors(residual, sent, values * main, bounds, values, dfe, positions, decided)
    wrong = np.flatnonzero(expected != sent)
    assert len(wrong) > 0
    assert np.array_equal(positions[:found], wrong)
    assert np.array_equal(decided[:found], expected[wrong])


def test_levels_are_counted() -> None:
    symbols = np.random.default_rng(2).integers(0, 6, 100_003).astype(np.uint8)
    counts = np.zeros(6, dtype=np.int64)
    count_levels(symbols, counts)
    assert np.array_equal(counts, np.bincount(symbols))
