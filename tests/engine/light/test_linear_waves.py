"""A period through linear responses against one circular transform."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.light.linear_waves import LinearWaves


@pytest.mark.parametrize(("symbols", "taps"), [(1 << 14, 130), (1 << 12, 1500), (1000, 1), (3 << 10, 256)])
def test_a_period_meets_the_circular_convolution(symbols: int, taps: int) -> None:
    generator = np.random.default_rng(1)
    rows, responses = generator.standard_normal((2, symbols)), generator.standard_normal((2, taps))
    wound = np.pad(responses, ((0, 0), (0, symbols - taps)))
    expected = np.fft.irfft(np.fft.rfft(rows) * np.fft.rfft(wound), symbols)
    found = LinearWaves(rows).through(responses, np.array([0, 1]))
    assert found == pytest.approx(expected, abs=1e-12 * taps)
    # one response for several rows, and ahead by some symbols
    other = np.fft.irfft(np.fft.rfft(rows) * np.fft.rfft(wound[1]), symbols)
    for early in (0, 3, symbols + 1):
        ahead = LinearWaves(rows).through(responses, np.array([1, 1]), early=early)
        assert ahead == pytest.approx(np.roll(other, -early, axis=1), abs=1e-12 * taps)


def test_single_precision_stays_single_and_rounds_120_db_below_the_signal() -> None:
    generator = np.random.default_rng(2)
    rows, responses = generator.standard_normal((3, 1 << 14)), generator.standard_normal((2, 100))
    which = np.array([0, 1, 1])
    exact = LinearWaves(rows).through(responses, which, early=7)
    found = LinearWaves(rows.astype(np.float32)).through(responses, which, early=7)
    assert found.dtype == np.float32
    assert np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)) < 1e-6
