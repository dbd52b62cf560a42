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

from sirf.com.config.keywords import IGNORED, ONLY, READ, spelled
from sirf.com.config.matlab_value import matlab_value
from sirf.errors import ConfigError

SHEET = "COM_Settings"
_TAP = "c("
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

    `ignored` lists the keywords of the workbook that do not bear on a result.
    """

    name: str
    cells: Mapping[str, Cell]
    columns: str
    ignored: tuple[str, ...] = field(default=())

    def has(self, keyword: str) -> bool:
        """Whether the keyword has a value."""
        return spelled(keyword) in self.cells

    def matrix(self, keyword: str, default: str | None = None) -> NDArray[np.float64]:
        """The value as a matrix (R, C). Without `default` the keyword is mandatory; `ConfigError` names it and the cell."""
        cell = self.cells.get(spelled(keyword))
        if cell is None:
            if default is None:
                raise ConfigError(
                    f"{self.name}: keyword {keyword} must be given, got none in {self.columns}. "
                    f"Write {keyword} into such a cell and its value into the cell to the right, or use --set {keyword}=VALUE."
                )
            return matlab_value(default)
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

    def integer(self, keyword: str, default: int | None = None, *, least: int = 0) -> int:
        """The value as a whole number, not below `least`."""
        value = self.number(keyword, default, least=least)
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
        return tuple(float(value) for value in self.matrix(keyword, default).ravel(order="F"))

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

    Raises `ConfigError` for a file that cannot be read, a keyword that is not known or of which the value is not supported,
    and one that stands in two cells with different values.
    """
    file = Path(path)
    rows = _rows(file)
    columns = _keyword_columns(rows)
    found: dict[str, Cell] = {}
    for r, row in enumerate(rows):
        for c in columns:
            text = row[c] if c < len(row) else ""
            keyword = text.strip() if isinstance(text, str) else ""
            value = row[c + 1] if c + 1 < len(row) else ""
            if not keyword or value == "" or spelled(keyword) == "parameter":
                continue
            cell = Cell(keyword, value, f"{_letter(c + 1)}{r + 1}")
            before = found.get(spelled(keyword))
            if before is not None and before.value != value:
                raise ConfigError(
                    f"{file.name}: keyword {keyword} must stand once, got it at {before.where} and {cell.where}. Clear one cell."
                )
            found[spelled(keyword)] = cell
    for keyword, change in (changes or {}).items():
        text = change if isinstance(change, (str, bool, int, float)) else _written(change)
        found[spelled(keyword)] = Cell(keyword.strip(), text, f"--set {keyword.strip()}")
    _check(found, file.name)
    columns_text = f"cells {', '.join(f'{_letter(c)}1:{_letter(c)}{len(rows)}' for c in columns)} of sheet {SHEET}"
    ignored = tuple(cell.keyword for key, cell in found.items() if key in IGNORED)
    return Sheet(file.name, found, columns_text, ignored)


def parse_changes(texts: tuple[str, ...] | list[str]) -> dict[str, str]:
    """KEYWORD=VALUE texts as a dict; the first `=` splits."""
    changes = {}
    for text in texts:
        keyword, equals, value = text.partition("=")
        if not equals or not keyword.strip() or not value.strip():
            raise ConfigError(
                f"--set must be KEYWORD=VALUE, got {text!r}. Write for example --set 'c(-1)=[-0.08:0.04:0]'."
            )
        changes[keyword.strip()] = value.strip()
    return changes


def _rows(file: Path) -> list[list[Value]]:
    try:
        book = CalamineWorkbook.from_path(str(file))
        names = book.sheet_names
        sheet = book.get_sheet_by_name(SHEET) if SHEET in names else book.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise ConfigError(
            f"{file} must be a readable COM workbook (.xls or .xlsx), got {str(error) or 'none'}. Check the path."
        ) from error
    return [[value if isinstance(value, (str, bool, int, float)) else str(value) for value in row] for row in rows]


def _known(keyword: str) -> bool:
    key = spelled(keyword)
    return key in READ or key in ONLY or key in IGNORED or key.startswith(_TAP)


def _keyword_columns(rows: list[list[Value]]) -> list[int]:
    width = max((len(row) for row in rows), default=0)
    return [
        c
        for c in range(width)
        if c == 0
        or sum(1 for row in rows if c < len(row) and isinstance(row[c], str) and _known(str(row[c]))) >= _SAMPLE
    ]


def _check(found: Mapping[str, Cell], name: str) -> None:
    for key, cell in found.items():
        if not _known(cell.keyword):
            near = difflib.get_close_matches(key, [*READ, *ONLY], n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"{name}: keyword {cell.keyword} at {cell.where} must be one that sirf knows, since it could change the result. "
                f"Did you mean {near!r}?"
            )
        if key in ONLY and _plain(cell.value) not in ONLY[key]:
            allowed = " or ".join(ONLY[key]) or "absent"
            raise ConfigError(
                f"{name}: {cell.keyword} at {cell.where} must be {allowed}, got {cell.value!r}: sirf does not support more. "
                "Change the cell."
            )


def _plain(value: Value) -> str:
    """A value as text that compares: numbers without needless digits, words in small letters."""
    if isinstance(value, str):
        try:
            matrix = matlab_value(value)
        except ValueError:
            return value.strip().lower()
        values = set(matrix.ravel().tolist())
        return f"{values.pop():g}" if len(values) == 1 else value.strip().lower()
    return f"{float(value):g}"


def _written(value: object) -> str:
    array = np.atleast_2d(np.asarray(value, dtype=float))
    return "[" + "; ".join(" ".join(repr(float(number)) for number in row) for row in array) + "]"


def _letter(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
