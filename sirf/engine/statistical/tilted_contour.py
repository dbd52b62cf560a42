"""The line in the complex plane on which moment-generating functions are taken: where it lies and where it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sirf._arrays import Complex, Float
from sirf._kernels.characteristic import fit_line
from sirf.errors import SirfError

DEPTH = 16.0
"""The line is tilted to where the tail has fallen to about exp(-DEPTH) = 1e-7: rounding stays below 1e-8 of the middle of the
distribution and below 1e-12 of what is read at 1e-15."""
DEEP, HIGHEST = 30.0, 600.0
"""Depth of the second line, for what the first cannot resolve of a wide bounded distribution, and the largest logarithm of its
moment-generating function: exp(709) is the largest number."""
DECAY = 8.6
"""The line ends where the Gaussian part has fallen to exp(-DECAY²/2), about 1e-16."""
NARROWEST = 1.0 / 1000.0
"""A Gaussian part narrower than this part of the total deviation is widened to it, so that the line stays finite."""
EXACT = 32
"""Largest bounded parts that the choice of the line looks at one by one."""
KEPT_LINES = 32
"""Lines whose points and voltages are kept: the phases of an eye share a few."""


@dataclass(frozen=True, slots=True)
class TiltedContour:
    """Where moment-generating functions are taken: `tilt` and `step` in 1/V, `size` points, Gaussian variance to use in V²."""

    tilt: float
    step: float
    size: int
    gaussian: float = field(compare=False)

    @classmethod
    def of(
        cls,
        bounded: Float,
        gaussian_variance: float,
        levels: Float,
        *,
        proxy: float = 0.0,
        spread: float = 0.0,
        deep: bool = False,
    ) -> TiltedContour:
        """The line for parts within ±`bounded` (K,) V, a Gaussian variance and a sub-Gaussian variance `proxy`.

        `gaussian_variance` in V² is what decays along the line; `spread` further Gaussian variance that may or may not. Tilt and
        period are rounded to steps of sqrt(2), so that phases share lines. A `deep` one gives up the middle of the distribution.
        """
        # a variable of mean zero within ±b is sub-Gaussian with the variance b² (Hoeffding's lemma): so the many small
        # parts are
        # bounded together, and only the largest ones are looked at one by one
        sizes = np.sort(np.abs(bounded))[::-1]
        exact, few = np.ascontiguousarray(sizes[:EXACT]), float(np.sum(sizes[EXACT:] ** 2)) + proxy
        total = float(np.sum(sizes**2)) + proxy + gaussian_variance + spread
        if not 0.0 < total < np.inf:
            raise SirfError(
                f"interference and noise must have a positive finite variance, got {total:g} V². "
                "Give the receiver a noise_density."
            )
        gaussian = max(gaussian_variance, NARROWEST**2 * total)
        depth, height = (DEEP, HIGHEST) if deep else (DEPTH, DEPTH)
        tilt, period = fit_line(exact, few, gaussian + spread, levels, depth, height)
        # the tilt downwards, the period upwards: neither loses what `fit_line` promises
        tilt = 2.0 ** (np.floor(2.0 * np.log2(tilt)) / 2.0)
        period = 2.0 ** (np.ceil(2.0 * np.log2(period)) / 2.0)
        # steps on the line repeat the distribution at this period (Poisson's summation), which must be wider than what
        # is read
        step = 2.0 * np.pi / period
        # a Gaussian part of variance v decays along the line as exp(-v w² / 2), to exp(-DECAY² / 2) at w = DECAY /
        # sqrt(v)
        size = max(int(np.ceil(DECAY / np.sqrt(gaussian) / step)), 16)
        return cls(float(tilt), float(step), size, gaussian)

    @property
    def end(self) -> float:
        """Largest |s| on the line, 1/V."""
        return float(np.hypot(self.tilt, self.step * self.size))

    @property
    def points(self) -> Complex:
        """The line itself (S,), 1/V; read-only."""
        return _points(self)


@lru_cache(maxsize=KEPT_LINES)
def _points(line: TiltedContour) -> Complex:
    points = np.asarray(line.tilt + 1j * line.step * np.arange(line.size), dtype=complex)
    # cached and shared by all phases on this line: a caller that wrote to it would change the others' answers
    points.flags.writeable = False
    return points
