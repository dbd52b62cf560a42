"""Workbooks and `--set` as people damage them: a value or one sentence, and no library is asked to read what is too large."""

from __future__ import annotations

import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from sirf.com.config.matlab_value import matlab_value
from sirf.com.config.sheet import parse_changes
from sirf.com.config.workbook import from_workbook
from sirf.com.config.workbook_size import MAX_FILE_BYTES, MAX_PARTS, check_workbook_size
from sirf.errors import ConfigError, SirfError

KEYWORDS: dict[str, str | float] = {
    "f_b": 53.125, "z_p select": "[1 2]", "z_p (TX)": "[12 31; 1.8 1.8]", "z_p (FEXT)": "[12 31; 1.8 1.8]",
    "z_p (NEXT)": "[12 29; 1.8 1.8]", "z_p (RX)": "[12 29; 1.8 1.8]", "package_Z_c": "[87.5 87.5; 92.5 92.5]", "L": 4,
    "DER_0": 1e-4, "f_min": 0.05, "Delta_f": 0.01, "R_LM": 0.95, "SNR_TX": 33, "sigma_RJ": 0.01, "A_DD": 0.02,
    "c(-1)": "[-0.34:0.02:0]", "c(-2)": "[0:0.02:0.12]", "c(1)": "[-0.2:0.02:0]", "c(0)": 0.54, "eta_0": 8.2e-9,
    "g_DC_HP": "[-6:1:0]", "g_DC": "[-20:1:0]", "f_HP_PZ": 0.6640625, "N_b": 12, "b_max(1)": 0.85,
    "ERL Pass threshold": 9.7,
}  # fmt: skip
"""What a workbook of an 802.3ck backplane must hold."""
VALUES = st.one_of(
    st.sampled_from(
        ["", "[]", "ones([],1)", "zeros(inf,1)", "ones(1,nan)", "zeros(1e9,1e9)", "inf", "-inf", "nan", "[1 2", "1;2", "((((1",
         "[-1e9:0.005:0.12]", "[1:1e-9:2]", "1e999", "true", "0", "-1", "1e-300", "1e300", "[1 2; 3]", "pi*[1 2]", "=1+1"]
    ),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**12), 10**12).map(str),
    st.text(alphabet="0123456789.:;,[]()-+*/ eEonszrif", max_size=24),
)  # fmt: skip


def write(file: Path, keywords: dict[str, str | float]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "COM_Settings"
    for row in keywords.items():
        sheet.append(row)
    book.save(file)
    return file


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("workbooks") / "good.xlsx", KEYWORDS)


def test_the_good_one_is_read(good: Path) -> None:
    found = from_workbook(good)
    assert (found.symbol_rate, found.levels, len(found.packages)) == (53.125e9, 4, 2)


@pytest.mark.parametrize("keyword", KEYWORDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
def test_any_value_of_a_keyword_is_taken_or_refused_in_a_sentence(good: Path, keyword: str, value: str) -> None:
    with suppress(SirfError):
        from_workbook(good, parse_changes([f"{keyword}={value}"]))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_change_is_taken_or_refused_in_a_sentence(text: str) -> None:
    with suppress(SirfError):
        parse_changes([text])


@pytest.mark.parametrize("text", ["ones([],1)", "zeros(inf,1)", "zeros(1,-inf)", "ones(0/0,1)", "ones([1 2],1)"])
def test_a_matrix_of_no_size_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs two numbers|ones of|zeros of"):
        matlab_value(text)


def test_a_test_case_that_is_infinite_is_refused(good: Path) -> None:
    with pytest.raises(ConfigError, match="z_p select"):
        from_workbook(good, {"z_p select": "inf"})


def test_a_cell_far_out_is_refused_before_it_is_read(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "f_b"
    sheet["XFD1048576"] = 1
    file = tmp_path / "far.xlsx"
    book.save(file)
    with pytest.raises(ConfigError, match=r"got a sheet of 1,048,576 rows and 16,384 columns"):
        check_workbook_size(file)


def rewritten(good: Path, file: Path, change: dict[bytes, bytes], extra: int = 0) -> Path:
    """A copy of the good workbook with bytes of its parts replaced and empty parts added."""
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(file, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            for old, new in change.items():
                content = content.replace(old, new)
            target.writestr(part.filename, content)
        for index in range(extra):
            target.writestr(f"empty{index}", b"")
    return file


def test_a_stated_dimension_or_number_of_texts_is_held_against_the_limits(good: Path, tmp_path: Path) -> None:
    dimension = rewritten(good, tmp_path / "a.xlsx", {b'ref="A1:B26"': b'ref="A1:XFD1048576"'})
    with pytest.raises(ConfigError, match="16,384 columns"):
        check_workbook_size(dimension)
    texts = rewritten(good, tmp_path / "b.xlsx", {})
    with zipfile.ZipFile(texts, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", '<sst count="99999999" uniqueCount="99999999"></sst>')
    with pytest.raises(ConfigError, match="texts"):
        check_workbook_size(texts)
    parts = rewritten(good, tmp_path / "c.xlsx", {}, extra=MAX_PARTS)
    with pytest.raises(ConfigError, match="parts"):
        check_workbook_size(parts)


def test_what_is_no_workbook_is_named(tmp_path: Path) -> None:
    for name, content, words in (
        ("text.xlsx", b"f_b,53.125", "another format"),
        ("half.xlsx", b"PK\x03\x04" + b"\0" * 100, "damaged"),
        ("half.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "damaged"),
        ("large.xlsx", b"PK\x03\x04" + b"\0" * MAX_FILE_BYTES, "at most"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=words):
            from_workbook(tmp_path / name)
    with pytest.raises(ConfigError, match="a folder"):
        from_workbook(tmp_path)


@pytest.mark.parametrize(("at", "value"), [(44, 0x7FFFFFFF), (64, 0x00FFFFFF), (72, 0x00FFFFFF), (30, 0x00FF)])
def test_an_old_workbook_that_states_more_than_it_has_is_refused(
    reference_dir: Path, tmp_path: Path, at: int, value: int
) -> None:
    content = bytearray((reference_dir / "golden/com/config_com_ieee8023_93a=100GBASE-KR4.xls").read_bytes())
    struct.pack_into("<H" if at == 30 else "<I", content, at, value)
    (tmp_path / "states.xls").write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        check_workbook_size(tmp_path / "states.xls")


def test_old_workbooks_dimensions_are_held_against_the_limits(reference_dir: Path, tmp_path: Path) -> None:
    content = (reference_dir / "golden/com/config_com_ieee8023_93a=100GBASE-KR4.xls").read_bytes()
    at = content.index(struct.pack("<HH", 0x0200, 10))
    changed = content[: at + 4] + struct.pack("<HHHHH", 0, 65_535, 0, 256, 0) + content[at + 14 :]
    (tmp_path / "wide.xls").write_bytes(changed)
    with pytest.raises(ConfigError, match="65,535 rows and 256 columns"):
        check_workbook_size(tmp_path / "wide.xls")
