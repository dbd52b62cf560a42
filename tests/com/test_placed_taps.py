"""Taps of one receiver against the compiled receiver that a search tries places with: the same numbers to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sirf._kernels.mmse import equalizer
from sirf.com.placed_taps import placed_taps


def problem(seed: int, taps: int, limit: float, feedback_limit: float, step: float) -> tuple[Any, ...]:
    """Arguments for a pulse with echoes, fifteen fixed taps and a run of four further on, main tap at the sixth."""
    rng = np.random.default_rng(seed)
    h = np.concatenate((rng.normal(0, 0.03, 4), [-0.05, 0.2, 1.0, 0.45], rng.normal(0, 0.05, 40)))
    size, cursor = 40, 5
    row = np.array([h[: h.size - k] @ h[k:] for k in range(size)]) + 0.002 * 0.4 ** np.arange(size)
    padded = np.concatenate((np.zeros(size + 3), h, np.zeros(size + 3)))
    at = size + 3 + 6 + cursor - np.arange(size)
    feedback = np.array([padded[at + k] for k in range(1, 1 + taps)]).reshape(-1, size)
    limits = np.full(size, limit)
    limits[cursor] = np.inf
    places = np.concatenate((np.arange(15), 20 + seed + np.arange(4)))
    low, high = np.zeros(taps), np.full(taps, feedback_limit)
    return row, padded[at], feedback, low, high, -limits, limits, cursor, step, places


@pytest.mark.parametrize("step", [0.0, 0.01])
@pytest.mark.parametrize("feedback_limit", [0.85, 0.1])
@pytest.mark.parametrize("limit", [9.0, 0.1, 0.02])
@pytest.mark.parametrize("taps", [0, 1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_one_receiver_is_that_of_the_search(
    seed: int, taps: int, limit: float, feedback_limit: float, step: float
) -> None:
    arguments = problem(seed, taps, limit, feedback_limit, step)
    w, b = np.empty(arguments[-1].size), np.empty(taps)
    kernel: Any = equalizer
    expected = kernel(*arguments, w, b)
    error, chosen, of_dfe = placed_taps(*arguments)
    assert np.isfinite(error)
    assert error == expected
    assert list(chosen) == list(w)
    assert list(of_dfe) == list(b)


def test_a_covariance_that_is_not_definite_has_no_receiver() -> None:
    row, *others = problem(0, 1, 9.0, 0.85, 0.0)
    assert placed_taps(np.zeros_like(row), *others)[0] == np.inf
