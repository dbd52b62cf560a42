"""`sirf failures`: what fails, how often, and what it costs in availability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sirf.cli.options import Json
from sirf.cli.output import check_outputs, say, table, with_range, write_json
from sirf.cli.quantities import count_option, parser, read_data_rate
from sirf.errors import SirfError
from sirf.units import parse_capacity

if TYPE_CHECKING:
    from sirf.system.architecture import Architecture
    from sirf.system.failures import PortFailures

HEAD = (
    "architecture",
    "Gb/s a lane",
    "FIT a port",
    "MTBF 1e6 h",
    "most repairs exchange",
    "port works",
    "switch works",
    "minutes a year",
    "hours between failures of a cluster",
)


def failures(
    architectures: Annotated[
        list[str] | None, typer.Argument(help="Architectures by id; all by default.", show_default=False)
    ] = None,
    data_rate: Annotated[
        float | None,
        typer.Option(
            parser=parser(read_data_rate, "data_rate"),
            metavar="RATE",
            help="Of a lane; 106.25Gb/s by default, else the architecture's own.",
        ),
    ] = None,
    port: Annotated[
        float,
        typer.Option(parser=parser(parse_capacity, "port"), metavar="RATE", show_default="800Gb/s", help="Of a port."),
    ] = 800e9,
    switch: Annotated[
        float,
        typer.Option(
            parser=parser(parse_capacity, "switch"),
            metavar="RATE",
            show_default="51.2Tb/s",
            help="Capacity of a switch.",
        ),
    ] = 51.2e12,
    spare_ports: Annotated[int, typer.Option(help="Ports of a switch, and of the cluster, that need not work.")] = 0,
    cluster: Annotated[int, count_option("cluster", "Ports of a cluster, both ends of its links.")] = 32768,
    explain: Annotated[str | None, typer.Option(help="List the parts of this architecture with their rates.")] = None,
    json_file: Json = None,
) -> None:
    """Failure rates and MTBF of a port, availability of a switch and a cluster, with spares and repairs."""
    from sirf.system.architecture import load_architecture
    from sirf.system.failures import (
        cluster_mtbf_hours,
        failures_dict,
        list_failures,
        port_failures,
        switch_failures,
    )

    check_outputs(json_file)
    # the one to be explained has a row too, and not two
    names = list(dict.fromkeys([*(architectures or list_failures()), *([explain] if explain else [])]))
    rows, answer, found = [], [], {}
    for name in names:
        item = load_architecture(name)
        rate = _rate(item, data_rate, asked=bool(architectures))
        # in the list of all, architectures of other rates are left out; one that was named is refused by its own message
        if rate is None:
            continue
        one = port_failures(item, data_rate=rate, rate=port)
        whole = switch_failures(one, capacity=switch, spare_ports=spare_ports)
        found[name] = one
        rows.append(
            (
                one.architecture,
                f"{rate / 1e9:g}",
                with_range(one.fit),
                with_range(one.mtbf_hours, 1e-6),
                "parts of the port" if one.replaceable else "the whole switch",
                f"{100.0 * one.availability.value:.5f} %",
                f"{100.0 * whole.enough_work.value:.3f} %",
                with_range(whole.minutes_a_year),
                with_range(cluster_mtbf_hours(one, cluster)),
            )
        )
        answer.append(failures_dict(one, whole, cluster, spare_ports))
    if not rows:
        raise SirfError(
            f"data_rate must be one of an architecture's, got {(data_rate or 0.0) / 1e9:g} Gb/s. Leave it out."
        )
    table(HEAD, rows, json_file=json_file)
    say(
        f"Ports of {port / 1e9:g} Gb/s; a switch of {switch / 1e12:g} Tb/s works with all but {spare_ports} of its ports; "
        f"{cluster:,} ports in the cluster. Ranges take every low or every high rate; most rates are estimates.",
        json_file=json_file,
    )
    if explain is not None:
        _explain(found[explain], json_file)
    write_json(answer, json_file)


def _rate(item: Architecture, wanted: float | None, *, asked: bool) -> float | None:
    """The rate of a lane: as asked, else 106.25 Gb/s, else the architecture's own; None leaves the row out of a list of all."""
    usual = 106.25e9
    if wanted is not None:
        if not item.has(wanted) and not asked:
            return None
        item.at(wanted)
        return wanted
    return usual if item.has(usual) else min(item.interfaces)


def _explain(one: PortFailures, json_file: str | None) -> None:
    say(
        f"{one.architecture}, {one.lanes} lanes; what a repair exchanges when a part fails; provenance P published, "
        "2 secondary source, E engineering estimate",
        json_file=json_file,
    )
    table(
        ("part", "count", "FIT of all", "repair exchanges", "provenance", "source"),
        [
            (part.name, f"{part.count:.3g}", with_range(part.fit), part.service, part.provenance, part.source)
            for part in one.parts
        ],
        json_file=json_file,
    )
