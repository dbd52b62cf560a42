"""`sirf convert`, and the options of every command that say how to read a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sirf.__main__ import main
from sirf.channel.network import Network
from sirf.channel.touchstone import load_touchstone, read_touchstone, write_touchstone
from tests.channel.test_network_reader import citi, random_s
from tests.channel.test_screening import EVEN, pair

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_any_file_becomes_touchstone(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "analyser.cti").write_text(citi(random_s(4)))
    out = tmp_path / "out.s4p"
    code, text, _ = run(
        capsys, "convert", tmp_path / "analyser.cti", out, "--port-order", "1,3,2,4", "--z0", "42", "--format", "db",
        "--touchstone", "2.0", "--unit", "GHz", "--json", "-",
    )  # fmt: skip
    assert code == 0
    found = json.loads(text)
    assert (found["ports"], found["points"], found["z0_ohm"], found["version"]) == (4, 4, 42.0, "CITI")
    assert found["warnings"] == ["ports 1, 3, 2, 4 of the input are ports 1 to 4 of the output."]
    index = [0, 2, 1, 3]
    expected = Network(np.array([1e9, 2e9, 3e9, 4.5e9]), random_s(4)[:, index][:, :, index]).renormalized(42.0)
    back = load_touchstone(out)
    assert back.version == "2.0"
    assert np.abs(back.network.s - expected.s).max() < 1e-12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "XY"], "layout must be one of RI, MA, DB"),
        (["--mode", "modal"], "mode must be one of"),
        (["--grid", "1:2"], "grid must be 'even' or start:step:stop"),
        (["--port-order", "9"], "port_order must be"),
        (["--input-z0", "fifty"], "z0 must be ohms"),
        (["--block", "2"], "block must be 1 in a Touchstone file"),
    ],
)
def test_wrong_wishes_end_with_two_and_write_nothing(
    tmp_path: Path, capsys: Capture, options: list[str], words: str
) -> None:
    write_touchstone(tmp_path / "in.s4p", pair(EVEN[::100]))
    code, _, err = run(capsys, "convert", tmp_path / "in.s4p", tmp_path / "out.s4p", *options)
    assert code == 2
    assert words in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out.s4p").exists()


def test_an_inverted_pair_is_told_and_invert_mends_it(tmp_path: Path, capsys: Capture) -> None:
    write_touchstone(tmp_path / "two.s2p", _negative())
    code, out, err = run(capsys, "pulse", tmp_path / "two.s2p", "--symbol-rate", "53.125e9", "--json", "-")
    assert code == 0
    found = json.loads(out)
    assert found["volts"][found["cursor"]] < -0.3
    assert any("--invert" in note for note in found["warnings"])
    assert "peak -" in err
    code, out, _ = run(capsys, "pulse", tmp_path / "two.s2p", "--symbol-rate", "53.125e9", "--invert", "--json", "-")
    right = json.loads(out)
    assert right["volts"][right["cursor"]] == pytest.approx(-found["volts"][found["cursor"]])
    assert not any("inverted" in note for note in right["warnings"])


def _negative() -> Network:
    network = pair(EVEN[::2])
    return Network(network.frequency, network.s[:, :2, :2] * [[1, -1], [-1, 1]], z0=100.0)


def test_warnings_of_the_data_are_in_the_json_of_every_command(
    reference_dir: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = str(reference_dir / "cases" / "segmented_grid.s4p")
    for command, options in (
        ("pulse", ["--symbol-rate", "53.125e9"]),
        ("figures", []),
        ("eye", []),
        ("com", ["--standard", "802.3ck-kr1", "--package-case", "1"]),
    ):
        code, out, err = run(capsys, command, path, *options, "--json", "-")
        assert code == 0, err
        assert any("uneven grid" in note for note in json.loads(out)["warnings"]), command
        assert "uneven grid" in err
    code, out, _ = run(capsys, "check", path, "--json", "-")
    assert code == 0
    assert any("not uniform" in note for note in json.loads(out)["warnings"])


def test_reference_and_order_may_be_given(tmp_path: Path, capsys: Capture) -> None:
    network = pair(EVEN[:50])
    write_touchstone(tmp_path / "a.s4p", network)
    code, out, _ = run(capsys, "check", tmp_path / "a.s4p", "--z0", "42", "--json", "-")
    assert code == 0
    assert json.loads(out)["z0_ohm"] == 42.0
    lines = (tmp_path / "a.s4p").read_text().splitlines()
    head, rows = lines[0], lines[1:]
    points = [rows[k : k + 4] for k in range(0, len(rows), 4)]
    shuffled = [*points[25:], *points[:25]]
    (tmp_path / "b.s4p").write_text("\n".join([head, *(line for point in shuffled for line in point)]) + "\n")
    code, _, err = run(capsys, "check", tmp_path / "b.s4p")
    assert code == 2
    assert "--sort" in err
    code, out, _ = run(capsys, "check", tmp_path / "b.s4p", "--sort", "--json", "-")
    assert code == 0
    assert "frequencies were sorted." in json.loads(out)["warnings"]
    assert np.array_equal(read_touchstone(tmp_path / "b.s4p", sort=True).s, network.s)
