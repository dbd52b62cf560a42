"""Closed forms of stripline by Cohn: one strip and two, exact without thickness, corrected with it. Impedances in air, in ohm."""

from __future__ import annotations

import numpy as np
from scipy.special import ellipk

from sirf.units import WAVE_OHM

MIN_WIDTH_RATIO = 0.35
"""Least width / (spacing - thickness) for which the wide-strip forms hold."""


def single(width: float, thickness: float, spacing: float) -> float:
    """Impedance of one strip of finite thickness midway between planes, wide-strip form.

    Source: Cohn, IRE Trans. MTT-3 (1955) 119, "Problems in strip transmission lines".
    """
    x = 1.0 / (1.0 - thickness / spacing)
    # 94.15 ohm is a quarter of the wave impedance of free space: two plates of 2 w / (b - t) and four corners
    return float(94.15 / (width / spacing * x + _fringe(thickness / spacing)))


def pair(width: float, gap: float, thickness: float, spacing: float) -> tuple[float, float]:
    """(even, odd) impedance of one of two equal strips midway between planes.

    Exact at zero thickness by elliptic integrals; thickness by the ratio of fringing capacitances, and the plates that face
    each other where the gap is below five thicknesses. Source: Cohn, IRE Trans. MTT-3 (1955) 29, equations (2) to (7) and (18)
    to (22).
    """
    alone, thick = _thin(np.tanh(0.5 * np.pi * width / spacing)), single(width, thickness, spacing)
    # conformal map of the strips' edges: both modes have complete elliptic integrals of the product and of the
    # quotient
    near, far = np.tanh(0.5 * np.pi * width / spacing), np.tanh(0.5 * np.pi * (width + gap) / spacing)
    even, odd = _thin(near * far), _thin(near / far)
    fringe, thin_fringe = _fringe(thickness / spacing), _fringe(0.0)
    ratio = fringe / thin_fringe
    # what coupling changes about a thin strip is scaled with the fringe that thickness gives, and put on the thick
    # strip
    even_admittance = 1.0 / thick - ratio * (1.0 / alone - 1.0 / even)
    if gap >= 5.0 * thickness:
        odd_admittance = 1.0 / thick + ratio * (1.0 / odd - 1.0 / alone)
    else:
        # facing edges as a parallel plate of the strips' thickness over the gap, twice; the fringe is in it already
        plates = 2.0 * thickness / gap - 2.0 * (fringe - thin_fringe)
        odd_admittance = 1.0 / thick + 1.0 / odd - 1.0 / alone + plates / WAVE_OHM
    return float(1.0 / even_admittance), float(1.0 / odd_admittance)


def _thin(k: float) -> float:
    # SciPy's argument is the parameter m = k², not the modulus k
    return float(0.25 * WAVE_OHM * ellipk(1.0 - k * k) / ellipk(k * k))


def _fringe(t: float) -> float:
    """Fringing capacitance of one edge over eps, `t` = thickness / spacing."""
    x = 1.0 / (1.0 - t)
    # the limit of 0 x ln 0
    rest = 0.0 if t == 0.0 else (x - 1.0) * np.log(x * x - 1.0)
    return float((2.0 * x * np.log(x + 1.0) - rest) / np.pi)
