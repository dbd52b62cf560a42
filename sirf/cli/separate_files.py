"""A command that writes over none of the files it is given, nor one of its files over another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperCommand

from sirf.errors import SirfError

OUTPUTS = ("json_file", "out", "report", "waveform", "parquet", "script", "results", "resume")
"""Parameters of commands that name files to be written; two of them are read as well: results and counts that go on."""


class SeparateFiles(TyperCommand):
    """Holds the files of a command against each other before it runs."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's context is its library's
        """Run the command; `SirfError` where a file to be written is named twice."""
        check_separate(ctx.params, {one.name: one.opts[0] for one in self.params if one.name is not None})
        return super().invoke(ctx)


def check_separate(given: Mapping[str, Any], options: Mapping[str, str]) -> None:
    """`SirfError` where a file that a command writes is also one that it reads or writes under another option.

    `given` holds all parameters of the command by name, `options` what each is called on the command line.
    """
    for name in OUTPUTS:
        for file in _files(given.get(name)):
            for other, value in given.items():
                # of a pair of outputs the later one is named
                earlier = other in OUTPUTS and OUTPUTS.index(other) >= OUTPUTS.index(name)
                if not earlier and any(_same(file, one) for one in _files(value)):
                    raise SirfError(
                        f"{options.get(name, name)} must be another file than {options.get(other, other)}, "
                        f"got {file} for both. Name another."
                    )


def _files(value: Any) -> Iterator[str]:
    """What may be names of files in a parameter's value; - is a stream."""
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, (str, os.PathLike)) and os.fspath(one) not in ("", "-"):
            yield os.fspath(one)


def _same(one: str, other: str) -> bool:
    # by what links lead to: two names of a file that is not there yet have nothing else to be known by
    return os.path.realpath(one) == os.path.realpath(other)
