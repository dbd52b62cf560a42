"""`sirf figures`: the numbers of the reference code from the command line, pictures, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sirf.__main__ import main
from sirf.channel.touchstone import write_touchstone
from sirf.cli import app
from tests.channel.figures.test_mode_conversion import pair

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_touchstone(tmp_path / "pair.s4p", pair(2e-12))
    return tmp_path / "pair.s4p"


def test_figures_of_the_reference_channel(channels_dir: Path) -> None:
    done = runner.invoke(app, ["figures", str(channels_dir / "c2m_16db" / "thru.s4p"), "--json", "-"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["erl_db"] == pytest.approx(9.859082551453485, abs=1e-6)  # COM 3.70, package case 1
    assert found["fom_ild_db"] == pytest.approx(0.13054965933979185, abs=1e-6)
    assert found["icn_mv"] is None
    assert found["within_limits"] is True


def test_pictures_and_figures_go_into_a_folder(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    done = runner.invoke(app, ["figures", str(file), "--symbol-rate", "40e9", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "P/N skew" in done.stdout
    assert {entry.name for entry in out.iterdir()} == {
        "figures.json",
        "loss.png",
        "ild.png",
        "tdr.png",
        "conversion.png",
    }
    assert json.loads((out / "figures.json").read_text())["skew_ps"] == pytest.approx(2.0, abs=1e-6)


def test_strict_tells_a_missed_limit(file: Path, tmp_path: Path) -> None:
    limits = tmp_path / "tight.toml"
    limits.write_text(
        'id = "tight"\ntitle = "a limit that no line meets"\nprovenance = "E"\nsource = "a test"\nsymbol_rate_gbd = 40.0\n'
        "[noise]\nf_max_ghz = 30.0\nvictim_corner_per_symbol_rate = 0.6\nfext_corner_per_symbol_rate = 0.6\n"
        "next_corner_per_symbol_rate = 0.6\namplitude_fext_v = 0.6\namplitude_next_v = 0.6\n"
        '[[mask]]\nfigure = "insertion_loss"\nlimit = "maximum"\nprovenance = "E"\nsource = "a test"\n'
        "[[mask.piece]]\nfrom_ghz = 1.0\nto_ghz = 20.0\nconstant_db = 0.1\n"
    )
    arguments = ["figures", str(file), "--standard", str(limits)]
    plain, strict = runner.invoke(app, arguments), runner.invoke(app, [*arguments, "--strict"])
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    assert "missed by" in strict.stdout


def test_a_preset_without_limits_lends_its_symbol_rate(file: Path) -> None:
    done = runner.invoke(app, ["figures", str(file), "--standard", "802.3cd-50g-kr", "--json", "-"])
    assert done.exit_code == 0, done.output
    assert "no limits ship for 802.3cd-50g-kr" in done.stderr
    found = json.loads(done.stdout)
    assert (found["symbol_rate"], found["erl_db"], found["within_limits"]) == (26.5625e9, None, None)


def test_bad_options_are_one_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--standard", "802.3xx"], ["--package-case", "7", "--standard", "802.3ck-c2m"]):
        assert main(["figures", str(file), *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1
