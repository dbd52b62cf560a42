"""Files of values: every kind of part comes back as it was, shared arrays once, and no file makes anything else."""

from __future__ import annotations

import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf import _store
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.results.eye_metrics import CrossingJitter
from sirf.results.sampling_instant import SamplingInstant


def through_plain(value: Any) -> Any:
    """What a writer makes of a value and a reader of that, by way of JSON."""
    writer = _store._Writer()
    plain = json.loads(json.dumps(writer.plain(value), allow_nan=False))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in writer.arrays.items():
            archive.writestr(name, _store._npy(array))
    with zipfile.ZipFile(buffer) as archive:
        return _store._Reader(archive, "memory").value(plain)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, "text", (1, (2.0, "x")), [1, [2]], {"a": 1, 2: (3,)}, 1.5 - 2j, Path("folder/file.s4p"),
        CrossingJitter(total=0.3, random=0.1, deterministic=0.2), float("inf"), complex(0.0, -math.inf), (), {}, [],
    ],
)  # fmt: skip
def test_parts_come_back_as_they_were(value: Any) -> None:
    found = through_plain(value)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_stays_none() -> None:
    assert math.isnan(through_plain(math.nan))


@pytest.mark.parametrize(("value", "kind"), [(np.float32(0.5), float), (np.int64(7), int), (np.bool_(True), bool)])
def test_numbers_of_numpy_become_pythons(value: Any, kind: type) -> None:
    found = through_plain(value)
    assert (found, type(found)) == (value.item(), kind)


def test_an_array_is_written_once_however_often_it_stands() -> None:
    one, two = np.arange(4.0), np.arange(4.0)
    writer = _store._Writer()
    writer.plain({"a": one, "b": (one, two), "c": [two]})
    assert sorted(writer.arrays) == ["array-0.npy", "array-1.npy"]
    found = through_plain({"a": one, "b": (one, two)})
    assert found["a"] is found["b"][0]
    assert found["a"] is not found["b"][1]
    np.testing.assert_array_equal(found["a"], one)
    with pytest.raises(ValueError, match="read-only"):
        found["a"][0] = 1.0


@pytest.mark.parametrize("dtype", ["float32", "complex128", "uint8", "int64", "bool"])
def test_arrays_keep_their_type_and_shape(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    found = through_plain(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1, 2}, b"bytes", lambda: 0])
def test_what_cannot_be_kept_is_refused(value: Any) -> None:
    with pytest.raises(SirfError, match="value must hold numbers, text, arrays and values of sirf"):
        through_plain((value,))


def written(folder: Path, value: Any, **head: Any) -> Path:
    """A file with another content than `save` would write."""
    file = folder / "value.sirf"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_store.CONTENT, json.dumps({"format": "sirf", "version": 1, "value": value} | head))
    return file


FIELDS = {"total": 0.3, "random": 0.1, "deterministic": 0.2}
PLACE = "sirf.results.eye_metrics:CrossingJitter"


def test_a_written_object_is_read(tmp_path: Path) -> None:
    found = _store.load(written(tmp_path, {"class": PLACE, "fields": FIELDS}))
    assert found == CrossingJitter(**FIELDS)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"class": "os:system", "fields": {}}, "must hold values that this sirf has, got 'os:system'"),
        ({"class": "sirf.errors:SirfError", "fields": {}}, "must hold values that this sirf has"),
        ({"class": "sirf.nowhere:Thing", "fields": {}}, "must hold values that this sirf has"),
        ({"class": "pathlib:Path", "fields": {}}, "must hold values that this sirf has"),
        ({"class": PLACE, "fields": {"total": 0.3}}, r"got another set \(deterministic, random\)"),
        ({"class": PLACE, "fields": FIELDS | {"more": 1}}, r"got another set \(more\)"),
        ({"unknown": 3}, "must be a whole file of sirf.save, got a damaged one"),
        ({"tuple": [], "list": []}, "must be a whole file of sirf.save, got a damaged one"),
        ({"array": "gone.npy"}, "must be a whole file of sirf.save, got a damaged one"),
    ],
)  # fmt: skip
def test_a_file_makes_nothing_but_values_of_this_package(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(SirfError, match=words):
        _store.load(written(tmp_path, value))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"version": 2}, "must be of format version 1 or older, got 2"),
        ({"version": "1"}, "must be written by sirf.save"),
        ({"format": "other"}, "must be written by sirf.save"),
    ],
)
def test_other_formats_are_refused(tmp_path: Path, head: dict[str, Any], words: str) -> None:
    with pytest.raises(SirfError, match=words):
        _store.load(written(tmp_path, 1, **head))


def test_a_file_that_would_unpack_to_more_than_its_limit_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, {"class": PLACE, "fields": FIELDS})
    size = zipfile.ZipFile(file).infolist()[0].file_size
    monkeypatch.setattr(_store, "MAX_BYTES", size)
    assert _store.load(file).total == 0.3
    monkeypatch.setattr(_store, "MAX_BYTES", size - 1)
    with pytest.raises(SirfError, match=f"must unpack to at most {size - 1:,} bytes, got {size:,}"):
        _store.load(file)


def test_a_checked_value_is_checked_when_it_is_read(tmp_path: Path) -> None:
    """A network whose frequencies fall is none, whoever wrote it."""
    file = tmp_path / "network.sirf"
    _store.save(Network(np.array([1e9, 2e9]), np.zeros((2, 2, 2), dtype=complex), z0=100.0, name="line"), file)
    assert _store.load(file).frequency.tolist() == [1e9, 2e9]
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    falling = _store._npy(np.array([2e9, 1e9]))
    name = next(name for name, content in parts.items() if name.endswith(".npy") and len(content) == len(falling))
    with zipfile.ZipFile(file, "w") as archive:
        for key, content in parts.items():
            archive.writestr(key, falling if key == name else content)
    with pytest.raises(SirfError, match="frequency"):
        _store.load(file)


def test_only_values_of_this_package_are_saved(tmp_path: Path) -> None:
    with pytest.raises(SirfError, match="value must be a link, a channel or a result of sirf"):
        _store.save({"a": 1}, tmp_path / "a.sirf")
    instant = SamplingInstant(
        criterion="maximum-eye", offset_ui=0.1, ser=0.0, loop_ser=0.0, height=1.0, loop_height=0.9
    )
    _store.save(instant, tmp_path / "a.sirf")
    assert _store.load(tmp_path / "a.sirf") == instant
    # nothing is left beside it
    assert [file.name for file in tmp_path.iterdir()] == ["a.sirf"]
