"""Which words a COM workbook may hold: read, supported for some values only, or without effect on a result.

Every keyword of release 4.17 of the reference code stands in one of the three, in small letters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Supported:
    """The values of a keyword that sirf supports, as plain text (none: the keyword must be absent), and why no other."""

    # text and not numbers: a value may be a word, and 1, 1.0 and "1" in a cell are then one
    values: tuple[str, ...]
    reason: str


# fmt: off
# grouped by what they describe, several a line, as in the official sheets
READ = frozenset({
    # rates and grids
    "f_b", "f_min", "delta_f", "flim", "l", "m", "der_0", "pdf bin size", "impulse response truncation threshold",
    # transmitter
    "a_v", "a_fe", "a_ne", "snr_tx", "s_tn_w_am", "snr_txwc0", "r_lm", "sigma_rj", "a_dd", "t_r", "force_tr", "t_r_filter_type",
    "c(0)",
    # devices and boards
    "c_d", "l_s", "c_b", "c_p", "r_0", "r_d", "z_p select", "z_p (tx)", "z_p (next)", "z_p (fext)", "z_p (rx)", "pkg_name",
    "package_tl_tau", "package_tl_gamma0_a1_a2", "package_z_c", "include pcb", "board_tl_tau", "board_tl_gamma0_a1_a2",
    "board_z_c", "z_bp (tx)", "z_bp (next)", "z_bp (fext)", "z_bp (rx)", "c_0", "c_1",
    # receiver: noise, filters, CTLE
    "eta_0", "f_r", "butterworth", "raised_cosine", "rc_start", "rc_end", "noise_crest_factor",
    "g_dc", "g_dc_hp", "f_z", "f_p1", "f_p2", "f_hp_pz", "gdc_min", "g_qual", "g2_qual",
    # decision feedback and receiver FFE
    "n_b", "b_max(1)", "b_max(2..n_b)", "b_min(1)", "b_min(2..n_b)", "n_b_step", "n_bg", "n_bf", "n_f", "n_bmax", "bmaxg",
    "b_float_rss_max", "n_tail_start", "ffe_pre_tap_len", "ffe_post_tap_len", "ffe_tap_step_size", "ffe_pre_tap1_max",
    "ffe_post_tap1_max", "ffe_tapn_max", "num_ui_rxff_noise",
    # sampling and search
    "sample_adjustment", "ts_anchor", "local search", "non-zero local search method", "overwrite minimum radius",
    # converter and sequence detection
    "n_qb", "p_qc", "clip method", "mlse", "mlsd", "n_tc", "trunc", "q_budget_adj", "der_cdr", "add_rx_noise",
    # chip to module
    "pmd_type", "phy", "t_o", "t_h", "samples_for_c2m", "histogram_window_weight", "sigma_r", "min_veo_test", "eh_min_test",
    # figures of merit and limits
    "tdr", "erl", "tr_tdr", "n", "n_bx", "beta_x", "rho_x", "tdr_w_txpkg", "tukey_window", "z_t", "grr", "grr_limit", "gx",
    "fixture delay time", "f_v", "f_f", "f_n", "f_1", "f_2", "f_2_ild", "a_ft", "a_nt", "acbw", "t_dev",
    "com pass threshold", "erl pass threshold", "vec pass threshold",
    # common mode of the transmitter, calibration of receiver tests
    "ac_cm_rms", "accm_max_freq", "rx_calibration", "psdrxcal", "f_hp", "rit_ref_ptr",
})
"""Keywords that are read; the transmitter's taps c(k) besides."""

PACKAGE_BLOCK = frozenset({
    "a_v", "a_fe", "a_ne", "c_p", "r_d", "package_tl_tau", "package_tl_gamma0_a1_a2", "package_z_c", "z_p (tx)", "z_p (fext)",
    "z_p (next)", "z_p (rx)",
})
"""Keywords of a package block (`.START name` … `.END`); PKG_NAME puts a block in place of the sheet's own."""
# fmt: on

# an unsupported value is refused with its reason: a margin computed without it would be one of another receiver
_SKEW = "skew and imbalance of a pair are read from the channel's own 4-port data"
_EXPERIMENT = "the reference code calls it experimental or obsolete"
_WITHOUT_COM = "COM is what this run is for; use `sirf figures` for ERL, ICN and insertion loss alone"
_NOISE_SWITCH = "a margin without that noise is not the Annex's"
_ERL_ONLY = "ERL is that of the Annex"

SUPPORTED: dict[str, Supported] = {
    # without its package a margin is none of the Annex's; lengths and capacitances of zero ask for the same in the open
    "inc_package": Supported(("1",), "the reference code does not support it; set z_p, C_d and C_p to 0"),
    "ideal_tx_term": Supported(("0",), "the reference code does not support it; set z_p, C_d and C_p to 0"),
    "ideal_rx_term": Supported(("0",), "the reference code does not support it; set z_p, C_d and C_p to 0"),
    "include_ctle": Supported(("1",), "the reference receiver has one; set g_DC to 0"),
    "include_tx_rx_filter": Supported(("1",), "the reference receiver has them"),
    "bessel_thomson": Supported(("0",), "the Annexes take a Butterworth filter"),
    "tdr_f_bt_3db": Supported((), "it belongs to the Bessel-Thomson filter"),
    "btorder": Supported((), "it belongs to the Bessel-Thomson filter"),
    "tdmode": Supported(("0",), "sirf starts from S-parameters"),
    "cdr": Supported(("mm",), "the Annexes sample by Mueller and Müller's rule"),
    "ts_srch_mode": Supported(
        ("full-sweep",), "sirf looks at every sampling offset, which finds what any shorter way may miss"
    ),
    "kappa1": Supported(("1",), "reflections at the transmitter belong to the channel"),
    "kappa2": Supported(("1",), "reflections at the receiver belong to the channel"),
    "c_v": Supported(("0",), "a via in the package is none of the Annexes'"),
    "ffe_backoff": Supported(("0",), "it belongs to zero forcing"),
    "ffe_opt_method": Supported(("mmse",), "Annex 178A minimises the mean squared error"),
    "rxffe tap constraint": Supported(("unity cursor",), "Annex 178A has a main tap of one"),
    "rxffe float ctl": Supported(("fom",), "Annex 178A places floating taps by the figure of merit"),
    "crusor_gain": Supported(("0",), "the reference code does not support it"),
    "wc_portz": Supported(("0",), _EXPERIMENT),
    "force pdf bin size": Supported(("0",), _EXPERIMENT),
    "enforce causality": Supported(("0",), "data that is not causal should be mended before; see `sirf check`"),
    "limit_jitter_contrib_to_dfe_span": Supported(("0",), _EXPERIMENT),
    "use_eta0_psd": Supported(("0",), _EXPERIMENT),
    "optimize_loop_speed_up": Supported(("0",), "it trades exactness for time, which sirf need not"),
    "s-parameter magnitude extrapolation policy": Supported(
        ("linear_trend_to_dc",), "it is what the Annexes' numbers rest on"
    ),
    "s-parameter phase extrapolation policy": Supported(
        ("extrap_cubic_to_dc_linear_to_inf",), "it is what the Annexes' numbers rest on"
    ),
    "fraction_of_f_range_start_extrap_from": Supported(("0.75",), "it is what the Annexes' numbers rest on"),
    "zero_pad": Supported(("0",), _EXPERIMENT),
    "t_r_meas_point": Supported(("0",), _EXPERIMENT),
    "pkg_tx_ffe_preset": Supported(("0",), "every test case searches its own transmitter taps"),
    "f_hp_z": Supported((), "lists of CTLE zeros (Annex 120E) are not built"),
    "f_hp_p": Supported((), "lists of CTLE poles (Annex 120E) are not built"),
    "tdecq": Supported(("0", "none"), "a dispersion penalty belongs to optical signals"),
    "skew_ps": Supported(("0",), _SKEW),
    "imb_z_fctr": Supported(("1",), _SKEW),
    "imb_c_fctr": Supported(("1",), _SKEW),
    "flip": Supported(("0",), _SKEW),
    "txpskew": Supported(("0",), _SKEW),
    "txnskew": Supported(("0",), _SKEW),
    "rxpskew": Supported(("0",), _SKEW),
    "rxnskew": Supported(("0",), _SKEW),
    "do_xt_noise": Supported(("1",), _NOISE_SWITCH),
    "do_colored_noise": Supported(("1",), _NOISE_SWITCH),
    "do_white_noise": Supported(("0",), _NOISE_SWITCH),
    "ffe_snr": Supported(("1",), _NOISE_SWITCH),
    "qr": Supported((), "sigma_r has taken its place"),
    "ql": Supported((), "sigma_r has taken its place"),
    "erl_only": Supported(("0",), _WITHOUT_COM),
    "do_not_compute_com": Supported(("0",), _WITHOUT_COM),
    "no_com": Supported(("0",), _WITHOUT_COM),
    "tdr_butterworth": Supported(("1",), _ERL_ONLY),
    "erl_fom": Supported(("1",), _ERL_ONLY),
    "show_brd": Supported(("0",), _ERL_ONLY),
    "auto_tfx": Supported(("0",), "a fixture's delay is a measured number"),
    "inc_reflect_board": Supported(("0",), _EXPERIMENT),
    "delta_il": Supported(("1",), _EXPERIMENT),
    "zero_pad_tukey_window_in_fb": Supported(("0",), _EXPERIMENT),
}
"""Keywords that bear on a result and of which only some values are supported."""

# each group has one reason, told beside every keyword of it
_OUTPUT = "says what the reference code prints, draws or saves"
_ERROR_BURSTS = "belongs to a burst estimate that the reference code keeps apart from COM"
_OTHER_FIGURES = "belongs to figures that `sirf figures` has"
_CALIBRATION_STEPS = (
    "how the reference code steps towards the noise of a calibration, or prints it; sirf finds it to 0.001 dB"
)
_FINDS_ITSELF = "sirf finds the port order from the data; --port-order overrides"
_NOT_A_KEYWORD = "the reference code does not read it"

# fmt: off
# one group of keywords for each reason
DESCRIBES: dict[str, str] = {
    **dict.fromkeys((
        "diagnostics", "display_window", "csv_report", "save_figure_to_csv", "result_dir", "save_figures", "runtag",
        "com_contribution", "bread_crumbs", "bread_crumbs_fields", "save_config2mat", "plot_cm", "save_td", "get_fd", "ew",
        "timestamp", "write_csv_transposed", "cm_mask_report", "save_keyword_file", "time_axis", "report_modal_erl", "sndr_ref",
        "preset_txffe", "exit if deployed",
    ), _OUTPUT),
    **dict.fromkeys((
        "use simple error propagation model", "max burst length calculated", "error propagation com margin", "nburst",
    ), _ERROR_BURSTS),
    **dict.fromkeys(("n_v", "d_p", "n_p", "t_k", "compute_riln", "compute_tdiln", "tdr_duration"), _OTHER_FIGURES),
    **dict.fromkeys(("sigma bbn step", "bbn q factor", "force bbn q factor"), _CALIBRATION_STEPS),
    **dict.fromkeys((
        "enforce causality rel_tol", "enforce causality diff_tol", "enforce causality pulse start tolerance",
    ), "belongs to Enforce Causality, which is refused"),
    **dict.fromkeys((
        "n-g", "n-max", "parameter", "t_t", "t_ft", "t_nt", "n_bx_tdr",
    ), _NOT_A_KEYWORD),
    **dict.fromkeys(("q", "p_peak", "eh_max", "ft_coop"), "the reference code reads it and does nothing with it"),
    "eh_min": "the least eye height of the specification: compare VEO with it",
    "port order": _FINDS_ITSELF,
    "display frequency domain": "the reference code filters the signal by f_r only where it is 1; sirf always does",
    "dynamic txffe": "sirf takes every c(k) that the sheet has",
    "floatingdfe_development": "both of the reference code's routines find the same taps",
    "exe_mode": "chooses among ways of the reference code to the same numbers",
    "ctle_type": "follows from g_DC_HP",
    "ffe_main_cursor_min": "the main tap of Annex 178A is one",
}
"""Keywords that describe only: they bear on none of COM, FOM, VEC, VEO, ERL, ICN, ILD, with the reason."""
# fmt: on


def spelled(keyword: str) -> str:
    """A keyword as it is compared: small letters, one blank between words."""
    # sheets are typed by hand: double blanks and capitals must not make another keyword of one
    return " ".join(keyword.lower().split())
