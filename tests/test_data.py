"""The one way from a TOML table into a model: what a bad key is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from sirf._data import validated
from sirf.channel.path import load_path
from sirf.errors import ConfigError


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["line"] = "line"
    length_mm: Annotated[float, Field(gt=0)] = 1.0
    length_range_mm: tuple[float, float] = (1.0, 2.0)


class Glass(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["glass"] = "glass"
    length_m: float = 1.0
    noise_pa_per_rthz: float = 1.0


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    power_dbm: float = 0.0
    line: Line = Line()
    part: tuple[Annotated[Line | Glass, Field(discriminator="kind")], ...] = ()
    rate: dict[str, Glass] = {}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"power": 1.0}, r"mine\.toml: key power must carry its unit, got 'power'\. Write power_dbm\."),
        ({"line": {"length": 1.0}}, r"key line\.length must carry its unit, got 'length'\. Write length_mm\."),
        ({"line": {"length_range": [1, 2]}}, r"key line\.length_range .* Write length_range_mm\."),
        ({"part": [{"kind": "line"}, {"kind": "glass", "length": 1.0}]}, r"part\.1\.glass\.length .* Write length_m\."),
        ({"part": [{"kind": "line", "length": 1.0}]}, r"part\.0\.line\.length .* Write length_mm\."),
        ({"rate": {"53.125": {"noise": 1.0}}}, r"rate\.53\.125\.noise .* Write noise_pa_per_rthz\."),
        ({"power_db": 1.0}, r"key power_db must be valid, got 1\.0 \(Extra"),
        ({"colour": "red"}, r"key colour must be valid, got 'red' \(Extra"),
        ({"line": {"length_mm": -1.0}}, r"mine\.toml: key line\.length_mm must be valid, got -1\.0 .*greater than 0"),
    ],
)
def test_a_bad_key_is_named_and_a_missing_unit_told(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validated(Whole, table, "folder/mine.toml")


def test_a_good_table_is_its_model() -> None:
    assert validated(Whole, {"line": {"length_mm": 3.0}}, "mine.toml").line.length_mm == 3.0


def test_paths_profit(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = 'id = "mine"\ntitle = "mine"\nvariable = "a"\n[[segment]]\nname = "a"\nkind = "substrate"\n'
    file.write_text(text + "length = 3.0\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"segment\.0\.substrate\.length must carry its unit.*Write length_mm"):
        load_path(str(file), rate_class="100g")
