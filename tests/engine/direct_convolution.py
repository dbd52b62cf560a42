"""The reference method of statistical eyes: densities on a voltage grid, convolved one cursor after the other, without FFT.

Every number stays positive, so tails keep their relative accuracy at any depth; what is lost is the resolution of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from sirf.engine.front_end import FrontEnd, front_end
from sirf.link import Link

Float = NDArray[np.float64]


@dataclass(frozen=True)
class DirectConvolution:
    """Distributions of a link without jitter on a grid of `step` V, 2 `half` + 1 bins."""

    link: Link
    end: FrontEnd
    step: float
    half: int
    crosstalk: Float

    @classmethod
    def of(cls, link: Link, *, step: float, half: int, smallest: float = 1e-5) -> DirectConvolution:
        """Aggressors averaged over 16 phases; their cursors below `smallest` of the main one are left out."""
        end = front_end(link)
        model = cls(link, end, step, half, np.ones(1))
        total = model.delta()
        m = link.samples_per_ui
        for wave in end.crosstalk:
            columns = wave[: len(wave) // m * m].reshape(-1, m)[:, :: m // 16]
            keep = [column[np.abs(column) > smallest * end.main_cursor] for column in columns.T]
            average = np.mean([model.symbols(model.delta(), column) for column in keep], axis=0)
            total = np.convolve(total, average, mode="same")
        return cls(link, end, step, half, total)

    def delta(self) -> Float:
        """All probability at zero."""
        density = np.zeros(2 * self.half + 1)
        density[self.half] = 1.0
        return density

    def symbols(self, density: Float, cursors: Float) -> Float:
        """`density` (V,) after independent symbols through `cursors`; shifts between bins are shared by the two nearest."""
        for cursor in cursors:
            moved = np.zeros_like(density)
            for level in self.link.levels:
                bins, part = divmod(level * cursor / self.step, 1.0)
                moved += (1.0 - part) * _shift(density, int(bins)) + part * _shift(density, int(bins) + 1)
            density = moved / len(self.link.levels)
        return density

    def at(self, offset: int) -> Float:
        """Probability (V,) of each bin of interference and noise, `offset` samples after the sampling instant."""
        end = self.end
        cursors = end.cursors(end.through, phase=offset)
        main = end.pre_cursors
        taps = np.asarray(self.link.receiver.dfe)
        cursors[main + 1 : main + 1 + len(taps)] -= taps * end.main_cursor
        density = self.symbols(self.delta(), np.delete(cursors, main))
        density = np.convolve(density, self.crosstalk, mode="same")
        sigma = float(np.hypot(end.receiver_noise, end.transmitter_noise))
        bins = self.step * np.arange(-self.half, self.half + 1)
        return np.convolve(density, norm.pdf(bins, scale=sigma) * self.step, mode="same")

    def quantile(self, density: Float, probability: float) -> float:
        """The voltage that the interference exceeds with `probability`."""
        tail = np.cumsum(density[::-1])[::-1]
        edges = self.step * (np.arange(-self.half, self.half + 1) - 0.5)
        keep = tail > 0
        return float(np.interp(-np.log(probability), -np.log(tail[keep]), edges[keep]))


def _shift(density: Float, bins: int) -> Float:
    moved = np.zeros_like(density)
    if bins >= 0:
        moved[bins:] = density[: len(density) - bins]
    else:
        moved[:bins] = density[-bins:]
    return moved
