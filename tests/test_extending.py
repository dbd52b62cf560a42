"""The page on extensions names files that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:sirf|tests|docs|data)/[a-z0-9_./]*)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).exists()} == set()
