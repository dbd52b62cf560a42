"""Sets of architectures that compete for one job, as data: each at the rate of a lane that it is built for."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Sourced, Table
from sirf.errors import ConfigError, SirfError
from sirf.system.architecture import Architecture, load_architecture

IN_PACKAGE = 0.1
"""Distance in m below which a job is inside a package: fibre keeps the length of its architecture there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Competition:
    """A job of `distance` m and the (architecture, data rate in bit/s) that compete for it; fibre has the length of the job.

    An architecture that competes at several rates has its rate behind its id. `provenance` and `source` of the distance.
    """

    id: str
    title: str
    distance: float
    members: tuple[tuple[Architecture, float], ...]
    provenance: str
    source: str


def list_sets() -> tuple[str, ...]:
    """Ids of the sets that ship.

    >>> list_sets()
    ('chiplet', 'scale-out', 'scale-up')
    """
    return _SETS.ids()


def load_set(name: str) -> Competition:
    """The set of an id or a TOML file; raises `ConfigError` naming the nearest id, or file and key."""
    return _SETS.load(name)


def _from_file(file: Path) -> Competition:
    record = validated(_File, load_toml(file), file)
    count = Counter(member.architecture for member in record.member)
    members = tuple(
        _member(record, index, file, several=count[member.architecture] > 1)
        for index, member in enumerate(record.member)
    )
    labels = [item.id for item, _ in members]
    # with several rates of one architecture their ids differ by the rate
    for index, label in enumerate(labels):
        if label in labels[:index]:
            raise ConfigError(
                f"{file.name}: key member.{index} must be another architecture or rate, got {label!r} again. Remove it."
            )
    return Competition(
        id=record.id,
        title=record.title,
        distance=record.distance_m,
        members=members,
        provenance=record.provenance,
        source=record.source,
    )


def _member(record: _File, index: int, file: Path, *, several: bool) -> tuple[Architecture, float]:
    table = record.member[index]
    rate = 1e9 * table.data_rate_gbps
    name = table.architecture
    try:
        item = load_architecture(str(file.parent / name) if name.endswith(".toml") else name)
        # without fibre, or inside a package, the job's distance says nothing about the light
        if item.fibre_m and record.distance_m >= IN_PACKAGE:
            # fibre reaches across the job; copper is as long as its class allows
            item = dataclasses.replace(item, fibre_m=record.distance_m)
        # asked for its error alone: a missing rate is told when the set is read, not in the middle of a comparison
        item.at(rate)
    except SirfError as error:
        raise ConfigError(f"{file.name}: key member.{index}: {error}") from None
    # told apart by the rate only where it is needed
    return (dataclasses.replace(item, id=f"{item.id}@{table.data_rate_gbps:g}") if several else item), rate


class _Member(Table):
    architecture: str
    data_rate_gbps: Annotated[float, Field(gt=0, lt=1e4)]


class _File(Sourced):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    distance_m: Annotated[float, Field(gt=0, le=40e3)]
    member: Annotated[tuple[_Member, ...], Field(min_length=1)]


_SETS = DataFolder("sets", kind="set", read=_from_file)
