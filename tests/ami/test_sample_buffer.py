"""The queue of samples against a plain list."""

from __future__ import annotations

import numpy as np

from sirf.ami.sample_buffer import SampleBuffer


def test_a_queue_holds_what_a_list_would() -> None:
    rng = np.random.default_rng(1)
    buffer, held = SampleBuffer(), np.zeros(0, dtype=np.float32)
    for _ in range(200):
        if rng.random() < 0.6:
            block = rng.normal(size=rng.integers(0, 40)).astype(np.float32)
            new = buffer.append(block)
            held = np.concatenate([held, block])
            np.testing.assert_array_equal(new, block)
        else:
            count = int(rng.integers(0, 60))
            buffer.drop(count)
            held = held[count:]
        np.testing.assert_array_equal(buffer.values, held)


def test_what_is_appended_is_held_itself() -> None:
    """The answer of `append` is the place in the queue, so that it can be checked without a copy."""
    buffer = SampleBuffer()
    new = buffer.append(np.array([1.0, 2.0]))
    new[0] = 7.0
    assert buffer.values.tolist() == [7.0, 2.0]
    assert buffer.values.dtype == np.float32


def test_a_queue_that_is_emptied_as_it_fills_does_not_grow() -> None:
    buffer = SampleBuffer()
    for _ in range(50):
        buffer.append(np.ones(100))
        buffer.drop(90)
        buffer.drop(10)
    assert buffer.values.size == 0
    assert len(buffer._room) <= 200
    buffer.drop(5)
    assert buffer.append(np.array([3.0])).tolist() == [3.0]
    assert buffer.values.tolist() == [3.0]
