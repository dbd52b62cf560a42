"""A COM workbook as keywords and cells: finds a keyword's value, keeps track of what was read."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook

from sirf.com.config.keywords import DESCRIBES, PACKAGE_BLOCK, READ, SUPPORTED, spelled
from sirf.com.config.matlab_value import matlab_value
from sirf.com.config.workbook_size import check_workbook_size
from sirf.errors import ConfigError, shown

SHEET = "COM_Settings"
GIGA, NANO = 1e9, 1e-9
"""Units of the official workbooks: GHz, and nF, nH, ns and V²/GHz."""
MAX_COUNT = 10_000
"""Most taps, samples or unit intervals that a keyword may ask for."""
# taps are unlimited in number, so no table can list c(-3), c(-2) and so on
_TAP = "c("
_START, _END = ".START", ".END"
# remarks beside the settings may hold a known word by chance, but hardly three below one another
_SAMPLE = 3
"""A column with as many known keywords holds keywords; the first one always does."""

Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A keyword's value and where it stands."""

    keyword: str
    value: Value
    where: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Keywords (spelled in small letters) to cells, of one workbook with what the user set on top.

    `blocks` holds the sections between `.START name` and `.END`, by name. `ignored` lists the keywords of the workbook that do
    not bear on a result.
    """

    name: str
    cells: Mapping[str, Cell]
    columns: str
    ignored: tuple[str, ...] = field(default=())
    blocks: Mapping[str, Sheet] = field(default_factory=dict)

    def has(self, keyword: str) -> bool:
        """Whether the keyword has a value."""
        return spelled(keyword) in self.cells

    def matrix(self, keyword: str, default: str | None = None) -> NDArray[np.float64]:
        """The value as a matrix (R, C). Without `default` the keyword is mandatory; `ConfigError` names it and the cell."""
        # spelled alike on both sides, so that "Local  Search" finds "local search"
        cell = self.cells.get(spelled(keyword))
        if cell is None:
            if default is None:
                raise ConfigError(
                    f"{self.name}: keyword {keyword} must be given, got none in {self.columns}. "
                    f"Write {keyword} into such a cell and its value into the cell to the right, or use --set {keyword}=VALUE."
                )
            return matlab_value(default)
        # spreadsheets store numbers and truth values as such; text is what a formula or a matrix came as
        if isinstance(cell.value, (bool, int, float)):
            return np.array([[float(cell.value)]])
        try:
            return matlab_value(cell.value)
        except ValueError as error:
            raise ConfigError(
                f"{self.name}: {cell.keyword} at {cell.where} must be a number or a matrix as in MATLAB, got {cell.value!r} "
                f"({error}). Mend the cell."
            ) from error

    def number(self, keyword: str, default: float | None = None, *, least: float | None = None) -> float:
        """The value as one finite number, not below `least`."""
        matrix = self.matrix(keyword, None if default is None else repr(float(default)))
        # an empty matrix is an empty cell, which says as little as a missing keyword
        if matrix.size == 0 and default is not None:
            return default
        if matrix.size != 1 or not math.isfinite(float(matrix[0, 0])):
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must be one number, got {self.text(keyword)!r}. "
                "Mend the cell."
            )
        value = float(matrix[0, 0])
        if least is not None and value < least:
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must be {least:g} or more, got {value:g}. Mend the cell."
            )
        return value

    def positive(self, keyword: str, default: float | None = None) -> float:
        """As `number`, above zero."""
        value = self.number(keyword, default)
        if not value > 0:
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must be positive, got {value:g}. Mend the cell."
            )
        return value

    def integer(self, keyword: str, default: int | None = None, *, least: int = 0, most: int = MAX_COUNT) -> int:
        """The value as a whole number from `least` to `most`."""
        # read as a number first: 3.5 taps are refused by name, not rounded
        value = self.number(keyword, default, least=least)
        if value > most:
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must be at most {most:,}, got {value:g}. Mend the cell."
            )
        if value != round(value):
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must be a whole number, got {value:g}. Mend the cell."
            )
        return int(value)

    def flag(self, keyword: str, default: bool = False) -> bool:
        """The value as yes or no (any number but 0 is yes)."""
        return self.number(keyword, float(default)) != 0

    def row(self, keyword: str, default: str | None = None) -> tuple[float, ...]:
        """All values, columns first as MATLAB counts."""
        # column by column, as MATLAB runs through a matrix
        return tuple(float(value) for value in self.matrix(keyword, default).ravel(order="F"))

    def finite_row(self, keyword: str, default: str | None = None) -> tuple[float, ...]:
        """All values, at least one, each finite."""
        # an infinite gain or tap would spread NaN through the whole search
        values = self.row(keyword, default)
        if not values or not all(map(math.isfinite, values)):
            raise ConfigError(
                f"{self.name}: {keyword} at {self.where(keyword)} must hold finite values, got "
                f"{shown(self.text(keyword))}. Mend the cell."
            )
        return values

    def text(self, keyword: str, default: str = "") -> str:
        """The value as it is written."""
        cell = self.cells.get(spelled(keyword))
        return default if cell is None else str(cell.value).strip()

    def where(self, keyword: str) -> str:
        """Where the value stands."""
        cell = self.cells.get(spelled(keyword))
        return f"(not in {self.columns})" if cell is None else cell.where


def read_sheet(path: str | Path, changes: Mapping[str, object] | None = None) -> Sheet:
    """The keywords of an official workbook (.xls or .xlsx), with `changes` (keyword to value) put on top.

    A change whose value is a mapping adds keywords to the block of that name, or makes the block.

    Raises `ConfigError` for a file that cannot be read, a keyword that is not known or of which the value is not supported,
    and one that stands in two cells with different values.
    """
    # errors say the file's name, not the path: sheets are known by their names
    file = Path(path)
    rows = _rows(file)
    first, blocks = _split_blocks(rows, file.name)
    columns = _keyword_columns(rows[:first])
    found = _cells(rows[:first], columns, 0, file.name)
    for keyword, change in (changes or {}).items():
        if isinstance(change, Mapping):
            _change_block(blocks, file.name, keyword.strip(), change)
        else:
            # a change counts as the cell that it overrules, and errors name it by --set
            found[spelled(keyword)] = Cell(keyword.strip(), _plain_value(change), f"--set {keyword.strip()}")
    # after the changes, which may mend what the file has wrong
    _check(found, file.name)
    columns_text = f"cells {', '.join(f'{_letter(c)}1:{_letter(c)}{first}' for c in columns)} of sheet {SHEET}"
    ignored = tuple(cell.keyword for key, cell in found.items() if key in DESCRIBES)
    return Sheet(file.name, found, columns_text, ignored, blocks)


def _cells(rows: list[list[Value]], columns: list[int], above: int, name: str) -> dict[str, Cell]:
    """Keywords in `columns` with the value right of each; `above` counts the rows of the sheet before these."""
    found: dict[str, Cell] = {}
    for r, row in enumerate(rows):
        for c in columns:
            text = row[c] if c < len(row) else ""
            keyword = text.strip() if isinstance(text, str) else ""
            value = row[c + 1] if c + 1 < len(row) else ""
            # the heading of the official column stands among the keywords
            if not keyword or value == "" or spelled(keyword) == "parameter":
                continue
            cell = Cell(keyword, value, f"{_letter(c + 1)}{above + r + 1}")
            # the same keyword in two cells is a slip that only equal values excuse
            before = found.get(spelled(keyword))
            if before is not None and before.value != value:
                raise ConfigError(
                    f"{name}: keyword {keyword} must stand once, got it at {before.where} and {cell.where}. Clear one cell."
                )
            found[spelled(keyword)] = cell
    return found


def _split_blocks(rows: list[list[Value]], name: str) -> tuple[int, dict[str, Sheet]]:
    """The number of rows above the first `.START`, and the blocks between each `.START` and its `.END` by name."""
    blocks: dict[str, Sheet] = {}
    first, start = len(rows), -1
    for r, row in enumerate(rows):
        mark = str(row[0]).strip().upper() if row else ""
        if mark == _START:
            first = min(first, r)
            if start >= 0:
                raise ConfigError(
                    # blocks do not nest in the reference code: a second start means a missing end
                    f"{name}: {_START} at A{r + 1} must come after the {_END} of the block at A{start + 1}. Add {_END} above it."
                )
            start = r
        elif mark == _END:
            if start < 0:
                raise ConfigError(
                    f"{name}: {_END} at A{r + 1} must close a block, got none open. Add {_START} and a name."
                )
            block = str(rows[start][1]).strip() if len(rows[start]) > 1 else ""
            # a second block of one name would hide the first
            if not block or block in blocks:
                raise ConfigError(
                    f"{name}: {_START} at A{start + 1} must name a block of its own, got {block!r}. Write another name into "
                    f"B{start + 1}."
                )
            blocks[block] = _block(rows[start + 1 : r], start + 1, f"{name}, block {block}")
            start = -1
        # below the first block the reference code reads nothing: a keyword there would be lost without a word
        elif start < 0 and first < r and (stray := _stray_keyword(row)):
            raise ConfigError(
                f"{name}: keyword {stray} in row {r + 1} must stand above the first {_START} or inside a block, since the "
                "reference code reads nothing there. Move it."
            )
    if start >= 0:
        raise ConfigError(f"{name}: {_START} at A{start + 1} must be closed, got no {_END} below it. Add {_END}.")
    return first, blocks


def _block(rows: list[list[Value]], above: int, name: str) -> Sheet:
    """The keywords of one block: those of a package, in any column."""
    width = max((len(row) for row in rows), default=0)
    columns = [
        # any column that holds a keyword of packages, because blocks are laid out freely
        c
        for c in range(width)
        if c == 0 or any(c < len(row) and spelled(str(row[c])) in PACKAGE_BLOCK for row in rows)
    ]
    found = _cells(rows, columns, above, name)
    _check_block(found, name)
    return Sheet(name, found, f"cells A{above + 1}:{_letter(max(width - 1, 0))}{above + len(rows)}")


def _change_block(blocks: dict[str, Sheet], name: str, block: str, changes: Mapping[str, object]) -> None:
    """Put `changes` on top of the block, which is made where the workbook has none of that name."""
    # a block made by --set alone lets a package be tried that the workbook has not
    before = blocks.get(block, Sheet(f"{name}, block {block}", {}, f"block {block}"))
    cells = dict(before.cells)
    for keyword, change in changes.items():
        where = f"--set {block}.{keyword.strip()}"
        cells[spelled(keyword)] = Cell(keyword.strip(), _plain_value(change), where)
    _check_block(cells, before.name)
    blocks[block] = Sheet(before.name, cells, before.columns)


def _check_block(found: Mapping[str, Cell], name: str) -> None:
    for key, cell in found.items():
        if key not in PACKAGE_BLOCK:
            raise ConfigError(
                f"{name}: keyword {cell.keyword} at {cell.where} must be one of a package block, where the reference code reads "
                f"no other: {', '.join(sorted(PACKAGE_BLOCK))}. Move it above the first {_START}."
            )


def _stray_keyword(row: list[Value]) -> str:
    """The first known keyword of a row that has a value, or nothing."""
    for c, text in enumerate(row[:-1]):
        if (
            # a word without a value is a heading
            isinstance(text, str)
            and text.strip()
            and _known(text)
            and spelled(text) != "parameter"
            and row[c + 1] != ""
        ):
            return text.strip()
    return ""


def _plain_value(change: object) -> Value:
    return change if isinstance(change, (str, bool, int, float)) else _written(change)


def parse_changes(texts: tuple[str, ...] | list[str]) -> dict[str, str | dict[str, str]]:
    """KEYWORD=VALUE texts as a dict; the first `=` splits. BLOCK.KEYWORD=VALUE changes a package block."""
    changes: dict[str, str | dict[str, str]] = {}
    for text in texts:
        keyword, equals, value = text.partition("=")
        if not equals or not keyword.strip() or not value.strip():
            raise ConfigError(
                f"--set must be KEYWORD=VALUE, got {text!r}. Write for example --set 'c(-1)=[-0.08:0.04:0]'."
            )
        # a dot may also stand in a keyword of the sheet: only known words of a block make it one
        block, dot, inner = keyword.strip().partition(".")
        if dot and spelled(inner) in PACKAGE_BLOCK:
            inside = changes.setdefault(block, {})
            if isinstance(inside, dict):
                inside[inner.strip()] = value.strip()
                continue
        changes[keyword.strip()] = value.strip()
    return changes


def _rows(file: Path) -> list[list[Value]]:
    check_workbook_size(file)
    try:
        book = CalamineWorkbook.from_path(str(file))
        names = book.sheet_names
        # sheets that were saved anew lose the name of their tab, not the place
        sheet = book.get_sheet_by_name(SHEET) if SHEET in names else book.get_sheet_by_index(0)
        # empty rows are kept: the cells' addresses in errors would shift otherwise
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise ConfigError(
            f"{file} must be a readable COM workbook (.xls or .xlsx), got {str(error) or 'none'}. Check the path."
        ) from error
    return [[value if isinstance(value, (str, bool, int, float)) else str(value) for value in row] for row in rows]


def _known(keyword: str) -> bool:
    key = spelled(keyword)
    return key in READ or key in SUPPORTED or key in DESCRIBES or key.startswith(_TAP)


def _keyword_columns(rows: list[list[Value]]) -> list[int]:
    width = max((len(row) for row in rows), default=0)
    return [
        c
        for c in range(width)
        if c == 0
        # columns with fewer known words are remarks
        or sum(1 for row in rows if c < len(row) and isinstance(row[c], str) and _known(str(row[c]))) >= _SAMPLE
    ]


def _check(found: Mapping[str, Cell], name: str) -> None:
    for key, cell in found.items():
        if not _known(cell.keyword):
            # every unknown word is an error: it might be one that changes the margin
            near = difflib.get_close_matches(key, [*READ, *SUPPORTED], n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"{name}: keyword {cell.keyword} at {cell.where} must be one that sirf knows, since it could change the result. "
                f"Did you mean {near!r}?"
            )
        if (known := SUPPORTED.get(key)) is not None and _plain(cell.value) not in known.values:
            allowed = " or ".join(known.values) or "absent"
            raise ConfigError(
                f"{name}: {cell.keyword} at {cell.where} must be {allowed}, got {cell.value!r}: {known.reason}. "
                "Change the cell."
            )


def _plain(value: Value) -> str:
    """A value as text that compares: numbers without needless digits, words in small letters."""
    if isinstance(value, str):
        # "[1 1]" and 1 are the same to MATLAB's element-wise tests
        try:
            matrix = matlab_value(value)
        except ValueError:
            return value.strip().lower()
        # a list of equal numbers is that number
        values = set(matrix.ravel().tolist())
        return f"{values.pop():g}" if len(values) == 1 else value.strip().lower()
    return f"{float(value):g}"


def _written(value: object) -> str:
    # MATLAB's own form, so that values from Python pass the same reader as cells
    array = np.atleast_2d(np.asarray(value, dtype=float))
    return "[" + "; ".join(" ".join(repr(float(number)) for number in row) for row in array) + "]"


def _letter(column: int) -> str:
    # columns are numbered in base 26 without a zero: AA follows Z
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
