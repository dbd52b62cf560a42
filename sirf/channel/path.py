"""Physical paths: named segments in cascade from die to die, read from `data/paths/*.toml`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sirf._data import data_path, load_toml
from sirf.channel.block import Block
from sirf.channel.channel import Channel, Plane
from sirf.channel.lines import PAIR_OHM, Stripline
from sirf.channel.materials import load_material
from sirf.channel.network import Network
from sirf.channel.package import Package, PackageLine, cascade
from sirf.channel.parts import Ball, Connector, Via
from sirf.errors import ConfigError, SirfError
from sirf.units import parse_length

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Model = TypeVar("Model", bound=BaseModel)
RateClass = Literal["100g", "200g"]

GRID = (0.0, 120e9, 10e6)
"""Default frequencies of a path in Hz: first, last, step."""


class Element(Protocol):
    """Anything that has a two-port at 100 ohm."""

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...


@runtime_checkable
class Coupled(Protocol):
    """An element with a neighbour: it differs for the even and the odd mode of two pairs."""

    coupling: float

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...

    def mode(self, sign: float) -> Element:
        """The element as the even (+1) or odd (-1) mode sees it; a smaller number is a weaker coupling."""
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
    """A die termination, a package or a piece of substrate by the COM formulas, at either end of the path."""

    package: Package
    receiver: bool

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm, its die outwards."""
        return self.package.network(frequency, receiver=self.receiver)


@dataclass(frozen=True, slots=True)
class Flipped:
    """An element seen from its other end."""

    element: Ball | Via | Connector

    @property
    def coupling(self) -> float:
        """Coupling of the element inside."""
        return self.element.coupling

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm, ports exchanged."""
        return self.element.network(frequency).flipped()

    def mode(self, sign: float) -> Flipped:
        """The element inside as the even (+1) or odd (-1) mode sees it."""
        return Flipped(self.element.mode(sign))


@dataclass(frozen=True, slots=True)
class Segment:
    """One named part of a path; `length_m` where the part is a trace or a substrate."""

    name: str
    element: Element
    length_m: float | None = None
    provenance: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz, 100 ohm."""
        return self.element.network(frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosstalk:
    """Neighbours of the path: how many send the same way (`fext`) and how many the other way (`next`).

    `next_weight` is the coupling to those of the other direction relative to the parts' own: they sit further away.
    """

    fext: int
    next: int
    next_weight: float
    provenance: str
    source: str


@dataclass(frozen=True, slots=True)
class Path:
    """Segments in cascade from die to die; `variable` names the one whose length `with_length` sets ("" for none).

    >>> import sirf
    >>> sirf.paths.cpo(length="30 mm").trace_length_m
    0.03
    """

    name: str
    segments: tuple[Segment, ...]
    variable: str
    warnings: tuple[str, ...] = ()
    crosstalk: Crosstalk | None = None

    @property
    def trace_length_m(self) -> float:
        """Length in m of the variable segment; raises `SirfError` where there is none."""
        length = next((segment.length_m for segment in self.segments if segment.name == self.variable), None)
        if length is None:
            raise SirfError(
                f"variable of path {self.name} must name a board or substrate segment, got {self.variable!r}. "
                "Set its key variable to have a length to change."
            )
        return length

    def with_length(self, length: str | float) -> Path:
        """This path with another length of its variable segment; packages and connectors stay.

        Raises `SirfError` for a bad length or a path without a variable segment.
        """
        metres, _ = parse_length(length), self.trace_length_m
        segments = (_stretched(part, metres) if part.name == self.variable else part for part in self.segments)
        return dataclasses.replace(self, segments=tuple(segments))

    def network(self, frequency: ArrayLike | None = None) -> Network:
        """The die-to-die two-port, 100 ohm differential."""
        f = _grid(frequency)
        return Network(f, _joined(self._parts(f)), z0=PAIR_OHM, name=self.name)

    def aggressors(self, frequency: ArrayLike | None = None) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
        """(FEXT, NEXT) networks of the neighbours, die to die; port 1 the aggressor's transmitter, port 2 the victim's receiver.

        Two equal paths that couple in their balls, vias and connectors have an even and an odd mode; half the difference of
        the modes' S-parameters is the crosstalk, so it is passive, reciprocal and causal as the parts are. Each neighbour is
        taken by itself; the through path is that of the path without neighbours.
        """
        if self.crosstalk is None:
            return (), ()
        f = _grid(frequency)
        plain = self._parts(f)
        far = self._crosstalk(f, plain, 1.0, "fext", (1, 0)) if self.crosstalk.fext else None
        near = self._crosstalk(f, plain, self.crosstalk.next_weight, "next", (1, 1)) if self.crosstalk.next else None
        return (
            () if far is None else (far,) * self.crosstalk.fext,
            () if near is None else (near,) * self.crosstalk.next,
        )

    def to_channel(
        self, frequency: ArrayLike | None = None, *, crosstalk: bool = False, plane: Plane = "die"
    ) -> Channel:
        """The path as a channel complete to the die, or that ends at `plane`; with its `aggressors` if `crosstalk`."""
        f = _grid(frequency)
        fext, near = self.aggressors(f) if crosstalk else ((), ())
        return Channel(self.network(f), fext=fext, next=near, plane=plane, name=self.name, warnings=self.warnings)

    def insertion_loss_db(self, frequency: ArrayLike) -> Real:
        """Die-to-die loss in dB (positive) at `frequency` in Hz, ascending, the shape of `frequency`."""
        points = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
        s21 = self.network(points).s[:, 1, 0]
        return np.asarray(-20.0 * np.log10(np.abs(s21))).reshape(np.shape(frequency))

    def __repr__(self) -> str:
        """One line: name, variable segment, the others."""
        if not self.variable:
            return f"Path({self.name!r}, {len(self.segments)} segments)"
        return f"Path({self.name!r}, {self.variable} {1e3 * self.trace_length_m:g} mm, {len(self.segments)} segments)"

    def _parts(self, frequency: Real) -> list[Complex]:
        return [segment.network(frequency).s for segment in self.segments]

    def _crosstalk(
        self, frequency: Real, plain: Sequence[Complex], weight: float, kind: str, entry: tuple[int, int]
    ) -> Network:
        """Half the difference of even and odd mode at S[entry] of the path, with the reflections of a coupled pair."""
        even, odd = (
            _joined([self._modal(k, s, frequency, sign * weight) for k, s in enumerate(plain)]) for sign in (1.0, -1.0)
        )
        out, into = entry
        # the aggressor sends into port `into` of its own path; the victim listens at port `out` of the through path
        ports = [into, out]
        s = 0.5 * (even + odd)[:, ports][:, :, ports]
        s[:, 0, 1] = s[:, 1, 0] = 0.5 * (even - odd)[:, out, into]
        return Network(frequency, s, z0=PAIR_OHM, name=f"{self.name} {kind}")

    def _modal(self, index: int, plain: Complex, frequency: Real, sign: float) -> Complex:
        element = self.segments[index].element
        if not isinstance(element, Coupled) or element.coupling == 0.0:
            return plain
        return element.mode(sign).network(frequency).s


def _grid(frequency: ArrayLike | None) -> Real:
    if frequency is None:
        first, last, step = GRID
        return first + step * np.arange(round((last - first) / step) + 1, dtype=np.float64)
    return np.asarray(frequency, dtype=np.float64)


def _joined(parts: Sequence[Complex]) -> Complex:
    return reduce(cascade, parts)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str
    provenance: Literal["P", "2", "E"]
    source: str


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class _CoupledTable(_Table):
    coupling: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    flipped: bool = False


class _DieTable(_Table):
    kind: Literal["die"]
    side: Literal["transmitter", "receiver"]


class _PackageTable(_Table):
    kind: Literal["package"]
    side: Literal["transmitter", "receiver"]
    z_c_ohm: tuple[Positive, ...]
    length_mm: tuple[NotNegative, ...]


class _BoardTable(_Table):
    kind: Literal["board"]
    material: str
    keeps_material: bool = False
    length_mm: Positive
    width_um: Positive
    thickness_um: Positive
    plane_spacing_um: Positive


class _SubstrateTable(_Table):
    kind: Literal["substrate"]
    z_c_ohm: Positive
    length_mm: Positive
    gamma0: NotNegative
    a1: NotNegative
    a2: NotNegative
    tau_ns_per_mm: Positive


class _BallTable(_CoupledTable):
    kind: Literal["ball"]
    capacitance_ff: NotNegative
    inductance_ph: NotNegative


class _ViaTable(_CoupledTable):
    kind: Literal["via"]
    material: str
    keeps_material: bool = False
    barrel_um: Positive
    antipad_um: Positive
    length_um: Positive
    stub_um: NotNegative
    pad_ff: NotNegative


class _ConnectorTable(_CoupledTable):
    kind: Literal["connector"]
    impedance_ohm: Positive
    length_mm: Positive
    pad_ff: NotNegative
    dk: Annotated[float, Field(ge=1)]
    df: NotNegative
    skin_db_per_m: NotNegative


class _TouchstoneTable(_Table):
    kind: Literal["touchstone"]
    file: str
    port_order: str | None = None
    victim: Annotated[int, Field(ge=1)] | None = None
    differential: bool | None = None
    mixed_mode: str | None = None
    flipped: bool = False


class _CrosstalkTable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    fext: Annotated[int, Field(ge=0, le=16)]
    next: Annotated[int, Field(ge=0, le=16)]
    next_weight: Annotated[float, Field(ge=0, le=1)]
    provenance: Literal["P", "2", "E"]
    source: str


_AnyTable = Annotated[
    _DieTable
    | _PackageTable
    | _BoardTable
    | _SubstrateTable
    | _BallTable
    | _ViaTable
    | _ConnectorTable
    | _TouchstoneTable,
    Field(discriminator="kind"),
]


class _PathFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    variable: str = ""
    segment: Annotated[tuple[_AnyTable, ...], Field(min_length=1)]
    crosstalk: _CrosstalkTable | None = None


class _DeviceFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    provenance: Literal["P", "2", "E"]
    source: str
    die_capacitance_ff: tuple[NotNegative, ...]
    die_inductance_ph: tuple[NotNegative, ...]
    bump_capacitance_ff: NotNegative
    ball_capacitance_ff: NotNegative
    gamma0: NotNegative
    a1: NotNegative
    a2: NotNegative
    tau_ns_per_mm: Positive


def load_path(
    name: str, *, length: str | float | None = None, material: str | None = None, rate_class: RateClass = "200g"
) -> Path:
    """The path of `data/paths/<name>.toml` or of a TOML file.

    A segment of kind "touchstone" reads its `file` beside the TOML file, at whatever impedance and grid it has.
    `length` sets the variable segment (text with a unit, or m), `material` every board and via that does not keep its own,
    `rate_class` the dies and packages: "100g" for 100 Gb/s per lane (802.3ck), "200g" for 200 (802.3dj), good at 100 too.
    Raises `ConfigError` naming file and key, `SirfError` for a bad length.
    """
    file = data_path("paths", f"{name}.toml")
    if not file.is_file():
        file = FilePath(name)
    record = _validated(_PathFile, load_toml(file), file)
    device = _device(rate_class)
    segments = tuple(_segment(table, device, material, file.parent) for table in record.segment)
    if record.variable and not any(
        segment.name == record.variable and segment.length_m is not None for segment in segments
    ):
        raise ConfigError(
            f"{file.name}: key variable must name a board or substrate segment, got {record.variable!r}. Mend it."
        )
    crosstalk = None if record.crosstalk is None else Crosstalk(**record.crosstalk.model_dump())
    warnings = tuple(
        note for segment in segments if isinstance(segment.element, Block) for note in segment.element.warnings
    )
    path = Path(record.id, segments, record.variable, warnings, crosstalk=crosstalk)
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
        raise ConfigError(
            f"{file.name}: key {key} must be valid, got {first.get('input')!r} ({first['msg']}). Mend the key."
        ) from error


def _segment(table: _AnyTable, device: _DeviceFile, material: str | None, folder: FilePath) -> Segment:
    element, length_m = _element(table, device, material, folder)
    provenance, source = table.provenance, table.source
    if isinstance(table, (_DieTable, _PackageTable)):
        # the weaker of the two: the segment's own numbers and those of the rate class
        provenance, source = max(provenance, device.provenance, key="P2E".index), f"{source}; {device.source}"
    return Segment(table.name, element, length_m, provenance=provenance, source=source)


def _element(
    table: _AnyTable, device: _DeviceFile, material: str | None, folder: FilePath
) -> tuple[Element, float | None]:
    match table:
        case _DieTable():
            return Device(_die(device), table.side == "receiver"), None
        case _PackageTable():
            return Device(_package(table, device), table.side == "receiver"), None
        case _SubstrateTable():
            return Device(_substrate(table), False), table.length_mm * 1e-3
        case _BoardTable():
            return Trace(_stripline(table, material), table.length_mm * 1e-3), table.length_mm * 1e-3
        case _BallTable():
            return _turned(_ball(table), table.flipped), None
        case _ViaTable():
            return _turned(_via(table, material), table.flipped), None
        case _ConnectorTable():
            return _turned(_connector(table), table.flipped), None
        case _TouchstoneTable():
            options = table.model_dump(include={"port_order", "victim", "differential", "mixed_mode", "flipped"})
            return Block.from_touchstone(folder / table.file, **options), None


def _turned(part: Ball | Via | Connector, flipped: bool) -> Element:
    return Flipped(part) if flipped else part


def _die(device: _DeviceFile) -> Package:
    stages = zip(device.die_capacitance_ff, device.die_inductance_ph, strict=True)
    die = tuple((c * 1e-15, inductance * 1e-12) for c, inductance in stages)
    return Package(die=die, c_b=device.bump_capacitance_ff * 1e-15)


def _package(table: _PackageTable, device: _DeviceFile) -> Package:
    return Package(
        die=(),
        lines=tuple(PackageLine(z_c=z, length_mm=n) for z, n in zip(table.z_c_ohm, table.length_mm, strict=True)),
        gamma0=device.gamma0,
        a1=device.a1,
        a2=device.a2,
        tau=device.tau_ns_per_mm,
        c_p=device.ball_capacitance_ff * 1e-15,
    )


def _substrate(table: _SubstrateTable) -> Package:
    return Package(
        die=(),
        lines=(PackageLine(z_c=table.z_c_ohm, length_mm=table.length_mm),),
        gamma0=table.gamma0,
        a1=table.a1,
        a2=table.a2,
        tau=table.tau_ns_per_mm,
    )


def _stripline(table: _BoardTable, material: str | None) -> Stripline:
    return Stripline(
        material=load_material(table.material if table.keeps_material or material is None else material),
        width=table.width_um * 1e-6,
        thickness=table.thickness_um * 1e-6,
        spacing=table.plane_spacing_um * 1e-6,
    )


def _ball(table: _BallTable) -> Ball:
    return Ball(
        capacitance=table.capacitance_ff * 1e-15,
        inductance=table.inductance_ph * 1e-12,
        coupling=table.coupling,
        name=table.name,
    )


def _via(table: _ViaTable, material: str | None) -> Via:
    return Via(
        material=load_material(table.material if table.keeps_material or material is None else material),
        barrel=table.barrel_um * 1e-6,
        antipad=table.antipad_um * 1e-6,
        length=table.length_um * 1e-6,
        stub=table.stub_um * 1e-6,
        pad=table.pad_ff * 1e-15,
        coupling=table.coupling,
        name=table.name,
    )


def _connector(table: _ConnectorTable) -> Connector:
    body = dataclasses.replace(load_material("megtron7"), id=table.name, title=table.name, dk=table.dk, df=table.df)
    return Connector(
        impedance=table.impedance_ohm,
        length=table.length_mm * 1e-3,
        pad=table.pad_ff * 1e-15,
        material=body,
        skin_db_per_m=table.skin_db_per_m,
        coupling=table.coupling,
        name=table.name,
    )


def _stretched(segment: Segment, length: float) -> Segment:
    element = segment.element
    if isinstance(element, Trace):
        return dataclasses.replace(segment, element=dataclasses.replace(element, length=length), length_m=length)
    assert isinstance(element, Device)
    (line,) = element.package.lines
    package = dataclasses.replace(element.package, lines=(dataclasses.replace(line, length_mm=1e3 * length),))
    return dataclasses.replace(segment, element=dataclasses.replace(element, package=package), length_m=length)
