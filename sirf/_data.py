"""Finds what ships with sirf: `data/` beside the package in a checkout, else inside the installed package."""

from __future__ import annotations

import difflib
import pickle
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from sirf._files import read_small_text
from sirf.errors import ConfigError, shortened, shown

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
Name = TypeVar("Name")
_PACKAGE = Path(__file__).resolve().parent

LENGTHS, RATES, TIMES = {"m", "mm", "um", "nm", "km", "mm2"}, {"hz", "mhz", "ghz", "rthz", "gbd"}, {"s", "ns", "ps"}
ELECTRICAL = {"v", "mv", "nv", "v2", "a", "ma", "na", "pa", "w", "mw", "ohm", "mohm", "nf", "ff", "ph", "pj"}
UNITS = LENGTHS | RATES | TIMES | ELECTRICAL | {"db", "dbm", "bit", "ui", "k", "per"}
"""Words of which the unit at the end of a key is made."""
MAX_TOML_KEYS = 20_000
"""Most keys of a TOML file: the standard library's parser takes time that grows with their square."""


@cache
def data_root() -> Path:
    """The folder that holds the shipped TOML and Touchstone data."""
    # a checkout has the data beside the package, an installation inside: the first that is there is the one that runs
    beside = _PACKAGE.parent / "data"
    inside = _PACKAGE / "data"
    for candidate in (beside, inside):
        if (candidate / "standards").is_dir():
            return candidate
    raise ConfigError(f"data/standards must exist in {beside} or {inside}, got neither. Reinstall sirf.")


def data_path(*parts: str) -> Path:
    """Path of a shipped file or folder, for example `data_path("standards", "802.3ck-c2m.toml")`."""
    return data_root().joinpath(*parts)


@cache
def list_data(folder: str, suffix: str = ".toml") -> tuple[str, ...]:
    """Names without suffix of the shipped files of a folder, sorted."""
    return tuple(
        sorted(entry.name[: -len(suffix)] for entry in data_path(folder).iterdir() if entry.name.endswith(suffix))
    )


def known_id(given: object, known: Sequence[str], *, kind: str) -> str:
    """The one of `known` ids that a text means, whatever its case; a .toml file's name passes as it is.

    Raises `ConfigError` for any other value, with those that it may have meant: ids that hold the text, else near ones. `kind` is
    what messages call it.

    >>> known_id("KP4", ["kp4", "kr4"], kind="code")
    'kp4'
    """
    # a number in place of a name is a slip of arguments, which "nearest id" could not explain
    if not isinstance(given, (str, Path)):
        raise ConfigError(
            f"{kind} must be an id or the name of a .toml file, got {shown(given)}. Use for example '{known[0]}'."
        )
    name = without_case(str(given), known)
    if name in known or name.endswith(".toml"):
        return name
    near = near_ids(name, known)
    hint = "" if not near else f" Did you mean {' or '.join(repr(one) for one in near)}?"
    raise ConfigError(f"{kind} must be one of {', '.join(known)} or a .toml file, got {shown(name)}.{hint}")


def without_case(name: Name, known: Sequence[str]) -> Name | str:
    """The one of `known` that a text is whatever its case; anything else as it is.

    >>> without_case("KP4", ["kp4"])
    'kp4'
    """
    # as most names come
    if not isinstance(name, str) or name in known:
        return name
    # text without a counterpart goes on as given, so that a message shows what was written
    return next((one for one in known if one.lower() == name.strip().lower()), name)


def near_ids(name: str, known: Sequence[str]) -> list[str]:
    """Ids that a text may have meant: up to four that hold its letters and digits, else the nearest."""
    # "802.3ck C2M" and "802.3ck-c2m" mean the same
    plain = {one: _letters(one) for one in known}
    asked = _letters(name)
    # text within an id ("c2m"), or an id within text; ids of one or two letters lie within nearly anything
    # names of three letters and more: "cpo" within "cpo-linear" means something, "a" within anything does not
    holding = [one for one in known if asked and (asked in plain[one] or (len(plain[one]) > 2 and plain[one] in asked))]
    return holding[:4] or difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.3)


def _letters(text: str) -> str:
    return "".join(one for one in text.lower() if one.isalnum())


def load_toml(path: Path | str) -> dict[str, Any]:
    """A TOML file as a dict; `ConfigError` names the file (and the line where the parser knows it)."""
    file = Path(path)
    # read whole before it is parsed: the number of its keys bounds the parser's time
    text = read_small_text(file, error=ConfigError)
    # equals signs in text and comments count too: the bound is far above any file of ours
    keys = text.count("=")
    if keys > MAX_TOML_KEYS:
        raise ConfigError(f"{file} must have at most {MAX_TOML_KEYS:,} keys, got about {keys:,}. Check the file.")
    try:
        # a dict of the caller's own, whatever becomes of it
        table: dict[str, Any] = pickle.loads(_parsed(text))
        return table
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} must be valid TOML, got {shortened(error)}. Mend the file.") from error
    except RecursionError:
        raise ConfigError(f"{file} must not nest brackets so deeply. Mend the file.") from None


@lru_cache(maxsize=256)
def _parsed(text: str) -> bytes:
    """A TOML text as a pickled dict: the same architectures and parts are read again and again, and parsing is slow."""
    return pickle.dumps(tomllib.loads(text))


def validated(model: type[Model], table: dict[str, Any], file: Path | str) -> Model:
    """The table as a value of the pydantic `model`; `ConfigError` names the file and the first bad key with its value.

    An unknown key that lacks nothing but its unit is told which.
    """
    # the pickle of a dict is a copy that costs less than to parse it again
    from pydantic import ValidationError

    try:
        return model.model_validate(table)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # of all faults the missing unit first: it explains another one, that the key with its unit is missing
        for fault in found:
            if fault["type"] == "extra_forbidden" and (known := _with_unit(model, fault["loc"])):
                raise ConfigError(
                    f"{Path(file).name}: key {_dotted(fault['loc'])} must carry its unit, got {fault['loc'][-1]!r}. "
                    f"Write {' or '.join(known)}."
                ) from error
        first = found[0]
        key = _dotted(first["loc"]) or "(whole file)"
        if first["type"] == "missing":
            raise ConfigError(f"{Path(file).name}: key {key} must be there, it is missing. Add it.") from error
        # what a missing or wrong table holds would fill the screen
        given = first.get("input")
        got = "" if isinstance(given, dict) else f", got {shown(given)}"
        raise ConfigError(f"{Path(file).name}: key {key} must be valid{got} ({first['msg']}). Mend the key.") from error


def _dotted(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place)


def _with_unit(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Keys of the table at `place` that are its last part and a unit, sorted."""
    *above, key = place
    known = {name for table in _tables_at([model], above) for name in table.model_fields}
    # the name itself ends in its unit, as everywhere in sirf: `length` for `length_mm`
    return sorted(name for name in known if name.startswith(f"{key}_") and _is_unit(name[len(str(key)) + 1 :]))


def _is_unit(text: str) -> bool:
    return set(text.split("_")) <= UNITS


def _tables_at(tables: list[type[BaseModel]], place: list[int | str]) -> list[type[BaseModel]]:
    """The models that may stand at a place as pydantic names it: keys, indices, and the kinds of a union."""
    for part in place:
        inner = [table.model_fields[part].annotation for table in tables if part in table.model_fields]
        if inner:
            tables = [model for annotation in inner for model in _models_in(annotation)]
        else:
            # a part that is no key is the kind by which a union chooses, or an index: the one narrows, the other leaves
            # all
            tables = [table for table in tables if part in _kinds(table)] or tables
    return tables


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model that an annotation names, through tuples, dicts and unions."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _kinds(table: type[BaseModel]) -> tuple[Any, ...]:
    kind = table.model_fields.get("kind")
    return () if kind is None else get_args(kind.annotation)
