"""A folder of shipped values: each is read once, by its id; a file of the user's is read anew every time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from sirf._data import data_path, known_id, list_data

Item = TypeVar("Item")


class DataFolder(Generic[Item]):
    """The TOML files of one folder of `data/`, and files of their shape that users write.

    `kind` is what messages call an item, `read` makes one of a file.
    """

    def __init__(self, folder: str, *, kind: str, read: Callable[[Path], Item]) -> None:
        self._folder, self._kind, self._read = folder, kind, read
        self._shipped: dict[str, Item] = {}

    def ids(self) -> tuple[str, ...]:
        """Ids of what ships, sorted."""
        return list_data(self._folder)

    def load(self, name: str | Path) -> Item:
        """The item with this id, or of the TOML file at this path; `ConfigError` for an unknown id names the nearest."""
        # an id is looked for among what ships; only a name that ends in .toml is a path
        found = known_id(name, self.ids(), kind=self._kind)
        if found.endswith(".toml"):
            # never kept: the file may be edited, and a relative name means another file in another folder
            return self._read(Path(found))
        if found not in self._shipped:
            self._shipped[found] = self._read(data_path(self._folder, f"{found}.toml"))
        return self._shipped[found]
