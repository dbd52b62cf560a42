"""The head of a Touchstone file: option line of version 1, keywords of version 2.

Touchstone File Format Specification, versions 1.1, 2.0 and 2.1 (IBIS Open Forum).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from sirf.channel.file_text import FileText, TextBlock

UNIT_HZ = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
LAYOUTS = ("RI", "MA", "DB")
PARAMETERS = ("S", "Y", "Z", "G", "H")
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
_SUFFIX = re.compile(r"\.[syzgh](\d{1,9})p", re.IGNORECASE)
_ODD_SUFFIX = re.compile(r"\.s[^a-z]*p", re.IGNORECASE)
_KEYWORD = re.compile(r"\[([^\]]*)\](.*)")
_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_OHM = re.compile(r"(?<![\w.])((?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d+)?)\s*OHMS?\b", re.IGNORECASE)
# an imaginary part of zero in any spelling
_REAL_PAIR = re.compile(r"\(\s*([^\s,()]+)\s*,\s*[+-]?0*\.?0*\s*\)")
# glued, or with an equals sign
_GLUED_R = re.compile(r"(?<!\S)R=?\s*(?=[\d.(+-])(\S)")
_OPTION_KINDS = (
    dict.fromkeys(UNIT_HZ, "unit") | dict.fromkeys(LAYOUTS, "format") | dict.fromkeys(PARAMETERS, "parameter")
)
_MAX_COMMENTS = 1_000_000


@dataclass(slots=True)
class TouchstoneHeader:
    """What stands before the numbers. `keywords` holds the line and the text of each keyword of version 2.

    `resistances` are those of the option line, `states_resistance` whether it has any, and `bare_resistance_line` the line
    of an R without a number. `comments` are those before the first number.
    """

    hertz: float = 1e9
    layout: str = "MA"
    parameter: str = "S"
    resistances: tuple[float, ...] = (50.0,)
    states_resistance: bool = False
    bare_resistance_line: int | None = None
    option_line: int | None = None
    keywords: dict[str, tuple[int, str]] = field(default_factory=dict)
    first_data_line: int = 0
    has_noise: bool = False
    comments: str = ""

    @property
    def version(self) -> str:
        """Version that the file claims; files without keywords are of version 1."""
        return self.keywords["version"][1] if "version" in self.keywords else "1"

    @property
    def is_version_2(self) -> bool:
        """Whether the keywords of version 2 hold."""
        return self.version.startswith("2")


def suffix_ports(text: FileText) -> int | None:
    """Number of ports that the name of the file gives, None where it gives none."""
    suffix = text.suffix
    match = _SUFFIX.fullmatch(suffix)
    if match is None and not _ODD_SUFFIX.fullmatch(suffix):
        return None
    if match is None or int(match.group(1)) == 0:
        text.fail(None, f"suffix must be .sNp with a positive number of ports N, got {suffix!r}. Rename the file.")
    return int(match.group(1))


def positive_integer(text: FileText, header: TouchstoneHeader, keyword: str) -> int | None:
    """Value of a keyword that counts something; None where the file does not have it."""
    if keyword not in header.keywords:
        return None
    line, value = header.keywords[keyword]
    # twelve digits at most: a longer number is damage, not a count
    if not re.fullmatch(r"\d{1,12}", value) or int(value) == 0:
        text.fail(line, f"[{KEYWORDS[keyword]}] must be a positive integer, got {value[:40]!r}. Repair the line.")
    return int(value)


def choice(text: FileText, header: TouchstoneHeader, keyword: str, allowed: tuple[str, ...], default: str) -> str:
    """Value, in lower case, of a keyword with few allowed values."""
    line, value = header.keywords.get(keyword, (None, default))
    # without regard to case: writers differ
    if value.lower() not in tuple(item.lower() for item in allowed):
        listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        text.fail(line, f"[{KEYWORDS[keyword]}] must be {listed}, got {value[:40]!r}. Repair the line.")
    return value.lower()


def reference_resistances(text: FileText, header: TouchstoneHeader, ports: int) -> tuple[float, ...]:
    """Reference resistance in ohm of every port: [Reference], else the option line."""
    values, line = header.resistances, header.option_line
    if "reference" in header.keywords:
        line, value = header.keywords["reference"]
        values, rest = _resistances(value.split())
        if rest:
            text.fail(line, f"[Reference] must be resistances in ohm, got {rest[0][:40]!r}. Repair the line.")
        if not values:
            _fail_without_resistance(text, line)
    if len(values) == 1:
        return values * ports
    if len(values) != ports:
        text.fail(line, f"reference resistances must be {ports}, one a port, got {len(values)}. Repair the line.")
    return values


class HeaderScan:
    """Reads the head of a file and tells what is network data, block by block."""

    def __init__(self, text: FileText) -> None:
        self.text = text
        self.header = TouchstoneHeader()
        self.section = "header"
        self.section_line = 0
        self.pending = ""

    def take(self, block: TextBlock) -> str:
        """The lines of the next block with everything blanked out that is not network data.

        Raises `TouchstoneError` for a wrong option line, and for keywords that are unknown, repeated, open or out of place.
        """
        bare = block.without_comments()
        self.text.check_ascii(block, bare)
        # the bulk of a file: nothing to look for in it, and no line is split off
        if self.section == "network" and "[" not in bare and "#" not in bare:
            return bare
        if self.section == "header" and "!" in block.raw:
            self._collect_comments(block)
        lines = bare.split("\n")
        for index, line in enumerate(lines):
            if self.section == "network" and "[" not in line and "#" not in line:
                # a line of numbers inside of a block that has a keyword somewhere
                continue
            stripped = line.strip()
            if stripped and not self._keep(block.first_line + index, stripped):
                # blank and not gone: line numbers stay
                lines[index] = ""
        return "\n".join(lines)

    def finish(self) -> TouchstoneHeader:
        """The head, when the file has ended."""
        if self.section == "information":
            self.text.fail(self.section_line, "[Begin Information] must be closed by [End Information]. Add that line.")
        if self.header.option_line is None:
            self._fail_without_option(1)
        return self.header

    def _collect_comments(self, block: TextBlock) -> None:
        """Comments up to the first line that holds a number and nothing else that belongs to the head."""
        found = []
        for line in block.raw.split("\n"):
            start, _, comment = line.partition("!")
            found.append(comment)
            # long lines are network data; a look at their start is enough
            if start[:80].strip()[:1] in tuple("0123456789.-+") and self.pending != "reference":
                break
        # at most a megabyte: a comment may be the whole of a file that somebody else wrote
        self.header.comments = (self.header.comments + "\n".join(found))[:_MAX_COMMENTS]

    def _keep(self, number: int, line: str) -> bool:
        """Whether the line is network data."""
        # [Begin Information] may hold anything, even lines that look like options
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
        # values of [Reference] may go on over several lines
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
        # writers glue R to its number (R50, R=50)
        tokens, seen = _GLUED_R.sub(r"R \1", line.upper()).split(), set[str]()
        while tokens:
            token = tokens.pop(0)
            kind = _OPTION_KINDS.get(token, token)
            if kind in seen:
                self.text.fail(number, f"option line must give each option once, got a second {kind}. Repair the line.")
            seen.add(kind)
            if kind == "unit":
                self.header.hertz = UNIT_HZ[token]
            elif kind == "format":
                self.header.layout = token
            elif token == "R":
                tokens = self._take_resistances(number, tokens)
            elif kind == "parameter":
                self.header.parameter = token
            else:
                self.text.fail(
                    number,
                    f"option must be a unit, S, RI, MA, DB or R, got {token[:40]!r}. "
                    "Write for example '# GHz S RI R 50'.",
                )

    def _take_resistances(self, number: int, tokens: list[str]) -> list[str]:
        """Take the numbers behind R, and return the rest."""
        values, rest = _resistances(tokens)
        if values:
            self.header.resistances, self.header.states_resistance = values, True
        elif not rest or rest[0] in _OPTION_KINDS:
            self.header.bare_resistance_line = number  # scikit-rf writes so where comments hold the impedances
        else:
            _fail_without_resistance(self.text, number, rest[0])
        return rest

    def _take_keyword(self, number: int, line: str) -> None:
        match = _KEYWORD.match(line)
        if match is None:
            self.text.fail(number, f"keyword must be closed by ']', got {line[:40]!r}. Repair the line.")
        name, value = " ".join(match.group(1).lower().split()), match.group(2).strip()
        name = "two-port data order" if name == "two-port order" else name
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
        # only these two may follow the network data
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


def fail_without_impedance(text: FileText, header: TouchstoneHeader) -> None:
    """Raise `TouchstoneError` where the option line ends in R and nothing else tells the reference."""
    if header.bare_resistance_line is not None:
        _fail_without_resistance(text, header.bare_resistance_line)


def _fail_without_resistance(text: FileText, line: int, got: str = "nothing") -> NoReturn:
    text.fail(
        line,
        f"R must be followed by a positive resistance in ohm, got {got[:40]}. Write for example 'R 50', or give the "
        "reference (--z0 50).",
    )


def _resistances(tokens: list[str]) -> tuple[tuple[float, ...], list[str]]:
    """Positive resistances in ohm at the start of `tokens`, and the rest; none where one is not positive.

    "50", "50 OHM", "50OHM" and the real "(50,0)" that some programs write are one number.
    """
    # before the unit: "(50,0) OHM" is one number
    text = _REAL_PAIR.sub(r" \1 ", " ".join(tokens))
    tokens = _OHM.sub(r"\1 ", text).split()
    count = 0
    while count < len(tokens) and _NUMBER.fullmatch(tokens[count]):
        count += 1
    values = tuple(float(token) for token in tokens[:count])
    if not all(math.isfinite(value) and value > 0 for value in values):
        return (), tokens
    return values, tokens[count:]
