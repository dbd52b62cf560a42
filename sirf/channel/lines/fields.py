"""Capacitance of rectangular strips by boundary elements: the second method beside the closed forms, and the one for arrays.

The charge lies on the surfaces of the strips in panels that shrink towards the corners; the planes, and the face of the
dielectric, are in the Green's function, so nothing else is meshed. Inductance follows from the capacitance without dielectric,
L = mu0 eps0 C_air^-1, so that both belong to one geometry.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import PhysicsError
from sirf.units import EPS0, MU0

_IMAGES = 60
_ALONG, _ACROSS = 20, 8
"""Panels on the broad and on the narrow face of a strip."""


class Strips(NamedTuple):
    """Equal strips with bottom face at `height` above a plane: `centres` across, `width`, `thickness`, all in m.

    `spacing` is the distance to a second plane, in one dielectric (stripline); None is a strip on a slab with air above
    (microstrip), the slab as thick as `height`.
    """

    centres: tuple[float, ...]
    width: float
    thickness: float
    height: float
    spacing: float | None = None


class _Panels(NamedTuple):
    x: Float
    y: Float
    half: Float
    flat: NDArray[np.bool_]
    owner: NDArray[np.intp]


@cache
def capacitance_matrix(strips: Strips, dk: float) -> Float:
    """Maxwell capacitance matrix (N, N) in F/m, symmetric, with a real relative permittivity `dk` of at least 1.

    Within 0.3 % of closed forms for width and gap from a tenth to ten times the height and thickness up to half the gap.
    Source of the Green's functions: Collin, Field Theory of Guided Waves, section 4.3 (planes) and Silvester, Proc. IEE 115
    (1968) 43 (slab, partial images). Raises `PhysicsError` for strips that touch each other or a plane.
    """
    _check(strips)
    panels = _panels(strips)
    # the boundary conditions of planes and slab are in the Green's function: only strips carry panels
    green = _between_planes(panels, strips.spacing) if strips.spacing is not None else _on_slab(panels, strips, dk)
    permittivity = EPS0 * (dk if strips.spacing is not None else 1.0)
    potential = (panels.owner[:, None] == np.arange(len(strips.centres))).astype(np.float64)
    # one volt on each strip in turn, the others grounded: total charges are the columns of Maxwell's matrix
    charge = np.linalg.solve(green / (2.0 * np.pi * permittivity), potential)
    matrix = potential.T @ charge
    # collocation at panel centres leaves a little asymmetry that reciprocity forbids
    matrix = np.asarray(0.5 * (matrix + matrix.T), dtype=np.float64)
    matrix.flags.writeable = False
    return matrix


def inductance_matrix(strips: Strips) -> Float:
    """External inductance matrix (N, N) in H/m: mu0 eps0 times the inverse of the capacitance in air."""
    return np.asarray(MU0 * EPS0 * np.linalg.inv(capacitance_matrix(strips, 1.0)))


def recession_matrix(strips: Strips) -> Float:
    """dL/dn / mu0 (N, N) in 1/m: the inductance that the strips and planes gain when each face recedes by n.

    Times the surface impedance it is the internal impedance (Wheeler, Proc. IRE 30 (1942) 412).
    """
    # a step of 0.5 %: smaller ones drown in the rounding of the solution, larger ones bend
    step = 5e-3 * strips.thickness
    spacing = None if strips.spacing is None else strips.spacing + 2.0 * step
    # each face recedes by a step, the planes' too: strips shrink and distances grow by two steps
    receded = Strips(
        strips.centres, strips.width - 2.0 * step, strips.thickness - 2.0 * step, strips.height + 2.0 * step, spacing
    )
    return np.asarray((inductance_matrix(receded) - inductance_matrix(strips)) / (step * MU0))


def _check(strips: Strips) -> None:
    gaps = np.diff(strips.centres) - strips.width
    top = strips.height + strips.thickness
    roof = np.inf if strips.spacing is None else strips.spacing
    if not (strips.width > 0 and strips.thickness > 0 and strips.height > 0 and top < roof and np.all(gaps > 0)):
        raise PhysicsError(
            f"strips must stand apart from each other and from the planes, got {strips}. Check widths, gaps and units."
        )


def _panels(strips: Strips) -> _Panels:
    """Panels of all strips: centre, half length, whether they lie flat, and the strip they belong to."""
    x, half_x = _clustered(_ALONG, strips.width)
    y, half_y = _clustered(_ACROSS, strips.thickness)
    left, low, high = -0.5 * strips.width, strips.height, strips.height + strips.thickness
    # bottom, top, left and right face of one strip, then all strips
    one_x = np.concatenate((x, x, np.full(y.size, left), np.full(y.size, -left)))
    one_y = np.concatenate(
        (np.full(x.size, low), np.full(x.size, high), y + 0.5 * (low + high), y + 0.5 * (low + high))
    )
    half = np.concatenate((half_x, half_x, half_y, half_y))
    flat = np.arange(one_x.size) < 2 * x.size
    count = len(strips.centres)
    return _Panels(
        np.concatenate([one_x + centre for centre in strips.centres]),
        np.tile(one_y, count),
        np.tile(half, count),
        np.tile(flat, count),
        np.repeat(np.arange(count), one_x.size),
    )


def _clustered(count: int, length: float) -> tuple[Float, Float]:
    """Centres about zero and half lengths of `count` panels that shrink towards both ends."""
    # charge density grows as r^-1/3 towards a corner: Chebyshev edges put the panels there
    edges = -0.5 * length * np.cos(np.linspace(0.0, np.pi, count + 1))
    return np.asarray(0.5 * (edges[1:] + edges[:-1])), np.asarray(0.5 * np.diff(edges))


def _log_integral(panels: _Panels, mirror: float | None = None) -> Float:
    """Mean of ln(distance) from each panel's centre (row) to each panel (column), or to its image about y = `mirror`."""
    dx = panels.x[:, None] - panels.x[None, :]
    source = panels.y if mirror is None else 2.0 * mirror - panels.y
    dy = panels.y[:, None] - source[None, :]
    along = np.where(panels.flat[None, :], dx, dy)
    across = np.abs(np.where(panels.flat[None, :], dy, dx))
    half = panels.half[None, :]
    return np.asarray((_antiderivative(along + half, across) - _antiderivative(along - half, across)) / (2.0 * half))


def _antiderivative(t: Float, across: Float) -> Float:
    """Integral of ln(sqrt(t² + across²)) over t."""
    square = t**2 + across**2
    # the panel's own centre: t ln t vanishes with t
    log = 0.5 * np.log(np.where(square > 0.0, square, 1.0))
    # integral of ln r along a line, in closed form
    return np.asarray(t * log - t + across * np.arctan2(t, across))


def _between_planes(panels: _Panels, spacing: float) -> Float:
    """-ln(r) + smooth part: 1/2 ln[(cosh a - cos(p + q)) / (cosh a - cos(p - q))], a, p, q in units of spacing / pi."""
    scale = np.pi / spacing
    dx = scale * (panels.x[:, None] - panels.x[None, :])
    minus = scale * (panels.y[:, None] - panels.y[None, :])
    plus = scale * (panels.y[:, None] + panels.y[None, :])
    # (cosh a - cos b) / 2 without the cancellation of two numbers near one
    near = np.sinh(0.5 * dx) ** 2 + np.sin(0.5 * minus) ** 2
    far = np.sinh(0.5 * dx) ** 2 + np.sin(0.5 * plus) ** 2
    apart = (dx / scale) ** 2 + (minus / scale) ** 2
    same = apart == 0.0
    # near / apart tends to (scale / 2)² at the same place
    smooth = np.where(same, 0.25 * scale**2, near / np.where(same, 1.0, apart))
    return np.asarray(-_log_integral(panels) + 0.5 * np.log(far / smooth))


def _on_slab(panels: _Panels, strips: Strips, dk: float) -> Float:
    """Partial images of a charge above a slab on a plane: kappa, then -(1 - kappa²) kappa^(n-1) at depth 2 n h."""
    # image of a charge in air in the face of the dielectric
    kappa = (1.0 - dk) / (1.0 + dk)
    green = _log_integral(panels) + kappa * _log_integral(panels, mirror=strips.height)
    dx2 = (panels.x[:, None] - panels.x[None, :]) ** 2
    depth = panels.y[:, None] + panels.y[None, :] - 2.0 * strips.height
    weight = 1.0
    for n in range(1, _IMAGES + 1):
        # images deeper and deeper below the plane, each weaker by kappa
        green -= (1.0 - kappa**2) * weight * 0.5 * np.log(dx2 + (depth + 2.0 * n * strips.height) ** 2)
        weight *= kappa
        if abs(weight) < 1e-9:
            break
    return np.asarray(-green)
