"""`sirf convert`: any file of network parameters to Touchstone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sirf._files import check_output
from sirf._version import __version__
from sirf.cli.channel_files import parse_impedances
from sirf.cli.options import Json, MixedMode, Sort
from sirf.cli.output import check_outputs, say, warn, write_json
from sirf.cli.quantities import parser
from sirf.units import RESISTANCE


def convert(
    file: Annotated[Path, typer.Argument(help="Touchstone, CITI or MDIF file, plain or .gz.", show_default=False)],
    out: Annotated[
        Path, typer.Argument(help="Touchstone file to write: .sNp, .ts, or either with .gz.", show_default=False)
    ],
    port_order: Annotated[
        str | None,
        typer.Option(
            help="Lines of the output as 12-34, 13-24 or 14-23, or the input's ports in their new order: 1,3,2,4."
        ),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="Ports of the output: single-ended, mixed or differential.")
    ] = "single-ended",
    z0: Annotated[
        float | None,
        typer.Option(
            "--z0",
            parser=parser(RESISTANCE.read, "z0"),
            metavar="OHM",
            help="Reference impedance of the output's single-ended ports, such as 42.5ohm; a bare number is ohm.",
        ),
    ] = None,
    grid: Annotated[str | None, typer.Option(help="start:step:stop such as 0:10MHz:67GHz, or even.")] = None,
    form: Annotated[str, typer.Option("--format", help="RI, MA or DB.")] = "RI",
    version: Annotated[str, typer.Option("--touchstone", help="Version of the output: 1.1 or 2.0.")] = "1.1",
    unit: Annotated[str, typer.Option(help="Unit of the output's frequencies: Hz, kHz, MHz or GHz.")] = "Hz",
    input_z0: Annotated[
        str | None, typer.Option(help="Reference impedance of the input instead of the file's; one a port with commas.")
    ] = None,
    mixed_mode: MixedMode = None,
    sort: Sort = False,
    block: Annotated[int | None, typer.Option(help="Table of a CITI or MDIF file with several, from 1.")] = None,
    json_file: Json = None,
) -> None:
    """Write any readable file as Touchstone: port order, modes, impedance, grid and format of your choice."""
    from sirf.channel.conversion import convert as run
    from sirf.channel.network_reader import load_network
    from sirf.channel.touchstone_write import TouchstoneFormat, write_touchstone

    options: Any = {"layout": form.upper(), "version": version, "unit": unit}
    # refuses a bad format before a large file is read
    TouchstoneFormat(**options)
    check_output("out", out)
    check_outputs(json_file)
    # the impedance of the input may be wrong in the file's header: it is corrected before anything is converted by it
    read = load_network(file, mixed_mode=mixed_mode, z0=parse_impedances(input_z0), sort=sort, block=block)
    modes: Any = mode
    result = run(read.network, port_order=port_order, mode=modes, z0=z0, grid=grid)
    notes = read.notes + result.notes
    warn(notes)
    network = result.network
    write_touchstone(
        # in the file itself: a converted file outlives the shell in which it was made
        out,
        network,
        comment=f"{file.name} converted by sirf {__version__}",
        form=TouchstoneFormat(**options, mixed_mode=result.mixed_mode),
    )
    say(f"wrote {out}: {network.ports} ports, {network.frequency.size} points, {network.z0:g} ohm", json_file=json_file)
    write_json(
        {
            "file": str(out),
            "ports": network.ports,
            "points": network.frequency.size,
            "z0_ohm": network.z0,
            "first_hz": float(network.frequency[0]),
            "last_hz": float(network.frequency[-1]),
            "mixed_mode": result.mixed_mode,
            "version": read.version,
            "warnings": list(notes),
        },
        json_file,
    )
