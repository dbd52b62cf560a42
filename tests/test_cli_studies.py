"""Studies of length as a user runs them: answers, pictures, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sirf.__main__ import main
from sirf.study.impairments import CAUSES

Capture = pytest.CaptureFixture[str]


def test_reach_of_an_architecture_with_picture_and_json(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "reach.png"
    command = ["reach", "cpo-retimed", "--data-rate", "106.25", "--ber", "1e-6", "--out", str(picture), "--json", "-"]
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["data_rate"] == 106.25e9
    assert result["limited_by"] in CAUSES
    assert set(result["gained_decades"]) <= set(CAUSES)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main([*command, "--at-least", "1e6"]) == 1


def test_reach_of_fibre_and_of_a_path_without_a_standard(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "reach.svg"
    assert main(["reach", "sr-vcsel", "--tdecq-db", "2.6", "--out", str(picture), "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["medium"] == "fibre"
    assert result["limited_by"] == "dispersion"
    assert "length of fibre" in picture.read_text()
    assert main(["reach", "cable", "--eye-mask", "1,0.01", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["standard"] == "802.3ck-c2m"
    assert result["limit"] == {"eye_mask": [1.0, 0.01]}


def test_reach_of_an_architecture_says_that_compare_asks_another_question(capsys: Capture) -> None:
    assert main(["reach", "ucie-advanced", "--data-rate", "16Gb/s"]) == 0
    assert "sirf compare holds architectures against frames lost" in capsys.readouterr().out


def test_bad_input_of_reach_is_one_line(capsys: Capture) -> None:
    for arguments, words in (
        (["reach", "pigeon"], "path must be an architecture"),
        (["reach", "cpo", "--eye-mask", "10"], "eye mask must be a height"),
        (["reach", "cpo", "--ber", "1e-6", "--eye-mask", "1,.1"], "limit must be one of --ber"),
        (["reach", "cpo-linear", "--data-rate", "7"], "data_rate must be one of"),
        (["reach", "cpo", "--ber-post-fec", "1e-12", "--fec", "kp9"], "code must be one of"),
        (["reach", "cpo", "--ber", "1e-6", "--out", "nowhere/reach.png"], "out must be in a folder that exists"),
    ):
        assert main(arguments) == 2, arguments
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_maps_with_their_grids(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "map.png"
    common = ["--standard", "cei-112g-xsr", "--lengths", "30,60,120,240", "--json", "-"]
    command = ["map", "length-loss", "cpo", *common, "--losses", "1,2,3,4", "--limit", "1e-6", "--out", str(picture)]
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["first"]["values"] == [30.0, 60.0, 120.0, 240.0]
    assert result["second"]["values"] == [1.0, 2.0, 3.0, 4.0]
    assert len(result["values"]) == len(result["values"][0]) == 4
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["map", "length-rate", "cpo", *common, "--rates", "90,106.25", "--figure", "eye_height_mv"]) == 0
    assert json.loads(capsys.readouterr().out)["figure"] == "eye_height_mv"
    command = [
        "map",
        "material-roughness",
        "pluggable",
        "--materials",
        "fr4,megtron7",
        "--roughness",
        "0,0.5",
        "--lengths",
        "300",
    ]
    assert main([*command, "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["second"]["values"] == ["fr4", "megtron7"]
    assert "300 mm" in result["subject"]


def test_maps_choose_their_own_grids(capsys: Capture) -> None:
    assert main(["map", "length-loss", "cpo", "--standard", "cei-112g-xsr", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["first"]["values"][0] == 15.0
    assert result["second"]["values"][-1] == pytest.approx(2.5 * 2.294, rel=0.01)
    assert main(["map", "length-rate", "cpo-retimed", "--lengths", "30", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["second"]["values"] == [53.125, 106.25, 212.5, 425.0]


def test_crossover_with_picture_and_json(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "crossover.png"
    command = [
        "crossover",
        "--rival",
        "die-to-die",
        "--rival",
        "npo",
        "--ber",
        "1e-5",
        "--out",
        str(picture),
        "--json",
        "-",
    ]
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["limit"] == {"ber": 1e-5}
    assert [(row["rival"], row["cause"]) for row in result["rivals"]] == [("die-to-die", "reach"), ("npo", "energy")]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_bad_input_of_maps_and_crossover_is_one_line(capsys: Capture) -> None:
    for arguments, words in (
        (["map", "smell", "cpo"], "kind of map must be one of"),
        (["map", "length-loss", "cpo-linear"], "path must be one of"),
        (["map", "length-loss", "cpo", "--lengths", "1,a"], "lengths must be a number with a unit"),
        (["map", "length-loss", "cpo", "--lengths", "20,10"], "lengths must be positive and ascend"),
        (["map", "length-loss", "pluggable", "--losses", "0.1"], "smooth copper"),
        (["map", "material-roughness", "cpo", "--standard", "cei-112g-xsr"], "made of a material"),
        (["crossover", "--rival", "pigeon"], "path must be an architecture"),
        (["crossover", "--data-rate", "7"], "data_rate must be one of"),
        (["crossover", "--rival", "npo", "--ber", "1e-30"], "ber of cpo-retimed must be at most"),
    ):
        assert main(arguments) == 2, arguments
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
