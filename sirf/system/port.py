"""Latency, bandwidth density and power of a port or a switch: what an architecture costs beside its margin, with ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sirf._data import data_path, load_toml, validated
from sirf.errors import ConfigError, SirfError
from sirf.system.energy import Energy, Span

CODED = 106.25 / 100.0
"""Line rate over payload: RS(544,514) and 257/256 transcoding."""
PORT, SWITCH = 800e9, 51.2e12
"""Payload in bit/s of the port and of the switch whose power is given."""


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its range."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFigures:
    """What one architecture takes.

    `latency_ns` one way, FEC left out; `density_tbps_per_mm` of package edge and `lanes_per_mm2`; `port_power_w` of 800 Gb/s
    and `switch_power_w` of 51.2 Tb/s of input and output, both directions of a lane once. `provenance` and `source` as in data.
    """

    latency_ns: Range
    density_tbps_per_mm: Range
    lanes_per_mm2: Range
    port_power_w: Range
    switch_power_w: Range
    provenance: str
    source: str


def port_figures(architecture: str, energy: Energy, *, data_rate: float, flight_s: float = 0.0) -> PortFigures:
    """Figures of an architecture whose lanes carry `data_rate` bit/s on the line and take `energy` a bit.

    `flight_s` is the delay of its electrical path and fibre in s. Latency is that flight plus the blocks in series; density
    the payload of a lane times lanes per millimetre; power the energy per bit times the line rate of the whole port.
    Constants and sources in `data/system/ports.toml`. Raises `ConfigError` for an unknown architecture, `SirfError` for a
    data rate that is not positive or a negative flight.

    >>> from sirf.system.energy import energy_pj_per_bit
    >>> ports = port_figures("cpo-retimed", energy_pj_per_bit("cpo-retimed", 5.0), data_rate=106.25e9)
    >>> round(ports.density_tbps_per_mm.value, 2)
    2.0
    """
    if not (math.isfinite(data_rate) and data_rate > 0):
        raise SirfError(f"data_rate must be positive, got {data_rate!r}. Give bit/s, for example 106.25e9.")
    if not (math.isfinite(flight_s) and flight_s >= 0):
        raise SirfError(f"flight_s must not be negative, got {flight_s!r}. Give the path's delay in s.")
    table = _table()
    record = table.architecture.get(architecture)
    if record is None:
        raise ConfigError(f"architecture must be one of {', '.join(table.architecture)}, got {architecture!r}.")
    latency = [math.fsum(table.block[name].latency_ns[k] for name in record.blocks) + 1e9 * flight_s for k in range(3)]
    payload = data_rate / CODED
    line = [energy.low * 1e-12, energy.value * 1e-12, energy.high * 1e-12]
    return PortFigures(
        latency_ns=_range(latency),
        density_tbps_per_mm=_range([lanes * payload / 1e12 for lanes in record.lanes_per_mm]),
        lanes_per_mm2=_range(list(record.lanes_per_mm2)),
        port_power_w=_range([energy_per_bit * PORT for energy_per_bit in line]),
        switch_power_w=_range([energy_per_bit * SWITCH for energy_per_bit in line]),
        provenance=record.provenance,
        source=record.source,
    )


def _range(values: list[float]) -> Range:
    low, value, high = values
    return Range(value=value, low=low, high=high)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    provenance: Literal["P", "2", "E"]
    source: str


class _BlockTable(_Table):
    latency_ns: Span


class _ArchitectureTable(_Table):
    blocks: Annotated[tuple[str, ...], Field(min_length=1)]
    lanes_per_mm: Span
    lanes_per_mm2: Span


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    block: dict[str, _BlockTable]
    architecture: dict[str, _ArchitectureTable]

    @model_validator(mode="after")
    def _check(self) -> _File:
        named = {name for record in self.architecture.values() for name in record.blocks}
        if missing := named - set(self.block):
            raise ValueError(f"block {', '.join(sorted(missing))} not in the file")
        spans = [block.latency_ns for block in self.block.values()]
        spans += [span for record in self.architecture.values() for span in (record.lanes_per_mm, record.lanes_per_mm2)]
        if any(list(span) != sorted(span) for span in spans):
            raise ValueError("a range must be [low, typical, high]")
        return self


@cache
def _table() -> _File:
    file = data_path("system", "ports.toml")
    return validated(_File, load_toml(file), file)
