"""CITI files, the tables that network analysers of Hewlett-Packard and its successors write.

Common Instrumentation Transfer and Interchange, A.01.00 and A.01.01: a head of VAR and DATA lines, then one list for each.
scikit-rf is the oracle in the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.file_text import FileText
from sirf.channel.network_file import RawNetwork

MAX_STATES = 100_000
_ENTRY = re.compile(r"([SYZ])(?:\[?(\d{1,4})[,_](\d{1,4})\]?|(\d)(\d))?", re.IGNORECASE)
_PORT_Z = re.compile(r"PORTZ\[?(\d{1,4})\]?", re.IGNORECASE)
_FORMATS = {"RI", "MAGANGLE", "DBANGLE", "MAG"}


@dataclass(slots=True)
class _Package:
    """One table: the counts of its VAR lines, the formats of its DATA lines, and the lists that follow."""

    line: int
    name: str = ""
    variables: dict[str, int] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    list_lines: dict[str, int] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)


def read_citi(text: FileText, *, block: int | None = None) -> RawNetwork:
    """The S-, Y- or Z-parameters of the file; `block` chooses the state, from 1, where other variables than frequency vary.

    Raises `TouchstoneError`, naming file and line, for what is not CITI, holds no whole matrix, or several states unchosen.
    """
    packages = [package for package in _packages(text) if any(_ENTRY.fullmatch(name) for name in package.formats)]
    if not packages:
        text.fail(1, "CITI file must hold S-, Y- or Z-parameters, got none. Export the S-parameters of the ports.")
    states = [(package, state) for package in packages for state in range(_states(text, package))]
    if block is None and len(states) > 1:
        text.fail(
            packages[0].line,
            f"block must be given, got {len(states)} states of {_described(packages)} in the file. Choose one: --block 1.",
        )
    number = 1 if block is None else block
    if not 1 <= number <= len(states):
        text.fail(packages[0].line, f"block must be 1 to {len(states)}, got {block}. Count from 1.")
    return _network(text, *states[number - 1])


def _packages(text: FileText) -> list[_Package]:
    packages: list[_Package] = []
    waiting_variables: list[str] = []
    waiting_data: list[str] = []
    current: tuple[str, str] | None = None
    for number, raw in enumerate(text.lines(), start=1):
        # remarks begin with an exclamation mark; lines with # belong to the instrument
        line = raw.partition("!")[0].strip()
        if not line or line[0] == "#":
            continue
        words = line.split()
        keyword = words[0].upper()
        if keyword == "CITIFILE":
            packages.append(_Package(number))
            waiting_variables, waiting_data, current = [], [], None
            continue
        if not packages:
            text.fail(number, f"file must begin with CITIFILE, got {line[:40]!r}. Give a CITI file.")
        package = packages[-1]
        # inside a list, until its own END
        if current is not None and keyword != current[1]:
            package.lists[current[0]].append(line)
        elif current is not None:
            current = None
        elif keyword == "NAME":
            package.name = line[4:].strip()
        elif keyword == "VAR":
            _declare_variable(text, package, number, words)
            waiting_variables.append(words[1].upper())
        elif keyword == "DATA":
            if len(words) != 3 or words[2].upper() not in _FORMATS:
                text.fail(number, f"DATA must name its format, RI, MAGANGLE or DBANGLE, got {line[:40]!r}. Repair it.")
            package.formats[words[1].upper()] = words[2].upper()
            waiting_data.append(words[1].upper())
        elif keyword == "CONSTANT" and len(words) == 3:
            package.constants[words[1].upper()] = words[2]
        elif keyword in ("VAR_LIST_BEGIN", "SEG_LIST_BEGIN", "BEGIN"):
            # lists come in the order of the lines that declare them
            waiting = waiting_data if keyword == "BEGIN" else waiting_variables
            if not waiting:
                text.fail(number, f"{keyword} must follow a line that declares it, got one too many. Repair the file.")
            name = waiting.pop(0)
            package.lists[name], package.list_lines[name] = ([keyword] if keyword == "SEG_LIST_BEGIN" else []), number
            current = (name, keyword.replace("BEGIN", "END"))
    return packages


def _declare_variable(text: FileText, package: _Package, number: int, words: list[str]) -> None:
    if len(words) < 3 or not re.fullmatch(r"\d{1,9}", words[-1]) or int(words[-1]) == 0:
        text.fail(number, f"VAR must have a name and a count, got {' '.join(words)[:40]!r}. Repair the line.")
    package.variables[words[1].upper()] = int(words[-1])


def _frequency_name(package: _Package) -> str | None:
    return next((name for name in package.variables if name.startswith("FREQ")), None)


def _states(text: FileText, package: _Package) -> int:
    name = _frequency_name(package)
    if name is None:
        text.fail(package.line, "CITI file must have a variable FREQ, got none. Export a frequency sweep.")
    count = 1
    for other, values in package.variables.items():
        # all values of the other variables, each with each
        count *= 1 if other == name else values
    if count > MAX_STATES:
        text.fail(package.line, f"states must be at most {MAX_STATES}, got {count}. Export fewer.")
    return count


def _network(text: FileText, package: _Package, state: int) -> RawNetwork:
    name = _frequency_name(package)
    assert name is not None
    frequency = _frequencies(text, package, name)
    entries: dict[tuple[int, int], Complex] = {}
    parameter = ""
    # a file may hold several kinds: S needs no conversion
    for kind in ("S", "Z", "Y"):
        found = {key: match for key in package.formats if (match := _ENTRY.fullmatch(key)) and key[0] == kind}
        if found:
            parameter = kind
            for key, match in found.items():
                out, into = match.group(2) or match.group(4) or "1", match.group(3) or match.group(5) or "1"
                entries[int(out), int(into)] = _column(text, package, key, name, state)
            break
    ports = max(max(entry) for entry in entries)
    if len(entries) != ports**2:
        text.fail(
            package.line,
            f"matrix must be whole, got {len(entries)} entries of {ports} x {ports}. Export all {parameter}-parameters.",
        )
    value = np.empty((frequency.size, ports, ports), dtype=np.complex128)
    for (out, into), column in entries.items():
        value[:, out - 1, into - 1] = column
    # without PORTZ the instrument's 50 ohm
    references = np.full((frequency.size, ports), 50.0, dtype=np.complex128)
    for key in package.formats:
        if (match := _PORT_Z.fullmatch(key)) and 1 <= int(match.group(1)) <= ports:
            references[:, int(match.group(1)) - 1] = _column(text, package, key, name, state)
    for key, word in package.constants.items():
        if (match := _PORT_Z.fullmatch(key)) and 1 <= int(match.group(1)) <= ports:
            references[:, int(match.group(1)) - 1] = _numbers(text, [word], package.line)[0]
    if not (np.all(np.isfinite(references)) and np.all(references != 0)):
        text.fail(package.line, "port impedances must be finite and not zero. Repair PORTZ.")
    version = "CITI"
    # one row says that impedances do not change over frequency
    if np.all(references == references[0]):
        references = references[:1]
    notes = (f"state {state + 1} of the file was taken.",) if _states(text, package) > 1 else ()
    return RawNetwork(
        text=text,
        version=version,
        frequency=frequency,
        value=value,
        parameter=parameter,
        references=references,
        notes=notes,
    )


def _frequencies(text: FileText, package: _Package, name: str) -> Float:
    count, line = package.variables[name], package.list_lines.get(name, package.line)
    words = package.lists.get(name)
    if words is None:
        text.fail(package.line, f"frequencies must be listed, got no VAR_LIST_BEGIN for {name}. Export the file again.")
    if words and words[0] == "SEG_LIST_BEGIN":
        parts = []
        for entry in words[1:]:
            fields = entry.split()
            if len(fields) != 4 or fields[0].upper() != "SEG" or not re.fullmatch(r"\d{1,9}", fields[3]):
                text.fail(line, f"segment must be 'SEG start stop points', got {entry[:40]!r}. Repair the line.")
            start, stop = _numbers(text, fields[1:3], line).tolist()
            if not 0 < int(fields[3]) <= count:
                text.fail(line, f"segment must have 1 to {count} points, got {fields[3]}. Repair the line.")
            parts.append(np.linspace(start, stop, int(fields[3])))
        frequency = np.concatenate(parts) if parts else np.empty(0)
    else:
        frequency = _numbers(text, words, line)
    if frequency.size != count:
        text.fail(line, f"frequencies must be {count} as VAR says, got {frequency.size}. Export the file again.")
    if frequency.min() < 0:
        text.fail(line, f"frequency must not be negative, got {frequency.min():g}. Repair that point.")
    return frequency


def _column(text: FileText, package: _Package, key: str, frequency_name: str, state: int) -> Complex:
    """Values (F,) of one DATA list in one state; the first variable of the head is the outermost loop."""
    counts = list(package.variables.values())
    line = package.list_lines.get(key, package.line)
    pairs = [part for entry in package.lists.get(key, []) for part in entry.replace(",", " ").split()]
    values = _numbers(text, pairs, line, decibels=package.formats[key] == "DBANGLE")
    width = 1 if package.formats[key] == "MAG" else 2
    expected = int(np.prod(counts))
    if values.size != width * expected:
        text.fail(
            line,
            f"list of {key} must have {width * expected} numbers, got {values.size}. The file is cut short or damaged.",
        )
    table = values.reshape(expected, width)
    # decibels of an absurd size overflow; the test below refuses them with the line
    with np.errstate(over="ignore", invalid="ignore"):
        if package.formats[key] == "RI":
            column = table[:, 0] + 1j * table[:, 1]
        elif package.formats[key] == "MAG":
            column = table[:, 0] + 0j
        else:
            size = table[:, 0] if package.formats[key] == "MAGANGLE" else 10.0 ** (table[:, 0] / 20.0)
            column = size * np.exp(1j * np.deg2rad(table[:, 1]))
    # the order of the VAR lines is that of the loops, the first outermost
    axis = list(package.variables).index(frequency_name)
    ordered = np.moveaxis(column.reshape(counts), axis, -1).reshape(-1, counts[axis])
    if not np.all(np.isfinite(ordered[state])):
        text.fail(line, f"values of {key} must be finite, got others. Repair that point.")
    return np.asarray(ordered[state], dtype=np.complex128)


def _numbers(text: FileText, words: list[str], line: int, *, decibels: bool = False) -> Float:
    try:
        values = np.array([float(word) for word in words], dtype=np.float64)
    except ValueError:
        wrong = next(word for word in words if not _is_number(word))
        text.fail(line, f"list that begins here must hold numbers, got {wrong[:40]!r}. Repair it.")
    # minus infinity dB is a magnitude of zero: a perfect match
    finite = np.isfinite(values) | (np.isneginf(values) & decibels)
    if not finite.all():
        text.fail(
            line, f"values of the list that begins here must be finite, got {words[int(np.argmin(finite))][:40]}."
        )
    return values


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _described(packages: list[_Package]) -> str:
    names = [name for name in packages[0].variables if not name.startswith("FREQ")]
    return ", ".join(names) if names else "the packages"
