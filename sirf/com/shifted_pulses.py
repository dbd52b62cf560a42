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
    """

    def __init__(self, parts: Float, offsets: tuple[int, ...], per_ui: int, begin: int, end: int) -> None:
        self.parts, self.per_ui, self.begin, self._end = parts, per_ui, begin, end
        self._moved = per_ui * np.array(offsets)[:, None]
        self._products: dict[int, Float] = {}

    @cached_property
    def _changes(self) -> Float:
        # over two samples, round the ends: those that have no slope are left out of the sums
        return np.roll(self.parts, -1, axis=1) - np.roll(self.parts, 1, axis=1)

    @cached_property
    def _near(self) -> Float:
        return np.ascontiguousarray(self._at(self.parts, np.arange(self.begin, self._end)))

    def _at(self, parts: Float, places: Integer) -> Float:
        """Samples (4, K, n) of every tap's pulse at `places` (n,)."""
        return np.asarray(np.take(parts, (places - self._moved) % parts.shape[1], axis=1))

    def near(self, weights: Float) -> Float:
        """Samples (K, n) near the peak at the weights (4,) of `gain_weights`."""
        parts, count, size = self._near.shape
        return np.asarray((weights @ self._near.reshape(parts, count * size)).reshape(count, size))

    def products(self, weights: Float, phase: int) -> Float:
        """Products (2, K, K) of two taps' pulses over all UI of a sampling phase: of values, and of slopes over two samples.

        `weights` (10,) are those of `term_weights`.
        """
        if phase not in self._products:
            self._products[phase] = self._terms(phase)
        count = len(self._moved)
        return np.asarray((weights @ self._products[phase].reshape(len(PAIRS), -1)).reshape(2, count, count))

    def all_products(self, weights: Float) -> Float:
        """The products (2, M, K, K) of every sampling phase, as `products` gives those of one."""
        count = len(self._moved)
        terms = self._every_phase.reshape(len(PAIRS), -1)
        return np.asarray((weights @ terms).reshape(2, self.per_ui, count, count))

    @cached_property
    def _every_phase(self) -> Float:
        """Terms (10, 2, M, K, K) of all phases."""
        found = [self._products.get(phase) for phase in range(self.per_ui)]
        return np.stack([self._terms(phase) if one is None else one for phase, one in enumerate(found)], axis=2)

    def _terms(self, phase: int) -> Float:
        """The ten terms (10, 2, K, K) of `products`."""
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
