"""TOML that people edit: whatever one key is changed to, the answer is a value or one sentence, never an internal error."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sirf import optics
from sirf._data import MAX_TOML_KEYS, data_path, list_data, load_toml
from sirf._files import MAX_TEXT_BYTES
from sirf.channel.figures.standard_limits import load_limits
from sirf.channel.materials import load_material
from sirf.channel.path.reader import load_path
from sirf.channel.weave import load_weave
from sirf.clock.mask import load_mask
from sirf.errors import ConfigError, SirfError
from sirf.fec import load as load_code
from sirf.presets import load as load_preset
from sirf.system.architecture import load_architecture


def use_path(file: str) -> None:
    load_path(file).to_channel(np.array([0.0, 1e9, 20e9]))


def use_material(file: str) -> None:
    load_material(file).at(temperature_c=60.0)


def use_optics(file: str) -> None:
    preset = optics.load_optics(file)
    optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs9q")


LOADERS: dict[str, Callable[[str], object]] = {
    "paths": use_path,
    "materials": use_material,
    "weaves": load_weave,
    "standards": load_preset,
    "masks": load_limits,
    "jitter_masks": load_mask,
    "optics": use_optics,
    "fec": load_code,
    "architectures": load_architecture,
}
NASTY: tuple[Any, ...] = (
    [], {}, "", "x", "\x1b[31m", -1, 0, 1e9, -1e9, 1e300, 1e-300, float("nan"), float("inf"), True, [[]], [0.0], [1e9] * 3,
    10**30, "../../x.toml", [-1e9, 0.005, 0.12], "a/b", "[red]",
)  # fmt: skip


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key and index of a TOML value."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*above, key)
        yield from places(inner, (*above, key))


def changed(record: dict[str, Any], place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    result: Any = copy.deepcopy(record)
    inner = result
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return dict(result)


@pytest.mark.parametrize("folder", LOADERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_key_gives_a_value_or_a_sentence(tmp_path: Path, folder: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list_data(folder)))
    record = tomllib.loads(data_path(folder, f"{name}.toml").read_text(encoding="utf-8"))
    place = data.draw(st.sampled_from(sorted(places(record), key=str)))
    value = data.draw(st.sampled_from(NASTY))
    file = tmp_path / f"{folder}.toml"
    file.write_text(tomli_w.dumps(changed(record, place, value)), encoding="utf-8")
    with suppress(SirfError):
        LOADERS[folder](str(file))


def test_many_keys_deep_brackets_and_big_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    for text, words in (
        ("".join(f"k{i} = 1\n" for i in range(MAX_TOML_KEYS + 1)), "must have at most"),
        ("a = " + "[" * 20_000 + "]" * 20_000, "must not nest brackets|valid TOML"),
        ("#" * (MAX_TEXT_BYTES + 1), "must be at most"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=words):
            load_toml(file)


def test_a_folder_a_device_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path, words in ((tmp_path, "a folder"), (pipe, "a device or a pipe"), (Path(os.devnull), "a device or a pipe")):
        with pytest.raises(ConfigError, match=words):
            load_toml(path)


def test_a_material_is_looked_for_beside_the_path_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = data_path("materials", "megtron7.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(text.replace('id = "megtron7"', 'id = "own"'), encoding="utf-8")
    path = data_path("paths", "pluggable.toml").read_text(encoding="utf-8").replace('"megtron7"', '"own.toml"')
    (tmp_path / "path.toml").write_text(path, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert "own.toml" in path
    assert load_path(str(tmp_path / "path.toml")).to_channel(np.array([0.0, 1e9])).frequency[-1] == 1e9
