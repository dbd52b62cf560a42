"""The site's pages: their code runs as written, and every page of the site is in its navigation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sirf

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)
    assert blocks or "notest" in page.read_text(encoding="utf-8")


def test_navigation_holds_every_page() -> None:
    named = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.M))
    written = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    generated = {name for name in named if name.startswith("reference/")}
    assert named - generated == written


def test_the_citation_names_this_version() -> None:
    written = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = re.search(r"^version: (\S+)$", written, flags=re.M)
    assert found is not None
    assert found.group(1) == sirf.__version__
