"""COM settings from an official configuration workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sirf.channel.die_to_die import HostBoards, PackageCase
from sirf.channel.package import Package, PackageLine
from sirf.com.config.keywords import PACKAGE_BLOCK
from sirf.com.config.settings import (
    ChipToModuleSettings,
    ComSettings,
    CtleSettings,
    DetectorSettings,
    DfeSettings,
    ErlSettings,
    FiguresSettings,
    ReceiverSettings,
    RxFfeSettings,
    SamplingSettings,
    TransmitterSettings,
)
from sirf.com.config.sheet import Sheet, read_sheet
from sirf.errors import ConfigError

GIGA = 1e9
NANO = 1e-9
_FILLED_Z_C = 100.0
"""Impedance in ohm of a package section that only the other end's block has."""
_TAP = re.compile(r"c\((-?\d+)\)")


def from_workbook(path: str | Path, changes: Mapping[str, object] | None = None) -> ComSettings:
    """Settings of an official workbook (.xls, .xlsx), with `changes` (keyword to value, in its syntax and unit) on top.

    Raises `ConfigError` that names the keyword and its cell.
    """
    return from_sheet(read_sheet(path, changes))


def from_sheet(sheet: Sheet) -> ComSettings:
    """Settings of keywords and cells; units of the official workbooks (GHz, nF, nH, ns, mm, V²/GHz)."""
    rate = _positive(sheet, "f_b") * GIGA
    packages = _packages(sheet)
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
        transmitter=_transmitter(sheet),
        receiver=_receiver(sheet, rate),
        packages=packages,
        selected=selected,
        c2m=_chip_to_module(sheet) if kind == "c2m" else None,
        erl=_erl(sheet, rate) if sheet.flag("TDR") and sheet.flag("ERL") else None,
        figures=_figures(sheet, rate),
        local_search=sheet.integer("Local Search", 0),
        adaptive_search=sheet.flag("Non-zero Local Search Method"),
        least_radius=sheet.number("Overwrite Minimum Radius", 0.0) or None,
        pdf_bin=_positive(sheet, "PDF bin size", 1e-5),
        truncation=sheet.number("Impulse response truncation threshold", 1e-3, least=0.0),
        snr_tx_with_c0=sheet.flag("SNR_TXwC0"),
        noise_crest_factor=sheet.number("Noise_Crest_Factor", 0.0, least=0.0),
        com_threshold_db=sheet.number("COM Pass threshold", 0.0),
        erl_threshold_db=sheet.number("ERL Pass threshold") if sheet.has("ERL Pass threshold") else None,
        vec_threshold_db=sheet.number("VEC Pass threshold") if sheet.has("VEC Pass threshold") else None,
        ignored=sheet.ignored,
    )


def _highest_frequency(sheet: Sheet) -> float | None:
    """flim in Hz: as the reference code takes it, a number up to 1000 is in GHz, a larger one in Hz."""
    if not sheet.has("flim"):
        return None
    limit = _positive(sheet, "flim")
    return limit * GIGA if limit <= 1000.0 else limit


def _transmitter(sheet: Sheet) -> TransmitterSettings:
    # without FORCE_TR the reference code applies no H_t, and its own old default beyond that is not supported
    ends = _ends(sheet)
    usual = 0.5 if ends.transmitter is sheet else None  # a block has to give its amplitudes
    filtered = sheet.flag("FORCE_TR") or sheet.integer("T_r_filter_type", 0) == 1
    return TransmitterSettings(
        amplitude=_positive(ends.transmitter, "A_v", usual),
        amplitude_fext=ends.transmitter.number("A_fe", usual, least=0.0),
        amplitude_next=ends.receiver.number("A_ne", usual, least=0.0),
        level_mismatch=_positive(sheet, "R_LM"),
        snr_db=sheet.number("SNR_TX"),
        rise_time=sheet.number("T_r", 8e-3, least=0.0) * NANO if filtered else None,
        sigma_rj=sheet.number("sigma_RJ", least=0.0),
        a_dd=sheet.number("A_DD", least=0.0),
        ffe=_taps(sheet),
        c0_minimum=sheet.number("c(0)"),
    )


def _taps(sheet: Sheet) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """All c(k) of the sheet; a gap in the numbering ends each side, as in the reference code."""
    found = {int(match.group(1)) for key in sheet.cells if (match := _TAP.fullmatch(key))}
    taps: dict[int, tuple[float, ...]] = {}
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


def _receiver(sheet: Sheet, rate: float) -> ReceiverSettings:
    ffe = _rx_ffe(sheet)
    corner = sheet.number("f_r", 4.0) * rate
    cosine = sheet.flag("Raised_Cosine")
    return ReceiverSettings(
        noise_density=sheet.number("eta_0", least=0.0) * NANO,
        noise_corner=corner if sheet.flag("Butterworth", True) else None,
        raised_cosine=(sheet.number("RC_Start", rate / 2), sheet.number("RC_end", corner)) if cosine else None,
        ctle=_ctle(sheet, rate),
        dfe=_dfe(sheet, floating=ffe is None),
        ffe=ffe,
        sampling=_sampling(sheet),
        detector=_detector(sheet),
    )


def _ctle(sheet: Sheet, rate: float) -> CtleSettings:
    two_stages = sheet.has("g_DC_HP") and bool(sheet.row("g_DC_HP"))
    ranges: list[tuple[float, float, float, float]] = []
    if sheet.has("G_Qual") or sheet.has("G2_Qual"):
        gains, second = sheet.matrix("G_Qual"), np.asarray(sheet.row("G2_Qual"))
        if gains.size or second.size:
            if gains.shape != (second.size, 2):
                raise ConfigError(
                    f"{sheet.name}: G_Qual at {sheet.where('G_Qual')} must have one row of two gains per value of G2_Qual, "
                    f"got {gains.shape[0]} rows for {second.size}. Mend the cells."
                )
            ranges = _ranges(gains, second)
    stages = [
        _scalar_of(sheet, key, default) * GIGA
        for key, default in (("f_z", rate / 4 / GIGA), ("f_p1", rate / 4 / GIGA), ("f_p2", rate / GIGA))
    ]
    return CtleSettings(
        g_dc_db=sheet.finite_row("g_DC"),
        g_dc2_db=sheet.finite_row("g_DC_HP") if two_stages else (0.0,),
        f_z=stages[0],
        f_p1=stages[1],
        f_p2=stages[2],
        f_lf=_scalar_of(sheet, "f_HP_PZ", None) * GIGA if two_stages else None,
        ranges=tuple(ranges),
        least_sum_db=sheet.number("GDC_MIN", 0.0),
    )


def _ranges(gains: NDArray[np.float64], second: NDArray[np.float64]) -> list[tuple[float, float, float, float]]:
    """(g2 from, g2 below, g from, g below) of each qualified band, as the reference code orders them."""
    order = np.argsort(-second, kind="stable")
    second, gains = second[order], gains[order]
    above = np.concatenate(([second[0] + np.finfo(float).eps], second[:-1]))
    return [
        (float(low), float(high), float(min(pair)), float(max(pair)))
        for low, high, pair in zip(second, above, gains, strict=True)
    ]


def _scalar_of(sheet: Sheet, keyword: str, default: float | None) -> float:
    """One positive number; a list of equal ones counts as one."""
    values = set(sheet.row(keyword, None if default is None else repr(float(default))))
    if len(values) != 1 or not min(values) > 0:
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be one positive number, got {sheet.text(keyword)!r}. "
            "Mend the cell."
        )
    return values.pop()


def _dfe(sheet: Sheet, *, floating: bool) -> DfeSettings:
    count = sheet.integer("N_b")
    largest = _limits(sheet, count, "max", None)
    smallest = _limits(sheet, count, "min", largest)
    groups = sheet.integer("N_bg", 0) if floating else 0
    return DfeSettings(
        b_max=largest,
        b_min=smallest,
        groups=groups,
        group_taps=sheet.integer("N_bf", 6) if groups else 0,
        span=sheet.integer("N_f", sheet.integer("N_bmax", count)) if groups else 0,
        floating_max=sheet.number("bmaxg", 0.2) if groups else 0.0,
        tail_rss_max=sheet.number("B_float_RSS_MAX", 0.0),
        tail_start=sheet.integer("N_tail_start", 0),
        step=sheet.number("N_b_step", 0.0),
    )


def _limits(sheet: Sheet, count: int, which: str, mirror: tuple[float, ...] | None) -> tuple[float, ...]:
    """b_max or b_min of all taps; b_min defaults to the negative of `mirror`, b_max(2..) to 0.2."""
    if count == 0:
        return ()
    first_default = None if mirror is None else -mirror[0]
    first = sheet.number(f"b_{which}(1)", first_default)
    if count == 1:
        return (first,)
    key = f"b_{which}(2..N_b)"
    rest = sheet.row(key, "0.2") if mirror is None or sheet.has(key) else tuple(-value for value in mirror[1:])
    if len(rest) == 1:
        rest = rest * (count - 1)
    if len(rest) != count - 1:
        raise ConfigError(
            f"{sheet.name}: {key} at {sheet.where(key)} must be one value or {count - 1}, got {len(rest)}. Mend the cell."
        )
    return (first, *rest)


def _rx_ffe(sheet: Sheet) -> RxFfeSettings | None:
    pre, post = sheet.integer("ffe_pre_tap_len", 0), sheet.integer("ffe_post_tap_len", 0)
    if pre == 0 and post == 0:
        return None
    groups = sheet.integer("N_bg", 0)
    return RxFfeSettings(
        pre=pre,
        post=post,
        pre1_max=sheet.number("ffe_pre_tap1_max", 0.7),
        post1_max=sheet.number("ffe_post_tap1_max", 0.7),
        tap_max=sheet.number("ffe_tapn_max", 0.7),
        step=sheet.number("ffe_tap_step_size", 0.0),
        groups=groups,
        group_taps=sheet.integer("N_bf", 6) if groups else 0,
        span=sheet.integer("N_f", sheet.integer("N_b")) if groups else 0,
        floating_max=sheet.number("bmaxg", 0.2) if groups else 0.0,
        noise_length=sheet.integer("num_ui_RXFF_noise", 2048, least=2),
    )


def _sampling(sheet: Sheet) -> SamplingSettings:
    ends = sheet.row("sample_adjustment", "0")
    if len(ends) not in (1, 2):
        raise ConfigError(
            f"{sheet.name}: sample_adjustment at {sheet.where('sample_adjustment')} must be one or two numbers, got {len(ends)}. "
            "Mend the cell."
        )
    first, last = (0.0, ends[0]) if len(ends) == 1 else ends
    anchor = sheet.integer("ts_anchor", 0)
    if anchor > 2:
        raise ConfigError(f"{sheet.name}: ts_anchor at {sheet.where('ts_anchor')} must be 0, 1 or 2, got {anchor}.")
    return SamplingSettings(anchor=anchor, first=int(first), last=int(last))


def _detector(sheet: Sheet) -> DetectorSettings:
    method = sheet.text("Clip Method").lower()
    if method not in ("", "fast", "slow"):
        raise ConfigError(
            f"{sheet.name}: Clip Method at {sheet.where('Clip Method')} must be Fast or Slow, got {method!r}. Mend the cell."
        )
    clip_methods: dict[str, Literal["fast", "slow"]] = {"fast": "fast", "slow": "slow"}
    return DetectorSettings(
        mlse=sheet.integer("MLSE", sheet.integer("MLSD", 0)),
        truncation_length=sheet.integer("N_tc", sheet.integer("trunc", 128), least=1),
        q_budget_adjust=_budget(sheet),
        cdr_error_ratio=sheet.number("DER_CDR", 1e-2, least=0.0),
        added_noise_db=sheet.number("add_rx_noise", least=0.0) if sheet.has("add_rx_noise") else None,
        adc_bits=sheet.number("N_qb", 0.0, least=0.0),
        clip_probability=sheet.number("P_qc", 2 * sheet.number("DER_0")),
        clip_method=clip_methods.get(method),
        noise_with_levels=sheet.flag("S_tn_w_AM"),
    )


def _budget(sheet: Sheet) -> tuple[float, float]:
    """Q_budget_adj as (a, b); 0 for neither."""
    values = sheet.row("Q_budget_adj", "0")
    if not any(values):
        return 0.0, 0.0
    if len(values) != 2:
        raise ConfigError(
            f"{sheet.name}: Q_budget_adj at {sheet.where('Q_budget_adj')} must be 0 or the two numbers of a - b COM, got "
            f"{sheet.text('Q_budget_adj')!r}. Write [a b]."
        )
    return values[0], values[1]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where each end's package values stand: the sheet itself, or the blocks that PKG_NAME names."""

    transmitter: Sheet
    receiver: Sheet


def _ends(sheet: Sheet) -> _Ends:
    """PKG_NAME with one block for both ends, or the transmitter's and the receiver's."""
    names = sheet.text("PKG_NAME").split()
    if not names:
        return _Ends(sheet, sheet)
    if len(names) > 2:
        raise ConfigError(
            f"{sheet.name}: PKG_NAME at {sheet.where('PKG_NAME')} must name one block, or the transmitter's and the receiver's, "
            f"got {len(names)} names. Keep two."
        )
    for name in names:
        if name not in sheet.blocks:
            raise ConfigError(
                f"{sheet.name}: PKG_NAME at {sheet.where('PKG_NAME')} must name blocks of the workbook "
                f"({', '.join(sheet.blocks) or 'it has none'}), got {name!r}. Add .START {name} … .END."
            )
    overruled = [cell for key, cell in sheet.cells.items() if key in PACKAGE_BLOCK and cell.where.startswith("--set")]
    if overruled:
        keyword = overruled[0].keyword
        raise ConfigError(
            f"{sheet.name}: {keyword} must be changed in the block, since PKG_NAME takes it from {names[0]}. "
            f"Write --set '{names[0]}.{keyword}=…'."
        )
    return _Ends(sheet.blocks[names[0]], sheet.blocks[names[-1]])


def _packages(sheet: Sheet) -> tuple[PackageCase, ...]:
    """The packages of all test cases.

    As in the reference code each end has the lines of its own block. A NEXT aggressor's transmitter has the lengths of the
    receiver's block and everything else of the transmitter's.
    """
    ends = _ends(sheet)
    lengths = {
        "TX": _lengths(ends.transmitter, "TX"),
        "FEXT": _lengths(ends.transmitter, "FEXT"),
        "NEXT": _lengths(ends.receiver, "NEXT"),
        "RX": _lengths(ends.receiver, "RX"),
    }
    cases, boards = lengths["TX"].shape[1], _boards(sheet)
    for end, matrix in lengths.items():
        if matrix.shape[1] != cases:
            raise ConfigError(
                f"{sheet.name}: z_p ({end}) must have the {cases} test cases of z_p (TX), got {matrix.shape[1]}. Mend the cell."
            )

    def package(side: str, case: int, source: Sheet, column: int) -> Package:
        return Package(
            die=_die(sheet, column),
            c_b=_of_side(sheet, "C_b", column) * NANO,
            lines=_sections(_impedances(source, column), lengths[side][:, case]),
            c_p=_of_side(source, "C_p", column) * NANO,
            r_0=_positive(sheet, "R_0", 50.0),
            r_d=_of_side(source, "R_d", column, 50.0),
            **_line_table(source, "package"),
        )

    return tuple(
        PackageCase(
            transmitter=package("TX", case, ends.transmitter, 0),
            fext=package("FEXT", case, ends.transmitter, 0),
            next=package("NEXT", case, ends.transmitter, 0),
            receiver=package("RX", case, ends.receiver, 1),
            boards=boards,
        )
        for case in range(cases)
    )


def _lengths(source: Sheet, end: str) -> NDArray[np.float64]:
    """z_p of one end (sections, test cases) in mm; all four ends of a sheet or block have the same shape."""
    shape = source.matrix("z_p (TX)").shape
    matrix = source.matrix(f"z_p ({end})")
    if matrix.shape != shape or matrix.shape[0] not in (1, 2, 4):
        raise ConfigError(
            f"{source.name}: z_p ({end}) at {source.where(f'z_p ({end})')} must have the {shape[0]} x {shape[1]} values of "
            f"z_p (TX) in 1, 2 or 4 rows, got {matrix.shape[0]} x {matrix.shape[1]}. Mend the cell."
        )
    return matrix


def _impedances(source: Sheet, column: int) -> NDArray[np.float64]:
    """package_Z_c of one end in ohm, one value a section."""
    impedance, sections = source.matrix("package_Z_c"), source.matrix("z_p (TX)").shape[0]
    if impedance.shape[0] != sections or impedance.shape[1] not in (1, 2):
        raise ConfigError(
            f"{source.name}: package_Z_c at {source.where('package_Z_c')} must have {sections} rows of [TX RX], got "
            f"{impedance.shape[0]} x {impedance.shape[1]}. Mend the cell."
        )
    return impedance[:, min(column, impedance.shape[1] - 1)]


def _sections(impedance: NDArray[np.float64], length_mm: NDArray[np.float64]) -> tuple[PackageLine, ...]:
    """Line sections; the reference code fills the shorter of two tables up with 100 ohm or no length."""
    count = max(impedance.size, length_mm.size)
    z_c = np.concatenate((impedance, np.full(count - impedance.size, _FILLED_Z_C)))
    length = np.concatenate((length_mm, np.zeros(count - length_mm.size)))
    return tuple(PackageLine(z_c=float(z), length_mm=float(mm)) for z, mm in zip(z_c, length, strict=True))


def _die(sheet: Sheet, column: int) -> tuple[tuple[float, float], ...]:
    """Die stages (C_d in F, L_s in H) of one side: rows [TX; RX] of stages, or [TX RX] of one stage."""

    def stages(keyword: str) -> NDArray[np.float64]:
        matrix = sheet.matrix(keyword, "0")
        if matrix.shape == (1, 2):
            return matrix[:, column]
        if matrix.shape[0] > 2 or matrix.size == 0:
            raise ConfigError(
                f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be [TX RX] or rows [TX stages; RX stages], got "
                f"{sheet.text(keyword)!r}. Mend the cell."
            )
        return np.asarray(matrix[min(column, matrix.shape[0] - 1)])

    capacitance, inductance = stages("C_d"), stages("L_s")
    count = max(capacitance.size, inductance.size)
    pad = [np.concatenate((values, np.zeros(count - values.size))) for values in (capacitance, inductance)]
    return tuple((float(c) * NANO, float(ind) * NANO) for c, ind in zip(*pad, strict=True))


def _of_side(sheet: Sheet, keyword: str, column: int, default: float = 0.0) -> float:
    values = sheet.row(keyword, repr(default))
    if len(values) not in (1, 2):
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be [TX RX], got {sheet.text(keyword)!r}. Mend the cell."
        )
    return values[min(column, len(values) - 1)]


def _line_table(sheet: Sheet, what: str) -> dict[str, float]:
    defaults = {"package": ("[0 1.734e-3 1.455e-4]", 6.141e-3), "board": ("[0 4.114e-4 2.547e-4]", 6.191e-3)}[what]
    key = f"{what}_tl_gamma0_a1_a2"
    values = sheet.row(key, defaults[0])
    if len(values) != 3:
        raise ConfigError(
            f"{sheet.name}: {key} at {sheet.where(key)} must be [gamma0 a1 a2], got {len(values)} values."
        )
    return {"gamma0": values[0], "a1": values[1], "a2": values[2], "tau": sheet.number(f"{what}_tl_tau", defaults[1])}


def _boards(sheet: Sheet) -> HostBoards:
    """Include PCB 1: boards on both sides; 2: at the receiver only; 0: none."""
    include = sheet.integer("Include PCB", 0)
    if include == 0:
        return HostBoards()
    if include > 2:
        raise ConfigError(
            f"{sheet.name}: Include PCB at {sheet.where('Include PCB')} must be 0, 1 or 2, got {include}."
        )
    table = _line_table(sheet, "board")

    def side(name: str, default: float, column: int) -> Package:
        line = PackageLine(
            z_c=_of_side(sheet, "board_Z_c", column, 109.8),
            length_mm=sheet.number(f"z_bp ({name})", default, least=0.0),
        )
        return Package(
            die=((_of_side(sheet, "C_0", column) * NANO, 0.0),),
            lines=(line,),
            c_p=_of_side(sheet, "C_1", column) * NANO,
            r_0=sheet.number("R_0", 50.0),
            **table,
        )

    return HostBoards(
        transmitter=side("TX", 151.0, 0) if include == 1 else None,
        fext=side("FEXT", 72.0, 0) if include == 1 else None,
        next_near=side("RX", 151.0, 0) if include == 1 else None,
        next_far=side("NEXT", 72.0, 1),
        receiver=side("RX", 151.0, 1),
    )


def _chip_to_module(sheet: Sheet) -> ChipToModuleSettings:
    window = sheet.text("Histogram_Window_Weight", "rectangle").lower()
    window = {"norm": "gaussian", "normal": "gaussian", "guassian": "gaussian", "dual_rayleigh": "dual rayleigh"}.get(
        window, window
    )
    if window not in ("gaussian", "triangle", "rectangle", "dual rayleigh"):
        raise ConfigError(
            f"{sheet.name}: Histogram_Window_Weight at {sheet.where('Histogram_Window_Weight')} must be gaussian, triangle, "
            f"rectangle or dual_rayleigh, got {window!r}. Mend the cell."
        )
    return ChipToModuleSettings(
        half_width_ui=sheet.number("T_h", sheet.number("T_O", 0.0, least=0.0), least=0.0) / 1000,
        samples_per_ui=sheet.integer("samples_for_C2M", 100, least=3),
        window=window,
        sigma_r=_positive(sheet, "sigma_r", 0.02),
        least_height=sheet.number("Min_VEO_Test", sheet.number("EH_min_test", 0.0)) / 1000,
    )


def _erl(sheet: Sheet, rate: float) -> ErlSettings:
    delays = sheet.row("fixture delay time", "0")
    if len(delays) not in (1, 2):
        raise ConfigError(
            f"{sheet.name}: fixture delay time at {sheet.where('fixture delay time')} must be [port1 port2], got {len(delays)} "
            "values. Mend the cell."
        )
    limit = sheet.number("Grr_limit", 1.0)
    return ErlSettings(
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
        bandwidth_slope=_positive(sheet, "T_dev", 1.0) if sheet.flag("ACBW") else None,
    )


def _positive(sheet: Sheet, keyword: str, default: float | None = None) -> float:
    value = sheet.number(keyword, default)
    if not value > 0:
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be positive, got {value:g}. Mend the cell."
        )
    return value


def _inside(sheet: Sheet, keyword: str, top: float) -> float:
    value = _positive(sheet, keyword)
    if value >= top:
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be below {top:g}, got {value:g}. Mend the cell."
        )
    return value
