"""Links and results in files: a zip of `content.json` and one .npy a array, readable without sirf; never a pickle.

`content.json` holds {"format": "sirf", "version": 1, "sirf": version of the writer, "value": …}. A value object stands as
{"class": "module:name", "fields": {…}}, an array as {"array": name of its .npy in the zip}, a tuple as {"tuple": […]}, a
mapping as {"dict": [[key, value], …]}, a complex number as {"complex": [real, imaginary]} and what JSON has no number for as
{"float": "inf"}. Only dataclasses of this package are made on reading.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import math
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf._files import check_output, replacing
from sirf._version import __version__
from sirf.errors import SirfError, shown

if TYPE_CHECKING:
    import numpy as np

FORMAT, VERSION = "sirf", 1
CONTENT = "content.json"
MAX_BYTES = 4 << 30
"""Most bytes that a file may unpack to."""


def save(value: object, file: str | Path) -> None:
    """Write a link, a channel or a result into `file`, to be read by `load` here or with any zip and NumPy reader elsewhere.

    Raises `SirfError` for what is no value of sirf, a part that cannot be kept (a vendor's model, which is a program), or a file
    that cannot be written.

    >>> sirf.save(link, "link.sirf")
    >>> sirf.load("link.sirf").digest == link.digest
    True
    """
    check_output("file", file)
    if not _is_ours(type(value)):
        raise SirfError(f"value must be a link, a channel or a result of sirf, got {shown(value)}. Save one of them.")
    # one writer for a file, for arrays are shared within one file alone
    writer = _Writer()
    head = {"format": FORMAT, "version": VERSION, "sirf": __version__, "value": writer.plain(value)}
    with (
        replacing("file", file) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        # without NaN and infinity, which are no JSON: `plain` has marked them
        archive.writestr(CONTENT, json.dumps(head, allow_nan=False))
        for name, array in writer.arrays.items():
            archive.writestr(name, _npy(array))


def load(file: str | Path) -> Any:
    """What `save` wrote into `file`.

    Raises `SirfError` for a file of another kind, a newer version of the format, or a class that this version does not have.

    >>> sirf.save(link.channel, "channel.sirf")
    >>> sirf.load("channel.sirf").plane == link.channel.plane
    True
    """
    try:
        with zipfile.ZipFile(file) as archive:
            # what the headers say, before a byte is unpacked: a small zip may hold terabytes
            size = sum(one.file_size for one in archive.infolist())
            if size > MAX_BYTES:
                raise SirfError(f"{file} must unpack to at most {MAX_BYTES:,} bytes, got {size:,}. Check the file.")
            head = json.loads(archive.read(CONTENT))
            if not isinstance(head, dict) or head.get("format") != FORMAT or not isinstance(head.get("version"), int):
                raise SirfError(f"{file} must be written by sirf.save, got another file. Check the path.")
            # an older version is read; a newer one may mean other things by the same words
            if head["version"] > VERSION:
                raise SirfError(
                    f"{file} must be of format version {VERSION} or older, got {head['version']}. Install a newer sirf."
                )
            return _Reader(archive, Path(file).name).value(head["value"])
    except OSError as error:
        raise SirfError(f"{file} must be a readable file, got {error.strerror or error}. Check the path.") from error
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, SirfError):
            raise
        raise SirfError(
            f"{file} must be a whole file of sirf.save, got a damaged one ({shown(error)}). Save it anew."
        ) from error


def _is_ours(kind: type) -> bool:
    # by the package's name, not by a list: a new value can be saved without being registered
    return dataclasses.is_dataclass(kind) and kind.__module__.split(".")[0] == __name__.split(".")[0]


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


class _Writer:
    """Makes values plain; arrays are put aside, each once."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        # by identity: two equal arrays are kept twice, which costs room and nothing else
        self._names: dict[int, str] = {}

    def plain(self, value: Any) -> Any:
        import numpy as np

        # bool before numbers: it is an int to Python
        if value is None or isinstance(value, (bool, int, str)):
            return value
        # NumPy's float64 is a float to Python, its other numbers are not
        if isinstance(value, np.generic):
            return self.plain(value.item())
        if isinstance(value, float):
            # JSON has no infinity
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, complex):
            return {"complex": [self.plain(value.real), self.plain(value.imag)]}
        if isinstance(value, np.ndarray) and value.dtype != object:
            # each array once, however many values share it; it stays in `arrays`, so its id cannot be given to another
            # meanwhile
            name = self._names.setdefault(id(value), f"array-{len(self._names)}.npy")
            self.arrays[name] = value
            return {"array": name}
        if isinstance(value, tuple):
            return {"tuple": [self.plain(one) for one in value]}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        if isinstance(value, dict):
            # as pairs: keys of JSON objects can only be text
            return {"dict": [[self.plain(key), self.plain(one)] for key, one in value.items()]}
        if isinstance(value, Path):
            return {"path": str(value)}
        if _is_ours(type(value)):
            kept = {field.name: self.plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return {"class": f"{type(value).__module__}:{type(value).__qualname__}", "fields": kept}
        raise SirfError(
            f"value must hold numbers, text, arrays and values of sirf, got a {type(value).__name__}. "
            "Save what was computed of it."
        )


class _Reader:
    """Rebuilds frozen values from the plain ones of a file."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive, self.name = archive, name
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return [self.value(one) for one in plain]
        if not isinstance(plain, dict):
            return plain
        if "class" in plain:
            return self._object(plain["class"], plain["fields"])
        (kind, content), *more = plain.items()
        # a mark has one key; a mapping of the user's own stands in {"dict": …}
        if more:
            raise ValueError("a mark and its content")
        if kind == "tuple":
            return tuple(self.value(one) for one in content)
        if kind == "dict":
            return {self.value(key): self.value(one) for key, one in content}
        if kind == "array":
            return self._array(content)
        if kind == "complex":
            return complex(*(self.value(one) for one in content))
        return {"float": float, "path": Path}[kind](content)

    def _array(self, name: str) -> np.ndarray[Any, Any]:
        import numpy as np

        if name not in self._arrays:
            # never pickle: a file from elsewhere must not run code
            array = np.lib.format.read_array(io.BytesIO(self.archive.read(name)), allow_pickle=False)
            # values share arrays: nobody may write into one
            array.setflags(write=False)
            self._arrays[name] = array
        return self._arrays[name]

    def _object(self, place: str, fields: dict[str, Any]) -> Any:
        """A frozen value by its fields, checked by its own `__post_init__`."""
        module, _, name = place.partition(":")
        kind = None
        # only modules of this package are imported at a file's word
        if module.split(".")[0] == __name__.split(".")[0]:
            try:
                kind = getattr(importlib.import_module(module), name, None)
            except ImportError:
                kind = None
        if not isinstance(kind, type) or not _is_ours(kind):
            raise SirfError(
                f"{self.name} must hold values that this sirf has, got {shown(place)}. Use the sirf that wrote it."
            )
        # a default for a missing field would be a guess at what another version meant
        known = {field.name for field in dataclasses.fields(kind)}
        if known != set(fields):
            odd = ", ".join(sorted(known ^ set(fields)))
            raise SirfError(
                f"{self.name}: {name} must have the fields of this sirf, got another set ({odd}). Compute it anew."
            )
        # past the constructor, which may take other arguments than the fields
        result: Any = object.__new__(kind)
        for key, plain in fields.items():
            object.__setattr__(result, key, self.value(plain))
        check = getattr(result, "__post_init__", None)
        # what would be refused when built by hand is refused when read
        if check is not None:
            check()
        return result
