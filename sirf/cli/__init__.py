"""The command line: every command reads its options, asks the library, and shows the answer.

One file for each family of commands; this one puts them together. Heavy imports stay inside the commands, so that
`sirf --help` answers at once.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from typing import Annotated, Any

import typer

from sirf._version import __version__
from sirf.cli import output
from sirf.cli.examples import EXAMPLES, epilog
from sirf.cli.separate_files import SeparateFiles
from sirf.cli.summaries import SUMMARIES

HELP = "SerDes channel signal integrity: eyes, error ratios and reach, boards against co-packaged optics."
# a shell script reads the code alone: a missed limit (1) must not look like a failure to run (2, 70), nor like an
# answer
EXIT_CODES = (
    "\b\nExit codes: 0 it ran, 1 a limit that you gave is missed, 2 bad input,\n70 internal error, 130 Ctrl-C.\n"
    "Begin with 'sirf compare', or 'sirf eye FILE.s4p';\n'sirf COMMAND -h' shows an example."
)


def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Show errors only; files and JSON are written. Before or after a command."),
    ] = False,
) -> None:
    """Show the help or the version where no command is named."""
    # the callback runs before any command, so that nothing a command prints comes ahead of the wish for silence
    output.be_quiet(quiet)
    if version:
        print(f"sirf {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


COMMANDS: dict[str, str] = {
    "compare": "compare:compare",
    "eye": "engines:eye",
    "ber": "engines:ber",
    "jtol": "jitter:jtol",
    "pulse": "channel:pulse",
    "figures": "channel:figures",
    "check": "channel:check",
    "convert": "convert:convert",
    "com": "com:com_command",
    "reach": "studies:reach",
    "map": "maps:map_command",
    "crossover": "studies:crossover",
    "modulation": "modulation:modulation_command",
    "failures": "failures:failures",
    "duty": "duty:duty",
    "sweep": "sweep:sweep",
    "fec": "codes_and_light:fec",
    "optics": "codes_and_light:optics",
    "bench": "bench:bench",
    "standards": "library:standards",
    "architectures": "library:architectures",
    "paths": "library:paths",
    "materials": "library:materials",
    "weaves": "library:weaves",
    "masks": "library:masks",
    "patterns": "library:patterns",
    "codes": "library:codes",
    "studies": "library:studies",
    "doctor": "setup:doctor",
    "mcp": "mcp:mcp",
}
"""Module and function of every command, in the order of the help."""
GROUPS: dict[str, str] = {"study": "sweep:study_commands", "ami": "ami:app", "completion": "setup:completion_app"}
"""Module and name of every family whose commands have a name of their own."""


def found(place: str) -> Any:
    """A command's function or a family, by module and name."""
    module, name = place.split(":")
    return getattr(import_module(f"sirf.cli.{module}"), name)


def _root() -> typer.Typer:
    """The command line without any command."""
    made = typer.Typer(
        name="sirf",
        # no command at all is no error: newcomers type the bare name first, and `root` shows them the help
        no_args_is_help=False,
        add_completion=False,
        rich_markup_mode=None,
        # brackets stand in many helps (lists, ranges), which rich would read as markup and swallow
        pretty_exceptions_enable=False,
        # `__main__` turns exceptions into one sentence and an exit code; typer's own picture of a traceback would come
        # first
        help=HELP,
        epilog=EXIT_CODES,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback(invoke_without_command=True, help=HELP, epilog=EXIT_CODES)(root)
    return made


@cache
def outline() -> typer.Typer:
    """All commands by name and summary, without modules and options: what the first help shows."""

    def named() -> None:
        """Nothing: no command is run of an outline."""

    made = _root()
    for name in COMMANDS:
        made.command(name=name, short_help=SUMMARIES[name])(named)
    for family in GROUPS:
        group = typer.Typer()
        # typer takes a lone command for the family itself
        group.callback()(named)
        made.add_typer(group, name=family, short_help=SUMMARIES[family])
    return made


@cache
def program(only: str | None = None) -> typer.Typer:
    """The command line with all commands, or with one command or family alone, whose modules are then all that is loaded."""
    made = _root()
    for name, place in COMMANDS.items():
        if only in (None, name):
            made.command(name=name, cls=SeparateFiles, epilog=epilog(name), short_help=SUMMARIES.get(name))(
                found(place)
            )
    for family, place in GROUPS.items():
        if only in (None, family):
            group = found(place)
            for entry in group.registered_commands:
                entry.cls = SeparateFiles
                entry.epilog = epilog(f"{family} {entry.name or getattr(entry.callback, '__name__', '')}")
            made.add_typer(group, name=family, short_help=SUMMARIES.get(family))
    return made


def command_for(arguments: list[str], *, helps: bool = False, completes: bool = False) -> Any:
    """What typer makes of the program for these arguments: of the command they name alone, for making all takes 0.1 s.

    Where they name none that there is, all are made: an error names the nearest; where they name none at all, only their names
    are shown, except to a shell that `completes` what follows. With `helps` the values of options have names.
    """
    word = next((one for one in arguments if not one.startswith("-")), None)
    if word is None and not completes:
        # a bare `sirf` answers from names alone: importing all commands costs more than everything else it does
        return _outlined()
    # an unknown word takes all commands: only then can the error name the one that was meant
    return _made(word if word in COMMANDS or word in GROUPS else None, helps)


@cache
def _outlined() -> Any:
    from typer.main import get_command

    return get_command(outline())


# tests and the agents' server call several commands in one process; a shell never needs more than one
@lru_cache(maxsize=8)
def _made(only: str | None, helps: bool) -> Any:
    from typer.main import get_command

    command = get_command(program(only))
    if helps:
        name_values(command)
    return command


def name_values(command: Any) -> None:
    """Let the help of every command below `command`, which typer made of a `program`, name the values of its options."""
    from sirf.cli.value_names import name_values as run

    # typer keeps families and commands in one table: those that are no command of their own are families
    for name, made in command.commands.items():
        if name in COMMANDS:
            run(made, found(COMMANDS[name]))
            continue
        for one, entry in zip(made.commands.values(), found(GROUPS[name]).registered_commands, strict=True):
            assert entry.callback is not None
            run(one, entry.callback)


def __getattr__(name: str) -> typer.Typer:
    """`app`, the program with all commands, made when it is asked for."""
    if name == "app":
        return program()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["COMMANDS", "EXAMPLES", "command_for", "name_values", "program"]
