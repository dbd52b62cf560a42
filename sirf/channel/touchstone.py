"""Touchstone files: our own reader, so that an error names the file and the line, and a small writer.

Versions 1.x and 2.x (Touchstone File Format Specification, IBIS Open Forum). scikit-rf is its oracle in the tests.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from sirf.channel.network import Network
from sirf.errors import TouchstoneError

Real = NDArray[np.float64]

_UNIT_HZ = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
_SUFFIX = re.compile(r"\.s(\d+)p", re.IGNORECASE)
_HUGE = 1e100
_TEXT_BYTES = b"\t\n\v\f\r" + bytes(range(0x20, 0x100))
_KEYWORD = re.compile(r"\[([^\]]+)\](.*)")


def read_touchstone(path: str | os.PathLike[str]) -> Network:
    """Network of a Touchstone file, `s[k, out, in]`, at the reference impedance that the file states.

    Version 1 (any order of the option line, RI, MA or DB, Hz to GHz, free line breaks, noise data ignored) and version 2
    (full, lower or upper matrices). Unequal port impedances of version 2 are renormalised to 50 ohm.

    Raises `TouchstoneError`, naming file and line, when the file is missing, empty, binary, cut short or not Touchstone,
    when a value is not a finite number, the frequencies do not ascend, or the number of ports is not that of the suffix.
    """
    path = Path(path)
    reader = _Reader(path, _clean_lines(path))
    return reader.network()


def write_touchstone(path: str | os.PathLike[str], network: Network, *, comment: str = "") -> None:
    """Write `network` as Touchstone 1 (Hz, real and imaginary parts, full precision); `comment` becomes `!` lines.

    Raises `TouchstoneError` unless the suffix of `path` is `.sNp` with the network's number of ports.
    """
    path, ports = Path(path), network.ports
    if (match := _SUFFIX.fullmatch(path.suffix)) is None or int(match.group(1)) != ports:
        raise TouchstoneError(
            f"{path}: suffix must be .s{ports}p for {ports} ports, got {path.suffix!r}. Rename the file."
        )
    matrices = network.s.swapaxes(1, 2) if ports == 2 else network.s
    flat = np.stack([matrices.real, matrices.imag], axis=-1).reshape(network.frequency.size, ports, 2 * ports)
    lines = [f"! {line}" for line in comment.splitlines()] + [f"# Hz S RI R {network.z0!r}"]
    for hertz, rows in zip(network.frequency.tolist(), flat.tolist(), strict=True):
        texts = [" ".join(map(repr, row)) for row in rows]
        lines.append(f"{hertz!r} " + (" ".join(texts) if ports == 2 else "\n ".join(texts)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass
class _Option:
    """What the option line says."""

    hertz: float = 1e9
    layout: str = "MA"
    resistances: tuple[float, ...] = (50.0,)


class _Reader:
    """One pass over the lines of a file: option line and keywords taken out, the rest is numbers."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.lines = lines
        self.option: _Option | None = None
        self.keywords: dict[str, tuple[int, str]] = {}
        self._take_header()

    def fail(self, line: int | None, message: str) -> NoReturn:
        where = f"{self.path}, line {line}" if line else f"{self.path}"
        raise TouchstoneError(f"{where}: {message}")

    def network(self) -> Network:
        option = self.option
        if option is None:
            self.fail(
                1,
                "option line must be present, got no line that starts with '#'. Give a Touchstone file, with a line "
                "such as '# GHz S RI R 50'.",
            )
        ports = self._ports()
        matrix_format = self._matrix_format()
        pairs = ports**2 if matrix_format == "full" else ports * (ports + 1) // 2
        records = self._records(self._numbers(), 1 + 2 * pairs)
        frequency = records[:, 0] * option.hertz
        values = _complex_values(records[:, 1:], option.layout)
        if not np.all(np.isfinite(values)):
            record = int(np.argmin(np.all(np.isfinite(values), axis=1)))
            self.fail(
                self._line_of(record * records.shape[1]), "value must be finite, got too many dB. Repair that point."
            )
        s = self._matrices(values, ports, matrix_format)
        return self._referred(frequency, s, self._reference(option, ports))

    # ---- header

    def _take_header(self) -> None:
        """Move option line and keyword lines out of `self.lines`, which keeps its numbering."""
        pending: str | None = None
        skipping = False
        for index, line in enumerate(self.lines):
            text = line.lstrip()
            if text[:1] == "#":
                if self.option is None:
                    self.option = self._option(index + 1, text[1:])
            elif text[:1] == "[":
                pending, skipping = self._keyword(index + 1, text), False
                skipping = pending in ("noise data", "end", "begin information")
            elif pending == "reference" and text:
                number, value = self.keywords["reference"]
                self.keywords["reference"] = (number, f"{value} {text}")
            elif not skipping:
                continue
            self.lines[index] = ""

    def _keyword(self, number: int, text: str) -> str:
        match = _KEYWORD.match(text)
        if match is None:
            self.fail(number, f"keyword must be closed by ']', got {text.strip()!r}. Repair the line.")
        name = " ".join(match.group(1).lower().split())
        if name == "mixed-mode order":
            self.fail(
                number,
                "port order must be single-ended, got [Mixed-Mode Order]. Export the single-ended 4-port; "
                "sirf forms the mixed modes itself.",
            )
        self.keywords[name] = (number, match.group(2).strip())
        return name

    def _option(self, number: int, text: str) -> _Option:
        option = _Option()
        tokens = text.upper().split()
        while tokens:
            token = tokens.pop(0)
            if token in _UNIT_HZ:
                option.hertz = _UNIT_HZ[token]
            elif token in ("RI", "MA", "DB"):
                option.layout = token
            elif token == "R":
                option.resistances = self._resistances(number, tokens)
            elif token in ("Y", "Z", "G", "H"):
                self.fail(number, f"parameter must be S, got {token}. Convert the file to S-parameters.")
            elif token != "S":
                self.fail(
                    number,
                    f"option must be a unit, S, RI, MA, DB or R, got {token!r}. Write for example '# GHz S RI R 50'.",
                )
        return option

    def _resistances(self, number: int, tokens: list[str]) -> tuple[float, ...]:
        values = []
        while tokens and (value := _number(tokens[0])) is not None:
            values.append(value)
            tokens.pop(0)
        if not values or not all(math.isfinite(value) and value > 0 for value in values):
            self.fail(
                number,
                f"R must be followed by a positive resistance in ohm, got {values or 'nothing'}. "
                "Write for example 'R 50'.",
            )
        return tuple(values)

    def _integer(self, keyword: str) -> int | None:
        if keyword not in self.keywords:
            return None
        number, text = self.keywords[keyword]
        if not text.isdigit() or int(text) == 0:
            self.fail(number, f"[{keyword.title()}] must be a positive integer, got {text!r}. Repair the line.")
        return int(text)

    def _ports(self) -> int:
        match = _SUFFIX.fullmatch(self.path.suffix)
        suffix = int(match.group(1)) if match else None
        declared = self._integer("number of ports")
        if suffix and declared and suffix != declared:
            self.fail(
                self.keywords["number of ports"][0],
                f"number of ports must be {suffix} as the suffix says, got "
                f"{declared}. Rename the file to .s{declared}p.",
            )
        ports = declared or suffix or self._ports_of_first_record()
        if not ports:
            self.fail(
                None, f"suffix must be .sNp with the number of ports N, got {self.path.suffix!r}. Rename the file."
            )
        return ports

    def _matrix_format(self) -> str:
        number, text = self.keywords.get("matrix format", (None, "full"))
        if text.lower() not in ("full", "lower", "upper"):
            self.fail(number, f"[Matrix Format] must be Full, Lower or Upper, got {text!r}. Repair the line.")
        return text.lower()

    def _reference(self, option: _Option, ports: int) -> tuple[float, ...]:
        """Reference resistance of every port."""
        values: tuple[float, ...] = option.resistances
        number = None
        if "reference" in self.keywords:
            number, text = self.keywords["reference"]
            values = self._resistances(number, text.split())
        if len(values) == 1:
            return values * ports
        if len(values) != ports:
            self.fail(number, f"reference resistances must be {ports}, one a port, got {len(values)}. Repair the line.")
        return values

    # ---- body

    def _numbers(self) -> Real:
        tokens = " ".join(self.lines).split()
        if not tokens:
            self.fail(
                None,
                "network data must follow the option line, got none. The file is empty or was cut; export it again.",
            )
        try:
            numbers = np.array(list(map(float, tokens)))
        except ValueError:
            self._fail_at_bad_token()
        usable = np.abs(numbers) < _HUGE
        if not np.all(usable):
            index = int(np.argmin(usable))
            self.fail(self._line_of(index), f"value must be finite, got {tokens[index]}. Repair or remove that point.")
        return numbers

    def _records(self, numbers: Real, size: int) -> Real:
        """Numbers as (F, size): one row a frequency."""
        if size == 9:
            numbers = numbers[: self._end_of_network_data(numbers)]
        if numbers.size % size:
            self._check_first_record(size)
            self._fail_at_short_record(size)
        records = numbers.reshape(-1, size)
        falls = np.flatnonzero(np.diff(records[:, 0]) <= 0)
        if falls.size:
            self._check_first_record(size)
            before, after = records[falls[0] : falls[0] + 2, 0]
            self.fail(
                self._line_of((int(falls[0]) + 1) * size),
                f"frequency must ascend, got {after:g} after {before:g}. Sort and merge the points.",
            )
        if records[0, 0] < 0:
            self.fail(self._line_of(0), f"frequency must not be negative, got {records[0, 0]:g}. Repair that point.")
        expected = self._integer("number of frequencies")
        if expected and expected != len(records):
            self.fail(
                self.keywords["number of frequencies"][0],
                f"[Number of Frequencies] must be the number of points, "
                f"{len(records)}, got {expected}. The file may be cut short; export it again.",
            )
        return records

    def _end_of_network_data(self, numbers: Real) -> int:
        """Where the noise data of a two-port begin: at the first frequency that falls, on a line of 5 numbers."""
        starts = numbers[::9]
        falls = np.flatnonzero(np.diff(starts) <= 0)
        if not falls.size:
            return int(numbers.size)
        start = 9 * (int(falls[0]) + 1)
        on_line = len(self.lines[self._line_of(start) - 1].split())
        return start if on_line == 5 and (numbers.size - start) % 5 == 0 else int(numbers.size)

    def _counts(self) -> NDArray[np.int64]:
        return np.array([len(line.split()) for line in self.lines])

    def _line_of(self, index: int) -> int:
        """Line, from 1, that holds the number with this index."""
        return int(np.searchsorted(np.cumsum(self._counts()), index, side="right")) + 1

    def _first_record_size(self) -> int:
        """Numbers of the first frequency if lines break as usual: a frequency makes its line's count odd."""
        total = 0
        for line in self.lines:
            count = len(line.split())
            if total and count % 2:
                break
            total += count
        return total

    def _ports_of_first_record(self) -> int:
        root = math.isqrt(self._first_record_size() // 2)
        return root if 1 + 2 * root**2 == self._first_record_size() else 0

    def _check_first_record(self, size: int) -> None:
        """Blame the suffix when the lines of a file that does not read show another number of ports."""
        found = self._ports_of_first_record()
        if not found or self._first_record_size() == size or "version" in self.keywords:
            return
        starts = np.flatnonzero(self._counts() % 2)
        if starts.size > 1:
            ports = math.isqrt(size // 2)
            self.fail(
                int(starts[0]) + 1,
                f"number of ports must be {ports} as the suffix says, got {found} by the "
                f"{self._first_record_size()} numbers a frequency. Rename the file to .s{found}p.",
            )

    def _fail_at_short_record(self, size: int) -> NoReturn:
        """Name the first line that breaks the pattern of the first frequency's lines, else the last line."""
        counts = self._counts()
        used = np.flatnonzero(counts)
        found = counts[used]
        lines = int(np.searchsorted(np.cumsum(found), size)) + 1
        wrong = np.flatnonzero(found != np.resize(found[:lines], found.size))
        if found[:lines].sum() == size and wrong.size and wrong[0] < found.size - 1:
            first = int(wrong[0])
            self.fail(
                int(used[first]) + 1,
                f"numbers on this line must be {found[first % lines]} as in the first frequency, "
                f"got {found[first]}. Repair that point.",
            )
        self.fail(
            int(used[-1]) + 1,
            f"last frequency must have {size} numbers, got {int(found.sum()) % size}. The file is cut "
            "short; export it again.",
        )

    def _fail_at_bad_token(self) -> NoReturn:
        for number, line in enumerate(self.lines, start=1):
            for token in line.split():
                if _number(token) is None:
                    self.fail(
                        number,
                        f"value must be a number, got {token[:40]!r}. Repair the line, or give a Touchstone file.",
                    )
        raise AssertionError("unreachable: some token is not a number")

    # ---- matrices

    def _matrices(self, values: NDArray[np.complex128], ports: int, matrix_format: str) -> NDArray[np.complex128]:
        if matrix_format != "full":
            s = np.empty((len(values), ports, ports), dtype=np.complex128)
            rows, columns = np.tril_indices(ports) if matrix_format == "lower" else np.triu_indices(ports)
            s[:, rows, columns] = s[:, columns, rows] = values
            return s
        s = values.reshape(-1, ports, ports)
        return s.swapaxes(1, 2) if ports == 2 and self._two_port_order() == "21_12" else s

    def _two_port_order(self) -> str:
        number, text = self.keywords.get("two-port data order", (None, "21_12"))
        if text not in ("12_21", "21_12"):
            self.fail(number, f"[Two-Port Data Order] must be 12_21 or 21_12, got {text!r}. Repair the line.")
        return text

    def _referred(self, frequency: Real, s: NDArray[np.complex128], resistances: tuple[float, ...]) -> Network:
        if len(set(resistances)) == 1:
            return Network(frequency, s, z0=resistances[0], name=self.path.stem)
        import skrf

        return Network.from_skrf(skrf.Network(f=frequency, f_unit="Hz", s=s, z0=list(resistances), name=self.path.stem))


def _clean_lines(path: Path) -> list[str]:
    """Lines without comments; the list index is the line number less one."""
    data = _read_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TouchstoneError(f"{path}, line 1: file must be plain text, got UTF-16. Save it as UTF-8 or ASCII.")
    data = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\x1a")
    if strange := data.translate(None, delete=_TEXT_BYTES):
        line = data[: data.index(strange[:1])].count(b"\n") + 1
        raise TouchstoneError(f"{path}, line {line}: file must be plain text, got binary data. Give a Touchstone file.")
    if not data.strip():
        raise TouchstoneError(f"{path}, line 1: file must hold network data, got an empty file. Export it again.")
    text = data.decode("latin-1")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"![^\n]*", "", text).split("\n")


def _read_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise TouchstoneError(f"{path}: path must be a file, got a directory. Name one .sNp file in it.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TouchstoneError(f"{path}: file must exist, got no such file. Check the path.") from None
    except OSError as error:
        raise TouchstoneError(f"{path}: file must be readable, got {error.strerror}. Check its permissions.") from None


def _complex_values(pairs: Real, layout: str) -> NDArray[np.complex128]:
    """(F, 2 N) numbers as (F, N) complex values: real and imaginary, magnitude and degrees, or dB and degrees."""
    first, second = pairs[:, 0::2], pairs[:, 1::2]
    if layout == "RI":
        return np.asarray(first + 1j * second)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks for what is not finite
        magnitude = first if layout == "MA" else 10.0 ** (first / 20.0)
        return np.asarray(magnitude * np.exp(1j * np.deg2rad(second)))


def _number(token: str) -> float | None:
    try:
        return float(token)
    except ValueError:
        return None
