"""What fails: FIT and MTBF of a port by its parts, availability of a switch and of a cluster, spares, and flaps of links.

Every part fails at a constant rate and independently; rates, repair times and their sources are in `data/system/failures.toml`.
Low and high take every low and every high constant: an envelope, not a confidence interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sirf.errors import SirfError
from sirf.system.architecture import Architecture, load_architecture
from sirf.system.energy import priced_as
from sirf.system.failure_tables import PACKAGE, PartsTable, failure_table
from sirf.system.port import PORT, Range, line_overhead
from sirf.system.reliability import FIT_HOURS, at_least
from sirf.units import Given, parse_capacity, parse_data_rate

RELOCK_WORDS = 3
"""So many uncorrectable code words in a row make a receiver align anew: the link flaps. As RS-FEC receivers are usually
described (2); the number was not read in a standard."""
SHARE_RATE = 800e9
"""`per_port` parts of the data file are those of this rate in bit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePart:
    """Parts of one kind in a port: how many, FIT of all of them, how they are repaired ("package": the switch is exchanged)."""

    block: str
    name: str
    count: float
    fit: Range
    service: str
    provenance: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFailures:
    """Failures of one port: `fit` of all `parts`, `mtbf_hours`, and the share of time in which it works, by itself.

    `package_fit` is what only an exchange of the switch repairs. `availability` counts repairs of this port's own parts.
    """

    architecture: str
    data_rate: float
    rate: float
    lanes: int
    parts: tuple[FailurePart, ...]
    fit: Range
    package_fit: Range
    mtbf_hours: Range
    availability: Range

    @property
    def replaceable(self) -> bool:
        """Whether more than half of the typical failures are repaired without exchanging the switch."""
        return self.package_fit.value < 0.5 * self.fit.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchFailures:
    """A switch of `ports` ports of which `needed` must work.

    `all_work` and `enough_work` are shares of time, exchanges of the switch included; `minutes_a_year` without `needed` ports;
    `failures_a_year` of ports, `exchanges_a_year` of the switch.
    """

    ports: int
    needed: int
    all_work: Range
    enough_work: Range
    minutes_a_year: Range
    failures_a_year: Range
    exchanges_a_year: Range


# of 365.25 days
HOURS_A_YEAR = 8766.0


def list_failures() -> tuple[str, ...]:
    """Ids of the architectures whose parts are known."""
    return tuple(failure_table().architecture)


def port_failures(architecture: str | Architecture, *, data_rate: Given, rate: Given = PORT) -> PortFailures:
    """Failure rate of a port of `rate` bit/s whose lanes carry `data_rate` bit/s on the line.

    Half of the cable or fibre belongs to a port; a link is two of them. Parts with spares count as the rate that leaves the same
    chance of working at the end of `mission_hours`. Raises `ConfigError` for an unknown architecture, `SirfError` for a bad rate.

    >>> found = port_failures("pluggable-retimed", data_rate="106.25Gb/s")
    >>> found.mtbf_hours.low < found.mtbf_hours.value < found.mtbf_hours.high
    True
    """
    item = architecture if isinstance(architecture, Architecture) else load_architecture(architecture)
    table, line = failure_table(), parse_data_rate(data_rate)
    size = parse_capacity(rate, name="rate")
    known = table.architecture[priced_as(item, table.architecture)]
    # a port is sold by its payload, a lane runs at the line rate; the small number keeps 8.0000000001 lanes from being nine
    lanes = max(math.ceil(size / (line / line_overhead(item, line)) - 1e-9), 1)
    # for each lane, and for each 800 Gb/s
    parts = _parts(known, lanes, size / SHARE_RATE)
    fit = _sum([part.fit for part in parts])
    package = _sum([part.fit for part in parts if part.service == PACKAGE])
    return PortFailures(
        architecture=item.id,
        data_rate=line,
        rate=size,
        lanes=lanes,
        parts=parts,
        fit=fit,
        package_fit=package,
        # the highest rate gives the shortest time: the range turns round
        mtbf_hours=Range(*(_hours(value) for value in (fit.value, fit.high, fit.low))),
        availability=_availability(parts),
    )


def switch_failures(port: PortFailures, *, capacity: Given = 51.2e12, spare_ports: int = 0) -> SwitchFailures:
    """Availability of a switch of `capacity` bit/s whose ports all are `port`; `spare_ports` of them need not work.

    A soldered part takes its own port down until the switch is exchanged, and all ports while that is done. Raises `SirfError`
    for fewer ports than one, or as many spares as ports.
    """
    # both in payload, input and output counted once, as switches are named
    ports = round(parse_capacity(capacity) / port.rate)
    if ports < 1:
        raise SirfError(
            f"capacity must hold a port of {port.rate / 1e9:g} Gb/s, got {parse_capacity(capacity) / 1e9:g} Gb/s. "
            "Give for example 51.2Tb/s."
        )
    needed = ports - _spares(spare_ports, ports)
    # while the package is exchanged every port is down, not only the one that failed: this share of time multiplies all
    hours = failure_table().service[PACKAGE].switch_hours
    # time up over time up and down, with so many ports that may ask for an exchange
    exchange = [
        1.0 / (1.0 + ports * fit * h / FIT_HOURS) for fit, h in zip(_line(port.package_fit), hours, strict=True)
    ]
    # an envelope: low rates with short repairs give the high availability
    own = [port.availability.high, port.availability.value, port.availability.low]
    # ports fail independently of each other; what takes all of them down at once is in `exchange` alone
    every = [up * one**ports for up, one in zip(exchange, own, strict=True)]
    enough = [up * at_least(needed, ports, one) for up, one in zip(exchange, own, strict=True)]
    # a share of 0.99999 is hard to picture; minutes a year are what operators sign for
    lost = [60.0 * HOURS_A_YEAR * (1.0 - share) for share in enough]
    a_year = ports * HOURS_A_YEAR / FIT_HOURS
    return SwitchFailures(
        ports=ports,
        needed=needed,
        all_work=Range(every[1], every[2], every[0]),
        enough_work=Range(enough[1], enough[2], enough[0]),
        minutes_a_year=Range(lost[1], lost[0], lost[2]),
        failures_a_year=_times(port.fit, a_year),
        exchanges_a_year=_times(port.package_fit, a_year),
    )


def cluster_mtbf_hours(port: PortFailures, ports: int) -> Range:
    """Mean hours between failures of any of `ports` ports; `SirfError` for less than one."""
    if ports < 1:
        raise SirfError(f"ports of the cluster must be at least 1, got {ports}. Count both ends of its links.")
    return _times(port.mtbf_hours, 1.0 / ports)


def cluster_availability(port: PortFailures, ports: int, *, spare_ports: int = 0) -> Range:
    """Share of time in which all but `spare_ports` of `ports` ports work; `SirfError` as above."""
    if ports < 1:
        raise SirfError(f"ports of the cluster must be at least 1, got {ports}. Count both ends of its links.")
    needed = ports - _spares(spare_ports, ports)
    own = port.availability
    return Range(*(at_least(needed, ports, share) for share in (own.value, own.low, own.high)))


def flap_hours(
    codeword_error_ratio: float, *, after_loss: float | None = None, rate: Given = PORT, codeword_bits: int = 5440
) -> float:
    """Mean hours between flaps of a link by its error statistics alone: three uncorrectable code words in a row.

    `codeword_error_ratio` p is that of the link, `after_loss` s that of words behind a lost one (p by default: words are
    independent); `rate` in bit/s of the port on the line. Infinite where no word is lost three times in a row. A word behind
    a good one is lost with a = p (1 - s) / (1 - p), and the mean wait for a run of r losses is (1 / a + (1 - s^(r-1)) / (1 -
    s)) / s^(r-1) words, which for s = p is (1 - p^r) / (p^r (1 - p)). Raises `SirfError` for a ratio outside 0 to 1.
    """
    after = codeword_error_ratio if after_loss is None else after_loss
    for name, value in (("codeword_error_ratio", codeword_error_ratio), ("after_loss", after)):
        if not 0.0 <= value <= 1.0:
            raise SirfError(f"{name} must be between 0 and 1, got {value}. Give a ratio.")
    words_an_hour = 3600.0 * parse_capacity(rate, name="rate") / codeword_bits
    # two more losses behind the first
    repeats = after ** (RELOCK_WORDS - 1)
    # below about 1e-108 the product underflows: such a link never flaps within any time that has a meaning
    if codeword_error_ratio * repeats == 0.0:
        return math.inf
    if codeword_error_ratio == 1.0 or after == 1.0:
        # all words from the first lost one on are lost
        return float((1.0 / codeword_error_ratio + RELOCK_WORDS - 1) / words_an_hour)
    # words until a first loss, 1 / a
    first = (1.0 - codeword_error_ratio) / (codeword_error_ratio * (1.0 - after))
    return float((first + (1.0 - repeats) / (1.0 - after)) / repeats / words_an_hour)


def failures_dict(port: PortFailures, switch: SwitchFailures, ports: int, spare_ports: int = 0) -> dict[str, Any]:
    """Plain values for JSON: a port, a switch of them, a cluster of `ports` of them."""
    cluster = cluster_mtbf_hours(port, ports)
    ranges = {
        "fit": port.fit,
        "mtbf_hours": port.mtbf_hours,
        "availability": port.availability,
        "switch_all_work": switch.all_work,
        "switch_availability": switch.enough_work,
        "switch_minutes_a_year": switch.minutes_a_year,
        "switch_exchanges_a_year": switch.exchanges_a_year,
        "cluster_mtbf_hours": cluster,
        "cluster_availability": cluster_availability(port, ports, spare_ports=spare_ports),
    }
    # typical figures have no suffix
    spread = {
        f"{name}{end}": getattr(value, field)
        for name, value in ranges.items()
        for end, field in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    return {
        "architecture": port.architecture,
        "data_rate": port.data_rate,
        "port_rate": port.rate,
        "lanes": port.lanes,
        "field_replaceable": port.replaceable,
        "switch_ports": switch.ports,
        "switch_ports_needed": switch.needed,
        "cluster_ports": ports,
        **spread,
        "parts": [
            {
                "block": part.block,
                "count": part.count,
                "fit": part.fit.value,
                "fit_low": part.fit.low,
                "fit_high": part.fit.high,
                "service": part.service,
                "provenance": part.provenance,
                "source": part.source,
            }
            for part in port.parts
        ],
    }


def _parts(known: PartsTable, lanes: int, share: float) -> tuple[FailurePart, ...]:
    table = failure_table()
    counts: dict[str, float] = {}
    # a part may be listed a lane and a port (a laser for some lanes, say): both add up in one row
    for block, each in known.per_lane.items():
        counts[block] = counts.get(block, 0.0) + each * lanes
    for block, each in known.per_port.items():
        counts[block] = counts.get(block, 0.0) + each * share
    parts = []
    for block, count in counts.items():
        record = table.block[block]
        low, value, high = (count * fit for fit in record.fit)
        service = PACKAGE if block in known.soldered else known.service
        parts.append(
            FailurePart(
                block=block,
                name=record.title,
                count=count,
                fit=Range(value, low, high),
                service=service,
                provenance=record.provenance,
                source=record.source,
            )
        )
    if known.array is not None:
        array, record = known.array, table.block[known.array.block]
        # not rounded: half an array means a port that shares one with its neighbour
        arrays = lanes / array.needed
        low, value, high = (arrays * _array_fit(array.each * fit, array.needed, array.installed) for fit in record.fit)
        parts.append(
            FailurePart(
                block=array.block,
                name=f"{record.title}, {array.needed} of {array.installed}",
                count=arrays * array.installed * array.each,
                fit=Range(value, low, high),
                service=known.service,
                provenance=record.provenance,
                source=record.source,
            )
        )
    return tuple(parts)


def _array_fit(fit: float, needed: int, installed: int) -> float:
    """FIT of a single part that is as likely to work at the end of the mission as `needed` of `installed` parts are."""
    mission = failure_table().mission_hours
    # expm1 and log1p: at 10 FIT a year's chance is 1e-4, and 1 - exp(-x) would lose half of its digits
    failed = -math.expm1(-fit * mission / FIT_HOURS)
    # the chance that more fail than there are spares: small, where one less the chance of working would keep no digits
    lost = at_least(installed - needed + 1, installed, failed)
    return -math.log1p(-lost) / mission * FIT_HOURS if lost < 1.0 else math.inf


def _availability(parts: tuple[FailurePart, ...]) -> Range:
    services = failure_table().service
    # mean downtime over mean uptime, of low, typical and high rates with repairs of the same; each kind of part has its
    # own time to repair, so rates are weighted by it
    down = [sum(_line(part.fit)[k] * services[part.service].hours[k] for part in parts) / FIT_HOURS for k in range(3)]
    best, value, worst = (1.0 / (1.0 + one) for one in down)
    return Range(value, worst, best)


def _spares(spare_ports: int, ports: int) -> int:
    if not 0 <= spare_ports < ports:
        raise SirfError(f"spare_ports must be from 0 to {ports - 1}, got {spare_ports}. Leave ports that must work.")
    return spare_ports


def _line(figure: Range) -> tuple[float, float, float]:
    return figure.low, figure.value, figure.high


def _sum(figures: list[Range]) -> Range:
    return Range(*(math.fsum(getattr(one, name) for one in figures) for name in ("value", "low", "high")))


def _times(figure: Range, factor: float) -> Range:
    return Range(figure.value * factor, figure.low * factor, figure.high * factor)


# no failure at all takes for ever
def _hours(fit: float) -> float:
    return FIT_HOURS / fit if fit > 0.0 else math.inf
