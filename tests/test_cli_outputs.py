"""What commands write: checked before the work, whole or not at all, and safe to show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from sirf.__main__ import main
from sirf.channel.network import Network
from sirf.channel.touchstone import write_touchstone

Capture = pytest.CaptureFixture[str]
MISSING = "none/result"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matched differential pair of 6 dB at 26.56 GHz, its file named with what terminals and pictures may misread."""
    frequency = np.linspace(0.0, 60e9, 601)
    loss = np.exp(-0.69 * np.sqrt(frequency / 26.56e9) - 2j * np.pi * frequency * 0.3e-9)
    s = np.zeros((len(frequency), 4, 4), dtype=complex)
    for near, far in ((0, 1), (2, 3)):
        s[:, near, far] = s[:, far, near] = loss
    file = tmp_path_factory.mktemp("line") / "pair $x_{\x1b[31m[red].s4p"
    write_touchstone(file, Network(frequency, s, z0=50.0))
    return file


@pytest.mark.parametrize(
    "arguments",
    [
        ["eye", "FILE", "--json", f"{MISSING}.json"],
        ["eye", "FILE", "--out", f"{MISSING}.png"],
        ["eye", "FILE", "--out", "eye"],
        ["eye", "FILE", "--out", "eye.txt"],
        ["eye", "FILE", "--engine", "waveform", "--waveform", f"{MISSING}.npz"],
        ["ber", "FILE", "--resume", f"{MISSING}.json"],
        ["ber", "FILE", "--resume", "."],
        ["com", "FILE", "--standard", "802.3ck-kr1", "--out", f"{MISSING}.png"],
        ["com", "FILE", "--standard", "802.3ck-kr1", "--json", "."],
        ["pulse", "FILE", "--symbol-rate", "53.125e9", "--json", f"{MISSING}.json"],
        ["figures", "FILE", "--json", f"{MISSING}.json"],
        ["check", "FILE", "--json", f"{MISSING}.json"],
        ["reach", "pluggable", "--out", f"{MISSING}.png"],
        ["map", "length-loss", "pluggable", "--out", f"{MISSING}.png"],
        ["crossover", "--out", f"{MISSING}.png"],
        ["compare", "--json", f"{MISSING}.json"],
        ["jtol", "FILE", "--json", f"{MISSING}.json"],
    ],
)
def test_an_output_that_cannot_be_written_is_said_before_the_work(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # a file that does not exist would be refused first, had any work begun
    done = main([str(tmp_path / "gone.s4p") if word == "FILE" else word for word in arguments])
    captured = capsys.readouterr()
    assert done == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert any(word in captured.err for word in ("json must", "out must", "resume must", "waveform must"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["com", "FILE", "--standard", "802.3ck-kr1", "--com-db", "nan"],
        ["reach", "pluggable", "--at-least", "nan"],
        ["reach", "pluggable", "--ber", "nan"],
        ["compare", "--com-db", "nan"],
        ["crossover", "--ber", "nan"],
        ["jtol", "FILE", "--ber", "nan"],
    ],
)
def test_a_limit_that_is_not_a_number_is_refused(line: Path, capsys: Capture, arguments: list[str]) -> None:
    assert main([str(line) if word == "FILE" else word for word in arguments]) == 2
    assert re.search("must be a number, got nan|must be positive and finite.*'nan'", capsys.readouterr().err)


def test_names_reach_neither_terminal_nor_picture_as_commands(line: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "eye.png"
    assert main(["eye", str(line), "--out", str(out), "--json", str(tmp_path / "eye.json")]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert out.stat().st_size > 10_000
    assert json.loads((tmp_path / "eye.json").read_text(encoding="utf-8"))["interrupted"] is False
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["eye.json", "eye.png"]


def test_a_file_that_is_there_stays_whole_where_writing_fails(tmp_path: Path) -> None:
    from sirf._files import replacing
    from sirf.errors import SirfError

    file = tmp_path / "kept.txt"
    file.write_text("old", encoding="utf-8")

    def write() -> None:
        with replacing("out", file) as beside:
            beside.write_text("half", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(SirfError, match="No space"):
        write()
    assert file.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.txt"]


def test_a_reader_that_leaves_early_is_no_missed_limit() -> None:
    command = f"{sys.executable} -m sirf materials | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_architecture_is_named_so_that_files_and_tables_take_it(tmp_path: Path, capsys: Capture) -> None:
    from sirf._data import data_path

    text = data_path("architectures", "npo.toml").read_text(encoding="utf-8")
    for name in ("a/b", "[red]", "", "../x"):
        file = tmp_path / "own.toml"
        file.write_text(text.replace('id = "npo"', f'id = "{name}"'), encoding="utf-8")
        assert main(["compare", str(file)]) == 2
        assert "key id must be valid" in capsys.readouterr().err


def test_an_interruption_without_an_answer_says_what_is_left_of_it(line: Path, capsys: Capture) -> None:
    """A run inside a search: what it simulated is no answer of the command."""
    from sirf.engine.waveform.block_stream import Stream

    def stop(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stream, "finish", stop)
        assert main(["jtol", str(line), "--symbols", "2000"]) == 130
    assert "sirf: interrupted: nothing was written, run the command again\n" in capsys.readouterr().err


def test_a_run_that_was_interrupted_says_so_in_its_picture_and_json(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    from sirf.cli import engines

    titles: list[str] = []

    def keep(figure: Figure, out: Path, *, json_file: str | None) -> None:
        titles.extend(axes.get_title() for axes in figure.axes)

    def stop(note: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "write_picture", keep)
    monkeypatch.setattr(engines, "progress", lambda title: nullcontext(stop))
    file = tmp_path / "eye.json"
    arguments = ["eye", str(line), "--engine", "waveform", "--symbols", "400000", "--out", str(tmp_path / "eye.png")]
    assert main([*arguments, "--json", str(file)]) == 130
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["interrupted"] is True
    assert 0 < record["symbols"] < 400_000
    assert any("interrupted" in title for title in titles)
