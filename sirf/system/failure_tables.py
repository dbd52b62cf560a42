"""The tables of `data/system/failures.toml`, checked key by key; every range is [low, typical, high]."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from sirf._data import data_path, load_toml, validated
from sirf._toml_table import NotNegative, Positive, Sourced, Table
from sirf.system.tables import Span

PACKAGE = "package"
"""The service of what is soldered: the switch is exchanged."""


class FailureTable(Sourced):
    """[block.*]: failures in 1e9 hours."""

    title: str
    fit: Span


class ServiceTable(Sourced):
    """[service.*]: hours for which a failed port is down, and for which its repair takes the whole switch down."""

    title: str
    hours: Span
    switch_hours: Span = (0.0, 0.0, 0.0)


class ArrayTable(Table):
    """`array` of an architecture: of `installed` equal lanes `needed` must work; none is repaired within the mission.

    A lane has `each` of the blocks, and fails with any of them.
    """

    block: str
    needed: Annotated[int, Field(ge=1)]
    installed: Annotated[int, Field(ge=1)]
    each: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _enough(self) -> ArrayTable:
        if self.installed < self.needed:
            raise ValueError("installed must be at least needed")
        return self


class PartsTable(Table):
    """[architecture.*] of the file: parts for each lane and for 800 Gb/s, which are soldered, how others are repaired."""

    service: str
    # numbers need not be whole: one laser may feed several lanes
    per_lane: dict[str, NotNegative]
    per_port: dict[str, NotNegative]
    soldered: tuple[str, ...] = ()
    array: ArrayTable | None = None

    @model_validator(mode="after")
    def _soldered_parts(self) -> PartsTable:
        # a misspelt name would leave its part among those that are exchanged in the field, which is quicker
        if missing := set(self.soldered) - {*self.per_lane, *self.per_port}:
            raise ValueError(f"soldered part {', '.join(sorted(missing))} is not among the parts")
        return self


class FailureAnchorTable(Sourced):
    """[[anchor]]: published MTBF of a port, least and greatest."""

    name: str
    architecture: str
    data_rate_gbps: Positive
    port_gbps: Positive
    mtbf_hours: tuple[Positive, Positive]


class FailureFile(Table):
    """`data/system/failures.toml`."""

    mission_hours: Positive
    block: dict[str, FailureTable]
    service: dict[str, ServiceTable]
    architecture: dict[str, PartsTable]
    anchor: tuple[FailureAnchorTable, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> FailureFile:
        # soldered parts are repaired by it without naming it
        if PACKAGE not in self.service:
            raise ValueError("service package must be in the file")
        for one in self.architecture.values():
            named = {*one.per_lane, *one.per_port} | ({one.array.block} if one.array else set())
            if missing := named - set(self.block):
                raise ValueError(f"block {', '.join(sorted(missing))} not in the file")
            if one.service not in self.service:
                raise ValueError(f"service {one.service} not in the file")
        if missing := {anchor.architecture for anchor in self.anchor} - set(self.architecture):
            raise ValueError(f"architecture {', '.join(sorted(missing))} not in the file")
        return self


def read_failures(file: Path) -> FailureFile:
    """A file of failure rates; `ConfigError` names file and key."""
    return validated(FailureFile, load_toml(file), file)


@cache
def failure_table() -> FailureFile:
    """The failure rates that ship."""
    return read_failures(data_path("system", "failures.toml"))
