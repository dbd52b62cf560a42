"""The codes that ship: `data/fec/*.toml`, one code a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sirf._data import data_path, known_id, list_data, load_toml
from sirf.errors import ConfigError, SirfError
from sirf.fec.reed_solomon import ReedSolomon


class CodeTable(BaseModel):
    """The keys of a code's file; `provenance` is P published, 2 secondary, E engineering estimate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    provenance: Literal["P", "2", "E"]
    source: str
    symbols: int
    message_symbols: int
    bits_per_symbol: int
    field_polynomial: int
    first_root: int = 0

    def code(self) -> ReedSolomon:
        """The frozen value that encodes and decodes."""
        return ReedSolomon(
            self.id,
            symbols=self.symbols,
            message_symbols=self.message_symbols,
            bits_per_symbol=self.bits_per_symbol,
            field_polynomial=self.field_polynomial,
            first_root=self.first_root,
        )


def names() -> tuple[str, ...]:
    """Names of the codes that ship."""
    return list_data("fec")


def load(name: str | Path) -> ReedSolomon:
    """A code by name ("kp4", "kr4") or from a TOML file of your own; `ConfigError` names the file and the key.

    >>> load("kr4").correctable
    7
    """
    found = known_id(name, names(), kind="code")
    file = Path(found) if found.endswith(".toml") else data_path("fec", f"{found}.toml")
    try:
        return CodeTable(**load_toml(file)).code()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {key} must be valid, got {first['msg']!r}. Correct the key.") from None
    except ConfigError:
        raise
    except SirfError as error:
        raise ConfigError(f"{file}: {error}") from None
