"""The text of a Touchstone file: bytes that must be plain text, comments taken out, line numbers kept."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sirf.errors import TouchstoneError

_TEXT_BYTES = b"\t\n\v\f\r" + bytes(range(0x20, 0x100))
_COMMENT = re.compile(r"![^\n]*")
_OTHER_KINDS = (
    (b"\x1f\x8b", "a gzip archive", "Decompress it"),
    (b"PK\x03\x04", "a zip archive", "Unpack it"),
    (b"\x89PNG", "a PNG picture", "Give a Touchstone file"),
    (b"%PDF", "a PDF document", "Give a Touchstone file"),
    (b"<!DOCTYPE", "a web page", "Download the file itself"),
    (b"<html", "a web page", "Download the file itself"),
    (b"version https://git-lfs", "a Git LFS pointer", "Fetch the file itself with 'git lfs pull'"),
)


@dataclass(slots=True)
class TouchstoneText:
    """Lines of a file: `raw` as they are, `lines` without comments; the list index is the line number less one."""

    path: Path
    raw: str
    lines: list[str]

    def fail(self, line: int | None, message: str) -> NoReturn:
        """Raise `TouchstoneError` that names the file and the line, from 1."""
        where = f"{self.path}, line {line}" if line else f"{self.path}"
        raise TouchstoneError(f"{where}: {message}")

    def comments(self, before: int) -> str:
        """The comments of the first `before` lines as one text."""
        return "\n".join(line.partition("!")[2] for line in self.raw.split("\n", before)[:before])


def read_text(path: str | os.PathLike[str]) -> TouchstoneText:
    """The text of the file at `path`.

    Raises `TouchstoneError` when it is missing, a directory or device, empty, not readable, not plain text, or has letters
    beyond ASCII outside its comments.
    """
    path = Path(path)
    data = _read_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TouchstoneError(f"{path}, line 1: file must be plain text, got UTF-16. Save it as UTF-8 or ASCII.")
    for start, kind, remedy in _OTHER_KINDS:
        if data.startswith(start):
            raise TouchstoneError(f"{path}, line 1: file must be plain text, got {kind} (binary or foreign). {remedy}.")
    data = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\x1a")
    if strange := data.translate(None, delete=_TEXT_BYTES):
        line = data[: data.index(strange[:1])].count(b"\n") + 1
        raise TouchstoneError(f"{path}, line {line}: file must be plain text, got binary data. Give a Touchstone file.")
    if not data.strip():
        raise TouchstoneError(f"{path}, line 1: file must hold network data, got an empty file. Export it again.")
    raw = data.decode("latin-1")
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    bare = _COMMENT.sub("", raw) if "!" in raw else raw
    text = TouchstoneText(path, raw, bare.split("\n"))
    if not bare.isascii():
        index = next(k for k, content in enumerate(text.lines) if not content.isascii())
        letter = next(character for character in text.lines[index] if not character.isascii())
        text.fail(index + 1, f"characters must be ASCII outside comments, got {letter!r}. Repair the line.")
    return text


def _read_bytes(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return path.read_bytes()
    except FileNotFoundError:
        raise TouchstoneError(f"{path}: file must exist, got no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TouchstoneError(f"{path}: file must be readable, got {reason}. Check its name and permissions.") from None
    kind = "a directory" if stat.S_ISDIR(mode) else "a device or pipe"
    raise TouchstoneError(f"{path}: path must be a file, got {kind}. Name one .sNp file.")
