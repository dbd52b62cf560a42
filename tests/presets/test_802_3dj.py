"""The presets of P802.3dj/D3.3 against its tables as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from sirf.channel.package import Package
from sirf.com.config.preset_settings import from_standard
from sirf.errors import ConfigError
from sirf.link import Link
from sirf.paths import cpo
from sirf.presets import from_file, load
from tests.edited import edited

GROUPS = {"802.3dj-kr1": "KR", "802.3dj-cr1": "CR", "802.3dj-c2c": "C2C", "802.3dj-c2m": "C2M-egress"}
CASES = {"A1": "class A test 1", "A2": "class A test 2", "B1": "class B test 1", "B2": "class B test 2"}


@pytest.fixture(scope="module")
def tables(reference_dir: Path) -> dict[str, Any]:
    text = (reference_dir / "golden/com/d3p3_parameters.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@pytest.mark.parametrize("standard", GROUPS)
def test_a_preset_has_the_values_of_the_draft(tables: dict[str, Any], standard: str) -> None:
    settings, draft = from_standard(standard), tables["com"][GROUPS[standard]]
    tx, rx, rate = settings.transmitter, settings.receiver, draft["fb"] * 1e9
    assert settings.revision == "d3.3"
    assert (settings.symbol_rate, settings.levels, settings.samples_per_ui) == (rate, draft["L"], draft["M"])
    assert settings.der0 == pytest.approx(draft["DER_0"])
    assert (tx.amplitude, tx.amplitude_fext, tx.amplitude_next) == (draft["A_v"], draft["A_fe"], draft["A_ne"])
    assert (tx.level_mismatch, tx.snr_db, tx.sigma_rj, tx.a_dd) == (
        draft["RLM"],
        draft["SNR_TX"],
        draft["sigma_Rj"],
        draft["A_DD"],
    )
    assert tx.rise_time == pytest.approx(draft["T_r"] * 1e-9)
    assert tx.c0_minimum == pytest.approx(draft["c0_min"], abs=1e-8)
    swept = dict(tx.ffe)
    for cursor, low, high, step in zip(
        (-3, -2, -1, 1, 2, 3), draft["tx_taps_min"], draft["tx_taps_max"], draft["tx_taps_step"], strict=True
    ):
        values = swept.get(cursor, (0.0,))
        assert (values[0], values[-1]) == (low, high)
        assert len(values) == 1 or values[1] - values[0] == pytest.approx(step)
    assert rx.noise_density == pytest.approx(draft["eta_0"] * 1e-9)
    assert rx.noise_corner == pytest.approx(draft["f_r"] * rate)
    ctle = rx.ctle
    assert (ctle.f_z, ctle.f_p1, ctle.f_p2) == tuple(1e9 * draft[key] for key in ("f_z", "f_p1", "f_p2"))
    assert ctle.f_lf == 1e9 * draft["f_LF"]
    assert sorted(ctle.g_dc_db) == sorted(draft["g_DC"])
    assert sorted(ctle.g_dc2_db) == sorted(draft["g_DC2"])
    assert (rx.dfe.b_min, rx.dfe.b_max) == (tuple(draft["dfe_min"]), tuple(draft["dfe_max"]))
    ffe = rx.ffe
    assert ffe is not None
    assert (ffe.pre, ffe.pre + 1 + ffe.post, ffe.groups, ffe.group_taps) == (
        draft["dw"],
        draft["Nfix"],
        draft["Nwg"],
        draft["Nwf"],
    )
    assert ffe.pre + 1 + ffe.span == draft["N_max_span_of_all_taps"]
    assert (ffe.tap_max, ffe.floating_max) == (draft["rx_fixed_tap_limit"], draft["rx_floating_tap_limit"])
    assert (rx.detector.adc_bits, rx.detector.clip_probability) == (draft["N_qb"], draft["P_qc"])
    assert bool(rx.detector.mlse) == draft["mlsd"]
    assert settings.com_threshold_db == draft["dCOM_an"]


def same_device(package: Package, tables: dict[str, Any], lines: list[dict[str, float]]) -> None:
    ends = tables["termination"]
    values = [value for stage in package.die for value in stage] + [package.c_b, package.c_p]
    wanted = [value for stage in zip(ends["Cd"], ends["Ls"], strict=True) for value in stage] + [ends["Cb"], ends["Cp"]]
    assert values == pytest.approx([1e-9 * value for value in wanted], rel=1e-12, abs=0.0)
    assert (package.r_d, package.r_0) == (ends["Rd"], tables["com"]["KR"]["R_0"])
    assert [(line.z_c, line.length_mm) for line in package.lines] == [(part["zc"], part["zp"]) for part in lines]
    for part in lines:
        assert (package.gamma0, package.a1, package.a2, package.tau) == (
            part["gamma0"],
            part["a1"],
            part["a2"],
            part["tau"],
        )


@pytest.mark.parametrize("standard", ["802.3dj-kr1", "802.3dj-c2c"])
def test_package_classes_and_test_cases(tables: dict[str, Any], standard: str) -> None:
    cases = {case.name: case for case in load(standard).packages}
    assert list(cases) == list(CASES)
    for name, title in CASES.items():
        same_device(cases[name].transmitter, tables, tables["packages"][title]["tx"])
        same_device(cases[name].receiver, tables, tables["packages"][title]["rx"])


def test_hosts_and_the_pairs_that_a_cable_class_has_to_pass(tables: dict[str, Any]) -> None:
    preset = load("802.3dj-cr1")
    for cable, pairs in tables["host_pairs"].items():
        assert set(dict(preset.cable_classes)[cable]) == {f"{near}-{far}" for near, far in pairs}
    for case in preset.packages:
        near, far = (tables["hosts"][name] for name in case.name.split("-"))
        for host, package, board in (
            (near, case.transmitter, case.boards.transmitter),
            (far, case.receiver, case.boards.receiver),
            (far, case.next, case.boards.next_near),
        ):
            lines = tables["packages"][f"class {host['package_class']} test 1"]["tx"]
            same_device(package, tables, [lines[0] | {"zp": host["zp1_mm"]}, *lines[1:]])
            assert board is not None
            line = tables["host_line"]
            assert (board.lines[0].length_mm, board.lines[0].z_c) == (host["host_line_mm"], line["zc"])
            assert (board.gamma0, board.a1, board.a2, board.tau) == (
                line["gamma0"],
                line["a1"],
                line["a2"],
                line["tau"],
            )


def test_chip_to_module_by_direction(tables: dict[str, Any]) -> None:
    preset = load("802.3dj-c2m")
    assert [preset.packages[number - 1].name for number in preset.selected] == ["host-to-module", "module-to-host"]
    down, up = (preset.packages[preset.case_number(name) - 1] for name in ("host-to-module", "module-to-host"))
    same_device(down.transmitter, tables, tables["packages"]["class B test 1"]["tx"])
    assert down.receiver.lines == ()
    assert (down.receiver.die, down.receiver.c_p) == (up.receiver.die, 0.0)
    assert down.rise_time is None
    assert up.rise_time == pytest.approx(1e-9 * tables["com"]["C2M-ingress"]["T_r"], rel=1e-12, abs=0.0)
    board = preset.packages[preset.case_number("host-board-to-module") - 1].boards.transmitter
    assert board is not None
    assert board.lines[0].length_mm == tables["c2m_host"]["host_line_mm"]


def test_a_link_takes_a_case_by_name_with_its_rise_time() -> None:
    channel = cpo(rate_class="200g").to_channel()
    assert Link(channel, standard="802.3dj-c2m", package_case="module-to-host").transmitter.rise_time == 7e-12
    assert Link(channel, standard="802.3dj-c2m", package_case=1).transmitter.rise_time == 4e-12
    link = Link(channel, standard="802.3dj-cr1", package_case="HN-HL")
    assert link.packages is not None
    assert link.packages.name == "HN-HL"
    with pytest.raises(ConfigError, match=r"between 1 and 4 or one of A1, A2, B1, B2 for 802\.3dj-kr1, got C"):
        Link(channel, standard="802.3dj-kr1", package_case="C")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('package_class = "A", length_mm = [33.0', 'package_class = "C", length_mm = [33.0'),
            "must be one of A, B, got 'C'",
        ),
        (("length_mm = [33.0, 1.8]", "length_mm = [33.0]"), "must hold the 2 sections of class A, got 1"),
        (('name = "A2"', 'name = "A1"'), "case.name must differ"),
        (("length_mm = [33.0, 1.8]", "length_mm = [33.0, 1.8], board_mm = 3.0"), r"\[host_line\] must be given"),
        (
            ("die_inductance_ph = [130.0, ", "die_inductance_ph = ["),
            "must have the 3 stages of die_capacitance_ff, got 2",
        ),
        (("[com]", '[cable_classes]\nX = ["Z"]\n\n[com]'), "cable_classes.X must name cases of the file, got 'Z'"),
    ],
)
def test_a_bad_case_names_file_and_key(change: tuple[str, str], message: str, tmp_path: Path) -> None:

    file = edited(tmp_path, "standards", "802.3dj-kr1.toml", *change)
    with pytest.raises(ConfigError, match=f"802.3dj-kr1: .*{message}"):
        from_file(file)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "die_inductance_ph",
            [],
            r"package\.0\.die_inductance_ph must have the \d stages of die_capacitance_ff, got 0",
        ),
        ("transmitter_length_mm", [], r"package\.0\.transmitter_length_mm must hold the \d sections of z_c_ohm, got 0"),
        (
            "receiver_length_mm",
            [1.0] * 5,
            r"package\.0\.receiver_length_mm must hold the \d sections of z_c_ohm, got 5",
        ),
        ("next_length_mm", [1.0] * 5, r"package\.0\.next_length_mm must hold the \d sections of z_c_ohm, got 5"),
    ],
)
def test_a_package_whose_lists_do_not_fit_names_file_and_key(
    key: str, value: list[float], message: str, tmp_path: Path
) -> None:
    from sirf._data import data_path, load_toml

    table = load_toml(data_path("standards", "802.3bj-kr4.toml"))
    table["package"][0][key] = value
    file = tmp_path / "mine.toml"
    file.write_text(tomli_w.dumps(table), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"802.3bj-kr4: key {message}"):
        from_file(file)


def test_a_file_of_the_user_is_read_anew(tmp_path: Path) -> None:
    """Edited between two loads: the second has the edit."""
    from sirf._data import data_path

    text = data_path("standards", "802.3ck-kr1.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    assert load(str(file)).symbol_rate == 53.125e9
    file.write_text(text.replace("symbol_rate_gbd = 53.125", "symbol_rate_gbd = 26.5625"), encoding="utf-8")
    assert load(str(file)).symbol_rate == 26.5625e9
