"""A period through linear responses against one circular transform."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.light.linear_waves import MIN_BLOCK, LinearWaves


@pytest.mark.parametrize(("symbols", "taps"), [(1 << 14, 130), (1 << 12, 1500), (1000, 1), (3 * MIN_BLOCK, 256)])
def test_blocks_join_to_the_circular_convolution(symbols: int, taps: int) -> None:
    generator = np.random.default_rng(1)
    rows, responses = generator.standard_normal((2, symbols)), generator.standard_normal((2, taps))
    found = LinearWaves(rows, taps).through(responses)
    wound = np.pad(responses, ((0, 0), (0, -taps % symbols))).reshape(2, -1, symbols).sum(axis=1)
    expected = np.fft.irfft(np.fft.rfft(rows) * np.fft.rfft(wound), symbols)
    assert found == pytest.approx(expected, abs=1e-12 * taps)
