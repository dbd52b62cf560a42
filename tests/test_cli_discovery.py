"""What a new user finds: help with examples, lists, completion, doctor, quiet, exit codes, an eye in the terminal."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

import sirf
from sirf.__main__ import main
from sirf._data import list_data, load_toml
from sirf.cli import COMMANDS, GROUPS, app, found
from sirf.cli.examples import EXAMPLES
from sirf.cli.output import be_quiet, say
from sirf.cli.summaries import SUMMARIES
from sirf.cli.terminal_eye import terminal_eye
from sirf.signal.patterns import names

Capture = pytest.CaptureFixture[str]
LISTS = {
    "standards": "standards",
    "materials": "materials",
    "weaves": "weaves",
    "architectures": "architectures",
    "paths": "paths",
    "codes": "fec",
    "studies": "studies",
}


@pytest.fixture(autouse=True)
def _speaks_again() -> Iterator[None]:
    yield
    be_quiet(False)


def all_commands() -> list[str]:
    inside = [f"{family} {one}" for family, place in GROUPS.items() for one in get_command(found(place)).commands]  # type: ignore[attr-defined]
    return [*COMMANDS, *inside]


@pytest.mark.parametrize("command", all_commands())
def test_every_help_has_an_example_that_parses(command: str, capsys: Capture) -> None:
    assert main([*command.split(), "-h"]) == 0
    # an example of several lines goes on after a backslash, as in a shell
    text = capsys.readouterr().out.replace(" \\\n     ", "")
    family = "completion" if command.startswith("completion") else command
    for example in EXAMPLES[family]:
        assert family == "completion" or example in text
        words = shlex.split(example)[1:]
        tool: Any = get_command(app)
        while words and hasattr(tool, "commands"):
            tool = tool.commands[words.pop(0)]
        tool.make_context("sirf", words)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_help_is_wider_than_its_terminal_or_names_python_types(
    width: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in ("", *all_commands()):
        assert main([*command.split(), "-h"]) == 0
        usage, _, options = capsys.readouterr().out.partition("Options:")
        lines = [line for line in (usage + options).splitlines() if not line.startswith("    sirf ")]
        assert max(map(len, lines)) <= max(width, 78 if width < 80 else 0), command
        # typer names the types of arguments itself
        assert not re.search(r"-\S+ <", options), command


def test_the_first_help_states_the_exit_codes(capsys: Capture) -> None:
    assert main(["-h"]) == 0
    text = capsys.readouterr().out
    for words in ("0 it ran", "1 a limit", "2 bad input", "70 internal error", "130 Ctrl-C"):
        assert words in text


@pytest.mark.parametrize(("command", "folder"), LISTS.items())
def test_lists_name_all_and_show_each_whole(command: str, folder: str, capsys: Capture) -> None:
    assert main([command, "--json", "-"]) == 0
    ids = [one["id"] for one in json.loads(capsys.readouterr().out)]
    assert ids == list(list_data(folder))
    from sirf._data import data_path

    first = ids[0]
    assert main([command, first.upper(), "--json", "-"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out) == load_toml(data_path(folder, f"{first}.toml"))
    assert "provenance" in out.err


def test_a_preset_is_printed_with_every_key_and_its_provenance(capsys: Capture) -> None:
    assert main(["standards", "802.3CK-C2M"]) == 0
    text = capsys.readouterr().out
    for words in (
        "transmitter.ffe.-1",
        "-0.34, 0.02, 0",
        "receiver.ctle.f_z_ghz",
        "12.58",
        "coding.source",
        "P published",
    ):
        assert words in text


def test_masks_and_patterns(capsys: Capture) -> None:
    assert main(["masks", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in found["jitter_masks"]] == list(list_data("jitter_masks"))
    assert main(["patterns", "--json", "-"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == list(names())
    assert main(["optics", "--list", "--json", "-"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == list(list_data("optics"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["standards", "C2M"], "'802.3ck-c2m' or '802.3dj-c2m'"),
        (["fec", "--ber", "1e-4", "--code", "kp5"], "'kp4'"),
        (["materials", "Megtron"], "'megtron4' or 'megtron6'"),
        (["reach", "pluggable linear"], "'pluggable-linear'"),
        (["masks", "802.3ck-kr"], "'802.3ck-kr1'"),
    ],
)
def test_suggestions_are_what_was_meant(arguments: list[str], words: str, capsys: Capture) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert f"Did you mean {words}" in error
    assert error.count("\n") == 1


def _doctor(cache: Path) -> subprocess.CompletedProcess[str]:
    """What doctor says in a process of its own: numba reads where to keep compiled code when it is loaded."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "COLUMNS": "60"}
    return subprocess.run(
        [sys.executable, "-m", "sirf", "doctor"], env=environment, capture_output=True, text=True, check=False
    )


def test_doctor_keeps_folders_whole(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 12) / ("deeper" * 6)
    done = _doctor(folder)
    assert done.returncode == 0
    assert str(folder) in done.stdout


def test_doctor_names_a_folder_of_compiled_code_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = _doctor(tmp_path / "file")
    assert done.returncode == 1
    assert "problem: NUMBA_CACHE_DIR must be a folder that can be written" in " ".join(done.stdout.split())
    # where numba keeps it instead
    assert "cache of compiled loops: none" not in done.stdout


def test_doctor_says_where_nothing_compiled_is_kept(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sirf._kernels.jit.cache_folder", lambda function: None)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "cache of compiled loops: none" in said
    assert "every start compiles anew" in said


def test_doctor_finds_this_installation(capsys: Capture) -> None:
    assert main(["doctor", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sirf"] == sirf.__version__
    assert found["packages"]["numpy"] == np.__version__
    assert found["data files"]["standards"] == str(len(list_data("standards")))
    assert found["problems"] == []


@pytest.mark.parametrize("place", [0, 1])
def test_quiet_writes_json_alone(place: int, tmp_path: Path, capsys: Capture) -> None:
    arguments = ["fec", "--ber", "1e-4", "--json", str(tmp_path / "fec.json")]
    arguments.insert(place, "--quiet")
    assert main(arguments) == 0
    assert capsys.readouterr() == ("", "")
    assert json.loads((tmp_path / "fec.json").read_text())[0]["line_ber"] == 1e-4
    assert main(["-q", "fec", "--ber", "2"]) == 2
    assert capsys.readouterr().err.startswith("sirf: ")


def test_completion_is_installed_by_one_command_and_answers(tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "SHELL": "/bin/bash"}
    command = [sys.executable, "-m", "sirf"]
    done = subprocess.run(
        [*command, "completion", "install"], env=environment, capture_output=True, text=True, check=True
    )
    assert "installed in" in done.stdout
    assert "sirf" in (tmp_path / ".bashrc").read_text()
    asked = environment | {"_SIRF_COMPLETE": "complete_bash", "COMP_WORDS": "sirf stand", "COMP_CWORD": "1"}
    answer = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    assert answer.stdout.split() == ["standards"]


@pytest.mark.parametrize(
    ("shell", "place", "words", "asked", "answer"),
    [
        (
            "zsh",
            ".zfunc/_sirf",
            ("#compdef sirf", "_SIRF_COMPLETE=complete_zsh sirf", 'then _sirf_completion "$@"'),
            {"_TYPER_COMPLETE_ARGS": "sirf stand"},
            '_arguments \'*: :(("standards":',
        ),
        (
            "fish",
            ".config/fish/completions/sirf.fish",
            ("complete --command sirf", "_SIRF_COMPLETE=complete_fish"),
            {"_TYPER_COMPLETE_ARGS": "sirf stand", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
            "standards\t",
        ),
    ],
)
def test_completion_of_other_shells_as_text(
    shell: str, place: str, words: tuple[str, ...], asked: dict[str, str], answer: str, tmp_path: Path
) -> None:
    """The script that each shell loads, where it looks for it, and what the program answers when the shell asks."""
    environment = os.environ | {"HOME": str(tmp_path), "SHELL": f"/bin/{shell}"}
    command = [sys.executable, "-m", "sirf"]
    subprocess.run([*command, "completion", "install"], env=environment, capture_output=True, check=True)
    written = (tmp_path / place).read_text()
    shown = subprocess.run(
        [*command, "completion", "show"], env=environment, capture_output=True, text=True, check=True
    )
    assert written.strip() == shown.stdout.strip()
    assert all(one in written for one in words)
    reply = subprocess.run(
        command,
        env=environment | asked | {"_SIRF_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert reply.stdout.startswith(answer)
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(tmp_path / place)], check=True)


@pytest.mark.parametrize("command", ["standards", "standards 802.3dj-kr1", "fec --ber 1e-4", "-h", "study"])
def test_a_reader_that_goes_is_no_missed_limit(command: str) -> None:
    """Nobody reads at all: the pipe is closed before the first line, of text and of tables."""
    line = f"{shlex.quote(sys.executable)} -m sirf {command} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


def test_the_first_help_is_whole_at_80_columns(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["-h"]) == 0
    text = capsys.readouterr().out
    assert "..." not in text.split("Commands:")[1]
    assert all(len(line) <= 80 for line in text.splitlines())
    for name, summary in SUMMARIES.items():
        assert f"  {name} " in text
        assert summary in text
    assert list(SUMMARIES) == [*COMMANDS, *GROUPS]


def test_the_first_help_is_that_of_all_commands_and_loads_none(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    with get_command(app).make_context("sirf", [], resilient_parsing=True) as context:
        assert shown == context.get_help() + "\n"
    program = (
        "import sys; from sirf.__main__ import main; main(); print([one for one in sys.modules if 'sirf.cli.' in one])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "sirf.cli.examples" in done.stdout
    assert "sirf.cli.engines" not in done.stdout


@pytest.mark.parametrize("family", list(GROUPS))
def test_a_family_named_alone_shows_its_help(family: str, capsys: Capture) -> None:
    assert main([family]) == 0
    out = capsys.readouterr()
    assert "Commands:" in out.out
    assert out.err == ""


def test_a_missing_word_is_explained_by_its_own_help(capsys: Capture) -> None:
    assert main(["map"]) == 2
    error = capsys.readouterr().err
    assert "length-loss, length-rate or material-roughness" in error
    assert "See 'sirf map --help'" in error
    assert main(["reach", "pluggable", "--colour", "red"]) == 2
    assert "See 'sirf reach --help'" in capsys.readouterr().err


def test_long_lines_go_on_under_their_value(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    numbers = " ".join(f"{0.01 * k:.4f}" for k in range(40))
    say(f"title\n  DFE taps  {numbers}", json_file=None)
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == "title"
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].startswith("  DFE taps  0.0000")
    assert all(line.startswith(" " * 12) for line in lines[1:])
    assert " ".join(lines).split()[2:] == numbers.split()


def test_a_picture_without_matplotlib_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("sirf.cli.output.find_spec", lambda name: None)
    for arguments in (["--out", "eye.png"], ["--report", "eye.html"]):
        assert main(["eye", "absent.s4p", *arguments]) == 2
        assert "installed" in capsys.readouterr().err


def test_an_eye_in_the_terminal_shows_three_openings() -> None:
    channel = sirf.paths.cpo(length="30 mm", rate_class="100g").to_channel()
    link = sirf.Link(channel, standard="cei-112g-xsr", samples_per_ui=16).optimized()
    lines = terminal_eye(sirf.statistical_eye(link, phases=16), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    # down the middle column, dots and openings take turns: four levels, three openings
    middle = [line[10 + (len(line) - 10) // 2] == "\u2800" for line in lines[:-1]]
    changes = [one for one, before in zip(middle, [None, *middle], strict=False) if one != before]
    assert changes.count(True) >= 3
    assert lines[-1].split() == ["-0.5", "UI", "0", "+0.5", "UI"]


def test_levels_stand_at_their_voltages_in_the_terminal() -> None:
    """Of rows from the label on top down to its negative, dots of the middle column lie about the four levels."""
    channel = sirf.paths.cpo(length="30 mm", rate_class="100g").to_channel()
    eye = sirf.statistical_eye(sirf.Link(channel, standard="cei-112g-xsr", samples_per_ui=16).optimized(), phases=16)
    *rows, _ = terminal_eye(eye, width=80).splitlines()
    top_mv = float(rows[0].split()[0])
    assert top_mv == pytest.approx(0.68e3 * eye.volts.max(), abs=0.5)
    # 20 rows of four dots each
    heights = np.linspace(top_mv, -top_mv, 4 * len(rows))
    dark = [
        heights[4 * k : 4 * k + 4].mean() for k, row in enumerate(rows) if row[10 + (len(row) - 10) // 2] == "\u2800"
    ]
    row_mv = 2.0 * top_mv / len(rows)
    for level in 1e3 * eye.level_volts:
        assert min(abs(one - level) for one in dark) > 0.5 * row_mv
    gaps = 0.5e3 * (eye.level_volts[1:] + eye.level_volts[:-1])
    for gap in gaps:
        assert min(abs(one - gap) for one in dark) < 0.6 * row_mv
