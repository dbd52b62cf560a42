"""The error that a receiver's converter adds to the samples ahead of its FFE."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf.engine.front_end import front_end

if TYPE_CHECKING:
    from sirf.link import Link

Float = NDArray[np.float64]

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
        before = dataclasses.replace(
            receiver, ffe=(1.0,), ffe_main=0, dfe=(), mlse=None, converter=None, dfe_unrolled=False
        )
        end = front_end(link.replace(receiver=before))
        signal = float(np.mean(link.levels**2)) * float(np.sum(end.cursors(end.through) ** 2))
        full = RANGE_PER_RMS * float(np.sqrt(signal + end.receiver_noise**2))
    return Rounding(
        step=receiver.converter.step(full),
        noise=receiver.converter.extra_noise(full),
        taps=np.asarray(receiver.ffe),
        main=receiver.ffe_main,
    )
