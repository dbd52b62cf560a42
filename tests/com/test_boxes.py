"""Bounds of boxes of transmitter settings (Annex 178A) against the errors of every setting in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf._kernels.com_bounds import box_bounds, box_crosstalk
from sirf._kernels.com_boxes import levinson_error, most_gain
from sirf.com.full_search import Boxes, CtleBounds
from sirf.com.mmse import ffe_size
from sirf.com.reference_receiver import reference_receiver
from tests.com.golden_178a import case_4p17
from tests.com.test_annex_178a import grid_of

Real = NDArray[np.float64]


def test_the_recursion_is_the_solution_of_the_normal_equations() -> None:
    rng = np.random.default_rng(4)
    size = 21
    taps, main, later = rng.normal(size=9), rng.normal(size=size) * 0.2, rng.normal(size=size) * 0.1
    row = np.zeros(size)
    row[:9] = np.correlate(taps, taps, "full")[8:]
    row[0] += 0.1
    inverse = np.linalg.inv(row[np.abs(np.subtract.outer(np.arange(size), np.arange(size)))])
    errors = [
        (1.0 - b * (main @ inverse @ later)) ** 2 / (main @ inverse @ main)
        + b * b * (1.0 - later @ inverse @ later)
        - 1.0
        for b in np.linspace(0.0, 0.3, 3001)
    ]
    room = np.empty(size), np.empty(size), np.empty(2 * size)
    none, no_transform = np.zeros(0, dtype=np.float32), np.zeros((size, 0), dtype=np.float32)
    error = levinson_error(row, none, no_transform, main, later, 0.0, 0.3, -np.inf, *room)
    assert error == pytest.approx(min(errors), abs=1e-7)
    assert levinson_error(row, none, no_transform, main, later, 0.0, 0.3, 2.0 * error, *room) == 0.0


def test_the_most_gain_of_a_box_is_that_of_its_settings() -> None:
    values = np.array([[-0.2, -0.1, 0.0], [0.0, 0.0, 0.0], [0.0, 0.1, 0.0]])
    cosines = np.cos(np.outer(np.arange(3), np.linspace(0, np.pi, 33))).astype(np.float32)
    result, part = np.empty(33, dtype=np.float32), np.empty(33, dtype=np.float32)
    most_gain(values, np.array([0, 0, 0]), np.array([2, 0, 1]), 1, cosines, np.empty(3), part, result)
    response = [
        np.abs(np.fft.rfft([before, 1.0 - abs(before) - after, after], 64)) ** 2
        for before in np.linspace(-0.2, 0.0, 21)
        for after in np.linspace(0.0, 0.1, 11)
    ]
    assert np.all(result >= np.max(response, axis=0) - 1e-6)
    assert result == pytest.approx(np.max(response, axis=0), abs=1e-6)


def count_left(
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    here: tuple[NDArray[np.int64], Real],
    bound_arguments: tuple[Any, ...],
    limit: float,
    samples: int,
) -> int:
    """How many of some instants and their ratios the bound of a box leaves, for a pulse of so many samples."""
    grid, (strengths, densities, least), sampling, spectra, converter, receiver = bound_arguments
    crosstalk, window = np.zeros(grid[5].shape[1], dtype=np.float32), np.array((0, samples - 1))
    if len(strengths):
        box_crosstalk(low, high, grid[0], grid[3], strengths, densities, least, crosstalk)
    box, given = (low, high, *here, crosstalk), (grid, sampling, spectra, converter, receiver)
    kept = np.empty(samples, dtype=np.int64), np.empty(samples), np.empty(samples)
    count: Callable[..., int] = box_bounds
    return count(*box, *given, limit, window, *kept)


@pytest.mark.parametrize(("name", "bits", "groups"), [("d33-point-A1/synthetic_224g_board/through", 0.0, 0),
                                                      ("d33-point-A1-full/synthetic_224g_board/crosstalk", 6.0, 1)])  # fmt: skip
def test_no_error_in_a_box_is_below_its_bound(reference_dir: Path, name: str, bits: float, groups: int) -> None:
    """At each instant the box is held against the least error of all settings in it; half of that excludes single settings."""
    case = case_4p17(reference_dir, name)
    settings = grid_of(case, bits=bits, groups=groups)
    receiver = reference_receiver(case.paths, settings)
    boxes = Boxes(receiver.grid, ffe_size(receiver.ffe), settings.transmitter.c0_minimum)
    tables = receiver.tables((-8.0, -1.0))
    place = CtleBounds(receiver, (1, 1), tables, boxes)
    errors = tables.errors(np.arange(len(receiver.grid.taps)))
    _, counts, row_of, *_ = boxes.arrays
    rng = np.random.default_rng(7)
    room = tables.through.size
    excluded = looked = 0
    for turn in range(60):
        ends = np.sort([[rng.integers(count), rng.integers(count)] for count in counts], axis=1)
        if turn % 3 == 0:
            ends[:, 1] = ends[:, 0]
        inside = [
            row_of[np.ravel_multi_index(index, counts)]
            for index in np.ndindex(*counts)
            if all(low <= i <= high for i, (low, high) in zip(index, ends, strict=True))
        ]
        least: dict[int, float] = {}
        for row in inside:
            for instant, error in zip(tables.instants[row] + tables.offsets, errors[row], strict=True):
                least[int(instant)] = min(least.get(int(instant), np.inf), float(error))
        for instant, error in least.items():

            def bounded(limit: float, instant: int = instant, ends: NDArray[np.int64] = ends) -> int:
                low, high = (np.ascontiguousarray(end) for end in ends.T)
                here = np.array([instant]), np.zeros(1)
                return count_left(low, high, here, place.bound_arguments, limit, room)

            assert bounded(error) == 1
            if len(inside) == 1:
                looked += 1
                excluded += 1 - bounded(0.6 * error)
    assert looked > 50
    assert excluded > 0.9 * looked
