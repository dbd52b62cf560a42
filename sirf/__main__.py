"""Entry point: runs a command and turns every outcome into an exit code and, if bad, one line on standard error.

0 it ran, 1 a limit that the user gave was missed, 2 bad input, 70 internal error, 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

MESSAGE_LENGTH = 1_000
"""Most characters of an error message: a file's text may be in it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from sirf.errors import SirfError

    try:
        _invoke(list(sys.argv[1:] if arguments is None else arguments))
        _tell_notices()
    except SirfError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # the reader of our output has gone; a closed descriptor keeps the interpreter quiet at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _other(error)
    return 0


def _invoke(arguments: list[str]) -> None:
    """Run the command without the library's own entry point, which would turn a closed pipe into exit code 1."""
    from typer.main import get_command

    from sirf.cli import app
    from sirf.cli.quantities import notices

    notices.clear()
    command = get_command(app)
    with command.make_context("sirf", arguments) as context:
        command.invoke(context)
    sys.stdout.flush()


def _tell_notices() -> None:
    """Say at the end of what ran which old spellings were taken."""
    from sirf.cli.quantities import notices

    for notice in dict.fromkeys(notices):
        print(f"warning: {notice}", file=sys.stderr)


def run() -> None:
    """The `sirf` command."""
    sys.exit(main())


def _other(error: Exception) -> int:
    name = type(error).__name__
    if name == "Exit":
        return int(getattr(error, "exit_code", 0))
    if name == "Abort":
        return _fail("interrupted", 130)
    # usage errors of the command-line library know how to say themselves
    say = getattr(error, "format_message", None)
    if callable(say):
        return _fail(f"{str(say()).rstrip('.')}. See 'sirf --help'.", 2)
    if os.environ.get("SIRF_TRACEBACK"):
        raise error
    return _fail(f"internal error: {name}: {error}. Set SIRF_TRACEBACK=1 to see where, and report it.", 70)


def _fail(message: str, code: int) -> int:
    from sirf.errors import shortened

    print("sirf: " + shortened(message, MESSAGE_LENGTH), file=sys.stderr)
    return code


if __name__ == "__main__":
    run()
