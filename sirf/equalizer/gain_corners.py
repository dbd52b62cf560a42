"""Waves behind every setting of a CTLE's gains from those behind the ends of the gains alone.

The amplitude 10^(g / 20) of a gain g in dB stands in one factor of equation (93A-22) each, beside what is imaginary: transfers
are linear in each amplitude, and their squared magnitudes in each of its squares.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.engine.front_end import AnalogChannel
from sirf.engine.noise_correlation import noise_correlation
from sirf.equalizer.search_waves import (
    UnequalizedWaves,
    aggressor_power,
    ctle_power,
    with_gains,
)
from sirf.receiver.receiver import Receiver
from sirf.units import from_db20

if TYPE_CHECKING:
    from sirf.link import Link


NOISE_SAMPLES = 8
"""Samples per UI of the noise that a search weighs: 1e-6 of it lies beyond four times the symbol rate."""


class GainCorners:
    """The waves of a link behind the CTLE settings of a grid, autocorrelations to `reach` UI; corners are made when asked for."""

    def __init__(
        self,
        link: Link,
        channel: AnalogChannel,
        receiver: Receiver,
        axes: Sequence[Sequence[float]],
        reach: int,
    ) -> None:
        self.link, self.channel, self.receiver, self.reach = link, channel, receiver, reach
        self.ends = [tuple(sorted({min(axis), max(axis)})) for axis in axes]
        self.corners = list(itertools.product(*self.ends))
        self.power = aggressor_power(link, channel, reach)
        length = channel.prepared[channel.index[0]].n_samples
        # pulse and edge response behind each corner; lags in V² of noise, FEXT and NEXT
        self.responses = np.zeros((len(self.corners), 2, length))
        self.lags = np.zeros((len(self.corners), 3, reach))
        self.made: set[int] = set()

    def waves(self, gains_db: tuple[float, ...]) -> UnequalizedWaves:
        """The waves behind a setting of the gains in dB; behind a corner they are its own to the last digit."""
        shares = [_shares(gain, ends) for gain, ends in zip(gains_db, self.ends, strict=True)]
        of_transfer, of_power = (reduce(_products, one) for one in zip(*shares, strict=True))
        wanted = np.flatnonzero(of_transfer).tolist()
        for number in wanted:
            self._make(number)
        if len(wanted) == 1:
            responses, lags = self.responses[wanted[0]], self.lags[wanted[0]]
        else:
            responses, lags = (
                (share @ each.reshape(len(each), -1)).reshape(each.shape[1:])
                for share, each in ((of_transfer, self.responses), (of_power, self.lags))
            )
        pulse, edge = responses
        noise, fext, near = lags
        return UnequalizedWaves.of(pulse, edge, noise, fext, near, self.link.samples_per_ui)

    def _make(self, number: int) -> None:
        if number in self.made:
            return
        receiver = with_gains(self.receiver, self.corners[number])
        for row, kind in enumerate(("pulse", "edge")):
            self.responses[number, row] = self.channel.response(0, receiver, kind=kind)
        noise = noise_correlation(self.link, receiver, lags_ui=max(24, self.reach), samples_per_ui=NOISE_SAMPLES)[
            ::NOISE_SAMPLES
        ]
        self.lags[number] = noise[: self.reach], *self._crosstalk(receiver)
        self.made.add(number)

    def _crosstalk(self, receiver: Receiver) -> tuple[Float, Float]:
        """Autocorrelation (lags,) at lags of one UI of all FEXT (before the Tx FFE) and of all NEXT, averaged over the phase.

        In V² for unit symbol variance.
        """
        fext, near = np.zeros(self.reach), np.zeros(self.reach)
        # aggressors of a window as long share its grid: even, from 0 Hz on
        seen: dict[tuple[int, float], Float | float] = {}
        for is_fext, frequency, power, cosines in self.power:
            # Parseval: energy is twice the one-sided integral; over one UI it is the mean over the aggressor's phase
            scale = 2.0 * (frequency[1] - frequency[0]) * self.link.symbol_rate
            grid = len(frequency), float(frequency[-1])
            if grid not in seen:
                seen[grid] = ctle_power(receiver, frequency)
            lags = scale * (cosines @ (power * seen[grid]))
            if is_fext:
                fext += lags
            else:
                near += lags
        return fext, near


def _products(first: Float, second: Float) -> Float:
    """Every share of `first` (N,) times every one of `second` (M,), (N M,), the second's one after the other."""
    return np.multiply.outer(first, second).ravel()


def _shares(gain: float, ends: tuple[float, ...]) -> tuple[Float, Float]:
    """Shares of the transfers and of the powers behind the `ends` of a gain, whose sum is that of the gain; all in dB."""
    if gain in ends:
        whole = np.array([float(gain == end) for end in ends])
        return whole, whole
    here, low, high = (from_db20(one) for one in (gain, *ends))
    of_high = [(here**power - low**power) / (high**power - low**power) for power in (1, 2)]
    transfer, power = (np.array([1.0 - share, share]) for share in of_high)
    return transfer, power
