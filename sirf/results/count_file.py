"""The file that keeps a running error count: one writer at a time, whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sirf._files import check_output, read_small_text, write_text
from sirf.errors import SirfError, shortened, shown
from sirf.results.error_count import ErrorCount

FORMATS = "sirf-error-count-"
# a file of another number is refused: runs of version 5 and before drew other symbols and noise for the same seed
FORMAT = f"{FORMATS}6"
NOT_KEPT = ("sampling", "event_errors")
"""Fields of a count that its link says anew, or that counts in segments do not have."""
SECONDS_BETWEEN_SAVES = 10.0  # a save rewrites the whole file: not more often than a user would miss
"""A kill loses at most about so much work."""


class CountFile:
    """Keeps seed, segments and counts of one run in `path`, and its lock beside it until `close`.

    Raises `SirfError` at once where another run holds the file, where it cannot be written, or where what it holds is not a
    count: wrong types, negative numbers, more errors than symbols, a digest that does not fit.
    """

    def __init__(self, path: Path) -> None:
        check_output("resume", path)
        self.path = path
        # beside the file, for the file itself is replaced with every save
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        try:
            # at once or not at all: two runs would overwrite each other's counts
            self._lock.acquire(timeout=0)
        except Timeout:
            raise SirfError(
                f"{path} must belong to one run at a time, got another that is writing it. Wait, or name another file."
            ) from None
        self._saved = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Seed, segments, total (an `ErrorCount`) and codewords as `save` took them; None where there is no file yet."""
        if not self.path.exists():
            return None
        text = read_small_text(self.path)
        try:
            record = json.loads(text)
            other = _other_format(record)
            if other is None:
                return _checked(record)
        # deep nesting ends Python's parser with a RecursionError
        except (ValueError, RecursionError) as error:
            raise SirfError(
                f"{self.path} must be a file of an earlier count, got something else ({shortened(error)}). "
                "Name another file."
            ) from error
        raise SirfError(
            f"{self.path} must be of format {FORMAT}, got {shown(other)} of another version of sirf, whose runs draw other "
            "symbols and noise. Name another file, or go on with that version."
        )

    def due(self) -> bool:
        """Whether the last save is so long ago that the next one is due."""
        # monotonic: a clock that is set anew must not delay a save
        return time.monotonic() - self._saved >= SECONDS_BETWEEN_SAVES

    def save(self, *, seed: int, segments: int, segment_symbols: int, total: ErrorCount, codewords: Any) -> None:
        """Replace the file in one step; `SirfError` where the system cannot write it."""
        record = {
            "format": FORMAT,
            "seed": seed,
            "segments": segments,
            "segment_symbols": segment_symbols,
            "total": {name: value for name, value in asdict(total).items() if name not in NOT_KEPT},
            "codewords": codewords,
        }
        write_text("resume", self.path, json.dumps({**record, "digest": _digest(record)}, indent=1) + "\n")
        self._saved = time.monotonic()

    def close(self) -> None:
        """Let other runs have the file."""
        # removed while it is still held: whoever opens it from now on makes a new one
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()


def _digest(record: dict[str, Any]) -> str:
    # sorted: the order of keys is no part of what is kept
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _other_format(record: Any) -> str | None:
    """The format of another version of sirf that a record says it has."""
    found = record.get("format") if isinstance(record, dict) else None
    known = isinstance(found, str) and found.startswith(FORMATS) and found[len(FORMATS) :].isdecimal()
    return found if known and found != FORMAT else None


def _checked(record: Any) -> dict[str, Any]:
    """The record with its total as `ErrorCount`; `ValueError` says what is wrong."""
    if not isinstance(record, dict):
        raise ValueError(f"a {type(record).__name__}")
    if record.get("format") != FORMAT:
        raise ValueError(f"format {shown(record.get('format'))}")
    # the digest is of everything but itself
    found = record.pop("digest", None)
    if found != _digest(record):
        raise ValueError("contents that do not fit their digest: it was edited or damaged")
    for name in ("seed", "segments", "segment_symbols"):
        _whole(name, record.get(name))
    total = _count(record.get("total"))
    # a run that was killed between two segments has saved neither: the two numbers always agree
    if total.symbols != record["segments"] * record["segment_symbols"]:
        raise ValueError(f"{total.symbols} symbols in {record['segments']} segments of {record['segment_symbols']}")
    codewords = record.get("codewords")
    if codewords is not None and not isinstance(codewords, dict):
        raise ValueError(f"codewords {shown(codewords)}")
    return {**record, "total": total}


def _count(values: Any) -> ErrorCount:
    """The `ErrorCount` of plain values, each field of the type of its default."""
    if not isinstance(values, dict):
        raise ValueError(f"total {shown(values)}")
    known = {field.name: field.default for field in fields(ErrorCount) if field.name not in NOT_KEPT}
    if set(values) != set(known):
        raise ValueError(f"keys {shown(sorted(set(values) ^ set(known)))} too many or missing")
    given: dict[str, Any] = {}
    for name, default in known.items():
        value = values[name]
        if isinstance(default, tuple):
            if not isinstance(value, list):
                raise ValueError(f"{name} {shown(value)}")
            given[name] = tuple(_whole(name, item) for item in value)
        elif isinstance(default, str):
            if not isinstance(value, str):
                raise ValueError(f"{name} {shown(value)}")
            given[name] = value
        elif isinstance(default, int):
            given[name] = _whole(name, value)
        else:
            # bool is an int for Python, and a damaged file may hold any
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < float("inf"):
                raise ValueError(f"{name} {shown(value)}")
            given[name] = float(value)
    count = ErrorCount(**given)
    # what must hold for any count: bursts within errors, errors within trials
    if not (count.bursts <= count.symbol_errors <= count.symbols and count.symbol_errors <= count.errors <= count.bits):
        raise ValueError(
            f"{count.errors} bit errors, {count.symbol_errors} symbol errors and {count.bursts} bursts in "
            f"{count.symbols} symbols"
        )
    return count


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} {shown(value)}")
    return value
