"""`sirf compare --set` with a file of one's own, by the command line: table, verdict, JSON, pictures and bad input."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sirf.__main__ import main
from tests.test_cli import strict_json

MEMBERS = (("ucie-standard", 16), ("ucie-standard", 32), ("ucie-advanced", 32))
HEAD = """id = "ten-millimetres"
title = "Across a package"
distance_m = 0.01
provenance = "E"
source = "two dies that do not touch"
"""


def written(folder: Path, *, head: str = HEAD, members: tuple[tuple[str, float], ...] = MEMBERS) -> Path:
    file = folder / "job.toml"
    lines = "".join(f'[[member]]\narchitecture = "{name}"\ndata_rate_gbps = {rate}\n' for name, rate in members)
    file.write_text(head + lines)
    return file


def test_a_set_of_ones_own_has_table_verdict_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, data = tmp_path / "out", tmp_path / "set.json"
    assert main(["compare", "--set", str(written(tmp_path)), "--out", str(out), "--json", str(data)]) == 0
    shown = capsys.readouterr().out
    found = strict_json(data.read_text())
    assert isinstance(found, dict)
    assert strict_json((out / "results.json").read_text()) == found
    names = ["ucie-standard@16", "ucie-standard@32", "ucie-advanced"]
    assert [row["path"] for row in found["rows"]] == names
    assert [row["data_rate"] for row in found["rows"]] == [16e9, 32e9, 32e9]
    # copper alone must reach the distance inside its class: 25 mm of the standard package do, 2 mm of the advanced do not
    assert found["carriers"] == names[:2]
    # a narrow terminal breaks the line anywhere
    refused = "Not over 10 mm by this rule and its classes: ucie-advanced (ends at 2 mm, length budget)"
    assert refused in " ".join(shown.split())
    assert found["verdict"][0].startswith("Over 10 mm least energy is ucie-standard@")
    for row in found["rows"]:
        assert row["energy_pj_per_bit_low"] <= row["energy_pj_per_bit"] <= row["energy_pj_per_bit_high"]
        assert row["reach_mm_low"] <= row["reach_mm"] <= row["reach_mm_high"]
    pictures = {"eyes.png", "reach-energy.png", "error-band.png", "losses.png", *(f"eye-{name}.png" for name in names)}
    assert pictures | {"results.json", "report.html"} == {file.name for file in out.glob("[!.]*")}
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in pictures)
    assert "0.0e+00" not in shown


def test_a_bad_set_ends_with_file_and_key_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, members=(("ucie-standard", 17),))
    assert main(["compare", "--set", str(file), "--out", str(tmp_path / "out")]) == 2
    assert re.search(r"job\.toml: key member\.0: .*17", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
