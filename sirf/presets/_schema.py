"""The shape of a preset file, checked by pydantic: every key with its unit in the name, no unknown key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sirf._data import validated
from sirf._toml_table import NotNegative, Positive, Provenance, Sourced, Table
from sirf.receiver.receiver import MUELLER_MULLER, SamplingCriterion

Span = tuple[float, float, float]
"""Minimum, step, maximum."""


class ForwardedClockTable(Sourced):
    """[transmitter.forwarded_clock]: a clock that is sent beside the data, in place of jitter in UI (`sirf.clock.forwarded`)."""

    source_rms_ps: NotNegative
    source_corner_mhz: Positive
    delay_mismatch_ps: NotNegative
    data_rms_ps: NotNegative
    clock_rms_ps: NotNegative
    supply_amplitude_ps: NotNegative
    supply_frequency_mhz: Positive
    duty_cycle_ui: NotNegative
    interpolator_steps: Annotated[int, Field(ge=2, le=4096)]


class TransmitterTable(Table):
    """[transmitter]: what is sent. `ffe` spans are keyed by the tap's cursor, for example "-1" = [-0.34, 0.02, 0.0]."""

    amplitude_v: Positive
    # COM sheets give aggressors swings of their own, A_fe and A_ne beside the victim's A_v
    amplitude_fext_v: NotNegative
    amplitude_next_v: NotNegative
    level_mismatch: Annotated[float, Field(gt=0, le=1)] = 1.0
    # T_r from 20 to 80 % of the swing, of equation (93A-46); zero has no edge filter
    rise_time_ps: NotNegative = 0.0
    # SNR_TX of the sheets; None for a transmitter without noise of its own
    snr_db: float | None = None
    jitter_random_ui: NotNegative = 0.0
    jitter_dual_dirac_ui: NotNegative = 0.0
    forwarded_clock: ForwardedClockTable | None = None
    ffe: dict[str, Span] = Field(default_factory=dict)
    ffe_main_minimum: float = 0.0


class CtleTable(Table):
    """[receiver.ctle]: poles, zero and gain spans of equation (93A-22)."""

    f_z_ghz: Positive
    f_p1_ghz: Positive
    f_p2_ghz: Positive
    f_lf_ghz: Positive | None = None
    g_dc_db: Span
    g_dc2_db: Span = (0.0, 1.0, 0.0)


class FloatingFfeTable(Table):
    """[receiver.floating]: floating FFE taps (N_bg groups of N_bf taps up to N_f UI after the cursor, each within bmaxg)."""

    groups: Annotated[int, Field(ge=1, le=8)]
    group_taps: Annotated[int, Field(ge=1, le=32)]
    span: Annotated[int, Field(ge=1, le=512)]
    maximum: Positive


class ConverterTable(Table):
    """[receiver.converter]: bits N_qb and the probability P_qc with which its input exceeds its range."""

    bits: Annotated[int, Field(ge=1, le=24)]
    clip_probability: Annotated[float, Field(gt=0, lt=0.5)]


class ReceiverTable(Table):
    """[receiver]: noise, filter, equaliser limits, converter; `sequence_detection` decides by sequences of the first DFE tap.

    `ffe_tap_maximum` bounds the fixed FFE taps beside the main one, which is 1 (None: no limit; 1 for COM). `sampling` is the
    criterion of the sampling instant.
    """

    # f_r of the sheets, stated over the symbol rate, so that it moves with a link's own rate
    noise_corner_per_symbol_rate: Positive
    # eta_0, in the sheets' own unit
    noise_density_v2_per_ghz: NotNegative
    ctle: CtleTable | None = None
    # b_max(n) and b_min(n) over the main cursor: as many values as the equaliser has taps
    dfe_max: tuple[float, ...] = ()
    dfe_min: tuple[float, ...] = ()
    ffe_pre_taps: Annotated[int, Field(ge=0, le=64)] = 0
    ffe_post_taps: Annotated[int, Field(ge=0, le=64)] = 0
    ffe_tap_maximum: Positive | None = None
    floating: FloatingFfeTable | None = None
    converter: ConverterTable | None = None
    sequence_detection: bool = False
    sampling: SamplingCriterion = MUELLER_MULLER


class PackageCaseTable(Table):
    """[[package]]: one test case. No receiver lengths: a receiver without package; no NEXT lengths: the transmitter's."""

    # one value a stage of the die, from the circuit outwards, each with an inductance behind it
    die_capacitance_ff: tuple[float, ...]
    die_inductance_ph: tuple[float, ...]
    bump_capacitance_ff: float
    # coefficients of equations (93A-9) to (93A-11) with f in GHz, a millimetre each; delay tau in ns
    gamma0: float
    a1: float
    a2: float
    tau_ns_per_mm: float
    z_c_ohm: tuple[float, ...]
    transmitter_length_mm: tuple[float, ...]
    receiver_length_mm: tuple[float, ...] = ()
    # clause 93A.1.2 takes other package lengths for NEXT transmitters than for the victim's, in some standards
    next_length_mm: tuple[float, ...] = ()
    ball_capacitance_ff: float
    # R_d, of one line: 50 Ohm are 100 Ohm differential
    termination_ohm: Positive = 50.0


class PackageClassTable(Table):
    """[package_class.NAME]: a kind of device, its line sections from the die outwards; their lengths are those of a case."""

    die_capacitance_ff: tuple[NotNegative, ...]
    die_inductance_ph: tuple[NotNegative, ...]
    bump_capacitance_ff: NotNegative
    gamma0: NotNegative = 0.0
    a1: NotNegative = 0.0
    a2: NotNegative = 0.0
    tau_ns_per_mm: NotNegative = 0.0
    z_c_ohm: tuple[Positive, ...] = ()
    ball_capacitance_ff: NotNegative = 0.0
    termination_ohm: Positive = 50.0


class EndTable(Table):
    """One end of a case: its device's class, the lengths of the package's sections, the host board behind them."""

    package_class: str
    length_mm: tuple[NotNegative, ...] = ()
    board_mm: NotNegative = 0.0


class CaseTable(Table):
    """[[case]]: a named test case; NEXT aggressors have the receiver's device and board.

    `rise_time_ps` replaces the transmitter's; a case that is not `default` runs only where it is asked for.
    """

    name: str
    transmitter: EndTable
    receiver: EndTable
    rise_time_ps: Positive | None = None
    default: bool = True


class HostLineTable(Table):
    """[host_line]: trace of a host board between package and channel; C_0 at the device, C_1 at the connector."""

    z_c_ohm: Positive
    gamma0: NotNegative = 0.0
    a1: NotNegative
    a2: NotNegative
    tau_ns_per_mm: NotNegative
    device_capacitance_ff: NotNegative = 0.0
    connector_capacitance_ff: NotNegative = 0.0


class HostBoardTable(Table):
    """[com.board]: host boards that COM adds at both sides; C_0 at the device, C_1 at the connector."""

    z_c_ohm: Positive
    gamma0: float = 0.0
    a1: float
    a2: float
    tau_ns_per_mm: float
    length_mm: tuple[NotNegative, NotNegative]
    device_capacitance_ff: NotNegative = 0.0
    connector_capacitance_ff: NotNegative = 0.0


class EyeTable(Table):
    """[com.eye]: the window of sampling instants in which a chip-to-module eye is judged, and the CTLE pairs allowed there.

    `ctle_ranges` holds rows of (g_DC2 from, g_DC2 below, g_DC from, g_DC below) in dB.
    """

    half_width_ui: NotNegative
    samples_per_ui: Annotated[int, Field(ge=3)] = 100
    window: Literal["gaussian", "triangle", "rectangle", "dual rayleigh"] = "rectangle"
    sigma_r_ui: Positive = 0.02
    least_height_mv: NotNegative = 0.0
    ctle_ranges: tuple[tuple[float, float, float, float], ...] = ()


class FloatingTable(Table):
    """[com.floating]: floating DFE taps (N_bg, N_bf, N_f, bmaxg) and the limit of the tail (B_float_RSS_MAX, N_tail_start)."""

    groups: Annotated[int, Field(ge=0, le=8)] = 0
    group_taps: Annotated[int, Field(ge=1, le=32)] = 1
    span: Annotated[int, Field(ge=0, le=512)] = 0
    maximum: NotNegative = 0.0
    tail_rss_maximum: NotNegative = 0.0
    tail_start: Annotated[int, Field(ge=0, le=512)] = 0


class ComTable(Table):
    """[com]: what only the channel operating margin needs.

    `transmitter_filter = false` leaves H_t out, as the reference code does for sheets without FORCE_TR. `sampling` is
    Mueller-Müller or the pulse's peak, moved by `sampling_offsets` in samples. `ffe_stride` searches every so many values of the
    transmitter's grid. `revision` says whose arithmetic is followed (None: the newest that the settings' Annex has).
    """

    # M of the sheets, the samples a UI of COM's pulse
    samples_per_ui: Annotated[int, Field(ge=2)] = 32
    transmitter_filter: bool = True
    sampling: Literal["mueller-mueller", "peak"] = "mueller-mueller"
    sampling_offsets: tuple[int, int] = (0, 0)
    raised_cosine: bool = False
    ffe_stride: Annotated[int, Field(ge=1)] = 1
    revision: Literal["4.50", "4.17", "d3.3"] | None = None
    # what 93A.1 and its followers ask of a channel; chip-to-module presets are judged by their eye closure as well
    threshold_db: float = 3.0
    vec_threshold_db: float | None = None
    floating: FloatingTable = FloatingTable()
    eye: EyeTable | None = None
    board: HostBoardTable | None = None


class CodingTable(Table):
    """[coding]: what stands between the code words and the line.

    `interleave` code words take turns symbol by symbol on a lane; `precoding` says that receivers may ask for 1/(1+D) precoding.
    Without the table: one word, no precoding.
    """

    interleave: Annotated[int, Field(ge=1, le=16)] = 1
    precoding: bool = False
    # a file without the table has stated nothing: an estimate
    provenance: Provenance = "E"
    source: str = "no [coding] in the preset"


class PresetFile(Sourced):
    """A whole preset file. Devices stand in [[package]], or in [package_class] and [[case]] where they differ at the two ends.

    `reference_ohm` is R_0, a line; `cable_classes` names the cases that are allowed with each class of cable assembly.
    """

    id: str
    title: str
    symbol_rate_gbd: Positive
    modulation: str
    # DER_0, the detector error ratio at which interference is read off its distribution
    der0: Annotated[float, Field(gt=0, lt=0.5)]
    loss_budget_db: Positive | None = None
    reach: str = ""
    notes: str = ""
    transmitter: TransmitterTable
    receiver: ReceiverTable
    # packages are two-ports normalised to it for each line, so to twice of it for the pair
    reference_ohm: Positive = 50.0
    package: tuple[PackageCaseTable, ...] = ()
    package_class: dict[str, PackageClassTable] = Field(default_factory=dict)
    case: tuple[CaseTable, ...] = ()
    host_line: HostLineTable | None = None
    cable_classes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    coding: CodingTable = CodingTable()
    com: ComTable = ComTable()


def parse(table: dict[str, Any], file: Path) -> PresetFile:
    """Check a TOML table; `ConfigError` names the file and the first bad key."""
    return validated(PresetFile, table, file)
