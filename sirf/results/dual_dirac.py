"""The dual-Dirac model of a bathtub: a Gaussian at each wall, whose distance is the deterministic part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erfc, erfcinv

from sirf._arrays import Float

DEEPER = 1e-3
"""The second error ratio of a fit, relative to the first."""


@dataclass(frozen=True, slots=True)
class Wall:
    """One wall of a bathtub: ratio = `share` Q((x - `mean`) / `sigma`), `sigma` below 0 where the ratio falls to the left."""

    mean: float
    sigma: float
    share: float

    def ratio(self, place: Float) -> Float:
        """The model's error ratio at `place`."""
        return np.asarray(0.5 * self.share * erfc((place - self.mean) / (np.sqrt(2.0) * self.sigma)))


def q_of(ratio: float, share: float) -> float:
    """Standard deviations beyond which a Gaussian has `ratio` / `share` of its area."""
    # beyond a half there is no such quantile; just below it stands for a wall that is hardly one
    return float(np.sqrt(2.0) * erfcinv(2.0 * min(ratio / share, 0.49)))


def fit_walls(place: Float, ratio: Float, *, ratio_fitted: float, share: float) -> tuple[Wall, Wall] | None:
    """(left, right) walls of a bathtub through its points at `ratio_fitted` and a thousandth of it.

    `place` (N,) ascends, `ratio` (N,) is the error ratio there and `share` what it has on average where a wall begins. A bathtub
    that is not so deep is fitted to a third of the way, in decades, above its floor; None where it does not come below
    `ratio_fitted` at all, or has a wall steeper than any Gaussian.
    """
    # no deeper than the bathtub, whose floor is noise of the count or another wall: the geometric mean of floor, floor
    # and the first ratio, a third of the way up from the floor in decades
    floor = float(ratio.min())
    deeper = max(DEEPER * ratio_fitted, float(np.cbrt(max(floor, 1e-300) ** 2 * ratio_fitted)))
    if not floor < ratio_fitted:
        return None
    # from the floor outwards: beyond a wall the ratio may fall again towards the next symbol
    lowest = int(np.argmin(ratio))
    near, far = q_of(ratio_fitted, share), q_of(deeper, share)
    walls = []
    for side in (slice(lowest, None, -1), slice(lowest, None)):
        # a floor far below any ratio keeps the logarithm finite
        outward, logarithm = place[side], np.log(np.maximum(ratio[side], 1e-300))
        # from the floor outwards along the logarithm, which is nearly straight between neighbours
        ends = [_crossing(outward, logarithm, float(np.log(level))) for level in (ratio_fitted, deeper)]
        if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            return None
        # two points of a Gaussian tail give its mean and its sigma
        sigma = (ends[1] - ends[0]) / (far - near)
        # the mean lies 'near' deviations inside of the first point
        walls.append(Wall(ends[0] - near * sigma, sigma, share))
    return walls[0], walls[1]


def _crossing(place: Float, logarithm: Float, level: float) -> float | None:
    """Where the logarithm first rises above `level` on the way from the floor outwards; None where it does not."""
    above = np.flatnonzero(logarithm >= level)
    # never that high, or already at the floor: there is no step to interpolate in
    if not above.size or above[0] == 0:
        return None
    k = int(above[0])
    part = (level - logarithm[k - 1]) / (logarithm[k] - logarithm[k - 1])
    return float(place[k - 1] + part * (place[k] - place[k - 1]))
