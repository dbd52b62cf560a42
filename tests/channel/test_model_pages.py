"""The pages of the models: every kind of segment has one, every picture and link exists, every stated field is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from sirf._data import data_root
from sirf.channel.path import tables

PAGES = Path(__file__).parents[2] / "docs" / "models"
KINDS = [get_args(table.model_fields["kind"].annotation)[0] for table in get_args(get_args(tables.AnyTable)[0])]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "touchstone"])
def test_every_kind_of_segment_is_in_the_list_of_models(kind: str) -> None:
    assert f"`{kind}`" in (PAGES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(file.name for file in PAGES.glob("*.md")))
def test_every_page_has_its_pictures_and_limits(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGES / target).is_file(), target
    if page not in ("README.md",):
        assert "**Limits" in text
        assert "figures/model-" in text or "substrates.md" in text


def test_the_substrate_page_lists_materials_that_ship() -> None:
    names = re.findall(r"`([a-z]+-[a-z0-9]+)`", (PAGES / "substrates.md").read_text(encoding="utf-8"))
    assert len(names) >= 5
    for name in names:
        assert (data_root() / "materials" / f"{name}.toml").is_file(), name
