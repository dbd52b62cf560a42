"""`sirf failures` as a user runs it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from sirf.cli import app
from sirf.errors import SirfError

RUNNER = CliRunner()


def test_all_architectures_in_a_table_and_as_json() -> None:
    done = RUNNER.invoke(app, ["failures", "--json", "-"])
    assert done.exit_code == 0, done.output
    rows = {row["architecture"]: row for row in json.loads(done.stdout)}
    assert {"pluggable-retimed", "cpo-linear", "copper-cable", "microled"} <= set(rows)
    for row in rows.values():
        assert row["mtbf_hours_low"] <= row["mtbf_hours"] <= row["mtbf_hours_high"]
        assert 0.99 < row["switch_availability_low"] <= row["switch_availability_high"] <= 1.0
    assert rows["cpo-linear"]["switch_ports"] == 64
    assert not rows["cpo-linear"]["field_replaceable"]


def test_spares_and_an_explained_row() -> None:
    arguments = [
        "failures",
        "pluggable-retimed",
        "--switch",
        "102.4Tb/s",
        "--spare-ports",
        "2",
        "--explain",
        "cpo-linear",
    ]
    done = RUNNER.invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "all but 2 of its ports" in done.stdout
    assert "laser of an external source" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nonsense"], "architecture"),
        (["cpo-linear", "--data-rate", "7Gb/s"], "data_rate must be one of"),
        (["--data-rate", "7Gb/s"], "data_rate must be one of"),
        (["cpo-linear", "--spare-ports", "64"], "spare_ports must be"),
    ],
)
def test_bad_input_is_one_sentence(options: list[str], words: str) -> None:
    done = RUNNER.invoke(app, ["failures", *options])
    assert isinstance(done.exception, SirfError)
    assert words in str(done.exception)
