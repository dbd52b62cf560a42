"""Settings of the presets against those of the official workbooks."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from sirf.com.config.preset_settings import from_preset, from_standard
from sirf.com.config.workbook import from_workbook
from sirf.errors import ConfigError
from sirf.presets import load
from tests.presets.test_presets import WORKBOOKS

APART = {"name", "ignored", "local_search", "f_min", "frequency_step"}


def numbers(value: Any, path: str = "") -> dict[str, Any]:
    """Every number and text of nested settings by its path."""
    if isinstance(value, dict):
        parts = [numbers(part, f"{path}.{key}") for key, part in value.items() if key not in APART]
    elif isinstance(value, (list, tuple)):
        parts = [numbers(part, f"{path}.{index}") for index, part in enumerate(value)]
    else:
        return {path: value}
    return {key: number for part in parts for key, number in part.items()}


@pytest.mark.parametrize("standard", WORKBOOKS)
def test_a_preset_has_the_settings_of_its_workbook(reference_dir: Path, standard: str) -> None:
    ours = numbers(asdict(from_standard(standard)))
    theirs = numbers(asdict(from_workbook(reference_dir / "golden/com" / WORKBOOKS[standard])))
    unlike = {}
    for path in ours.keys() | theirs.keys():
        mine, official = ours.get(path, "absent"), theirs.get(path, "absent")
        if isinstance(mine, float) and isinstance(official, (int, float)):
            if mine != pytest.approx(official, rel=1e-9, abs=1e-20 if "c_" in path or "die" in path else 2e-9):
                unlike[path] = (mine, official)
        elif mine != official:
            unlike[path] = (mine, official)
    # without effect: a package of no length beside none, tail limits without such taps, thresholds; and the sheet's b_min of
    # C2M, whose blanks around the minus signs make MATLAB subtract (-0.15 - 0.15 - 0.05) where limits were meant
    effective = {
        path: pair for path, pair in unlike.items()
        if not (standard == "802.3ck-c2m" and ".receiver." in path and (".packages" in path or ".b_min." in path))
        and not path.endswith(("_threshold_db", "tail_rss_max", "tail_start", "grr", "grr_limit"))
        and not (standard == "802.3ck-cr1" and ".boards." in path and "r_d" in path)
    }  # fmt: skip
    assert not effective


def test_every_com_preset_gives_settings() -> None:
    for standard in ("802.3ck-kr1", "802.3ck-cr1", "802.3ck-c2c", "802.3ck-c2m", "802.3dj-kr1-test", "802.3dj-cr1-test",
                     "802.3cd-50g-kr", "802.3bj-kr4"):  # fmt: skip
        settings = from_standard(standard)
        assert settings.local_search == 0
        assert (settings.receiver.ffe is not None) == ("dj" in standard)
        assert (settings.packages[0].boards.receiver is not None) == (standard == "802.3ck-cr1")
        assert (settings.c2m is not None) == (standard == "802.3ck-c2m")


def test_a_preset_without_what_com_needs_is_refused() -> None:
    preset = load("802.3ck-kr1")
    with pytest.raises(ConfigError, match=r"transmitter\.snr_db must be given"):
        from_preset(replace(preset, transmitter=replace(preset.transmitter, snr_db=None)))
    with pytest.raises(ConfigError, match=r"\[\[package\]\] must be given"):
        from_preset(replace(preset, packages=()))
