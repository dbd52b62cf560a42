"""Finds what ships with sirf: `data/` beside the package in a checkout, else inside the installed package."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sirf.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
_PACKAGE = Path(__file__).resolve().parent


@cache
def data_root() -> Path:
    """The folder that holds the shipped TOML and Touchstone data."""
    beside = _PACKAGE.parent / "data"
    inside = _PACKAGE / "data"
    for candidate in (beside, inside):
        if (candidate / "standards").is_dir():
            return candidate
    raise ConfigError(f"data/standards must exist in {beside} or {inside}, got neither. Reinstall sirf.")


def data_path(*parts: str) -> Path:
    """Path of a shipped file or folder, for example `data_path("standards", "802.3ck-c2m.toml")`."""
    return data_root().joinpath(*parts)


def list_data(folder: str, suffix: str = ".toml") -> tuple[str, ...]:
    """Names without suffix of the shipped files of a folder, sorted."""
    return tuple(
        sorted(entry.name[: -len(suffix)] for entry in data_path(folder).iterdir() if entry.name.endswith(suffix))
    )


def load_toml(path: Path | str) -> dict[str, Any]:
    """A TOML file as a dict; `ConfigError` names the file (and the line where the parser knows it)."""
    file = Path(path)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} must be a readable file, got {error.strerror}. Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} must be valid TOML, got {error}. Mend the file.") from error


def validated(model: type[Model], table: dict[str, Any], file: Path | str) -> Model:
    """The table as a value of the pydantic `model`; `ConfigError` names the file and the first bad key with its value."""
    from pydantic import ValidationError

    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        given = first.get("input")
        got = "" if isinstance(given, dict) else f", got {given!r}"
        raise ConfigError(f"{Path(file).name}: key {key} must be valid{got} ({first['msg']}). Mend the key.") from error
