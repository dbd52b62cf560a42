"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sirf.errors import SirfError

Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")
]
Thru = Annotated[Path, typer.Argument(help="Touchstone file of the through path.", show_default=False)]
Fext = Annotated[
    list[Path] | None, typer.Option("--fext", help="Touchstone file of a far-end aggressor; may be repeated.")
]
Next = Annotated[
    list[Path] | None, typer.Option("--next", help="Touchstone file of a near-end aggressor; may be repeated.")
]
Standard = Annotated[str, typer.Option(help="Preset id; see 'sirf standards'.")]
PortOrder = Annotated[
    str | None,
    typer.Option(help="12-34, 13-24, 14-23 or lanes such as 1:9-2:10,3:11-4:12; found from the data by default."),
]
Victim = Annotated[int | None, typer.Option(help="Lane that is the through path of a file of several pairs.")]
NextLanes = Annotated[
    list[int] | None,
    typer.Option("--next-lane", help="Lane of such a file that transmits at the victim's receiver; may be repeated."),
]
MixedMode = Annotated[str | None, typer.Option(help="Modes of the rows, such as 'D1,2 D3,4 C1,2 C3,4'.")]
Z0 = Annotated[
    str | None, typer.Option("--z0", help="Reference impedance in ohm instead of the file's; one a port with commas.")
]
Invert = Annotated[bool, typer.Option("--invert", help="Swap P and N at the out end of the pair.")]
Sort = Annotated[bool, typer.Option("--sort", help="Sort the points of files whose frequencies are out of order.")]
PackageCase = Annotated[str, typer.Option(help="Package test case of the preset, by number from 1 or by name.")]
TxAmi = Annotated[
    Path | None, typer.Option("--tx-ami", help="Vendor's model of the transmitter (.ami or .ibs); foreign code is run.")
]
RxAmi = Annotated[Path | None, typer.Option("--rx-ami", help="Vendor's model of the receiver (.ami or .ibs).")]
TxSo = Annotated[Path | None, typer.Option("--tx-so", help="Its shared object; the one beside the .ami by default.")]
RxSo = Annotated[Path | None, typer.Option("--rx-so", help="The receiver's shared object.")]
ModelSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SIDE.NAME=VALUE", help="Parameter of a model, such as tx.tap=2; may be repeated."),
]
ModelSearch = Annotated[
    list[str] | None,
    typer.Option(
        "--search", metavar="SIDE.NAME", help="Parameter of a model to search; 'all' for all; may be repeated."
    ),
]
Sampling = Annotated[
    str | None,
    typer.Option(
        help="Sampling instant by mueller-muller, maximum-eye, minimum-error-ratio or eye-centre.",
        show_default="standard's",
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.")]
Ideal = Annotated[bool, typer.Option("--ideal-feedback", help="Feed sent symbols back: no DFE error propagation.")]

Report = Annotated[Path | None, typer.Option("--report", help="Write the answer as a page with pictures (.html).")]


def on_command_line(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line: its value cannot tell, for the default may be written out too."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_unread(context: typer.Context, *names: str, needs: str, got: str) -> None:
    """`SirfError` for the first of some options, by parameter, that stands on the command line though nothing will read it.

    `needs` is what they must go with, `got` what stands in its place.
    """
    spelt = {one.name: one.opts[0] for one in context.command.params}
    for name in names:
        if on_command_line(context, name):
            raise SirfError(f"{spelt[name]} must go with {needs}, got {got}. Leave it out.")
