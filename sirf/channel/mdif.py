"""MDIF of S-parameters: tables between BEGIN and END, one for each value of the variables above it.

Measurement Data Interchange Format in the form that circuit simulators write for network parameters (ACDATA and the like).
scikit-rf is the oracle in the tests.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np

from sirf._arrays import Float
from sirf.channel.file_text import FileText
from sirf.channel.network_file import RawNetwork
from sirf.channel.touchstone_header import UNIT_HZ

_NAME = re.compile(r"([SYZN])(?:\[(\d+),(\d+)\]|(\d+)_(\d+)|(\d)(\d)|\d{3,6}|)([XYRI]?)", re.IGNORECASE)
"""Head of an entry: S[1,2], S1_2, S12 or n12x; longer numbers without a mark between are taken in their order."""
_TYPE = re.compile(r"\(([^)]*)\)")


@dataclass(slots=True)
class _Block:
    """One table: the line of its BEGIN, the variables above it, its option line, its column heads and its words."""

    line: int
    variables: dict[str, str]
    option: list[str] | None = None
    heads: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    word_lines: list[int] = field(default_factory=list)


def read_mdif(text: FileText, *, block: int | None = None) -> RawNetwork:
    """The S-, Y- or Z-parameters of a table; `block` chooses it, from 1, where there are several.

    Raises `TouchstoneError`, naming file and line, for what is no such table, is not whole, or one of several unchosen.
    """
    blocks = _blocks(text)
    if not blocks:
        text.fail(
            1, "MDIF file must have a table of network parameters between BEGIN and END, got none. Export it again."
        )
    if block is None and len(blocks) > 1:
        names = ", ".join(f"{name}={value}" for name, value in list(blocks[0].variables.items())[:4])
        first = f" (the first with {names})" if names else ""
        text.fail(
            blocks[0].line, f"block must be given, got {len(blocks)} tables in the file{first}. Choose one: --block 1."
        )
    number = 1 if block is None else block
    if not 1 <= number <= len(blocks):
        text.fail(blocks[0].line, f"block must be 1 to {len(blocks)}, got {block}. Count from 1.")
    return _network(text, blocks[number - 1], len(blocks), number)


def _blocks(text: FileText) -> list[_Block]:
    blocks: list[_Block] = []
    variables: dict[str, str] = {}
    current: _Block | None = None
    skipped, in_heads = False, False
    for number, raw in enumerate(text.lines(), start=1):
        # an exclamation mark begins a comment, as in Touchstone
        line = raw.partition("!")[0].strip()
        if not line:
            continue
        upper = line.upper()
        # outside of a table: a variable belongs to the next BEGIN, and ends with it
        if upper.startswith("VAR ") and current is None:
            name, _, value = line[4:].partition("=")
            variables[_TYPE.sub("", name).strip()] = value.strip().strip('"')
        elif upper.startswith("BEGIN"):
            if current is not None:
                text.fail(number, "BEGIN must follow END, got a table inside a table. Repair the file.")
            # noise tables stand between the same words and hold no network
            skipped = "NDATA" in upper
            current, variables = _Block(number, variables), {}
        elif upper == "END" or upper.startswith("END "):
            if current is not None and not skipped and current.words:
                blocks.append(current)
            current = None
        elif current is None or skipped:
            continue
        elif line[0] == "#":
            # parentheses only group the options
            current.option, in_heads = line[1:].replace("(", " ").replace(")", " ").upper().split(), False
        elif line[0] == "%":
            current.heads += line[1:].split()
            in_heads = True
        elif in_heads and _NAME.fullmatch(_TYPE.sub("", line.split()[0])):
            current.heads += line.split()  # heads go on without a mark
        elif upper.startswith("VAR "):
            name, _, value = line[4:].partition("=")
            current.variables[_TYPE.sub("", name).strip()] = value.strip().strip('"')
        else:
            in_heads = False
            words = line.split()
            # words, not lines: a record may break anywhere, as in Touchstone
            current.words += words
            # kept so that an error in the flat list of numbers can name its line
            current.word_lines += [number] * len(words)
    if current is not None:
        text.fail(current.line, "table must be closed by END, got none. The file is cut short; export it again.")
    return blocks


@dataclass(frozen=True, slots=True)
class _Layout:
    """Columns of a record: its `size`, and for each entry (out, in) the column of its first number and that of its second."""

    parameter: str
    ports: int
    size: int
    columns: dict[tuple[int, int], tuple[int, int]]


def _network(text: FileText, block: _Block, count: int, number: int) -> RawNetwork:
    unit, form, parameter, resistance = _option(text, block)
    layout = _layout(text, block, parameter)
    values = _numbers(text, block, decibels=form == "DB")
    # records have one length, and the last one ends where the table does
    if values.size % layout.size:
        text.fail(
            block.word_lines[-1],
            f"numbers of the table must be a multiple of {layout.size}, got {values.size}. The file is cut short or damaged.",
        )
    records = values.reshape(-1, layout.size)
    value = np.empty((len(records), layout.ports, layout.ports), dtype=np.complex128)
    for (out, into), (first, second) in layout.columns.items():
        a, b = records[:, first], records[:, second]
        # a damaged number of dB may overflow: the check below names the table, where a warning of NumPy would name
        # nothing
        with np.errstate(over="ignore", invalid="ignore"):
            size = 10.0 ** (a / 20.0) if form == "DB" else a
            value[:, out - 1, into - 1] = a + 1j * b if form == "RI" else size * np.exp(1j * np.deg2rad(b))
    if not np.all(np.isfinite(value)) or not np.all(np.isfinite(records[:, 0])) or records[:, 0].min() < 0:
        text.fail(block.line, "values of the table must be finite and frequencies not negative. Repair it.")
    # only a table with an option line is relative to R; without one its numbers are in ohm and siemens
    if layout.parameter == "Z" and block.option is not None and parameter == "Z":
        value = value * resistance  # as in Touchstone 1, relative to R
    if layout.parameter == "Y" and block.option is not None and parameter == "Y":
        value = value / resistance
    notes = () if count == 1 else (f"table {number} of {count} was taken.",)
    return RawNetwork(
        text=text,
        version="MDIF",
        frequency=records[:, 0] * unit,
        value=value,
        parameter=layout.parameter,
        references=np.full((1, layout.ports), resistance, dtype=np.complex128),
        notes=notes,
    )


def _option(text: FileText, block: _Block) -> tuple[float, str, str, float]:
    """Unit in Hz, format, parameter and resistance of the line that begins with #; Hz, RI, S and 50 ohm without one.

    A line that leaves something out means what it means in Touchstone: GHz, MA.
    """
    if block.option is None:
        return _unit_of_head(block), "RI", "S", 50.0
    unit = next((UNIT_HZ[word] for word in block.option if word in UNIT_HZ), 1e9)
    form = next((word for word in block.option if word in ("RI", "MA", "DB")), "MA")
    parameter = next((word for word in block.option if word in ("S", "Y", "Z")), "S")
    resistance = 50.0
    for place, word in enumerate(block.option):
        # glued to its number (R50) or with a blank in between
        given = word[1:] or (block.option[place + 1] if place + 1 < len(block.option) else "")
        if word[:1] == "R" and word != "RI":
            try:
                resistance = float(given)
            except ValueError:
                resistance = math.nan
            if not (math.isfinite(resistance) and resistance > 0):
                text.fail(
                    block.line, f"R must be a positive resistance in ohm, got {given[:40]!r}. Repair the option line."
                )
    return unit, form, parameter, resistance


def _unit_of_head(block: _Block) -> float:
    """Unit in a head such as Freq(GHz)."""
    found = _TYPE.search(block.heads[0]) if block.heads else None
    return UNIT_HZ.get(found.group(1).upper(), 1.0) if found else 1.0


def _layout(text: FileText, block: _Block, parameter: str) -> _Layout:
    """Columns by their heads: S[1,1](complex) is two numbers, n11x and n11y are one each; without heads as in Touchstone."""
    if not block.heads:
        return _layout_without_heads(text, block, parameter)
    columns: list[tuple[tuple[int, int] | None, int]] = []
    place, found = 1, parameter
    for head in block.heads[1:]:
        kind = match_type.group(1).lower() if (match_type := _TYPE.search(head)) else ""
        # the type in parentheses is no part of the name
        match = _NAME.fullmatch(_TYPE.sub("", head))
        # n11x and n11y are the two halves of one entry, each a column of its own
        half = match is not None and bool(match.group(8))
        # a column without a type, or a complex one, takes two numbers of the record
        wide = 1 if half or kind in ("real", "0", "1", "int", "integer", "double") else 2
        if match is not None:
            found = match.group(1).upper() if match.group(1).upper() != "N" else found
            # N, as in n11x, is any network parameter: the option line says which
            numbers = [int(group) for group in match.groups()[1:7] if group]
            entry = (numbers[0], numbers[1]) if numbers else (1, 1) if not any(map(str.isdigit, head)) else None
            # S alone is the one entry of a one-port; more digits without a mark cannot be split (S111: 1,11 or 11,1)
            columns += [(entry, column) for column in range(place, place + wide)]
        place += wide
    ports = math.isqrt(len(columns) // 2)
    # two numbers an entry, and a square of entries
    entries = [(out, into) for out in range(1, ports + 1) for into in range(1, ports + 1)]
    if any(entry is None for entry, _ in columns):
        # the order of the heads decides where their digits do not
        columns = [(entry, column) for entry, (_, column) in zip(np.repeat(entries, 2, axis=0), columns, strict=False)]
    named: dict[tuple[int, int], list[int]] = {}
    for entry, column in columns:
        if entry is not None:
            named.setdefault((int(entry[0]), int(entry[1])), []).append(column)
    if not ports or sorted(named) != entries or any(len(pair) != 2 for pair in named.values()):
        text.fail(
            block.line,
            f"heads must name two numbers for each entry of a matrix, got {' '.join(block.heads)[:60]!r}. Export all "
            "S-parameters as complex values.",
        )
    return _Layout(found, ports, place, {entry: (pair[0], pair[1]) for entry, pair in named.items()})


def _layout_without_heads(text: FileText, block: _Block, parameter: str) -> _Layout:
    # without heads a line is a record
    size = block.word_lines.count(block.word_lines[0])
    ports = math.isqrt(size // 2)
    if size != 1 + 2 * ports**2:
        text.fail(
            block.word_lines[0], f"table must have heads (% F S[1,1] …) or one frequency a line, got {size} numbers."
        )
    entries = [(out, into) for out in range(1, ports + 1) for into in range(1, ports + 1)]
    # Touchstone's exception: two-ports go column by column
    if ports == 2:
        entries = [(1, 1), (2, 1), (1, 2), (2, 2)]
    return _Layout(parameter, ports, size, {entry: (2 * k + 1, 2 * k + 2) for k, entry in enumerate(entries)})


def _numbers(text: FileText, block: _Block, *, decibels: bool) -> Float:
    values = np.empty(len(block.words))
    for index, word in enumerate(block.words):
        try:
            values[index] = float(word)
        except ValueError:
            text.fail(block.word_lines[index], f"value must be a number, got {word[:40]!r}. Repair the line.")
    # minus infinity in dB is an entry of zero, which writers of ideal networks produce
    finite = np.isfinite(values) | (np.isneginf(values) & decibels)
    if not finite.all():
        index = int(np.argmin(finite))
        text.fail(block.word_lines[index], f"value must be finite, got {block.words[index][:40]}. Repair that point.")
    return values
