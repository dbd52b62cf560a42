"""Architecture files: complete, consistent, and refused by key and file where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf._data import list_data
from sirf.errors import ConfigError, SirfError
from sirf.presets import list_presets
from sirf.system.architecture import FAMILIES, ORDER, load_architecture
from sirf.system.energy import list_architectures

GOOD = """
id = "mine"
title = "mine"
path = "cpo"
chain = "electrical"
length_range_mm = [1.0, 2.0]
provenance = "E"
source = "a test"
[rate."106.25"]
rate_class = "100g"
standard = "cei-112g-xsr"
"""


def test_the_rows_the_files_and_the_energies_are_the_same() -> None:
    assert set(ORDER) == set(list_data("architectures")) == set(list_architectures())
    assert set(FAMILIES.values()) <= set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_every_file_names_paths_and_presets_that_exist(name: str) -> None:
    found = load_architecture(name)
    assert found.id == name
    assert found.path in list_data("paths")
    for interface in found.interfaces.values():
        assert {interface.standard, interface.far_standard} <= set(list_presets())
    assert {53.125e9, 106.25e9, 212.5e9} <= set(found.interfaces)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('path = "cpo"', ""), "key path must be valid"),
        (("[1.0, 2.0]", "[-1.0, 2.0]"), r"key length_range_mm\.0 must be valid"),
        (("[1.0, 2.0]", "[2.0, 1.0]"), "length_range_mm must be"),
        (('chain = "electrical"', 'chain = "psychic"'), "key chain must be valid"),
        (('chain = "electrical"', 'chain = "linear"'), "optics must be given"),
        (('source = "a test"', 'source = "a test"\ncolour = "red"'), "key colour must be valid"),
        (('[rate."106.25"]', '[rate."fast"]'), "must be a data rate in Gb/s"),
    ],
)
def test_bad_files_name_key_and_file(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_architecture(str(file)).at(106.25e9).standard == "cei-112g-xsr"
    file.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"mine.toml.*{expected}"):
        load_architecture(str(file))


def test_unknown_names_and_rates() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'pluggable'"):
        load_architecture("plugable")
    with pytest.raises(SirfError, match=r"data_rate must be one of 53\.125"):
        load_architecture("cpo").at(1e9)
