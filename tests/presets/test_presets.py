"""Presets against the official workbooks, keyword by keyword, and what a bad file gets."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from sirf.channel.die_to_die import BARE
from sirf.errors import ConfigError, SirfError
from sirf.presets import EqualizerLimits, Preset, from_file, list_presets, load
from sirf.receiver.receiver import Ctle
from tests.edited import edited

WORKBOOKS = {
    "802.3ck-kr1": "config_com_ieee8023_93a=3ck_SA_KR_08_17_2022.xlsx",
    "802.3ck-cr1": "config_com_ieee8023_93a=3ck_SA_CR_CA_08_17_2022.xlsx",
    "802.3ck-c2c": "config_com_ieee8023_93a=3ck_SA_120F_C2C_08_17_2022.xlsx",
    "802.3ck-c2m": "config_com_ieee8023_93a=3ck_SA_120g_C2M_tp1a_08_17_2022.xlsx",
    "802.3bj-kr4": "config_com_ieee8023_93a=100GBASE-KR4.xls",
}


KEYWORDS = (
    "f_b A_v A_fe A_ne R_LM SNR_TX sigma_RJ A_DD T_r eta_0 DER_0 c(0) f_r f_z f_p1 f_p2 g_DC g_DC_HP f_HP_PZ N_b "
    "c(-3) c(-2) c(-1) c(1)"
)


def cells(file: Path) -> dict[str, str]:
    """Keyword to value of a workbook's first sheet: wherever a keyword stands, its value is the next cell."""
    table: dict[str, str] = {}
    for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python():
        texts = [str(cell).strip() for cell in row]
        for name, value in pairwise(texts):
            if name and value:
                table.setdefault(name, value)
    return table


def numbers(text: str) -> list[float]:
    """The workbook's vector syntax as far as these cells use it: numbers, spans a:b:c, ones(1,n), rows."""
    text = (
        text.replace("[", " ")
        .replace("]", " ")
        .replace(";", " ")
        .replace(",", " ")
        .replace("- ", "-")
        .replace(": ", ":")
    )
    found: list[float] = []
    for part in text.replace("*ones(1 ", "*ones(1,").split():
        if "*ones(1," in part:
            value, count = part.rstrip(")").split("*ones(1,")
            found += [float(value)] * int(count)
        elif ":" in part:
            low, step, high = (float(piece) for piece in part.split(":"))
            found += [low + step * k for k in range(round((high - low) / step) + 1)]
        else:
            found.append(float(part))
    return found


def expected(preset: Preset, name: str) -> list[float] | None:
    """What the preset says for a workbook keyword, in the workbook's unit."""
    tx, rx, limits = preset.transmitter, preset.receiver, preset.limits
    ctle = rx.ctle
    assert isinstance(ctle, Ctle)
    swept = dict(limits.tx_ffe)
    scalars: dict[str, list[float]] = {
        "f_b": [preset.symbol_rate / 1e9], "A_v": [tx.amplitude], "A_fe": [tx.amplitude_fext], "A_ne": [tx.amplitude_next],
        "R_LM": [tx.level_mismatch], "SNR_TX": [tx.snr_db or 0.0], "sigma_RJ": [tx.jitter.random_ui],
        "A_DD": [tx.jitter.dual_dirac_ui], "T_r": [tx.rise_time * 1e9], "eta_0": [rx.noise_density * 1e9],
        "DER_0": [preset.der0], "c(0)": [limits.tx_main_minimum], "f_r": [(rx.noise_corner or 0.0) / preset.symbol_rate],
        "f_z": [ctle.f_z / 1e9], "f_p1": [ctle.f_p1 / 1e9], "f_p2": [ctle.f_p2 / 1e9], "g_DC": list(limits.g_dc_db),
        "g_DC_HP": list(limits.g_dc2_db), "f_HP_PZ": [(ctle.f_lf or 0.0) / 1e9], "N_b": [float(len(limits.dfe_max))],
    }  # fmt: skip
    if name in ("f_HP_PZ", "g_DC_HP") and ctle.f_lf is None:
        return None
    for cursor in (-3, -2, -1, 1):
        scalars[f"c({cursor})"] = list(swept.get(cursor, (0.0,)))
    return scalars[name]


@pytest.mark.parametrize("name", WORKBOOKS)
def test_preset_equals_the_official_workbook_keyword_by_keyword(name: str, reference_dir: Path) -> None:
    preset, table = load(name), cells(reference_dir / "golden" / "com" / WORKBOOKS[name])
    checked = 0
    for keyword in KEYWORDS.split():
        if keyword not in table:
            continue
        assert expected(preset, keyword) == pytest.approx(numbers(table[keyword]), rel=1e-9, abs=1e-12), keyword
        checked += 1
    assert checked >= 18
    assert preset.limits.dfe_max[0] == float(table["b_max(1)"])
    rest = numbers(table["b_max(2..N_b)"])
    assert list(preset.limits.dfe_max[1:]) == pytest.approx(
        rest * (len(preset.limits.dfe_max) - 1) if len(rest) == 1 else rest
    )
    if "b_min(1)" in table:
        low = [float(table["b_min(1)"]), *numbers(table["b_min(2..N_b)"])]
        assert list(preset.limits.dfe_min) == pytest.approx(low)


@pytest.mark.parametrize("name", WORKBOOKS)
def test_packages_equal_the_workbook(name: str, reference_dir: Path) -> None:
    preset, table = load(name), cells(reference_dir / "golden" / "com" / WORKBOOKS[name])
    lengths = np.array(numbers(table["z_p (TX)"])).reshape(-1, 2).T
    for case, packages in enumerate(preset.packages):
        package = packages.transmitter
        assert [line.length_mm for line in package.lines] == pytest.approx(lengths[case])
        assert package.die[0][0] * 1e9 == pytest.approx(numbers(table["C_d"])[0])
        assert package.c_p * 1e9 == pytest.approx(numbers(table["C_p"])[0])
        assert package.r_d == pytest.approx(numbers(table["R_d"])[0])
        assert (packages.receiver == BARE) == (name == "802.3ck-c2m")


def test_every_shipped_preset_loads_and_names_its_provenance() -> None:
    names = list_presets()
    wanted = {"802.3ck-c2m", "802.3ck-c2c", "802.3ck-kr1", "802.3ck-cr1", "cei-112g-xsr", "cei-112g-vsr", "802.3dj-kr1-test",
              "802.3bj-kr4", "802.3cd-50g-kr", "802.3dj-cr1-test"}  # fmt: skip
    assert wanted <= set(names)
    for name in names:
        preset = load(name)
        assert preset.id == name
        assert preset.provenance in ("P", "2", "E")
        assert preset.source


def test_unknown_standard_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean '802\.3ck-kr1'\?"):
        load("802.3ck-kr")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("der0 = 0.0001", "der0 = 0.7"), "key der0"),
        (("symbol_rate_gbd = 53.125", "symbol_rate_gbd = 0"), "key symbol_rate_gbd"),
        (("amplitude_v = 0.413", "amplitud_v = 0.413"), "key transmitter.amplitude_v"),
        (('modulation = "PAM4"', 'modulation = "QAM16"'), "modulation must be one of"),
        (("dfe_min = [0.3, 0.05, ", "dfe_min = ["), "key receiver.dfe_min"),
        (('id = "802', "id = 802"), "valid TOML"),
    ],
)
def test_a_bad_preset_file_names_file_and_key(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    from sirf.errors import SirfError

    file = edited(tmp_path, "standards", "802.3ck-kr1.toml", *change)
    with pytest.raises(SirfError, match=message):
        from_file(file)


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"dfe_max": (0.1,), "dfe_min": (0.2,)}, "dfe_min of tap 1"), ({"dfe_max": (0.1,)}, "as many values as dfe_max"),
     ({"g_dc_db": ()}, "g_dc_db must hold a gain"), ({"tx_ffe": ((-1, ()),)}, "tx_ffe tap -1"),
     ({"rx_ffe_pre": -1}, "rx_ffe_pre must not be negative")],
)  # fmt: skip
def test_limits_that_no_setting_meets_are_refused(limits: dict[str, object], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        EqualizerLimits(**limits)  # type: ignore[arg-type]  # wrong on purpose
