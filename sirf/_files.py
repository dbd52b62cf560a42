"""Files that sirf reads and writes.

Small text files are read within stated limits. What is written is checked before the work starts, written beside and
renamed, so that nothing is ever left half.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sirf.errors import SirfError

MAX_TEXT_BYTES = 4 << 20
"""Largest TOML, JSON or mask file that is read; the largest that ships has 20 kB."""

MANIFEST = ".sirf-files"
"""Names the files that sirf wrote into a folder."""


def read_small_text(file: str | Path, *, error: type[SirfError] = SirfError) -> str:
    """The UTF-8 text of a regular file of at most `MAX_TEXT_BYTES`; `error` names it where it is anything else."""
    path = Path(file)
    try:
        # a device or a pipe has no end: reading it might never return
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a device or a pipe"
            # the size is asked for before a byte is read
            raise error(f"{path} must be a file, got {what}. Check the path.")
        size = path.stat().st_size
        if size > MAX_TEXT_BYTES:
            raise error(
                f"{path} must be at most {MAX_TEXT_BYTES:,} bytes, got {size:,}. Check that it is the right file."
            )
        return path.read_text(encoding="utf-8")
    except OSError as fault:
        raise error(f"{path} must be a readable file, got {fault.strerror or fault}. Check the path.") from fault
    except UnicodeDecodeError as fault:
        raise error(f"{path} must be UTF-8 text, got {fault}. Save it as UTF-8.") from fault


def check_output(name: str, file: str | Path | None, *, suffixes: tuple[str, ...] = ()) -> None:
    """`SirfError` unless `file` can be written later; nothing is written now.

    Parameters
    ----------
    name
        What the caller calls this file, for the message: `out`, `json`.
    file
        File to be written; None passes, and `-` (standard output) for `json`.
    suffixes
        Endings that are understood, such as `(".png", ".svg")`; empty: any.
    """
    # standard output is for JSON alone: pictures and pages are files
    if file is None or (name == "json" and str(file) == "-"):
        return
    path = Path(file)
    # a wrong ending would be found by the writer after minutes of work
    if suffixes and path.suffix.lower() not in suffixes:
        raise SirfError(f"{name} must end in one of {', '.join(suffixes)}, got {path.name!r}. Name the file so.")
    if path.is_dir():
        raise SirfError(f"{name} must be a file, got {path}, which is a folder. Name a file in it.")
    if path.exists() and not path.is_file():
        raise SirfError(f"{name} must be a file, got {path}, which is a device or a pipe. Name another.")
    # the folder's rights say nothing of a file that is there already
    if path.exists() and not os.access(path, os.W_OK):
        raise SirfError(f"{name} must be a file that can be written, got {path}, which is read-only. Name another.")
    _check_folder(name, path.parent)


def check_output_folder(name: str, folder: str | Path | None) -> None:
    """`SirfError` unless `folder` is or can be made a folder that takes new files; nothing is made now."""
    if folder is None:
        return
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise SirfError(f"{name} must be a folder, got {path}, which is a file. Name another.")
    # the nearest folder above that exists is the one that must take new ones
    while not path.exists() and path != path.parent:
        path = path.parent
    if not path.is_dir():
        raise SirfError(f"{name} must be a folder that can be made, got {folder}: {path} is a file. Name another.")
    _check_folder(name, path)


def _check_folder(name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise SirfError(f"{name} must be in a folder that exists, got {folder}. Make the folder first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SirfError(f"{name} must be in a folder that can be written, got {folder}. Name another.")


@contextmanager
def replacing(name: str, file: str | Path) -> Iterator[Path]:
    """A temporary path beside `file`, with its ending; when the block ends well it takes the place of `file` at once.

    Whatever goes wrong, a file that was there before is left as it was. `SirfError` where the system cannot write.
    """
    path = Path(file)
    # unique to each writer: two of them may not share a temporary file
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield beside
        # on one file system a rename is atomic: readers see the old file or the new one
        os.replace(beside, path)
    except OSError as error:
        raise SirfError(
            f"{name} must be a file that can be written, got {path} ({error.strerror or error}). Name another."
        ) from error
    finally:
        # after a rename there is nothing left to remove
        with suppress(OSError):
            beside.unlink()


def write_text(name: str, file: str | Path, text: str) -> None:
    """Write UTF-8 text by `replacing`."""
    with replacing(name, file) as beside:
        beside.write_text(text, encoding="utf-8")


def write_folder(name: str, folder: str | Path, files: Mapping[str, bytes]) -> None:
    """Write all `files` into `folder` (made if need be) and remove what an earlier call left there under other names.

    The names of an earlier call stand in the hidden file `MANIFEST`; nothing else in the folder is touched.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SirfError(
            f"{name} must be a folder that can be made, got {place} ({error.strerror}). Name another."
        ) from error
    # without the list nobody could tell the user's files from those of an earlier call
    manifest = place / MANIFEST
    earlier = manifest.read_text(encoding="utf-8").splitlines() if manifest.is_file() else []
    for file, content in files.items():
        with replacing(name, place / file) as beside:
            beside.write_bytes(content)
    # after the new ones are in place: an interruption leaves too many files, never too few
    for file in set(earlier) - set(files):
        # a name of ours never leaves the folder
        if Path(file).name == file:
            (place / file).unlink(missing_ok=True)
    # last, for the same reason: a name is forgotten only once its file is gone
    write_text(name, manifest, "".join(f"{file}\n" for file in files))
