"""What commands show and write: text, tables, JSON, pictures, a progress bar.

With `--json -` standard output holds JSON only, so text for people then goes to standard error.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from sirf._display import strict
from sirf._files import check_output, write_text
from sirf.errors import SirfError, printable
from sirf.execution import watched_by

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import Console

    from sirf.system.port import Range

Update = Callable[[str, float, float], None]
"""Shows progress: what was done, steps done, steps in all."""
PICTURES = (".png", ".svg", ".pdf")
"""Endings of the pictures that can be written."""
PIPE_WIDTH = 160
"""Characters to a line of a table where there is no terminal and COLUMNS is not set."""
MIN_WIDTH = 20
"""Characters to a line at least."""
PROSE_WIDTH, MIN_PROSE_WIDTH = 36, 24
"""Characters of a cell beyond which its words may go on in the next line, and how many such a column has at least."""
_LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")
"""What stands before the value of a line "  label   value"."""
COLUMN_GAP, TABLE_EDGES = 3, 2
"""Characters between two columns, and at both ends of a line."""


_state = {"quiet": False}


def be_quiet(quiet: bool) -> None:
    """Whether all that is neither an error, a file nor JSON is left unsaid."""
    _state["quiet"] = quiet


def remark(text: str) -> None:
    """A line for people on standard error: how something was done."""
    if not _state["quiet"]:
        print(printable(text), file=sys.stderr)


def remark_compilation(seconds: float, functions: int) -> None:
    """Say on a terminal that the first run compiles: the pause is no standstill, and comes once."""
    if sys.stderr.isatty():
        remark(f"first run: compiling, {functions} functions in {seconds:.0f} s so far; later runs find them compiled")


def warn(warnings: tuple[str, ...]) -> None:
    """One line on standard error for each."""
    for warning in warnings:
        remark(f"warning: {warning}")


def say(text: str, *, json_file: str | None) -> None:
    """Text for people; lines longer than a terminal or COLUMNS go on below the words after their label."""
    if _state["quiet"]:
        return
    stderr = json_file == "-"
    stream = sys.stderr if stderr else sys.stdout
    # names come from files: control characters in them must not reach a terminal
    shown = printable(text)
    # in a pipe lines stay whole, for grep and awk
    if stream.isatty() or os.environ.get("COLUMNS", "").isdigit():
        shown = "\n".join(_wrapped(line, line_width(stderr=stderr)) for line in shown.split("\n"))
    print(shown, file=stream)


def _wrapped(line: str, width: int) -> str:
    """A line of at most `width` characters, wrapped between words; what follows a label is set in under itself.

    >>> print(_wrapped("  DFE taps  0.1 0.2 0.3 0.4", 24))
      DFE taps  0.1 0.2 0.3
                0.4
    """
    if len(line) <= width:
        return line
    label = _LABEL.match(line)
    indent = " " * (len(label.group()) if label and len(label.group()) <= width // 2 else 2)
    start = line[: len(indent)] if label else ""
    return textwrap.fill(
        line[len(start) :].strip() if start else line,
        width,
        initial_indent=start,
        subsequent_indent=indent,
        # paths and numbers are copied from here: none is ever cut
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, json_file: str | None) -> None:
    """A table for people; cells are plain text, never markup, and none is ever cut.

    As wide as COLUMNS says, else as the terminal, else `PIPE_WIDTH`. Columns that do not fit stand in further tables, each of
    which repeats the first column; only sentences, and what is wider than the width by itself, go on in the next line.
    """
    if _state["quiet"]:
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    stderr = json_file == "-"
    console = _console_class()(stderr=stderr, width=line_width(stderr=stderr))
    shown = [tuple(printable(cell) for cell in line) for line in (head, *rows)]
    needed = [_needed_width(column) for column in zip(*shown, strict=True)]
    for columns in _columns_of_tables(needed, console.width - TABLE_EDGES):
        drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        fits = sum(needed[column] + COLUMN_GAP for column in columns) - COLUMN_GAP <= console.width - TABLE_EDGES
        for column in columns:
            # what does not fit whole is folded; rich would cut it otherwise
            short = fits or (column == 0 and 2 * needed[0] <= console.width)
            whole = short and not _is_prose([line[column] for line in shown])
            drawn.add_column(
                Text(shown[0][column]), no_wrap=whole, overflow="fold", min_width=needed[column] if whole else None
            )
        for line in shown[1:]:
            drawn.add_row(*(Text(line[column]) for column in columns))
        console.print(drawn)


def _console_class() -> type[Console]:
    """A console whose reader may go: rich would end the program with exit code 1 then, which means a missed limit."""
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return PipedConsole


def line_width(*, stderr: bool = False) -> int:
    """Characters to a line: what COLUMNS says, else the terminal's, else `PIPE_WIDTH`."""
    from rich.console import Console

    console = Console(stderr=stderr)
    chosen = os.environ.get("COLUMNS", "")
    # rich takes 80 where there is no terminal, which would fold every table of a log
    width = int(chosen) if chosen.isdigit() else console.width if console.is_terminal else PIPE_WIDTH
    return max(width, MIN_WIDTH)


def _is_prose(column: Sequence[str]) -> bool:
    """Whether a column holds sentences or titles, which may go on in the next line between words."""
    return any(" " in cell and len(cell) > PROSE_WIDTH for cell in column)


def _needed_width(column: Sequence[str]) -> int:
    """Least width in characters in which a column can be read."""
    from rich.cells import cell_len

    if not _is_prose(column):
        return max(cell_len(cell) for cell in column)
    return max(MIN_PROSE_WIDTH, *(cell_len(word) for cell in column for word in cell.split()))


def _columns_of_tables(needed: Sequence[int], width: int) -> list[list[int]]:
    """Which columns stand in which table, so that none is wider than `width`; the first stands in all.

    >>> _columns_of_tables([10, 8, 8, 8], 34)
    [[0, 1, 2], [0, 3]]
    """
    tables, used = [[0]], needed[0]
    for column in range(1, len(needed)):
        more = COLUMN_GAP + needed[column]
        # one column beside the first however wide: a table of the first alone would say nothing
        if used + more > width and len(tables[-1]) > 1:
            tables.append([0])
            used = needed[0]
        tables[-1].append(column)
        used += more
    return tables


def with_range(figure: Range, factor: float = 1.0) -> str:
    """A figure and its range to three digits, without exponents from 0.001 to ten million.

    >>> from sirf.system.port import Range
    >>> with_range(Range(1804.0, 1203.0, 2.5e9))
    '1,800 (1,200-2.5e+09)'
    """
    value, low, high = (_three_digits(factor * one) for one in (figure.value, figure.low, figure.high))
    return f"{value} ({low}-{high})"


def _three_digits(value: float) -> str:
    # rounded first: 999.6 becomes 1,000, which has a comma
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if 1e3 <= abs(rounded) < 1e7 else f"{rounded:.3g}"


def limit_missed(sentence: str) -> NoReturn:
    """End a command with exit code 1 and a word why: the answer itself may hold a standard's verdict on another limit."""
    remark(sentence)
    raise typer.Exit(1)


def check_outputs(json_file: str | None, **files: Path | None) -> None:
    """Check every file that a command will write before its work starts; `files` are pictures, by option name."""
    check_output("json", json_file)
    for name, file in files.items():
        check_output(name, file, suffixes=PICTURES)
        check_extra(name, file, "matplotlib", "plot")


def check_extra(option: str, file: Path | None, package: str, extra: str) -> None:
    """`SirfError` where a file is asked for and the package that makes it is not installed; nothing is imported."""
    if file is not None and find_spec(package) is None:
        raise SirfError(
            f"{option} must come with {package} installed, got none. Run: pip install 'sirf[{extra}]', or in a clone "
            f"pip install '.[{extra}]'."
        )


def check_report(file: Path | None, *, statistical: bool = True) -> None:
    """Check a page before the work starts: its ending, its folder, and that there will be an eye to show."""
    if file is not None and not statistical:
        raise SirfError("report must be of the statistical engine, got the waveform engine. Leave --engine out.")
    check_output("report", file, suffixes=(".html",))
    for package in ("jinja2", "matplotlib"):
        check_extra("report", file, package, "report")


def check_limit(option: str, value: float | None) -> None:
    """`SirfError` for a limit that nothing can miss or meet: not a number."""
    # NaN fails every comparison, so the limit would be missed or met by accident
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
def progress(title: str, *, watch: bool = False, estimated: bool = False) -> Iterator[Update]:
    """A bar with the time left on standard error while work goes on; silent where that is no terminal.

    Until the first update it only moves: how long the work takes is not known yet. With `watch` the searches within move it; with
    `estimated` steps in all the time left is said to be an estimate.
    """
    if _state["quiet"] or not sys.stderr.isatty():
        # the bar would leave an empty line behind, and an error is to be the only one
        yield lambda note, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left, an estimate" if estimated else "left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    # an estimate from the last minutes, not the last steps: cases differ in size
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=600.0) as bar:
        task = bar.add_task(title, total=None, note="")

        def update(note: str, done: float, total: float) -> None:
            bar.update(task, completed=done, total=total, note=note)

        with watched_by(update) if watch else nullcontext():
            yield update
