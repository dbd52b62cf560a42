"""The head of a Touchstone file: option line of version 1, keywords of version 2.

Touchstone File Format Specification, versions 1.1, 2.0 and 2.1 (IBIS Open Forum).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from sirf.channel.touchstone_text import TouchstoneText

UNIT_HZ = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
LAYOUTS = ("RI", "MA", "DB")
VERSIONS = ("1.0", "1.1", "2.0", "2.1")
KEYWORDS = {
    "version": "Version",
    "number of ports": "Number of Ports",
    "two-port data order": "Two-Port Data Order",
    "number of frequencies": "Number of Frequencies",
    "number of noise frequencies": "Number of Noise Frequencies",
    "reference": "Reference",
    "matrix format": "Matrix Format",
    "mixed-mode order": "Mixed-Mode Order",
    "begin information": "Begin Information",
    "end information": "End Information",
    "network data": "Network Data",
    "noise data": "Noise Data",
    "end": "End",
}
_SUFFIX = re.compile(r"\.s(\d{1,9})p", re.IGNORECASE)
_ODD_SUFFIX = re.compile(r"\.s[^a-z]*p", re.IGNORECASE)
_KEYWORD = re.compile(r"\[([^\]]*)\](.*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(slots=True)
class Header:
    """What stands before the numbers. `keywords` holds the line and the text of each keyword of version 2."""

    hertz: float = 1e9
    layout: str = "MA"
    resistances: tuple[float, ...] = (50.0,)
    option_line: int | None = None
    keywords: dict[str, tuple[int, str]] = field(default_factory=dict)
    first_data_line: int = 0
    has_noise: bool = False

    @property
    def version(self) -> str:
        """Version that the file claims; files without keywords are of version 1."""
        return self.keywords["version"][1] if "version" in self.keywords else "1"


def take_header(text: TouchstoneText) -> Header:
    """Read the head of `text` and blank out in `text.lines` whatever is not network data.

    Raises `TouchstoneError` for a missing or wrong option line, and for keywords that are unknown, repeated, open or out of
    place.
    """
    head = _HeaderScan(text)
    head.scan()
    return head.header


def suffix_ports(text: TouchstoneText) -> int | None:
    """Number of ports that the name of the file gives, None where it gives none."""
    suffix = text.path.suffix
    match = _SUFFIX.fullmatch(suffix)
    if match is None and not _ODD_SUFFIX.fullmatch(suffix):
        return None
    if match is None or int(match.group(1)) == 0:
        text.fail(None, f"suffix must be .sNp with a positive number of ports N, got {suffix!r}. Rename the file.")
    return int(match.group(1))


def positive_integer(text: TouchstoneText, header: Header, keyword: str) -> int | None:
    """Value of a keyword that counts something; None where the file does not have it."""
    if keyword not in header.keywords:
        return None
    line, value = header.keywords[keyword]
    if not re.fullmatch(r"\d{1,12}", value) or int(value) == 0:
        text.fail(line, f"[{KEYWORDS[keyword]}] must be a positive integer, got {value[:40]!r}. Repair the line.")
    return int(value)


def choice(text: TouchstoneText, header: Header, keyword: str, allowed: tuple[str, ...], default: str) -> str:
    """Value, in lower case, of a keyword with few allowed values."""
    line, value = header.keywords.get(keyword, (None, default))
    if value.lower() not in tuple(item.lower() for item in allowed):
        listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        text.fail(line, f"[{KEYWORDS[keyword]}] must be {listed}, got {value[:40]!r}. Repair the line.")
    return value.lower()


def reference_resistances(text: TouchstoneText, header: Header, ports: int) -> tuple[float, ...]:
    """Reference resistance in ohm of every port: [Reference], else the option line."""
    values, line = header.resistances, header.option_line
    if "reference" in header.keywords:
        line, value = header.keywords["reference"]
        values, rest = _resistances(text, line, value.split())
        if rest:
            text.fail(line, f"[Reference] must be resistances in ohm, got {rest[0][:40]!r}. Repair the line.")
    if len(values) == 1:
        return values * ports
    if len(values) != ports:
        text.fail(line, f"reference resistances must be {ports}, one a port, got {len(values)}. Repair the line.")
    return values


class _HeaderScan:
    """One pass over the lines of a file."""

    def __init__(self, text: TouchstoneText) -> None:
        self.text = text
        self.header = Header()
        self.section = "header"
        self.section_line = 0
        self.pending = ""

    def scan(self) -> None:
        lines = self.text.lines
        for index, line in enumerate(lines):
            if self.section == "network" and "[" not in line and "#" not in line:
                continue
            stripped = line.strip()
            if stripped and not self._keep(index + 1, stripped):
                lines[index] = ""
        if self.section == "information":
            self.text.fail(self.section_line, "[Begin Information] must be closed by [End Information]. Add that line.")
        if self.header.option_line is None:
            self._fail_without_option(1)

    def _keep(self, number: int, line: str) -> bool:
        """Whether the line is network data."""
        if self.section == "information" and "information" not in line.lower():
            return False
        if line[0] == "#":
            self._take_option(number, line[1:])
            return False
        if line[0] == "[":
            self._take_keyword(number, line)
            return False
        if self.section == "network":
            return True
        if self.section == "header":
            return self._begins_data(number, line)
        return False

    def _begins_data(self, number: int, line: str) -> bool:
        keywords = self.header.keywords
        if self.pending == "reference":
            keywords["reference"] = (keywords["reference"][0], f"{keywords['reference'][1]} {line}")
            return False
        if "version" in keywords and float(keywords["version"][1]) >= 2.0:
            self.text.fail(
                number,
                f"[Network Data] must come before the numbers, got {line[:40]!r}. Add the line '[Network Data]'.",
            )
        if self.header.option_line is None:
            self._fail_without_option(number)
        self._enter("network", number)
        return True

    def _fail_without_option(self, number: int) -> None:
        self.text.fail(
            number,
            "option line must be present, got no line that starts with '#' before the numbers. Give a Touchstone file, "
            "with a line such as '# GHz S RI R 50'.",
        )

    def _enter(self, section: str, number: int) -> None:
        if section == "network":
            self.header.first_data_line = number
        self.section, self.section_line = section, number

    def _take_option(self, number: int, line: str) -> None:
        if self.header.option_line is not None:
            return  # "only the first option line counts", says the specification
        if self.section != "header":
            self.text.fail(number, "option line must come before the numbers. Move it up.")
        self.header.option_line, self.pending = number, ""
        tokens, seen = line.upper().split(), set[str]()
        while tokens:
            token = tokens.pop(0)
            kind = "unit" if token in UNIT_HZ else "format" if token in LAYOUTS else token
            if kind in seen:
                self.text.fail(number, f"option line must give each option once, got a second {kind}. Repair the line.")
            seen.add(kind)
            if kind == "unit":
                self.header.hertz = UNIT_HZ[token]
            elif kind == "format":
                self.header.layout = token
            elif token == "R":
                self.header.resistances, tokens = _resistances(self.text, number, tokens)
            elif token in ("Y", "Z", "G", "H"):
                self.text.fail(number, f"parameter must be S, got {token}. Convert the file to S-parameters.")
            elif token != "S":
                self.text.fail(
                    number,
                    f"option must be a unit, S, RI, MA, DB or R, got {token[:40]!r}. "
                    "Write for example '# GHz S RI R 50'.",
                )

    def _take_keyword(self, number: int, line: str) -> None:
        match = _KEYWORD.match(line)
        if match is None:
            self.text.fail(number, f"keyword must be closed by ']', got {line[:40]!r}. Repair the line.")
        name, value = " ".join(match.group(1).lower().split()), match.group(2).strip()
        if self.section == "information":
            if name == "end information":
                self._enter("header", number)
            return
        if name not in KEYWORDS:
            self.text.fail(
                number, f"keyword must be one of {', '.join(KEYWORDS.values())}, got {line[:40]!r}. Repair the line."
            )
        self._check_place(number, name)
        self.header.keywords[name] = (number, value)
        self.pending = name
        self._apply(number, name, value)

    def _check_place(self, number: int, name: str) -> None:
        keywords, title = self.header.keywords, KEYWORDS[name]
        if name in keywords:
            self.text.fail(
                number, f"[{title}] must stand once, got a second one after line {keywords[name][0]}. Remove one."
            )
        if name != "version" and "version" not in keywords:
            self.text.fail(
                number, f"[{title}] must follow [Version], got none before. Begin the file with '[Version] 2.0'."
            )
        late = self.section != "header" and name not in ("noise data", "end")
        early = self.section == "header" and name in ("noise data", "end", "end information")
        if late or early:
            where = "before" if late else "after"
            self.text.fail(number, f"[{title}] must come {where} the network data. Move the line.")

    def _apply(self, number: int, name: str, value: str) -> None:
        if name == "version" and value not in VERSIONS:
            self.text.fail(number, f"[Version] must be one of {', '.join(VERSIONS)}, got {value[:40]!r}. Repair it.")
        if name == "network data":
            if self.header.option_line is None:
                self._fail_without_option(number)
            self._enter("network", number)
        elif name == "noise data":
            self.header.has_noise = True
            self._enter("noise", number)
        elif name == "end":
            self._enter("ended", number)
        elif name == "begin information":
            self._enter("information", number)


def _resistances(text: TouchstoneText, line: int | None, tokens: list[str]) -> tuple[tuple[float, ...], list[str]]:
    """Resistances in ohm at the start of `tokens`, and the rest."""
    count = 0
    while count < len(tokens) and _NUMBER.fullmatch(tokens[count]):
        count += 1
    values = tuple(float(token) for token in tokens[:count])
    if not values or not all(math.isfinite(value) and value > 0 for value in values):
        text.fail(
            line,
            f"R must be followed by a positive resistance in ohm, got {list(values) or 'nothing'}. "
            "Write for example 'R 50'.",
        )
    return values, tokens[count:]
