"""The file of a running count: damage is named, two writers are refused, a failed save loses no count."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.engine.counting.count_errors import SaveFailed, count_errors
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.count_file import CountFile
from sirf.results.error_count import ErrorCount
from tests.engine.links import flat_link

COUNT = ErrorCount(
    symbols=200,
    symbol_errors=3,
    errors=4,
    bursts=2,
    squared_symbol_errors=5,
    squared_bit_errors=8,
    batches=(2,),
    link="abc",
)


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    """What a good file holds."""
    file = CountFile(tmp_path / "good.json")
    file.save(seed=1, segments=2, segment_symbols=100, total=COUNT, codewords=None)
    file.close()
    return dict(json.loads((tmp_path / "good.json").read_text(encoding="utf-8")))


def signed(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a digest that fits, as somebody who edits it well would leave it."""
    rest = {key: value for key, value in record.items() if key != "digest"}
    return {**rest, "digest": hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


def load(path: Path, text: str) -> dict[str, Any] | None:
    path.write_text(text, encoding="utf-8")
    file = CountFile(path)
    try:
        return file.load()
    finally:
        file.close()


def test_what_is_saved_is_loaded(record: dict[str, Any], tmp_path: Path) -> None:
    found = load(tmp_path / "again.json", json.dumps(record))
    assert found is not None
    assert found["total"] == COUNT
    assert (found["seed"], found["segments"]) == (1, 2)
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".lock"] == []


TOTALS: dict[str, Any] = {
    "errors": [-5, float("nan"), "4", None, True, [], 401],
    "symbols": [0, 50_000_000, 2.5],
    "symbol_errors": [5, -1, 201],
    "bursts": [4, {}],
    "bits_per_symbol": ["2", -1.0, float("inf")],
    "burst_lengths": [3, ["a"], [-1]],
    "link": [7],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TOTALS.items() for value in values])
def test_a_total_that_no_run_gives_is_refused(record: dict[str, Any], tmp_path: Path, name: str, value: Any) -> None:
    damaged = signed({**record, "total": {**record["total"], name: value}})
    with pytest.raises(SirfError, match=r"must be a file of an earlier count"):
        load(tmp_path / "damaged.json", json.dumps(damaged))


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", -1), ("seed", "1"), ("segments", 10), ("segments", 2.0), ("segment_symbols", 50), ("format", "other"),
     ("total", []), ("total", None), ("codewords", 3)],
)  # fmt: skip
def test_a_record_that_no_run_writes_is_refused(record: dict[str, Any], tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(SirfError, match=r"must be a file of an earlier count"):
        load(tmp_path / "damaged.json", json.dumps(signed({**record, name: value})))


@pytest.mark.parametrize("number", [5, 7])
def test_a_file_of_another_version_is_refused_by_its_format(
    record: dict[str, Any], tmp_path: Path, number: int
) -> None:
    other = signed({**record, "format": f"sirf-error-count-{number}"})
    with pytest.raises(
        SirfError, match=rf"must be of format .*, got .*-{number}. of another version of sirf, whose runs draw other"
    ):
        load(tmp_path / "other.json", json.dumps(other))


def test_an_edited_number_does_not_fit_the_digest(record: dict[str, Any], tmp_path: Path) -> None:
    record["total"]["errors"] = 3
    with pytest.raises(SirfError, match="digest"):
        load(tmp_path / "edited.json", json.dumps(record))


def test_deep_brackets_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SirfError, match="must be a file of an earlier count"):
        load(tmp_path / "deep.json", "[" * 20_000)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 600))
def test_no_damage_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    file = CountFile(folder / "count.json")
    file.save(seed=1, segments=2, segment_symbols=100, total=COUNT, codewords=None)
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:place] + noise + whole[place + len(noise) :])
    try:
        found = file.load()
        assert found is None or found["total"] == COUNT
    except SirfError:
        pass
    finally:
        file.close()


def test_two_writers_are_refused_until_the_first_is_done(tmp_path: Path) -> None:
    first = CountFile(tmp_path / "count.json")
    with pytest.raises(SirfError, match="must belong to one run at a time"):
        CountFile(tmp_path / "count.json")
    first.close()
    CountFile(tmp_path / "count.json").close()


def test_a_folder_that_vanishes_loses_no_count(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    link: Link = flat_link("PAM4", sigma=0.11)

    def vanish(done: int, most: int, errors: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(SaveFailed, match="resume must be a file that can be written") as failed:
        count_errors(link, max_errors=10, rng=1, resume=folder / "count.json", progress=vanish)
    assert failed.value.count == count_errors(link, max_errors=10, rng=1)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None])
def test_where_it_cannot_be_written_is_said_before_counting(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a")
    target = tmp_path / "a" if (tmp_path / "a").exists() else tmp_path / "none" / "count.json"

    def never(done: int, most: int, errors: int) -> None:
        raise AssertionError("counted before the file was checked")

    with pytest.raises(SirfError, match="resume must be"):
        count_errors(flat_link("PAM4", sigma=0.11), rng=1, resume=target, progress=never)
