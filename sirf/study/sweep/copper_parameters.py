"""Parameters of copper: lines, laminates, dies and packages, pairs on their cloth, and any number of a named segment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from sirf.channel.materials import Material, load_material
from sirf.channel.package import Package
from sirf.channel.parts import Via
from sirf.channel.path import Path
from sirf.channel.path.elements import Device, Trace
from sirf.channel.weave import WeaveRoute
from sirf.errors import ConfigError, SirfError
from sirf.study.sweep.frozen import found, get, mapped, replaced
from sirf.study.sweep.inputs import Inputs, SweepParameter


def _trace(name: str, title: str, attribute: str) -> SweepParameter:
    """A dimension of every trace's cross-section, in micrometres."""

    def lines(path: Path) -> list[Any]:
        # cross-sections differ: only lines that have this dimension count
        return [trace.line for trace in found(path.segments, Trace) if hasattr(trace.line, attribute)]

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)

        def change(trace: Trace) -> Trace:
            if not hasattr(trace.line, attribute):
                return trace
            changes: dict[str, Any] = {attribute: 1e-6 * value}
            return dataclasses.replace(trace, line=dataclasses.replace(trace.line, **changes))

        changed = mapped(path, Trace, change)
        # 'mapped' gives the object itself where nothing has changed
        if changed is path:
            raise ConfigError(f"{name} must belong to a line with a {attribute}, got path {path.name} without one.")
        return dataclasses.replace(inputs, path=changed)

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.path is None else _first([1e6 * getattr(one, attribute) for one in lines(inputs.path)])

    return SweepParameter(name=name, title=title, unit="um", root="path", nominal=nominal, apply=apply)


def _material(name: str, title: str, attribute: str, unit: str = "", scale: float = 1.0) -> SweepParameter:
    """A property of every laminate and foil of the path's traces and vias."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        changes: dict[str, Any] = {attribute: scale * value}
        changed = _of_laminates(path, lambda one: dataclasses.replace(one, **changes))
        if changed is path:
            raise ConfigError(
                f"{name} must belong to a path with a laminate, got {path.name} without one. Leave it out."
            )
        return dataclasses.replace(inputs, path=changed)

    def nominal(inputs: Inputs) -> float | None:
        if inputs.path is None:
            return None
        return _first([getattr(one, attribute) / scale for one in _laminates(inputs.path)])

    return SweepParameter(name=name, title=title, unit=unit, root="path", nominal=nominal, apply=apply)


def _temperature() -> SweepParameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, "temperature_c")
        # the foil and the laminate; packages by the COM formulas have no temperature
        return dataclasses.replace(inputs, path=mapped(path, Material, lambda one: one.at(temperature_c=value)))

    return SweepParameter(
        name="temperature_c",
        title="temperature of boards and cables",
        unit="C",
        root="path",
        # 20 C: the temperature at which the foil's conductivity holds
        nominal=lambda inputs: None if inputs.path is None else 20.0,
        apply=apply,
    )


def _packages(name: str, title: str, change: Callable[[Package, float], Package]) -> SweepParameter:
    """A factor on every die or package of path and link."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        if not found(path.segments, Device):
            raise ConfigError(f"{name} must belong to a path with dies, got {path.name} without one. Leave it out.")
        # a factor of zero would take the die away
        if not value > 0.0:
            raise SirfError(f"{name} must be a positive factor, got {value:g}. 1 is nominal.")
        return dataclasses.replace(inputs, path=mapped(path, Package, lambda one: change(one, value)))

    return SweepParameter(
        name=name,
        title=title,
        unit="x nominal",
        root="path",
        nominal=lambda inputs: None if inputs.path is None else 1.0,
        apply=apply,
    )


def _length() -> SweepParameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        _need_path(inputs, "length_mm")
        if not 0.0 < value < 1e5:
            raise SirfError(f"length_mm must be positive and below 100 m, got {value:g}. Give millimetres.")
        return dataclasses.replace(inputs, length_m=1e-3 * value)

    def nominal(inputs: Inputs) -> float | None:
        if inputs.path is None:
            return None
        return 1e3 * (inputs.path.trace_length_m if inputs.length_m is None else inputs.length_m)

    return SweepParameter(name="length_mm", title="length", unit="mm", root="path", nominal=nominal, apply=apply)


def _pitch() -> SweepParameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, "pair_pitch_um")
        if not any(trace.pitch is not None for trace in found(path.segments, Trace)):
            raise ConfigError(
                f"pair_pitch_um must belong to pairs at a pitch, got path {path.name} without. Leave it out."
            )

        def change(trace: Trace) -> Trace:
            return trace if trace.pitch is None else dataclasses.replace(trace, pitch=1e-6 * value)

        return dataclasses.replace(inputs, path=mapped(path, Trace, change))

    def nominal(inputs: Inputs) -> float | None:
        traces = [] if inputs.path is None else found(inputs.path.segments, Trace)
        return _first([1e6 * trace.pitch for trace in traces if trace.pitch is not None])

    return SweepParameter(
        name="pair_pitch_um", title="pitch of pairs", unit="um", root="path", nominal=nominal, apply=apply
    )


def _skew() -> SweepParameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, "skew_ps_per_m")
        if not found(path.segments, Trace):
            raise ConfigError(f"skew_ps_per_m must belong to a path with lines, got {path.name} without. Leave it out.")
        return dataclasses.replace(
            inputs, path=mapped(path, Trace, lambda trace: dataclasses.replace(trace, skew=1e-12 * value))
        )

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.path is None else _first([1e12 * t.skew for t in found(inputs.path.segments, Trace)])

    return SweepParameter(
        name="skew_ps_per_m", title="P/N skew of lines", unit="ps/m", root="path", nominal=nominal, apply=apply
    )


def _weave(name: str, title: str, unit: str, change: Callable[[WeaveRoute, float], WeaveRoute]) -> SweepParameter:
    """How every pair on a glass cloth lies there."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        if not found(path.segments, WeaveRoute):
            raise ConfigError(f"{name} must belong to a pair on a weave, got path {path.name} without. Leave it out.")
        return dataclasses.replace(inputs, path=mapped(path, WeaveRoute, lambda route: change(route, value)))

    def nominal(inputs: Inputs) -> float | None:
        routes = [] if inputs.path is None else found(inputs.path.segments, WeaveRoute)
        return _first([route.angle_deg if name == "weave_angle_deg" else route.positions[0] for route in routes])

    return SweepParameter(name=name, title=title, unit=unit, root="path", nominal=nominal, apply=apply)


def _need_path(inputs: Inputs, name: str) -> Path:
    if inputs.path is None:
        raise ConfigError(f"{name} must belong to a base with a path, got files or light alone. Leave it out.")
    return inputs.path


def _first(values: list[Any]) -> float | None:
    # all of a kind are varied alike, so one nominal value stands for them: the first on the way
    return float(values[0]) if values else None


def _laminates(path: Path) -> list[Material]:
    """Materials of traces and vias; connectors and sockets have plastics of their own."""
    return [part.material for kind in (Trace, Via) for part in _lined(path, kind)]


def _lined(path: Path, kind: type) -> list[Any]:
    return [part.line if kind is Trace else part for part in found(path.segments, kind)]


def _of_laminates(path: Path, change: Callable[[Material], Material]) -> Path:
    """The path with the materials of traces and vias changed: itself where it has none."""
    changed: Path = mapped(path, (Trace, Via), lambda part: mapped(part, Material, change))
    return changed


def _scaled_die(package: Package, factor: float) -> Package:
    stages = tuple((capacitance * factor, inductance) for capacitance, inductance in package.die)
    return dataclasses.replace(package, die=stages, c_b=package.c_b * factor)


def _scaled_impedance(package: Package, factor: float) -> Package:
    return dataclasses.replace(
        package, lines=tuple(dataclasses.replace(one, z_c=one.z_c * factor) for one in package.lines)
    )


def _at_position(route: WeaveRoute, position: float) -> WeaveRoute:
    # all plies at one place: the most that they can do together
    return dataclasses.replace(route, positions=(position,) * len(route.positions))


def _at_angle(route: WeaveRoute, angle_deg: float) -> WeaveRoute:
    return dataclasses.replace(route, angle_deg=angle_deg)


COPPER_PARAMETERS = (
    _length(),
    _trace("line_width_um", "width of lines", "width"),
    _trace("line_gap_um", "gap within pairs", "gap"),
    _trace("line_thickness_um", "thickness of lines", "thickness"),
    _trace("dielectric_height_um", "height of the dielectric under a microstrip", "height"),
    _trace("plane_spacing_um", "spacing of the planes about a stripline", "spacing"),
    _pitch(),
    _skew(),
    _weave("weave_position", "place on the glass cloth", "periods", _at_position),
    _weave("weave_angle_deg", "angle to the yarns", "deg", _at_angle),
    _material("dk", "permittivity", "dk"),
    _material("df", "loss tangent", "df"),
    _material("roughness_um", "rms roughness of the foil", "roughness_rq", "um", 1e-6),
    _temperature(),
    _packages("die_capacitance", "capacitance of dies", _scaled_die),
    _packages("package_impedance", "impedance of package lines", _scaled_impedance),
)
"""In the order in which a study lists them."""


def segment_parameter(name: str, place: str) -> SweepParameter:
    """A number of one named segment, in SI units."""
    segment, _, attribute = place.partition(".")

    def index(path: Path) -> int:
        # by name in each path: along an axis of paths the segment may stand at another place
        names = [one.name for one in path.segments]
        if segment not in names or not attribute:
            raise ConfigError(f"{name} must be path.SEGMENT.FIELD with a segment of {', '.join(names)}. Name one.")
        return names.index(segment)

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        return dataclasses.replace(inputs, path=replaced(path, f"segments.{index(path)}.element.{attribute}", value))

    def nominal(inputs: Inputs) -> float | None:
        if inputs.path is None:
            return None
        return float(get(inputs.path, f"segments.{index(inputs.path)}.element.{attribute}"))

    return SweepParameter(name=name, title=place, unit="SI", root="path", nominal=nominal, apply=apply)


def material_changed(path: Path, name: str) -> Path:
    """The path with every laminate replaced by a material that ships or a TOML file; foils go with it."""
    material = load_material(name)
    if not _laminates(path):
        raise ConfigError(f"material must belong to a path with a laminate, got {path.name} without one. Leave it out.")
    # foils come with the material, as a laminate is bought
    return _of_laminates(path, lambda one: material)
