"""The command line: every command reads its options, asks the library, and shows the answer.

One file for each family of commands; this one puts them together. Heavy imports stay inside the commands, so that
`sirf --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from sirf._version import __version__
from sirf.cli import ami, channel, codes_and_light, com, compare, convert, engines, library, maps, studies, sweep

HELP = "SerDes channel signal integrity: eyes, error ratios and reach, boards against co-packaged optics."

app = typer.Typer(
    name="sirf",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=HELP,
)


@app.callback(invoke_without_command=True, help=HELP)
def root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Show the help or the version where no command is named."""
    if version:
        print(f"sirf {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


COMMANDS: dict[str, Callable[..., None]] = {
    "compare": compare.compare,
    "eye": engines.eye,
    "ber": engines.ber,
    "jtol": engines.jtol,
    "pulse": channel.pulse,
    "figures": channel.figures,
    "check": channel.check,
    "convert": convert.convert,
    "com": com.com_command,
    "reach": studies.reach,
    "map": maps.map_command,
    "crossover": studies.crossover,
    "sweep": sweep.sweep,
    "fec": codes_and_light.fec,
    "optics": codes_and_light.optics,
    "standards": library.standards,
    "materials": library.materials,
    "weaves": library.weaves,
}
"""Commands in the order of the help."""
for _name, _command in COMMANDS.items():
    app.command(name=_name)(_command)
app.add_typer(sweep.study_commands, name="study")
app.add_typer(ami.app, name="ami")
