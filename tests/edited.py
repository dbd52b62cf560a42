"""A file that ships with one edit in it: how tests spoil a table, key by key."""

from __future__ import annotations

from pathlib import Path

from sirf._data import data_path


def edited(folder: Path, kind: str, name: str, old: str, new: str) -> Path:
    """`data/<kind>/<name>` with `old` turned into `new`, as `mine.toml` in `folder`; `old` must stand in it."""
    text = data_path(kind, name).read_text(encoding="utf-8")
    assert old in text
    file = folder / "mine.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file
