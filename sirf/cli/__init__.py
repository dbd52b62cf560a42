"""The command line: every command reads its options, asks the library, and shows the answer.

One file for each family of commands; this one puts them together. Heavy imports stay inside the commands, so that
`sirf --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from sirf._version import __version__
from sirf.cli import (
    ami,
    bench,
    channel,
    codes_and_light,
    com,
    compare,
    convert,
    duty,
    engines,
    failures,
    jitter,
    library,
    maps,
    mcp,
    modulation,
    output,
    setup,
    studies,
    sweep,
)
from sirf.cli.examples import EXAMPLES, epilog
from sirf.cli.summaries import SUMMARIES

HELP = "SerDes channel signal integrity: eyes, error ratios and reach, boards against co-packaged optics."
EXIT_CODES = (
    "\b\nExit codes: 0 it ran, 1 a limit that you gave is missed, 2 bad input,\n70 internal error, 130 Ctrl-C.\n"
    "Begin with 'sirf compare', or 'sirf eye FILE.s4p';\n'sirf COMMAND -h' shows an example."
)

app = typer.Typer(
    name="sirf",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=HELP,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True, help=HELP, epilog=EXIT_CODES)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Show errors only; files and JSON are written. Before or after a command."),
    ] = False,
) -> None:
    """Show the help or the version where no command is named."""
    output.be_quiet(quiet)
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
    "jtol": jitter.jtol,
    "pulse": channel.pulse,
    "figures": channel.figures,
    "check": channel.check,
    "convert": convert.convert,
    "com": com.com_command,
    "reach": studies.reach,
    "map": maps.map_command,
    "crossover": studies.crossover,
    "modulation": modulation.modulation_command,
    "failures": failures.failures,
    "duty": duty.duty,
    "sweep": sweep.sweep,
    "fec": codes_and_light.fec,
    "optics": codes_and_light.optics,
    "bench": bench.bench,
    "standards": library.standards,
    "architectures": library.architectures,
    "paths": library.paths,
    "materials": library.materials,
    "weaves": library.weaves,
    "masks": library.masks,
    "patterns": library.patterns,
    "codes": library.codes,
    "studies": library.studies,
    "doctor": setup.doctor,
    "mcp": mcp.mcp,
}
"""Commands in the order of the help."""
GROUPS: dict[str, typer.Typer] = {"study": sweep.study_commands, "ami": ami.app, "completion": setup.completion_app}
"""Families whose commands have a name of their own."""
for _name, _command in COMMANDS.items():
    app.command(name=_name, epilog=epilog(_name), short_help=SUMMARIES.get(_name))(_command)
for _family, _group in GROUPS.items():
    for _entry in _group.registered_commands:
        _entry.epilog = epilog(f"{_family} {_entry.name or getattr(_entry.callback, '__name__', '')}")
    app.add_typer(_group, name=_family, short_help=SUMMARIES.get(_family))


def name_values(command: Any) -> None:
    """Let the help of every command below `command`, which typer made of `app`, name the values of its options."""
    from sirf.cli.value_names import name_values as run

    for name, function in COMMANDS.items():
        run(command.commands[name], function)
    for family, group in GROUPS.items():
        for made, entry in zip(command.commands[family].commands.values(), group.registered_commands, strict=True):
            assert entry.callback is not None
            run(made, entry.callback)


__all__ = ["COMMANDS", "EXAMPLES", "app", "name_values"]
