"""All quantities of one COM configuration, in SI units, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sirf._arrays import Float
from sirf.channel.die_to_die import PackageCase

Revision: TypeAlias = Literal["3.70", "4.50", "4.17", "d3.3"]
"""Releases of the COM reference code, and draft 3.3 of IEEE P802.3dj."""


@dataclass(frozen=True, slots=True, eq=False)
# by identity: comparing arrays value by value would make every lookup of settings a pass over them
class ArrivingNoise:
    """Noise that arrives at the receiver beside its own: one-sided `density` (F,) in V²/Hz at `frequency` (F,) in Hz.

    It stands at the input of the receiver's noise filter, where eta_0 does; `name` says in a ledger what it is.
    """

    name: str
    frequency: Float
    density: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSettings:
    """The noise that a receiver's interference tolerance test adds, white up to half the symbol rate.

    `corner` in Hz is f_hp of the high-pass that the noise source has (0: none). With `of_the_source` the rms counts ahead of
    that filter (RX_CALIBRATION, Annex 93A.2), else behind it (PSDRXCAL, Annex 178A).
    """

    corner: float = 0.0
    of_the_source: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitterSettings:
    """The reference transmitter.

    `amplitude`, `amplitude_fext`, `amplitude_next` are A_v, A_fe, A_ne in V; `level_mismatch` R_LM; `snr_db` SNR_TX;
    `rise_time` T_r in s (None: no transmitter filter H_t); `sigma_rj` and `a_dd` in UI. `ffe` holds the values of every tap
    but c(0) by cursor, from the first pre-cursor to the last post-cursor; `c0_minimum` the least c(0). `common_mode_rms` is
    AC_CM_RMS in V of each test case (none: no such source), spread up to `common_mode_bandwidth` in Hz (ACCM_MAX_Freq).
    """

    amplitude: float
    amplitude_fext: float
    amplitude_next: float
    level_mismatch: float = 1.0
    snr_db: float
    rise_time: float | None = None
    sigma_rj: float = 0.0
    a_dd: float = 0.0
    ffe: tuple[tuple[int, tuple[float, ...]], ...] = ()
    c0_minimum: float = 0.0
    common_mode_rms: tuple[float, ...] = ()
    common_mode_bandwidth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CtleSettings:
    """Grid of equation (93A-22): gains in dB in the order of the search, zero and poles in Hz, `f_lf` None: one stage only.

    `ranges` qualifies pairs of gains (G_Qual, G2_Qual): (g2 above or at, g2 below, g above or at, g below), any of which must
    hold; empty: all pairs. `least_sum_db` is GDC_MIN: pairs whose sum is above it are left out (0: off).
    """

    g_dc_db: tuple[float, ...]
    g_dc2_db: tuple[float, ...] = (0.0,)
    f_z: float
    f_p1: float
    f_p2: float
    f_lf: float | None = None
    ranges: tuple[tuple[float, float, float, float], ...] = ()
    least_sum_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DfeSettings:
    """Limits of the decision-feedback equaliser, relative to the cursor.

    `b_max`, `b_min` bound the N_b fixed taps; `groups` (N_bg) groups of `group_taps` (N_bf) floating taps reach to tap `span`
    (N_f), each within ±`floating_max` (bmaxg); taps from number `tail_start` (N_tail_start) on share the root sum of squares
    `tail_rss_max` (B_float_RSS_MAX; off where `tail_start` is 0). `step` quantises (N_b_step, 0: off).
    """

    b_max: tuple[float, ...] = ()
    b_min: tuple[float, ...] = ()
    groups: int = 0
    group_taps: int = 0
    span: int = 0
    floating_max: float = 0.0
    tail_rss_max: float = 0.0
    tail_start: int = 0
    step: float = 0.0

    @property
    def taps(self) -> int:
        """Number of fixed taps, N_b."""
        return len(self.b_max)

    @property
    # floating taps may end before the last fixed one: both bounds count
    def reach(self) -> int:
        """Last post-cursor that some tap can reach."""
        return max(self.span, self.taps) if self.groups else self.taps


@dataclass(frozen=True, slots=True, kw_only=True)
class RxFfeSettings:
    """The receiver's feed-forward equaliser of Annex 178A.

    `pre`, `post` count the fixed taps, each within ±`pre1_max`, `post1_max` or `tap_max` of the main one; `step` quantises (0:
    off). `groups` groups of `group_taps` floating taps reach to `span` UI after the cursor, each within ±`floating_max`.
    `noise_length` is the number of UI over which the folded noise densities are kept (num_ui_RXFF_noise).
    """

    pre: int
    post: int
    pre1_max: float = 0.7
    post1_max: float = 0.7
    tap_max: float = 0.7
    step: float = 0.0
    groups: int = 0
    group_taps: int = 0
    span: int = 0
    floating_max: float = 0.0
    noise_length: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingSettings:
    """`anchor` 0 Mueller-Müller, equation (93A-25), 1 the pulse's peak, 2 the largest step over one UI; `first` to `last`
    are the offsets tried around it, in samples (sample_adjustment).
    """

    anchor: int = 0
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """What follows the equaliser in Annex 178A.

    `mlse` is the workbook's MLSE (0: decision feedback alone), `truncation_length` its sequence length N_tc. `q_budget_adjust`
    (a, b) is Q_budget_adj: sequence detection gains a - b COM less, in dB. `cdr_error_ratio` is DER_CDR, above which there is
    no such gain; `added_noise_db` is add_rx_noise (None: the COM pass threshold). `adc_bits` is N_qb (0: an ideal converter),
    `clip_probability` P_qc, `clip_method` "slow" (the level that the signal passes with P_qc), "fast" (the largest sum of the
    pulse) or None (what the revision does). `noise_with_levels` is S_tn_w_AM: the transmitter noise density keeps the factor
    sigma_X².
    """

    mlse: int = 0
    truncation_length: int = 128
    q_budget_adjust: tuple[float, float] = (0.0, 0.0)
    cdr_error_ratio: float = 1e-2
    added_noise_db: float | None = None
    adc_bits: float = 0.0
    clip_probability: float = 0.0
    clip_method: Literal["fast", "slow"] | None = None
    noise_with_levels: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """The reference receiver.

    `noise_density` is eta_0, one-sided, in V²/Hz; `noise_corner` f_r in Hz of the Butterworth filter (None: no such filter);
    `raised_cosine` (start, end) in Hz of the roll-off, where that filter is used. `arriving` is noise that comes with the
    channel.
    """

    noise_density: float
    noise_corner: float | None
    raised_cosine: tuple[float, float] | None = None
    ctle: CtleSettings
    dfe: DfeSettings
    ffe: RxFfeSettings | None = None
    sampling: SamplingSettings = SamplingSettings()
    detector: DetectorSettings = DetectorSettings()
    arriving: tuple[ArrivingNoise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipToModuleSettings:
    """Annex 120G: the eye within ±`half_width_ui` (T_O in UI) of the sampling instant gives VEC and VEO.

    `samples_per_ui` is samples_for_C2M; `window` one of "gaussian", "triangle", "rectangle", "dual rayleigh"; `sigma_r` in UI;
    `least_height` (Min_VEO_Test) in V: settings with less are left out in a first pass.
    """

    half_width_ui: float
    samples_per_ui: int = 100
    window: str = "rectangle"
    sigma_r: float = 0.02
    least_height: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErlKeywords:
    """Effective return loss, clause 93A.5: rise time in s, `length_ui` N, `n_bx`, `beta_x` (Hz), `rho_x`, fixture delays in s.

    `with_package` is TDR_W_TXPKG, `tukey_window` Tukey_Window, `z_t` the source resistance in ohm a line, `grr_limit` and
    `grr` as in the workbook.
    """

    rise_time: float
    length_ui: float
    n_bx: float
    beta_x: float = 0.0
    rho_x: float = 0.618
    fixture_delay: tuple[float, float] = (0.0, 0.0)
    with_package: bool = False
    tukey_window: bool = False
    z_t: float = 50.0
    grr_limit: float = 1.0
    grr: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresSettings:
    """ICN and insertion loss deviation: corners f_v, f_f, f_n, f_r and limits f_1, f_2 in Hz, A_ft and A_nt in V.

    `bandwidth_slope` is T_dev in dB/GHz where the apparent bandwidth (ACBW) is asked for, else None.
    """

    f_v: float
    f_f: float
    f_n: float
    f_r: float
    f_1: float
    f_2: float
    f_2_ild: float
    a_ft: float
    a_nt: float
    bandwidth_slope: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComSettings:
    """One COM configuration.

    `name` says where it came from; `symbol_rate` in baud, `levels` L, `samples_per_ui` M, `der0` DER_0. `f_min` and
    `frequency_step` in Hz are what the channel's data must start at and be spaced by at most; what lies above
    `highest_frequency` in Hz (flim) is left out. `packages` holds all test cases,
    `selected` the numbers (from 1) of those to run, `cable_classes` the names of those that each class of cable assembly has to
    pass. `local_search` is the workbook's Local Search (0: full grid),
    `adaptive_search` its Non-zero Local Search Method 1, `least_radius` its Overwrite Minimum Radius (None: 2, or 1 with
    only one transmitter setting);
    `revision` says whose arithmetic is followed (None: the newest of the Annex);
    `pdf_bin` the largest bin in V; `truncation` the part of its peak at which a response ends; `snr_tx_with_c0` SNR_TXwC0.
    `calibration` is asked for by RX_CALIBRATION or PSDRXCAL.
    `level_shares` holds the levels' probabilities where they are not alike (PAM6 mapped by pairs), else nothing.
    `ignored` lists the workbook's keywords that do not bear on the result.
    """

    name: str
    symbol_rate: float
    levels: int
    samples_per_ui: int
    der0: float
    f_min: float = 0.0
    frequency_step: float = 0.0
    highest_frequency: float | None = None
    transmitter: TransmitterSettings
    receiver: ReceiverSettings
    packages: tuple[PackageCase, ...]
    selected: tuple[int, ...]
    cable_classes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    c2m: ChipToModuleSettings | None = None
    erl: ErlKeywords | None = None
    figures: FiguresSettings | None = None
    local_search: int = 0
    adaptive_search: bool = False
    least_radius: float | None = None
    revision: Revision | None = None
    pdf_bin: float = 1e-5
    truncation: float = 1e-3
    snr_tx_with_c0: bool = False
    noise_crest_factor: float = 0.0
    com_threshold_db: float = 3.0
    erl_threshold_db: float | None = None
    vec_threshold_db: float | None = None
    calibration: CalibrationSettings | None = None
    level_shares: tuple[float, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def annex(self) -> str:
        """Annex of IEEE 802.3 that the settings ask for: 178A with a receiver FFE, 120G for an eye in a window, else 93A."""
        # the two marks exclude each other; a receiver FFE makes the margin that of Annex 178A, whatever else is set
        return "178A" if self.receiver.ffe is not None else "120G" if self.c2m is not None else "93A"

    @property
    def ui(self) -> float:
        """Unit interval in s."""
        return 1.0 / self.symbol_rate

    @property
    def sigma_x(self) -> float:
        """RMS of the symbols, equation (93A-29): sqrt((L² - 1) / (3 (L - 1)²)), outer levels at ±1; of their shares if given."""
        # levels that are not equally likely have another mean square than equation (93A-29) gives
        if self.level_shares:
            # levels from -1 to 1 in equal steps
            values = ((2 * k / (self.levels - 1) - 1) ** 2 for k in range(self.levels))
            return float(sum(share * value for share, value in zip(self.level_shares, values, strict=True)) ** 0.5)
        return float(((self.levels**2 - 1) / (3.0 * (self.levels - 1) ** 2)) ** 0.5)
