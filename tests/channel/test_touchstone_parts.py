"""The head of a Touchstone file and the words of its lines, part by part."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.channel.file_text import FileText, TextBlock
from sirf.channel.touchstone import read_touchstone
from sirf.channel.touchstone_data import NumberReader, token_lines
from sirf.channel.touchstone_header import (
    HeaderScan,
    TouchstoneHeader,
    choice,
    fail_without_impedance,
    positive_integer,
    reference_resistances,
    suffix_ports,
)
from sirf.errors import TouchstoneError

TEXT = FileText(Path("line.s2p"))


def scanned(text: str) -> tuple[TouchstoneHeader, str]:
    """(head, what is network data) of a file's text."""
    scan = HeaderScan(TEXT)
    data = scan.take(TextBlock(1, text))
    return scan.finish(), data


@pytest.mark.parametrize(
    ("name", "ports"), [("a.s4p", 4), ("a.S12P", 12), ("a.s2p.gz", 2), ("a.ts", None), ("a.z3p", 3), ("a.txt", None)]
)
def test_ports_by_the_suffix(name: str, ports: int | None) -> None:
    assert suffix_ports(FileText(Path(name))) == ports


@pytest.mark.parametrize("name", ["a.s0p", "a.sp", "a.s-1p"])
def test_a_suffix_that_counts_no_port_is_refused(name: str) -> None:
    with pytest.raises(TouchstoneError, match=r"suffix must be \.sNp with a positive number"):
        suffix_ports(FileText(Path(name)))


@pytest.mark.parametrize(
    ("line", "hertz", "layout", "resistances"),
    [
        ("# GHz S RI R 50", 1e9, "RI", (50.0,)),
        ("# hz s db r 75", 1.0, "DB", (75.0,)),
        ("#", 1e9, "MA", (50.0,)),
        ("# MHz R50", 1e6, "MA", (50.0,)),
        ("# kHz S MA R=42.5 ohm", 1e3, "MA", (42.5,)),
        ("# GHz S RI R (100,0)", 1e9, "RI", (100.0,)),
        ("# R 50 75 S RI", 1e9, "RI", (50.0, 75.0)),
    ],
)
def test_option_lines(line: str, hertz: float, layout: str, resistances: tuple[float, ...]) -> None:
    """Any order, any case; what is left out is GHz, S, MA, R 50, as the specification has it."""
    head, data = scanned(f"! made by hand\n{line}\n1 0 0 1 0 1 0 0 0\n")
    assert (head.hertz, head.layout, head.parameter, head.resistances) == (hertz, layout, "S", resistances)
    assert head.first_data_line == 3
    assert head.option_line == 2
    assert "made by hand" in head.comments
    assert data.split() == ["1", "0", "0", "1", "0", "1", "0", "0", "0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0 0 1 0 1 0 0 0\n", "line 1: option line must be present"),
        ("# GHz S RI RI\n", "line 1: option line must give each option once, got a second format"),
        ("# GHz S XY\n", "line 1: option must be a unit, S, RI, MA, DB or R, got 'XY'"),
        ("# GHz S RI R -50\n", "R must be followed by a positive resistance in ohm, got -50"),
        ("[Number of Ports] 2\n", r"\[Number of Ports\] must follow \[Version\]"),
        ("[Version] 3.0\n", r"\[Version\] must be one of"),
        ("[Version] 2.0\n[Version] 2.0\n", r"line 2: \[Version\] must stand once, got a second one after line 1"),
        ("[Version] 2.0\n[End]\n", r"\[End\] must come after the network data"),
        ("[Version] 2.0\n# GHz S RI\n1 2 3\n", r"line 3: \[Network Data\] must come before the numbers"),
        ("[Version] 2.0\n[Network Data]\n", "option line must be present"),
        ("[Versoin] 2.0\n", "keyword must be one of Version"),
        ("[Version 2.0\n", "keyword must be closed by '\\]'"),
        ("[Version] 2.0\n[Begin Information]\n", r"\[Begin Information\] must be closed"),
    ],
)
def test_a_bad_head_names_line_and_cure(text: str, message: str) -> None:
    with pytest.raises(TouchstoneError, match=message):
        scanned(text)


def test_keywords_of_version_2() -> None:
    head, data = scanned(
        "[Version] 2.0\n# GHz S RI\n[Number of Ports] 2\n[Two-Port Order] 12_21\n[Number of Frequencies] 3\n[Reference] 50\n75\n"
        "[Begin Information]\n1 2 # [what] ever\n[End Information]\n[Network Data]\n1 0 0 1 0 1 0 0 0\n[Noise Data]\n2 1 0 0 1\n"
        "[End]\n"
    )
    assert head.is_version_2
    assert head.has_noise
    assert positive_integer(TEXT, head, "number of ports") == 2
    assert positive_integer(TEXT, head, "number of noise frequencies") is None
    assert choice(TEXT, head, "two-port data order", ("12_21", "21_12"), "21_12") == "12_21"
    assert choice(TEXT, head, "matrix format", ("Full", "Lower", "Upper"), "Full") == "full"
    # a [Reference] may go on on the next line
    assert reference_resistances(TEXT, head, 2) == (50.0, 75.0)
    assert data.split() == ["1", "0", "0", "1", "0", "1", "0", "0", "0"]
    with pytest.raises(TouchstoneError, match="line 6: reference resistances must be 3, one a port, got 2"):
        reference_resistances(TEXT, head, 3)


def test_counts_and_choices_that_are_none_are_refused() -> None:
    head = TouchstoneHeader(keywords={"number of ports": (7, "0"), "matrix format": (8, "Half")})
    with pytest.raises(TouchstoneError, match=r"line 7: \[Number of Ports\] must be a positive integer, got '0'"):
        positive_integer(TEXT, head, "number of ports")
    with pytest.raises(TouchstoneError, match=r"line 8: \[Matrix Format\] must be Full, Lower or Upper, got 'Half'"):
        choice(TEXT, head, "matrix format", ("Full", "Lower", "Upper"), "Full")


def test_one_resistance_holds_for_all_ports_and_a_bare_r_is_told_only_without_another_reference() -> None:
    assert reference_resistances(TEXT, TouchstoneHeader(resistances=(42.5,)), 3) == (42.5, 42.5, 42.5)
    head, _ = scanned("# GHz S RI R\n1 0 0 1 0 1 0 0 0\n")
    assert head.bare_resistance_line == 1
    assert not head.states_resistance
    with pytest.raises(TouchstoneError, match="line 1: R must be followed by a positive resistance"):
        fail_without_impedance(TEXT, head)
    fail_without_impedance(TEXT, TouchstoneHeader())


def test_words_know_their_line() -> None:
    """Blank lines, tabs and spaces at either end count for nothing but their newline."""
    assert token_lines("1 2\n\n 3\t4 \n5").tolist() == [0, 0, 2, 2, 3]
    assert token_lines("\n \n").tolist() == []


def test_numbers_are_kept_in_order_with_the_count_of_each_line() -> None:
    reader = NumberReader(TEXT)
    reader.take(TextBlock(1, "1 2\n\n3\n"), "1 2\n\n3\n", decibels=False)
    reader.take(TextBlock(4, "4e-1 -.5 +6.\n"), "4e-1 -.5 +6.\n", decibels=False)
    numbers, counts = reader.taken()
    assert numbers.tolist() == [1.0, 2.0, 3.0, 0.4, -0.5, 6.0]
    assert counts.tolist() == [2, 0, 1, 3]


@pytest.mark.parametrize(
    ("line", "message"),
    [("1 nan\n", "line 5: value must be finite, got nan"), ("1 -inf\n", "value must be finite, got -inf"),
     ("1 1_0\n", "value must be a number, got '1_0'"), ("1 two\n", "line 5: value must be a number, got 'two'")],
)  # fmt: skip
def test_words_that_are_no_numbers_are_refused_with_their_line(line: str, message: str) -> None:
    with pytest.raises(TouchstoneError, match=message):
        NumberReader(TEXT).take(TextBlock(5, line), line, decibels=False)


def test_minus_infinity_is_a_magnitude_of_zero_in_decibels() -> None:
    reader = NumberReader(TEXT)
    reader.take(TextBlock(1, "1 -inf 0\n"), "1 -inf 0\n", decibels=True)
    assert reader.has_infinity


def test_a_long_block_after_a_short_one_finds_room() -> None:
    """The first block promised a file of one number: the next one is far beyond the spare room."""
    reader = NumberReader(TEXT)
    for first, block in ((1, "7\n"), (2, "1 2 3 4\n" * 500)):
        reader.take(TextBlock(first, block), block, decibels=False)
    numbers, counts = reader.taken()
    assert numbers.tolist() == [7.0] + [1.0, 2.0, 3.0, 4.0] * 500
    assert counts.tolist() == [1] + [4] * 500


def test_zeros_of_three_ports_are_no_point_of_two_ports_over_and_over(tmp_path: Path) -> None:
    """Read nine numbers at a time, all that stands where frequencies should is 0: equal points, which else count once."""
    rows = [f"{k} 0 0 0 0 0 0\n0 0 0 0 0 0\n0 0 0 0 0 0\n" for k in range(9)]
    path = tmp_path / "isolated.s2p"
    path.write_text("# GHz S RI R 50\n" + "".join(rows))
    with pytest.raises(TouchstoneError, match="number of ports must be 2 as the suffix says, got 3"):
        read_touchstone(path)
