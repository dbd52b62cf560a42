"""`sirf duty`: energy per transferred bit at partial load, and of an all-reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf.cli.options import Json, refuse_unread
from sirf.cli.output import check_outputs, say, table, with_range, write_json
from sirf.cli.quantities import DataRate, count_option, listed, read_plain
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.system.port import Range

# one of each way of crossing a board, so that the bare command shows the whole choice on one screen
DEFAULT = ("pluggable-retimed", "pluggable-linear", "npo", "cpo-retimed", "cpo-linear", "copper-cable")


def duty(
    context: typer.Context,
    architectures: Annotated[
        list[str] | None, typer.Argument(help="Architectures by id; six by default.", show_default=False)
    ] = None,
    data_rate: DataRate = 106.25e9,
    utilisation: Annotated[
        Any,
        typer.Option(
            parser=listed("utilisation", read_plain),
            metavar="LIST",
            show_default="0.1,0.3,1",
            help="Shares of the time in which frames are sent, with commas.",
        ),
    ] = None,
    low_power: Annotated[
        bool, typer.Option("--low-power", help="Sleep between bursts instead of sending idle words.")
    ] = False,
    burst: Annotated[float, count_option("burst", "Bytes that a lane sends without a pause.", default="1e6")] = 1e6,
    laser_temperature: Annotated[
        float | None, typer.Option(help="Of the laser's case in C; that of data/optics, 50, by default.")
    ] = None,
    workers: Annotated[int, count_option("workers", "Workers of the all-reduce.", least=2)] = 1024,
    size: Annotated[float, count_option("size", "Bytes that are reduced.", default="1e9")] = 1e9,
    links: Annotated[int, typer.Option(help="Links that a byte passes between two workers.")] = 2,
    json_file: Json = None,
) -> None:
    """Energy per transferred bit at partial load, with idle or low-power states, and joules of a ring all-reduce."""
    from sirf.study.crossover import Spender
    from sirf.study.subject import ArchitectureSubject, subject_of
    from sirf.system.duty import all_reduce, at_temperature, energy_at_load, payload_share

    check_outputs(json_file)
    if not low_power:
        # idle words are sent whether bursts are long or short
        refuse_unread(context, "burst", needs="--low-power", got="idle words between bursts")
    loads = list(utilisation) if utilisation else [0.1, 0.3, 1.0]
    rows, answer = [], []
    for name in architectures or DEFAULT:
        subject = subject_of(name, data_rate=data_rate)
        if not isinstance(subject, ArchitectureSubject):
            raise SirfError(f"architecture must be one that 'sirf architectures' lists, got {name}. Name one.")
        # energy of copper grows with its loss, so of what a link spends its length is part
        energy = Spender.of(subject).energy(subject.length_m)
        if laser_temperature is not None:
            # the laser's share alone grows with heat: it needs more current for the same light
            energy = at_temperature(energy, laser_temperature)
        # code and transcoder take part of every transferred bit, and energy is held against what the client sent
        payload = payload_share(subject.architecture.at(data_rate).fec)
        for load in loads:
            spent = energy_at_load(
                energy,
                load,
                data_rate=data_rate,
                state="low_power" if low_power else "idle",
                burst_bytes=burst,
                payload=payload,
            )
            collective = all_reduce(spent, workers=workers, size=size, links=links)
            rows.append(
                (
                    subject.name,
                    f"{load:g}",
                    with_range(spent),
                    with_range(collective.joules_per_byte, 1e12),
                    with_range(collective.joules),
                )
            )
            answer.append(
                {
                    "architecture": subject.name,
                    "data_rate": data_rate,
                    "utilisation": load,
                    "state": "low_power" if low_power else "idle",
                    "burst_bytes": burst,
                    "payload_share": payload,
                    "laser_temperature_c": laser_temperature,
                    **_spread("energy_pj_per_bit", spent),
                    "workers": workers,
                    "all_reduce_bytes": size,
                    "sent_bytes": collective.sent_bytes,
                    "moved_bytes": collective.moved_bytes,
                    **_spread("all_reduce_joules", collective.joules),
                    **_spread("joules_per_byte", collective.joules_per_byte),
                }
            )
    table(
        ("architecture", "utilisation", "pJ/bit sent", "pJ/byte on a link", "J of an all-reduce"),
        rows,
        json_file=json_file,
    )
    say(
        f"{'Low-power state' if low_power else 'Idle words'} between bursts; ring all-reduce of {size:.3g} bytes on "
        f"{workers:,} workers, {links} links between two. Bits sent are the client's, without the code's and the transcoder's. "
        "Shares of blocks are estimates.",
        json_file=json_file,
    )
    write_json(answer, json_file)


def _spread(name: str, figure: Range) -> dict[str, float]:
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
