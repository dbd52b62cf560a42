"""What help calls the values of options: FILE, TEXT or NUMBER where an option names none itself.

Releases of typer show the Python type otherwise, each in its own way.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES: dict[type, str] = {Path: "FILE", str: "TEXT", float: "NUMBER", int: "NUMBER"}


def name_values(command: Any, function: Callable[..., Any]) -> None:
    """Name the values of the options of `command`, which typer made of `function`; only help needs this."""
    hints = inspect.get_annotations(function, eval_str=True)
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.metavar is None and parameter.name in hints:
            parameter.metavar = _name(hints[parameter.name])


def _name(kind: Any) -> str | None:
    """The name of the values of a type; of the parts of a list or of an optional type."""
    if kind in NAMES:
        return NAMES[kind]
    return next(filter(None, map(_name, typing.get_args(kind))), None)
