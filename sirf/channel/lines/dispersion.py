"""Dispersion of microstrip made causal: resonances above the band stand for the published curve below it.

The published formulas give a real effective permittivity that rises with frequency. A line without loss that is passive and
causal can only rise as sum of D f² / (F² - f²) with positive D (Foster's theorem), so that sum is fitted to the curve. Where the
curve levels off faster than any such sum can, it stops being causal without loss: there the model ends.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sirf._arrays import Float
from sirf.channel.lines import hammerstad
from sirf.errors import PhysicsError

MAX_RELATIVE_ERROR = 0.01
"""Largest relative difference from the published curve."""
_BANDS = (16.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
_CONSTRAINT_WEIGHT = 1e3


class Dispersion(NamedTuple):
    """Rise of an effective permittivity: `weight` (K,) and `pole` (K,) in GHz mm, up to `limit` in GHz mm."""

    weight: tuple[float, ...]
    pole: tuple[float, ...]
    limit: float

    def rise(self, fn: Float) -> Float:
        """What the permittivity gains at fn in GHz mm, any shape."""
        square = np.asarray(fn, dtype=np.float64)[..., None] ** 2
        return np.asarray((square / (np.square(self.pole) - square)) @ np.asarray(self.weight))


@cache
def single_dispersion(u: float, dk: float, effective: float) -> Dispersion:
    """The rise for one strip of u = width / height from 0.1 to 100, on a slab of `dk` up to 20."""
    return _fitted(lambda fn: hammerstad.single_dispersion(fn, u, dk, effective), effective)


@cache
def odd_dispersion(u: float, g: float, dk: float, effective: float) -> Dispersion:
    """The rise for the odd mode of two strips, u and g from 0.1 to 10, `dk` up to 18."""
    return _fitted(lambda fn: hammerstad.pair_dispersion(fn, u, g, dk, (effective, effective))[1], effective)


@cache
def even_dispersion(u: float, g: float, dk: float, effective: float) -> Dispersion:
    """The rise for the even mode of two strips, u and g from 0.1 to 10, `dk` up to 18."""
    return _fitted(lambda fn: hammerstad.pair_dispersion(fn, u, g, dk, (effective, effective))[0], effective)


def _fitted(curve: Callable[[Float], Float], effective: float) -> Dispersion:
    # only microstrips need it: half a second of import
    from scipy.optimize import nnls

    # from the widest band down: the first that a causal sum fits is the model's
    for limit in _BANDS:
        fn = np.linspace(0.01, limit, 120)
        wanted = curve(fn) - effective
        # poles beyond the band, weights not negative: a lossless Lorentz sum, which is causal by construction
        pole = limit * np.geomspace(1.05, 4.0, 6)
        basis = fn[:, None] ** 2 / (pole**2 - fn[:, None] ** 2)
        # slack in the last column keeps the permittivity at infinity, effective - sum of weights, at one or above
        rows = np.vstack((np.pad(basis, ((0, 0), (0, 1))), _CONSTRAINT_WEIGHT * np.ones(pole.size + 1)))
        weight = nnls(rows, np.append(wanted, _CONSTRAINT_WEIGHT * (effective - 1.0)))[0][:-1]
        if np.all(np.abs(basis @ weight - wanted) <= MAX_RELATIVE_ERROR * (wanted + effective)):
            return Dispersion(tuple(weight.tolist()), tuple(pole.tolist()), limit)
    raise PhysicsError(
        f"microstrip must have a dispersion that is causal, got an effective permittivity of {effective:.3g} whose published "
        "curve is not, even at 1 GHz mm. Narrow the strip or thin the slab."
    )
