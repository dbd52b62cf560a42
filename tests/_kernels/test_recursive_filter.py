"""The filter of two poles and two zeros against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from sirf._kernels.recursive_filter import second_order


@pytest.mark.parametrize("order", [1, 2])
def test_it_is_the_filter_of_scipy(order: int) -> None:
    rng = np.random.default_rng(3)
    numerator, denominator = rng.normal(size=order + 1), np.poly(rng.uniform(-0.95, 0.95, order)) * 1.7
    samples = rng.normal(size=500)
    zeros, poles = (np.pad(part, (0, 2 - order)) for part in (numerator, denominator))
    expected = lfilter(numerator, denominator, samples)
    filtered = np.empty(500)
    second_order(zeros, poles, samples, filtered)
    assert filtered == pytest.approx(expected, rel=1e-13, abs=1e-13)
