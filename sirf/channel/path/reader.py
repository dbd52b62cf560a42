"""From a TOML file to a path: each table becomes its element."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Literal, TypeVar, get_args

from pydantic import BaseModel

from sirf._data import data_path, known_id, list_data, load_toml, validated
from sirf.channel.materials import Material, load_material
from sirf.channel.measured_block import MeasuredBlock
from sirf.channel.package import Package, PackageLine
from sirf.channel.parts import Ball, Capacitor, Connector, Redriver, Socket, Via, pad_capacitance
from sirf.channel.parts.bump_map import load_bump_map
from sirf.channel.path import tables
from sirf.channel.path.elements import Device, Element, Flipped, Part, Trace, Unequal
from sirf.channel.path.path import Crosstalk, Path, Segment
from sirf.channel.weave import WeaveRoute, load_weave
from sirf.errors import ConfigError, SirfError
from sirf.units import Given, parse_temperature

Model = TypeVar("Model", bound=BaseModel)
RateClass = Literal["100g", "200g", "400g"]
MICRO, MILLI, FEMTO, PICO, NANO, GIGA = 1e-6, 1e-3, 1e-15, 1e-12, 1e-9, 1e9
KEPT_PATHS = 32
"""Paths read from shipped files that are kept, at most: four paths of three classes, at three temperatures."""
# only what two lines of one part can differ in by making: drill depth, layer, antipad, plating
DIFFERENCES = {
    "length_difference_um": ("length", MICRO),
    "stub_difference_um": ("stub", MICRO),
    "antipad_difference_um": ("antipad", MICRO),
    "pad_difference_ff": ("pad", FEMTO),
    "capacitance_difference_ff": ("capacitance", FEMTO),
    "inductance_difference_ph": ("inductance", PICO),
}
"""Keys by which line P of a part differs from line N, with the field and the unit."""


@dataclass(frozen=True, slots=True)
class _Choices:
    """What the caller chose for the whole path."""

    device: tables.DeviceFile
    folder: FilePath
    material: str | None
    temperature_c: float | None
    humidity_percent: float | None

    def load(self, name: str, *, keeps: bool = True) -> Material:
        """The segment's material, or the caller's in its place, as it is in use."""
        # the caller's material is an id or the caller's own path: it is not looked for beside this file
        chosen = str(self._beside(name)) if keeps or self.material is None else self.material
        return load_material(chosen).at(temperature_c=self.temperature_c, humidity_percent=self.humidity_percent)

    def _beside(self, name: str) -> str | FilePath:
        """A material's file beside the TOML file that names it, as for `file`; an id as it is."""
        return self.folder / name if name.endswith(".toml") else name


def load_path(
    name: str,
    *,
    length: str | float | None = None,
    material: str | None = None,
    rate_class: RateClass = "200g",
    temperature_c: Given | None = None,
    humidity_percent: float | None = None,
) -> Path:
    """The path of `data/paths/<name>.toml` or of a TOML file.

    A segment of kind "touchstone" reads its `file` beside the TOML file, at whatever impedance and grid it has.
    `length` sets the variable segment (text with a unit, or m), `material` every board and via that does not keep its own,
    `rate_class` the dies and packages: "100g" for 100 Gb/s per lane (802.3ck), "200g" for 200 (802.3dj), good at 100 too,
    "400g" a projection.
    `temperature_c` and `humidity_percent` set the state of boards, vias and cables (`Material.at`); packages by the COM formulas
    have none. Raises `ConfigError` naming file and key, `SirfError` for a bad length, `PhysicsError` for what cannot be built.
    """
    # the nearest id is named where it is misspelt; a file of one's own is taken as it is
    found = known_id(name, list_data("paths"), kind="path")
    celsius = None if temperature_c is None else parse_temperature(temperature_c, name="temperature_c")
    # a file of one's own, of the path or of its material, may change between two calls: what ships does not
    shipped = not found.endswith(".toml") and (material is None or not material.endswith(".toml"))
    read = _read if shipped else _read.__wrapped__
    path = read(found, material, rate_class, celsius, humidity_percent)
    return path if length is None else path.with_length(length)


@lru_cache(maxsize=KEPT_PATHS)
def _read(
    found: str, material: str | None, rate_class: RateClass, celsius: float | None, humidity_percent: float | None
) -> Path:
    """`load_path` at the file's own length."""
    file = FilePath(found) if found.endswith(".toml") else data_path("paths", f"{found}.toml")
    # before any element is built, so that an error names the key and not the physics behind it
    record = validated(tables.PathFile, load_toml(file), file)
    choices = _Choices(_device(rate_class), file.parent, material, celsius, humidity_percent)
    segments = tuple(_segment(table, choices) for table in record.segment)
    if record.variable and not any(
        # a segment without a length (a ball, a via) cannot be what `with_length` stretches
        segment.name == record.variable and segment.length_m is not None
        for segment in segments
    ):
        raise ConfigError(
            f"{file.name}: key variable must name a board, cable or substrate segment, got {record.variable!r}. Mend it."
        )
    crosstalk = None if record.crosstalk is None else Crosstalk(**record.crosstalk.model_dump())
    warnings = tuple(
        note for segment in segments if isinstance(segment.element, MeasuredBlock) for note in segment.element.warnings
    )
    return Path(record.id, segments, record.variable, warnings, crosstalk=crosstalk)


def _device(rate_class: str) -> tables.DeviceFile:
    # classes differ in die and package alone: the board between them is the user's
    if rate_class not in get_args(RateClass):
        known = ", ".join(get_args(RateClass))
        raise SirfError(f"rate_class must be one of {known}, got {rate_class!r}. Use '200g' for 200 Gb/s per lane.")
    file = data_path("paths", "devices", f"{rate_class}.toml")
    return validated(tables.DeviceFile, load_toml(file), file)


def _segment(table: tables.AnyTable, choices: _Choices) -> Segment:
    element, length_m = _element(table, choices)
    provenance, source = table.provenance, table.source
    if isinstance(table, (tables.DieTable, tables.PackageTable)):
        # the weaker of the two: the segment's own numbers and those of the rate class
        device = choices.device
        # P public, 2 second-hand, E estimated: the later letter of these is the weaker
        provenance, source = max(provenance, device.provenance, key="P2E".index), f"{source}; {device.source}"
    return Segment(table.name, element, length_m, provenance=provenance, source=source)


def _element(table: tables.AnyTable, choices: _Choices) -> tuple[Element, float | None]:
    match table:
        case tables.DieTable():
            return Device(_die(table, choices.device), table.side == "receiver"), None
        case tables.PackageTable():
            package, unequal = _package(table, choices.device), table.length_difference_um * MICRO
            return Device(package, table.side == "receiver", unequal), None
        case tables.SubstrateTable():
            return Device(_substrate(table), False, table.length_difference_um * MICRO), table.length_mm * MILLI
        case tables.CapacitorTable():
            return _capacitor(table), None
        case tables.RedriverTable():
            return _redriver(table), None
        case tables.TouchstoneTable():
            options = table.model_dump(
                include={"port_order", "victim", "next_lanes", "differential", "mixed_mode", "flipped"}
            )
            # the block's own reader judges its data; only its place is decided here
            return MeasuredBlock.from_touchstone(choices.folder / table.file, **options), None
        case tables.BallTable() | tables.SocketTable() | tables.ViaTable() | tables.ConnectorTable():
            part = _both_lines(_part(table, choices), table)
            return (Flipped(part) if table.flipped else part), None
        case tables.LineTable():
            return _trace(table, choices), table.length_mm * MILLI


def _trace(table: tables.LineTable, choices: _Choices) -> Trace:
    pitch = getattr(table, "pair_pitch_um", None)
    laminate = table if isinstance(table, tables.LaminateTable) else None
    # cables have no laminate to replace, and keep theirs
    material = choices.load(table.material, keeps=laminate is None or laminate.keeps_material)
    return Trace(
        table.line(material),
        table.length_mm * MILLI,
        None if pitch is None else pitch * MICRO,
        skew=table.skew_ps_per_m * PICO,
        length_difference=table.length_difference_um * MICRO,
        route=None if laminate is None else _route(laminate, choices),
    )


def _route(table: tables.LaminateTable, choices: _Choices) -> WeaveRoute | None:
    """How the pair lies on its glass cloth, if it has one."""
    if table.weave is None:
        return None
    beside = choices.folder / table.weave
    pitch_um = table.pitch_on_weave_um
    assert pitch_um is not None  # by the table's own check
    return WeaveRoute(
        weave=load_weave(str(beside) if table.weave.endswith(".toml") else table.weave),
        pair_pitch=pitch_um * MICRO,
        width=table.width_um * MICRO,
        direction=table.weave_direction,
        angle_deg=table.weave_angle_deg,
        positions=(table.weave_position,) * table.weave_plies,
    )


def _both_lines(part: Part, table: BaseModel) -> Part | Unequal:
    """The part, or both its lines where the table states a difference: half of it more in P, half less in N."""
    # without a difference both lines are one part
    differences = {
        field: getattr(table, key) * unit
        for key, (field, unit) in DIFFERENCES.items()
        if getattr(table, key, 0.0) != 0.0
    }
    if not differences:
        return part
    p, n = (
        dataclasses.replace(
            # half each way keeps the part's mean, and with it the differential loss
            part,
            **{field: getattr(part, field) + 0.5 * sign * change for field, change in differences.items()},
        )
        for sign in (1.0, -1.0)
    )
    return Unequal(p, n)


def _part(
    table: tables.BallTable | tables.SocketTable | tables.ViaTable | tables.ConnectorTable, choices: _Choices
) -> Part:
    match table:
        case tables.BallTable():
            bumps = None if table.bump_map is None else load_bump_map(table.bump_map)
            # a bump map knows the geometry, from which inductance and coupling follow together; values by hand need
            # both
            return Ball(
                capacitance=table.capacitance_ff * FEMTO,
                inductance=(table.inductance_ph or 0.0) * PICO if bumps is None else bumps.inductance,
                coupling=table.coupling if bumps is None else bumps.coupling,
                name=table.name,
            )
        case tables.SocketTable():
            return Socket(
                impedance=table.impedance_ohm,
                length=table.length_mm * MILLI,
                dk=table.dk,
                pad=table.pad_ff * FEMTO,
                resistance=table.resistance_mohm * MILLI,
                coupling=table.coupling,
                common_impedance=table.common_impedance_ohm,
                name=table.name,
            )
        case tables.ViaTable():
            return _via(table, choices.load(table.material, keeps=table.keeps_material))
        case tables.ConnectorTable():
            return _connector(table)


def _die(table: tables.DieTable, device: tables.DeviceFile) -> Package:
    capacitance, inductance = table.die_capacitance_ff, table.die_inductance_ph
    # a die states both or none: the class's stages do not mix with its own
    # types cannot say that both are given together, which the table's own check has made sure of
    if capacitance is None or inductance is None:
        capacitance, inductance = device.die_capacitance_ff, device.die_inductance_ph
    bump = device.bump_capacitance_ff if table.bump_capacitance_ff is None else table.bump_capacitance_ff
    stages = zip(capacitance, inductance, strict=True)
    return Package(die=tuple((c * FEMTO, value * PICO) for c, value in stages), c_b=bump * FEMTO)


# a package has no die of its own here: the die is a segment by itself
def _package(table: tables.PackageTable, device: tables.DeviceFile) -> Package:
    return Package(
        die=(),
        # sections from the die outwards, as the standards list them
        lines=tuple(PackageLine(z_c=z, length_mm=n) for z, n in zip(table.z_c_ohm, table.length_mm, strict=True)),
        gamma0=device.gamma0,
        a1=device.a1,
        a2=device.a2,
        tau=device.tau_ns_per_mm,
        c_p=device.ball_capacitance_ff * FEMTO,
    )


def _substrate(table: tables.SubstrateTable) -> Package:
    return Package(
        die=(),
        lines=(PackageLine(z_c=table.z_c_ohm, length_mm=table.length_mm),),
        gamma0=table.gamma0,
        a1=table.a1,
        a2=table.a2,
        tau=table.tau_ns_per_mm,
    )


def _via(table: tables.ViaTable, material: Material) -> Via:
    # pads by capacitance come from a field solver or a measurement, those by size from a drawing
    antipad, pad = table.antipad_um * MICRO, table.pad_ff * FEMTO
    if table.pad_um is not None and table.pad_height_um is not None:
        # pads by size need a height over which they face planes; by capacitance they bring their own
        height = table.pad_height_um * MICRO
        pad = pad_capacitance(dk=material.dk, pad=table.pad_um * MICRO, antipad=antipad, thickness=height)
    return Via(
        material=material,
        barrel=table.barrel_um * MICRO,
        antipad=antipad,
        length=table.length_um * MICRO,
        stub=table.stub_um * MICRO,
        pad=pad,
        coupling=table.coupling,
        name=table.name,
    )


def _connector(table: tables.ConnectorTable) -> Connector:
    # only Dk and Df are those of the connector's body; loss of its metal is 'skin_db_per_m'
    body = dataclasses.replace(load_material("megtron7"), id=table.name, title=table.name, dk=table.dk, df=table.df)
    return Connector(
        impedance=table.impedance_ohm,
        length=table.length_mm * MILLI,
        pad=table.pad_ff * FEMTO,
        material=body,
        skin_db_per_m=table.skin_db_per_m,
        coupling=table.coupling,
        common_impedance=table.common_impedance_ohm,
        # a connector without a stated resonance has none in the band, rather than one at zero
        resonance=float("inf") if table.resonance_ghz is None else table.resonance_ghz * 1e9,
        resonance_db=table.resonance_db,
        resonance_q=table.resonance_q,
        valid_to=table.valid_to_ghz * 1e9,
        name=table.name,
    )


def _redriver(table: tables.RedriverTable) -> Redriver:
    return Redriver(
        gain_db=table.gain_db,
        zero=table.zero_ghz * GIGA,
        pole_1=table.pole_1_ghz * GIGA,
        pole_2=table.pole_2_ghz * GIGA,
        name=table.name,
    )


def _capacitor(table: tables.CapacitorTable) -> Capacitor:
    return Capacitor(
        capacitance=table.capacitance_nf * NANO,
        resistance=table.resistance_mohm * MILLI,
        inductance=table.inductance_ph * PICO,
        pad=table.pad_ff * FEMTO,
        name=table.name,
    )
