"""Architectures as data: which electrical path, how the segments are chained, which optics, which interface at which rate."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sirf._data import data_path, list_data, load_toml, validated
from sirf.channel.path import RateClass
from sirf.errors import ConfigError, SirfError

Chain: TypeAlias = Literal["retimed", "half-retimed", "linear", "electrical"]

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
FAMILIES = {"pluggable": "pluggable-retimed", "cpo": "cpo-retimed"}
"""Family names and the architecture that they stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Dies and presets at one data rate; `far_standard` is the receiving host's where it differs (half-retimed)."""

    rate_class: RateClass
    standard: str
    far_standard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One way from a switch die to the far switch die.

    `path` names the electrical path of `data/paths`; `chain` is "retimed" (the path, optics, and the path again, decisions
    sent again between), "half-retimed" (the path; then optics and the path, equalised by the far host), "linear" (path, optics
    and path, equalised by the far host alone) or "electrical" (the path from host to host). `optics` names the optics (None
    without), `fibre_m` in m; `length_range_m` bounds the path's variable length in m. `interfaces` by data rate in bit/s.
    """

    id: str
    title: str
    path: str
    chain: Chain
    optics: str | None
    fibre_m: float
    length_range_m: tuple[float, float]
    interfaces: dict[float, Interface]
    provenance: str
    source: str

    def has(self, data_rate: float) -> bool:
        """Whether the file has this rate."""
        return any(abs(rate - data_rate) <= 1e-6 * rate for rate in self.interfaces)

    def at(self, data_rate: float) -> Interface:
        """Dies and presets at `data_rate` in bit/s. Raises `SirfError` for a rate that the file does not have."""
        for rate, interface in self.interfaces.items():
            if abs(rate - data_rate) <= 1e-6 * rate:
                return interface
        known = ", ".join(f"{rate / 1e9:g}" for rate in self.interfaces)
        raise SirfError(
            f"data_rate must be one of {known} Gb/s for {self.id}, got {data_rate / 1e9:g}. Use one of them."
        )


def load_architecture(name: str) -> Architecture:
    """The architecture of an id, a family name ("pluggable", "cpo") or a TOML file.

    Raises `ConfigError` naming the nearest id, or file and key.

    >>> load_architecture("cpo").at(106.25e9).standard
    'cei-112g-xsr'
    """
    known = list_data("architectures")
    wanted = FAMILIES.get(name, name)
    file = data_path("architectures", f"{wanted}.toml") if wanted in known else Path(name)
    if wanted not in known and not name.endswith(".toml"):
        near = difflib.get_close_matches(name, (*known, *FAMILIES), n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"architecture must be one of {', '.join((*known, *FAMILIES))} or a .toml file, got {name!r}. Did you mean "
            f"'{near}'?"
        )
    record = validated(_File, load_toml(file), file)
    low, high = record.length_range_mm
    return Architecture(
        id=record.id, title=record.title, path=record.path, chain=record.chain, optics=record.optics, fibre_m=record.fibre_m,
        length_range_m=(1e-3 * low, 1e-3 * high), provenance=record.provenance, source=record.source,
        interfaces={1e9 * float(rate): Interface(rate_class=table.rate_class, standard=table.standard,
                                                 far_standard=table.far_standard or table.standard)
                    for rate, table in record.rate.items()},
    )  # fmt: skip


class _Rate(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    rate_class: RateClass
    standard: str
    far_standard: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: str
    title: str
    path: str
    chain: Chain
    optics: str | None = None
    fibre_m: Annotated[float, Field(ge=0)] = 0.0
    length_range_mm: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    provenance: Literal["P", "2", "E"]
    source: str
    rate: Annotated[dict[str, _Rate], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> _File:
        if self.length_range_mm[0] >= self.length_range_mm[1]:
            raise ValueError("length_range_mm must be [shortest, longest]")
        if (self.optics is None) != (self.chain == "electrical"):
            raise ValueError("optics must be given unless chain is 'electrical'")
        for rate in self.rate:
            try:
                positive = float(rate) > 0
            except ValueError:
                positive = False
            if not positive:
                raise ValueError(f"rate {rate!r} must be a data rate in Gb/s")
        return self
