"""Energy per bit of an architecture: host SerDes as a function of loss plus what sits behind it, with ranges."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sirf._data import data_path, load_toml, validated
from sirf.errors import ConfigError, SirfError

NotNegative = Annotated[float, Field(ge=0)]
Span: TypeAlias = tuple[NotNegative, NotNegative, NotNegative]
LOSS_LIMIT_DB = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPart:
    """One consumer: pJ/bit with its range, provenance (P published, 2 secondary, E estimate) and source."""

    name: str
    value: float
    low: float
    high: float
    provenance: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """pJ/bit with its range, and the `parts` it adds up from."""

    value: float
    low: float
    high: float
    parts: tuple[EnergyPart, ...]

    @property
    def serdes(self) -> float:
        """pJ/bit of the host SerDes."""
        return self.parts[0].value

    @property
    def module(self) -> float:
        """pJ/bit of everything behind the host SerDes."""
        return sum(part.value for part in self.parts[1:])

    @property
    def provenance(self) -> str:
        """Provenance of the parts, in their order."""
        return "+".join(part.provenance for part in self.parts)

    @property
    def source(self) -> str:
        """Where the parts come from."""
        return "; ".join(f"{part.name}: {part.source}" for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAnchor:
    """A published figure (`low` to `high`, pJ/bit) beside the model's `value`; `fitted` if the constants come from it."""

    name: str
    value: float
    low: float
    high: float
    fitted: bool
    provenance: str
    source: str

    @property
    def deviation(self) -> float:
        """Model over the middle of the published range, less one."""
        return self.value / (0.5 * (self.low + self.high)) - 1.0


def list_architectures() -> tuple[str, ...]:
    """Ids that `energy_pj_per_bit` knows."""
    return tuple(_table().architecture)


def energy_pj_per_bit(architecture: str, insertion_loss_db: float) -> Energy:
    """Energy of an architecture whose electrical path loses `insertion_loss_db` (die to die, at half the symbol rate).

    a + b x loss for the host SerDes, plus the module or engine; constants, ranges and sources in
    `data/energy/architectures.toml`. The low figure takes every low constant, the high one every high constant: an envelope,
    not a confidence interval. Raises `ConfigError` for an unknown architecture (naming the nearest), `SirfError` for a loss
    outside 0 to 60 dB.

    >>> round(energy_pj_per_bit("cpo-retimed", 5.0).value, 1)
    5.8
    """
    if not 0.0 <= insertion_loss_db <= LOSS_LIMIT_DB:
        raise SirfError(
            f"insertion_loss_db must be between 0 and {LOSS_LIMIT_DB:g} dB, got {insertion_loss_db!r}. "
            "Give the die-to-die loss."
        )
    table = _table()
    record = table.architecture.get(architecture)
    if record is None:
        longer = [name for name in table.architecture if name.startswith(architecture)]
        near = (longer or difflib.get_close_matches(architecture, table.architecture, n=1, cutoff=0.0))[0]
        raise ConfigError(
            f"architecture must be one of {', '.join(table.architecture)}, got {architecture!r}. Did you mean '{near}'?"
        )
    host = _serdes_part(table.serdes[record.serdes], insertion_loss_db)
    low, value, high = record.module_pj_per_bit
    module = EnergyPart(
        name=record.module, value=value, low=low, high=high, provenance=record.provenance, source=record.source
    )
    parts = (host, module)
    return Energy(
        value=math.fsum(part.value for part in parts),
        low=math.fsum(part.low for part in parts),
        high=math.fsum(part.high for part in parts),
        parts=parts,
    )


def energy_anchors() -> tuple[EnergyAnchor, ...]:
    """The published figures beside what the model says, those that set its constants and those that did not."""
    table = _table()
    return tuple(
        EnergyAnchor(
            name=anchor.name,
            value=_anchored(table, anchor),
            low=anchor.published_pj_per_bit[0],
            high=anchor.published_pj_per_bit[1],
            fitted=anchor.set,
            provenance=anchor.provenance,
            source=anchor.source,
        )
        for anchor in table.anchor
    )


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    provenance: Literal["P", "2", "E"]
    source: str


class _SerdesTable(_Table):
    title: str
    a_pj_per_bit: Span
    b_pj_per_bit_per_db: Span


class _ArchitectureTable(_Table):
    serdes: str
    module: str
    module_pj_per_bit: Span


class _AnchorTable(_Table):
    name: str
    serdes: str | None = None
    loss_db: NotNegative = 0.0
    architecture: str | None = None
    published_pj_per_bit: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    set: bool


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    serdes: dict[str, _SerdesTable]
    architecture: dict[str, _ArchitectureTable]
    anchor: tuple[_AnchorTable, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> _File:
        named = [record.serdes for record in self.architecture.values()]
        named += [anchor.serdes for anchor in self.anchor if anchor.serdes]
        if missing := set(named) - set(self.serdes):
            raise ValueError(f"serdes {', '.join(sorted(missing))} not in the file")
        return self


@cache
def _table() -> _File:
    return _load(data_path("energy", "architectures.toml"))


def _load(file: Path) -> _File:
    return validated(_File, load_toml(file), file)


def _serdes_part(record: _SerdesTable, loss_db: float) -> EnergyPart:
    low, value, high = (a + b * loss_db for a, b in zip(record.a_pj_per_bit, record.b_pj_per_bit_per_db, strict=True))
    return EnergyPart(
        name=f"host SerDes, {record.title}",
        value=value,
        low=low,
        high=high,
        provenance=record.provenance,
        source=record.source,
    )


def _anchored(table: _File, anchor: _AnchorTable) -> float:
    if anchor.serdes is not None:
        return _serdes_part(table.serdes[anchor.serdes], anchor.loss_db).value
    assert anchor.architecture is not None
    return table.architecture[anchor.architecture].module_pj_per_bit[1]
