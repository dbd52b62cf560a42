"""Architectures as data: the blocks from a switch die to the far one, their path and optics, the interface at each rate."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sirf._data import data_path, known_id, list_data, load_toml, validated
from sirf._toml_table import Sourced, Table
from sirf.channel.path import RateClass
from sirf.errors import ConfigError, SirfError
from sirf.optics.library import OpticsPreset, check_light, list_optics, load_optics, numbers
from sirf.optics.tables import Number, NumberRange
from sirf.presets import list_presets
from sirf.signal.pam import bits_per_symbol

Chain: TypeAlias = Literal["retimed", "half-retimed", "linear", "electrical"]
Plane: TypeAlias = Literal["die", "bump", "ball"]

BLOCKS = ("host", "copper", "retimer", "optics")
"""What an architecture is made of."""
DECIDERS = ("host", "retimer")
"""Blocks that decide symbols and send them again: each ends a section."""
# optics from the faceplate inwards to the package, then copper alone
ORDER = (
    "pluggable-retimed",
    "pluggable-half-retimed",
    "pluggable-linear",
    "npo",
    "cpo-retimed",
    "cpo-linear",
    "copper-cable",
    "copper-copackaged",
    "die-to-die",
)
"""Rows of a comparison, in order."""
# the retimed member of each, which is meant where nothing more is said
FAMILIES = {"pluggable": "pluggable-retimed", "cpo": "cpo-retimed"}
"""Family names and the architecture that they stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an interface class allows of its copper: loss in dB at half the symbol rate, and length of the variable segment in m.

    Each is None where the class states none. `plane` is where the loss is counted from and to: "die" with terminations, "bump"
    without them, "ball" without packages too.
    """

    loss_db: float | None
    plane: Plane
    length_m: float | None
    provenance: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Dies, presets and optics at one data rate.

    `standard` is the preset of the near host, `far_standard` that of the far one, `retimer_standard` that of a retimer's
    optical side, and of copper between two retimers (None without retimers); `optics` a name that `load_optics` takes (None
    without optics). `budget` is what the class of the copper allows (None where no class is stated). `fec` is the code between
    the hosts, `vtf_mask` that of the copper's voltage transfer function (None without one). A `projection` has no standard.
    """

    rate_class: RateClass
    standard: str
    far_standard: str
    optics: str | None
    retimer_standard: str | None
    budget: Budget | None
    projection: bool
    # RS(544,514), the code of PAM4 lanes of 50 Gb/s and faster
    fec: str = "kp4"
    vtf_mask: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One way from a switch die to the far switch die.

    `path` names the electrical path of `data/paths` that every copper block is; where `host_path` is given, copper that touches
    a host is that one instead, at its own length, and `path` lies between the retimers. `blocks` the way in order, from host to
    host. `fibre_m` in m (0 without optics); `length_range_m` bounds the path's variable length in m. `costs` is the id whose
    energy, latency and density hold. `interfaces` by data rate in bit/s, `provenance` (key, value, provenance, source) of every
    number, `file` where all this stands.
    """

    id: str
    title: str
    path: str
    blocks: tuple[str, ...]
    fibre_m: float
    length_range_m: tuple[float, float]
    costs: str
    interfaces: dict[float, Interface]
    provenance: tuple[tuple[str, float, str, str], ...]
    file: Path
    host_path: str | None = None

    @property
    def sections(self) -> tuple[tuple[str, ...], ...]:
        """What lies between two blocks that decide, in order."""
        found: list[list[str]] = []
        # the last host ends the last section
        for block in self.blocks[:-1]:
            if block in DECIDERS:
                found.append([])
            else:
                found[-1].append(block)
        return tuple(tuple(section) for section in found)

    @property
    def chain(self) -> Chain:
        """Which side of the optics is retimed: both, one, none, or "electrical" without optics."""
        optical = next((section for section in self.sections if "optics" in section), None)
        if optical is None:
            return "electrical"
        # deciders end a section: optics that are first or last in theirs stand beside one, with no copper between
        retimed = (optical[0] == "optics") + (optical[-1] == "optics")
        return ("linear", "half-retimed", "retimed")[retimed]

    def has(self, data_rate: float) -> bool:
        """Whether the file has this rate."""
        # rates are told in Gb/s by users and files, so that the same rate may differ in its last digit
        return any(_same(rate, data_rate) for rate in self.interfaces)

    def at(self, data_rate: float) -> Interface:
        """Dies, presets and optics at `data_rate` in bit/s.

        Raises `SirfError` for a rate that the file does not have, `ConfigError` for optics that do not suit (see `optics_at`).
        """
        interface = self._interface(data_rate)
        if interface.optics is not None:
            self.optics_at(data_rate)
        return interface

    def optics_at(self, data_rate: float) -> OpticsPreset | None:
        """Optics at `data_rate` in bit/s with this architecture's fibre; None where the blocks hold none.

        Raises `ConfigError` naming file and key for optics of another symbol rate, or light that the fibre eats.
        """
        name = self._interface(data_rate).optics
        if name is None:
            return None
        preset = load_optics(name)
        # bits a symbol of the light, which may differ from the copper's
        wanted = data_rate / bits_per_symbol(preset.order)
        # the overhead of another code is let through; the next class of rates is not
        if not 0.9 < preset.symbol_rate / wanted < 1.1:
            raise ConfigError(
                f"{self.file.name}: key rate.{data_rate / 1e9:g}.optics must be made for about {wanted / 1e9:g} GBd, got "
                f"{preset.name!r} for {preset.symbol_rate / 1e9:g}. Name other optics."
            )
        return _through_fibre(preset, self.fibre_m, self.file)

    def _interface(self, data_rate: float) -> Interface:
        for rate, interface in self.interfaces.items():
            # by tolerance: rates come as text in Gb/s
            if _same(rate, data_rate):
                return interface
        known = ", ".join(f"{rate / 1e9:g}" for rate in self.interfaces)
        raise SirfError(
            f"data_rate must be one of {known} Gb/s for {self.id}, got {data_rate / 1e9:g}. Use one of them."
        )


# every question to an interface with light checks that enough of it arrives
@lru_cache(maxsize=16)
def _through_fibre(preset: OpticsPreset, fibre_m: float, file: Path) -> OpticsPreset:
    """The optics with an architecture's fibre; `ConfigError` names the `file` of that where the fibre eats the light."""
    there = preset.with_fibre(fibre_m)
    # a longer fibre than the optics' own may leave no light: said here, with this file's key, rather than as a closed eye
    check_light(there, file, fibre_key="fibre_m")
    return there


def load_architecture(name: str) -> Architecture:
    """The architecture of an id, a family name ("pluggable", "cpo") or a TOML file.

    Raises `ConfigError` naming the nearest id, or file and key.

    >>> load_architecture("cpo").sections
    (('copper',), ('optics',), ('copper',))
    """
    known = list_data("architectures")
    found = known_id(name, (*known, *FAMILIES), kind="architecture")
    wanted = FAMILIES.get(found, found)
    file = data_path("architectures", f"{wanted}.toml") if wanted in known else Path(name)
    raw = load_toml(file)
    record = validated(_File, raw, file)
    try:
        # checked though the path is read much later: a study of an hour should not end with a name that was wrong from the
        # start
        if record.path not in list_data("paths") and not record.path.endswith(".toml"):
            raise SirfError(f"path {_one_of(list_data('paths'), record.path)}")
        if record.host_path is not None:
            if record.host_path not in list_data("paths") and not record.host_path.endswith(".toml"):
                raise SirfError(f"host_path {_one_of(list_data('paths'), record.host_path)}")
            # without a retimer all copper touches a host: `path` would be read and never used
            if "retimer" not in record.blocks:
                raise SirfError(
                    f"host_path must be given only where the blocks hold a retimer, got {record.host_path!r}. Leave it out."
                )
        _check_blocks(record.blocks)
        interfaces = {
            1e9 * _rate(key): _interface(key, table, record.blocks, file) for key, table in record.rate.items()
        }
        if ("optics" in record.blocks) != (record.fibre_m is not None):
            raise SirfError(f"fibre_m must be given where the blocks hold optics and only there, got {record.fibre_m}.")
    except SirfError as error:
        raise ConfigError(f"{file.name}: key {error}") from None
    return Architecture(
        id=record.id,
        title=record.title,
        path=record.path,
        blocks=record.blocks,
        fibre_m=0.0 if record.fibre_m is None else record.fibre_m.value,
        length_range_m=(1e-3 * record.length_mm.low, 1e-3 * record.length_mm.high),
        # shipped architectures have constants under their own id; a user's file names the one whose constants it takes
        costs=record.costs or record.id,
        interfaces=interfaces,
        provenance=numbers(raw),
        file=file,
        host_path=record.host_path,
    )


class _Budget(Sourced):
    loss_db: Annotated[float, Field(gt=0)] | None = None
    plane: Plane = "die"
    length_mm: Annotated[float, Field(gt=0)] | None = None


class _Rate(Table):
    rate_class: RateClass
    standard: str
    far_standard: str | None = None
    optics: str | None = None
    retimer_standard: str | None = None
    budget: _Budget | None = None
    projection: bool = False
    fec: str = "kp4"
    vtf_mask: str | None = None


class _Length(NumberRange):
    low: Annotated[float, Field(gt=0)]


class _Fibre(Number):
    value: Annotated[float, Field(ge=0)]


class _File(Table):
    # an id names files and stands in tables
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    path: str
    host_path: str | None = None
    blocks: tuple[str, ...]
    length_mm: _Length
    fibre_m: _Fibre | None = None
    costs: str | None = None
    rate: Annotated[dict[str, _Rate], Field(min_length=1)]


def _same(one: float, other: float) -> bool:
    # far above what a text in Gb/s rounds, far below the percents by which the overheads of codes differ
    return abs(one - other) <= 1e-6 * one


# cutoff 0: there is always a nearest
def _one_of(known: Sequence[str], given: str) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.0)[0]
    return f"must be one of {', '.join(known)}, got {given!r}. Did you mean '{near}'?"


def _check_blocks(blocks: Sequence[str]) -> None:
    for place, block in enumerate(blocks):
        if block not in BLOCKS:
            raise SirfError(f"blocks.{place} {_one_of(BLOCKS, block)}")
    hosts = [place for place, block in enumerate(blocks) if block == "host"]
    # something must lie between the hosts, and a host that passes data on is a retimer
    if len(blocks) < 3 or hosts != [0, len(blocks) - 1]:
        raise SirfError(f"blocks must begin and end with the only two hosts, got {list(blocks)}. Add or take one.")
    section: list[str] = []
    for place, block in enumerate(blocks[1:], 1):
        if block in DECIDERS and not section:
            raise SirfError(
                f"blocks.{place} must not follow {blocks[place - 1]} at once, got {block!r}. Put copper or optics between."
            )
        # a section becomes one link, which holds one optical span
        if block == "optics" and block in section:
            raise SirfError(
                f"blocks.{place} must be the only optics between two that decide, got a second one. Put a retimer between."
            )
        section = [] if block in DECIDERS else [*section, block]


def _rate(key: str) -> float:
    try:
        value = float(key)
    except ValueError:
        value = 0.0
    # no lane reaches 10 Tb/s: a rate in Mb/s or bit/s is caught here
    if not 0.0 < value < 1e4:
        raise SirfError(f"rate.{key} must be a data rate in Gb/s, got {key!r}. Use for example 106.25.")
    return value


def _interface(key: str, table: _Rate, blocks: Sequence[str], file: Path) -> Interface:
    for name in ("standard", "far_standard", "retimer_standard"):
        given = getattr(table, name)
        if given is not None and not given.endswith(".toml") and given not in list_presets():
            raise SirfError(f"rate.{key}.{name} {_one_of(list_presets(), given)}")
    # unlike optics, a code of the user's cannot be named here: figures look codes up by id alone
    if table.fec not in list_data("fec"):
        raise SirfError(f"rate.{key}.fec {_one_of(list_data('fec'), table.fec)}")
    if table.vtf_mask is not None and table.vtf_mask not in list_data("vtf_masks"):
        raise SirfError(f"rate.{key}.vtf_mask {_one_of(list_data('vtf_masks'), table.vtf_mask)}")
    for name, block in (("optics", "optics"), ("retimer_standard", "retimer")):
        if (block in blocks) != (getattr(table, name) is not None):
            raise SirfError(
                f"rate.{key}.{name} must be given where the blocks hold {block} and only there, got {getattr(table, name)!r}."
            )
    return Interface(
        rate_class=table.rate_class,
        standard=table.standard,
        far_standard=table.far_standard or table.standard,
        optics=_beside(key, table.optics, file),
        retimer_standard=table.retimer_standard,
        budget=_allowed(table.budget),
        projection=table.projection,
        fec=table.fec,
        vtf_mask=table.vtf_mask,
    )


def _allowed(table: _Budget | None) -> Budget | None:
    if table is None:
        return None
    length = None if table.length_mm is None else 1e-3 * table.length_mm
    return Budget(
        loss_db=table.loss_db, plane=table.plane, length_m=length, provenance=table.provenance, source=table.source
    )


def _beside(key: str, optics: str | None, file: Path) -> str | None:
    """The name of optics that ship, or the path of a file that stands beside the architecture's."""
    if optics is None or optics in list_optics():
        return optics
    if not optics.endswith(".toml"):
        raise SirfError(f"rate.{key}.optics {_one_of(list_optics(), optics)}")
    return str(file.parent / optics)
