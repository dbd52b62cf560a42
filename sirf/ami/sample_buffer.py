"""Samples of a waveform that are appended in blocks and dropped from the front, held in one array."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float, Single


class SampleBuffer:
    """A queue of samples in single precision; what it holds is moved only where the room behind it runs out."""

    def __init__(self) -> None:
        self._room = np.empty(0, dtype=np.float32)
        self._first = self._end = 0

    @property
    def values(self) -> Single:
        """The samples (n,) in order of time, valid until the next change."""
        return self._room[self._first : self._end]

    def append(self, wave: Single | Float) -> Single:
        """Put `wave` (k,) behind the samples and return what is held of it."""
        if self._end + len(wave) > len(self._room):
            held = self.values
            size = len(held) + len(wave)
            # twice the need: a queue that is emptied as fast as it fills then moves a few samples once a block
            room = np.empty(2 * size, dtype=np.float32) if size > len(self._room) else self._room
            room[: len(held)] = held
            self._room, self._first, self._end = room, 0, len(held)
        new = self._room[self._end : self._end + len(wave)]
        new[:] = wave
        self._end += len(wave)
        return new

    def drop(self, count: int) -> None:
        """Forget the oldest `count` samples."""
        self._first += min(count, self._end - self._first)
