"""The numbers of a Touchstone file: from blocks of text to one complex matrix a frequency, and which line to blame if that fails.

Memory is what the design is about: the text passes by in blocks, every number is kept once, as a float, and the complex
matrices take the place of the floats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.channel.file_text import FileText, TextBlock
from sirf.channel.point_order import ascending_points, order_message
from sirf.channel.touchstone_header import TouchstoneHeader, choice, positive_integer

COMPILED_FROM_BYTES = 1 << 23
"""Bytes of a file after which its numbers are read by a compiled loop: loading that takes longer than reading less."""
_HUGE = 1e100  # beyond this a value is no S-parameter, in dB or not, and would overflow further on
_NOISE_SIZE = 5
_TIDY_FREQUENCIES, _TIDY_ROWS = 0.5, 0.75
"""Parts of all frequencies and of all matrix rows that begin a line, from which the others are taken for faults."""
_RECORDS_AT_ONCE = 1 << 14  # frequencies converted at once: a megabyte of a two-port's numbers
_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


class NumberReader:
    """Takes the numbers out of text, block by block: `numbers` in all, and `counts`, how many stand on each line."""

    def __init__(self, text: FileText) -> None:
        self.text = text
        self.size = 0
        self.has_infinity = False
        self._numbers = np.empty(0)
        self._counts: list[NDArray[np.int32]] = []
        self._bytes = 0
        self._powers: Float | None = None

    def take(self, block: TextBlock, bare: str, *, decibels: bool) -> None:
        """Read `bare`, the lines of `block` without comments; `decibels` lets minus infinity pass, which is S = 0."""
        # a block may end in the middle of the file without a line break
        lines = block.raw.count("\n") + (not block.raw.endswith("\n"))
        self._bytes += len(block.raw)
        if self._bytes > COMPILED_FROM_BYTES:
            found, counts = self._compiled(block, bare, lines)
        else:
            found, counts = self._interpreted(block, bare, lines)
        self._counts.append(counts)
        # not-a-number is not below it either
        usable = np.abs(found) < _HUGE
        if decibels:
            zero = np.isneginf(found)
            self.has_infinity |= bool(zero.any())
            usable |= zero
        if not usable.all():
            index = int(np.argmin(usable))
            self.text.fail(
                block.first_line + int(token_lines(bare)[index]),
                # which word it was is looked up only now: counting words costs as much as reading them
                f"value must be finite, got {bare.split()[index][:40]}. Repair or remove that point.",
            )
        if found.size:
            self._append(found)

    def _interpreted(self, block: TextBlock, bare: str, lines: int) -> tuple[Float, NDArray[np.int32]]:
        """Numbers of a block and how many stand on each line, for small files: without loading a compiler."""
        tokens = bare.split()
        if not tokens:
            return np.empty(0), np.zeros(lines, dtype=np.int32)
        counts = np.bincount(token_lines(bare), minlength=lines)[:lines].astype(np.int32)
        try:
            if "_" in bare:  # Python would read 1_0 as 10
                self._fail_at_bad_token(block, bare)
            return np.fromiter(map(float, tokens), dtype=np.float64, count=len(tokens)), counts
        except ValueError:
            self._fail_at_bad_token(block, bare)

    def _compiled(self, block: TextBlock, bare: str, lines: int) -> tuple[Float, NDArray[np.int32]]:
        """The same in machine code; words that are no plain decimals, and few in doubt, take Python's way."""
        from sirf._kernels.decimal_text import parse_decimals, powers_of_ten

        if self._powers is None:
            self._powers = powers_of_ten()
        data = np.frombuffer(bare.encode("ascii"), dtype=np.uint8)
        # two characters a number at least: a digit and a blank
        numbers, counts = np.empty(data.size // 2 + 1), np.zeros(lines + 1, dtype=np.int32)
        left_over = np.empty((numbers.size, 3), dtype=np.int64)
        # words that are no plain decimals, and the few whose last bit is in doubt
        count, left = parse_decimals(data, self._powers, numbers, counts, left_over)
        for index, start, stop in left_over[:left].tolist():
            word = bare[start:stop]
            if not _NUMBER.fullmatch(word):
                self._fail_at_bad_token(block, bare)
            numbers[index] = float(word)
        return numbers[:count], counts[:lines]

    def taken(self) -> tuple[Float, NDArray[np.int32]]:
        """All numbers and the counts of all lines; the reader gives up its own."""
        numbers, counts = self._numbers, np.concatenate(self._counts)
        self._numbers, self._counts = np.empty(0), []
        # the spare end is given back to the system without copying what is kept
        numbers.resize(self.size, refcheck=False)
        return numbers, counts

    def _append(self, found: Float) -> None:
        needed = self.size + found.size
        if self.size == 0:
            # as many as the file will hold if it goes on like this; pages that are never written take no memory
            whole = self.text.size or 4 * self._bytes
            self._numbers = np.empty(max(needed, int(1.02 * needed * whole / self._bytes)) + 64)
        elif needed > self._numbers.size:
            # a resize moves no data where the system can move pages, but writes zeros: hence in small steps
            self._numbers.resize(max(needed, self._numbers.size + (self._numbers.size >> 4)), refcheck=False)
        self._numbers[self.size : needed] = found
        self.size = needed

    def _fail_at_bad_token(self, block: TextBlock, bare: str) -> NoReturn:
        tokens = bare.split()
        index = next(k for k, token in enumerate(tokens) if not _NUMBER.fullmatch(token))
        self.text.fail(
            block.first_line + int(token_lines(bare)[index]),
            f"value must be a number, got {tokens[index][:40]!r}. Repair the line, or give a Touchstone file.",
        )


# a word starts where a blank is followed by none
def token_lines(bare: str) -> NDArray[np.int64]:
    """Line, from 0, of each word of `bare`."""
    letters = np.frombuffer(bare.encode("ascii"), dtype=np.uint8)
    blank = np.empty(letters.size + 1, dtype=bool)
    blank[0] = True
    np.less_equal(letters, 0x20, out=blank[1:])
    starts = np.flatnonzero(blank[:-1] & ~blank[1:])
    return np.searchsorted(np.flatnonzero(letters == 0x0A), starts).astype(np.int64)


class NetworkData:
    """The numbers of a file and what its head says about them."""

    def __init__(
        self, text: FileText, header: TouchstoneHeader, numbers: Float, counts: NDArray[np.int32], *, sort: bool
    ) -> None:
        self.text = text
        self.header = header
        self.numbers = numbers
        self.counts = counts
        self.sort = sort
        self.notes: list[str] = ["noise data were left out."] if header.has_noise else []
        # blank and comment lines hold no numbers
        self.used_lines = np.flatnonzero(counts)
        self.first_on_line = np.cumsum(counts[self.used_lines], dtype=np.int64) - counts[self.used_lines]
        if not numbers.size:
            text.fail(
                _last_line(text),
                "network data must follow the option line, got none. The file is empty or was cut; export it again.",
            )

    def line_of(self, index: int) -> int:
        """Line, from 1, that holds the number with this index."""
        return int(self.used_lines[np.searchsorted(self.first_on_line, index, side="right") - 1]) + 1

    def matrices(self, ports: int, *, has_infinity: bool) -> tuple[Float, Complex]:
        """Frequencies (F,) in Hz and matrices (F, P, P) in the file's own order of ports. They take the place of the numbers."""
        triangle = choice(self.text, self.header, "matrix format", ("Full", "Lower", "Upper"), "Full")
        pairs = ports**2 if triangle == "full" else ports * (ports + 1) // 2
        size = 1 + 2 * pairs
        records = self._records(size, ports, triangle)
        # minus infinity is rare: it is looked for only where the reader met one
        if has_infinity:
            self._check_infinities(records)
        ordered = self._in_order(records)
        if ordered is not records:
            # a fancy index has made a copy: it goes back into memory of its own that can be shortened in place
            self.numbers = np.empty(ordered.size)
            self.numbers.reshape(ordered.shape)[:] = ordered
        frequency = ordered[:, 0] * self.header.hertz
        count = len(ordered)
        # no view may be left when the memory is shortened: that 'resize' does not check for any
        del records, ordered
        # Touchstone's order of a two-port is S11 S21 S12 S22
        values = self._compacted(count, size, swap=triangle == "full" and ports == 2 and self._column_first())
        return frequency, _filled(values, ports, triangle)

    def ports_of_first_record(self) -> int:
        """Number of ports by the length of the first frequency, 0 where that is no 1 + 2 P²."""
        size = self._first_record_size()
        # 1 + 2 P², P by an integer root
        root = math.isqrt(size // 2)
        return root if 1 + 2 * root**2 == size else 0

    # ---- records

    def _records(self, size: int, ports: int, triangle: str) -> Float:
        """Numbers as (F, size): one row a frequency."""
        numbers = self.numbers
        # only version 1 has noise data without a keyword, and only for two-ports
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
        # frequencies out of order are most often a wrong number of ports
        if np.any(np.diff(records[:, 0]) <= 0):
            self._check_first_record(size, ports)
        if records[:, 0].min() < 0:
            index = int(np.argmax(records[:, 0] < 0))
            self.text.fail(
                self.line_of(index * size),
                f"frequency must not be negative, got {records[index, 0]:g}. Repair that point.",
            )
        self._check_row_starts(len(records), ports, triangle)
        self._check_count(len(records))
        return records

    def _in_order(self, records: Float) -> Float:
        """Records with ascending frequencies: see `ascending_points`."""

        def fail(index: int, before: float, after: float) -> NoReturn:
            line = None if self.sort else self.line_of((index + 1) * records.shape[1])
            self.text.fail(line, order_message(before, after))

        index, notes = ascending_points(records[:, 0], records, sort=self.sort, fail=fail)
        self.notes += notes
        return records if index is None else records[index]

    def _check_infinities(self, records: Float) -> None:
        """Minus infinity is a magnitude of zero in dB; as a frequency or an angle it means nothing."""
        misplaced = np.isneginf(records[:, 0]) | np.isneginf(records[:, 2::2]).any(axis=1)
        if misplaced.any():
            row = int(np.argmax(misplaced))
            # even places: the frequency first, then the angles
            column = int(np.argmax(np.isneginf(records[row]) & (np.arange(records.shape[1]) % 2 == 0)))
            self.text.fail(
                self.line_of(row * records.shape[1] + column),
                "value must be finite, got -inf as a frequency or an angle. Repair or remove that point.",
            )

    def _check_row_starts(self, frequencies: int, ports: int, triangle: str) -> None:
        """Frequencies and rows of a matrix begin lines; where nearly all do, one that does not shows a number lost or added."""
        lengths = {"full": [ports] * ports, "lower": range(1, ports + 1), "upper": range(ports, 0, -1)}[triangle]
        # real and imaginary part, or magnitude and angle
        sizes = 2 * np.array(lengths)
        sizes[0] += 1  # the frequency
        # nearly all files: no line needs a look by itself
        if self._repeats(int(sizes.sum()), frequencies):
            return
        rows = np.concatenate(([0], np.cumsum(np.tile(sizes, frequencies))[:-1]))
        # a frequency's first row begins where the record does
        self._check_line_starts(rows[::ports], _TIDY_FREQUENCIES, "frequency")
        if ports > 2:
            self._check_line_starts(rows, _TIDY_ROWS, "matrix row")

    def _repeats(self, size: int, frequencies: int) -> bool:
        """Whether every frequency has lines of the same lengths as the first one, whose first line begins with it."""
        found = self.counts[self.used_lines]
        lines = int(np.searchsorted(np.cumsum(found[: size + 1], dtype=np.int64), size)) + 1
        if found.size != lines * frequencies or int(found[:lines].sum()) != size:
            return False
        return bool(np.all(found.reshape(frequencies, lines) == found[:lines]))

    def _check_line_starts(self, starts: NDArray[np.int64], tidy: float, what: str) -> None:
        place = np.searchsorted(self.first_on_line, starts)
        begins = self.first_on_line[np.minimum(place, self.first_on_line.size - 1)] == starts
        # writers break lines as they like: only a break of a habit is a fault
        if begins.all() or begins.mean() < tidy:
            return
        row = int(np.argmin(begins))
        self.text.fail(
            # the line before: what is missing there moved everything after it
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

    def _end_of_network_data(self, numbers: Float) -> int:
        """Where the noise data of a two-port begin: at the first frequency that falls, on a line of 5 numbers."""
        # a two-port record has 9 numbers: every ninth is a frequency until the noise data begin, at a lower one
        falls = np.flatnonzero(np.diff(numbers[::9]) <= 0)
        if not falls.size:
            return int(numbers.size)
        start = 9 * (int(falls[0]) + 1)
        line = int(np.searchsorted(self.first_on_line, start))
        tidy = line < self.first_on_line.size and self.first_on_line[line] == start
        if not tidy or np.any(self.counts[self.used_lines[line:]] != _NOISE_SIZE):
            return int(numbers.size)
        self.notes.append("noise data were left out.")
        return start

    def _first_record_size(self) -> int:
        """Numbers of the first frequency if lines break as usual: a frequency makes its line's count odd."""
        total = 0
        for line in self.used_lines:
            count = int(self.counts[line])
            # matrix rows are pairs: an odd count holds a frequency, and so begins the next record
            if total and count % 2:
                break
            total += count
        return total

    def _check_first_record(self, size: int, ports: int) -> None:
        """Blame the suffix when the lines of a file that does not read show another number of ports."""
        found = self.ports_of_first_record()
        first_line = int(self.counts[self.used_lines[0]])
        # lines as the specification wants them: a whole row, or at most four pairs a line
        usual = first_line == 1 + 2 * found or (found >= 4 and first_line == 9) or found <= 2
        if not usual or found in (0, ports) or "version" in self.header.keywords:
            return
        # the second odd line begins the second frequency
        starts = np.flatnonzero(self.counts % 2)
        if starts.size > 1:
            self.text.fail(
                int(starts[0]) + 1,
                f"number of ports must be {ports} as the suffix says, got {found} by the "
                f"{self._first_record_size()} numbers a frequency. Rename the file to .s{found}p.",
            )

    def _fail_at_short_record(self, numbers: int, size: int) -> NoReturn:
        """Name the first line that breaks the pattern of the first frequency's lines, else the last line."""
        used = self.used_lines
        found = self.counts[used]
        lines = int(np.searchsorted(np.cumsum(found, dtype=np.int64), size)) + 1
        # against the first frequency's pattern, repeated
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

    def _compacted(self, count: int, size: int, *, swap: bool) -> Complex:
        """Values (F, N) complex in the memory of the numbers: without the frequencies each record is shorter, so that writing
        from the front never overtakes reading.
        """
        numbers, width = self.numbers, size - 1
        self.numbers = np.empty(0)
        convert = _CONVERSIONS[self.header.layout]
        for start in range(0, count, _RECORDS_AT_ONCE):
            stop = min(start + _RECORDS_AT_ONCE, count)
            # a copy, for the block's own place is overwritten while it is read
            block = numbers[start * size : stop * size].reshape(-1, size)[:, 1:].copy()
            with np.errstate(over="ignore", invalid="ignore"):  # found just below
                convert(block)
            if not np.isfinite(block).all():
                row = start + int(np.argmin(np.isfinite(block).all(axis=1)))
                self.text.fail(self.line_of(row * size), "value must be finite, got too many dB. Repair that point.")
            if swap:
                # axes: frequency, column, row, real and imaginary part
                block = block.reshape(-1, 2, 2, 2).swapaxes(1, 2)
            numbers[start * width : stop * width] = block.reshape(-1)
        # shortened in place: nothing is copied
        numbers.resize(count * width, refcheck=False)
        return numbers.view(np.complex128).reshape(count, -1)

    def _column_first(self) -> bool:
        if not self.header.is_version_2:
            return True
        if "two-port data order" not in self.header.keywords:
            self.text.fail(
                self.header.keywords["version"][0],
                "[Two-Port Data Order] must be given for 2 ports in version 2, got none. "
                "Add '[Two-Port Data Order] 21_12' if S21 comes before S12.",
            )
        return choice(self.text, self.header, "two-port data order", ("12_21", "21_12"), "21_12") == "21_12"


def _polar(block: Float) -> None:
    """Magnitudes and degrees (F, 2 N) to real and imaginary parts, in place."""
    # a copy: the real part is written into the magnitude's place
    magnitude, angle = block[:, 0::2].copy(), np.deg2rad(block[:, 1::2])
    block[:, 0::2] = magnitude * np.cos(angle)
    block[:, 1::2] = magnitude * np.sin(angle)


def _decibels(block: Float) -> None:
    block[:, 0::2] = 10.0 ** (block[:, 0::2] / 20.0)
    _polar(block)


_CONVERSIONS: dict[str, Callable[[Float], None]] = {"RI": lambda block: None, "MA": _polar, "DB": _decibels}


def _filled(values: Complex, ports: int, triangle: str) -> Complex:
    """Matrices (F, P, P) from all entries or those of one triangle."""
    if triangle == "full":
        return values.reshape(-1, ports, ports)
    s = np.empty((len(values), ports, ports), dtype=np.complex128)
    rows, columns = (np.tril_indices if triangle == "lower" else np.triu_indices)(ports)
    # a network of one triangle is symmetric by the file's own statement
    s[:, rows, columns] = s[:, columns, rows] = values
    return s


def _last_line(text: FileText) -> int:
    """Number of the last line that is not blank."""
    blocks: Iterable[TextBlock] = text.blocks()
    last = 1
    for block in blocks:
        lines = block.raw.split("\n")
        last = max((block.first_line + k for k, line in enumerate(lines) if line.strip()), default=last)
    return last
