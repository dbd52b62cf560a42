"""Sizes that a workbook states about itself, held against limits before a library is asked to read it.

A workbook of some kilobytes can state a sheet of a million rows; a reader that believes it reserves that much memory.
The official COM workbooks have fewer than 5,000 cells.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import olefile

from sirf.errors import ConfigError, shortened

MAX_FILE_BYTES = 16 << 20
MAX_CONTENT_BYTES = 64 << 20
"""Of all parts of an .xlsx together, unpacked."""
MAX_PARTS = 1_000
MAX_CELLS = 1_000_000
"""Rows times columns of the box around a sheet's cells; also distinct texts of the book."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, IndexError, struct.error, RuntimeError)
"""What the standard library and olefile raise for a damaged container."""
_CHUNK = 1 << 20
_OVERLAP = 4_096
"""Longest tag that is found where it spans two chunks."""
_REFERENCE = re.compile(rb'<(?:c|row|dimension)\b[^>]*?\b(?:r|ref)="(?:[A-Z]{1,4}\d*:)?([A-Z]{0,4})(\d{1,10})"')
_TEXTS = re.compile(rb'<sst\b[^>]*?\b(?:uniqueCount|count)="(\d+)"')
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"

# record types of the .xls format (BIFF 5 and 8)
_DIMENSIONS, _SHARED_TEXTS = 0x0200, 0x00FC
_CELL_RECORDS = {0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E}


def check_workbook_size(file: Path) -> None:
    """`ConfigError` where the file is none, is no .xls or .xlsx, or states sizes beyond the limits of this module."""
    if not file.is_file():
        what = "nothing" if not file.exists() else "a folder" if file.is_dir() else "a device or a pipe"
        raise ConfigError(f"{file} must be a COM workbook (.xls or .xlsx), got {what}. Check the path.")
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _too_large(file, f"{size:,} bytes", f"{MAX_FILE_BYTES:,} bytes")
    with file.open("rb") as stream:
        start = stream.read(4)
    try:
        if start == _ZIP:
            _check_xlsx(file)
        elif start == _OLE:
            _check_xls(file, size)
        else:
            raise ConfigError(f"{file} must be a COM workbook (.xls or .xlsx), got another format. Save it as .xlsx.")
    except ConfigError:
        raise
    except _DAMAGE as error:
        raise ConfigError(
            f"{file} must be a COM workbook (.xls or .xlsx), got a damaged one ({shortened(error)}). Save it anew."
        ) from error


def _too_large(file: Path, got: str, most: str) -> ConfigError:
    return ConfigError(f"{file} must be a COM workbook of at most {most}, got {got}. Check that it is the right file.")


def _check_box(file: Path, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        raise _too_large(file, f"a sheet of {rows:,} rows and {columns:,} columns", f"{MAX_CELLS:,} cells a sheet")


def _check_xlsx(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise _too_large(file, f"{len(parts):,} parts", f"{MAX_PARTS:,} parts")
        # of what the archive states; the pieces below never read beyond it
        content = sum(part.file_size for part in parts)
        if content > MAX_CONTENT_BYTES:
            raise _too_large(file, f"{content:,} bytes unpacked", f"{MAX_CONTENT_BYTES:,} bytes unpacked")
        for part in parts:
            if part.filename.endswith(".xml") and part.filename.startswith("xl/"):
                rows = columns = 0
                for text in _chunks(archive, part):
                    # a cell states its own place: a sheet may claim rows that it does not have
                    for letters, number in _REFERENCE.findall(text):
                        rows, columns = max(rows, int(number)), max(columns, _column(letters))
                    for count in _TEXTS.findall(text):
                        if int(count) > MAX_CELLS:
                            raise _too_large(file, f"{int(count):,} texts", f"{MAX_CELLS:,} texts")
                    _check_box(file, rows, columns)


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in overlapping pieces, never more of it than it states."""
    with archive.open(part) as stream:
        tail = b""
        while piece := stream.read(_CHUNK):
            yield tail + piece
            # a tag may span two pieces
            tail = (tail + piece)[-_OVERLAP:]


def _column(letters: bytes) -> int:
    """Number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _check_xls(file: Path, size: int) -> None:
    header = file.read_bytes()[:512]
    sector = 1 << struct.unpack_from("<H", header, 30)[0]
    # header of a compound file: numbers of sectors of the FAT, the short FAT and the DIFAT
    tables, short_tables, long_tables = (struct.unpack_from("<I", header, at)[0] for at in (44, 64, 72))
    if not 512 <= sector <= 4096 or (tables + short_tables + long_tables) * sector > size:
        raise ValueError("its header states more sectors than it has bytes")
    with olefile.OleFileIO(str(file)) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        if name is None:
            raise ValueError("it has no workbook in it")
        _check_records(file, container.openstream(name).read())


def _check_records(file: Path, stream: bytes) -> None:
    """Walk the records: dimensions as stated, cells as they stand, number of texts."""
    at = rows = columns = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        if kind == _DIMENSIONS and length >= 10:
            wide = length >= 14
            # BIFF 8 has rows of 32 bits, BIFF 5 of 16
            stated = struct.unpack_from("<IIHH" if wide else "<HHHH", body)
            _check_box(file, stated[1], stated[3])
        elif kind == _SHARED_TEXTS and length >= 8:
            # texts in all cells, and distinct texts
            count = max(struct.unpack_from("<II", body))
            if count > MAX_CELLS:
                raise _too_large(file, f"{count:,} texts", f"{MAX_CELLS:,} texts")
        elif kind in _CELL_RECORDS and length >= 4:
            row, column = struct.unpack_from("<HH", body)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            _check_box(file, rows, columns)
        at += 4 + length
