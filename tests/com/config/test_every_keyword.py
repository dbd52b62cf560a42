"""One guard over all keywords of a COM workbook.

Each that is accepted is changed: the answer changes, or the value is refused by name with the reason, or it describes only.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.channel.network import Network
from sirf.channel.pair import PairNetwork
from sirf.com.config.keywords import DESCRIBES, READ, SUPPORTED
from sirf.com.margin import com
from sirf.errors import ConfigError, NoSettingError
from tests.com.config.spreadsheet import write_workbook

Value = str | float
GRID = np.arange(10e6, 64e9, 40e6)

Row = tuple[dict[str, Any], Value]


def with_sheet(beside: dict[str, Value], changes: dict[str, Value]) -> dict[str, Row]:
    """Rows of `CHANGES` that share what stands beside them in the sheet."""
    return {keyword: (beside, value) for keyword, value in changes.items()}


# fmt: off
# tables of keywords, several a line, grouped as in the sheets
SHEET: dict[str, Value] = {
    "f_b": 53.125, "f_min": 0.05, "Delta_f": 0.05, "L": 4, "M": 8, "DER_0": 1e-4, "PDF bin size": 2e-4,
    "Impulse response truncation threshold": 1e-3, "A_v": 0.4, "A_fe": 0.42, "A_ne": 0.5, "SNR_TX": 30, "R_LM": 0.95,
    "sigma_RJ": 0.01, "A_DD": 0.02, "T_r": 0.0075, "FORCE_TR": 1, "c(0)": 0.5, "c(-1)": "[-0.1 0]", "c(1)": "[-0.05 0]",
    "C_d": "[1.2e-4 1.2e-4]", "L_s": "[0.12 0.12]", "C_b": "[0.3e-4 0.3e-4]", "C_p": "[0.87e-4 0.87e-4]", "R_0": 50,
    "R_d": "[50 50]", "z_p select": 1, "z_p (TX)": "[8 4; 1.8 1.8]", "z_p (FEXT)": "[8 4; 1.8 1.8]",
    "z_p (NEXT)": "[6 4; 1.8 1.8]", "z_p (RX)": "[7 4; 1.8 1.8]", "package_tl_tau": 6.141e-3,
    "package_tl_gamma0_a1_a2": "[0 1e-3 2.7e-4]", "package_Z_c": "[87.5 87.5; 92.5 92.5]", "Include PCB": 0,
    "eta_0": 8e-9, "f_r": 0.75, "g_DC": "[-6 -3]", "g_DC_HP": "[-2 -1]", "f_z": 21.25, "f_p1": 21.25, "f_p2": 53.125,
    "f_HP_PZ": 0.66, "N_b": 3, "b_max(1)": 0.5, "b_max(2..N_b)": 0.02, "N_bg": 0, "PMD_type": "C2C",
    "COM Pass threshold": 3, "TDR": 0, "ERL": 0, "f_2": 50,
}
"""Annex 93A, made small."""
BOARD: dict[str, Value] = {
    "Include PCB": 1, "board_tl_tau": 5.79e-3, "board_tl_gamma0_a1_a2": "[0 4e-4 1e-4]", "board_Z_c": "[100 100]",
    "z_bp (TX)": 20, "z_bp (FEXT)": 21, "z_bp (NEXT)": 22, "z_bp (RX)": 23, "C_0": 0.3e-4, "C_1": 0.2e-4,
}
FLOATING: dict[str, Value] = {
    "N_bg": 1, "N_bf": 2, "N_f": 12, "bmaxg": 0.005, "B_float_RSS_MAX": 0.004, "N_tail_start": 5,
}
ERL: dict[str, Value] = {
    "TDR": 1, "ERL": 1, "TR_TDR": 0.01, "N": 400, "N_bx": 4, "beta_x": 1e9, "rho_x": 0.3, "Z_t": 50, "Tukey_Window": 1,
    "ERL Pass threshold": -60, "fixture delay time": "[0 0]", "Grr": 1,
}
FFE: dict[str, Value] = {
    "ffe_pre_tap_len": 2, "ffe_post_tap_len": 2, "ffe_pre_tap1_max": 0.7, "ffe_post_tap1_max": 0.7, "ffe_tapn_max": 0.7,
    "N_b": 1, "b_max(1)": 0.85, "b_min(1)": 0, "N_bg": 1, "N_bf": 2, "N_f": 14, "bmaxg": 0.05, "ts_anchor": 1,
    "sample_adjustment": "[-1 1]", "num_ui_RXFF_noise": 512, "g_DC": -4, "g_DC_HP": -1, "N_qb": 6, "P_qc": 1e-5, "MLSE": 1,
    "S_tn_w_AM": 0, "SNR_TX": 26,
}
"""Annex 178A on top of the sheet."""
GRID_178A: dict[str, Value] = FFE | {
    "g_DC": "[-12:1:0]", "g_DC_HP": "[-4:1:0]", "c(-1)": "[-0.3:0.02:0]", "c(1)": "[-0.2:0.02:0]", "N_bg": 0, "N_qb": 0,
    "MLSE": 0, "Local Search": 2, "Non-zero Local Search Method": 1,
}
MODULE: dict[str, Value] = {
    "PMD_type": "C2M", "T_O": 100, "samples_for_C2M": 64, "Histogram_Window_Weight": "gaussian", "sigma_r": 0.02,
    "VEC Pass threshold": 12,
}
CALIBRATION: dict[str, Value] = {"f_hp": 2, "RIT_REF_PTR": "clause_179", "COM Pass threshold": 0}
SECOND = {"PKG": {
    "C_p": "[0.4e-4 0.4e-4]", "R_d": "[50 50]", "A_v": 0.4, "A_fe": 0.4, "A_ne": 0.5, "z_p (TX)": 9, "z_p (FEXT)": 9,
    "z_p (NEXT)": 9, "z_p (RX)": 9, "package_Z_c": "[90 90]",
}}

CHANGES: dict[str, Row] = {
    **with_sheet({}, {
        "f_b": 50, "f_min": 0.005, "Delta_f": 0.01, "flim": 50, "L": 2, "M": 16, "DER_0": 1e-5, "PDF bin size": 1e-5,
        "Impulse response truncation threshold": 1e-2, "A_v": 0.3, "A_fe": 0.9, "A_ne": 0.9, "SNR_TX": 25, "SNR_TXwC0": 1,
        "R_LM": 0.9, "sigma_RJ": 0.02, "A_DD": 0.04, "T_r": 0.012, "FORCE_TR": 0, "c(0)": 0.9, "c(-1)": "[-0.2 -0.15]",
        "C_d": "[2e-4 2e-4]", "L_s": "[0.05 0.05]", "C_b": "[0.8e-4 0.8e-4]", "C_p": "[0.2e-4 0.2e-4]", "R_d": "[45 55]",
        "R_0": 46, "z_p select": 2, "z_p (TX)": "[20 4; 1.8 1.8]", "z_p (FEXT)": "[20 4; 1.8 1.8]",
        "z_p (NEXT)": "[20 4; 1.8 1.8]", "z_p (RX)": "[20 4; 1.8 1.8]", "package_tl_tau": 9e-3,
        "package_tl_gamma0_a1_a2": "[0 3e-3 2.7e-4]", "package_Z_c": "[70 70; 92.5 92.5]", "Include PCB": 1, "eta_0": 3e-8,
        "f_r": 0.6, "Butterworth": 0, "Raised_Cosine": 1, "Noise_Crest_Factor": 3, "g_DC": "[-9 -8]", "g_DC_HP": "[-4 -3]",
        "f_z": 15, "f_p1": 15, "f_p2": 40, "f_HP_PZ": 2, "GDC_MIN": -7.5, "N_b": 2, "b_max(1)": 0.01, "b_max(2..N_b)": 0.001,
        "b_min(1)": 0.3, "b_min(2..N_b)": 0.019, "N_b_step": 0.05, "PMD_type": "C2M", "PHY": "C2M", "COM Pass threshold": -3,
        "A_ft": 0.9, "A_nt": 0.9, "f_v": 0.5, "f_f": 0.5, "f_n": 0.5, "f_1": 5, "f_2": 30, "f_2_ILD": 30, "ACBW": 1,
    }),
    "T_r_filter_type": ({"FORCE_TR": 0}, 1), "PKG_NAME": (SECOND, "PKG"), "Local Search": (GRID_178A, 1),
    "G_Qual": ({"G_Qual": "[-3 -1; -9 -3]", "G2_Qual": "[-1 -2]"}, "[-3 -1; -5 -2]"),
    "G2_Qual": ({"G_Qual": "[-3 -1; -9 -3]", "G2_Qual": "[-1 -2]"}, "[-1 -1.5]"),
    "RC_Start": ({"Raised_Cosine": 1, "RC_Start": 2e10, "RC_end": 4e10}, 1e10),
    "RC_end": ({"Raised_Cosine": 1, "RC_Start": 2e10, "RC_end": 4e10}, 3e10),
    **with_sheet(BOARD, {
        "board_tl_tau": 9e-3, "board_tl_gamma0_a1_a2": "[0 2e-3 1e-4]", "board_Z_c": "[80 80]", "z_bp (TX)": 60,
        "z_bp (FEXT)": 60, "z_bp (NEXT)": 60, "z_bp (RX)": 60, "C_0": 2e-4, "C_1": 2e-4,
    }),
    **with_sheet(FLOATING, {
        "N_bg": 0, "N_bf": 3, "N_f": 7, "bmaxg": 0.0005, "B_float_RSS_MAX": 0.0004, "N_tail_start": 0,
    }),
    "N_bmax": ({key: value for key, value in FLOATING.items() if key != "N_f"} | {"N_bmax": 12}, 7),
    **with_sheet(ERL, {
        "TDR": 0, "ERL": 0, "TR_TDR": 0.03, "N": 5, "N_bx": 12, "beta_x": 5e9, "rho_x": 0.7, "Z_t": 55, "Tukey_Window": 0,
        "ERL Pass threshold": 90, "fixture delay time": "[0.05 0.05]", "Grr": 0, "Gx": 1, "TDR_W_TXPKG": 1,
    }),
    "AC_CM_RMS": ({"AC_CM_RMS": 0.02}, 0.06), "ACCM_MAX_Freq": ({"AC_CM_RMS": 0.06, "ACCM_MAX_Freq": 50e9}, 10e9),
    "RX_CALIBRATION": ({"RX_CALIBRATION": 0}, 1), "f_hp": (CALIBRATION | {"RX_CALIBRATION": 1}, 20),
    "PSDRXCAL": (FFE | CALIBRATION | {"PSDRXCAL": 0}, 1), "RIT_REF_PTR": (FFE | CALIBRATION | {"PSDRXCAL": 1}, "clause_178"),
    "Grr_limit": ({key: value for key, value in ERL.items() if key != "Grr"}, 0),
    "T_dev": ({"ACBW": 1}, 1e-3),
    **with_sheet(FFE, {
        "ffe_pre_tap_len": 1, "ffe_post_tap_len": 1, "ffe_tap_step_size": 0.05, "ffe_pre_tap1_max": 0.01,
        "ffe_post_tap1_max": 0.01, "ffe_tapn_max": 0.002, "sample_adjustment": "[2 3]", "ts_anchor": 0,
        "N_qb": 4, "P_qc": 1e-2, "Clip Method": "fast", "MLSE": 0, "N_tc": 1, "trunc": 1, "Q_budget_adj": "[0.05 0.01]",
        "DER_CDR": 1e-12, "add_rx_noise": 1, "S_tn_w_AM": 1,
    }),
    "num_ui_RXFF_noise": (FFE | {"b_min(1)": 0.6}, 2),
    "MLSD": ({key: value for key, value in FFE.items() if key != "MLSE"}, 1),
    "Non-zero Local Search Method": (GRID_178A, 0), "Overwrite Minimum Radius": (GRID_178A, 9),
    **with_sheet(MODULE, {
        "T_O": 200, "T_h": 200, "samples_for_C2M": 32, "Histogram_Window_Weight": "rectangle", "sigma_r": 0.1,
        "Min_VEO_Test": 23, "EH_min_test": 23, "VEC Pass threshold": 50,
    }),
}
"""For every keyword that is read: what stands beside it in the sheet, and another value."""
# fmt: on


def line(length: float, factor: float = 1.0) -> Network:
    """A mismatched line with loss, an aggressor where `factor` is small."""
    gamma = 3e-6 * length * np.sqrt(GRID) * (1 + 1j) + 2j * np.pi * GRID * 0.3e-9 * length
    reflected, once = 0.08, np.exp(-gamma)
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    scale = 1.0 / (1.0 - reflected**2 * once**2)
    s[:, 0, 0] = s[:, 1, 1] = reflected * (1.0 - once**2) * scale
    s[:, 1, 0] = s[:, 0, 1] = factor * (1.0 - reflected**2) * once * scale
    return Network(GRID, s, z0=100.0, name=f"line {length}")


CHANNEL = sirf.Channel(line(1.0), fext=(line(1.1, 0.03),), next=(line(0.6, 0.02),), name="line")
CONVERTING = replace(CHANNEL, four_port=PairNetwork.of_lines(GRID, line(1.0).s, line(1.02).s).four_port())
NOISE_PATH = line(0.3)


def answer(folder: Path, keywords: dict[str, Any]) -> str:
    """Everything that a run says, as text; the reason where no setting passes."""
    cells = {key: value for key, value in keywords.items() if not isinstance(value, dict)}
    blocks = {key: value for key, value in keywords.items() if isinstance(value, dict)}
    file = write_workbook(folder / "sheet.xlsx", [[key, value] for key, value in cells.items()])
    calibrates = any(keywords.get(key) == 1 for key in ("RX_CALIBRATION", "PSDRXCAL"))
    channel = CONVERTING if "AC_CM_RMS" in keywords else CHANNEL
    try:
        report = com(channel, config=file, set=blocks or None, noise_path=NOISE_PATH if calibrates else None)
    except NoSettingError as error:
        return str(error)
    return json.dumps([case.to_dict() for case in report.cases], sort_keys=True)


@cache
def usual(folder: Path, beside: str) -> str:
    return answer(folder, SHEET | json.loads(beside))


def test_the_table_has_every_keyword_that_is_read() -> None:
    assert {key.lower() for key in CHANGES} | {"c(-1)"} == READ | {"c(-1)"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keywords")


@pytest.mark.parametrize("keyword", CHANGES)
def test_changing_a_keyword_changes_the_answer(folder: Path, keyword: str) -> None:
    beside, value = CHANGES[keyword]
    before = usual(folder, json.dumps(beside))
    changed = {key: one for key, one in (SHEET | beside).items() if key != keyword} | {keyword: value}
    assert answer(folder, changed) != before


@pytest.mark.parametrize("keyword", [key for key, known in SUPPORTED.items() if "set" not in key])
def test_a_value_that_is_not_supported_is_refused_by_name_with_the_reason(folder: Path, keyword: str) -> None:
    with pytest.raises(ConfigError, match="must be") as refused:
        answer(folder, SHEET | {keyword: 7.5})
    assert keyword in str(refused.value)
    assert SUPPORTED[keyword].reason in str(refused.value)


@pytest.mark.parametrize("keyword", DESCRIBES)
def test_what_describes_only_changes_nothing_and_is_listed(folder: Path, keyword: str) -> None:
    if keyword in ("parameter", "eh_min"):
        pytest.skip("a heading; a limit of chip to module that is refused elsewhere")
    first, second = (json.loads(answer(folder, SHEET | {keyword: value}))[0] for value in (1.0, 2.0))
    assert keyword in first.pop("ignored_keywords")
    second.pop("ignored_keywords")
    assert first == second
