"""The numbers of a Touchstone file: from text to one complex matrix a frequency, and which line to blame if that fails."""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from sirf.channel.touchstone_header import Header, choice, positive_integer
from sirf.channel.touchstone_text import TouchstoneText

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_HUGE = 1e100
_NOISE_SIZE = 5
_TIDY_FREQUENCIES, _TIDY_ROWS = 0.5, 0.75
"""Parts of all frequencies and of all matrix rows that begin a line, from which the others are taken for faults."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


class NetworkData:
    """The numbers of `text`, whose head has been taken out, and what the head says about them."""

    def __init__(self, text: TouchstoneText, header: Header) -> None:
        self.text = text
        self.header = header
        self.body = "\n".join(text.lines)
        self.tokens = self.body.split()
        self.noise_left_out = header.has_noise
        if not self.tokens:
            last = max((k for k, line in enumerate(text.raw.split("\n"), start=1) if line.strip()), default=1)
            text.fail(
                last,
                "network data must follow the option line, got none. The file is empty or was cut; export it again.",
            )

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many numbers stand on each line."""
        return np.bincount(self.token_lines, minlength=len(self.text.lines))

    @cached_property
    def token_lines(self) -> NDArray[np.int64]:
        """Line, from 0, of each number."""
        letters = np.frombuffer(self.body.encode("ascii"), dtype=np.uint8)
        blank = np.concatenate(([True], letters <= 0x20))
        starts = np.flatnonzero(blank[:-1] & ~blank[1:])
        return np.searchsorted(np.flatnonzero(letters == 0x0A), starts).astype(np.int64)

    def line_of(self, index: int) -> int:
        """Line, from 1, that holds the number with this index."""
        return int(self.token_lines[index]) + 1

    def matrices(self, ports: int) -> tuple[Real, Complex]:
        """Frequencies (F,) in Hz and matrices (F, P, P) in the file's own order of ports."""
        triangle = choice(self.text, self.header, "matrix format", ("Full", "Lower", "Upper"), "Full")
        pairs = ports**2 if triangle == "full" else ports * (ports + 1) // 2
        records = self._records(self._numbers(), 1 + 2 * pairs, ports, triangle)
        values = self._complex_values(records[:, 1:])
        if not np.all(np.isfinite(values)):
            record = int(np.argmin(np.all(np.isfinite(values), axis=1)))
            line = self.line_of(record * records.shape[1])
            self.text.fail(line, "value must be finite, got too many dB. Repair that point.")
        return records[:, 0] * self.header.hertz, self._arranged(values, ports, triangle)

    def ports_of_first_record(self) -> int:
        """Number of ports by the length of the first frequency, 0 where that is no 1 + 2 P²."""
        size = self._first_record_size()
        root = math.isqrt(size // 2)
        return root if 1 + 2 * root**2 == size else 0

    # ---- numbers

    def _numbers(self) -> Real:
        try:
            if "_" in self.body:  # Python would read 1_0 as 10
                self._fail_at_bad_token()
            numbers = np.fromiter(map(float, self.tokens), dtype=np.float64, count=len(self.tokens))
        except ValueError:
            self._fail_at_bad_token()
        usable = np.abs(numbers) < _HUGE
        if not np.all(usable):
            index = int(np.argmin(usable))
            self.text.fail(
                self.line_of(index),
                f"value must be finite, got {self.tokens[index][:40]}. Repair or remove that point.",
            )
        return numbers

    def _fail_at_bad_token(self) -> NoReturn:
        index = next(k for k, token in enumerate(self.tokens) if not _NUMBER.fullmatch(token))
        self.text.fail(
            self.line_of(index),
            f"value must be a number, got {self.tokens[index][:40]!r}. Repair the line, or give a Touchstone file.",
        )

    # ---- records

    def _records(self, numbers: Real, size: int, ports: int, triangle: str) -> Real:
        """Numbers as (F, size): one row a frequency."""
        if ports == 2 and "version" not in self.header.keywords:
            numbers = numbers[: self._end_of_network_data(numbers)]
        if numbers.size < size:
            self._check_first_record(size, ports)
            self.text.fail(
                self.line_of(numbers.size - 1),
                f"first frequency must have {size} numbers for {ports} ports, got {numbers.size}. The file is cut short or "
                "its number of ports is wrong; export it again.",
            )
        if numbers.size % size:
            self._check_first_record(size, ports)
            self._fail_at_short_record(numbers.size, size)
        records = numbers.reshape(-1, size)
        self._check_order(records, size, ports)
        self._check_row_starts(len(records), ports, triangle)
        self._check_count(len(records))
        return records

    def _check_order(self, records: Real, size: int, ports: int) -> None:
        falls = np.flatnonzero(np.diff(records[:, 0]) <= 0)
        if falls.size:
            self._check_first_record(size, ports)
            before, after = records[falls[0] : falls[0] + 2, 0]
            self.text.fail(
                self.line_of((int(falls[0]) + 1) * size),
                f"frequency must ascend, got {after:g} after {before:g}. Sort and merge the points.",
            )
        if records[0, 0] < 0:
            self.text.fail(
                self.line_of(0), f"frequency must not be negative, got {records[0, 0]:g}. Repair that point."
            )

    def _check_row_starts(self, frequencies: int, ports: int, triangle: str) -> None:
        """Frequencies and rows of a matrix begin lines; where nearly all do, one that does not shows a number lost or added."""
        lengths = {"full": [ports] * ports, "lower": range(1, ports + 1), "upper": range(ports, 0, -1)}[triangle]
        sizes = 2 * np.array(lengths)
        sizes[0] += 1  # the frequency
        rows = np.concatenate(([0], np.cumsum(np.tile(sizes, frequencies))[:-1]))
        self._check_line_starts(rows[::ports], _TIDY_FREQUENCIES, "frequency")
        if ports > 2:
            self._check_line_starts(rows, _TIDY_ROWS, "matrix row")

    def _check_line_starts(self, starts: NDArray[np.int64], tidy: float, what: str) -> None:
        lines = self.token_lines
        begins = np.ones(starts.size, dtype=bool)
        begins[1:] = lines[starts[1:]] != lines[starts[1:] - 1]
        if begins.all() or begins.mean() < tidy:
            return
        row = int(np.argmin(begins))
        self.text.fail(
            self.line_of(int(starts[row]) - 1),
            f"each {what} must begin a line as the others do, got one that begins inside this line. "
            "A number is missing or one too many here or on a line before; repair that point.",
        )

    def _check_count(self, found: int) -> None:
        expected = positive_integer(self.text, self.header, "number of frequencies")
        if expected and expected != found:
            self.text.fail(
                self.header.keywords["number of frequencies"][0],
                f"[Number of Frequencies] must be the number of points, {found}, got {expected}. "
                "The file may be cut short; export it again.",
            )

    def _end_of_network_data(self, numbers: Real) -> int:
        """Where the noise data of a two-port begin: at the first frequency that falls, on a line of 5 numbers."""
        falls = np.flatnonzero(np.diff(numbers[::9]) <= 0)
        if not falls.size:
            return int(numbers.size)
        start = 9 * (int(falls[0]) + 1)
        lines = self.token_lines[start:]
        tidy = lines.size % _NOISE_SIZE == 0 and self.counts[lines[0]] == _NOISE_SIZE
        if not tidy or np.any(self.counts[lines] != _NOISE_SIZE):
            return int(numbers.size)
        self.noise_left_out = True
        return start

    def _first_record_size(self) -> int:
        """Numbers of the first frequency if lines break as usual: a frequency makes its line's count odd."""
        total = 0
        for count in self.counts[self.counts > 0].tolist():
            if total and count % 2:
                break
            total += count
        return int(total)

    def _check_first_record(self, size: int, ports: int) -> None:
        """Blame the suffix when the lines of a file that does not read show another number of ports."""
        found = self.ports_of_first_record()
        first_line = int(self.counts[self.counts > 0][0])
        usual = first_line == 1 + 2 * found or (found >= 4 and first_line == 9) or found <= 2
        if not usual or found in (0, ports) or "version" in self.header.keywords:
            return
        starts = np.flatnonzero(self.counts % 2)
        if starts.size > 1:
            self.text.fail(
                int(starts[0]) + 1,
                f"number of ports must be {ports} as the suffix says, got {found} by the "
                f"{self._first_record_size()} numbers a frequency. Rename the file to .s{found}p.",
            )

    def _fail_at_short_record(self, numbers: int, size: int) -> NoReturn:
        """Name the first line that breaks the pattern of the first frequency's lines, else the last line."""
        used = np.flatnonzero(self.counts)
        found = self.counts[used]
        lines = int(np.searchsorted(np.cumsum(found), size)) + 1
        wrong = np.flatnonzero(found != np.resize(found[:lines], found.size))
        if found[:lines].sum() == size and wrong.size and wrong[0] < found.size - 1:
            first = int(wrong[0])
            self.text.fail(
                int(used[first]) + 1,
                f"numbers on this line must be {found[first % lines]} as in the first frequency, got {found[first]}. "
                "Repair that point.",
            )
        self.text.fail(
            self.line_of(numbers - 1),
            f"last frequency must have {size} numbers, got {numbers % size}. The file is cut short; export it again.",
        )

    # ---- matrices

    def _complex_values(self, pairs: Real) -> Complex:
        """(F, 2 N) numbers as (F, N) complex values: real and imaginary, magnitude and degrees, or dB and degrees."""
        first, second = pairs[:, 0::2], pairs[:, 1::2]
        if self.header.layout == "RI":
            return np.asarray(first + 1j * second)
        with np.errstate(over="ignore", invalid="ignore"):  # the caller looks for what is not finite
            magnitude = first if self.header.layout == "MA" else 10.0 ** (first / 20.0)
            return np.asarray(magnitude * np.exp(1j * np.deg2rad(second)))

    def _arranged(self, values: Complex, ports: int, triangle: str) -> Complex:
        if triangle != "full":
            s = np.empty((len(values), ports, ports), dtype=np.complex128)
            rows, columns = (np.tril_indices if triangle == "lower" else np.triu_indices)(ports)
            s[:, rows, columns] = s[:, columns, rows] = values
            return s
        s = values.reshape(-1, ports, ports)
        return s.swapaxes(1, 2) if ports == 2 and self._column_first() else s

    def _column_first(self) -> bool:
        if "version" not in self.header.keywords or float(self.header.version) < 2.0:
            return True
        if "two-port data order" not in self.header.keywords:
            self.text.fail(
                self.header.keywords["version"][0],
                "[Two-Port Data Order] must be given for 2 ports in version 2, got none. "
                "Add '[Two-Port Data Order] 21_12' if S21 comes before S12.",
            )
        return choice(self.text, self.header, "two-port data order", ("12_21", "21_12"), "21_12") == "21_12"
