"""What a study can vary: a register of named parameters with unit and place, and every other number by its dotted place.

A parameter changes a copy of the frozen `Inputs`: path, optics, link and equaliser limits. The values themselves refuse what
their models do not cover, so a tolerance that leaves the physical range ends the case with that sentence.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable
from typing import Any

from sirf.channel.materials import Material, load_material
from sirf.channel.package import Package
from sirf.channel.parts import Via
from sirf.channel.path import Path
from sirf.channel.path.elements import Device, Trace
from sirf.channel.weave import WeaveRoute
from sirf.errors import ConfigError, SirfError
from sirf.link import Link
from sirf.optics.library import OpticsPreset
from sirf.optics.modulator import Ring
from sirf.optics.source import Laser, Vcsel
from sirf.presets import EqualizerLimits
from sirf.study.host_models import SIDES
from sirf.study.sweep.frozen import found, get, mapped, replaced
from sirf.study.sweep.inputs import Inputs, Kind, Parameter
from sirf.study.sweep.parts import Value


def _need_path(inputs: Inputs, name: str) -> Path:
    if inputs.path is None:
        raise ConfigError(f"{name} must belong to a base with a path, got files or light alone. Leave it out.")
    return inputs.path


def _need_optics(inputs: Inputs, name: str) -> OpticsPreset:
    if inputs.optics is None:
        raise ConfigError(f"{name} must belong to a base with optics, got copper only. Leave it out.")
    return inputs.optics


def _first(values: list[Any]) -> float | None:
    return float(values[0]) if values else None


def _trace(name: str, title: str, attribute: str) -> Parameter:
    """A dimension of every trace's cross-section, in micrometres."""

    def lines(path: Path) -> list[Any]:
        return [trace.line for trace in found(path.segments, Trace) if hasattr(trace.line, attribute)]

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)

        def change(trace: Trace) -> Trace:
            if not hasattr(trace.line, attribute):
                return trace
            changes: dict[str, Any] = {attribute: 1e-6 * value}
            return dataclasses.replace(trace, line=dataclasses.replace(trace.line, **changes))

        changed = mapped(path, Trace, change)
        if changed is path:
            raise ConfigError(f"{name} must belong to a line with a {attribute}, got path {path.name} without one.")
        return dataclasses.replace(inputs, path=changed)

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.path is None else _first([1e6 * getattr(one, attribute) for one in lines(inputs.path)])

    return Parameter(name=name, title=title, unit="um", root="path", nominal=nominal, apply=apply)


def _laminates(path: Path) -> list[Material]:
    """Materials of traces and vias; connectors and sockets have plastics of their own."""
    return [part.material for kind in (Trace, Via) for part in _lined(path, kind)]


def _lined(path: Path, kind: type) -> list[Any]:
    return [part.line if kind is Trace else part for part in found(path.segments, kind)]


def _of_laminates(path: Path, change: Callable[[Material], Material]) -> Path:
    """The path with the materials of traces and vias changed: itself where it has none."""
    changed: Path = mapped(path, (Trace, Via), lambda part: mapped(part, Material, change))
    return changed


def _material(name: str, title: str, attribute: str, unit: str = "", scale: float = 1.0) -> Parameter:
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

    return Parameter(name=name, title=title, unit=unit, root="path", nominal=nominal, apply=apply)


def _temperature() -> Parameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, "temperature_c")
        # the foil and the laminate; packages by the COM formulas have no temperature
        return dataclasses.replace(inputs, path=mapped(path, Material, lambda one: one.at(temperature_c=value)))

    return Parameter(
        name="temperature_c",
        title="temperature of boards and cables",
        unit="C",
        root="path",
        nominal=lambda inputs: None if inputs.path is None else 20.0,
        apply=apply,
    )


def _packages(name: str, title: str, change: Callable[[Package, float], Package]) -> Parameter:
    """A factor on every die or package of path and link."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        if not found(path.segments, Device):
            raise ConfigError(f"{name} must belong to a path with dies, got {path.name} without one. Leave it out.")
        if not value > 0.0:
            raise SirfError(f"{name} must be a positive factor, got {value:g}. 1 is nominal.")
        return dataclasses.replace(inputs, path=mapped(path, Package, lambda one: change(one, value)))

    return Parameter(
        name=name,
        title=title,
        unit="x nominal",
        root="path",
        nominal=lambda inputs: None if inputs.path is None else 1.0,
        apply=apply,
    )


def _optics(name: str, title: str, unit: str, place: str, scale: float = 1.0) -> Parameter:
    """A number of the optical path at a dotted place, `scale` SI units each."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, name)
        return dataclasses.replace(inputs, optics=replaced(optics, f"path.{place}", scale * value))

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.optics is None else get(inputs.optics, f"path.{place}") / scale

    return Parameter(name=name, title=title, unit=unit, root="optics", nominal=nominal, apply=apply)


def _of_source(
    name: str, title: str, unit: str, read: Callable[[Any], float], write: Callable[[Any, float], Any], kinds: Any
) -> Parameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, name)
        if not isinstance(optics.path.source, kinds):
            raise ConfigError(f"{name} must belong to a source that has it, got {type(optics.path.source).__name__}.")
        return dataclasses.replace(inputs, optics=replaced(optics, "path.source", write(optics.path.source, value)))

    def nominal(inputs: Inputs) -> float | None:
        if inputs.optics is None or not isinstance(inputs.optics.path.source, kinds):
            return None
        return read(inputs.optics.path.source)

    return Parameter(name=name, title=title, unit=unit, root="optics", nominal=nominal, apply=apply)


def _ring_detuning() -> Parameter:
    """Detuning of a ring modulator from its bias point, in line widths of its own: what a heater's control leaves."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, "ring_detuning_error")
        if not found(optics, Ring):
            raise ConfigError("ring_detuning_error must belong to optics with a ring, got none. Leave it out.")

        def change(ring: Ring) -> Ring:
            return dataclasses.replace(ring, detuning=ring.detuning + value * ring.linewidth)

        return dataclasses.replace(inputs, optics=mapped(optics, Ring, change))

    return Parameter(
        name="ring_detuning_error",
        title="error of the ring's detuning",
        unit="line widths",
        root="optics",
        nominal=lambda inputs: 0.0 if inputs.optics is not None and found(inputs.optics, Ring) else None,
        apply=apply,
    )


def _link(name: str, title: str, unit: str, place: str, scale: float = 1.0) -> Parameter:
    """A number of every link, set once the link is built."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        return dataclasses.replace(inputs, link_changes=(*inputs.link_changes, (place, scale * value)))

    return Parameter(name=name, title=title, unit=unit, root="link", apply=apply)


def _limit(name: str, title: str, unit: str) -> Parameter:
    """A setting of the equaliser that is held while the search chooses the others."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        return dataclasses.replace(inputs, limits=(*inputs.limits, (name, value)))

    return Parameter(name=name, title=title, unit=unit, root="limits", apply=apply)


def _subject(name: str, title: str, unit: str = "", kind: Kind = "name") -> Parameter:
    return Parameter(name=name, title=title, unit=unit, root="subject", kind=kind)


def _scaled_die(package: Package, factor: float) -> Package:
    stages = tuple((capacitance * factor, inductance) for capacitance, inductance in package.die)
    return dataclasses.replace(package, die=stages, c_b=package.c_b * factor)


def _scaled_impedance(package: Package, factor: float) -> Package:
    return dataclasses.replace(
        package, lines=tuple(dataclasses.replace(one, z_c=one.z_c * factor) for one in package.lines)
    )


def _length() -> Parameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        _need_path(inputs, "length_mm")
        if not 0.0 < value < 1e5:
            raise SirfError(f"length_mm must be positive and below 100 m, got {value:g}. Give millimetres.")
        return dataclasses.replace(inputs, length_m=1e-3 * value)

    def nominal(inputs: Inputs) -> float | None:
        if inputs.path is None:
            return None
        return 1e3 * (inputs.path.trace_length_m if inputs.length_m is None else inputs.length_m)

    return Parameter(name="length_mm", title="length", unit="mm", root="path", nominal=nominal, apply=apply)


def _pitch() -> Parameter:
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

    return Parameter(name="pair_pitch_um", title="pitch of pairs", unit="um", root="path", nominal=nominal, apply=apply)


def _skew() -> Parameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, "skew_ps_per_m")
        if not found(path.segments, Trace):
            raise ConfigError(f"skew_ps_per_m must belong to a path with lines, got {path.name} without. Leave it out.")
        return dataclasses.replace(
            inputs, path=mapped(path, Trace, lambda trace: dataclasses.replace(trace, skew=1e-12 * value))
        )

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.path is None else _first([1e12 * t.skew for t in found(inputs.path.segments, Trace)])

    return Parameter(
        name="skew_ps_per_m", title="P/N skew of lines", unit="ps/m", root="path", nominal=nominal, apply=apply
    )


def _weave(name: str, title: str, unit: str, change: Callable[[WeaveRoute, float], WeaveRoute]) -> Parameter:
    """How every pair on a glass cloth lies there."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        path = _need_path(inputs, name)
        if not found(path.segments, WeaveRoute):
            raise ConfigError(f"{name} must belong to a pair on a weave, got path {path.name} without. Leave it out.")
        return dataclasses.replace(inputs, path=mapped(path, WeaveRoute, lambda route: change(route, value)))

    def nominal(inputs: Inputs) -> float | None:
        routes = [] if inputs.path is None else found(inputs.path.segments, WeaveRoute)
        return _first([route.angle_deg if name == "weave_angle_deg" else route.positions[0] for route in routes])

    return Parameter(name=name, title=title, unit=unit, root="path", nominal=nominal, apply=apply)


def _at_position(route: WeaveRoute, position: float) -> WeaveRoute:
    return dataclasses.replace(route, positions=(position,) * len(route.positions))


def _at_angle(route: WeaveRoute, angle_deg: float) -> WeaveRoute:
    return dataclasses.replace(route, angle_deg=angle_deg)


PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        _subject("architecture", "architecture"),
        _subject("path", "path"),
        _subject("standard", "standard"),
        _subject("material", "laminate"),
        _subject("file", "Touchstone file"),
        _subject("package_case", "package test case", kind="number"),
        _subject("data_rate_gbps", "data rate of a lane", "Gb/s", "number"),
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
        _of_source(
            "laser_power_dbm",
            "power of the laser",
            "dBm",
            lambda source: 10.0 * math.log10(source.power / 1e-3),
            lambda source, value: dataclasses.replace(source, power=1e-3 * 10.0 ** (value / 10.0)),
            Laser,
        ),
        _of_source(
            "rin_db_per_hz",
            "relative intensity noise",
            "dB/Hz",
            lambda source: source.rin_db_per_hz,
            lambda source, value: dataclasses.replace(source, rin_db_per_hz=value),
            (Laser, Vcsel),
        ),
        _ring_detuning(),
        _optics("responsivity", "responsivity of the photodiode", "A/W", "receiver.photodiode.responsivity"),
        _optics("amplifier_noise_pa", "noise of the amplifier", "pA/sqrt(Hz)", "receiver.tia.noise", 1e-12),
        _optics("coupling_loss_db", "coupling loss", "dB", "coupling_loss_db"),
        _optics("fibre_length_m", "length of fibre", "m", "fibre.length"),
        _link("transmitter_snr_db", "signal over noise of the transmitter", "dB", "transmitter.snr_db"),
        _link("level_mismatch", "level mismatch R_LM", "", "transmitter.level_mismatch"),
        _link("jitter_random_ui", "random jitter", "UI", "transmitter.jitter.random_ui"),
        _link("jitter_dual_dirac_ui", "dual-Dirac jitter", "UI", "transmitter.jitter.dual_dirac_ui"),
        _link("noise_density_v2_per_ghz", "noise at the receiver", "V2/GHz", "receiver.noise_density", 1e-9),
        _link("rise_time_ps", "rise time of the transmitter", "ps", "transmitter.rise_time", 1e-12),
        _limit("tx_ffe_-1", "transmitter tap c(-1)", ""),
        _limit("tx_ffe_-2", "transmitter tap c(-2)", ""),
        _limit("tx_ffe_1", "transmitter tap c(1)", ""),
        _limit("ctle_g_dc_db", "CTLE gain", "dB"),
        _limit("ctle_g_dc2_db", "second CTLE gain", "dB"),
    )
}
"""Every parameter by name."""
PLACES = {
    "path": "path.SEGMENT.FIELD",
    "optics": "optics.FIELD",
    "link": "link.FIELD",
    "tx": "tx.NAME",
    "rx": "rx.NAME",
}
"""Roots of dotted places, for values that have no entry in the register; in SI units, of a vendor's model in the model's own."""


def parameter_of(name: str) -> Parameter:
    """The parameter of a name, or of a dotted place such as "path.board.line.gap", "link.receiver.noise_corner", "tx.post1".

    Raises `ConfigError` naming the nearest.
    """
    if name in PARAMETERS:
        return PARAMETERS[name]
    root, _, place = name.partition(".")
    if place and root == "link":
        return dataclasses.replace(_link(name, place, "SI", place), name=name)
    if place and root == "optics":
        return _optics(name, place, "SI", place)
    if place and root == "path":
        return _of_segment(name, place)
    if place and root in SIDES:
        return _of_model(name)
    near = difflib.get_close_matches(name, PARAMETERS, n=1, cutoff=0.0)[0]
    raise ConfigError(
        f"parameter must be one of {', '.join(PARAMETERS)}, or a place such as {', '.join(PLACES.values())}, got {name!r}. "
        f"Did you mean '{near}'?"
    )


def _of_segment(name: str, place: str) -> Parameter:
    """A number of one named segment, in SI units."""
    segment, _, attribute = place.partition(".")

    def index(path: Path) -> int:
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

    return Parameter(name=name, title=place, unit="SI", root="path", nominal=nominal, apply=apply)


def _of_model(name: str) -> Parameter:
    """An In parameter of the vendor's model of one side."""

    def apply(inputs: Inputs, value: Value) -> Inputs:
        return dataclasses.replace(inputs, models=inputs.models.with_value(name, value))

    return Parameter(
        name=name,
        title=name,
        unit="",
        root="model",
        kind="value",
        nominal=lambda inputs: inputs.models.number(name),
        apply=apply,
    )


def changed_link(link: Link, inputs: Inputs) -> Link:
    """The link with the case's link changes and equaliser limits."""
    changes: dict[str, Any] = {}
    for place, value in inputs.link_changes:
        first, _, rest = place.partition(".")
        part = changes.get(first, getattr(link, first, None))
        if part is None:
            raise ConfigError(f"link.{place} must exist, got no {first} in a link. Name transmitter or receiver.")
        changes[first] = replaced(part, rest, value) if rest else value
    if inputs.limits:
        changes["limits"] = _held(link.limits, inputs.limits)
    return link.replace(**changes) if changes else link


def _held(limits: EqualizerLimits, held: tuple[tuple[str, float], ...]) -> EqualizerLimits:
    """Limits in which the named settings have one value each."""
    for name, value in held:
        if name.startswith("tx_ffe_"):
            cursor = int(name.removeprefix("tx_ffe_"))
            if cursor not in dict(limits.tx_ffe):
                raise ConfigError(f"{name} must be a tap of the standard, got taps {[c for c, _ in limits.tx_ffe]}.")
            taps = tuple((c, (value,) if c == cursor else values) for c, values in limits.tx_ffe)
            limits = dataclasses.replace(limits, tx_ffe=taps)
        else:
            changes: dict[str, Any] = {name.removeprefix("ctle_"): (value,)}
            limits = dataclasses.replace(limits, **changes)
    return limits


def material_changed(path: Path, name: str) -> Path:
    """The path with every laminate replaced by a material that ships or a TOML file; foils go with it."""
    material = load_material(name)
    if not _laminates(path):
        raise ConfigError(f"material must belong to a path with a laminate, got {path.name} without one. Leave it out.")
    return _of_laminates(path, lambda one: material)
