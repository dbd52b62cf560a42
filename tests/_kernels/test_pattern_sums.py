"""Histograms and tail sums of patterns against NumPy and SciPy, value by value."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc, ndtr

from sirf._kernels.pattern_sums import (
    count_classes,
    gather_groups,
    gaussian_tails,
    sum_tails,
)


def test_each_value_is_split_over_two_bins_about_it() -> None:
    generator = np.random.default_rng(1)
    values, group = generator.uniform(-3.0, 3.0, (2, 50)), generator.integers(0, 3, 50)
    counts, sums = np.zeros((3, 41)), np.zeros((2, 3))
    count_classes(values, values, group, np.zeros(3), np.empty((3, 0)), np.full(3, 5.0), 20, counts, sums)
    bins = (np.arange(41) - 20) / 5.0
    for g in range(3):
        inside = values[:, group == g].ravel()
        assert counts[g].sum() == pytest.approx(inside.size)
        assert counts[g] @ bins == pytest.approx(inside.sum())
        # what splitting adds to the sum of squares
        assert counts[g] @ bins**2 - np.sum(inside**2) == pytest.approx(sums[1, g] / 25.0)
    # one class: its noise is not summed
    assert not sums[0].any()


def test_sums_are_those_of_a_tail_about_every_bin() -> None:
    generator = np.random.default_rng(2)
    half, stride, voltages = 12, 3, 9
    counts = np.where(generator.random((4, 2 * half + 1)) < 0.4, generator.random((4, 2 * half + 1)), 0.0)
    counts[3] = 0.0
    counts[3, 0] = 2.0
    deviations = np.array([0.5, 2.0, 7.0, 1.0])
    sums = np.empty((4, 4, voltages))
    table, room = np.empty((2, 2 * counts.shape[1] + stride * voltages))
    sum_tails(counts, deviations, half, stride, table, room, sums)
    volts, place = stride * np.arange(voltages)[:, None], np.arange(-half, half + 1)
    for g, (row, deviation) in enumerate(zip(counts, deviations, strict=True)):
        upper, lower = ndtr((place - volts) / deviation), ndtr((-place - volts) / deviation)
        for found, expected in zip(sums[:, g], (upper, lower, upper**2, lower**2), strict=True):
            assert found == pytest.approx(expected @ row, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("scale", [0.001, 0.07, 0.3, 2.0])
def test_tails_of_evenly_spaced_distances_are_those_of_scipy(scale: float) -> None:
    table, room = np.empty(403), np.empty(403)
    gaussian_tails(scale, room, table)
    expected = 0.5 * erfc(scale * np.arange(403))
    # below the smallest number of full precision both have lost digits
    assert table == pytest.approx(expected, rel=2e-13, abs=1e-307)


def test_classes_are_counted_apart_about_the_centre_of_their_group() -> None:
    generator = np.random.default_rng(3)
    values, noise, group = (
        generator.uniform(-1.0, 1.0, (2, 60)),
        generator.random((2, 60)),
        generator.integers(0, 3, 60),
    )
    centres, bounds = np.array([0.3, -0.2, 0.1]), np.array([[0.3, 0.6], [0.5, 0.5], [0.0, 2.0]])
    # bins of a width for each group
    scales = np.array([10.0, 7.0, 4.0])
    counts, sums = np.zeros((9, 41)), np.zeros((2, 9))
    count_classes(values, noise, group, centres, bounds, scales, 20, counts, sums)
    for g in range(3):
        kinds = np.searchsorted(bounds[g], noise, side="right")
        for kind in range(3):
            inside = (kinds == kind) & (group == g)
            place = (values[inside] - centres[g]) * scales[g] + 20.0
            part = place - np.floor(place)
            expected = np.bincount(place.astype(int), 1.0 - part, 41) + np.bincount(place.astype(int) + 1, part, 41)
            assert counts[3 * g + kind] == pytest.approx(expected, abs=1e-12)
            widened = np.sum(part * (1.0 - part))
            assert sums[:, 3 * g + kind] == pytest.approx([noise[inside].sum(), widened], abs=1e-12)


def test_groups_are_gathered_and_summed() -> None:
    generator = np.random.default_rng(4)
    values, group = generator.standard_normal((2, 30)), generator.integers(0, 3, 30)
    rows, sums, filled = np.full((3, 60), np.inf), np.zeros(3), np.zeros(3, dtype=np.int64)
    gather_groups(values, group, rows, sums, filled)
    assert np.array_equal(filled, 2 * np.bincount(group))
    for g, (row, total) in enumerate(zip(rows, sums, strict=True)):
        inside = values[:, group == g].ravel()
        assert np.array_equal(row[: inside.size], inside)
        assert np.isinf(row[inside.size :]).all()
        assert total == pytest.approx(inside.sum())
