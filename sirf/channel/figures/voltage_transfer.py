"""Voltage transfer functions of die-to-die channels: loss and crosstalk with the real terminations, and their masks."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from sirf._arrays import Complex, Float
from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._display import strict
from sirf._toml_table import Sourced, Table
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.errors import ConfigError, SirfError

OPEN_OHM = 1e9
"""Stands for a load that is not terminated."""
LINE_FROM = 0.1
"""Part of half the rate from which the line of a mask counts.

Below it a mask that begins at 0 dB is within hundredths of what an open channel has, and of what lines of one real impedance
at all frequencies (Annex 93A) take there by their shunt loss.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminations:
    """What a single-ended line ends in: resistance in ohm and capacitance in F of transmitter and receiver (inf ohm: open)."""

    source_ohm: float
    load_ohm: float
    source_capacitance: float
    load_capacitance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoltageTransfer:
    """From DC to half the rate f_N: 20 log10 of received over source voltage, and the crosstalk as a sum of powers.

    `ratio` is f / f_N (F,), ascending and one at its end; `gain_db` and `crosstalk_db` (F,) L(f) and XT(f) in dB there.
    """

    ratio: Float
    gain_db: Float
    crosstalk_db: Float

    @property
    def dc_db(self) -> float:
        """L at the lowest frequency."""
        return float(self.gain_db[0])

    @property
    def nyquist_db(self) -> float:
        """L(f_N)."""
        return float(self.gain_db[-1])

    @property
    def greatest_crosstalk_db(self) -> float:
        """The greatest XT(f) up to f_N."""
        return float(np.max(self.crosstalk_db))


@dataclass(frozen=True, slots=True, kw_only=True)
class VtfLimit:
    """Limits up to `data_rate` bit/s between `ends`, as UCIe 3.0 section 5.7.2.1 draws them.

    L(f) above a line from -`loss_dc_db` at DC to -`loss_nyquist_db` at half the rate; XT(f) up to there below `crosstalk_db`
    and below `crosstalk_slope` x L(f_N) + `crosstalk_offset_db`.
    """

    data_rate: float
    ends: Terminations
    loss_dc_db: float
    loss_nyquist_db: float
    crosstalk_slope: float
    crosstalk_offset_db: float
    crosstalk_db: float

    def margins_db(self, found: VoltageTransfer) -> dict[str, float]:
        """dB by which each limit is met, negative where it is missed.

        Without a termination the mask begins where every channel does, at 0 dB, and there is no margin at DC. The line between
        counts from a tenth of half the rate on.
        """
        # limits are losses, found values are gains: their sum is the margin
        counts = found.ratio >= LINE_FROM
        line = self.loss_dc_db + (self.loss_nyquist_db - self.loss_dc_db) * found.ratio
        margins = {
            "loss up to half the rate": float(np.min((found.gain_db + line)[counts])),
            "loss at half the rate": found.nyquist_db + self.loss_nyquist_db,
        }
        # an open line loses nothing at DC, where every channel meets its mask by the same zero
        if self.loss_dc_db > 0.0:
            margins["loss at DC"] = found.dc_db + self.loss_dc_db
        crosstalk = found.greatest_crosstalk_db
        against_loss = self.crosstalk_slope * found.nyquist_db + self.crosstalk_offset_db
        return margins | {
            "crosstalk": self.crosstalk_db - crosstalk,
            "crosstalk against loss": against_loss - crosstalk,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VtfVerdict:
    """What a channel makes of a mask at `data_rate` bit/s: `margins_db` by limit, negative where it is missed."""

    mask: str
    data_rate: float
    provenance: str
    source: str
    margins_db: dict[str, float]

    @property
    def holds(self) -> bool:
        """Whether all limits are met."""
        return min(self.margins_db.values()) >= 0.0

    @property
    def worst(self) -> str:
        """The limit with the least margin."""
        return min(self.margins_db, key=lambda name: self.margins_db[name])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "mask": self.mask,
            "holds": self.holds,
            "margins_db": {name: strict(value) for name, value in self.margins_db.items()},
            "provenance": self.provenance,
            "source": self.source,
        }

    def __str__(self) -> str:
        """One sentence."""
        parts = ", ".join(f"{name} {value:+.1f} dB" for name, value in self.margins_db.items())
        return (
            f"mask {self.mask} of the voltage transfer function at {self.data_rate / 1e9:g} GT/s: "
            f"{'pass' if self.holds else 'fail'} ({parts})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VtfMask:
    """A mask: its limits in ascending order of rate, each with the ends that it is defined with."""

    id: str
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

    def verdict(self, channel: Channel, *, data_rate: float) -> VtfVerdict:
        """How a channel without its own terminations meets the mask; `SirfError` above the last rate and off the grid."""
        limit = self.at(data_rate)
        found = voltage_transfer(channel, limit.ends, data_rate=data_rate)
        return VtfVerdict(
            mask=self.id,
            data_rate=data_rate,
            provenance=self.provenance,
            source=self.source,
            # the limit's own ends, and not the channel's: masks are drawn for ideal drivers
            margins_db=limit.margins_db(found),
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
    """Loss and crosstalk of all neighbours from DC to half the rate of NRZ; raises `SirfError` off the grid."""
    frequency, nyquist = channel.frequency, 0.5 * data_rate
    # half the rate has to be in the data; DC itself need not be
    if not frequency[0] < nyquist <= frequency[-1]:
        raise SirfError(
            f"data_rate must have half of it between {frequency[0] / 1e9:g} and {frequency[-1] / 1e9:g} GHz, got "
            f"{data_rate / 1e9:g} Gb/s. Take a wider grid."
        )
    through = np.abs(transfer(channel.through, ends))
    coupled = np.zeros_like(through)
    for network in (*channel.fext, *channel.next):
        # the neighbours' data are independent of each other: powers add, which is why its dB below are of ten
        coupled += np.abs(transfer(network, ends)) ** 2
    # half the rate itself need not lie on the grid
    shown = np.append(frequency[frequency < nyquist], nyquist)
    with np.errstate(divide="ignore"):
        # without neighbours there is no crosstalk: -inf dB
        crosstalk = 10.0 * np.log10(np.interp(shown, frequency, coupled))
    return VoltageTransfer(
        ratio=shown / nyquist,
        gain_db=20.0 * np.log10(np.interp(shown, frequency, through)),
        crosstalk_db=crosstalk,
    )


def load_vtf_mask(name: str) -> VtfMask:
    """A mask that ships ("ucie-standard", "ucie-standard-open", "ucie-advanced") or from a TOML file.

    `ConfigError` names the nearest id, or file and key.
    """
    return _VTF_MASKS.load(name)


def _from_file(file: Path) -> VtfMask:
    # rates that do not ascend would hide a limit behind a lower one
    record = validated(_File, load_toml(file), file)
    rates = [limit.to_gtps for limit in record.limit]
    if rates != sorted(set(rates)):
        raise ConfigError(f"{file.name}: key limit must ascend in to_gtps, got {rates}. Order them.")
    return VtfMask(
        id=record.id,
        limits=tuple(_limit(one) for one in record.limit),
        provenance=record.provenance,
        source=record.source,
    )


def _limit(table: _Limit) -> VtfLimit:
    return VtfLimit(
        data_rate=1e9 * table.to_gtps,
        ends=Terminations(
            source_ohm=table.source_ohm,
            # TOML has no infinity that people expect: 0 ohm is how an open end is written
            load_ohm=table.load_ohm or inf,
            source_capacitance=1e-15 * table.source_capacitance_ff,
            load_capacitance=1e-15 * table.load_capacitance_ff,
        ),
        loss_dc_db=table.loss_dc_db,
        loss_nyquist_db=table.loss_nyquist_db,
        crosstalk_slope=table.crosstalk_slope,
        crosstalk_offset_db=table.crosstalk_offset_db,
        crosstalk_db=table.crosstalk_db,
    )


class _Limit(Table):
    to_gtps: Annotated[float, Field(gt=0)]
    source_ohm: Annotated[float, Field(gt=0)]
    load_ohm: Annotated[float, Field(ge=0)]
    source_capacitance_ff: Annotated[float, Field(ge=0)]
    load_capacitance_ff: Annotated[float, Field(ge=0)]
    loss_dc_db: Annotated[float, Field(ge=0)]
    loss_nyquist_db: Annotated[float, Field(ge=0)]
    crosstalk_slope: Annotated[float, Field(ge=0)]
    crosstalk_offset_db: Annotated[float, Field(le=0)]
    crosstalk_db: Annotated[float, Field(le=0)]


class _File(Sourced):
    id: str
    title: str
    limit: Annotated[tuple[_Limit, ...], Field(min_length=1)]


_VTF_MASKS = DataFolder("vtf_masks", kind="mask", read=_from_file)
