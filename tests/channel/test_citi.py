"""CITI tables by hand: port impedances as data, states in nested loops, zero in decibels, and each fault by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.channel.citi import read_citi
from sirf.channel.file_text import FileText
from sirf.channel.network_file import RawNetwork
from sirf.errors import TouchstoneError

HEAD = "CITIFILE A.01.01\nNAME DATA\nVAR FREQ MAG 2\n"
LIST = "VAR_LIST_BEGIN\n1e9\n2e9\nVAR_LIST_END\n"


def read(folder: Path, text: str, block: int | None = None) -> RawNetwork:
    path = folder / "table.cti"
    path.write_text(text)
    return read_citi(FileText(path), block=block)


def lists(*columns: str) -> str:
    return "".join("BEGIN\n" + column + "\nEND\n" for column in columns)


def test_port_impedances_given_as_data_belong_to_their_ports(tmp_path: Path) -> None:
    names = ["S[1,1]", "S[1,2]", "S[2,1]", "S[2,2]", "PORTZ[1]", "PORTZ[2]", "PORTZ[3]"]
    text = HEAD + "".join(f"DATA {name} RI\n" for name in names) + LIST
    text += lists(*(["0.1,0\n0.2,0"] * 4), "40,1\n41,2", "60,0\n60,0", "1,0\n1,0")
    found = read(tmp_path, text)
    np.testing.assert_array_equal(found.references, [[40 + 1j, 60], [41 + 2j, 60]])
    assert found.value.shape == (2, 2, 2)


def test_one_impedance_over_the_band_stands_once(tmp_path: Path) -> None:
    text = HEAD + "DATA S[1,1] RI\nDATA PORTZ[1] RI\n" + LIST + lists("0,0\n0,0", "75,0\n75,0")
    assert read(tmp_path, text).references.tolist() == [[75.0]]


def test_zero_in_decibels_is_zero_and_infinite_elsewhere(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "DATA S DBANGLE\n" + LIST + lists("-inf,0\n-20,90"))
    np.testing.assert_allclose(found.value[:, 0, 0], [0.0, 0.1j], atol=1e-15)
    with pytest.raises(TouchstoneError, match=r"line 9: .*must be finite, got -inf"):
        read(tmp_path, HEAD + "DATA S RI\n" + LIST + lists("-inf,0\n1,0"))


def test_magnitudes_alone_are_real(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "DATA S MAG\n" + LIST + lists("0.5\n0.25"))
    assert found.value[:, 0, 0].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("block", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("frequency_first", [False, True])
def test_states_are_nested_in_the_order_of_their_variables(tmp_path: Path, block: int, frequency_first: bool) -> None:
    """Three biases by two temperatures: the first variable of the head is the outermost loop."""
    heads = ["VAR BIAS MAG 3", "VAR TEMP MAG 2"]
    heads.insert(0 if frequency_first else 2, "VAR FREQ MAG 2")
    variables = {"BIAS": ["1", "2", "3"], "TEMP": ["25", "85"], "FREQ": ["1e9", "2e9"]}
    text = "CITIFILE A.01.01\n" + "\n".join(heads) + "\nDATA S[1,1] RI\n"
    for head in heads:
        text += "VAR_LIST_BEGIN\n" + "\n".join(variables[head.split()[1]]) + "\nVAR_LIST_END\n"
    shape = [len(variables[head.split()[1]]) for head in heads]
    table = np.empty(shape)
    for place in np.ndindex(*shape):
        at = dict(zip((head.split()[1] for head in heads), place, strict=True))
        # the value names its state: 100 x bias + 10 x temperature + frequency
        table[place] = 100 * at["BIAS"] + 10 * at["TEMP"] + at["FREQ"]
    found = read(tmp_path, text + lists("\n".join(f"{value},0" for value in table.ravel())), block)
    bias, temperature = divmod(block - 1, 2)
    state = 100 * bias + 10 * temperature
    assert found.value[:, 0, 0].tolist() == [state, state + 1]
    assert found.notes == (f"state {block} of the file was taken.",)
    for outside in (0, 7):
        with pytest.raises(TouchstoneError, match=f"block must be 1 to 6, got {outside}"):
            read(tmp_path, text + lists("\n".join(f"{value},0" for value in table.ravel())), outside)


@pytest.mark.parametrize(("parameter", "value"), [("Y", 0.02), ("Z", 50.0)])
def test_parameters_other_than_s_are_named(tmp_path: Path, parameter: str, value: float) -> None:
    found = read(tmp_path, HEAD + f"DATA {parameter}11 RI\n" + LIST + lists(f"{value},0\n{value},0"))
    assert (found.parameter, found.value[0, 0, 0]) == (parameter, value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1e9 0 0\n", "line 1: file must begin with CITIFILE"),
        (HEAD + "DATA S XY\n" + LIST, "line 4: DATA must name its format"),
        ("CITIFILE A\nVAR FREQ MAG 0\n", "line 2: VAR must have a name and a count"),
        ("CITIFILE A\nVAR TEMP MAG 2\nDATA S RI\n", "line 1: CITI file must have a variable FREQ"),
        (HEAD + "BEGIN\n1,0\nEND\n", "line 4: BEGIN must follow a line that declares it"),
        (HEAD + "DATA S RI\n" + lists("0,0\n0,0"), "line 1: frequencies must be listed"),
        (HEAD + "DATA S RI\n" + LIST.replace("2e9", "2e9\n3e9"), "line 5: frequencies must be 2 as VAR says, got 3"),
        (HEAD + "DATA S RI\n" + LIST.replace("1e9", "-1e9"), "line 5: frequency must not be negative, got -1e\\+09"),
        (HEAD + "DATA S RI\n" + LIST + lists("0,0"), "line 9: list of S must have 4 numbers, got 2"),
        (HEAD + "DATA S RI\n" + LIST + lists("0,0\n0,x"), "line 9: .*must hold numbers, got 'x'"),
        (HEAD + "DATA S11 RI\nDATA S21 RI\n" + LIST + lists(*["0,0\n0,0"] * 2), "matrix must be whole, got 2 entries of 2 x 2"),
        (HEAD + "DATA S RI\nCONSTANT PORTZ[1] 0\n" + LIST + lists("0,0\n0,0"), "port impedances must be finite and not zero"),
        (HEAD + "DATA S RI\nSEG_LIST_BEGIN\nSEG 1e9 2e9 3\nSEG_LIST_END\n", "line 5: segment must have 1 to 2 points, got 3"),
        (HEAD + "DATA S RI\nSEG_LIST_BEGIN\nSEG 1e9 2\nSEG_LIST_END\n", "segment must be 'SEG start stop points'"),
        ("CITIFILE A\nVAR FREQ MAG 2\nVAR X MAG 100001\nDATA S RI\n", "states must be at most 100000, got 100001"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_named_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TouchstoneError, match=words):
        read(tmp_path, text)
