"""Studies of length as a user runs them: answers, pictures, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sirf.__main__ import main
from sirf.study.limiter import IMPAIRMENTS

Capture = pytest.CaptureFixture[str]


def test_reach_of_an_architecture_with_picture_and_json(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "reach.png"
    command = ["reach", "cpo-retimed", "--data-rate", "106.25", "--ber", "1e-6", "--out", str(picture), "--json", "-"]
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["data_rate"] == 106.25e9
    assert result["limited_by"] in IMPAIRMENTS
    assert set(result["gained_db"]) == set(IMPAIRMENTS)
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


def test_bad_input_of_reach_is_one_line(capsys: Capture) -> None:
    for arguments, words in (
        (["reach", "pigeon"], "path must be an architecture"),
        (["reach", "cpo", "--eye-mask", "10"], "eye mask must be a height"),
        (["reach", "cpo", "--ber", "1e-6", "--eye-mask", "1,.1"], "limit must be one of --ber"),
        (["reach", "cpo-linear", "--data-rate", "7"], "data_rate must be one of"),
        (["reach", "cpo", "--ber-post-fec", "1e-12", "--fec", "kp9"], "code must be one of"),
        (["reach", "cpo", "--ber", "1e-6", "--out", "nowhere/reach.png"], "out must be a picture file"),
    ):
        assert main(arguments) == 2, arguments
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
