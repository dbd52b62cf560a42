"""Loops of the polyphase waveform against NumPy's convolution, product and histogram."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf._kernels.polyphase as module
from tests._kernels.plain import plain_module

RNG = np.random.default_rng(2)
Single = NDArray[np.float32]


def single(*shape: int) -> Single:
    return RNG.normal(size=shape).astype(np.float32)


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, module)


def test_weighed_symbols_are_a_convolution(kernels: ModuleType) -> None:
    values, taps, out = single(14), single(4), np.full(11, np.nan, dtype=np.float32)
    kernels.weigh(values, taps, out)
    np.testing.assert_allclose(out, np.convolve(values, taps, mode="valid"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("drives", [1, 3])
def test_spectra_are_mixed_over_the_drives(kernels: ModuleType, drives: int) -> None:
    """Each block with the responses that it names, out of all of them."""
    spectra = (single(2, 5, 5) + 1j * single(2, 5, 5)).astype(np.complex64)
    responses = (single(9, 5) + 1j * single(9, 5)).astype(np.complex64)
    rows, where = RNG.permutation(5)[:drives], RNG.integers(0, 9, (2, drives, 2))
    out = np.empty((2, 2, 5), dtype=np.complex64)
    kernels.mix(spectra, rows, responses, where, out)
    meant = np.einsum("sqf,sqcf->scf", spectra[:, rows], responses[where])
    np.testing.assert_allclose(out, meant, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reach", [3, 6, 8, 15, 20])
def test_pieces_overlap_to_one_convolution(kernels: ModuleType, reach: int) -> None:
    """A response of `reach` + 1 symbols, one, two and again two blocks at a time, is that over all at once."""
    block, phases, blocks = 6, 2, 5
    symbols, response = single(block * blocks), single(phases, reach + 1)
    tail = np.zeros((phases, reach), dtype=np.float32)
    whole = np.stack([np.convolve(symbols, response[c]) for c in range(phases)])
    parts = symbols.reshape(blocks, block)
    pieces = np.array([[np.convolve(part, response[c]) for c in range(phases)] for part in parts], dtype=np.float32)
    for first, last in ((0, 1), (1, 3), (3, 5)):
        out = np.full(((last - first) * block, phases), np.nan, dtype=np.float32)
        kernels.overlap_add(pieces[first:last], block, tail, out)
        np.testing.assert_allclose(out, whole[:, first * block : last * block].T, atol=1e-4)


@pytest.mark.parametrize(("phases", "ratio", "length"), [(4, 2, 6), (2, 1, 2), (3, 3, 8)])
@pytest.mark.parametrize("count", [5, 70])
def test_refined_samples_are_a_filter_over_all_phases_in_time(
    kernels: ModuleType, phases: int, ratio: int, length: int, count: int
) -> None:
    margin = 6
    coarse, taps = single(count + 2 * margin, phases), single(ratio, length)
    # the first instant is that of the coarse sample itself: its taps are one there and zero beside it
    taps[0] = np.arange(length) == length // 2 - 1
    fine = np.empty((count, phases * ratio), dtype=np.float32)
    kernels.refine(coarse, taps, margin, count, fine)
    line = coarse.reshape(-1)
    for k in range(count):
        for c in range(phases):
            at = (margin + k) * phases + c - (length // 2 - 1)
            meant = taps @ line[at : at + length]
            np.testing.assert_allclose(fine[k, c * ratio : (c + 1) * ratio], meant, rtol=1e-3, atol=1e-4)


def binned(volts: NDArray[np.float64], low: float, scale: float, bins: int) -> NDArray[np.int64]:
    """Histogram (m, V) of `volts` (k, m), the end bins taking what lies beyond."""
    index = np.clip((volts - low) * scale, 0, bins - 1).astype(int)
    return np.stack([np.bincount(column, minlength=bins) for column in index.T])


def cubic(line: Single, place: float) -> float:
    whole = int(np.floor(place))
    points = np.arange(whole - 1, whole + 3)
    return float(np.polyval(np.polyfit(points - place, line[points], 3), 0.0))


@pytest.mark.parametrize("fraction", [0.0, 0.37])
@pytest.mark.parametrize("saturation", [0.0, 0.8])
@pytest.mark.parametrize("taps", [0, 3])
def test_an_eye_collects_every_symbol_at_every_phase(
    kernels: ModuleType, fraction: float, saturation: float, taps: int
) -> None:
    """Each symbol by hand: samples about its instant, amplified, limited, weighed by the equaliser, less its feedback."""
    m, origin, bins, low, scale, main = 4, 10, 64, -3.0, 10.0, 1
    wave = single(30 * m)
    position = np.array([15.0, 19.0, 22.0]) + fraction / m
    feedback, gains = np.array([0.11, -0.2, 0.0]), np.array([1.0, 0.7, 1.3], dtype=np.float32)
    weights = single(3, taps)
    histogram = np.zeros((m, bins), dtype=np.int64)
    kernels.accumulate(wave, origin, position, feedback, gains, saturation, weights, main, low, scale, histogram)
    volts = np.zeros((3, m))
    for k in range(3):
        for p in range(m):
            for i in range(max(taps, 1)):
                late = (i - main) * m if taps else -main * m
                place = (position[k] - origin) * m + p - m // 2 - late
                value = gains[k] * cubic(wave, place)
                value = saturation * np.tanh(value / saturation) if saturation else value
                volts[k, p] += value * (weights[k, i] if taps else 1.0)
            volts[k, p] -= feedback[k]
    expected = binned(volts, low, scale, bins)
    assert histogram.sum() == 3 * m
    assert np.abs(histogram - expected).sum() <= 2
    assert (histogram.sum(axis=1) == 3).all()


def test_what_lies_beyond_the_bins_stands_in_the_end_ones(kernels: ModuleType) -> None:
    wave = np.full(40, 50.0, dtype=np.float32)
    wave[20:] = -50.0
    histogram = np.zeros((4, 8), dtype=np.int64)
    none = np.empty((2, 0), dtype=np.float32)
    kernels.accumulate(
        wave, 0, np.array([2.0, 7.0]), np.zeros(2), np.ones(2, dtype=np.float32), 0.0, none, 0, -1.0, 4.0, histogram
    )
    assert (histogram[:, 7] == 1).all()
    assert (histogram[:, 0] == 1).all()
    assert histogram.sum() == 8
