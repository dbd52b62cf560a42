"""What a command line asks for and nothing would honour is refused before any work, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.__main__ import main

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("eye gone.s4p --symbols 1e6", "--symbols must go with --engine waveform, got the statistical engine."),
        ("eye gone.s4p --seed 1", "--seed must go with --engine waveform, got the statistical engine."),
        ("reach pluggable --standard 802.3ck-c2m --fec kr4", "--fec must go with --ber-post-fec, got no such limit."),
        ("map length-loss pluggable --rates 90G", "--rates must go with length-rate, got length-loss."),
        ("map length-rate pluggable --losses 1", "--losses must go with length-loss, got length-rate."),
        ("map length-loss pluggable --materials fr4", "--materials must go with material-roughness, got length-loss."),
        ("map length-loss pluggable --limit 1e-5", "--limit must go with --out, on whose picture it is drawn, got no"),
        ("map length-loss pluggable --limit nan --out map.png", "--limit must be a number, got nan."),
        ("map material-roughness pluggable --lengths 10mm,20mm", "--lengths must be one length for material-roughness"),
        (
            "modulation npo --port-order 12-34",
            "--fext, --next and how ports are read must go with a file, got the path",
        ),
        ("check gone.s4p --limit -30", "--limit must go with --repair, got no repair."),
        ("figures gone.s4p --symbol-rate 53G --strict", "--strict must go with --standard, got --symbol-rate alone."),
        (
            "figures gone.s4p --symbol-rate 53G --package-case 2",
            "--package-case must go with --standard, got --symbol-rate",
        ),
        ("optics --list --taps 15", "--taps must go with a measurement, got --list, which measures nothing."),
        ("sweep gone.toml --results kept --hours 4h", "--hours must go with --slurm, got no job script."),
        ("duty --burst 1e4", "--burst must go with --low-power, got idle words between bursts."),
        ("eye gone.s4p --out -", "out must end in one of .png, .svg, .pdf, got '-'."),
        ("optics --json none/optics.json", "json must be in a folder that exists, got none."),
        ("fec --ber 1e-4 --json none/fec.json", "json must be in a folder that exists, got none."),
        ("duty --json none/duty.json", "json must be in a folder that exists, got none."),
        ("failures --json none/failures.json", "json must be in a folder that exists, got none."),
        ("failures cpo-linear --switch 1Gb/s", "capacity must hold a port of 800 Gb/s, got 1 Gb/s."),
        (
            "reach pluggable --standard 802.3ck-c2m --eye-height-mv -1",
            "limit of eye_height_mv must be positive, got -1",
        ),
        ("reach pluggable --standard 802.3ck-c2m --eye-width-ui 0", "limit of eye_width_ui must be positive, got 0"),
    ],
)
def test_what_nothing_would_honour_is_refused(
    words: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"sirf: {sentence}")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "pair"),
    [
        ("eye thru.s4p --json thru.s4p", "--json must be another file than thru"),
        ("eye thru.s4p --fext next.s4p --json next.s4p", "--json must be another file than --fext"),
        ("eye thru.s4p --json ./folder/../thru.s4p", "--json must be another file than thru"),
        ("eye thru.s4p --json linked.s4p", "--json must be another file than thru"),
        ("eye thru.s4p --out eye.png --json eye.png", "--out must be another file than --json"),
        ("ber thru.s4p --resume kept --json kept", "--resume must be another file than --json"),
        ("check thru.s4p --repair dc --out thru.s4p", "--out must be another file than file"),
        ("convert thru.s4p thru.s4p", "out must be another file than file"),
        ("reach own.toml --standard 802.3ck-c2m --json own.toml", "--json must be another file than path"),
        ("sweep own.toml --results own.toml", "--results must be another file than study"),
        ("study merge one two --out two", "--out must be another file than sources"),
        ("ami export own.toml --json own.toml", "--json must be another file than file"),
    ],
)
def test_no_file_is_written_over_another_of_the_command(
    words: str, pair: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked.s4p").symlink_to("thru.s4p")
    files = [tmp_path / name for name in ("thru.s4p", "next.s4p", "own.toml", "one", "two", "kept", "eye.png")]
    for file in files:
        file.write_text("of the user", encoding="utf-8")
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"sirf: {pair}, got ")
    assert error.endswith(" for both. Name another.\n")
    assert all(file.read_text(encoding="utf-8") == "of the user" for file in files)


def test_streams_are_no_files_to_be_told_apart(capsys: Capture) -> None:
    assert main(["fec", "--ber", "1e-4", "--code", "kp4", "--json", "-"]) == 0
    assert '"line_ber": 0.0001' in capsys.readouterr().out


def test_a_question_ends_with_its_own_mark(capsys: Capture) -> None:
    assert main(["comp"]) == 2
    assert capsys.readouterr().err == (
        "sirf: No such command 'comp'. Did you mean 'com', 'compare'? See 'sirf --help'.\n"
    )


def test_a_way_is_compared_once(capsys: Capture) -> None:
    # by whatever name it is given
    for names in (["npo", "npo"], ["pluggable", "npo", "pluggable-retimed"]):
        assert main(["compare", *names]) == 2
        assert "architectures must have an id each, got" in capsys.readouterr().err
