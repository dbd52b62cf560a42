"""The results file of a study: one line of JSON for each case, only ever appended to.

Chosen for what it must survive. A killed process or a full disk can damage only the last line, which is found by its checksum and
cut off when the study goes on; nothing that stands before is ever written again, so no power failure can take it. One process
writes, held by a lock beside the file; workers hand their cases to it, so nothing depends on how a network file system orders
the writes of several machines. A line needs no library to be read: `Results.to_parquet` makes the open columnar form.

Line 1 states the study, the version and the columns. Every further line is a case:

    {"case": 17, "values": {...}, "figures": {...} or null, "error": null or text, "seconds": 0.01, "crc": "1a2b3c4d"}

`crc` is the CRC-32 of the line's text before `, "crc"`.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from sirf._files import check_output
from sirf._version import __version__
from sirf.errors import ConfigError, SirfError, shown
from sirf.study.sweep.case import Case
from sirf.study.sweep.study import Study

FORMAT = "sirf-sweep-1"
SECONDS_BETWEEN_SYNCS = 5.0
"""A machine that loses power loses at most about so much."""
_CRC = b', "crc": "'


@dataclass(frozen=True, slots=True)
class StoreHeader:
    """First line of a results file."""

    study: Study
    digest: str
    version: str


def line_of(record: dict[str, Any]) -> bytes:
    """A record as one line with its checksum."""
    # without its closing brace, which stands behind the checksum
    text = json.dumps(record, allow_nan=False).encode()[:-1]
    return text + _CRC + f'{zlib.crc32(text):08x}"}}\n'.encode()


def parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None for one that is damaged."""
    text, mark, rest = line.rpartition(_CRC)
    # a line cut short has no mark, or another checksum
    if not mark or rest != f'{zlib.crc32(text):08x}"}}\n'.encode():
        return None
    return dict(json.loads(text + b"}"))


def record_of(case: Case) -> dict[str, Any]:
    """What stands in the line of a case."""
    return {
        "case": case.index,
        "values": case.values,
        "figures": case.figures,
        "error": case.error,
        # microseconds: more digits are noise
        "seconds": round(case.seconds, 6),
    }


def read_header(file: Path) -> StoreHeader:
    """The first line of a results file; `ConfigError` where it is another file, or one of another format."""
    try:
        with file.open("rb") as stream:
            # a first line is no longer than 16 MB, whatever the file is
            record = parsed(stream.readline(1 << 24))
    except OSError as error:
        raise ConfigError(f"{file} must be a readable results file, got {error.strerror}. Check the path.") from error
    if record is None or record.get("format") != FORMAT:
        got = "another file" if record is None else f"format {shown(record.get('format'))}"
        raise ConfigError(f"{file} must be the results of a study, got {got}. Name another file.")
    study = Study.from_dict(record["study"])
    return StoreHeader(study, str(record["digest"]), str(record["version"]))


def read_cases(file: Path) -> Iterator[Case]:
    """Every whole line of a results file in its order; lines that are damaged are passed over."""
    with file.open("rb") as stream:
        stream.readline()
        for line in stream:
            record = parsed(line)
            if record is not None:
                yield Case(record["case"], record["values"], record["figures"], record["error"], record["seconds"])


class Store:
    """The one writer of a results file; a context manager.

    Raises `SirfError` where another process writes it, where it cannot be written, and where it belongs to another study or to a
    study with other content.
    """

    def __init__(self, file: Path, study: Study) -> None:
        check_output("results", file)
        self.file, self.study = file, study
        # beside the file: the file itself is opened to append
        self._lock = FileLock(file.with_name(file.name + ".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise SirfError(
                f"{file} must have one writer at a time, got another run that writes it. Wait, or name another file and merge."
            ) from None
        # from here on the lock is given back on any failure
        try:
            self.done = self._opened()
            self._stream: BinaryIO = file.open("ab")
        except BaseException:
            self._release()
            raise
        self._synced = time.monotonic()

    def __enter__(self) -> Store:
        """The store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left to the disk and let others have the file."""
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as failure:
            # a write that has failed is tried again by the flush: its own sentence is on the way already
            if error is None:
                raise self._unwritten(failure) from failure
        finally:
            with suppress(OSError):
                self._stream.close()
            self._release()

    def add(self, cases: Iterable[Case]) -> None:
        """Append cases; one that stands there already is passed over. `SirfError` where the disk takes no more."""
        lines = []
        for case in cases:
            if not self.done[case.index]:
                self.done[case.index] = 1
                lines.append(line_of(record_of(case)))
        try:
            self._stream.write(b"".join(lines))
            self._stream.flush()
            # a sync waits for the disk: not after every batch
            if time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> SirfError:
        return SirfError(
            f"results must be a file that can be written, got {self.file} ({error.strerror}). All earlier cases are kept: "
            "make room and run the study again."
        )

    def _opened(self) -> bytearray:
        """Which cases the file holds; makes the file, or cuts off a damaged tail."""
        done = bytearray(self.study.cases)
        # empty: a run that ended before its first line
        if not self.file.exists() or self.file.stat().st_size == 0:
            try:
                self.file.write_bytes(self._first_line())
            except OSError as error:
                raise self._unwritten(error) from error
            return done
        header = read_header(self.file)
        if header.digest != self.study.digest:
            raise ConfigError(
                f"{self.file} must hold results of this study, got those of {shown(header.study.title)} with other content. "
                "Name another file."
            )
        if header.version != __version__:
            raise ConfigError(
                f"{self.file} must come from sirf {__version__}, got {header.version}, whose numbers may differ. "
                "Name another file."
            )
        # bytes up to the last whole line
        whole = 0
        with self.file.open("rb") as stream:
            whole += len(stream.readline())
            for line in stream:
                record = parsed(line)
                if record is None:
                    break
                done[record["case"]] = 1
                whole += len(line)
        # a damaged tail is cut off, and computed again
        os.truncate(self.file, whole)
        return done

    def _first_line(self) -> bytes:
        return line_of(
            {
                "format": FORMAT,
                # another version may give other numbers: a study is not continued across two
                "version": __version__,
                "digest": self.study.digest,
                "cases": self.study.cases,
                # the whole of it, so that results are read without the study's file
                "study": self.study.to_dict(),
            }
        )

    def _release(self) -> None:
        # removed while it is still held: whoever opens it from now on makes a new one
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()


def merge(files: Iterable[Path], out: Path) -> int:
    """Write the cases of several results files of one study into `out`, each once; the number of cases there.

    Raises `ConfigError` for results of different studies, and where two files give different figures for one case.
    """
    sources = list(files)
    if not sources:
        raise ConfigError("merge must be given at least one results file, got none. Name some.")
    study = read_header(sources[0]).study
    found: dict[int, dict[str, float | None] | None] = {}
    with Store(out, study) as store:
        # what is there already takes part: a merge may go on
        for case in read_cases(out):
            found[case.index] = case.figures
        for source in sources:
            if read_header(source).digest != study.digest:
                raise ConfigError(f"{source} must hold results of the same study as {sources[0]}. Leave it out.")
            for case in read_cases(source):
                # the same case of the same study twice has the same figures, bit for bit
                if case.index in found and found[case.index] != case.figures:
                    raise ConfigError(
                        f"{source} must agree with the others, got other figures for case {case.index}. Run it once more."
                    )
                found[case.index] = case.figures
                store.add([case])
    return len(found)
