"""Pulses at the places of transmitter taps: each against the weighted pulse itself, rolled and summed."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.com.path_terms import term_weights
from sirf.com.shifted_pulses import ShiftedPulses

M, OFFSETS, BEGIN, END = 4, (-2, -1, 0, 3), 8, 33


@pytest.fixture(scope="module")
def pulses() -> ShiftedPulses:
    """Four pulses of 12 UI and a sample, so that what goes round the end changes its phase."""
    return ShiftedPulses(np.random.default_rng(5).standard_normal((4, 12 * M + 1)), OFFSETS, M, BEGIN, END)


@pytest.fixture(scope="module")
def weights() -> Float:
    return np.array([0.7, -1.3, 0.4, 2.1])


@pytest.fixture(scope="module")
def rows(pulses: ShiftedPulses, weights: Float) -> Float:
    return np.stack([np.roll(weights @ pulses.parts, offset * M) for offset in OFFSETS])


def test_near_samples_are_those_of_the_rolled_pulse(pulses: ShiftedPulses, weights: Float, rows: Float) -> None:
    np.testing.assert_allclose(pulses.near(weights), rows[:, BEGIN:END], rtol=0.0, atol=1e-14)


@pytest.mark.parametrize("phase", range(M))
def test_products_are_those_of_every_sample_of_a_phase(
    pulses: ShiftedPulses, weights: Float, rows: Float, phase: int
) -> None:
    slopes = np.zeros_like(rows)
    # no slope at either end
    slopes[:, 1:-1] = rows[:, 2:] - rows[:, :-2]
    values, changes = rows[:, phase::M], slopes[:, phase::M]
    # what is made already is kept
    pulses.make(phase)
    found = pulses.all_products(term_weights(weights))[:, phase]
    np.testing.assert_allclose(found[0], values @ values.T, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(found[1], changes @ changes.T, rtol=0.0, atol=1e-12)
