"""Voltage transfer functions of die-to-die channels: loss and crosstalk with the real terminations, and their masks."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from sirf._arrays import Complex
from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Sourced, Table
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.errors import ConfigError, SirfError

OPEN_OHM = 1e9
"""Stands for a load that is not terminated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminations:
    """What a single-ended line ends in: resistance in ohm and capacitance in F of transmitter and receiver (inf ohm: open)."""

    source_ohm: float
    load_ohm: float
    source_capacitance: float
    load_capacitance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageTransfer:
    """L(0), L(f_N) and XT(f_N) in dB: 20 log10 of received over source voltage, crosstalk as the sum of powers."""

    dc_db: float
    nyquist_db: float
    crosstalk_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VtfLimit:
    """Limits up to `data_rate` bit/s: L(0) and L(f_N) as losses in dB; XT below `crosstalk_db` and slope x L(f_N) + offset."""

    data_rate: float
    loss_dc_db: float
    loss_nyquist_db: float
    crosstalk_slope: float
    crosstalk_offset_db: float
    crosstalk_db: float

    def margins_db(self, found: VoltageTransfer) -> dict[str, float]:
        """dB by which each limit is met, negative where it is missed."""
        line = self.crosstalk_slope * found.nyquist_db + self.crosstalk_offset_db
        # limits are losses, found values are gains: their sum is the margin
        return {
            "loss at DC": found.dc_db + self.loss_dc_db,
            "loss at half the rate": found.nyquist_db + self.loss_nyquist_db,
            "crosstalk": self.crosstalk_db - found.crosstalk_db,
            "crosstalk against loss": line - found.crosstalk_db,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VtfMask:
    """A mask: the ends that it is defined with, and its limits in ascending order of rate."""

    id: str
    ends: Terminations
    limits: tuple[VtfLimit, ...]
    provenance: str
    source: str

    def at(self, data_rate: float) -> VtfLimit:
        """The limit for a rate in bit/s; `SirfError` above the last."""
        for limit in self.limits:
            if data_rate <= limit.data_rate * (1.0 + 1e-9):
                return limit
        raise SirfError(
            f"data_rate must be at most {self.limits[-1].data_rate / 1e9:g} GT/s for {self.id}, got {data_rate / 1e9:g}. "
            "No limit is known above."
        )


def transfer(network: Network, ends: Terminations) -> Complex:
    """Received over source voltage (F,) of a single-ended line between its ends.

    The network is that of a line written as half of a pair: its reference is twice that of the line. The source is V behind its
    resistance with the capacitance across the line; V2 / V = S21 (1 + G_L) (1 - G_S) / (2 ((1 - S11 G_S) (1 - S22 G_L) - S12 S21
    G_S G_L)) with the reflections G of both ends (Pozar, Microwave Engineering, section 4.3).
    """
    jw, s = 2j * np.pi * network.frequency, network.s
    # written as half of a pair: the reference of one line is half of it
    reference = 0.5 * float(np.real(np.asarray(network.z0).flat[0]))
    # an open end would make 0/0 of the reflection below: a resistance far above any line stands for it
    load_ohm = OPEN_OHM if ends.load_ohm == inf else ends.load_ohm
    # source, resistance and capacitance as Thévenin's: both the open voltage and the impedance fall by this factor
    lowered = 1.0 + jw * ends.source_ohm * ends.source_capacitance
    source, load = ends.source_ohm / lowered, load_ohm / (1.0 + jw * load_ohm * ends.load_capacitance)
    near, far = (source - reference) / (source + reference), (load - reference) / (load + reference)
    # equation of a two-port between any source and load, with both round trips
    loops = (1.0 - s[:, 0, 0] * near) * (1.0 - s[:, 1, 1] * far) - s[:, 0, 1] * s[:, 1, 0] * near * far
    return np.asarray(s[:, 1, 0] * (1.0 + far) * (1.0 - near) / (2.0 * loops) / lowered)


def voltage_transfer(channel: Channel, ends: Terminations, *, data_rate: float) -> VoltageTransfer:
    """Loss at DC and at half the rate of NRZ, and the crosstalk of all neighbours there; raises `SirfError` off the grid."""
    frequency, nyquist = channel.frequency, 0.5 * data_rate
    if not frequency[0] <= nyquist <= frequency[-1]:
        raise SirfError(
            f"data_rate must have half of it between {frequency[0] / 1e9:g} and {frequency[-1] / 1e9:g} GHz, got "
            f"{data_rate / 1e9:g} Gb/s. Take a wider grid."
        )
    through = np.abs(transfer(channel.through, ends))
    coupled = np.zeros_like(through)
    for network in (*channel.fext, *channel.next):
        # the neighbours' data are independent of each other: powers add, which is why its dB below are of ten
        coupled += np.abs(transfer(network, ends)) ** 2
    power = float(np.interp(nyquist, frequency, coupled))
    return VoltageTransfer(
        dc_db=20.0 * float(np.log10(through[0])),
        nyquist_db=20.0 * float(np.log10(np.interp(nyquist, frequency, through))),
        crosstalk_db=10.0 * float(np.log10(power)) if power > 0.0 else -inf,
    )


def load_vtf_mask(name: str) -> VtfMask:
    """A mask that ships ("ucie-standard", "ucie-advanced") or from a TOML file; `ConfigError` names file and key."""
    return _VTF_MASKS.load(name)


def _from_file(file: Path) -> VtfMask:
    record = validated(_File, load_toml(file), file)
    rates = [limit.to_gtps for limit in record.limit]
    if rates != sorted(set(rates)):
        raise ConfigError(f"{file.name}: key limit must ascend in to_gtps, got {rates}. Order them.")
    return VtfMask(
        id=record.id,
        ends=Terminations(
            source_ohm=record.source_ohm,
            load_ohm=record.load_ohm or inf,
            source_capacitance=1e-15 * record.source_capacitance_ff,
            load_capacitance=1e-15 * record.load_capacitance_ff,
        ),
        limits=tuple(
            # the keys are those of the value
            VtfLimit(data_rate=1e9 * one.to_gtps, **one.model_dump(exclude={"to_gtps"}))
            for one in record.limit
        ),
        provenance=record.provenance,
        source=record.source,
    )


class _Limit(Table):
    to_gtps: Annotated[float, Field(gt=0)]
    loss_dc_db: Annotated[float, Field(ge=0)]
    loss_nyquist_db: Annotated[float, Field(ge=0)]
    crosstalk_slope: Annotated[float, Field(ge=0)]
    crosstalk_offset_db: Annotated[float, Field(le=0)]
    crosstalk_db: Annotated[float, Field(le=0)]


class _File(Sourced):
    id: str
    title: str
    source_ohm: Annotated[float, Field(gt=0)]
    load_ohm: Annotated[float, Field(ge=0)]
    source_capacitance_ff: Annotated[float, Field(ge=0)]
    load_capacitance_ff: Annotated[float, Field(ge=0)]
    limit: Annotated[tuple[_Limit, ...], Field(min_length=1)]


_VTF_MASKS = DataFolder("vtf_masks", kind="mask", read=_from_file)
