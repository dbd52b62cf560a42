"""Tables of the command line: whole at any width."""

from __future__ import annotations

import pytest

from sirf.cli.library import materials
from sirf.cli.output import table

Capture = pytest.CaptureFixture[str]
HEAD = ("path", "standard", "mm", "BER", "reach mm", "in budget mm", "frame loss", "pJ/bit", "source")
ROWS = [
    (
        "pluggable-half-retimed",
        "802.3ck-c2m",
        "200",
        "1.2e-09",
        "438 +2 % (402-470)",
        "387 (length budget)",
        "<1e-15",
        "21 (18-24)",
        "E: the mean of what three makers publish, [bold]never[/bold] one of them, see docs/theory/energy.md",
    ),
    ("cpo-retimed", "cei-112g-xsr", "30", "3.0e-07", "133 +27 % (none-133)", "50 (loss budget)", "-", "4.9 (4-6)", "P"),
]


@pytest.mark.parametrize("columns", [60, 80, 120, 160, 200])
def test_no_cell_is_cut_at_any_width(monkeypatch: pytest.MonkeyPatch, capsys: Capture, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    table(HEAD, ROWS, json_file=None)
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in text
    short = [cell for line in (HEAD, *ROWS) for cell in line if not cell.startswith("E:")]
    assert all(any(f" {cell} " in f" {line} " for line in lines) for cell in short)
    words = text.split()
    assert all(word in words for cell in ROWS[0] for word in cell.split())
    # every line of figures tells whose they are
    assert text.count("path") == text.count("cpo-retimed") == text.count("pluggable-half-retimed")


def test_names_wider_than_the_terminal_go_on_in_the_next_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    name, value = "a-name-of-thirty-seven-characters-all", "0123456789" * 4
    table(("name", "value"), [(name, value)], json_file=None)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 30
    pieces = [line.split() for line in lines[3:] if line.strip()]
    assert "".join(piece[0] for piece in pieces if piece[0][0] not in "0123456789") == name
    assert "".join(piece[-1] for piece in pieces if piece[-1][0] in "0123456789") == value


def test_a_pipe_has_lines_of_160_characters(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table(HEAD, ROWS, json_file=None)
    assert 80 < max(map(len, capsys.readouterr().out.splitlines())) <= 160


def test_what_ships_is_listed_whole_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    from sirf.channel.materials import list_materials, load_material

    monkeypatch.setenv("COLUMNS", "60")
    materials()
    words = capsys.readouterr().out.split()
    assert all(word in words for name in list_materials() for word in (name, *load_material(name).title.split()))
