"""Paths whose variable segment is made of something else: with a given loss per length, of another material, on another foil."""

from __future__ import annotations

import dataclasses

import numpy as np

from sirf.channel.lines import Line
from sirf.channel.materials import Material
from sirf.channel.package import Package
from sirf.channel.path import Device, Path, Segment, Trace
from sirf.errors import PhysicsError, SirfError
from sirf.units import INCH, db20

WORST_DF, WORST_RQ = 0.1, 5e-6
"""Where the models of dielectric and foil end: loss tangent, and rms roughness in m."""


def loss_db_per_inch(path: Path, frequency: float) -> float:
    """Attenuation of the variable segment's line at `frequency` in Hz, in dB/inch, without what its ends reflect.

    Raises `SirfError` for a path without a variable segment.
    """
    element = _variable(path).element
    if isinstance(element, Trace):
        return _line_loss(element.line, frequency)
    # attenuation of the line alone: what its ends reflect stays with the path
    assert isinstance(element, Device)
    return _package_loss(element.package, frequency)


def path_with_loss(path: Path, db_per_inch: float, frequency: float) -> Path:
    """The path with `db_per_inch` at `frequency` in Hz on its variable segment, causal as it was; its length stays.

    A line of the COM formulas has gamma0, a1 and a2 times one factor. A line of a material gets another laminate and foil: loss
    tangent and roughness times one factor, until the line loses what is asked. So it cannot lose less than smooth copper on a
    lossless dielectric of its cross-section. Raises `PhysicsError` for less, or for more than the models hold (Df 0.1, Rq 5 um).
    """
    element = _variable(path).element
    if isinstance(element, Trace):
        material = _lossy(element.line, db_per_inch, frequency)
        # length, pitch and weave stay: only the line's material changes
        return _replaced(path, dataclasses.replace(element, line=_of(element.line, material)))
    assert isinstance(element, Device)
    # all three terms of gamma by one factor: the shape over frequency, and so causality, is the old line's
    factor = db_per_inch / _package_loss(element.package, frequency)
    if not 0.0 < factor < float("inf"):
        raise PhysicsError(f"loss must be positive, got {db_per_inch} dB/inch. Give for example 1.0.")
    package = element.package
    scaled = dataclasses.replace(
        package, gamma0=factor * package.gamma0, a1=factor * package.a1, a2=factor * package.a2
    )
    return _replaced(path, dataclasses.replace(element, package=scaled))


def least_loss_db_per_inch(path: Path, frequency: float) -> float:
    """What `path_with_loss` can go down to at `frequency` in Hz: smooth copper on a lossless dielectric; 0 for COM formulas."""
    element = _variable(path).element
    if not isinstance(element, Trace):
        return 0.0
    # what no scaling can take away: the loss of smooth copper
    perfect = dataclasses.replace(element.line.material, df=0.0, roughness_rq=0.0)
    return _line_loss(_of(element.line, perfect), frequency)


def with_material(path: Path, material: Material) -> Path:
    """The path with its variable segment of another `material` (laminate and foil); all else stays.

    Raises `SirfError` for a segment that no material makes: a substrate by the COM formulas.
    """
    element = _variable(path).element
    if not isinstance(element, Trace):
        raise SirfError(
            f"path must have a variable segment made of a material, got {path.name} with a line of the COM formulas. "
            "Take a path with a board or a cable."
        )
    return _replaced(path, dataclasses.replace(element, line=_of(element.line, material)))


def rougher(material: Material, roughness_um: float) -> Material:
    """The material on a foil of another rms roughness Rq in um; Rz follows with its ratio."""
    if not 0.0 <= roughness_um <= 1e6 * WORST_RQ:
        raise PhysicsError(f"roughness_um must be from 0 to {1e6 * WORST_RQ:g}, got {roughness_um}. Give Rq in um.")
    return dataclasses.replace(material, roughness_rq=1e-6 * roughness_um)


def _variable(path: Path) -> Segment:
    # asking for the length refuses a path without such a segment
    assert path.trace_length_m > 0.0
    return next(segment for segment in path.segments if segment.name == path.variable)


def _replaced(path: Path, element: Trace | Device) -> Path:
    segments = tuple(
        dataclasses.replace(segment, element=element) if segment.name == path.variable else segment
        for segment in path.segments
    )
    return dataclasses.replace(path, segments=segments)


def _of(line: Line, material: Material) -> Line:
    return dataclasses.replace(line, material=material)


def _line_loss(line: Line, frequency: float) -> float:
    # INCH in m: dB/m times it are dB/inch
    return float(line.loss_db_per_m(np.array([frequency]))[0]) * INCH


def _package_loss(package: Package, frequency: float) -> float:
    """Attenuation in dB/inch: gamma of 93A.1.2.3 has its real part in gamma0, a1 sqrt(f) and a2 f, per mm with f in GHz."""
    g = frequency / 1e9
    # gamma in 1/mm, an inch in m: 1e3 x INCH is an inch in mm
    return float(-db20(np.exp(-(package.gamma0 + package.a1 * np.sqrt(g) + package.a2 * g) * 1e3 * INCH)))


def _lossy(line: Line, db_per_inch: float, frequency: float) -> Material:
    """The line's material with loss tangent and roughness times the factor that makes it lose `db_per_inch`."""
    own = line.material
    # whichever of the two leaves its model's range first
    most = min(WORST_DF / max(own.df, 1e-12), WORST_RQ / max(own.roughness_rq, 1e-15))

    def scaled(factor: float) -> Material:
        return dataclasses.replace(own, df=factor * own.df, roughness_rq=factor * own.roughness_rq)

    def loss(factor: float) -> float:
        return _line_loss(_of(line, scaled(factor)), frequency)

    # monotonic in the factor: loss tangent and roughness both add
    least, greatest = loss(0.0), loss(most)
    if not least <= db_per_inch <= greatest:
        raise PhysicsError(
            f"loss must be {least:.2f} (smooth copper, no dielectric loss) to {greatest:.2f} dB/inch at "
            f"{frequency / 1e9:g} GHz for this {type(line).__name__.lower()}, got {db_per_inch:g}. Take another cross-section."
        )
    # within a billionth of the factor
    from scipy.optimize import brentq

    return scaled(float(brentq(lambda factor: loss(factor) - db_per_inch, 0.0, most, xtol=1e-9)))
