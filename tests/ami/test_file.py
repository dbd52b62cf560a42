"""Reading `.ami` files: every format, both spellings, the traps, and errors that name file, line and parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.ami.file import AmiFile, parse_ami, read_ami
from sirf.ami.reserved import RESERVED
from sirf.ami.tree import parse_tree
from sirf.errors import AmiError, SirfError

MODELS = Path(__file__).parent / "models"


def ami(specific: str, reserved: str = "") -> AmiFile:
    return parse_ami(
        "(m (Reserved_Parameters (Init_Returns_Impulse (Usage Info) (Type Boolean) (Value True))\n"
        f"(GetWave_Exists (Usage Info) (Type Boolean) (Value False)) {reserved})\n(Model_Specific {specific}))",
        source="m.ami",
    )


@pytest.mark.parametrize("file", sorted(MODELS.glob("*.ami")), ids=lambda file: file.stem)
def test_the_test_models_are_read_whole(file: Path) -> None:
    found = read_ami(file)
    assert found.notes == ()
    assert found.version == 7.2
    assert found.root


@pytest.mark.parametrize(
    ("text", "choices", "bounds", "standard"),
    [
        ("(Type Float) (Value 1.)", (1.0,), None, 1.0),
        ("(Type Float) (Range 1 0 2.5)", (), (0.0, 2.5), 1.0),
        ("(Type Float) (Format Range 1 0 2.5)", (), (0.0, 2.5), 1.0),
        ("(Type Float) (Format (Range 1 0 2.5))", (), (0.0, 2.5), 1.0),
        ("(Type Integer) (List 3 1 2) (Default 2)", (3, 1, 2), None, 2),
        ("(Type Integer) (Format List 3 1 2)", (3, 1, 2), None, 3),
        ("(Type Float) (Increment 0 -0.2 0.2 0.1)", (-0.2, -0.1, 0.0, 0.1, 0.2), None, 0.0),
        ("(Type Float) (Steps 0 -0.2 0.2 4)", (-0.2, -0.1, 0.0, 0.1, 0.2), None, 0.0),
        ("(Type Float) (Corner 1 0.9 1.1)", (1.0, 0.9, 1.1), None, 1.0),
        ("(Type Boolean) (Value True)", (False, True), None, True),
        ('(Type String) (List "a (b) | c" "d")', ("a (b) | c", "d"), None, "a (b) | c"),
        ("(Type UI) (Gaussian 0 0.01)", (), None, 0.0),
        ("(Type UI) (Dual-Dirac -0.1 0.1 0.01)", (), None, -0.1),
        ("(Type UI) (DjRj -0.1 0.1 0.01)", (), None, -0.1),
    ],
)
def test_every_format_gives_its_values(text: str, choices: tuple[float, ...], bounds: object, standard: object) -> None:
    parameter = ami(f"(p (Usage In) {text})").find("p")
    assert parameter.standard_value() == standard
    assert parameter.bounds() == bounds
    expected = pytest.approx(choices) if parameter.type == "float" else choices
    assert parameter.choices() == expected


def test_a_corner_is_the_users_choice() -> None:
    parameter = ami("(p (Usage In) (Type Float) (Corner 1 0.9 1.1))").find("p")
    assert [parameter.standard_value(corner) for corner in ("typ", "slow", "fast")] == [1.0, 0.9, 1.1]


def test_a_table_keeps_its_rows_on_the_way_to_the_model() -> None:
    found = ami("(t (Usage In) (Type Integer Float) (Table (Labels n v) (1 0.5) (2 -0.25)))")
    assert found.find("t").rows == ((1, 0.5), (2, -0.25))
    assert found.find("t").labels == ("n", "v")
    assert found.input_string(found.inputs({})) == "(m (t (1 0.5) (2 -0.25)))"


def test_the_models_string_has_in_and_inout_parameters_and_no_section_names() -> None:
    found = ami(
        "(a (Usage In) (Type Integer) (Value 3)) (ffe (b (Usage InOut) (Type Tap) (Range 0.5 0 1)))"
        '(c (Usage Out) (Type Float) (Value 0)) (d (Usage Info) (Type String) (Value "x"))',
        '(Modulation (Usage In) (Type String) (List "NRZ" "PAM4"))',
    )
    values = found.inputs(found.settings({"b": "0.25", "Modulation": "PAM4"}))
    assert found.input_string(values) == '(m (Modulation "PAM4") (a 3) (ffe (b 0.25)))'


def test_what_comes_back_is_typed_by_the_file() -> None:
    found = ami("(gain (Usage Out) (Type Float) (Value 0)) (ffe (n (Usage Out) (Type Integer) (Value 0)))")
    assert found.outputs('(m (gain 2e-3) (ffe (n 4)) (state "ok"))', "answer") == {
        "gain": 2e-3,
        "ffe.n": 4,
        "state": "ok",
    }
    assert found.outputs(None, "answer") == found.outputs("(m)", "answer") == {}
    with pytest.raises(AmiError, match="answer must be a parameter tree, got 'nonsense'"):
        found.outputs("nonsense", "answer")


def test_a_scale_factor_is_read_and_noted() -> None:
    found = ami("(c (Usage In) (Type Float) (Value 10p))")
    assert found.find("c").standard_value() == pytest.approx(1e-11)
    assert "10p is read as 1e-11" in found.notes[0]


def test_comments_and_brackets_in_strings_are_no_syntax() -> None:
    tree = parse_tree('(a | a comment ) with (brackets\n (Description "50 | 60 (ohm) :-)") (b 1))', source="x")
    assert tree.find("description").atoms[0].text == "50 | 60 (ohm) :-)"  # type: ignore[union-attr]
    assert tree.find("B").atoms[0].text == "1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(m (a (b 1)", r"x must close every bracket, got none for '\(a' in line 1"),
        ("(m\n (a 1)))", r"x must hold one tree, got '\)' behind its end in line 2"),
        ('(m (Description "no end))', "x must end every string in its line, got none in line 1"),
        ("hello", "x must begin with an opening bracket, got 'hello' in line 1"),
        ("", "x must hold a parameter tree, got no text"),
        ("-----BEGIN ENCRYPTED-----\nabc", "x must be plain text, got encrypted text"),
        ("(m\0", "x must be text, got bytes of another kind"),
        ("(m (Reserved_Parameters))", "x must have the reserved parameter Init_Returns_Impulse, got none"),
        (
            "(m (Wrong_Section))",
            "x line 1: a section must be Reserved_Parameters or Model_Specific, got 'Wrong_Section'",
        ),
    ],
)
def test_broken_text_is_named_by_line(text: str, message: str) -> None:
    with pytest.raises(AmiError, match=message):
        parse_ami(text, source="x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(p (Type Float) (Value 1))", "m.ami line 3: p must have a Usage"),
        (
            "(p (Usage Sometimes) (Type Float) (Value 1))",
            "p must have a Usage of in, out, inout, info, dep, got 'Sometimes'",
        ),
        ("(p (Usage In) (Type Complex) (Value 1))", "p must have a Type of float.*got 'complex'"),
        ("(p (Usage In) (Type Float) (Format Curve 1))", "p must have a Format of value.*got 'curve'"),
        ("(p (Usage In) (Type Float) (Range 1 0))", "p must have 3 values in its Range, got 2"),
        ("(p (Usage In) (Type Float) (Range 3 0 1))", "p must list typical, lowest and highest value in this order"),
        ("(p (Usage In) (Type Integer) (Value 1.5))", "p must have values of type Integer, got '1.5' in line 3"),
        (
            "(p (Usage In) (Type Float) (Value 1))\n(p (Usage In) (Type Float) (Value 2))",
            "m.ami line 4: p must be declared once, got it in line 3 before",
        ),
    ],
)
def test_broken_parameters_are_named_by_file_line_and_path(text: str, message: str) -> None:
    with pytest.raises(AmiError, match=message):
        ami(text)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gian", 1, "parameter must be one of m.ami, got 'gian'. Did you mean 'gain'"),
        ("gain", 3, "m.ami line 3: gain must be between 0 and 2, got 3"),
        ("gain", "much", "gain must be a number, got 'much'"),
        ("mode", 4, "mode must be one of 1, 2, got 4"),
        ("seen", 1, "seen must be of usage In or InOut to be set, got Out"),
        ("on", "perhaps", "on must be True or False, got 'perhaps'"),
        ("tap", 0.15, r"tap must be one of -0.2, 0.0, 0.2, got 0.15"),
    ],
)
def test_values_that_the_file_does_not_allow(name: str, value: object, message: str) -> None:
    found = ami(
        '(gain (Usage In) (Type Float) (Range 1 0 2)) (mode (Usage In) (Type Integer) (List 1 2) (List_Tip "low" "high"))'
        "(seen (Usage Out) (Type Float) (Value 0)) (on (Usage In) (Type Boolean) (Value True))"
        "(tap (Usage In) (Type Tap) (Steps 0 -0.2 0.2 2))"
    )
    with pytest.raises(SirfError, match=message):
        found.settings({name: value})


def test_a_label_of_a_list_stands_for_its_value() -> None:
    found = ami('(mode (Usage In) (Type Integer) (List 1 2) (List_Tip "low" "high"))')
    assert found.settings({"mode": "high"}) == {"mode": 2}


def test_a_name_in_two_branches_needs_its_path() -> None:
    found = ami("(a (gain (Usage In) (Type Float) (Value 1))) (b (gain (Usage In) (Type Float) (Value 1)))")
    with pytest.raises(AmiError, match=r"parameter must be one of a.gain, b.gain, got 'gain'"):
        found.find("gain")
    assert found.find("b.gain").line == 3


def test_use_init_output_belongs_to_the_first_version_alone() -> None:
    assert ami("").use_init_output
    assert not ami("", '(AMI_Version (Usage Info) (Type String) (Value "5.1"))').use_init_output


def test_an_unknown_reserved_name_is_noted() -> None:
    assert "Tx_Jiter is no reserved parameter" in ami("", "(Tx_Jiter (Usage Info) (Type UI) (Value 0))").notes[0]


def test_the_register_holds_the_names_of_all_versions() -> None:
    for name in (
        "AMI_Version",
        "Ts4file",
        "PAM4_UpperEyeOffset",
        "Rx_Clock_Recovery_DCD",
        "BCI_Training_UI",
        "PAM_Thresholds",
    ):
        assert RESERVED[name.lower()].name == name
