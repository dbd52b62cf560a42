"""One parameter of a `.ami` file: usage, type, format, allowed values, default; and the values that users give it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sirf.ami.tree import Atom, Branch
from sirf.errors import AmiError

Value: TypeAlias = "bool | int | float | str"
Row: TypeAlias = tuple[Value, ...]

USAGES = ("in", "out", "inout", "info", "dep")
TYPES = ("float", "integer", "ui", "tap", "boolean", "string")
FORMATS = ("value", "range", "list", "corner", "increment", "steps", "gaussian", "dual-dirac", "djrj", "table")
LEAVES = (*FORMATS, "usage", "type", "format", "default", "description", "labels", "list_tip")
CORNERS = ("typ", "slow", "fast")
SCALES = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
COUNTS = {"range": 3, "corner": 3, "increment": 4, "steps": 4, "gaussian": 2, "dual-dirac": 3, "djrj": 3}
"""Values that a format takes; a list, a table and a value take what they have."""
_SCALED = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([TGMkmunpf])[A-Za-z]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter as its file declares it.

    `path` is its name behind those of the branches it lies in, joined by dots; `format` one of `FORMATS`; `values` what the
    format lists (range: typical, lowest, highest; increment and steps: a step or a number of steps behind these; corner:
    typical, slow, fast); `rows` of a table. `labels` go with a list's values or a table's columns. `notes` say what a reader
    had to bend.
    """

    path: str
    usage: str
    types: tuple[str, ...]
    format: str
    values: Row = ()
    rows: tuple[Row, ...] = ()
    default: Value | None = None
    labels: tuple[str, ...] = ()
    description: str = ""
    line: int = 0
    reserved: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def type(self) -> str:
        """Type of the values, of the first column for a table."""
        return self.types[0]

    @property
    def is_input(self) -> bool:
        """Whether the model is given it: usage In or InOut."""
        return self.usage in ("in", "inout")

    def standard_value(self, corner: str = "typ") -> Value | None:
        """What holds when the user says nothing: the corner's value, the default, the format's first; None for a table."""
        # corners are typical, slow, fast, in this order
        if self.format == "corner" and len(self.values) == 3:
            return self.values[CORNERS.index(corner)]
        if self.default is not None:
            return self.default
        return self.values[0] if self.values else None

    def choices(self) -> Row:
        """All allowed values where the format names them one by one: list, increment, steps, boolean, corner; else ()."""
        if self.format in ("list", "corner"):
            return self.values
        if self.type == "boolean":
            return (False, True)
        if self.format == "value":
            return self.values
        if self.format in ("increment", "steps") and len(self.values) == 4:
            _, low, high, last = (float(value) for value in self.values)
            # an increment tells the step, steps their number
            count = round((high - low) / last) if self.format == "increment" else round(last)
            grid = [low + (high - low) * index / count for index in range(count + 1)] if count > 0 else [low]
            if self.format == "increment":
                # up to the last step inside of the range, rounding allowed for
                grid = [low + last * index for index in range(math.floor((high - low) / last * (1 + 1e-12)) + 1)]
            return tuple(round(value) if self.type == "integer" else value for value in grid)
        return ()

    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest value of a range; None for other formats."""
        if self.format == "range" and len(self.values) == 3:
            return float(self.values[1]), float(self.values[2])
        return None

    def convert(self, value: Value | str, source: str) -> Value:
        """`value` in the parameter's type and inside its range or list; `AmiError` names file, line and parameter."""
        where = f"{source} line {self.line}: {self.path}"
        if self.format == "table":
            raise AmiError(f"{where} must keep the table of its file, got {value!r}. Change the file.")
        try:
            result = literal(str(value), self.type) if isinstance(value, str) else _cast(value, self.type)
        except ValueError:
            # what may be written there: labels first, for users see these
            shown = f"{', '.join(map(str, self.labels))}" if self.labels else self._allowed()
            label = self._labelled(value)
            if label is None:
                raise AmiError(f"{where} must be {_named(self.type)}, got {value!r}. Give {shown}.") from None
            result = label
        # a label may look like a number of the type
        label = self._labelled(value)
        if label is not None and not self._holds(result):
            result = label
        if not self._holds(result):
            raise AmiError(f"{where} must be {self._allowed()}, got {value!r}. Give one of these.")
        return result

    def _labelled(self, value: Value | str) -> Value | None:
        """The value of a list that carries the label `value`."""
        if self.format == "list" and isinstance(value, str) and value in self.labels:
            place = self.labels.index(value)
            return self.values[place] if place < len(self.values) else None
        return None

    def _holds(self, value: Value) -> bool:
        bounds = self.bounds()
        if bounds is not None and not isinstance(value, str):
            return _between(value, *bounds)
        if self.format == "increment" and len(self.values) == 4 and not isinstance(value, str):
            return _between(value, float(self.values[1]), float(self.values[2]))
        # without choices anything of the type holds
        choices = self.choices()
        if not choices or self.format == "corner":
            return True
        if self.format == "value":
            # a single value of usage In is what the maker recommends, not the only one
            return True
        return any(_same(value, one) for one in choices)

    def _allowed(self) -> str:
        bounds = self.bounds()
        if bounds is not None:
            return f"between {bounds[0]:g} and {bounds[1]:g}"
        if self.format == "increment" and len(self.values) == 4:
            return f"between {self.values[1]} and {self.values[2]}"
        choices = self.choices()
        if choices and self.format != "value":
            return f"one of {', '.join(map(str, choices))}"
        return _named(self.type)


def _between(value: float, low: float, high: float) -> bool:
    """Whether a value lies in a range, rounding of its ends allowed for."""
    slack = 1e-12 * max(abs(low), abs(high))
    return low - slack <= value <= high + slack


def _same(one: Value, two: Value) -> bool:
    if isinstance(one, str) or isinstance(two, str):
        return one == two
    # numbers of files have few digits
    return math.isclose(one, two, rel_tol=1e-9, abs_tol=0.0)


def _named(kind: str) -> str:
    return {
        "boolean": "True or False",
        "integer": "a whole number",
        "string": "text",
        "ui": "a number of UI",
    }.get(kind, "a number")


def _cast(value: Value, kind: str) -> Value:
    if kind == "string":
        return str(value)
    if kind == "boolean":
        if isinstance(value, bool) or value in (0, 1):
            return bool(value)
        raise ValueError(value)
    # True is 1 for Python, and no number of a model
    if isinstance(value, bool):
        raise ValueError(value)
    if kind == "integer":
        # 3.0 is whole, 3.5 is not
        if int(value) != value:
            raise ValueError(value)
        return int(value)
    return float(value)


def literal(text: str, kind: str, notes: list[str] | None = None) -> Value:
    """`text` as a value of type `kind`; a scale factor such as the p of 10p goes into `notes`. `ValueError` where it is none."""
    if kind == "string":
        return text
    if kind == "boolean":
        lowered = text.lower()
        if lowered in ("true", "1"):
            return True
        if lowered in ("false", "0"):
            return False
        raise ValueError(text)
    # vendors write 10p, which the specification does not allow: read, and noted
    scaled = _SCALED.fullmatch(text)
    if scaled is not None:
        number = float(scaled[1]) * SCALES[scaled[2]]
        if notes is not None:
            notes.append(f"{text} is read as {number:g}; numbers of .ami files have no scale factors")
    else:
        number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    if kind == "integer":
        if number != int(number):
            raise ValueError(text)
        return int(number)
    return number


def parse_parameter(branch: Branch, path: str, source: str, *, reserved: bool) -> Parameter:
    """The parameter that a branch with a Usage leaf declares; `AmiError` names file, line and parameter."""
    where = f"{source} line {branch.line}: {path}"
    notes: list[str] = []
    usage = _word(branch, "usage", USAGES, where)
    types = _types(branch, where)
    form, items = _format(branch, where)
    rows: tuple[Row, ...] = ()
    values: Row = ()
    labels = branch.find("labels") or branch.find("list_tip")
    if form == "table":
        rows, table_labels = _table(items, types, where, notes)
    else:
        atoms = [item for item in items if isinstance(item, Atom)]
        values = tuple(_read(atom, types[0], where, notes) for atom in atoms)
        table_labels = ()
        wanted = COUNTS.get(form)
        if wanted is not None and len(values) != wanted:
            raise AmiError(
                f"{where} must have {wanted} values in its {form.title()}, got {len(values)}. Give all of them."
            )
    default = branch.find("default")
    description = branch.find("description")
    if default is not None and len(default.atoms) != 1:
        raise AmiError(f"{where} must have one Default, got {len(default.atoms)} values. Give one.")
    result = Parameter(
        path=path,
        usage=usage,
        types=types,
        format=form,
        values=values,
        rows=rows,
        default=None if default is None else _read(default.atoms[0], types[0], where, notes),
        labels=table_labels or tuple(atom.text for atom in labels.atoms) if labels else table_labels,
        description=" ".join(atom.text for atom in description.atoms) if description else "",
        line=branch.line,
        reserved=reserved,
        notes=tuple(notes),
    )
    _check_order(result, where)
    return result


def _word(branch: Branch, leaf: str, allowed: Sequence[str], where: str) -> str:
    found = branch.find(leaf)
    text = "" if found is None or not found.atoms else found.atoms[0].text
    if text.lower() not in allowed:
        raise AmiError(f"{where} must have a {leaf.title()} of {', '.join(allowed)}, got {text!r}. Correct the file.")
    return text.lower()


def _types(branch: Branch, where: str) -> tuple[str, ...]:
    found = branch.find("type")
    types = tuple(atom.text.lower() for atom in found.atoms) if found is not None else ()
    if not types or not set(types) <= set(TYPES):
        raise AmiError(f"{where} must have a Type of {', '.join(TYPES)}, got {' '.join(types)!r}. Correct the file.")
    return types


def _format(branch: Branch, where: str) -> tuple[str, tuple[Atom | Branch, ...]]:
    """Format and what stands behind it, in either spelling: (Format Range 0 0 1) or (Range 0 0 1)."""
    explicit = branch.find("format")
    if explicit is not None and explicit.items:
        # (Format (Range …)) is written as well
        first = explicit.items[0]
        if isinstance(first, Branch):
            form, items = first.name.lower(), first.items
        else:
            form, items = first.text.lower(), explicit.items[1:]
        if form not in FORMATS:
            raise AmiError(f"{where} must have a Format of {', '.join(FORMATS)}, got {form!r}. Correct the file.")
        return form, items
    for one in branch.branches:
        if one.name.lower() in FORMATS:
            return one.name.lower(), one.items
    return "value", ()


def _table(
    items: Sequence[Atom | Branch], types: tuple[str, ...], where: str, notes: list[str]
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows of a table and its column labels. A row's first word is the name of its branch in the tree."""
    rows: list[Row] = []
    labels: tuple[str, ...] = ()
    for item in items:
        if isinstance(item, Atom):
            raise AmiError(f"{where} must have its table's rows in brackets, got {item.text!r} in line {item.line}.")
        # a row's first word stands where a branch has its name
        cells = ([Atom(item.name, item.line)] if item.name else []) + list(item.atoms)
        if item.name.lower() == "labels":
            labels = tuple(cell.text for cell in item.atoms)
            continue
        # one type for all columns, or one for each
        kinds = types if len(types) == len(cells) else (types[0],) * len(cells)
        rows.append(tuple(_read(cell, kind, where, notes) for cell, kind in zip(cells, kinds, strict=True)))
    if rows and len({len(row) for row in rows}) > 1:
        raise AmiError(f"{where} must have rows of one length in its table, got {sorted({len(row) for row in rows})}.")
    return tuple(rows), labels


def _read(atom: Atom, kind: str, where: str, notes: list[str]) -> Value:
    try:
        return literal(atom.text, kind, notes)
    except ValueError:
        raise AmiError(
            f"{where} must have values of type {kind.title()}, got {atom.text!r} in line {atom.line}. Correct the file."
        ) from None


def _check_order(parameter: Parameter, where: str) -> None:
    values = parameter.values
    if parameter.format in ("range", "increment", "steps"):
        typical, low, high = (float(value) for value in values[:3])
        if not low <= typical <= high:
            raise AmiError(
                f"{where} must list typical, lowest and highest value in this order, got {typical:g} {low:g} {high:g}."
            )
    if parameter.format == "increment" and not float(values[3]) > 0:
        raise AmiError(f"{where} must have a positive increment, got {values[3]}. Correct the file.")
