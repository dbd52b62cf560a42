"""COM settings from a preset."""

from __future__ import annotations

from dataclasses import replace

from sirf.channel.die_to_die import HostBoards, PackageCase
from sirf.channel.figures.standard_limits import list_limits, load_limits
from sirf.channel.package import Package, PackageLine
from sirf.com.config.settings import (
    ChipToModuleSettings,
    ComSettings,
    CtleSettings,
    DetectorSettings,
    DfeSettings,
    ErlKeywords,
    FiguresSettings,
    ReceiverSettings,
    RxFfeSettings,
    SamplingSettings,
    TransmitterSettings,
)
from sirf.errors import ConfigError
from sirf.presets import Preset, load
from sirf.receiver.receiver import Ctle
from sirf.signal.pam import order_of

# capacitances of presets are in fF: 1e-15 F
_FEMTO = 1e-15
_SLACK = 1e-9
"""c(0) = 1 - sum |c(k)| comes out a rounding error below the limit it is meant to meet."""


def from_standard(standard: str) -> ComSettings:
    """Settings of the preset with this id, or of the TOML file at this path; the search covers its full grid.

    Raises `ConfigError` for an unknown id, or a preset without the transmitter's SNR, a CTLE or packages.
    """
    return from_preset(load(standard))


def from_preset(preset: Preset) -> ComSettings:
    """Settings of a preset; figures of merit come under the limits that ship for its standard."""
    com, rate = preset.com, preset.symbol_rate
    limits = load_limits(preset.id) if preset.id in list_limits() else None
    if not preset.packages:
        # only presets whose standard has limits for return loss state how it is measured
        raise ConfigError(f"{preset.id}: [[package]] must be given for COM, got none. Add a test case.")
    erl = None
    if limits is not None and limits.erl is not None:
        found = limits.erl
        erl = ErlKeywords(
            rise_time=found.rise_time,
            length_ui=found.length_ui or 0.0,
            n_bx=found.equalized_ui,
            beta_x=found.beta_x,
            rho_x=found.rho_x,
            fixture_delay=found.fixture_delay,
            with_package=limits.transmitter_package,
            tukey_window=found.tukey_window,
            z_t=found.impedance,
        )
    return ComSettings(
        name=preset.id,
        symbol_rate=rate,
        levels=order_of(preset.modulation),
        samples_per_ui=com.samples_per_ui,
        der0=preset.der0,
        transmitter=_transmitter(preset),
        receiver=_receiver(preset),
        packages=_packages(preset),
        selected=preset.selected,
        cable_classes=preset.cable_classes,
        c2m=_eye(preset),
        erl=erl,
        figures=_figures(preset),
        revision=com.revision,
        com_threshold_db=com.threshold_db,
        erl_threshold_db=None if limits is None else limits.erl_minimum_db,
        vec_threshold_db=com.vec_threshold_db,
    )


def _transmitter(preset: Preset) -> TransmitterSettings:
    tx, limits = preset.transmitter, preset.limits
    if tx.snr_db is None:
        raise ConfigError(f"{preset.id}: key transmitter.snr_db must be given for COM, got none. Add SNR_TX.")
    # the grid of the links is finer than that of the workbook
    swept = {cursor: values[:: preset.com.ffe_stride] for cursor, values in limits.tx_ffe}
    # zero is put between, so that a preset with post-cursors alone has no gap to fill
    low, high = min([0, *swept]), max([0, *swept])
    return TransmitterSettings(
        amplitude=tx.amplitude,
        amplitude_fext=tx.amplitude_fext,
        amplitude_next=tx.amplitude_next,
        level_mismatch=tx.level_mismatch,
        snr_db=tx.snr_db,
        # without H_t the amplitude steps at once, as in the sheets of that standard without FORCE_TR
        rise_time=tx.rise_time if preset.com.transmitter_filter else None,
        sigma_rj=tx.jitter.random_ui,
        a_dd=tx.jitter.dual_dirac_ui,
        ffe=tuple((cursor, swept.get(cursor, (0.0,))) for cursor in range(low, high + 1) if cursor != 0),
        # cursors in order, the main one left out; those between that have no values stay zero
        c0_minimum=limits.tx_main_minimum - _SLACK,
    )


def _receiver(preset: Preset) -> ReceiverSettings:
    rx, limits, com = preset.receiver, preset.limits, preset.com
    # the search runs over the two gains of that equation: another CTLE has none of them to choose
    if not (isinstance(rx.ctle, Ctle) and rx.ctle.two_stage):
        raise ConfigError(
            f"{preset.id}: [receiver.ctle] must have poles, zero and gains for COM, got {rx.ctle!r}. Give equation (93A-22)."
        )
    floating, ranges = com.floating, com.eye.ctle_ranges if com.eye else ()
    corner = rx.noise_corner
    ffe = None
    if limits.rx_ffe_pre or limits.rx_ffe_post:
        # no tap is larger than the main one
        most = min(limits.rx_ffe_tap_max, 1.0)
        ffe = RxFfeSettings(
            pre=limits.rx_ffe_pre,
            post=limits.rx_ffe_post,
            pre1_max=most,
            post1_max=most,
            tap_max=most,
            groups=limits.rx_ffe_groups,
            group_taps=limits.rx_ffe_group_taps,
            span=limits.rx_ffe_span,
            floating_max=limits.rx_ffe_floating_max,
        )
    return ReceiverSettings(
        noise_density=rx.noise_density,
        noise_corner=corner,
        raised_cosine=(preset.symbol_rate / 2, corner) if com.raised_cosine and corner is not None else None,
        ctle=CtleSettings(
            g_dc_db=limits.g_dc_db,
            # one stage has the gain 0 dB of a second one as its only choice, so that one search serves both
            g_dc2_db=limits.g_dc2_db if rx.ctle.f_lf is not None else (0.0,),
            f_z=rx.ctle.f_z,
            f_p1=rx.ctle.f_p1,
            f_p2=rx.ctle.f_p2,
            f_lf=rx.ctle.f_lf,
            ranges=ranges,
        ),
        dfe=DfeSettings(
            b_max=limits.dfe_max,
            b_min=limits.dfe_min,
            groups=floating.groups,
            # without groups the length of one means nothing: 0 keeps equal settings equal
            group_taps=floating.group_taps if floating.groups else 0,
            span=floating.span if floating.groups else 0,
            floating_max=floating.maximum,
            tail_rss_max=floating.tail_rss_maximum,
            tail_start=floating.tail_start,
        ),
        ffe=ffe,
        detector=DetectorSettings(
            # the sheets' MLSE 1 is detection over the first tap; a preset's detector has no other form
            mlse=0 if rx.mlse is None else 1,
            adc_bits=0.0 if rx.converter is None else float(rx.converter.bits),
            # the reference code's default of P_qc
            clip_probability=limits.clip_probability or 2 * preset.der0,
        ),
        sampling=SamplingSettings(
            anchor=1 if com.sampling == "peak" else 0, first=com.sampling_offsets[0], last=com.sampling_offsets[1]
        ),
    )


def _packages(preset: Preset) -> tuple[PackageCase, ...]:
    """The preset's test cases; [com.board] puts boards around those of its packages, which its links have not."""
    table = preset.com.board
    if table is None:
        return preset.packages

    def side(length_mm: float) -> Package:
        return Package(
            die=((table.device_capacitance_ff * _FEMTO, 0.0),),
            lines=(PackageLine(z_c=table.z_c_ohm, length_mm=length_mm),),
            gamma0=table.gamma0,
            a1=table.a1,
            a2=table.a2,
            tau=table.tau_ns_per_mm,
            c_p=table.connector_capacitance_ff * _FEMTO,
        )

    near, far = side(table.length_mm[0]), side(table.length_mm[1])
    boards = HostBoards(transmitter=near, fext=near, next_near=far, next_far=near, receiver=far)
    return tuple(replace(case, boards=boards) for case in preset.packages)


def _eye(preset: Preset) -> ChipToModuleSettings | None:
    table = preset.com.eye
    if table is None:
        return None
    return ChipToModuleSettings(
        half_width_ui=table.half_width_ui,
        # window and rms are in UI, so that they hold at any symbol rate
        samples_per_ui=table.samples_per_ui,
        window=table.window,
        sigma_r=table.sigma_r_ui,
        least_height=table.least_height_mv * 1e-3,
    )


def _figures(preset: Preset) -> FiguresSettings | None:
    if preset.id not in list_limits():
        return None
    # pass threshold and corners come from one file, so that ICN and its limit cannot be of two standards
    noise = load_limits(preset.id).noise
    return FiguresSettings(
        f_v=noise.victim_corner,
        f_f=noise.fext_corner,
        f_n=noise.next_corner,
        f_r=noise.receiver_corner,
        f_1=noise.f_min,
        f_2=noise.f_max,
        f_2_ild=noise.f_max,
        a_ft=noise.amplitude_fext,
        a_nt=noise.amplitude_next,
    )
