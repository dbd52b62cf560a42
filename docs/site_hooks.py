"""Pages of the site's reference, made from the code when the site is built (`mkdocs build --strict`)."""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

import click
import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import sirf

TOML_FILES = (
    ("Standard", "data/standards", "sirf.presets._schema.PresetFile"),
    ("Path", "data/paths", "sirf.channel.path.tables.PathFile"),
    ("Devices of a rate class", "data/paths/devices", "sirf.channel.path.tables.DeviceFile"),
    ("Material", "data/materials", "sirf.channel.materials._File"),
    ("Glass cloth", "data/weaves", "sirf.channel.weave._File"),
    ("Optics", "data/optics", "sirf.optics.tables.PathTable"),
    ("Architecture", "data/architectures", "sirf.system.architecture._File"),
    ("Energy", "data/energy", "sirf.system.tables.EnergyFile"),
    ("Ports", "data/system/ports.toml", "sirf.system.tables.PortFile"),
    ("Code", "data/fec", "sirf.fec.library.CodeTable"),
    ("Masks and limits", "data/masks", "sirf.channel.figures.standard_limits._File"),
    ("Study", "data/studies", "sirf.study.sweep.tables.StudyFile"),
    ("Link for export", "sirf ami export LINK.toml", "sirf.ami.export._LinkTable"),
)
"""What people write in TOML: title, where the shipped ones are, and the model that checks a file."""

EXIT_CODES = "Exit codes: 0 ran, 1 a limit that you gave was missed, 2 bad input (one line on standard error)."
TOML_RULES = (
    "A key carries its unit. An unknown key, a wrong type or a value out of range ends in one line with file and key."
)
JSON_RULES = (
    "`--json FILE` of `sirf compare`, `reach`, `map` and `sweep` names figures by these keys; "
    "null where a figure has no meaning."
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "reference/library.md": library_page(),
        "reference/command-line.md": command_line_page(),
        "reference/toml.md": toml_page(),
        "reference/json.md": json_page(),
    }
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    return files


def library_page() -> str:
    """Every public name of `sirf`, from its docstring."""
    text = [
        "# Library",
        "",
        "Everything that `import sirf` offers. Quantities are SI floats unless a name carries its unit.",
    ]
    for name in sirf.__all__:
        value = getattr(sirf, name)
        if isinstance(value, types.ModuleType):
            text += [
                "",
                f"## sirf.{name}",
                "",
                f"::: sirf.{name}",
                "    options: {show_root_heading: false, heading_level: 3}",
            ]
        elif inspect.isclass(value) or inspect.isfunction(value):
            text += ["", f"## sirf.{name}", "", f"::: {value.__module__}.{value.__qualname__}"]
            text += ["    options: {show_root_heading: false, heading_level: 3}"]
    return "\n".join(text) + "\n"


def command_line_page() -> str:
    """Help of every command, as the terminal shows it."""
    from sirf.cli import app, name_values

    whole = typer.main.get_command(app)
    name_values(whole)
    text = [
        "# Command line",
        "",
        EXIT_CODES,
    ]
    for path, command in _commands(whole, "sirf"):
        context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
        text += ["", f"## {path}", "", "```text", command.get_help(context).rstrip(), "```"]
    return "\n".join(text) + "\n"


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _commands(child, f"{path} {name}")


def toml_page() -> str:
    """Every key of every TOML file, as the models that check the files have it."""
    text = [
        "# TOML files",
        "",
        TOML_RULES,
    ]
    for title, place, model in TOML_FILES:
        module, name = model.rsplit(".", 1)
        text += ["", f"## {title}", "", f"`{place}`"]
        seen: list[type[BaseModel]] = []
        _describe(getattr(importlib.import_module(module), name), seen, text)
    return "\n".join(text) + "\n"


def _describe(table: type[BaseModel], seen: list[type[BaseModel]], text: list[str]) -> None:
    """Append a table's keys, then those of the tables inside it, each once."""
    seen.append(table)
    if len(seen) > 1:
        text += ["", f"**{_title(table)}**"]
    text += ["", (table.__doc__ or "").strip().split("\n\n")[0].replace("\n", " "), ""]
    text += ["| key | type | default | range |", "|---|---|---|---|"]
    inner: list[type[BaseModel]] = []
    for name, field in table.model_fields.items():
        default = "required" if field.is_required() else _code(field.get_default(call_default_factory=True))
        text.append(f"| `{field.alias or name}` | {_type_text(field.annotation)} | {default} | {_range_text(field)} |")
        inner += _tables_in(field.annotation)
    for child in inner:
        if child not in seen:
            _describe(child, seen, text)


def _title(table: type[BaseModel]) -> str:
    """Name of a table as a reader meets it, or its `kind`."""
    kind = table.model_fields.get("kind")
    if kind is not None and get_origin(kind.annotation) is Literal:
        return f'kind = "{get_args(kind.annotation)[0]}"'
    return table.__name__.lstrip("_")


def _type_text(annotation: Any) -> str:
    """A type in a table's cell."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"table {_title(annotation)}"
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(_code(part) for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type_text(part) for part in parts if part is not type(None)))
    if origin is tuple or origin is list:
        return f"list of {_type_text(parts[0])}" if parts else "list"
    if origin is dict:
        return f"table of {_type_text(parts[1])} by name"
    if origin is not None and parts:  # Annotated
        return _type_text(parts[0])
    names = {float: "number", int: "whole number", str: "text", bool: "true or false"}
    return names.get(annotation, getattr(annotation, "__name__", "any"))


def _range_text(field: FieldInfo) -> str:
    """Limits of a key, as the model has them."""
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "at least", "max_length": "at most"}
    found = [
        f"{sign} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, sign in signs.items()
        if isinstance(getattr(limit, name, None), (int, float))
    ]
    return ", ".join(found)


def _tables_in(annotation: Any) -> list[type[BaseModel]]:
    """Models named anywhere in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for part in get_args(annotation) for table in _tables_in(part)]


def _code(value: object) -> str:
    """A value in code marks, safe in a table's cell."""
    return "" if value is None else f"`{value!r}`".replace("|", "\\|").replace("'", '"')


def json_page() -> str:
    """Figures of the register: keys of JSON, limits and sweeps."""
    from sirf.study.figures import FIGURES

    text = [
        "# JSON keys",
        "",
        JSON_RULES,
    ]
    text += ["", "| key | what | unit | more is better | can be a limit |", "|---|---|---|---|---|"]
    for figure in FIGURES.values():
        limit = "yes" if figure.limitable else "no"
        text.append(
            f"| `{figure.name}` | {figure.title} | {figure.unit} | {'yes' if figure.more_is_better else 'no'} | {limit} |"
        )
    return "\n".join(text) + "\n"
