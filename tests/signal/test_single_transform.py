"""Transforms in single precision, by the kernels in `sirf/_kernels/real_transform.py`, against NumPy's in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft

from sirf._arrays import Single
from sirf._kernels.real_transform import GROUP, PAIR
from sirf._kernels.vectors import LANES
from sirf.signal.single_transform import LEAST, LONGEST, LONGEST_BESIDE, irfft, rfft

ROUNDING = 2.0**-24
"""Rounding of one operation in single precision, relative."""
LENGTHS = sorted(
    2 * 2**two * 3**three * 5**five
    for two in range(17)
    for three in range(8)
    for five in range(6)
    if LEAST <= 2 * 2**two * 3**three * 5**five <= LONGEST
)


def rows(count: int, size: int, seed: int = 1) -> Single:
    return np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)


def bound(size: int) -> float:
    """Of the root mean square of a spectrum: four roundings a stage of two, all in one direction."""
    return float(4.0 * ROUNDING * np.log2(size))


@given(size=st.sampled_from(LENGTHS), count=st.integers(1, 2 * LANES + 1))
@settings(max_examples=40, deadline=None)
def test_a_transform_is_that_of_numpy_and_comes_back(size: int, count: int) -> None:
    values = rows(count, size, size)
    found = rfft(values)
    exact = np.fft.rfft(values.astype(float))
    assert found.shape == exact.shape
    assert found.dtype == np.complex64
    assert np.abs(found - exact).max() < bound(size) * np.sqrt(size)
    # both ways without anything beside the rounding of both
    back = irfft(found, size)
    assert back.shape == values.shape
    assert back.dtype == np.float32
    assert np.abs(back - values).max() < 2.0 * bound(size)


@pytest.mark.parametrize("size", [16, 18, 20, 24, 30, 50, 96, 8640, LONGEST_BESIDE, 2 * LONGEST_BESIDE, LONGEST])
def test_each_bin_and_each_sample_is_in_its_place(size: int) -> None:
    """A sine of each frequency (a few of many) fills its bin alone, an impulse is a turn of its delay."""
    time = np.arange(size)
    chosen = np.unique(np.linspace(0, size // 2, 40).astype(int))
    waves = np.cos(2.0 * np.pi * np.outer(chosen, time) / size + 0.3).astype(np.float32)
    exact = np.fft.rfft(waves.astype(float))
    assert np.abs(rfft(waves) - exact).max() < bound(size) * size
    impulses = (time == chosen[:, None] * 2 % size).astype(np.float32)
    assert np.abs(rfft(impulses) - np.fft.rfft(impulses.astype(float))).max() < bound(size)
    lines = np.zeros((len(chosen), size // 2 + 1), dtype=np.complex64)
    lines[np.arange(len(chosen)), chosen] = 1.0 + 0.5j
    # what a real row has no room for, the imaginary parts of the lowest and the highest bin, is left out as elsewhere
    expected = fft.irfft(lines.astype(complex), size)
    assert np.abs(irfft(lines.copy(), size) - expected).max() < bound(size)


@pytest.mark.parametrize("size", [240, 2 * LONGEST_BESIDE])
def test_a_row_does_not_depend_on_the_rows_beside_it(size: int) -> None:
    values = rows(3 * LANES - 1, size)
    together = rfft(values)
    back = irfft(together.copy(), size)
    for index in (0, 5, LANES, 3 * LANES - 2):
        np.testing.assert_array_equal(rfft(values[index : index + 1])[0], together[index])
        np.testing.assert_array_equal(irfft(together[index : index + 1].copy(), size)[0], back[index])


@pytest.mark.parametrize("size", [2 * LONGEST_BESIDE, LONGEST])
def test_a_long_row_is_split_over_the_lanes(size: int) -> None:
    """By a kernel of its own, to the rounding of `scipy.fft`'s single precision, in any shape and however it lies."""
    values = rows(6, size).reshape(2, 3, size)[:, ::2]
    found, plain = rfft(values), fft.rfft(values)
    assert found.shape == plain.shape
    assert not np.array_equal(found, plain)
    exact = np.fft.rfft(values.astype(float))
    assert np.sqrt(np.mean(np.abs(found - exact) ** 2)) < 1.2 * np.sqrt(np.mean(np.abs(plain - exact) ** 2))
    back = irfft(found.copy(), size)
    assert back.shape == values.shape
    np.testing.assert_array_equal(back[1, 1], irfft(found[1, 1].copy(), size))
    assert np.sqrt(np.mean((back - values) ** 2)) < 4.0 * ROUNDING


def test_axes_ahead_of_the_last_and_views_are_taken_as_they_are() -> None:
    values = rows(12, 640).reshape(3, 4, 640)
    view = values[:, ::2, 40:520]
    found = rfft(view)
    assert found.shape == (3, 2, 241)
    np.testing.assert_array_equal(found[1, 1], rfft(np.ascontiguousarray(view[1, 1])))
    assert irfft(found, 480).shape == (3, 2, 480)


@pytest.mark.parametrize("size", [14, 15, 2 * 7 * 16, 3 * LONGEST_BESIDE, 2 * LONGEST])
def test_other_lengths_are_those_of_scipy(size: int) -> None:
    values = rows(2, size)
    np.testing.assert_array_equal(rfft(values), fft.rfft(values))
    lines = rfft(values)
    np.testing.assert_array_equal(irfft(lines.copy(), size), fft.irfft(lines, size))


def test_double_precision_stays_double() -> None:
    values = rows(3, 64).astype(float)
    np.testing.assert_array_equal(rfft(values), fft.rfft(values))
    np.testing.assert_array_equal(irfft(rfft(values), 64), fft.irfft(fft.rfft(values), 64))


def test_the_shortest_row_fills_a_group() -> None:
    assert LEAST // 4 >= GROUP
    assert PAIR == 2 * LANES
