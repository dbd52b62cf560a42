"""A piece of an impulse response by two bands against the whole transform."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sirf.channel.band_split import Bands
from sirf.channel.resample import FlatResponse, flatten
from sirf.channel.response import _long_response, _thinning

RATE, PER_UI, SIZE = 53.125e9, 32, 172_800
GRID = np.arange(0.0, 67e9 + 1, 20e6)
FIRST, SAMPLES = -2_000, 9_600


def line(loss: float = 5e-6, delay: float = 1.5e-9) -> FlatResponse:
    """A line of skin effect, less and less known towards its band edge."""
    ripple = 1.0 + 0.02 * np.sin(GRID / 1.7e9)
    return flatten(GRID, ripple * np.exp(-loss * np.sqrt(2j * np.pi * GRID) - 2j * np.pi * GRID * delay))


def whole(flat: FlatResponse, delay_s: float) -> np.ndarray:
    """The response about the first sample by the long transform."""
    wave = np.fft.irfft(flat.later_on_transform_grid(SIZE, PER_UI * RATE, delay_s), SIZE)
    return wave.take(np.arange(FIRST, FIRST + SAMPLES), mode="wrap")


def piece(flat: FlatResponse, delay_s: float) -> np.ndarray:
    """The same by two bands."""
    bands = Bands.of(flat, SIZE, PER_UI * RATE, 4, delay_s)
    assert bands is not None
    assert bands.holds(SAMPLES)
    lowest = flat.later_on_transform_grid(SIZE, PER_UI * RATE, delay_s, SIZE // 8 + 1)
    return bands.piece(flat, lowest, FIRST, SAMPLES)


@pytest.mark.parametrize("later", [0.0, 0.37, -0.5])
def test_two_bands_are_the_whole_transform(later: float) -> None:
    flat, delay = line(), later / (PER_UI * RATE)
    expected = whole(flat, delay)
    assert piece(flat, delay) == pytest.approx(expected, abs=1e-10 * np.abs(expected).max())


# without any loss a transform ends at its full height, and rings of that all over its window
@pytest.mark.parametrize(("loss", "late"), [(1e-6, 0.0), (3e-7, 200.4), (0.0, 0.0), (0.0, 57.25), (0.0, -311.0)])
def test_what_a_transform_makes_of_its_end_is_in_both(loss: float, late: float) -> None:
    flat = replace(line(), loss=loss, edge_delay_s=late / (PER_UI * RATE))
    expected, delay = whole(flat, 0.37 / (PER_UI * RATE)), 0.37 / (PER_UI * RATE)
    assert abs(flat.later_on_transform_grid(SIZE, PER_UI * RATE, delay)[-1]) > 1e-3
    # far away from the response as well
    assert np.abs(expected[:1000]).max() > 1e-9 * np.abs(expected).max()
    assert piece(flat, delay) == pytest.approx(expected, abs=1e-10 * np.abs(expected).max())


def test_data_that_reach_far_up_are_not_split() -> None:
    flat = line()
    assert Bands.of(replace(flat, edge=160e9, reach=8e9), SIZE, PER_UI * RATE, 4, 0.0) is None
    # what lasts for as long as the window has no place in a shorter one
    assert Bands.of(replace(flat, edge_delay_s=3e4 / (PER_UI * RATE)), SIZE, PER_UI * RATE, 4, 0.0) is None
    # half as many samples save nothing
    assert Bands.of(flat, SIZE, PER_UI * RATE, 2, 0.0) is None


def test_a_prepared_response_is_that_of_the_whole_window() -> None:
    """The kept part of a window, and all of it, which no piece holds."""
    flat = line()
    long = _long_response(flat, GRID, RATE, PER_UI)
    assert long.bands is not None
    assert long.thinning == _thinning(PER_UI) == 4
    everything = long.impulse(0, long.size)
    for first in (0, 30_000, long.size - SAMPLES):
        part = long.impulse(first, SAMPLES)
        assert part == pytest.approx(everything[first : first + SAMPLES], abs=1e-10 * np.abs(everything).max())
