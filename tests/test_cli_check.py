"""`sirf check`, and the lanes of files of several pairs in the other commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sirf.__main__ import main
from sirf.channel.network import Network
from sirf.channel.touchstone import read_touchstone, write_touchstone
from tests.channel.test_lanes import HALVES, bundle
from tests.channel.test_quality import DELAY, FREQUENCY, delayed, two_port
from tests.channel.test_vector_fit import series_rc_shunt

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    """A two-port that is not passive and lacks DC."""
    write_touchstone(tmp_path / "loud.s2p", two_port(1.02 * delayed(DELAY, FREQUENCY[1:]), frequency=FREQUENCY[1:]))
    return tmp_path / "loud.s2p"


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_gives_the_promised_keys(loud: Path, capsys: Capture) -> None:
    code, out, err = run(capsys, "check", str(loud), "--standard", "802.3ck-c2m", "--json", "-")
    result = json.loads(out)
    assert code == 0
    for key in ("ports", "port_order", "passive", "causal", "reciprocal", "has_dc", "warnings"):
        assert key in result
    assert (result["ports"], result["passive"], result["causal"], result["has_dc"]) == (2, False, True, False)
    assert result["symbol_rate"] == 53.125e9
    assert result["version"] == "1"
    assert "largest singular value 1.020000" in err


def test_a_repair_is_written_only_on_request(loud: Path, tmp_path: Path, capsys: Capture) -> None:
    before = loud.read_bytes()
    fixed = tmp_path / "fixed.s2p"
    code, out, _ = run(capsys, "check", str(loud), "--repair", "passive,dc", "--out", str(fixed), "--json", "-")
    assert code == 0
    result = json.loads(out)
    assert [step["kind"] for step in result["repair"]] == ["dc", "passive"]
    assert result["repair"][1]["max_db"] == pytest.approx(20 * np.log10(0.02), abs=1e-6)
    assert result["repaired"]["passive"] is True
    assert read_touchstone(fixed).frequency[0] == 0.0
    assert np.linalg.svd(read_touchstone(fixed).s, compute_uv=False).max() <= 1 + 1e-12
    assert loud.read_bytes() == before


def test_a_repair_beyond_its_limit_ends_with_one(loud: Path, tmp_path: Path, capsys: Capture) -> None:
    fixed = tmp_path / "fixed.s2p"
    code, out, err = run(capsys, "check", str(loud), "--repair", "passive", "--limit", "-40", "--out", str(fixed))
    assert code == 1
    assert "sirf: change by repair passive of loud must be at most -40 dB, got -34.0 dB" in err
    assert not fixed.exists()
    assert "not passive" in out


def test_a_rational_model_of_what_was_repaired(tmp_path: Path, capsys: Capture) -> None:
    rc = series_rc_shunt()
    write_touchstone(tmp_path / "rc.s2p", Network(rc.frequency[::10], rc.s[::10]))
    code, out, _ = run(capsys, "check", str(tmp_path / "rc.s2p"), "--fit", "1e-6", "--json", "-")
    assert code == 0
    assert json.loads(out)["model"]["rms_error"] < 1e-6
    code, out, err = run(capsys, "check", str(tmp_path / "rc.s2p"), "--fit", "1e-30", "--json", "-")
    assert (code, "model" in json.loads(out)) == (1, False)
    assert "must be at most 1e-30" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "x.s2p"], "repair must be given with --out"),
        (["--repair", "nonsense"], "repair must be of dc, causal, passive"),
        (["--repair", "dc", "--out", "x.s4p"], "suffix must be .s2p"),
        (["--fit", "-1"], "max_error and max_pairs must be positive"),
        (["--port-order", "12-34"], "multiple of 4"),
        (["--standard", "nonsense"], "nonsense"),
        (["--symbol-rate", "-1"], "symbol_rate must be positive"),
        (["--mixed-mode", "D1,2"], "must list 2 modes"),
    ],
)
def test_bad_input_is_one_line_and_two(loud: Path, capsys: Capture, arguments: list[str], words: str) -> None:
    code, out, err = run(capsys, "check", str(loud), *arguments)
    # refused before anything is answered
    assert (code, out) == (2, "")
    assert words in err
    assert len([line for line in err.splitlines() if line.startswith("sirf: ")]) == 1


def test_a_bad_file_is_one_line_with_its_number(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "bad.s2p").write_text("# GHz S RI R 50\n1 2 3 x\n")
    code, out, err = run(capsys, "check", str(tmp_path / "bad.s2p"))
    assert (code, out) == (2, "")
    assert (
        err
        == f"sirf: {tmp_path / 'bad.s2p'}, line 2: value must be a number, got 'x'. Repair the line, or give a "
        + ("Touchstone file.\n")
    )


def test_lanes_are_reported_and_a_victim_is_taken(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "bundle.s16p"
    write_touchstone(path, bundle(HALVES))
    code, out, _ = run(capsys, "check", str(path), "--json", "-")
    assert code == 0
    assert json.loads(out)["port_order"] == [list(lane) for lane in HALVES]
    code, out, _ = run(capsys, "pulse", str(path), "--symbol-rate", "40e9", "--victim", "3", "--json", "-")
    assert code == 0
    assert max(json.loads(out)["volts"]) > 0.5
    code, _, err = run(capsys, "pulse", str(path), "--symbol-rate", "40e9")
    assert code == 2
    assert "the number of a lane" in err


@pytest.mark.parametrize("command", [["eye"], ["ber"], ["figures"], ["com", "--standard", "802.3ck-kr1"]])
def test_every_command_names_the_lanes_to_choose_from(tmp_path: Path, capsys: Capture, command: list[str]) -> None:
    path = tmp_path / "bundle.s16p"
    write_touchstone(path, bundle(HALVES))
    for wrong, words in (("5", "got 5"), ("2", "next_lanes must be numbers of lanes other than the victim, got [2]")):
        code, _, err = run(capsys, command[0], str(path), *command[1:], "--victim", wrong, "--next-lane", "2")
        assert code == 2
        assert words in err
        assert "1: 1:9-2:10, 2: 3:11-4:12" in err
