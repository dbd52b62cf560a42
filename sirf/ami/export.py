"""sirf's own link as IBIS-AMI models: C sources without dependencies, parameter files, a `.ibs` file, a Makefile.

The transmitter's FFE and the receiver's CTLE, FFE, DFE and clock recovery are written; amplitude, edge, noise filter and
terminations stay in the analog part (`.ibs`), as the flow wants it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sirf._data import load_toml, validated
from sirf._files import write_folder
from sirf._toml_table import Table
from sirf.errors import SirfError
from sirf.receiver.receiver import Ctle
from sirf.transmitter.jitter import Jitter

if TYPE_CHECKING:
    from sirf.channel.die_to_die import PackageCase
    from sirf.link import Link

SOURCES = Path(__file__).parent / "export_sources"
COPIED = ("model.h", "transmitter.c", "receiver.c", "Makefile")
HOLD = 64
"""Symbols before the exported clock recovery moves: the channel's memory fills."""
TAP_RANGE = 1.0
JITTER = {"random_ui": ("Tx_Rj", 1.0), "dual_dirac_ui": ("Tx_Dj", 1.0), "even_odd_ui": ("Tx_DCD", 0.5)}
"""Fields of a link's jitter that are written, each with its reserved parameter and the factor between them."""
DETECTORS = {"mueller-muller": 0, "sign-mueller-muller": 1}


def export_link(link: Link, out: str | Path) -> tuple[str, ...]:
    """Write the models of a link into the folder `out`; the names of the files.

    `make` there builds `sirf_tx.so` and `sirf_rx.so`. Run in sirf's host they give the link's pulse response (with
    `dfe_in_init=False` that before the DFE) and its decisions.

    Raises `SirfError` for parts that have no place in the models: light, compression, an amplifier or converter, sequence
    detection, wander, adaptation, bang-bang clock recovery, a CTLE that is not equation (93A-22), jitter other than random,
    dual-Dirac and even-odd.
    """
    _check(link)
    # a model samples at an offset that is written into it
    link = link.placed()
    files = {name: (SOURCES / name).read_bytes() for name in COPIED}
    texts = {
        "link.h": _header(link),
        "sirf_tx.ami": _transmitter_ami(link),
        "sirf_rx.ami": _receiver_ami(link),
        "sirf.ibs": _ibs(link),
    }
    # readers of IBIS expect ASCII: another letter fails here and not in a vendor's tool
    files |= {name: text.encode("ascii") for name, text in texts.items()}
    write_folder("out", out, files)
    return tuple(sorted(files))


def _check(link: Link) -> None:
    rx, tx = link.receiver, link.transmitter
    unfit = {
        "optics": link.optics is not None,
        "transmitter_model": link.transmitter_model is not None,
        "receiver_model": link.receiver_model is not None,
        "transmitter.filter": tx.filter is not None,
        "transmitter.compression": tx.compression > 0,
        "transmitter.precoding": tx.precoding,
        # a parameter file of jitter takes the place of the link's own, so what it cannot say would be lost
        "transmitter.jitter": tx.jitter != Jitter(**{name: getattr(tx.jitter, name) for name in JITTER}),
        "receiver.vga": rx.vga is not None,
        "receiver.converter": rx.converter is not None,
        "receiver.mlse": rx.mlse is not None,
        "receiver.wander": bool(rx.wander),
        "receiver.adaptation": rx.adaptation is not None,
        "receiver.cancellation": rx.cancellation is not None,
        "receiver.ctle": rx.ctle is not None and not (isinstance(rx.ctle, Ctle) and rx.ctle.two_stage),
        "receiver.clock": rx.clock is not None and (rx.clock.detector not in DETECTORS or rx.clock.latency > 0),
    }
    for name, used in unfit.items():
        if used:
            raise SirfError(
                f"{name} must be off or of a plain kind in a link that is exported, got another. The models hold FFEs, a CTLE of "
                "equation (93A-22), a DFE, a Mueller-Müller clock and random, dual-Dirac and even-odd jitter; leave the rest out."
            )


def _numbers(values: Sequence[float]) -> str:
    # the shortest text that reads back as the same number: the models hold the link's taps to the last bit
    return "{" + ", ".join(repr(float(value)) for value in values) + "}"


def _header(link: Link) -> str:
    tx, rx, limits = link.transmitter, link.receiver, link.limits
    # a DFE without a limit stays at its tap
    first = (0.0, 0.0)
    if rx.dfe:
        first = (limits.dfe_min[0], limits.dfe_max[0]) if limits.dfe_max else (rx.dfe[0], rx.dfe[0])
    lines = [
        f"/* Written by sirf: {link.modulation} at {link.symbol_rate / 1e9:g} GBd. */",
        f"#define ORDER {link.order}",
        f"#define LEVELS {_numbers(link.levels.tolist())}",
        f"#define TX_TAPS {len(tx.ffe)}",
        f"#define TX_FFE {_numbers(tx.ffe)}",
        f"#define RX_TAPS {len(rx.ffe)}",
        f"#define RX_FFE {_numbers(rx.ffe)}",
        f"#define RX_MAIN {rx.ffe_main}",
        f"#define DFE_TAPS {len(rx.dfe)}",
        # a last zero: C has no array of length zero
        f"#define RX_DFE {_numbers((*rx.dfe, 0.0))}",
        f"#define DFE1_MIN {first[0]!r}",
        f"#define DFE1_MAX {first[1]!r}",
        f"#define SAMPLING_OFFSET_UI {rx.sampling_offset_ui!r}",
        f"#define CTLE_G_DC_DB {rx.ctle.g_dc_db if isinstance(rx.ctle, Ctle) else 0.0!r}",
        f"#define CTLE_G_DC2_DB {rx.ctle.g_dc2_db if isinstance(rx.ctle, Ctle) else 0.0!r}",
    ]
    if isinstance(rx.ctle, Ctle):
        lines += ["#define HAS_CTLE"]
        lines += [
            f"#define CTLE_{name.upper().replace('_', '')} {getattr(rx.ctle, name)!r}"
            for name in ("f_z", "f_p1", "f_p2")
        ]
        if rx.ctle.f_lf is not None:
            lines.append(f"#define CTLE_FLF {rx.ctle.f_lf!r}")
    if rx.noise_corner is not None:
        lines.append(f"#define NOISE_CORNER {rx.noise_corner!r}")
    if rx.clock is not None:
        # C knows infinity by a name of its own
        damping = "INFINITY" if math.isinf(rx.clock.damping) else repr(rx.clock.damping)
        lines += [
            f"#define CLOCK_BANDWIDTH {rx.clock.bandwidth!r}",
            f"#define CLOCK_STEP_UI {rx.clock.step_ui!r}",
            f"#define CLOCK_DAMPING {damping}",
            f"#define CLOCK_SIGN {DETECTORS[rx.clock.detector]}",
            f"#define CLOCK_HOLD {HOLD}",
        ]
    return "#ifndef LINK_H\n#define LINK_H\n\n" + "\n".join(lines) + "\n\n#endif\n"


def _info(name: str, kind: str, value: str) -> str:
    return f"({name} (Usage Info) (Type {kind}) (Value {value}))"


def _tap(name: str, value: float, what: str, *, main: bool = False) -> str:
    # a main tap of zero would have no eye; other taps go both ways
    low, high = min(0.05 if main else -TAP_RANGE, value), max(TAP_RANGE, value)
    return f'({name} (Usage In) (Type Tap) (Range {value!r} {low!r} {high!r}) (Description "{what}"))'


def _ami(root: str, reserved: Sequence[str], specific: Sequence[str], what: str) -> str:
    inner = "\n    ".join
    return (
        f'({root}\n  (Description "{what}")\n  (Reserved_Parameters\n    {inner(reserved)}\n  )\n'
        f"  (Model_Specific\n    {inner(specific)}\n  )\n)\n"
    )


def _reserved(link: Link) -> list[str]:
    return [
        _info("AMI_Version", "String", '"7.2"'),
        _info("Init_Returns_Impulse", "Boolean", "True"),
        _info("GetWave_Exists", "Boolean", "True"),
        _info("Max_Init_Aggressors", "Integer", "64"),
        f'(Modulation (Usage In) (Type String) (List "{link.modulation}"))',
    ]


def _transmitter_ami(link: Link) -> str:
    tx = link.transmitter
    jitter = {written: factor * getattr(tx.jitter, name) for name, (written, factor) in JITTER.items()}
    reserved = _reserved(link) + [_info(name, "UI", repr(value)) for name, value in jitter.items() if value]
    taps = [
        _tap(f"tap_{k}", value, f"FFE tap c({k - tx.ffe_main})", main=k == tx.ffe_main)
        for k, value in enumerate(tx.ffe)
    ]
    return _ami("sirf_tx", reserved, taps, "Transmitter exported by sirf: FFE")


def _receiver_ami(link: Link) -> str:
    rx = link.receiver
    reserved = _reserved(link)
    if link.order == 4:
        names = ("PAM4_UpperThreshold", "PAM4_CenterThreshold", "PAM4_LowerThreshold")
        reserved += [f"({name} (Usage Out) (Type Float) (Value 0))" for name in names]
    specific = []
    if isinstance(rx.ctle, Ctle):
        for name, value in (("g_dc_db", rx.ctle.g_dc_db), ("g_dc2_db", rx.ctle.g_dc2_db)):
            # 30 dB of range at least, or more where the link has it
            low = min(-30.0, value)
            specific.append(
                f'({name} (Usage In) (Type Float) (Range {value!r} {low!r} 0.0) (Description "CTLE gain at DC in dB"))'
            )
    specific += [
        _tap(f"ffe_{k}", value, f"FFE tap {k - rx.ffe_main}", main=k == rx.ffe_main) for k, value in enumerate(rx.ffe)
    ]
    specific += [_tap(f"dfe_{k}", value, f"DFE tap {k + 1} over the main cursor") for k, value in enumerate(rx.dfe)]
    specific.append(
        '(dfe_in_init (Usage In) (Type Boolean) (Value True) (Description "AMI_Init takes the decision feedback off too"))'
    )
    # hosts differ in whether the receiver's filter is in the analog part
    specific.append(
        "(noise_filter (Usage In) (Type Boolean) (Value False) (Description \"True where the analog part lacks the receiver's "
        'Butterworth filter"))'
    )
    return _ami("sirf_rx", reserved, specific, "Receiver exported by sirf: CTLE, FFE, DFE, clock recovery")


def _terminations(case: PackageCase) -> tuple[float, float]:
    """Ohm a line of both dies."""
    return tuple(50.0 if end is None else end.r_d for end in (case.transmitter, case.receiver))  # type: ignore[return-value]


def _ibs(link: Link) -> str:
    """Terminations, swing and edge of the analog part, and where the models are."""
    case = link.packages if link.channel.plane != "die" else None
    ohm = (50.0, 50.0) if case is None else _terminations(case)
    # levels at plus and minus the amplitude: twice that between them
    supply = 2.0 * link.transmitter.amplitude
    # an edge of zero would be a division by zero in the reader
    edge = max(link.transmitter.rise_time, 1e-15)
    # beyond the supply on both sides, as the tables must reach
    rows = (-supply, 0.0, supply, 2.0 * supply)
    pulldown = "\n".join(f"{volts:.9g} {volts / ohm[0]:.9g} NA NA" for volts in rows)
    pullup = "\n".join(f"{volts:.9g} {-volts / ohm[0]:.9g} NA NA" for volts in rows)
    clamp = "\n".join(f"{volts:.9g} {volts / ohm[1]:.9g} NA NA" for volts in rows)
    # [Ramp] goes from 20 % to 80 % into a matched load, half of the swing
    swing = 0.6 * supply * 0.5
    # the same sources build on all three
    executables = "\n".join(
        f"Executable {platform} {{0}}.{ending} {{0}}.ami"
        for platform, ending in (("Linux_gcc_64", "so"), ("macOS_clang_64", "so"), ("Windows_gcc_64", "dll"))
    )
    return f"""[IBIS Ver] 7.2
[File Name] sirf.ibs
[File Rev] 1.0
[Source] sirf
[Component] sirf_link
[Manufacturer] sirf
[Package]
R_pkg 0 NA NA
L_pkg 0 NA NA
C_pkg 0 NA NA
[Pin] signal_name model_name R_pin L_pin C_pin
1 tx_p sirf_tx NA NA NA
2 tx_n sirf_tx NA NA NA
3 rx_p sirf_rx NA NA NA
4 rx_n sirf_rx NA NA NA
[Diff Pin] inv_pin vdiff tdelay_typ tdelay_min tdelay_max
1 2 NA NA NA NA
3 4 0 NA NA NA
[Model] sirf_tx
Model_type Output
C_comp 0 NA NA
[Voltage Range] {supply:.9g} NA NA
[Temperature Range] 25 NA NA
[Pulldown]
{pulldown}
[Pullup]
{pullup}
[Ramp]
dV/dt_r {swing:.9g}/{edge:.9g} NA NA
dV/dt_f {swing:.9g}/{edge:.9g} NA NA
[Algorithmic Model]
{executables.format("sirf_tx")}
[End Algorithmic Model]
[Model] sirf_rx
Model_type Input
C_comp 0 NA NA
[Voltage Range] {supply:.9g} NA NA
[Temperature Range] 25 NA NA
[GND Clamp]
{clamp}
[Algorithmic Model]
{executables.format("sirf_rx")}
[End Algorithmic Model]
[End]
"""


class _CtleTable(Table):
    g_dc_db: float
    g_dc2_db: float = 0.0
    f_z_ghz: float = Field(gt=0)
    f_p1_ghz: float = Field(gt=0)
    f_p2_ghz: float = Field(gt=0)
    f_lf_ghz: float | None = Field(default=None, gt=0)


class _ClockTable(Table):
    detector: Literal["mueller-muller", "sign-mueller-muller"] = "mueller-muller"
    bandwidth_mhz: float = Field(default=4.0, gt=0)


class _LinkTable(Table):
    """A link as TOML: Touchstone files beside it, a preset, and either the search's equaliser or one that is given."""

    standard: str
    channel: str
    fext: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    port_order: str | None = None
    package_case: int = 1
    symbol_rate_gbd: float | None = Field(default=None, gt=0)
    optimize: bool = True
    tx_ffe: tuple[float, ...] | None = None
    tx_ffe_main: int = 0
    rx_ffe: tuple[float, ...] | None = None
    rx_ffe_main: int = 0
    dfe: tuple[float, ...] | None = None
    ctle: _CtleTable | None = None
    clock: _ClockTable | None = None


def read_link(file: str | Path) -> Link:
    """The link that a TOML file describes; `ConfigError` names file and key.

    `standard` and `channel` are needed; with `optimize` (the default) the search sets the equaliser, then `tx_ffe`, `rx_ffe`,
    `dfe`, `[ctle]` and `[clock]` replace what it found.
    """
    import dataclasses

    from sirf.channel.channel import Channel
    from sirf.clock.recovery import ClockRecovery
    from sirf.link import Link

    path = Path(file)
    table = validated(_LinkTable, load_toml(path), path)
    place = path.parent
    channel = Channel.from_touchstone(
        place / table.channel,
        fext=[place / name for name in table.fext],
        next=[place / name for name in table.next],
        port_order=table.port_order,
    )
    rate = None if table.symbol_rate_gbd is None else 1e9 * table.symbol_rate_gbd
    link = Link(channel, standard=table.standard, package_case=table.package_case, symbol_rate=rate)
    # what the file gives replaces what the search has found
    if table.optimize:
        link = link.optimized()
    tx, rx = link.transmitter, link.receiver
    if table.tx_ffe is not None:
        tx = dataclasses.replace(tx, ffe=table.tx_ffe, ffe_main=table.tx_ffe_main)
    if table.rx_ffe is not None:
        rx = dataclasses.replace(rx, ffe=table.rx_ffe, ffe_main=table.rx_ffe_main)
    if table.dfe is not None:
        rx = dataclasses.replace(rx, dfe=table.dfe)
    if table.ctle is not None:
        given = table.ctle
        low = None if given.f_lf_ghz is None else 1e9 * given.f_lf_ghz
        f_z, f_p1, f_p2 = (1e9 * value for value in (given.f_z_ghz, given.f_p1_ghz, given.f_p2_ghz))
        stage = Ctle(g_dc_db=given.g_dc_db, g_dc2_db=given.g_dc2_db, f_z=f_z, f_p1=f_p1, f_p2=f_p2, f_lf=low)
        rx = dataclasses.replace(rx, ctle=stage)
    if table.clock is not None:
        clock = ClockRecovery(detector=table.clock.detector, bandwidth=1e6 * table.clock.bandwidth_mhz)
        rx = dataclasses.replace(rx, clock=clock)
    return link.replace(transmitter=tx, receiver=rx)
