"""`sirf modulation` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from sirf.cli import app
from sirf.errors import SirfError

RUNNER = CliRunner()


def test_json_is_a_list_of_modulations_with_picture_and_report(tmp_path: Path) -> None:
    picture, page = tmp_path / "margins.png", tmp_path / "margins.html"
    arguments = ["modulation", "cpo", "--data-rate", "425", "--json", "-", "--out", str(picture), "--report", str(page)]
    done = RUNNER.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["modulation"] for row in rows] == ["PAM4", "PAM6", "PAM8"]
    assert [row["symbol_rate"] for row in rows] == pytest.approx([212.5e9, 170e9, 425e9 / 3.0])
    for row in rows:
        assert row["com_db"] > 3.0
        assert row["capacity_gbps"] > 400.0
        assert row["energy_pj_per_bit_low"] < row["energy_pj_per_bit"] < row["energy_pj_per_bit_high"]
    assert rows[0]["ber"] < rows[1]["ber"] < rows[2]["ber"]
    assert imread(picture).shape[1] > 500
    assert "PAM6" in page.read_text(encoding="utf-8")


def test_a_sweep_gives_one_object_and_a_missed_limit_exits_1(reference_dir: Path) -> None:
    thru = reference_dir / "channels/synthetic_224g_board/thru.s4p"
    done = RUNNER.invoke(
        app,
        ["modulation", str(thru), "--data-rate", "212.5Gb/s", "--modulations", "PAM4,PAM8", "--losses", "20,45", "--json", "-",
         "--com-db", "30"],
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    assert [round(point["loss_db"]) for point in found["sweep"]] == [20, 45]
    assert found["winner"] == found["rows"][0]["modulation"] == "PAM4"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.s4p"], "must exist"),
        (["npo", "--standard", "802.3ck-kr1"], "must have a receiver FFE"),
        (["npo", "--modulations", "PAM5"], "modulation must be one of"),
        (["npo", "--fec", "PAM9=kp4"], "fec must name modulations"),
        (["npo", "--fec", "kp4", "--fec", "PAM8=kr4"], "fec must be one code"),
        (["npo", "--fext", "fext.s4p"], "must go with a file"),
        (["npo", "--losses", "500"], "losses must be above 0"),
        (["npo", "--package-case", "9"], "package"),
    ],
)
def test_bad_input_is_one_sentence(options: list[str], words: str) -> None:
    done = RUNNER.invoke(app, ["modulation", *options])
    assert isinstance(done.exception, SirfError)
    assert words in str(done.exception)
