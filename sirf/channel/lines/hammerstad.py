"""Closed forms of microstrip: Hammerstad–Jensen for one strip, Kirschning–Jansen for two and for dispersion.

All take normalised sizes: u = width / height, t = thickness / height, g = gap / height, and fn = frequency x height in GHz mm.
Impedances are those in air, in ohm; permittivities are the effective ones, without loss.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sirf._arrays import Float
from sirf.units import WAVE_OHM


class Strip(NamedTuple):
    """Static values of one mode: `air` impedance in ohm without dielectric, `effective` permittivity."""

    air: float
    effective: float


def single(u: float, t: float, dk: float) -> Strip:
    """One strip. Impedance within 0.03 % and permittivity within 0.2 % at t = 0 for u from 0.01 to 100 and dk up to 128.

    Source: Hammerstad and Jensen, IEEE MTT-S 1980, equations (1) to (9).
    """
    in_air, on_slab = _widened(u, t, dk)
    # thickness widens the strip differently in air and on the slab: the ratio of impedances is part of the permittivity
    effective = _effective(on_slab, dk) * (_air(in_air) / _air(on_slab)) ** 2
    return Strip(_air(in_air), effective)


def pair(u: float, g: float, dk: float) -> tuple[Strip, Strip]:
    """(even, odd) mode of two equal thin strips at a gap, within 0.6 % for u and g from 0.1 to 10 and dk up to 18.

    Source: Kirschning and Jansen, IEEE Trans. MTT-32 (1984) 83, equations (3) to (6).
    """
    return _even(u, g, dk), _odd(u, g, dk)


def single_dispersion(fn: Float, u: float, dk: float, effective: float) -> Float:
    """Effective permittivity at fn in GHz mm of one strip, within 0.6 % for u from 0.1 to 100 and dk up to 20, fn up to 39.

    Source: Kirschning and Jansen, Electronics Letters 18 (1982) 272.
    """
    return _raised(_p1(fn, u) * _p2(dk) * ((0.1844 + _p3(fn, u) * _p4(dk)) * fn) ** 1.5763, dk, effective)


def pair_dispersion(fn: Float, u: float, g: float, dk: float, effective: tuple[float, float]) -> tuple[Float, Float]:
    """(even, odd) effective permittivities at fn, within 1.4 % for u and g from 0.1 to 10, dk up to 18, fn up to 25.

    Source: Kirschning and Jansen, IEEE Trans. MTT-32 (1984) 83, equations (8) and (9).
    """
    # names p1 … p15 are those of the paper
    p5 = 0.334 * np.exp(-3.3 * (dk / 15.0) ** 3) + 0.746
    p6 = p5 * np.exp(-((fn / 18.0) ** 0.368))
    p7 = 1.0 + 4.069 * p6 * g**0.479 * np.exp(-1.347 * g**0.595 - 0.17 * g**2.5)
    p8 = 0.7168 * (1.0 + 1.076 / (1.0 + 0.0576 * (dk - 1.0)))
    p9 = p8 - 0.7913 * (1.0 - np.exp(-((fn / 20.0) ** 1.424))) * np.arctan(2.481 * (dk / 8.0) ** 0.946)
    p10 = 0.242 * (dk - 1.0) ** 0.55
    p11 = 0.6366 * (np.exp(-0.3401 * fn) - 1.0) * np.arctan(1.263 * (u / 3.0) ** 1.629)
    p12 = p9 + (1.0 - p9) / (1.0 + 1.183 * u**1.376)
    p13 = 1.695 * p10 / (0.414 + 1.605 * p10)
    p14 = 0.8928 + 0.1072 * (1.0 - np.exp(-0.42 * (fn / 20.0) ** 3.215))
    p15 = np.abs(1.0 - 0.8928 * (1.0 + p11) * p12 * np.exp(-p13 * g**1.092) / p14)
    common, both = _p1(fn, u) * _p2(dk), _p3(fn, u) * _p4(dk)
    even = common * ((both + 0.1844 * p7) * fn) ** 1.5763
    odd = common * ((both + 0.1844) * fn * p15) ** 1.5763
    return _raised(even, dk, effective[0]), _raised(odd, dk, effective[1])


def _raised(p: Float, dk: float, effective: float) -> Float:
    # from the static value to the slab's own Dk as the field concentrates beneath the strip
    return np.asarray(dk - (dk - effective) / (1.0 + p))


def _p1(fn: Float, u: float) -> Float:
    slope = 0.6315 + 0.525 / (1.0 + 0.0157 * fn) ** 20
    return np.asarray(0.27488 + slope * u - 0.065683 * np.exp(-8.7513 * u))


def _p2(dk: float) -> float:
    return float(0.33622 * (1.0 - np.exp(-0.03442 * dk)))


def _p3(fn: Float, u: float) -> Float:
    return np.asarray(0.0363 * np.exp(-4.6 * u) * (1.0 - np.exp(-((fn / 38.7) ** 4.97))))


def _p4(dk: float) -> float:
    return float(1.0 + 2.751 * (1.0 - np.exp(-((dk / 15.916) ** 8))))


def _widened(u: float, t: float, dk: float) -> tuple[float, float]:
    """Widths that make up for the thickness, in air and on the slab."""
    # the limit for a thin strip; the formula would divide by zero
    if t == 0.0:
        return u, u
    in_air = t / np.pi * np.log1p(4.0 * math.e / t * np.tanh(np.sqrt(6.517 * u)) ** 2)
    # the field below the strip is in the slab, so that the edge's widening counts less
    on_slab = 0.5 * (1.0 + 1.0 / np.cosh(np.sqrt(dk - 1.0))) * in_air
    return u + float(in_air), u + float(on_slab)


def _air(u: float) -> float:
    bend = 6.0 + (2.0 * np.pi - 6.0) * np.exp(-((30.666 / u) ** 0.7528))
    return float(WAVE_OHM / (2.0 * np.pi) * np.log(bend / u + np.sqrt(1.0 + (2.0 / u) ** 2)))


def _effective(u: float, dk: float) -> float:
    a = 1.0 + np.log((u**4 + (u / 52.0) ** 2) / (u**4 + 0.432)) / 49.0 + np.log1p((u / 18.1) ** 3) / 18.7
    b = 0.564 * ((dk - 0.9) / (dk + 3.0)) ** 0.053
    return float(0.5 * (dk + 1.0) + 0.5 * (dk - 1.0) * (1.0 + 10.0 / u) ** (-a * b))


def _even(u: float, g: float, dk: float) -> Strip:
    # v, a … d and q1 … q10 as the paper names them
    v = u * (20.0 + g**2) / (10.0 + g**2) + g * np.exp(-g)
    effective = _effective(float(v), dk)
    q4 = _q4(u, g)
    return Strip(_air(u) / (1.0 - _air(u) / WAVE_OHM * q4), effective)


def _odd(u: float, g: float, dk: float) -> Strip:
    alone = _effective(u, dk)
    a = 0.7287 * (alone - 0.5 * (dk + 1.0)) * (1.0 - np.exp(-0.179 * u))
    b = 0.747 * dk / (0.15 + dk)
    c = b - (b - 0.207) * np.exp(-0.414 * u)
    d = 0.593 + 0.694 * np.exp(-0.562 * u)
    effective = float((0.5 * (dk + 1.0) + a - alone) * np.exp(-c * g**d) + alone)
    q5 = 1.794 + 1.14 * np.log1p(0.638 / (g + 0.517 * g**2.43))
    q6 = 0.2305 + np.log(g**10 / (1.0 + (g / 5.8) ** 10)) / 281.3 + np.log1p(0.598 * g**1.154) / 5.1
    q7 = (10.0 + 190.0 * g**2) / (1.0 + 82.3 * g**3)
    q8 = np.exp(-6.5 - 0.95 * np.log(g) - (g / 0.15) ** 5)
    q9 = np.log(q7) * (q8 + 1.0 / 16.5)
    q10 = (_q2(g) * _q4(u, g) - q5 * np.exp(np.log(u) * q6 * u ** (-q9))) / _q2(g)
    return Strip(float(_air(u) / (1.0 - _air(u) / WAVE_OHM * q10)), effective)


def _q2(g: float) -> float:
    return float(1.0 + 0.7519 * g + 0.189 * g**2.31)


def _q4(u: float, g: float) -> float:
    q1 = 0.8695 * u**0.194
    q3 = 0.1975 + (16.6 + (8.4 / g) ** 6) ** -0.387 + np.log(g**10 / (1.0 + (g / 3.4) ** 10)) / 241.0
    return float(2.0 * q1 / _q2(g) / (np.exp(-g) * u**q3 + (2.0 - np.exp(-g)) * u**-q3))
