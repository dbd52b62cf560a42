"""Latency, bandwidth density and power of a port or a switch: what an architecture costs beside its margin, with ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sirf.errors import ConfigError, SirfError
from sirf.system.architecture import Architecture, load_architecture
from sirf.system.energy import Energy, priced_as
from sirf.system.tables import PortTable, port_table
from sirf.units import Given, parse_data_rate

# (544 / 514) x (257 / 256), as rates: 106.25 Gb/s on the line carry 100
CODED = 106.25 / 100.0
"""Line rate over payload: RS(544,514) and 257/256 transcoding."""
UNCODED = "none"
"""Name of the code that corrects nothing."""
PORT, PORT_1T6 = 800e9, 1.6e12
SWITCH, SWITCH_102T4 = 51.2e12, 102.4e12
"""Input and output in bit/s of the ports and switches whose power is given."""
FLIGHT = "flight in copper"
"""Name of the latency that is neither host nor retimer nor optics."""


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its range."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFigures:
    """What one architecture takes.

    `latency_ns` one way, FEC left out, and its `latency_parts` (name, ns) in the order in which a bit passes them, the flight
    last; `density_tbps_per_mm` of package edge and `lanes_per_mm2`; W of an 800 Gb/s port (`port_power_w`), a 1.6 Tb/s port, a
    51.2 Tb/s switch (`switch_power_w`) and a 102.4 Tb/s switch, both directions of a lane once. `provenance` and `source` of the
    densities.
    """

    latency_ns: Range
    latency_parts: tuple[tuple[str, Range], ...]
    density_tbps_per_mm: Range
    lanes_per_mm2: Range
    port_power_w: Range
    port_power_1t6_w: Range
    switch_power_w: Range
    switch_power_102t4_w: Range
    provenance: str
    source: str


def port_figures(
    architecture: str | Architecture, energy: Energy, *, data_rate: Given, flight_s: float = 0.0
) -> PortFigures:
    """Figures of an architecture whose lanes carry `data_rate` bit/s on the line and take `energy` a bit.

    `flight_s` is the delay of its copper in s. Latency is that flight plus retimers, optics and the far host's
    receiver; density the payload of a lane times lanes per millimetre; power the energy per bit times the rate of the whole
    port or switch in lanes of this rate. Constants and sources in `data/system/ports.toml`. Raises `ConfigError` for an unknown
    architecture, `SirfError` for a data rate that is not positive or a negative flight.

    >>> from sirf.system.energy import energy_pj_per_bit
    >>> ports = port_figures("cpo-retimed", energy_pj_per_bit("cpo-retimed", 5.0), data_rate=106.25e9)
    >>> round(ports.density_tbps_per_mm.value, 2)
    2.0
    """
    data_rate = parse_data_rate(data_rate)
    if not (math.isfinite(flight_s) and flight_s >= 0):
        raise SirfError(f"flight_s must not be negative, got {flight_s!r}. Give the path's delay in s.")
    known = port_table().architecture
    record = known[priced_as(architecture, known)]
    item = architecture if isinstance(architecture, Architecture) else load_architecture(architecture)
    flight = 1e9 * flight_s
    latency = (*_latencies(item, record), (FLIGHT, Range(flight, flight, flight)))
    # files hold low, typical, high; a Range begins with its value
    lanes = Range(record.lanes_per_mm[1], record.lanes_per_mm[0], record.lanes_per_mm[2])
    joules = Range(1e-12 * energy.value, 1e-12 * energy.low, 1e-12 * energy.high)
    return PortFigures(
        latency_ns=_sum(part for _, part in latency),
        latency_parts=latency,
        # payload, not line rate: interfaces with different codes are compared by what they carry
        density_tbps_per_mm=_times(lanes, data_rate / line_overhead(item, data_rate) / 1e12),
        lanes_per_mm2=Range(record.lanes_per_mm2[1], record.lanes_per_mm2[0], record.lanes_per_mm2[2]),
        port_power_w=_times(joules, PORT),
        port_power_1t6_w=_times(joules, PORT_1T6),
        switch_power_w=_times(joules, SWITCH),
        switch_power_102t4_w=_times(joules, SWITCH_102T4),
        provenance=record.provenance,
        source=record.source,
    )


def line_overhead(item: Architecture, data_rate: float) -> float:
    """Line rate over payload: 1 without a code between the hosts."""
    # a rate that the file does not have names no code, and is taken as coded
    return 1.0 if item.has(data_rate) and item.at(data_rate).fec == UNCODED else CODED


def _latencies(item: Architecture, record: PortTable) -> list[tuple[str, Range]]:
    """(name, ns) of everything behind the sending host that delays, in order."""
    found = []
    # counted from the pins of the sending die: what its serialiser takes is the same in every architecture
    for block in item.blocks[1:]:
        # copper delays by its length, which is the study's: its flight comes in from outside
        if block != "copper":
            name = getattr(record, block)
            if name is None:
                raise ConfigError(
                    f"{item.file.name}: key costs must name an architecture with {block}, got {item.costs!r}. Name another."
                )
            table = port_table().block[name]
            low, value, high = table.latency_ns
            found.append((table.title, Range(value, low, high)))
    return found


def _sum(parts: Iterable[Range]) -> Range:
    listed = tuple(parts)
    return Range(*(math.fsum(getattr(part, name) for part in listed) for name in ("value", "low", "high")))


def _times(figure: Range, factor: float) -> Range:
    return Range(figure.value * factor, figure.low * factor, figure.high * factor)
