"""How results look: aligned tables, escaped HTML, JSON without what JSON has no number for, and words on the command line."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from click import Command

from sirf._display import html_table, strict, table
from sirf.cli import quantities
from sirf.cli.channel_files import parse_impedances
from sirf.cli.value_names import name_values
from sirf.errors import SirfError

ROWS = [("loss", "3 dB"), ("eye height", "< 12 mV & more")]


def test_names_of_a_table_are_aligned() -> None:
    assert table("Link", ROWS).split("\n") == ["Link", "  loss        3 dB", "  eye height  < 12 mV & more"]


def test_text_in_html_cannot_command() -> None:
    page = html_table("<b>", ROWS)
    assert "<caption>&lt;b&gt;</caption>" in page
    assert "<td>&lt; 12 mV &amp; more</td>" in page
    assert page.count("<tr>") == 2


def test_what_json_has_no_number_for_is_none() -> None:
    value = {"a": [1.0, math.inf, (math.nan, "inf")], "b": {"c": -math.inf, "d": 3}}
    assert strict(value) == {"a": [1.0, None, [None, "inf"]], "b": {"c": None, "d": 3}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, None),
        ("42", (42.0,)),
        ("42,42,50,50.5", (42.0, 42.0, 50.0, 50.5)),
        ("50ohm", (50.0,)),
        ("50OHM,42", (50.0, 42.0)),
    ],
)
def test_reference_impedances_on_the_command_line(text: str | None, found: tuple[float, ...] | None) -> None:
    assert parse_impedances(text) == found


def test_text_that_is_no_impedance_is_refused() -> None:
    with pytest.raises(SirfError, match="z0 must be ohms, one or one a port with commas, got '50;50'"):
        parse_impedances("50;50")


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(quantities, "notices", found)
    return found


@pytest.mark.parametrize(
    ("read", "text", "value", "notice"),
    [
        (quantities.read_data_rate, "106.25Gb/s", 106.25e9, None),
        (quantities.read_data_rate, "106.25e9", 106.25e9, None),
        (
            quantities.read_data_rate,
            "106.25",
            106.25e9,
            "106.25 has no unit and was taken as 106.25Gb/s; write 106.25Gb/s",
        ),
        (quantities.read_length, "150 mm", 0.15, None),
        (quantities.read_length, "0.15", 0.15, None),
        (quantities.read_length, "150", 0.15, "150 has no unit and was taken as 150mm; write 150mm"),
        (quantities.read_length, "1", 1e-3, "1 has no unit and was taken as 1mm; write 1mm"),
        (quantities.read_length, "0.999", 0.999, None),
        (quantities.read_roughness_um, "0.4", 0.4, None),
        (quantities.read_roughness_um, "400 nm", 0.4, None),
        (quantities.read_hours, "3.5", 3.5, None),
        (quantities.read_hours, "90 min", 1.5, None),
        (quantities.read_plain, "1e3", 1000.0, None),
    ],
)
def test_quantities_on_the_command_line(
    notices: list[str], read: Callable[..., float], text: str, value: float, notice: str | None
) -> None:
    assert read(text, name="x") == pytest.approx(value, rel=1e-12)
    assert notices == ([] if notice is None else [f"x {notice}"])


def test_lists_are_read_one_by_one_and_refused_by_the_librarys_sentence(notices: list[str]) -> None:
    read = quantities.listed("lengths", quantities.read_length)
    assert read("150,0.2,3 cm") == pytest.approx([0.15, 0.2, 0.03])
    assert len(notices) == 1
    with pytest.raises(quantities.BadQuantity) as caught:
        quantities.listed("share", quantities.read_plain)("1,two")
    assert caught.value.format_message() == "share must be numbers with commas, got 'two'. Write for example 1,2,4."


def test_options_in_help_are_named_by_their_type() -> None:
    def command(
        file: Annotated[Path | None, typer.Option()] = None,
        seeds: Annotated[list[int] | None, typer.Option()] = None,
        share: Annotated[float, typer.Option()] = 1.0,
        title: Annotated[str, typer.Option()] = "",
        own: Annotated[str, typer.Option(metavar="RATE")] = "",
        plain: Annotated[bool, typer.Option()] = False,
    ) -> None:
        """Nothing."""

    app = typer.Typer()
    app.command()(command)
    made: Command | Any = typer.main.get_command(app)
    name_values(made, command)
    named = {parameter.name: parameter.metavar for parameter in made.params}
    assert {key: named[key] for key in ("file", "seeds", "share", "title", "own", "plain")} == {
        "file": "FILE", "seeds": "NUMBER", "share": "NUMBER", "title": "TEXT", "own": "RATE", "plain": None
    }  # fmt: skip
