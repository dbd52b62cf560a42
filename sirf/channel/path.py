"""Physical paths: named segments in cascade from die to die, read from `data/paths/*.toml`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import reduce
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sirf._data import data_path, load_toml
from sirf.channel.channel import Channel
from sirf.channel.lines import Stripline
from sirf.channel.materials import load_material
from sirf.channel.network import Network
from sirf.channel.package import Package, PackageLine
from sirf.channel.parts import Connector, Pi
from sirf.errors import ConfigError, SirfError
from sirf.units import parse_length

Real = NDArray[np.float64]
Model = TypeVar("Model", bound=BaseModel)
RateClass = Literal["100g", "200g"]

GRID = (0.0, 120e9, 10e6)
"""Default frequencies of a path in Hz: first, last, step."""


class Element(Protocol):
    """Anything that has a two-port at 100 ohm."""

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """A length of stripline in m."""

    line: Stripline
    length: float

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm."""
        return self.line.network(frequency, self.length)


@dataclass(frozen=True, slots=True)
class Device:
    """A device package at either end of the path."""

    package: Package
    receiver: bool

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm, its die outwards."""
        return self.package.network(frequency, receiver=self.receiver)


@dataclass(frozen=True, slots=True)
class Segment:
    """One named part of a path; `length` in m where the part is a trace."""

    name: str
    element: Element
    length: float | None = None

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz, 100 ohm."""
        return self.element.network(frequency)


@dataclass(frozen=True, slots=True)
class Path:
    """Segments in cascade from die to die; `variable` names the one whose length `with_length` sets.

    >>> import sirf
    >>> sirf.paths.cpo(length="30 mm").trace_length_m
    0.03
    """

    name: str
    segments: tuple[Segment, ...]
    variable: str
    warnings: tuple[str, ...] = ()

    @property
    def trace_length_m(self) -> float:
        """Length in m of the variable segment."""
        length = next(segment.length for segment in self.segments if segment.name == self.variable)
        assert length is not None
        return length

    def with_length(self, length: str | float) -> Path:
        """This path with another length of its variable segment; packages and connectors stay."""
        metres = parse_length(length)
        return dataclasses.replace(self, segments=tuple(
            _stretched(segment, metres) if segment.name == self.variable else segment for segment in self.segments))  # fmt: skip

    def network(self, frequency: Real | None = None) -> Network:
        """The die-to-die two-port, 100 ohm differential."""
        f = (
            np.arange(GRID[0], GRID[1] + 0.5 * GRID[2], GRID[2])
            if frequency is None
            else np.asarray(frequency, dtype=float)
        )
        whole = reduce(lambda a, b: a.cascade(b), (segment.network(f) for segment in self.segments))
        return dataclasses.replace(whole, name=self.name)

    def to_channel(self, frequency: Real | None = None) -> Channel:
        """The path as a channel complete to the die, without aggressors."""
        return Channel(self.network(frequency), plane="die", name=self.name, warnings=self.warnings)

    def insertion_loss_db(self, frequency: ArrayLike) -> Real:
        """Die-to-die loss in dB (positive) at `frequency` in Hz."""
        points = np.atleast_1d(np.asarray(frequency, dtype=float))
        return np.asarray(-20 * np.log10(np.abs(self.network(points).s[:, 1, 0]))).reshape(np.shape(frequency))

    def __repr__(self) -> str:
        """One line: name, variable segment, the others."""
        return f"Path({self.name!r}, {self.variable} {1e3 * self.trace_length_m:g} mm, {len(self.segments)} segments)"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str
    provenance: Literal["P", "2", "E"]
    source: str


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class _DeviceTable(_Table):
    kind: Literal["device"]
    side: Literal["transmitter", "receiver"]
    z_c_ohm: tuple[Positive, ...] = ()
    length_mm: tuple[NotNegative, ...] = ()


class _BoardTable(_Table):
    kind: Literal["board"]
    material: str
    length_mm: Positive
    width_um: Positive
    thickness_um: Positive
    plane_spacing_um: Positive


class _SubstrateTable(_Table):
    kind: Literal["substrate"]
    z_c_ohm: Positive
    length_mm: Positive


class _PiTable(_Table):
    kind: Literal["via", "ball"]
    capacitance_ff: NotNegative
    inductance_ph: NotNegative


class _ConnectorTable(_Table):
    kind: Literal["connector"]
    impedance_ohm: Positive
    length_mm: Positive
    pad_ff: NotNegative
    dk: Annotated[float, Field(ge=1)]
    df: NotNegative
    skin_db_per_m: NotNegative


_AnyTable = Annotated[
    _DeviceTable | _BoardTable | _SubstrateTable | _PiTable | _ConnectorTable, Field(discriminator="kind")
]


class _PathFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    variable: str
    segment: tuple[_AnyTable, ...]


class _DeviceFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    provenance: str
    source: str
    die_capacitance_ff: tuple[NotNegative, ...]
    die_inductance_ph: tuple[NotNegative, ...]
    bump_capacitance_ff: NotNegative
    ball_capacitance_ff: NotNegative
    gamma0: float
    a1: float
    a2: float
    tau_ns_per_mm: Positive


def load_path(
    name: str, *, length: str | float | None = None, material: str | None = None, rate_class: RateClass = "100g"
) -> Path:
    """The path of `data/paths/<name>.toml` or of a TOML file.

    `length` sets the variable segment (text with a unit, or m), `material` every board, `rate_class` the dies ("100g" for
    100 Gb/s per lane, "200g" for 200). Raises `ConfigError` naming file and key, `SirfError` for a bad length.
    """
    file = data_path("paths", f"{name}.toml")
    if not file.is_file():
        file = FilePath(name)
    record = _validated(_PathFile, load_toml(file), file)
    device = _device(rate_class)
    segments = tuple(_segment(table, device, material) for table in record.segment)
    if not any(segment.name == record.variable and segment.length is not None for segment in segments):
        raise ConfigError(
            f"{file.name}: key variable must name a board or substrate segment, got {record.variable!r}. Mend it."
        )
    path = Path(record.id, segments, record.variable)
    return path if length is None else path.with_length(length)


def _device(rate_class: str) -> _DeviceFile:
    if rate_class not in ("100g", "200g"):
        raise SirfError(f"rate_class must be '100g' or '200g', got {rate_class!r}. Use '200g' for 200 Gb/s per lane.")
    file = data_path("paths", "devices", f"{rate_class}.toml")
    return _validated(_DeviceFile, load_toml(file), file)


def _validated(model: type[Model], table: dict[str, Any], file: FilePath) -> Model:
    try:
        return TypeAdapter(model).validate_python(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(f"{file.name}: key {key} must be valid, got {first.get('input')!r} ({first['msg']}). "
                          "Mend the key.") from error  # fmt: skip


def _segment(table: _AnyTable, device: _DeviceFile, material: str | None) -> Segment:
    match table:
        case _DeviceTable():
            lines = tuple(PackageLine(z_c=z, length_mm=n) for z, n in zip(table.z_c_ohm, table.length_mm, strict=True))
            ball = device.ball_capacitance_ff * 1e-15 if lines else 0.0
            return Segment(table.name, Device(_package(device, lines, ball, with_die=True), table.side == "receiver"))
        case _SubstrateTable():
            length = table.length_mm * 1e-3
            lines = (PackageLine(z_c=table.z_c_ohm, length_mm=table.length_mm),)
            return Segment(table.name, Device(_package(device, lines, 0.0, with_die=False), False), length)
        case _BoardTable():
            line = Stripline(material=load_material(material or table.material), width=table.width_um * 1e-6,
                             thickness=table.thickness_um * 1e-6, spacing=table.plane_spacing_um * 1e-6)  # fmt: skip
            length = table.length_mm * 1e-3
            return Segment(table.name, Trace(line, length), length)
        case _PiTable():
            pi = Pi(capacitance=table.capacitance_ff * 1e-15, inductance=table.inductance_ph * 1e-12, name=table.name)
            return Segment(table.name, pi)
        case _ConnectorTable():
            body = dataclasses.replace(load_material("megtron7"), id=table.name, dk=table.dk, df=table.df)
            return Segment(table.name, Connector(
                impedance=table.impedance_ohm, length=table.length_mm * 1e-3, pad=table.pad_ff * 1e-15, material=body,
                skin_db_per_m=table.skin_db_per_m, name=table.name))  # fmt: skip


def _package(device: _DeviceFile, lines: tuple[PackageLine, ...], ball: float, *, with_die: bool) -> Package:
    stages = zip(device.die_capacitance_ff, device.die_inductance_ph, strict=True) if with_die else ()
    return Package(
        die=tuple((c * 1e-15, inductance * 1e-12) for c, inductance in stages),
        c_b=device.bump_capacitance_ff * 1e-15 if with_die else 0.0, lines=lines, gamma0=device.gamma0, a1=device.a1,
        a2=device.a2, tau=device.tau_ns_per_mm, c_p=ball,
    )  # fmt: skip


def _stretched(segment: Segment, length: float) -> Segment:
    element = segment.element
    if isinstance(element, Trace):
        return Segment(segment.name, dataclasses.replace(element, length=length), length)
    assert isinstance(element, Device)
    (line,) = element.package.lines
    package = dataclasses.replace(element.package, lines=(dataclasses.replace(line, length_mm=1e3 * length),))
    return Segment(segment.name, dataclasses.replace(element, package=package), length)
