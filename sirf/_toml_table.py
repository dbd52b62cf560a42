"""What every table of a TOML file keeps to: no unknown key, finite numbers, and for data where their numbers are from."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Provenance: TypeAlias = Literal["P", "2", "E"]
"""P published, 2 secondary (told by somebody else than its author), E engineering estimate."""


class Table(BaseModel):
    """A table, checked key by key; its validator is built when the first file of its kind is read, not at import."""

    # `extra="forbid"` finds the misspelt key; infinity would pass every lower bound
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Sourced(Table):
    """A table of data: the provenance of its numbers, and their source in words."""

    provenance: Provenance
    source: str
