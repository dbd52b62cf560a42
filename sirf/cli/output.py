"""What commands show and write: text, tables, JSON, pictures, a progress bar.

With `--json -` standard output holds JSON only, so text for people then goes to standard error.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf._display import strict
from sirf._files import check_output, write_text
from sirf.errors import SirfError, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Update = Callable[[str, int, int], None]
"""Shows progress: what was done, steps done, steps in all."""
PICTURES = (".png", ".svg", ".pdf")
"""Endings of the pictures that can be written."""
PIPE_WIDTH = 160
"""Columns of a table where there is no terminal."""


def warn(warnings: tuple[str, ...]) -> None:
    """One line on standard error for each."""
    for warning in warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)


def say(text: str, *, json_file: str | None) -> None:
    """Text for people."""
    print(printable(text), file=sys.stderr if json_file == "-" else sys.stdout)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, json_file: str | None) -> None:
    """A table for people; cells are plain text, never markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*head, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    stderr = json_file == "-"
    console = Console(stderr=stderr)
    wide = console if console.is_terminal else Console(stderr=stderr, width=PIPE_WIDTH)
    wide.print(drawn)


def check_outputs(json_file: str | None, **files: Path | None) -> None:
    """Check every file that a command will write before its work starts; `files` are pictures, by option name."""
    check_output("json", json_file)
    for name, file in files.items():
        check_output(name, file, suffixes=PICTURES)


def check_limit(option: str, value: float | None) -> None:
    """`SirfError` for a limit that nothing can miss or meet: not a number."""
    if value is not None and math.isnan(value):
        raise SirfError(f"{option} must be a number, got {value}. Give the limit that the answer is held against.")


def write_json(value: Any, file: str | None) -> None:
    """Strict JSON to a file or, for `-`, to standard output."""
    if file is None:
        return
    text = json.dumps(strict(value), indent=1, allow_nan=False)
    if file == "-":
        print(text)
    else:
        write_text("json", file, text + "\n")


def write_picture(figure: Figure, out: Path, *, json_file: str | None) -> None:
    """Write a figure and say so."""
    from sirf.plot._axes import save_figure

    save_figure(figure, out)
    say(f"wrote {out}", json_file=json_file)


def draw_picture(
    draw: Callable[[Axes], object], out: Path, *, json_file: str | None, size: tuple[float, float] = (7.0, 4.2)
) -> None:
    """Draw on new axes, write the picture and say so; `size` in inches."""
    from sirf.plot._axes import new_figure

    figure, axes = new_figure(size)
    draw(axes[0])
    write_picture(figure, out, json_file=json_file)


@contextmanager
def progress(title: str) -> Iterator[Update]:
    """A bar on standard error while work goes on; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        # the bar would leave an empty line behind, and an error is to be the only one
        yield lambda note, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1, note="")
        yield lambda note, done, total: bar.update(task, completed=done, total=total, note=note)
