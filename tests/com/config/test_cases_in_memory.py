"""Packages, boards and receiver of sheets written cell by cell here: units, sides, defaults, the right cell in every refusal."""

from __future__ import annotations

from typing import Any

import pytest

from sirf.com.config.keywords import spelled
from sirf.com.config.package_cases import sheet_package_cases
from sirf.com.config.receiver_settings import receiver_settings
from sirf.com.config.sheet import Cell, Sheet
from sirf.errors import ConfigError

RATE = 50e9


def fine(values: Any) -> Any:
    """Farads, henries and V²/Hz are far below the absolute tolerance that approximate comparisons have by default."""
    return pytest.approx(values, rel=1e-12, abs=0.0)


PACKAGE: dict[str, Any] = {
    "C_d": "[1e-4 2e-4]",
    "L_s": "[0.1 0.2]",
    "C_b": "[3e-5 4e-5]",
    "C_p": "[5e-5 6e-5]",
    "R_d": "[45 55]",
    "R_0": 50,
    "z_p (TX)": "[12 30]",
    "z_p (FEXT)": "[11 29]",
    "z_p (NEXT)": "[10 28]",
    "z_p (RX)": "[9 27]",
    "package_Z_c": "[87 93]",
    "package_tl_gamma0_a1_a2": "[1e-4 2e-3 3e-4]",
    "package_tl_tau": 6e-3,
}
RECEIVER: dict[str, Any] = {"eta_0": 8e-9, "g_DC": "[-4:1:0]", "N_b": 0, "DER_0": 1e-4}


def sheet(values: dict[str, Any], blocks: dict[str, Sheet] | None = None) -> Sheet:
    cells = {spelled(key): Cell(key, value, f"B{row}") for row, (key, value) in enumerate(values.items(), start=1)}
    return Sheet("sheet", cells, "cells A1:A99", (), blocks or {})


def test_each_end_has_its_own_column_and_each_case_its_length() -> None:
    first, second = sheet_package_cases(sheet(PACKAGE))
    assert first.transmitter.die == (fine((1e-13, 1e-10)),)
    assert first.receiver.die == (fine((2e-13, 2e-10)),)
    assert [first.transmitter.c_b, first.receiver.c_b] == fine([3e-14, 4e-14])
    assert [first.next.c_p, first.receiver.c_p] == fine([5e-14, 6e-14])
    assert (first.fext.r_d, first.receiver.r_d) == (45.0, 55.0)
    lengths = [
        [one.lines[0].length_mm for one in (case.transmitter, case.fext, case.next, case.receiver)]
        for case in (first, second)
    ]
    assert lengths == [[12.0, 11.0, 10.0, 9.0], [30.0, 29.0, 28.0, 27.0]]
    assert (first.transmitter.lines[0].z_c, first.receiver.lines[0].z_c) == (87.0, 93.0)
    assert (first.next.gamma0, first.next.a1, first.next.a2, first.next.tau) == (1e-4, 2e-3, 3e-4, 6e-3)


def test_stages_of_a_die_go_on_with_nothing_where_one_list_is_shorter() -> None:
    (case, _) = sheet_package_cases(
        sheet(PACKAGE | {"C_d": "[4e-5 9e-5 1.1e-4; 4e-5 9e-5 1.1e-4]", "L_s": "[0.13; 0.15]"})
    )
    assert [stage[0] for stage in case.transmitter.die] == fine([4e-14, 9e-14, 1.1e-13])
    assert [stage[1] for stage in case.receiver.die] == fine([1.5e-10, 0.0, 0.0])


def test_a_block_of_the_receiver_gives_next_its_length_and_nothing_else() -> None:
    ends = {key: value for key, value in PACKAGE.items() if key not in ("C_d", "L_s", "C_b", "R_0")}
    near = sheet(ends)
    far = sheet(ends | {"z_p (NEXT)": "[5 6]", "z_p (RX)": "[4 3]", "package_Z_c": "[70 71]", "C_p": "[1e-5 2e-5]"})
    (case, _) = sheet_package_cases(sheet(PACKAGE | {"PKG_NAME": "near far"}, {"near": near, "far": far}))
    assert case.next.lines[0].length_mm == 5.0
    assert case.next.lines[0].z_c == 87.0
    assert case.next.c_p == fine(5e-14)
    assert case.receiver.lines[0].z_c == 71.0
    assert case.receiver.c_p == fine(2e-14)


@pytest.mark.parametrize(
    ("include", "sides"),
    [(0, []), (1, ["transmitter", "fext", "next_near", "next_far", "receiver"]), (2, ["next_far", "receiver"])],
)
def test_boards_stand_where_the_sheet_includes_them(include: int, sides: list[str]) -> None:
    (case, _) = sheet_package_cases(
        sheet(
            PACKAGE
            | {"Include PCB": include, "C_0": "[1e-5 2e-5]", "C_1": "[3e-5 4e-5]", "z_bp (RX)": 151, "z_bp (NEXT)": 72}
        )
    )
    boards = case.boards
    assert [
        name
        for name in ("transmitter", "fext", "next_near", "next_far", "receiver")
        if getattr(boards, name) is not None
    ] == sides
    if include == 1:
        # a NEXT aggressor starts on the board of its own device and arrives over the near one
        assert boards.next_near is not None
        assert boards.next_far is not None
        assert (boards.next_near.lines[0].length_mm, boards.next_far.lines[0].length_mm) == (151.0, 72.0)
        assert [boards.next_near.c_p, boards.next_far.c_p] == fine([3e-14, 4e-14])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z_p (RX)": "[9 27 33]"}, r"z_p \(RX\) at B10"),
        ({"package_Z_c": "[87 93; 92 95]"}, "package_Z_c at B11 must have 1 rows"),
        ({"C_p": "[1 2 3]"}, r"C_p at B4 must be \[TX RX\]"),
        ({"C_d": "[1;2;3]"}, "C_d at B1"),
        ({"package_tl_gamma0_a1_a2": "[1 2]"}, "package_tl_gamma0_a1_a2 at B12"),
        ({"Include PCB": 3}, "must be 0, 1 or 2, got 3"),
        ({"PKG_NAME": "a b c"}, "got 3 names"),
        ({"PKG_NAME": "absent"}, "must name blocks of the workbook"),
    ],
)
def test_a_bad_cell_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sheet_package_cases(sheet(PACKAGE | change))


def test_a_sheet_that_says_little_gets_the_reference_codes_defaults() -> None:
    found = receiver_settings(sheet(RECEIVER), RATE)
    # V²/GHz
    assert found.noise_density == fine(8e-18)
    assert found.noise_corner == 4.0 * RATE
    assert found.raised_cosine is None
    assert (found.ctle.f_z, found.ctle.f_p1, found.ctle.f_p2) == (RATE / 4, RATE / 4, RATE)
    assert found.ctle.g_dc_db == (-4.0, -3.0, -2.0, -1.0, 0.0)
    assert (found.ctle.g_dc2_db, found.ctle.f_lf) == ((0.0,), None)
    assert found.ffe is None
    assert found.dfe.b_max == ()
    assert found.detector.clip_probability == 2e-4
    assert found.detector.q_budget_adjust == (0.0, 0.0)


def test_limits_of_feedback_are_mirrored_and_spread() -> None:
    found = receiver_settings(
        sheet(RECEIVER | {"N_b": 4, "b_max(1)": 0.5, "b_max(2..N_b)": "[0.2 0.1 0.05]", "b_min(1)": 0.1}), RATE
    ).dfe
    assert found.b_max == (0.5, 0.2, 0.1, 0.05)
    assert found.b_min == (0.1, -0.2, -0.1, -0.05)
    one = receiver_settings(sheet(RECEIVER | {"N_b": 3, "b_max(1)": 0.5, "b_max(2..N_b)": 0.2}), RATE).dfe
    assert one.b_max == (0.5, 0.2, 0.2)
    assert one.b_min == (-0.5, -0.2, -0.2)


def test_floating_taps_belong_to_the_ffe_where_there_is_one() -> None:
    floats = {"N_bg": 2, "N_bf": 4, "N_f": 40, "bmaxg": 0.1, "N_b": 1, "b_max(1)": 0.5}
    bare = receiver_settings(sheet(RECEIVER | floats), RATE)
    assert (bare.dfe.groups, bare.dfe.group_taps, bare.dfe.span, bare.dfe.floating_max) == (2, 4, 40, 0.1)
    given = receiver_settings(sheet(RECEIVER | floats | {"ffe_pre_tap_len": 3, "ffe_post_tap_len": 5}), RATE)
    assert given.ffe is not None
    assert (given.dfe.groups, given.dfe.span) == (0, 0)
    assert (given.ffe.groups, given.ffe.group_taps, given.ffe.span, given.ffe.floating_max) == (2, 4, 40, 0.1)
    assert (given.ffe.pre, given.ffe.post, given.ffe.tap_max) == (3, 5, 0.7)


def test_qualified_gains_reach_to_the_next_higher_value() -> None:
    """G2_Qual -2, 0, -1 with a pair each: sorted from the top, each band open at the value above it, the topmost closed."""
    change = {"g_DC_HP": "[-2:1:0]", "f_HP_PZ": 0.5, "G_Qual": "[-9 -7; -3 -1; -6 -4]", "G2_Qual": "[-2 0 -1]"}
    ranges = receiver_settings(sheet(RECEIVER | change), RATE).ctle.ranges
    assert [(low, lower, upper) for low, _, lower, upper in ranges] == [
        (0.0, -3.0, -1.0),
        (-1.0, -6.0, -4.0),
        (-2.0, -9.0, -7.0),
    ]
    assert [high for _, high, _, _ in ranges[1:]] == [0.0, -1.0]
    assert 0.0 < ranges[0][1] < 1e-12


@pytest.mark.parametrize(
    ("change", "first", "last"), [({"sample_adjustment": 4}, 0, 4), ({"sample_adjustment": "[-3 5]"}, -3, 5)]
)
def test_one_number_of_sampling_is_the_last(change: dict[str, Any], first: int, last: int) -> None:
    found = receiver_settings(sheet(RECEIVER | change), RATE).sampling
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ts_anchor": 3}, "ts_anchor at B5 must be 0, 1 or 2"),
        ({"sample_adjustment": "[1 2 3]"}, "got 3"),
        ({"Clip Method": "medium"}, "must be Fast or Slow"),
        ({"Q_budget_adj": "[1 2 3]"}, "Q_budget_adj at B5"),
        ({"f_z": "[1 2]"}, "f_z at B5 must be one positive number"),
        ({"N_b": 3, "b_max(1)": 0.5, "b_max(2..N_b)": "[0.1 0.2 0.3]"}, "must be one value or 2, got 3"),
        ({"G_Qual": "[-1 0]", "G2_Qual": "[0 -1]"}, "1 rows for 2"),
    ],
)
def test_a_bad_cell_of_the_receiver_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        receiver_settings(sheet(RECEIVER | change), RATE)
