"""Transforms of lengths that hold a large prime, against SciPy's of the same rows and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from sirf.signal import split_transform
from sirf.signal.split_transform import irfft, rfft

LENGTHS = (8 * 8191, 16 * 8191, 32 * 8191, 16 * 1031, 16 * 3 * 1031)
"""With a large prime factor, and samples enough beside it: PRBS13Q's period and others."""


@pytest.mark.parametrize("size", LENGTHS)
def test_a_split_row_is_that_of_scipy_and_comes_back(size: int) -> None:
    assert split_transform._odd_part(size)
    values = np.random.default_rng(size).standard_normal(size)
    found, exact = rfft(values), fft.rfft(values)
    # either is within some rounding of its largest line
    assert np.abs(found - exact).max() < 1e-14 * np.abs(exact).max()
    assert np.abs(irfft(found, size) - values).max() < 1e-14


@pytest.mark.parametrize("line", [0, 1, 8190, 8191, 8192, 40000, 8 * 8191])
def test_a_cosine_has_one_line_and_a_line_is_a_cosine(line: int) -> None:
    size = 16 * 8191
    # the phase by whole numbers: no rounding of a large angle
    wave = np.cos(2.0 * np.pi * (line * np.arange(size) % size) / size)
    alone = line in (0, size // 2)
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    spectrum[line] = size if alone else 0.5 * size
    assert np.abs(rfft(wave) - spectrum).max() < 1e-13 * size
    # a real row has no imaginary part at 0 Hz and in the middle
    assert np.abs(irfft(spectrum + 1j * alone * spectrum, size) - wave).max() < 1e-13


@pytest.mark.parametrize("size", [1, 2, 8191, 2 * 8191, 4 * 8191, 4096, 16 * 511, 16 * 65535])
def test_any_other_length_is_left_to_scipy(size: int) -> None:
    assert not split_transform._odd_part(size)
    values = np.random.default_rng(size).standard_normal(size)
    assert np.array_equal(rfft(values), fft.rfft(values))
    assert np.array_equal(irfft(rfft(values), size), fft.irfft(fft.rfft(values), size))


def test_rows_side_by_side_are_those_alone() -> None:
    values = np.random.default_rng(1).standard_normal((2, 3, 8 * 8191))
    found = rfft(values)
    assert found.shape == (2, 3, 4 * 8191 + 1)
    assert np.array_equal(found[1, 2], rfft(values[1, 2]))
    back = irfft(found, values.shape[-1])
    assert np.array_equal(back[0, 1], irfft(found[0, 1], values.shape[-1]))
    # a row that is not contiguous is read as it stands
    assert np.array_equal(rfft(values.T[:, 0, 0]), found[0, 0])


def test_lines_of_a_longer_row_are_cut_as_scipy_cuts_them() -> None:
    spectrum = rfft(np.random.default_rng(2).standard_normal(16 * 8191))
    assert np.array_equal(irfft(spectrum, 8 * 8191), fft.irfft(spectrum, 8 * 8191))
