"""Energy with duty: what a transferred bit costs when the link is not always busy, its laser is hot, or in an all-reduce.

Sources: low-power idle after K. Christensen et al., "IEEE 802.3az: the road to Energy Efficient Ethernet", IEEE Commun. Mag.
48(11), 2010; the ring after P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations",
J. Parallel Distrib. Comput. 69, 2009. Shares of blocks in `data/system/duty.toml`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sirf._data import data_path, load_toml, validated
from sirf._toml_table import Positive, Provenance, Sourced, Table
from sirf.errors import SirfError
from sirf.fec.library import TRANSCODING
from sirf.fec.library import load as load_code
from sirf.system.energy import Energy, EnergyPart
from sirf.system.port import Range
from sirf.system.tables import Span
from sirf.units import Given, parse_data_rate

State = Literal["idle", "low_power"]
"""What a link does without frames: send idle words, or sleep."""
COLDEST_C, HOTTEST_C = -40.0, 125.0
"""Temperatures that a laser's case can have."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Line = tuple[Positive, Positive, Positive]


class DutyTable(Sourced):
    """[block.*]: power without frames over that at full load."""

    idle: tuple[Share, Share, Share]
    low_power: tuple[Share, Share, Share]


class LaserAgeingTable(Sourced):
    """[laser]: share of the threshold in the current at `reference_c`, and characteristic temperatures in K, best first."""

    reference_c: float
    threshold_share: tuple[Share, Share, Share]
    t0_k: Line
    t1_k: Line


class DutyFile(Table):
    """`data/system/duty.toml`."""

    wake_us: Span
    sleep_us: Span
    times_provenance: Provenance
    times_source: str
    block: dict[str, DutyTable]
    laser: LaserAgeingTable

    @model_validator(mode="after")
    def _all_blocks(self) -> DutyFile:
        # the blocks of `EnergyPart`: a consumer that is added there must say here what it takes without frames
        wanted = {"host", "retimer", "driver", "laser", "amplifier", "tuning", "rest"}
        if wanted != set(self.block):
            raise ValueError(f"block must be {', '.join(sorted(wanted))}, each once")
        return self


def read_duty(file: Path) -> DutyFile:
    """A file of duties; `ConfigError` names file and key."""
    return validated(DutyFile, load_toml(file), file)


@cache
def duty_table() -> DutyFile:
    """The duties that ship."""
    return read_duty(data_path("system", "duty.toml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AllReduce:
    """A ring all-reduce of `size` bytes on `workers`: bytes that each sends, bytes on all links, J of all links' ports.

    `joules_per_byte` is that over the bytes on the links, `joules_per_reduced_byte` over `size`.
    """

    workers: int
    size: float
    sent_bytes: float
    moved_bytes: float
    joules: Range
    joules_per_byte: Range
    joules_per_reduced_byte: Range


def laser_factor(temperature_c: float) -> Range:
    """Electrical power of a laser at a case of `temperature_c` for the same light, over that at `reference_c` of the data.

    share exp(dT / T0) + (1 - share) exp(dT / T1): threshold and slope. Raises `SirfError` outside -40 to 125 C.

    >>> laser_factor(50.0).value
    1.0
    """
    if not COLDEST_C <= temperature_c <= HOTTEST_C:
        raise SirfError(
            f"temperature of the laser must be from {COLDEST_C:g} to {HOTTEST_C:g} C, got {temperature_c}. Give its case's."
        )
    table = duty_table().laser
    rise = temperature_c - table.reference_c
    best, value, worst = (
        # threshold current and slope age with temperature by constants of their own: T0 is the smaller, so the threshold
        # leads
        share * math.exp(rise / t0) + (1.0 - share) * math.exp(rise / t1)
        for share, t0, t1 in zip(table.threshold_share, table.t0_k, table.t1_k, strict=True)
    )
    # below the reference temperature the laser that suffers most from heat gains most from cold: the ends change places
    return Range(value, min(best, worst), max(best, worst))


def at_temperature(energy: Energy, temperature_c: float) -> Energy:
    """The energy with its lasers at a case of `temperature_c`; conversion loss is left as it is."""
    factor = laser_factor(temperature_c)
    parts = tuple(
        # light in the fibre stays the same: only the electrical power for it grows
        replace(part, value=part.value * factor.value, low=part.low * factor.low, high=part.high * factor.high)
        if part.block == "laser"
        else part
        for part in energy.parts
    )
    # exactly rounded: the sum does not depend on the order of parts
    value, low, high = (math.fsum(getattr(part, name) for part in parts) for name in ("value", "low", "high"))
    return replace(energy, parts=parts, value=value, low=low, high=high)


def energy_at_load(
    energy: Energy,
    utilisation: float,
    *,
    data_rate: Given,
    state: State = "idle",
    burst_bytes: float = 1e6,
    payload: float = 1.0,
) -> Range:
    """pJ per transferred bit of a link that is busy for the share `utilisation` of the time.

    Between bursts of `burst_bytes` it sends idle words, or sleeps (`state`), out of which it wakes at full power. With the share
    a of time at full power and the share s of that power otherwise, a bit costs e (a + (1 - a) s) / u; a = u for idle words,
    and min(1, u (1 + t / t_burst)) with sleeping and waking for t. Of the bits on the line the share `payload` is counted as
    transferred (`payload_share`; all of them by default). Raises `SirfError` for a utilisation or payload outside (0, 1], an
    unknown state or a burst that is not positive.
    """
    if not 0.0 < utilisation <= 1.0:
        raise SirfError(f"utilisation must be above 0 and at most 1, got {utilisation}. Give a share of the time.")
    if state not in ("idle", "low_power"):
        raise SirfError(f"state must be 'idle' or 'low_power', got {state!r}. Use 'idle'.")
    if not (math.isfinite(burst_bytes) and burst_bytes > 0.0):
        raise SirfError(f"burst_bytes must be above 0, got {burst_bytes}. Give bytes sent without a pause.")
    if not 0.0 < payload <= 1.0:
        raise SirfError(f"payload must be above 0 and at most 1, got {payload}. Give a share of the bits on the line.")
    table = duty_table()
    # seconds on the line; sleeping and waking cost this much more time at full power for every burst
    burst = 8.0 * burst_bytes / (payload * parse_data_rate(data_rate))
    busy = []
    for wake, sleep in zip(table.wake_us, table.sleep_us, strict=True):
        extra = 0.0 if state == "idle" else 1e-6 * (wake + sleep) / burst
        # bursts so short that a link is awake again before it slept: it never sleeps, and costs what an idle link at full
        # power does
        busy.append(min(1.0, utilisation * (1.0 + extra)))
    low, value, high = (
        # power is spent all the time, bits are carried for the busy share of it
        math.fsum(_spent(part, k, busy[k], state) for part in energy.parts) / (utilisation * payload)
        for k in range(3)
    )
    return Range(value, low, high)


def payload_share(code: str) -> float:
    """Share of the bits on the line that are data of the MAC: of a code of `data/fec`, and of 256B/257B transcoding before it.

    1 for "none": links without a code frame their data in ways of their own. Raises `ConfigError` for an unknown code.

    >>> round(payload_share("kp4") * 106.25, 9), round(payload_share("kr4") * 25.78125, 9)
    (100.0, 25.0)
    """
    if code == "none":
        return 1.0
    return load_code(code).rate / TRANSCODING


def all_reduce(per_bit: Range, *, workers: int, size: float, links: int = 1) -> AllReduce:
    """Energy of a ring all-reduce of `size` bytes on `workers`, each transferred bit at `per_bit` pJ (see `energy_at_load`).

    Each worker sends 2 (N - 1) / N of the buffer, the least that any algorithm can; every byte passes `links` links (1 between
    neighbours, 2 through a switch). Raises `SirfError` for fewer than two workers, no bytes or no link.

    >>> round(all_reduce(Range(10.0, 8.0, 12.0), workers=4, size=1e9).joules.value, 2)
    0.48
    """
    if workers < 2 or links < 1 or not (math.isfinite(size) and size > 0.0):
        raise SirfError(
            f"workers must be at least 2, links at least 1 and size above 0, got {workers}, {links} and {size}. Give bytes."
        )
    # reduce-scatter and all-gather, (N - 1) steps each with 1/N of the buffer
    sent = 2.0 * (workers - 1) / workers * size
    moved = workers * sent * links
    # pJ per bit to J per byte: 8 bits, 1e-12 J in a picojoule
    per_byte = Range(*(8e-12 * getattr(per_bit, name) for name in ("value", "low", "high")))
    joules = Range(*(moved * getattr(per_byte, name) for name in ("value", "low", "high")))
    return AllReduce(
        workers=workers,
        size=size,
        sent_bytes=sent,
        moved_bytes=moved,
        joules=joules,
        joules_per_byte=per_byte,
        joules_per_reduced_byte=Range(*(getattr(joules, name) / size for name in ("value", "low", "high"))),
    )


def _spent(part: EnergyPart, index: int, busy: float, state: State) -> float:
    """pJ per bit time of one part: at full power for `busy` of the time, else its share; `index` of low, typical, high."""
    full = (part.low, part.value, part.high)[index]
    # by the block's own table: not every part may sleep
    share = float(getattr(duty_table().block[part.block], state)[index])
    return full * (busy + (1.0 - busy) * share)
