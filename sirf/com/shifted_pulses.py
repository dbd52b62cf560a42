"""The through path's pulse at the places of all transmitter taps, in parts that the CTLE's gains only weigh.

A pulse behind the CTLE is a weighted sum of four. So are the samples near its peak, at which settings are sampled; products of
the pulses of two taps, summed over all UI of a sampling phase, are weighted sums of ten, made once for each phase asked for.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sirf._arrays import Float, Integer
from sirf.com.path_terms import PAIRS


class ShiftedPulses:
    """`parts` (4, N) moved by the UI of `offsets`, `per_ui` samples each; what leaves at one end enters at the other.

    Samples near the peak are those from `begin`, a whole number of UI, to before `end`.
    `terms` (10, 2, M, K, K) are the products of two parts of two taps' pulses over all UI of each sampling phase, of values and
    of slopes over two samples, where `made` (M,) says so.
    """

    def __init__(self, parts: Float, offsets: tuple[int, ...], per_ui: int, begin: int, end: int) -> None:
        self.parts, self.per_ui, self.begin, self._end = parts, per_ui, begin, end
        self._moved = per_ui * np.array(offsets)[:, None]
        self.terms = np.empty((len(PAIRS), 2, per_ui, len(offsets), len(offsets)))
        self.made = np.zeros(per_ui, dtype=np.bool_)

    @cached_property
    def _changes(self) -> Float:
        # over two samples, round the ends: those that have no slope are left out of the sums
        return np.roll(self.parts, -1, axis=1) - np.roll(self.parts, 1, axis=1)

    @cached_property
    def near_parts(self) -> Float:
        """Samples (4, K, n) near the peak of each part."""
        return np.ascontiguousarray(self._at(self.parts, np.arange(self.begin, self._end)))

    def _at(self, parts: Float, places: Integer) -> Float:
        """Samples (4, K, n) of every tap's pulse at `places` (n,)."""
        return np.asarray(np.take(parts, (places - self._moved) % parts.shape[1], axis=1))

    def near(self, weights: Float) -> Float:
        """Samples (K, n) near the peak at the weights (4,) of `gain_weights`."""
        parts, count, size = self.near_parts.shape
        return np.asarray((weights @ self.near_parts.reshape(parts, count * size)).reshape(count, size))

    def all_products(self, weights: Float) -> Float:
        """The products (2, M, K, K) of every sampling phase at the weights (10,) of `term_weights`."""
        for phase in np.flatnonzero(~self.made).tolist():
            self.make(phase)
        shape = self.terms.shape
        return np.asarray((weights @ self.terms.reshape(shape[0], -1)).reshape(shape[1:]))

    def make(self, phase: int) -> None:
        """Fill `terms` of a sampling phase."""
        self.terms[:, :, phase] = self._terms(phase)
        # said last: other threads may read what is made
        self.made[phase] = True

    def _terms(self, phase: int) -> Float:
        """The ten terms (10, 2, K, K) of a phase."""
        size, count = self.parts.shape[1], len(self._moved)
        places = np.arange(phase, size, self.per_ui)
        # no slope at either end
        inside = places[(places > 0) & (places < size - 1)]
        found = np.empty((len(PAIRS), 2, count, count))
        for kind, (parts, at) in enumerate(((self.parts, places), (self._changes, inside))):
            rows = self._at(parts, at).reshape(-1, at.size)
            sums = (rows @ rows.T).reshape(4, count, 4, count)
            for number, (i, j) in enumerate(PAIRS):
                # a pair of parts counts in both orders
                found[number, kind] = 0.5 * (sums[i, :, j] + sums[j, :, i])
        return found
