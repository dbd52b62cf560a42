"""The channel behind a transmitter's model: a filter in blocks against numpy's convolution of the whole waveform."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.ami.stimulus import OverlapSave


@pytest.mark.parametrize("block", [512, 1000, 4096])
@pytest.mark.parametrize("memory", [1, 2, 129, 700, 3000])
def test_blocks_give_the_convolution_of_the_whole_waveform(block: int, memory: int) -> None:
    rng = np.random.default_rng(block + memory)
    taps, wave = rng.normal(size=memory), rng.normal(size=6 * block)
    channel = OverlapSave(taps, block)
    pieces = [channel.push(wave[at : at + block]) for at in range(0, len(wave), block)]
    expected = np.convolve(wave, taps)[: len(wave)]
    np.testing.assert_allclose(np.concatenate(pieces), expected, atol=2e-5 * float(np.linalg.norm(taps)))
