"""Files of the user are read anew every time, whatever their name was before; what ships is read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sirf._data import data_path
from sirf.channel.figures.standard_limits import load_limits
from sirf.channel.figures.voltage_transfer import load_vtf_mask
from sirf.channel.materials import load_material
from sirf.channel.weave import load_weave
from sirf.clock.mask import load_mask
from sirf.fec.library import load as load_code
from sirf.optics.library import load_optics
from sirf.presets import load
from sirf.system.architecture import load_architecture
from sirf.system.competition import load_set

Loader = Callable[[str], Any]
LOADERS: tuple[tuple[Loader, str, str, str, str], ...] = (
    (load, "standards", "802.3ck-kr1", "der0 = 0.0001", "der0 = 0.0002"),
    (load_material, "materials", "megtron7", "dk = 3.4", "dk = 3.5"),
    (load_weave, "weaves", "1080", "warp_per_inch = 60", "warp_per_inch = 50"),
    (load_limits, "masks", "802.3ck-kr1", "symbol_rate_gbd = 53.125", "symbol_rate_gbd = 26.5625"),
)
TITLED: tuple[tuple[Loader, str], ...] = (
    (load, "standards"),
    (load_material, "materials"),
    (load_weave, "weaves"),
    (load_limits, "masks"),
    (load_mask, "jitter_masks"),
    (load_code, "fec"),
    (load_architecture, "architectures"),
    (load_optics, "optics"),
    (load_vtf_mask, "vtf_masks"),
    (load_set, "sets"),
)


@pytest.mark.parametrize(("loader", "folder", "name", "before", "after"), LOADERS)
def test_an_edit_is_seen(
    loader: Loader, folder: str, name: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under an absolute name, and under the same relative name in another folder."""
    text = data_path(folder, f"{name}.toml").read_text(encoding="utf-8")
    assert before in text
    first, second = tmp_path / "first", tmp_path / "second"
    for place, content in ((first, text), (second, text.replace(before, after))):
        place.mkdir()
        (place / "mine.toml").write_text(content, encoding="utf-8")
    shipped = loader(name)
    assert loader(str(first / "mine.toml")) == shipped
    (first / "mine.toml").write_text(text.replace(before, after), encoding="utf-8")
    assert loader(str(first / "mine.toml")) != shipped
    (first / "mine.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(first)
    assert loader("mine.toml") == shipped
    monkeypatch.chdir(second)
    assert loader("mine.toml") != shipped


@pytest.mark.parametrize(("loader", "folder"), TITLED)
def test_no_loader_keeps_a_file_of_the_user(loader: Loader, folder: str, tmp_path: Path) -> None:
    """A good file, then a bad one in its place: the second call has to see it."""
    source = sorted(data_path(folder).glob("*.toml"))[0]
    file = tmp_path / source.name
    file.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    loader(str(file))
    file.write_text("= no table", encoding="utf-8")
    with pytest.raises(ValueError, match="valid TOML"):
        loader(str(file))
