"""The normal distribution without `scipy.special`, which takes longer to load than a short command runs.

Rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation
23 (1969), in three ranges of |x|: to a few units of the last digit.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float

_NEAR, _MIDDLE = 0.46875, 4.0
"""Where one range of the approximations ends and the next begins."""
_ROOT_PI = float(np.sqrt(np.pi))

# powers of x² (near), of x (middle) and of 1/x² (far), from the highest down: numerators over denominators
_NEAR_TOP = (
    1.85777706184603153e-1,
    3.16112374387056560,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_NEAR_BOTTOM = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
_MIDDLE_TOP = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_MIDDLE_BOTTOM = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
_FAR_TOP = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_FAR_BOTTOM = (
    1.0,
    2.56852019228982242,
    1.87295284992346047,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


def gaussian_quantile(probability: float) -> float:
    """What a standard normal variable exceeds with `probability` (0 … 1): sqrt(2) erfcinv(2 `probability`)."""
    return -NormalDist().inv_cdf(probability)


def erfcx(values: ArrayLike) -> Float:
    """exp(x²) erfc(x) at x > -26: does not vanish where erfc does."""
    x = np.asarray(values, dtype=np.float64)
    size = np.abs(x)
    square = size * size
    # held at the end of its range: beyond it the values are replaced below, and exp(x²) must not overflow before that
    near = np.minimum(size, _NEAR)
    # range by range: each approximation is evaluated where it holds, and near zero for all
    found = np.asarray(np.exp(near**2) * (1.0 - near * _ratio(_NEAR_TOP, _NEAR_BOTTOM, near**2)))
    middle, far = (size > _NEAR) & (size <= _MIDDLE), size > _MIDDLE
    found[middle] = _ratio(_MIDDLE_TOP, _MIDDLE_BOTTOM, size[middle])
    inverse = 1.0 / square[far]
    # erfcx(x) tends to 1 / (x sqrt(pi)); the fraction is the correction in powers of 1 / x²
    found[far] = (1.0 / _ROOT_PI - inverse * _ratio(_FAR_TOP, _FAR_BOTTOM, inverse)) / size[far]
    below = x < 0.0
    # erfc(-x) = 2 - erfc(x)
    found[below] = 2.0 * np.exp(square[below]) - found[below]
    return found


def gaussian_below(values: ArrayLike) -> Float:
    """Probability that a standard normal variable lies below each of `values`."""
    x = np.asarray(values, dtype=np.float64) * -np.sqrt(0.5)
    # always the smaller tail, which keeps its digits; the greater one is 1 less it
    tail = 0.5 * np.exp(-x * x) * erfcx(np.abs(x))
    return np.asarray(np.where(x < 0.0, 1.0 - tail, tail))


def log_gaussian_below(values: ArrayLike) -> Float:
    """Natural logarithm of `gaussian_below`, also where that vanishes."""
    x = np.asarray(values, dtype=np.float64) * -np.sqrt(0.5)
    tail = 0.5 * erfcx(np.abs(x))
    with np.errstate(divide="ignore"):
        far = np.log(tail) - x * x
    return np.asarray(np.where(x < 0.0, np.log1p(-np.exp(np.minimum(far, -1e-300))), far))


def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], at: Float) -> Float:
    # Horner's rule for both polynomials
    above, below = np.full(at.shape, top[0]), np.full(at.shape, bottom[0])
    for one, two in zip(top[1:], bottom[1:], strict=True):
        above = above * at + one
        below = below * at + two
    return np.asarray(above / below)
