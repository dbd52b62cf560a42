"""The error that a receiver's converter adds to the samples ahead of its FFE."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.engine.front_end import FrontEnd, front_end
from sirf.signal.pam import mean_square

if TYPE_CHECKING:
    from sirf.link import Link


RANGE_PER_RMS = 4.0
"""Range of a converter that sets its own, over the rms of its input."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """Errors of a converter: uniform over `step` V, white (Bennett 1948), and Gaussian noise of its own of `noise` V rms.

    Both pass the receiver's FFE, `taps` (N,) with the main one at `main`.
    """

    step: float
    noise: float
    taps: Float
    main: int

    @property
    def own_noise(self) -> float:
        """Variance in V² of the converter's own noise at the slicer."""
        return self.noise**2 * float(np.sum(self.taps**2))

    def correlation(self, count: int) -> Float:
        """Autocorrelation (count,) in V² at the slicer of rounding error and own noise, at lags of one UI."""
        taps = self.taps
        lags = np.zeros(count)
        # white errors of variance step² / 12 through the FFE: their autocorrelation is that of its taps
        full = np.correlate(taps, taps, mode="full")[taps.size - 1 :][:count]
        lags[: full.size] = (self.step**2 / 12.0 + self.noise**2) * full
        return lags


def converter_rounding(link: Link) -> Rounding | None:
    """What the link's converter adds, None without one; input that passes its range is not followed here."""
    receiver = link.receiver
    if receiver.converter is None:
        return None
    full = receiver.converter.full_scale
    if full is None:
        # the converter stands behind the CTLE and ahead of everything digital: its range follows what it sees itself
        before = link.replace(receiver=dataclasses.replace(receiver, ffe=(1.0,), ffe_main=0))
        full = RANGE_PER_RMS * input_rms(before, front_end(before))
    return Rounding(
        step=receiver.converter.step(full),
        noise=receiver.converter.extra_noise(full),
        taps=np.asarray(receiver.ffe),
        main=receiver.ffe_main,
    )


def input_rms(link: Link, end: FrontEnd) -> float:
    """Rms in V of signal, crosstalk and noise at the sampling instant of `end`, a front end without digital equaliser."""
    m = end.samples_per_ui
    power = mean_square(link.levels)
    # symbols are independent, so cursors add as powers
    signal = power * float(np.sum(end.through[end.sampling % m :: m] ** 2))
    # an aggressor's phase is random: the mean over all phases, not the sum at one
    crosstalk = power * sum(float(np.sum(wave**2)) / m for wave in end.crosstalk)
    return float(np.sqrt(signal + crosstalk + end.noise_correlation[0]))
