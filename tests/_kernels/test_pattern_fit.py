"""What curves change of a period, its fit and what that leaves, and values between samples, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._kernels.pattern_fit import (
    BLOCK,
    between_samples,
    compare_courses,
    fit_courses,
)

# two blocks of symbols and a part of one
N, GROUPS = 2 * BLOCK + 60, 3
GENERATOR = np.random.default_rng(3)
GROUP = GENERATOR.integers(0, GROUPS, N)
VALUES = GENERATOR.standard_normal((2, N))


@pytest.mark.parametrize("courses", [0, 2])
def test_a_gain_of_the_edges_is_told_from_what_they_drift(courses: int) -> None:
    waves, (straight, mean) = GENERATOR.standard_normal((courses + 1, N)), GENERATOR.standard_normal((2, N))
    edges, bends = GENERATOR.standard_normal((2, courses, N))
    gain, values = np.empty(GROUPS), np.empty((2, N))
    compare_courses(
        waves, straight, edges, bends, mean, GROUP, np.empty((2, GROUPS)), gain, values, np.empty((3, BLOCK))
    )
    change = waves[1:] - waves[0] - bends
    expected = np.ones(GROUPS)
    if courses:
        expected = np.array(
            [np.sqrt(np.sum(change[:, g] ** 2) / np.sum(edges[:, g] ** 2)) for g in np.eye(3, dtype=bool)[GROUP].T]
        )
    assert gain == pytest.approx(expected)
    assert values[0] == pytest.approx(waves[0] - straight + mean)
    assert values[1] == pytest.approx((change - gain[GROUP] * edges).sum(axis=0) / max(courses, 1))


@pytest.mark.parametrize("courses", [0, 2])
def test_displaced_edges_are_added_to_what_neighbours_make(courses: int) -> None:
    parts, gain, constants = GENERATOR.standard_normal((2, N)), *GENERATOR.standard_normal((2, GROUPS))
    edges, bends = GENERATOR.standard_normal((2, courses, N))
    fitted, left = np.empty((max(courses, 1), N)), np.empty(N)
    ranges = np.full((2, GROUPS), [[np.inf], [-np.inf]])
    fit_courses(parts, constants, GROUP, VALUES[0], VALUES[1], edges, bends, gain, fitted, left, ranges)
    assert left == pytest.approx(VALUES[0] - parts[0])
    moved = gain[GROUP] * edges + bends if courses else np.zeros((1, N))
    assert fitted == pytest.approx(VALUES[1] + parts.sum(axis=0) + moved)
    about = left + constants[GROUP]
    for g in range(GROUPS):
        assert ranges[:, g] == pytest.approx([about[g == GROUP].min(), about[g == GROUP].max()])


@pytest.mark.parametrize("first", [0, 7, 4 * N - 1, 4 * N - 2])
def test_samples_are_taken_round_the_period(first: int) -> None:
    values, shares = GENERATOR.standard_normal((4, N)).astype(np.float32), np.array([0.1, 0.4, 0.6, -0.1])
    out = np.empty(N)
    between_samples(values, first, shares, out)
    turned = [np.roll(values.T.ravel(), -first - k)[::4].astype(float) for k in range(4)]
    assert out == pytest.approx(shares @ np.array(turned), abs=1e-12)
