"""Samples that move together, counted by bin as NumPy counts them."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._kernels.histogram import count_moved


@pytest.mark.parametrize("by", [0.0, -0.75])
def test_counts_and_parts_are_those_of_numpy(by: float) -> None:
    """Bit for bit, for both add in the order of the samples; some lie beyond either end, and count in the outer bins."""
    rng = np.random.default_rng(3)
    places, moves = rng.uniform(-2.0, 12.0, (2, 500)), rng.normal(size=(2, 500))
    counts, parts = np.zeros((2, 2, 10))
    most = float(np.nextafter(9.0, 0.0))
    count_moved(places, moves, by, most, counts, parts)
    inside = np.clip(places + by * moves, 0.0, most)
    for row, one in enumerate(inside):
        bins = one.astype(int)
        assert np.array_equal(counts[row], np.bincount(bins, minlength=10))
        assert np.array_equal(parts[row], np.bincount(bins, one - bins, minlength=10))
