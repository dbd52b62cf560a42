"""The official workbooks as settings; bad workbooks refused by keyword and cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.com.config.keywords import DESCRIBES, READ, SUPPORTED, spelled
from sirf.com.config.settings import CalibrationSettings
from sirf.com.config.sheet import Cell, Sheet, parse_changes, read_sheet
from sirf.com.config.workbook import from_sheet, from_workbook
from sirf.errors import ConfigError

KR1 = "config_com_ieee8023_93a=3ck_SA_KR_08_17_2022.xlsx"
C2M = "config_com_ieee8023_93a=3ck_SA_120g_C2M_tp1a_08_17_2022.xlsx"
WORKBOOK_C2C = "config_com_ieee8023_93a=3ck_SA_120F_C2C_08_17_2022.xlsx"
KR4 = "config_com_ieee8023_93a=100GBASE-KR4.xls"
DJ = "config_com_ieee8023dj_PyChOpMarg_vs_MATLAB.xls"


@pytest.fixture(scope="session")
def workbooks(reference_dir: Path) -> Path:
    return reference_dir / "golden" / "com"


def test_every_published_workbook_is_read(workbooks: Path) -> None:
    files = sorted(workbooks.glob("*.xls*"))
    assert len(files) >= 6
    for file in files:
        settings = from_workbook(file)
        assert settings.name == file.name
        assert settings.symbol_rate in (25.78125e9, 53.125e9, 106.25e9)
        assert "Port Order" in settings.ignored


def test_kr1_as_printed_in_the_sheet(workbooks: Path) -> None:
    settings = from_workbook(workbooks / KR1)
    assert (settings.levels, settings.samples_per_ui, settings.der0, settings.local_search) == (4, 32, 1e-4, 2)
    assert [cursor for cursor, _ in settings.transmitter.ffe] == [-3, -2, -1, 1]
    assert settings.transmitter.ffe[2][1][0] == -0.34
    assert settings.transmitter.rise_time == pytest.approx(7.5e-12)
    dfe = settings.receiver.dfe
    assert (dfe.taps, dfe.groups, dfe.group_taps, dfe.span, dfe.reach) == (12, 3, 3, 40, 40)
    assert dfe.b_max[:3] == (0.85, 0.3, 0.2)
    assert dfe.b_min[:3] == (0.3, 0.05, -0.03)
    assert settings.receiver.noise_density == pytest.approx(8.2e-18)
    assert settings.receiver.noise_corner == pytest.approx(0.75 * 53.125e9)
    assert [line.length_mm for line in settings.packages[1].receiver.lines] == [29.0, 1.8]
    assert settings.packages[0].transmitter.die[0] == pytest.approx((120e-15, 120e-12))


def test_kr4_has_one_stage_and_no_transmitter_filter(workbooks: Path) -> None:
    settings = from_workbook(workbooks / KR4)
    assert settings.receiver.ctle.f_lf is None
    assert settings.transmitter.rise_time is None
    assert settings.receiver.dfe.b_min == (-1.0,) * 14
    assert settings.packages[0].transmitter.r_d == 55


def test_dj_has_die_stages_and_a_receiver_ffe(workbooks: Path) -> None:
    settings = from_workbook(workbooks / DJ)
    assert len(settings.packages[0].receiver.die) == 3
    assert settings.receiver.ffe is not None
    assert (settings.receiver.ffe.pre, settings.receiver.ffe.post) == (5, 10)
    assert settings.receiver.sampling.anchor == 1
    assert (settings.receiver.sampling.first, settings.receiver.sampling.last) == (-16, 16)
    assert "N-g" in settings.ignored


def test_c2m_has_a_window_and_qualified_gains(workbooks: Path) -> None:
    settings = from_workbook(workbooks / C2M, {"c(-1)": "[-0.16:0.04:-0.08]", "c(-3)": 0.0})
    assert settings.c2m is not None
    assert settings.c2m.half_width_ui == pytest.approx(0.05)
    assert len(settings.receiver.ctle.ranges) == 4
    assert dict(settings.transmitter.ffe)[-1] == pytest.approx((-0.16, -0.12, -0.08))


def test_an_unknown_keyword_is_refused_by_name(workbooks: Path) -> None:
    with pytest.raises(ConfigError, match=r"eta_9 at --set eta_9 .*could change the result"):
        from_workbook(workbooks / KR1, {"eta_9": 1})


def test_an_unsupported_value_is_refused_by_name(workbooks: Path) -> None:
    with pytest.raises(
        ConfigError, match="at --set IDEAL_RX_TERM must be 0, got '1': the reference code does not support it"
    ):
        from_workbook(workbooks / KR1, {"IDEAL_RX_TERM": "1"})


def test_a_calibration_belongs_to_receivers_with_or_without_an_ffe(workbooks: Path) -> None:
    assert from_workbook(workbooks / KR1, {"RX_CALIBRATION": 1, "f_hp": 6}).calibration == CalibrationSettings(
        corner=6e9
    )
    with pytest.raises(ConfigError, match="PSDRXCAL at --set PSDRXCAL must be 0 without a receiver FFE"):
        from_workbook(workbooks / KR1, {"PSDRXCAL": 1})
    with pytest.raises(ConfigError, match="RX_CALIBRATION at --set RX_CALIBRATION must be 0 with a receiver FFE"):
        from_workbook(workbooks / DJ, {"RX_CALIBRATION": 1})
    with pytest.raises(ConfigError, match=r"f_hp .*must be positive for RIT_REF_PTR clause_179"):
        from_workbook(workbooks / DJ, {"PSDRXCAL": 1})
    white = from_workbook(workbooks / DJ, {"PSDRXCAL": 1, "RIT_REF_PTR": "clause_178"})
    assert white.calibration == CalibrationSettings(of_the_source=False)


def test_a_value_that_is_no_value_names_its_cell(workbooks: Path) -> None:
    with pytest.raises(ConfigError, match=r"eta_0 at --set eta_0 must be a number or a matrix"):
        from_workbook(workbooks / KR1, {"eta_0": "8.2e-9 V"})


def test_a_missing_keyword_is_named_with_its_place() -> None:
    sheet = Sheet("mine.xlsx", {"f_b": Cell("f_b", 53.125, "B3")}, "columns A, F of sheet COM_Settings")
    with pytest.raises(ConfigError, match=r"mine.xlsx: keyword z_p \(TX\) must be given, got none in columns A, F"):
        from_sheet(sheet)


def test_a_published_sheet_without_a_keyword_says_where_it_was_looked_for(workbooks: Path) -> None:
    """The C2C sheet as it is read, with one row struck out."""
    book = read_sheet(workbooks / WORKBOOK_C2C)
    less = Sheet(book.name, {key: cell for key, cell in book.cells.items() if key != "eta_0"}, book.columns)
    with pytest.raises(
        ConfigError, match=r"keyword eta_0 must be given, got none in cells A1:A40, F1:F40, J1:J40 of sheet"
    ):
        from_sheet(less)


def test_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_text("no workbook")
    with pytest.raises(ConfigError, match="must be a COM workbook"):
        from_workbook(file)


def test_set_splits_at_the_first_equals_sign() -> None:
    assert parse_changes(["c(-1)=[-0.08:0.04:0]", "RUNTAG=a=b"]) == {"c(-1)": "[-0.08:0.04:0]", "RUNTAG": "a=b"}
    with pytest.raises(ConfigError, match="KEYWORD=VALUE"):
        parse_changes(["c(-1)"])


def test_keyword_lists_do_not_overlap() -> None:
    assert not READ & set(SUPPORTED)
    assert not READ & set(DESCRIBES)
    assert not set(SUPPORTED) & set(DESCRIBES)
    assert all(reason.strip() for reason in [*DESCRIBES.values(), *(known.reason for known in SUPPORTED.values())])


def test_every_keyword_of_release_4p17_stands_in_one_list() -> None:
    names = Path(__file__).with_name("release_4p17_keywords.txt").read_text(encoding="utf-8").splitlines()
    assert len(names) == len(set(names)) == 251
    known = {*READ, *SUPPORTED, *DESCRIBES}
    assert [name for name in names if spelled(name) not in known and not spelled(name).startswith("c(")] == []
