"""The text of a network file, plain or gzip, in blocks of whole lines: a large file is never in memory as a whole."""

from __future__ import annotations

import gzip
import os
import re
import stat
import zlib
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

from sirf.errors import TouchstoneError

FIRST_BLOCK_BYTES, BLOCK_BYTES = 1 << 16, 1 << 21
"""Size of the first block, which holds the head and is read line by line, and of the others."""
MAX_LINE_BYTES = 1 << 26
"""A longer line is no table of numbers; a file without line ends would else be read as a whole."""
MAX_UNPACKED_BYTES = 1 << 32
"""Most text of a gzip archive: a million points of a 4-port have 0.6 GB; an archive of some megabytes can hold far more."""
# printable bytes and blanks: anything else is binary
_TEXT_BYTES = b"\t\n\v\f\r" + bytes(range(0x20, 0x100))
_GZIP = b"\x1f\x8b"
_COMMENT = re.compile(r"![^\n]*")
_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive", "Unpack it"),
    (b"BZh", "a bzip2 archive", "Decompress it"),
    (b"\xfd7zXZ", "an xz archive", "Decompress it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "Decompress it"),
    (b"\x89PNG", "a PNG picture", "Give a file of S-parameters"),
    (b"\x89HDF", "an HDF5 file", "Export it as Touchstone"),
    (b"MATLAB 5.0", "a MATLAB file", "Export it as Touchstone with rfwrite or sparameters"),
    (b"%PDF", "a PDF document", "Give a file of S-parameters"),
    (b"<!DOCTYPE", "a web page", "Download the file itself"),
    (b"<html", "a web page", "Download the file itself"),
    (b"version https://git-lfs", "a Git LFS pointer", "Fetch the file itself with 'git lfs pull'"),
)


@dataclass(slots=True)
class TextBlock:
    """Whole lines of a file with newline ends: `raw` as they are; `first_line` is the number of the first one, from 1."""

    first_line: int
    raw: str

    def without_comments(self) -> str:
        """The same lines without what follows `!`."""
        return _COMMENT.sub("", self.raw) if "!" in self.raw else self.raw


@dataclass(slots=True)
class FileText:
    """A file of text at `path`; `size` is its length in bytes, None where it is compressed."""

    path: Path
    size: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Make a path of a text."""
        self.path = Path(self.path)

    def fail(self, line: int | None, message: str) -> NoReturn:
        """Raise `TouchstoneError` that names the file and the line, from 1."""
        where = f"{self.path}, line {line}" if line else f"{self.path}"
        raise TouchstoneError(f"{where}: {message}")

    @property
    def stem(self) -> str:
        """Name of the file without folder, suffix and `.gz`."""
        return Path(self.plain_name).stem

    @property
    def suffix(self) -> str:
        """Suffix of the name, that of `line.s4p.gz` being `.s4p`."""
        return Path(self.plain_name).suffix

    @property
    def plain_name(self) -> str:
        """Name without folder and `.gz`."""
        name = self.path.name
        return name[:-3] if name.lower().endswith(".gz") and len(name) > 3 else name

    def blocks(self) -> Generator[TextBlock, None, None]:
        """Blocks of whole lines, one after another.

        Raises `TouchstoneError` when the file is missing, a directory or device, empty, not readable or not plain text.
        """
        path = self.path
        try:
            with _opened(path) as file:
                start = file.read(FIRST_BLOCK_BYTES)
                if start.startswith(_GZIP):
                    # the head was read raw: the archive is opened from its start
                    file.seek(0)
                    with gzip.open(file) as unpacked:
                        yield from self._blocks_of(unpacked, unpacked.read(FIRST_BLOCK_BYTES))
                else:
                    self.size = path.stat().st_size
                    yield from self._blocks_of(file, start)
        except FileNotFoundError:
            raise TouchstoneError(f"{path}: file must exist, got no such file. Check the path.") from None
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise TouchstoneError(f"{path}: gzip archive must be whole, got a damaged one. Copy it again.") from None
        except OSError as error:
            reason = error.strerror or error
            raise TouchstoneError(
                f"{path}: file must be readable, got {reason}. Check its name and permissions."
            ) from None

    def lines(self) -> list[str]:
        """All lines, for formats whose files are small."""
        return "".join(block.raw for block in self.blocks()).split("\n")

    def _blocks_of(self, file: IO[bytes] | gzip.GzipFile, start: bytes) -> Generator[TextBlock, None, None]:
        self._check_kind(start)
        # a byte order mark that editors put in front
        held = start.removeprefix(b"\xef\xbb\xbf")
        number, empty, ended, total = 1, True, False, len(start)
        while not ended:
            more = file.read(BLOCK_BYTES)
            ended = not more
            total += len(more)
            if total > MAX_UNPACKED_BYTES and isinstance(file, gzip.GzipFile):
                self.fail(
                    number,
                    f"archive must unpack to at most {MAX_UNPACKED_BYTES >> 30} GiB, got more. Unpack and thin it.",
                )
            # a block ends behind a line, never between the two bytes of a Windows line end
            if not ended:
                # at the last line end; a single \r ends a line of old Macintosh files
                cut = held.rfind(b"\n") + 1 or held.rfind(b"\r", 0, -1) + 1
                if len(held) - cut > MAX_LINE_BYTES:
                    self.fail(
                        number, "lines must be shorter than 64 MiB, got a longer one. Is this a table of numbers?"
                    )
            else:
                cut = len(held)
            data, held = held[:cut], held[cut:] + more
            if ended:
                # the end mark of DOS text
                data = data.removesuffix(b"\x1a")
            if data:
                empty = empty and not data.strip()
                raw = self._text(data, number)
                yield TextBlock(number, raw)
                number += raw.count("\n")
        if empty:
            self.fail(1, "file must hold network data, got an empty file. Export it again.")

    def _check_kind(self, start: bytes) -> None:
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self.fail(1, "file must be plain text, got UTF-16. Save it as UTF-8 or ASCII.")
        for mark, kind, remedy in _OTHER_KINDS:
            if start.startswith(mark):
                self.fail(1, f"file must be plain text, got {kind} (binary or foreign). {remedy}.")

    def _text(self, data: bytes, number: int) -> str:
        # what is left when all text is taken away
        if strange := data.translate(None, delete=_TEXT_BYTES):
            line = number + data[: data.index(strange[:1])].count(b"\n")
            self.fail(line, "file must be plain text, got binary data. Give a Touchstone file.")
        # every byte is a character in Latin-1: remarks may be in any encoding
        raw = data.decode("latin-1")
        return raw.replace("\r\n", "\n").replace("\r", "\n") if "\r" in raw else raw

    def check_ascii(self, block: TextBlock, bare: str) -> None:
        """Raise `TouchstoneError` where `bare`, the block without comments, has letters beyond ASCII."""
        if bare.isascii():
            return
        lines = bare.split("\n")
        index = next(k for k, content in enumerate(lines) if not content.isascii())
        letter = next(character for character in lines[index] if not character.isascii())
        self.fail(
            block.first_line + index,
            f"characters must be ASCII outside comments, got {letter!r}. Repair the line.",
        )


def _opened(path: Path) -> IO[bytes]:
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a null byte in the name
        raise TouchstoneError(
            f"{str(path)!r}: file must be readable, got {error}. Check its name and permissions."
        ) from None
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "a device or pipe"
        raise TouchstoneError(f"{path}: path must be a file, got {kind}. Name one .sNp file.")
    return open(os.fspath(path), "rb")
