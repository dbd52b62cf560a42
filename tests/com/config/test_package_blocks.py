"""Package blocks (`.START name` … `.END`, PKG_NAME) against what the reference code prints, and bad ones refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from sirf.channel.channel import Channel
from sirf.com.config.sheet import parse_changes, read_sheet
from sirf.com.config.workbook import from_workbook
from sirf.com.responses import path_responses
from sirf.errors import ConfigError
from tests.com.config.spreadsheet import Row, write_workbook

DJ = "config_com_ieee8023dj_PyChOpMarg_vs_MATLAB.xls"
BLOCK: dict[str, str | float] = {
    "C_p": "[0.4e-4 0.3e-4]",
    "R_d": "[46.25 47]",
    "A_v": 0.385,
    "A_fe": 0.386,
    "A_ne": 0.481,
    "z_p (TX)": "[33 12; 1.8 1.8]",
    "z_p (NEXT)": "[31 11; 1.8 1.8]",
    "z_p (FEXT)": "[32 10; 1.8 1.8]",
    "z_p (RX)": "[30 9; 1.8 1.8]",
    "package_tl_gamma0_a1_a2": "[5e-4 8.9e-4 2e-4]",
    "package_tl_tau": 0.006141,
    "package_Z_c": "[87.5 88; 92.5 93]",
}
PUBLISHED_CASES = (
    "d33-point-A1/synthetic_224g_board/through",
    "d33-point-A2-full-mlse/synthetic_224g_board/crosstalk",
    "d33-point-B1-full-mlse/synthetic_224g_board/crosstalk",
    "d33-c2c-point-B2/synthetic_224g_board/crosstalk",
    "d33-cr-HN-HL-full-mlse/synthetic_224g_cpo/through",
    "d33-c2m-host-module/synthetic_224g_board/through",
)


def rows_with(workbook: Path, settings: dict[str, Any], blocks: dict[str, dict[str, Any]]) -> list[Row]:
    """The rows of `workbook` with `settings` put into its cells, or below, and `blocks` at the end."""
    sheet = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0)
    rows: list[list[Any]] = [[*row, ""] for row in sheet.to_python()]
    for keyword, value in settings.items():
        places = [
            (row, c) for row in rows for c, cell in enumerate(row) if str(cell).strip().lower() == keyword.lower()
        ]
        for row, c in places:
            row[c + 1] = value
        if not places:
            rows.append([keyword, value])
    for name, block in blocks.items():
        rows += [[".START", name], *([keyword, value] for keyword, value in block.items()), [".END"]]
    return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def dj_workbook(reference_dir: Path) -> Path:
    return reference_dir / "golden" / "com" / DJ


@pytest.mark.parametrize("name", PUBLISHED_CASES)
def test_pulse_through_blocks_and_reference_impedance(reference_dir: Path, tmp_path: Path, name: str) -> None:
    """Peak of the unequalised pulse: packages of one and two blocks, four line segments, host boards, R_0 of 46.25 ohm."""
    case = json.loads((reference_dir / "golden/com/com_4p17_reference.json").read_text(encoding="utf-8"))[name]
    rows = rows_with(reference_dir / "golden/com" / case["workbook"], case["settings"], case["package_blocks"])
    settings = from_workbook(write_workbook(tmp_path / "case.xlsx", rows))
    channel = Channel.from_touchstone(reference_dir / "channels" / case["through"])
    pulse = path_responses(channel, settings, case["package_case"])[0][0].pulse
    assert 1e3 * np.max(pulse) == pytest.approx(case["result"]["peak_uneq_pulse_mv"], rel=1e-10)


def test_the_reference_impedance_is_only_a_way_to_describe_the_ports(reference_dir: Path, dj_workbook: Path) -> None:
    """Die terminations stay at 46.25 ohm, so the voltage transfer must not depend on R_0."""
    channel = Channel.from_touchstone(reference_dir / "channels/synthetic_224g_board/thru.s4p")
    first, second = (
        path_responses(channel, from_workbook(dj_workbook, {"R_0": r_0, "R_d": "[46.25 46.25]"}), 1)[0][0].transfer
        for r_0 in (50.0, 46.25)
    )
    assert np.max(np.abs(first - second)) < 1e-12


def test_each_end_has_the_package_of_its_block(dj_workbook: Path) -> None:
    other = BLOCK | {
        "z_p (TX)": "[1 2; 3 4; 5 6; 7 8]",
        "z_p (NEXT)": "[11 12; 3 4; 5 6; 7 8]",
        "z_p (FEXT)": "[1 2; 3 4; 5 6; 7 8]",
        "z_p (RX)": "[21 22; 3 4; 5 6; 7 8]",
        "package_Z_c": "[81 91; 82 92; 83 93; 84 94]",
        "C_p": "[0.1e-4 0.2e-4]",
        "R_d": "[48 49]",
        "A_ne": 0.5,
        "package_tl_gamma0_a1_a2": "[1e-4 6.5e-4 2.93e-4]",
        "package_tl_tau": 0.006,
    }
    settings = from_workbook(dj_workbook, {"PKG_NAME": "T R", "T": BLOCK, "R": other})
    assert len(settings.packages) == 2
    case = settings.packages[1]
    lengths = {
        end: [line.length_mm for line in getattr(case, end).lines]
        for end in ("transmitter", "fext", "next", "receiver")
    }
    assert lengths == {
        "transmitter": [12, 1.8],
        "fext": [10, 1.8],
        "next": [12, 4, 6, 8],
        "receiver": [22, 4, 6, 8],
    }
    assert [line.z_c for line in case.receiver.lines] == [91, 92, 93, 94]
    assert [line.z_c for line in case.next.lines] == [87.5, 92.5, 100, 100]
    assert (case.transmitter.a1, case.receiver.a1, case.receiver.tau) == (8.9e-4, 6.5e-4, 0.006)
    assert (case.transmitter.r_d, case.receiver.r_d) == (46.25, 49)
    assert case.receiver.c_p == pytest.approx(0.2e-13)
    tx = settings.transmitter
    assert (tx.amplitude, tx.amplitude_fext, tx.amplitude_next) == (0.385, 0.386, 0.5)


def test_one_name_serves_both_ends(dj_workbook: Path) -> None:
    case = from_workbook(dj_workbook, {"PKG_NAME": "P", "P": BLOCK}).packages[0]
    assert [line.z_c for line in case.transmitter.lines] == [87.5, 92.5]
    assert [line.z_c for line in case.receiver.lines] == [88, 93]


def test_a_block_in_a_sheet_is_changed_by_its_name(dj_workbook: Path, tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "b.xlsx", rows_with(dj_workbook, {"PKG_NAME": "P"}, {"P": BLOCK, "Q": BLOCK}))
    assert list(read_sheet(file).blocks) == ["P", "Q"]
    changed = from_workbook(file, parse_changes(["P.R_d=[45 44]", "PKG_NAME=P Q"]))
    assert (changed.packages[0].transmitter.r_d, changed.packages[0].receiver.r_d) == (45, 47)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"PKG_NAME": "A B C", "A": BLOCK}, "PKG_NAME at --set PKG_NAME must name one block, or the transmitter's"),
        ({"PKG_NAME": "Z", "A": BLOCK}, r"must name blocks of the workbook \(A\), got 'Z'"),
        ({"PKG_NAME": "A", "A": BLOCK, "R_d": "[1 1]"}, r"R_d must be changed in the block.*--set 'A.R_d=…'"),
        (
            {"PKG_NAME": "A", "A": BLOCK | {"C_d": 1e-4}},
            "block A: keyword C_d at --set A.C_d must be one of a package block",
        ),
        (
            {"PKG_NAME": "A", "A": BLOCK | {"z_p (RX)": "[1; 2; 3]"}},
            r"z_p \(RX\) at --set A.z_p \(RX\) must have the 2 x 2",
        ),
        ({"PKG_NAME": "A", "A": {k: v for k, v in BLOCK.items() if k != "A_v"}}, "block A: keyword A_v must be given"),
    ],
)
def test_bad_blocks_are_refused_by_name(dj_workbook: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_workbook(dj_workbook, changes)


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ([[".START", "A"], ["C_p", 0.0]], r".START at A\d+ must be closed"),
        ([[".END"]], r".END at A\d+ must close a block"),
        ([[".START", "A"], [".START", "B"], [".END"]], r".START at A\d+ must come after the .END"),
        ([[".START", ""], [".END"]], r".START at A\d+ must name a block of its own"),
        ([[".START", "A"], [".END"], ["SNR_TX", 33.0]], r"keyword SNR_TX in row \d+ must stand above the first .START"),
    ],
)
def test_marks_that_do_not_pair_are_refused(dj_workbook: Path, tmp_path: Path, tail: list[Row], message: str) -> None:
    file = write_workbook(tmp_path / "b.xlsx", [*rows_with(dj_workbook, {}, {}), *tail])
    with pytest.raises(ConfigError, match=message):
        from_workbook(file)
