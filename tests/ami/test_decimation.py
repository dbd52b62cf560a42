"""Fewer samples ahead of the channel: against numpy's convolution at all samples; and the queue of received samples."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.ami.sample_buffer import SampleBuffer
from sirf.ami.stimulus import Decimation, OverlapSave

M = 16


@pytest.mark.parametrize(("ratio", "allowed"), [(1, 1e-6), (2, 2e-6), (4, 4e-4)])
@pytest.mark.parametrize("block", [64, 1000])
def test_a_channel_at_fewer_samples_is_the_one_at_all_of_them(ratio: int, allowed: float, block: int) -> None:
    rng = np.random.default_rng(ratio)
    decimation = Decimation(ratio)
    # eight poles at 0.8 symbol rates: 110 dB down at four, 160 dB at eight
    place = np.arange(40 * M) / M
    response = np.concatenate([np.zeros(decimation.early), place**7 * np.exp(-5.0 * place)])
    symbols = 3 * len(response) // M // block * block + 6 * block
    wave = np.repeat(rng.integers(0, 4, symbols) / 3.0 - 0.5, M)
    channel = OverlapSave(decimation.without(response), block * M // ratio)
    pieces = [channel.push(decimation.push(part)) for part in wave.reshape(-1, block * M)]
    expected = np.convolve(wave, response)[: len(wave) : ratio]
    error = np.concatenate(pieces) - expected
    assert np.sqrt(np.mean(error**2)) < allowed * np.sqrt(np.mean(expected**2))


@pytest.mark.parametrize("ratio", [2, 4])
def test_decimation_is_a_running_mean_whatever_the_blocks(ratio: int) -> None:
    wave = np.random.default_rng(1).normal(size=4096)
    whole = Decimation(ratio)
    expected = np.convolve(wave, whole.taps)[: len(wave) : ratio]
    np.testing.assert_allclose(whole.push(wave), expected, atol=1e-5)
    parts = Decimation(ratio)
    cut = np.concatenate([parts.push(part) for part in np.split(wave, [512, 640, 2048])])
    np.testing.assert_allclose(cut, expected, atol=1e-5)


def test_samples_leave_a_queue_in_the_order_in_which_they_came() -> None:
    rng = np.random.default_rng(2)
    queue, expected = SampleBuffer(), np.zeros(0, dtype=np.float32)
    for _ in range(200):
        new = rng.normal(size=int(rng.integers(0, 50)))
        np.testing.assert_array_equal(queue.append(new), new.astype(np.float32))
        count = int(rng.integers(0, 60))
        queue.drop(count)
        expected = np.concatenate([expected, new.astype(np.float32)])[count:]
        np.testing.assert_array_equal(queue.values, expected)
