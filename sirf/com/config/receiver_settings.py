"""The receiver of a configuration workbook: filters, CTLE, DFE, FFE, sampling and detector."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sirf.com.config.settings import (
    CtleSettings,
    DetectorSettings,
    DfeSettings,
    ReceiverSettings,
    RxFfeSettings,
    SamplingSettings,
)
from sirf.com.config.sheet import GIGA, NANO, Sheet
from sirf.errors import ConfigError


def receiver_settings(sheet: Sheet, rate: float) -> ReceiverSettings:
    """All that follows the channel, for a symbol `rate` in baud; raises `ConfigError` that names keyword and cell."""
    # the receiver FFE decides who owns floating taps, so it is read before the feedback equaliser
    ffe = _rx_ffe(sheet)
    # f_r is a part of f_b; without it the reference code's filter lies far above the signal
    corner = sheet.number("f_r", 4.0) * rate
    cosine = sheet.flag("Raised_Cosine")
    return ReceiverSettings(
        noise_density=sheet.number("eta_0", least=0.0) * NANO,
        noise_corner=corner if sheet.flag("Butterworth", True) else None,
        # a roll-off stands in place of the Butterworth filter's skirt; its default ends are those of the reference code
        raised_cosine=(sheet.number("RC_Start", rate / 2), sheet.number("RC_end", corner)) if cosine else None,
        ctle=_ctle(sheet, rate),
        dfe=_dfe(sheet, floating=ffe is None),
        ffe=ffe,
        sampling=_sampling(sheet),
        detector=_detector(sheet),
    )


def _ctle(sheet: Sheet, rate: float) -> CtleSettings:
    # an empty cell means one stage, as a missing keyword does
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
        # the reference code's defaults: zero and first pole at a quarter of the symbol rate, the second pole at it
        for key, default in (("f_z", rate / 4 / GIGA), ("f_p1", rate / 4 / GIGA), ("f_p2", rate / GIGA))
    ]
    return CtleSettings(
        # in the order of the sheet: among equal figures of merit the reference code keeps the first
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
    # stable: rows of one g_DC_HP stay in the order of the sheet
    order = np.argsort(-second, kind="stable")
    second, gains = second[order], gains[order]
    # bands reach from each value of g_DC_HP up to, not including, the one above; the topmost includes itself
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
    # b_max without a default: a DFE without limits would cancel anything, and no Annex has one
    largest = _limits(sheet, count, "max", None)
    smallest = _limits(sheet, count, "min", largest)
    # with a receiver FFE the floating taps belong to that
    groups = sheet.integer("N_bg", 0) if floating else 0
    return DfeSettings(
        # N_f is the newer name of N_bmax
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
    # sheets give b_min only where it is not the mirror of b_max
    first_default = None if mirror is None else -mirror[0]
    first = sheet.number(f"b_{which}(1)", first_default)
    if count == 1:
        # one tap has no further limits to read
        return (first,)
    key = f"b_{which}(2..N_b)"
    rest = sheet.row(key, "0.2") if mirror is None or sheet.has(key) else tuple(-value for value in mirror[1:])
    # one value stands for all further taps
    if len(rest) == 1:
        rest = rest * (count - 1)
    if len(rest) != count - 1:
        raise ConfigError(
            f"{sheet.name}: {key} at {sheet.where(key)} must be one value or {count - 1}, got {len(rest)}. Mend the cell."
        )
    return (first, *rest)


def _rx_ffe(sheet: Sheet) -> RxFfeSettings | None:
    # both lengths at zero mean no FFE, whatever else the sheet says of its taps
    pre, post = sheet.integer("ffe_pre_tap_len", 0), sheet.integer("ffe_post_tap_len", 0)
    if pre == 0 and post == 0:
        return None
    groups = sheet.integer("N_bg", 0)
    return RxFfeSettings(
        pre=pre,
        post=post,
        # 0.7, 0.2 and 2048 are defaults of the reference code, with which published sheets were run
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
    # one number is the last sample; the search then begins at the anchor
    first, last = (0.0, ends[0]) if len(ends) == 1 else ends
    anchor = sheet.integer("ts_anchor", 0)
    if anchor > 2:
        # three anchors are known; a larger number would be taken for one of them without a word
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
        # MLSD is the older name of MLSE
        mlse=sheet.integer("MLSE", sheet.integer("MLSD", 0)),
        truncation_length=sheet.integer("N_tc", sheet.integer("trunc", 128), least=1),
        # N_tc is the newer name of trunc
        q_budget_adjust=_budget(sheet),
        cdr_error_ratio=sheet.number("DER_CDR", 1e-2, least=0.0),
        added_noise_db=sheet.number("add_rx_noise", least=0.0) if sheet.has("add_rx_noise") else None,
        adc_bits=sheet.number("N_qb", 0.0, least=0.0),
        # twice DER_0 where the sheet is silent, as the reference code has it
        clip_probability=sheet.number("P_qc", 2 * sheet.number("DER_0")),
        clip_method=clip_methods.get(method),
        noise_with_levels=sheet.flag("S_tn_w_AM"),
    )


def _budget(sheet: Sheet) -> tuple[float, float]:
    """Q_budget_adj as (a, b); 0 for neither."""
    values = sheet.row("Q_budget_adj", "0")
    # 0 is the sheet's way to say that no budget moves
    if not any(values):
        return 0.0, 0.0
    if len(values) != 2:
        raise ConfigError(
            f"{sheet.name}: Q_budget_adj at {sheet.where('Q_budget_adj')} must be 0 or the two numbers of a - b COM, got "
            f"{sheet.text('Q_budget_adj')!r}. Write [a b]."
        )
    return values[0], values[1]
