"""COM settings from an official configuration workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sirf.com.config.package_cases import sheet_ends, sheet_package_cases
from sirf.com.config.receiver_settings import receiver_settings
from sirf.com.config.settings import (
    CalibrationSettings,
    ChipToModuleSettings,
    ComSettings,
    ErlKeywords,
    FiguresSettings,
    TransmitterSettings,
)
from sirf.com.config.sheet import GIGA, NANO, Sheet, read_sheet
from sirf.errors import ConfigError

_TAP = re.compile(r"c\((-?\d+)\)")


def from_workbook(path: str | Path, changes: Mapping[str, object] | None = None) -> ComSettings:
    """Settings of an official workbook (.xls, .xlsx), with `changes` (keyword to value, in its syntax and unit) on top.

    Raises `ConfigError` that names the keyword and its cell.
    """
    return from_sheet(read_sheet(path, changes))


def from_sheet(sheet: Sheet) -> ComSettings:
    """Settings of keywords and cells; units of the official workbooks (GHz, nF, nH, ns, mm, V²/GHz)."""
    rate = sheet.positive("f_b") * GIGA
    packages = sheet_package_cases(sheet)
    selected = tuple(int(value) for value in sheet.finite_row("z_p select", "1"))
    if not selected or not all(1 <= case <= len(packages) for case in selected):
        raise ConfigError(
            f"{sheet.name}: z_p select at {sheet.where('z_p select')} must name test cases 1 to {len(packages)}, "
            f"got {sheet.text('z_p select')}. Mend the cell."
        )
    kind = sheet.text("PHY", sheet.text("PMD_type", "C2C")).lower()
    if kind == "c2c" and sheet.number("EH_min", 0.0) != 0:
        raise ConfigError(
            f"{sheet.name}: EH_min at {sheet.where('EH_min')} must be 0 for PMD_type C2C, got {sheet.text('EH_min')}: with it "
            "the reference code takes another margin. Set PMD_type to C2M, or EH_min to 0."
        )
    return ComSettings(
        name=sheet.name,
        symbol_rate=rate,
        levels=sheet.integer("L", least=2),
        samples_per_ui=sheet.integer("M", 32, least=2),
        der0=_inside(sheet, "DER_0", 0.5),
        f_min=sheet.number("f_min") * GIGA,
        frequency_step=sheet.number("Delta_f") * GIGA,
        highest_frequency=_highest_frequency(sheet),
        transmitter=_transmitter(sheet, rate, len(packages)),
        receiver=receiver_settings(sheet, rate),
        packages=packages,
        selected=selected,
        c2m=_chip_to_module(sheet) if kind == "c2m" else None,
        erl=_erl(sheet, rate) if sheet.flag("TDR") and sheet.flag("ERL") else None,
        figures=_figures(sheet, rate),
        local_search=sheet.integer("Local Search", 0),
        adaptive_search=sheet.flag("Non-zero Local Search Method"),
        least_radius=sheet.number("Overwrite Minimum Radius", 0.0) or None,
        pdf_bin=sheet.positive("PDF bin size", 1e-5),
        truncation=sheet.number("Impulse response truncation threshold", 1e-3, least=0.0),
        snr_tx_with_c0=sheet.flag("SNR_TXwC0"),
        noise_crest_factor=sheet.number("Noise_Crest_Factor", 0.0, least=0.0),
        com_threshold_db=sheet.number("COM Pass threshold", 0.0),
        erl_threshold_db=sheet.number("ERL Pass threshold") if sheet.has("ERL Pass threshold") else None,
        vec_threshold_db=sheet.number("VEC Pass threshold") if sheet.has("VEC Pass threshold") else None,
        calibration=_calibration(sheet, rate),
        ignored=sheet.ignored,
    )


def _highest_frequency(sheet: Sheet) -> float | None:
    """flim in Hz."""
    return _frequency(sheet, "flim", 0.0) if sheet.has("flim") else None


def _frequency(sheet: Sheet, keyword: str, usual: float) -> float:
    """A frequency in Hz where the reference code reads Hz: a number up to 1000 counts as GHz."""
    value = sheet.positive(keyword) if sheet.has(keyword) else usual
    # the reference code reads either unit there
    return value * GIGA if value <= 1000.0 else value


def _calibration(sheet: Sheet, rate: float) -> CalibrationSettings | None:
    """What RX_CALIBRATION (without a receiver FFE) or PSDRXCAL (with one) asks for."""
    ffe = any(sheet.integer(f"ffe_{side}_tap_len", 0) for side in ("pre", "post"))
    asked, foreign = ("PSDRXCAL", "RX_CALIBRATION") if ffe else ("RX_CALIBRATION", "PSDRXCAL")
    if sheet.flag(foreign):
        raise ConfigError(
            f"{sheet.name}: {foreign} at {sheet.where(foreign)} must be 0 {'with' if ffe else 'without'} a receiver FFE, got "
            f"{sheet.text(foreign)!r}: that calibration is {asked}. Set {asked} to 1."
        )
    if not sheet.flag(asked):
        return None
    corner = sheet.number("f_hp", 0.0, least=0.0)
    if ffe:
        clause = sheet.text("RIT_REF_PTR", "clause_179").lower()
        if clause not in ("clause_178", "clause_179", "annex_176d"):
            raise ConfigError(
                f"{sheet.name}: RIT_REF_PTR at {sheet.where('RIT_REF_PTR')} must be clause_178, clause_179 or annex_176D, got "
                f"{clause!r}. Mend the cell."
            )
        # clause 178 has no high-pass in its noise source
        if clause == "clause_178":
            corner = 0.0
        elif not corner:
            raise ConfigError(
                f"{sheet.name}: f_hp at {sheet.where('f_hp')} must be positive for RIT_REF_PTR {clause}, whose noise source "
                "has a high-pass. Give f_hp, or set RIT_REF_PTR to clause_178."
            )
    return CalibrationSettings(corner=_frequency(sheet, "f_hp", 0.0) if corner else 0.0, of_the_source=not ffe)


def _common_mode(sheet: Sheet, count: int) -> tuple[float, ...]:
    """AC_CM_RMS in V of each of `count` test cases; none where all are zero."""
    values = sheet.finite_row("AC_CM_RMS", "0")
    values = values * count if len(values) == 1 else values
    if len(values) < count or min(values) < 0.0:
        raise ConfigError(
            f"{sheet.name}: AC_CM_RMS at {sheet.where('AC_CM_RMS')} must be one voltage of 0 or more, or one for each of {count} "
            f"test cases, got {sheet.text('AC_CM_RMS')!r}. Mend the cell."
        )
    return values[:count] if any(values) else ()


def _transmitter(sheet: Sheet, rate: float, cases: int) -> TransmitterSettings:
    # without FORCE_TR the reference code applies no H_t, and its own old default beyond that is not supported
    ends = sheet_ends(sheet)
    usual = 0.5 if ends.transmitter is sheet else None  # a block has to give its amplitudes
    common_mode = _common_mode(sheet, cases)
    filtered = sheet.flag("FORCE_TR") or sheet.integer("T_r_filter_type", 0) == 1
    return TransmitterSettings(
        amplitude=ends.transmitter.positive("A_v", usual),
        amplitude_fext=ends.transmitter.number("A_fe", usual, least=0.0),
        amplitude_next=ends.receiver.number("A_ne", usual, least=0.0),
        level_mismatch=sheet.positive("R_LM"),
        snr_db=sheet.number("SNR_TX"),
        rise_time=sheet.number("T_r", 8e-3, least=0.0) * NANO if filtered else None,
        sigma_rj=sheet.number("sigma_RJ", least=0.0),
        a_dd=sheet.number("A_DD", least=0.0),
        ffe=_taps(sheet),
        c0_minimum=sheet.number("c(0)"),
        common_mode_rms=common_mode,
        common_mode_bandwidth=_frequency(sheet, "ACCM_MAX_Freq", rate) if common_mode else 0.0,
    )


def _taps(sheet: Sheet) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """All c(k) of the sheet; a gap in the numbering ends each side, as in the reference code."""
    found = {int(match.group(1)) for key in sheet.cells if (match := _TAP.fullmatch(key))}
    taps: dict[int, tuple[float, ...]] = {}
    # outwards from c(0) on either side
    for sign in (-1, 1):
        cursor = sign
        while cursor in found:
            values = sheet.row(f"c({cursor})")
            if not values or not np.all(np.isfinite(values)):
                raise ConfigError(
                    f"{sheet.name}: c({cursor}) at {sheet.where(f'c({cursor})')} must hold values, got "
                    f"{sheet.text(f'c({cursor})')!r}. Write 0 for an unused tap."
                )
            taps[cursor] = values
            cursor += sign
    left = found - set(taps) - {0}
    if left:
        raise ConfigError(
            f"{sheet.name}: taps must be numbered without a gap, got c({min(left)}) beyond one. Add the missing tap as 0."
        )
    return tuple(sorted(taps.items()))


def _chip_to_module(sheet: Sheet) -> ChipToModuleSettings:
    window = sheet.text("Histogram_Window_Weight", "rectangle").lower()
    # published workbooks spell it in all these ways
    window = {"norm": "gaussian", "normal": "gaussian", "guassian": "gaussian", "dual_rayleigh": "dual rayleigh"}.get(
        window, window
    )
    if window not in ("gaussian", "triangle", "rectangle", "dual rayleigh"):
        raise ConfigError(
            f"{sheet.name}: Histogram_Window_Weight at {sheet.where('Histogram_Window_Weight')} must be gaussian, triangle, "
            f"rectangle or dual_rayleigh, got {window!r}. Mend the cell."
        )
    return ChipToModuleSettings(
        # mUI, and mV below
        half_width_ui=sheet.number("T_h", sheet.number("T_O", 0.0, least=0.0), least=0.0) / 1000,
        samples_per_ui=sheet.integer("samples_for_C2M", 100, least=3),
        window=window,
        sigma_r=sheet.positive("sigma_r", 0.02),
        least_height=sheet.number("Min_VEO_Test", sheet.number("EH_min_test", 0.0)) / 1000,
    )


def _erl(sheet: Sheet, rate: float) -> ErlKeywords:
    delays = sheet.row("fixture delay time", "0")
    if len(delays) not in (1, 2):
        raise ConfigError(
            f"{sheet.name}: fixture delay time at {sheet.where('fixture delay time')} must be [port1 port2], got {len(delays)} "
            "values. Mend the cell."
        )
    limit = sheet.number("Grr_limit", 1.0)
    return ErlKeywords(
        rise_time=sheet.number("TR_TDR", 8e-3) * NANO,
        length_ui=sheet.number("N", 0.0),
        n_bx=sheet.number("N_bx", sheet.number("N_b")),
        beta_x=sheet.number("beta_x", 0.0),
        rho_x=sheet.number("rho_x", 0.618),
        fixture_delay=(delays[0], delays[-1]),
        with_package=sheet.flag("TDR_W_TXPKG"),
        tukey_window=sheet.flag("Tukey_Window"),
        z_t=sheet.number("Z_t", sheet.number("R_0", 50.0)),
        grr_limit=limit,
        # Gx is the older name of the form that Grr 2 stands for
        grr=2.0 if sheet.number("Gx", 0.0) == 1 else sheet.number("Grr", limit),
    )


def _figures(sheet: Sheet, rate: float) -> FiguresSettings:
    f_2 = sheet.number("f_2", rate / GIGA) * GIGA
    return FiguresSettings(
        f_v=sheet.number("f_v", 4.0) * rate,
        f_f=sheet.number("f_f", 4.0) * rate,
        f_n=sheet.number("f_n", 4.0) * rate,
        f_r=sheet.number("f_r", 4.0) * rate,
        f_1=sheet.number("f_1", sheet.number("f_min")) * GIGA,
        f_2=f_2,
        f_2_ild=sheet.number("f_2_ILD", f_2 / GIGA) * GIGA,
        a_ft=sheet.number("A_ft", sheet.number("A_fe", 0.5)),
        a_nt=sheet.number("A_nt", sheet.number("A_ne", 0.5)),
        bandwidth_slope=sheet.positive("T_dev", 1.0) if sheet.flag("ACBW") else None,
    )


def _inside(sheet: Sheet, keyword: str, top: float) -> float:
    value = sheet.positive(keyword)
    if value >= top:
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be below {top:g}, got {value:g}. Mend the cell."
        )
    return value
