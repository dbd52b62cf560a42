"""A preset: the transmitter, receiver, packages and equaliser limits of one standard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sirf._data import load_toml
from sirf._data_folder import DataFolder
from sirf.channel.die_to_die import PackageCase, case_number
from sirf.clock.forwarded import ForwardedClock
from sirf.errors import ConfigError, SirfError
from sirf.presets._schema import ComTable, PresetFile, Span, parse
from sirf.presets.devices import cable_classes, package_cases, selected_cases
from sirf.receiver.converter import Converter
from sirf.receiver.mlse import Mlse
from sirf.receiver.receiver import CTLE_GAINS, Ctle, Receiver
from sirf.signal.pam import bits_per_symbol, order_of
from sirf.transmitter.jitter import Jitter
from sirf.transmitter.transmitter import Transmitter


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualizerLimits:
    """What an equaliser search may choose from.

    `tx_ffe` holds the allowed values of each swept tap by cursor (-1 is the first pre-cursor), `tx_main_minimum` the least
    c(0); `g_dc_db`, `g_dc2_db` the CTLE gains; `dfe_max`, `dfe_min` bound the DFE taps relative to the main cursor;
    `rx_ffe_pre`, `rx_ffe_post` count the fixed taps of the receiver FFE (none when both are 0), each within ±`rx_ffe_tap_max`
    of the main one; `rx_ffe_groups` groups of `rx_ffe_group_taps` floating taps reach to `rx_ffe_span` UI after the cursor, each
    within ±`rx_ffe_floating_max`. `clip_probability` is that with which the converter's input passes either end of its range.
    """

    tx_ffe: tuple[tuple[int, tuple[float, ...]], ...] = ()
    tx_main_minimum: float = 0.0
    g_dc_db: tuple[float, ...] = (0.0,)
    g_dc2_db: tuple[float, ...] = (0.0,)
    dfe_max: tuple[float, ...] = ()
    dfe_min: tuple[float, ...] = ()
    rx_ffe_pre: int = 0
    rx_ffe_post: int = 0
    rx_ffe_tap_max: float = float("inf")
    rx_ffe_groups: int = 0
    rx_ffe_group_taps: int = 0
    rx_ffe_span: int = 0
    rx_ffe_floating_max: float = 0.0
    clip_probability: float | None = None

    def __post_init__(self) -> None:
        """Validate the fields: every limit must leave something to choose."""
        if len(self.dfe_min) != len(self.dfe_max):
            raise SirfError(
                f"dfe_min must have as many values as dfe_max ({len(self.dfe_max)}), got {len(self.dfe_min)}. "
                "Give one limit per tap."
            )
        for tap, (low, high) in enumerate(zip(self.dfe_min, self.dfe_max, strict=True)):
            # a NaN compares false and is refused as well
            if not low <= high:
                raise SirfError(f"dfe_min of tap {tap + 1} must not exceed dfe_max {high:g}, got {low:g}. Swap them.")
        for name in CTLE_GAINS:
            if not getattr(self, name):
                raise SirfError(f"{name} must hold a gain to choose, got none. Give (0.0,) for no choice.")
        for cursor, values in self.tx_ffe:
            if not values:
                raise SirfError(f"tx_ffe tap {cursor} must have a value to choose, got none. Leave the tap out.")
        for name in ("rx_ffe_pre", "rx_ffe_post", "rx_ffe_groups", "rx_ffe_group_taps", "rx_ffe_floating_max"):
            if getattr(self, name) < 0:
                raise SirfError(f"{name} must not be negative, got {getattr(self, name)}. Use 0 for no taps.")
        if not self.rx_ffe_tap_max > 0:
            raise SirfError(f"rx_ffe_tap_max must be positive, got {self.rx_ffe_tap_max}. Use infinity for no limit.")
        # groups may lie side by side, but not over each other nor over the fixed taps
        floating = self.rx_ffe_groups * self.rx_ffe_group_taps
        if floating and self.rx_ffe_span - self.rx_ffe_post < floating:
            raise SirfError(
                f"rx_ffe_span must leave room for {floating} floating taps behind the {self.rx_ffe_post} fixed ones, got "
                f"{self.rx_ffe_span}. Use at least {self.rx_ffe_post + floating}."
            )
        if self.clip_probability is not None and not 0 < self.clip_probability < 0.5:
            raise SirfError(
                f"clip_probability must lie between 0 and 0.5, got {self.clip_probability}. Use 1e-7, or None."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One standard: rates in baud, ratios as they are, packages by test case; `com` is what only COM needs.

    `selected` holds the numbers, from 1, of the test cases that run where none is asked for; `cable_classes` the names of
    the cases that each class of cable assembly is tested with.
    `interleave` code words take turns on a lane; receivers may ask for 1/(1+D) precoding where `precoding` is true.
    """

    id: str
    title: str
    provenance: str
    source: str
    symbol_rate: float
    modulation: str
    der0: float
    loss_db: float | None
    reach: str
    notes: str
    transmitter: Transmitter
    receiver: Receiver
    limits: EqualizerLimits
    packages: tuple[PackageCase, ...]
    selected: tuple[int, ...]
    cable_classes: tuple[tuple[str, tuple[str, ...]], ...]
    com: ComTable
    interleave: int = 1
    precoding: bool = False

    @property
    def data_rate(self) -> float:
        """Bits per second on the line, before FEC is taken off."""
        return self.symbol_rate * bits_per_symbol(order_of(self.modulation))

    def case_number(self, case: int | str) -> int:
        """Number of a test case, from 1, by its number or its name; `ConfigError` for one that the preset has not."""
        return case_number(case, self.packages, self.id)


# far above the grid of any sheet: a mistyped step is refused before its values fill the memory
MAX_SPAN_VALUES = 10_000
"""Most values of a span of settings."""


def list_presets() -> tuple[str, ...]:
    """Ids of the shipped presets, sorted."""
    return _PRESETS.ids()


def load(name: str) -> Preset:
    """The preset with this id, or of the TOML file at this path, which is read anew every time.

    Raises `ConfigError` for an unknown id (naming the nearest) or a bad file (naming the key).

    >>> load("802.3ck-kr1").symbol_rate
    53125000000.0
    """
    return _PRESETS.load(name)


def from_file(file: Path) -> Preset:
    """The preset of a TOML file; `ConfigError` names file and key."""
    return _build(parse(load_toml(file), file))


def span_values(span: Span) -> tuple[float, ...]:
    """Every value of (minimum, step, maximum), both ends in it."""
    low, step, high = span
    if high < low or step <= 0:
        raise ConfigError(
            f"span must be [minimum, positive step, maximum], got {list(span)}. Put the smaller value first."
        )
    if not (high - low) / step < MAX_SPAN_VALUES:
        raise ConfigError(f"span must have at most {MAX_SPAN_VALUES:,} values, got {list(span)}. Take a larger step.")
    # rounded, for 0.3 / 0.1 is 2.9999999999999996: `arange` would lose the maximum of some spans and pass that of others
    count = round((high - low) / step)
    # twelve digits give 0.3, not 0.30000000000000004: values stand in results, digests and messages
    return tuple(round(low + step * index, 12) for index in range(count + 1))


def _build(file: PresetFile) -> Preset:
    symbol_rate = file.symbol_rate_gbd * 1e9
    tx, rx = file.transmitter, file.receiver
    if len(rx.dfe_min) != len(rx.dfe_max):
        raise ConfigError(
            f"{file.id}: key receiver.dfe_min must have as many values as dfe_max ({len(rx.dfe_max)}), "
            f"got {len(rx.dfe_min)}. Give one limit per tap."
        )
    # an unknown modulation is refused here, where the file is known, rather than by the first link
    order_of(file.modulation)
    cases = package_cases(file)
    return Preset(
        id=file.id,
        title=file.title,
        provenance=file.provenance,
        source=file.source,
        symbol_rate=symbol_rate,
        modulation=file.modulation,
        der0=file.der0,
        loss_db=file.loss_budget_db,
        reach=file.reach,
        notes=file.notes,
        transmitter=Transmitter(
            amplitude=tx.amplitude_v,
            amplitude_fext=tx.amplitude_fext_v,
            amplitude_next=tx.amplitude_next_v,
            level_mismatch=tx.level_mismatch,
            rise_time=tx.rise_time_ps * 1e-12,
            snr_db=tx.snr_db,
            jitter=_jitter(file, symbol_rate),
        ),
        receiver=Receiver(
            noise_corner=rx.noise_corner_per_symbol_rate * symbol_rate,
            noise_density=rx.noise_density_v2_per_ghz * 1e-9,
            ctle=_ctle(file),
            # the target of a sequence detector is 1 + (first feedback tap) D: it exists before any search has given it a
            # value
            dfe=(0.0,) * len(rx.dfe_max) if rx.sequence_detection else (),
            mlse=Mlse(memory=1) if rx.sequence_detection else None,
            converter=None if rx.converter is None else Converter(bits=rx.converter.bits),
            sampling=rx.sampling,
        ),
        limits=_limits(file),
        packages=cases,
        selected=selected_cases(file),
        cable_classes=cable_classes(file),
        com=file.com,
        interleave=file.coding.interleave,
        precoding=file.coding.precoding,
    )


def _jitter(file: PresetFile, symbol_rate: float) -> Jitter:
    tx, table = file.transmitter, file.transmitter.forwarded_clock
    if table is None:
        return Jitter(random_ui=tx.jitter_random_ui, dual_dirac_ui=tx.jitter_dual_dirac_ui)
    if tx.jitter_random_ui or tx.jitter_dual_dirac_ui:
        raise ConfigError(
            f"{file.id}: key transmitter.jitter_random_ui and jitter_dual_dirac_ui must be left out with forwarded_clock, which "
            "they would count twice. Remove them."
        )
    clock = ForwardedClock(
        source_rms=1e-12 * table.source_rms_ps,
        source_corner=1e6 * table.source_corner_mhz,
        delay_mismatch=1e-12 * table.delay_mismatch_ps,
        data_rms=1e-12 * table.data_rms_ps,
        clock_rms=1e-12 * table.clock_rms_ps,
        supply_amplitude=1e-12 * table.supply_amplitude_ps,
        supply_frequency=1e6 * table.supply_frequency_mhz,
        duty_cycle_ui=table.duty_cycle_ui,
        interpolator_steps=table.interpolator_steps,
    )
    return clock.jitter(symbol_rate)


def _ctle(file: PresetFile) -> Ctle | None:
    table = file.receiver.ctle
    if table is None:
        return None
    return Ctle(
        # until a search has chosen, the CTLE stands at the top of its range (0 dB in most standards): it does least there
        **{name: getattr(table, name)[2] for name in CTLE_GAINS},
        f_z=table.f_z_ghz * 1e9,
        f_p1=table.f_p1_ghz * 1e9,
        f_p2=table.f_p2_ghz * 1e9,
        # None, not zero: a second stage at 0 Hz would be a division by it
        f_lf=None if table.f_lf_ghz is None else table.f_lf_ghz * 1e9,
    )


def _limits(file: PresetFile) -> EqualizerLimits:
    tx, rx = file.transmitter, file.receiver
    floating = rx.floating
    return EqualizerLimits(
        # TOML keys are text: sorted as numbers, so that "-2" comes ahead of "-1"
        tx_ffe=tuple(sorted((int(cursor), span_values(span)) for cursor, span in tx.ffe.items())),
        tx_main_minimum=tx.ffe_main_minimum,
        **{name: span_values(getattr(rx.ctle, name)) if rx.ctle else (0.0,) for name in CTLE_GAINS},
        dfe_max=rx.dfe_max,
        dfe_min=rx.dfe_min,
        rx_ffe_pre=rx.ffe_pre_taps,
        rx_ffe_post=rx.ffe_post_taps,
        rx_ffe_tap_max=float("inf") if rx.ffe_tap_maximum is None else rx.ffe_tap_maximum,
        rx_ffe_groups=0 if floating is None else floating.groups,
        rx_ffe_group_taps=0 if floating is None else floating.group_taps,
        rx_ffe_span=0 if floating is None else floating.span,
        rx_ffe_floating_max=0.0 if floating is None else floating.maximum,
        clip_probability=None if rx.converter is None else rx.converter.clip_probability,
    )


_PRESETS = DataFolder("standards", kind="standard", read=from_file)
