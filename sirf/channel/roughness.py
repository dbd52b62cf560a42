"""Rough conductors, causal: the complex factor K on the surface impedance (1 + j) R_s of a smooth one.

Each published factor F(f) scales the resistance. The resistance of a causal surface decides its inductance, so K is the function
of sqrt(jw) with Re[(1 + j) K] = F: exact for Huray and Hammerstad, fitted once for Groiss. All are 1 at DC.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.errors import PhysicsError
from sirf.units import MU0

RoughnessModel: TypeAlias = Literal["cannonball", "groiss", "hammerstad"]

COPPER = 5.8e7
"""Conductivity of annealed copper at 20 C in S/m (IEC 60028)."""
_BALLS, _TILE, _RADIUS = 14.0, 36.0, 0.06
"""Balls of the cannonball stack, tile area in squared radii, radius over Rz."""


def roughness_factor(
    frequency: ArrayLike,
    *,
    model: RoughnessModel,
    roughness_rq: float,
    roughness_rz: float,
    conductivity: float = COPPER,
) -> Complex:
    """K (any shape) by name: `cannonball` takes the ten-point height Rz, `groiss` and `hammerstad` the rms height Rq, in m.

    Raises `PhysicsError` for an unknown name.
    """
    if model == "cannonball":
        return cannonball_factor(frequency, roughness_rz=roughness_rz, conductivity=conductivity)
    if model == "hammerstad":
        return hammerstad_factor(frequency, roughness_rq=roughness_rq, conductivity=conductivity)
    if model == "groiss":
        return groiss_factor(frequency, roughness_rq=roughness_rq, conductivity=conductivity)
    raise PhysicsError(f"roughness model must be one of {', '.join(get_args(RoughnessModel))}, got {model!r}. Mend it.")


def huray_factor(
    frequency: ArrayLike, *, radius: float, balls: float, tile_area: float, conductivity: float = COPPER
) -> Complex:
    """K = 1 + (3/2) N 4 pi r² / A / (1 + (1 - j) delta / (2 r)): `balls` N of `radius` r in m on a tile of `tile_area` A in m².

    Its resistance is Huray's 1 + (3/2) (N 4 pi r² / A) / (1 + delta / r + delta² / (2 r²)) exactly. `frequency` in Hz, any shape.
    Sources: Huray et al., DesignCon 2010, "Impact of copper surface texture on loss"; Bracken, DesignCon 2012 (causal form).
    Raises `PhysicsError` unless radius and area are positive and `balls` is not negative.
    """
    if not (radius > 0.0 and tile_area > 0.0 and balls >= 0.0):
        raise PhysicsError(
            f"Huray's balls must have a positive radius and tile area, got {radius} m, {tile_area} m² and {balls} balls. "
            "Give them in m and m²."
        )
    return _huray(frequency, radius, 1.5 * balls * 4.0 * np.pi * radius**2 / tile_area, conductivity)


def cannonball_factor(frequency: ArrayLike, *, roughness_rz: float, conductivity: float = COPPER) -> Complex:
    """K of the cannonball stack, 8.33 far above: 14 balls of radius 0.06 Rz on a tile of 36 r² (7.33 = 3/2 x 14 x 4 pi / 36).

    `frequency` in Hz, `roughness_rz` in m, `conductivity` in S/m. Source: Simonovich, DesignCon 2015, "Practical method for
    modeling conductor roughness using cubic close-packing of equal spheres".
    """
    return _huray(frequency, _RADIUS * roughness_rz, 1.5 * _BALLS * 4.0 * np.pi / _TILE, conductivity)


def hammerstad_factor(frequency: ArrayLike, *, roughness_rq: float, conductivity: float = COPPER) -> Complex:
    """K of Hammerstad's 1 + (2/pi) arctan(1.4 (Rq / delta)²), 2 far above; poor above about 15 GHz, where real foils pass 2.

    1.4 (Rq / delta)² = w tau with tau = 0.7 mu0 sigma Rq², and the causal partner is in closed form:
    K = 1 + (2/pi) [arctan x + ln((1 + x) / sqrt(1 + x²))] with x = sqrt(j w tau), because Re[sqrt(2 s) (...)] = sqrt(w)
    arctan(w tau) on the axis and the function is analytic to its right. `frequency` in Hz, `roughness_rq` in m.
    Source: Hammerstad and Jensen, IEEE MTT-S 1980, equation (17); the partner is derived in docs/models/roughness.md.
    """
    w = 2.0 * np.pi * np.asarray(frequency, dtype=np.float64)
    # sqrt(j w tau) = (1 + j) sqrt(w tau / 2): the branch in the right half plane, where the partner is analytic
    x = np.sqrt(1j * w * (0.7 * MU0 * conductivity * roughness_rq**2))
    # log1p keeps the digits at low frequencies, where x is small
    return np.asarray(1.0 + (2.0 / np.pi) * (np.arctan(x) + np.log1p(x) - 0.5 * np.log1p(x**2)))


def groiss_factor(frequency: ArrayLike, *, roughness_rq: float, conductivity: float = COPPER) -> Complex:
    """K of Groiss' 1 + exp(-(delta / (2 Rq))^1.6), 2 far above, within 0.5 % of the resistance at any frequency.

    The factor depends on w / w0 only, with delta = 2 Rq at w0. It is written as a sum of Hammerstad factors with time constants
    spread over it (least squares, once); each is causal, and the sum's resistance stays positive, so it is passive.
    `frequency` in Hz, `roughness_rq` in m. Source: Groiss et al., IEEE Trans. Magn. 32 (1996) 894, equation (15).
    """
    w = 2.0 * np.pi * np.asarray(frequency, dtype=np.float64)
    time, weight = _groiss_terms()
    # delta = 2 Rq at w0 gives 1 / w0 = 2 mu0 sigma Rq²
    x = np.sqrt(1j * np.multiply.outer(w * (2.0 * MU0 * conductivity * roughness_rq**2), time))
    steps = (2.0 / np.pi) * (np.arctan(x) + np.log1p(x) - 0.5 * np.log1p(x**2))
    return np.asarray(1.0 + steps @ weight)


def _huray(frequency: ArrayLike, radius: float, strength: float, conductivity: float) -> Complex:
    # r / delta instead of delta / r: finite at DC
    ratio = radius * np.sqrt(np.pi * np.asarray(frequency, dtype=np.float64) * MU0 * conductivity)
    # strength / (1 + (1 - j) delta / (2 r)) with ratio = r / delta
    return np.asarray(1.0 + strength * ratio / (ratio + 0.5 * (1.0 - 1j)))


@cache
def _groiss_terms() -> tuple[Float, Float]:
    """Time constants (in 1 / w0) and weights of the Hammerstad steps whose sum is exp(-(w0 / w)^0.8)."""
    # fourteen steps over six and a half decades: within 0.5 % of the resistance
    time = np.geomspace(1e-5, 30.0, 14)
    w = np.geomspace(1e-3, 1e6, 700)
    basis = (2.0 / np.pi) * np.arctan(np.outer(w, time))
    # the weights add up to one: the factor ends at two exactly
    heavy = 1e3
    rows = np.vstack((basis, heavy * np.ones(time.size)))
    weight = np.linalg.lstsq(rows, np.append(np.exp(-(w**-0.8)), heavy), rcond=1e-10)[0]
    return time, np.asarray(weight)
