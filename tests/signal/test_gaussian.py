"""The normal distribution, fast lengths and Toeplitz matrices against SciPy, which a short command does not load."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy.fft import next_fast_len
from scipy.linalg import toeplitz

from sirf.signal.fast_length import next_fast_length
from sirf.signal.gaussian import erfcx, gaussian_below, gaussian_quantile, log_gaussian_below
from sirf.signal.toeplitz import symmetric_toeplitz


def test_scaled_complementary_error_function() -> None:
    values = np.concatenate([np.linspace(-25.0, 60.0, 20_001), [0.46875, 4.0, 1e3, 1e8, np.inf]])
    assert erfcx(values) == pytest.approx(special.erfcx(values), rel=1e-14)


def test_probability_below_and_its_logarithm() -> None:
    values = np.concatenate([np.linspace(-37.0, 8.0, 20_001), [-np.inf, np.inf]])
    assert gaussian_below(values) == pytest.approx(special.ndtr(values), rel=1e-14)
    deep = np.linspace(-300.0, 7.0, 20_001)
    assert log_gaussian_below(deep) == pytest.approx(special.log_ndtr(deep), rel=1e-14)
    assert log_gaussian_below([-np.inf]) == [-np.inf]


def test_quantile() -> None:
    for probability in 10.0 ** -np.arange(0.31, 300.0, 7.0):
        expected = np.sqrt(2.0) * special.erfcinv(2.0 * probability)
        assert gaussian_quantile(float(probability)) == pytest.approx(expected, rel=4e-15)


def test_fast_lengths() -> None:
    for least in (*range(1, 2_000), 99_991, 10**7 + 1):
        assert next_fast_length(least) == next_fast_len(least, real=True)


def test_symmetric_toeplitz() -> None:
    row = np.array([3.0, 2.0, -1.0, 0.5])
    assert np.array_equal(symmetric_toeplitz(row), toeplitz(row))
