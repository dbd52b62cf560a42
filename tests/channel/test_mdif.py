"""MDIF tables by hand: heads of every kind, option lines, tables to choose from, and each fault by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.channel.file_text import FileText
from sirf.channel.mdif import read_mdif
from sirf.channel.network_file import RawNetwork
from sirf.errors import TouchstoneError


def read(folder: Path, text: str, block: int | None = None) -> RawNetwork:
    path = folder / "table.mdf"
    path.write_text(text)
    return read_mdif(FileText(path), block=block)


def table(heads: str, *rows: str) -> str:
    return "BEGIN ACDATA\n" + heads + "\n" + "\n".join(rows) + "\nEND\n"


ROW = "1 .11 .01 .12 .02 .21 .03 .22 .04"
MATRIX = np.array([[0.11 + 0.01j, 0.12 + 0.02j], [0.21 + 0.03j, 0.22 + 0.04j]])


@pytest.mark.parametrize(
    "heads",
    [
        "% F S[1,1] S[1,2] S[2,1] S[2,2]",
        "% F S11 S12 S21 S22",
        "% F n11x n11y n12x n12y n21x n21y n22x n22y",
        "% F S1_1 S1_2 S2_1 S2_2",
        "% F S[1,1](complex) S[1,2](complex)\n% S[2,1](complex) S[2,2](complex)",
        "% F S[1,1] S[1,2]\nS[2,1] S[2,2]",
    ],
)
def test_entries_are_found_by_their_heads(tmp_path: Path, heads: str) -> None:
    found = read(tmp_path, table(heads, ROW))
    np.testing.assert_allclose(found.value[0], MATRIX, rtol=1e-15)
    assert (found.frequency.tolist(), found.parameter, found.references.tolist()) == ([1.0], "S", [[50.0, 50.0]])


def test_heads_in_another_order_move_their_columns(tmp_path: Path) -> None:
    found = read(tmp_path, table("% F S[2,1] S[1,1] S[2,2] S[1,2]", "1 .21 .03 .11 .01 .22 .04 .12 .02"))
    np.testing.assert_allclose(found.value[0], MATRIX, rtol=1e-15)


def test_a_column_that_is_no_entry_is_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path, table("% F temp(real) S11 S12 gain S21 S22", "1 99 .11 .01 .12 .02 8 9 .21 .03 .22 .04"))
    np.testing.assert_allclose(found.value[0], MATRIX, rtol=1e-15)


@pytest.mark.parametrize("heads", ["% F S(complex)", "% F S", "% freq Sx Sy"])
def test_one_port_needs_no_numbers(tmp_path: Path, heads: str) -> None:
    assert read(tmp_path, table(heads, "1 .5 -.25")).value.tolist() == [[[0.5 - 0.25j]]]


def test_ports_above_nine_are_taken_in_their_order(tmp_path: Path) -> None:
    ports = 11
    heads = "% F " + " ".join(f"S{out}{into}" for out in range(1, ports + 1) for into in range(1, ports + 1))
    values = np.arange(ports**2)
    found = read(tmp_path, table(heads, "1 " + " ".join(f"{value} {-value}" for value in values)))
    np.testing.assert_array_equal(found.value[0], (values - 1j * values).reshape(ports, ports))


@pytest.mark.parametrize("ports", [1, 2, 3])
def test_without_heads_columns_stand_as_in_touchstone(tmp_path: Path, ports: int) -> None:
    s = np.arange(ports**2).reshape(ports, ports) + 0.5j
    ordered = s.T if ports == 2 else s
    row = " ".join(f"{value.real} {value.imag}" for value in ordered.ravel())
    found = read(tmp_path, table("# HZ S RI R 50", f"1 {row}", f"2 {row}"))
    np.testing.assert_array_equal(found.value, [s, s])


@pytest.mark.parametrize(
    ("option", "hertz", "resistance", "value"),
    [
        ("# (HZ S RI R 75)", 1.0, 75.0, 0.5 + 0.25j),
        ("# GHz S MA R 50", 1e9, 50.0, 0.5 * np.exp(1j * np.deg2rad(0.25))),
        ("# MHz S DB R60", 1e6, 60.0, 10 ** (0.5 / 20) * np.exp(1j * np.deg2rad(0.25))),
        ("#", 1e9, 50.0, 0.5 * np.exp(1j * np.deg2rad(0.25))),
    ],
)
def test_the_option_line_means_what_it_does_in_touchstone(
    tmp_path: Path, option: str, hertz: float, resistance: float, value: complex
) -> None:
    found = read(tmp_path, table(f"% F S\n{option}", "3 .5 .25"))
    assert found.frequency.tolist() == [3.0 * hertz]
    assert found.references.tolist() == [[resistance]]
    assert found.value[0, 0, 0] == pytest.approx(value)


@pytest.mark.parametrize(("parameter", "value"), [("Z", 0.5 * 75.0), ("Y", 0.5 / 75.0)])
def test_other_parameters_are_relative_to_the_resistance(tmp_path: Path, parameter: str, value: float) -> None:
    found = read(tmp_path, table(f"% F {parameter}\n# HZ {parameter} RI R 75", "1 .5 0"))
    assert (found.parameter, found.value[0, 0, 0]) == (parameter, pytest.approx(value))
    # without an option line they are in ohm and siemens
    assert read(tmp_path, table(f"% F {parameter}", "1 .5 0")).value[0, 0, 0] == 0.5


def test_a_unit_in_the_head_of_the_frequency_counts(tmp_path: Path) -> None:
    assert read(tmp_path, table("% F(MHz) S", "2 1 0")).frequency.tolist() == [2e6]


def test_tables_are_chosen_by_number_and_other_kinds_passed_over(tmp_path: Path) -> None:
    text = 'VAR L(real) = 1.5\nVAR Name = "first"\n' + table("% F S", "1 .1 0")
    text += "BEGIN NDATA\n% F x\n1 2\nEND\n" + "VAR L = 2\n" + table("% F S", "1 .2 0")
    assert [read(tmp_path, text, block).value[0, 0, 0] for block in (1, 2)] == [0.1, 0.2]
    assert read(tmp_path, text, 2).notes == ("table 2 of 2 was taken.",)
    with pytest.raises(
        TouchstoneError,
        match=r"line 3: block must be given, got 2 tables in the file \(the first with L=1.5, Name=first\)",
    ):
        read(tmp_path, text)
    for block in (0, 3):
        with pytest.raises(TouchstoneError, match=f"block must be 1 to 2, got {block}"):
            read(tmp_path, text, block)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("% F S\n1 0 0\n", "line 1: MDIF file must have a table"),
        ("BEGIN A\n% F S\n1 0 0\nBEGIN B\n", "line 4: BEGIN must follow END"),
        ("BEGIN A\n% F S\n1 0 0\n", "line 1: table must be closed by END"),
        (table("% F S", "1 0 0 2"), "line 3: numbers of the table must be a multiple of 3, got 4"),
        (table("% F S", "1 0 z"), "line 3: value must be a number, got 'z'"),
        (table("% F S", "1 0 0", "2 inf 0"), "line 4: value must be finite, got inf"),
        (table("% F S", "-1 0 0"), "line 1: values of the table must be finite and frequencies not negative"),
        (table("% F S11 S12 S21", ROW), "line 1: heads must name two numbers for each entry"),
        (table("% F S11R S12R S21R S22R", ROW), "line 1: heads must name two numbers for each entry"),
        (table("# HZ S RI R -5", "1 0 0"), "line 1: R must be a positive resistance in ohm, got '-5'"),
        (table("# HZ S RI R", "1 0 0"), "line 1: R must be a positive resistance in ohm, got ''"),
        (table("# HZ S RI", "1 0 0 0"), "line 3: table must have heads .* got 4 numbers"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_named_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TouchstoneError, match=words):
        read(tmp_path, text)
