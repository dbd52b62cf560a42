"""Entry point: runs a command and turns every outcome into an exit code and, if bad, one line on standard error.

0 it ran, 1 a limit that the user gave was missed, 2 bad input, 70 internal error, 130 Ctrl-C.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

MESSAGE_LENGTH = 1_000
"""Most characters of an error message: a file's text may be in it."""


TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of these options in glibc's malloc.h."""
KEPT_BLOCK, KEPT_FREE = 16 << 20, 64 << 20
"""Bytes of the largest block whose memory is kept when it is freed, and of all that is kept at the end of the heap."""


# said with every interruption that no engine has given a better sentence for
NOTHING_KEPT = "nothing was written, run the command again"
COMPLETION = "_SIRF_COMPLETE"
"""Set by a shell that asks for completions (see `sirf completion install`)."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a write to a full or broken disk."""
QUIET = ("--quiet", "-q")
HELP = {"--help", "-h"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    code = 0
    try:
        # tests and the agents' server call with arguments of their own; the command has those of its process
        code = _outcome(list(sys.argv[1:] if arguments is None else arguments))
        # here, where a closed pipe can still be told from a fault, and not at the interpreter's exit
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output has had enough
        _drop_unwritten()
    except OSError as error:
        if not _without_room(error):
            raise
        _drop_unwritten()
        return _fail(f"output must be written whole, got {error.strerror}. Make room, or write it elsewhere.", 2)
    return code


def _outcome(arguments: list[str]) -> int:
    """Exit code of a command; what went wrong is said."""
    from sirf.errors import SirfError

    try:
        _invoke(arguments)
        _tell_notices()
    except SirfError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt as interrupt:
        return _fail(f"interrupted: {str(interrupt) or NOTHING_KEPT}", 130)
    except Exception as error:
        # `main` says what became of the output
        if isinstance(error, BrokenPipeError) or _without_room(error):
            raise
        return _other(error)
    return 0


def _without_room(error: Exception) -> bool:
    """Whether a stream could not be written for want of room; a file's error names the file, or was made a `SirfError`."""
    return isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None


def _drop_unwritten() -> None:
    """Send nowhere what streams hold and cannot write: the interpreter would complain of it at its exit."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _invoke(arguments: list[str]) -> None:
    """Run the command without the library's own entry point, which would turn a closed pipe into exit code 1."""
    from sirf._kernels.first_run import watchers
    from sirf.cli import command_for
    from sirf.cli.output import remark_compilation
    from sirf.cli.quantities import notices

    # state of the process, set anew by every command: tests and notebooks run many in one
    watchers[:] = [remark_compilation]

    notices.clear()
    arguments = _quiet_first(arguments)
    completes = COMPLETION in os.environ
    command = command_for(arguments, helps=bool(HELP.intersection(arguments)), completes=completes)
    if completes:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # as typer's own entry point does

        completion_init()
        # the shell reads the answer of this call and starts no command
        command.main(arguments, prog_name="sirf", complete_var=COMPLETION)
    with command.make_context("sirf", arguments) as context:
        command.invoke(context)


def _tell_notices() -> None:
    """Say at the end of what ran which old spellings were taken."""
    from sirf.cli.output import warn
    from sirf.cli.quantities import notices

    warn(tuple(dict.fromkeys(notices)))


def _quiet_first(arguments: list[str]) -> list[str]:
    """The arguments with `--quiet` where the program takes it, wherever it was given; what follows -- is left alone."""
    # behind -- all words are arguments, whatever they look like
    end = arguments.index("--") if "--" in arguments else len(arguments)
    quiet = [one for one in arguments[:end] if one in QUIET]
    return quiet[:1] + [one for one in arguments[:end] if one not in QUIET] + arguments[end:]


def run() -> NoReturn:
    """The `sirf` command, with a process of its own, which ends here."""
    leave(run_alone())


def run_alone() -> int:
    """Run the command line in a process that does nothing else, and return its exit code."""
    from sirf._kernels.first_run import Process

    Process.commands_only = True
    # thousands of modules' objects live to the end: looking through them again and again finds nothing
    gc.set_threshold(50_000, 20, 20)
    keep_freed_memory()
    open_streams()
    write_patiently()
    return main()


def write_patiently() -> None:
    """Put a `PatientOutput` in the place of standard output, where that is a stream of the usual kind."""
    given = sys.stdout
    if not isinstance(given, io.TextIOWrapper):
        return
    kept: dict[str, Any] = {
        name: getattr(given, name) for name in ("encoding", "errors", "line_buffering", "write_through")
    }
    # detached, for a stream that is dropped closes its buffer; the interpreter ends with the one under the other name
    sys.stdout = sys.__stdout__ = PatientOutput(given.detach(), **kept)  # type: ignore[misc]  # it is no constant


class PatientOutput(io.TextIOWrapper):
    """Standard output that goes nowhere once its reader has left: a command's files are still to be written."""

    def write(self, text: str, /) -> int:
        """Write text, or drop it where nobody reads it."""
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Write what is held back, or drop it where nobody reads it."""
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        super().flush()


def open_streams() -> None:
    """Open to nowhere those of the three standard streams that the caller closed: a file opened next would take their place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            # the lowest free number is this one, for those below are open by now
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def leave(code: int) -> NoReturn:
    """End the process as `sys.exit` does, exit handlers and all, but leave what is in memory to the system.

    The interpreter takes its modules apart one by one, compiled code among them: a third of a short command's time.
    """
    # a profiler or a tracer writes what it found only after the last frame; a thread may still have something to finish
    watched = sys.getprofile() is not None or sys.gettrace() is not None
    if not watched and all(one.daemon or one is threading.main_thread() for one in threading.enumerate()):
        # as multiprocessing ends its processes
        atexit._run_exitfuncs()
        # a stream that cannot be written is the interpreter's to complain of
        with suppress(OSError, ValueError):
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    sys.exit(code)


def keep_freed_memory() -> None:
    """Have the C library keep the memory of freed arrays for the next ones, where it is glibc.

    It hands large blocks back to the system at once, which clears every page of the next one anew.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    # other C libraries on Linux have no such call
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, KEPT_BLOCK)
        mallopt(TRIM_THRESHOLD, KEPT_FREE)


def _other(error: Exception) -> int:
    name = type(error).__name__
    # by name, for importing typer's classes would load it for every error
    if name == "Exit":
        _tell_notices()
        return int(getattr(error, "exit_code", 0))
    if name == "Abort":
        return _fail(f"interrupted: {NOTHING_KEPT}", 130)
    # usage errors of the command-line library know how to say themselves
    say = getattr(error, "format_message", None)
    if callable(say):
        return _bad_usage(error, str(say()).rstrip("."))
    if os.environ.get("SIRF_TRACEBACK"):
        raise error
    return _fail(f"internal error: {name}: {error}. Set SIRF_TRACEBACK=1 to see where, and report it.", 70)


def _bad_usage(error: Any, message: str) -> int:
    """What is wrong with the words of a command, what a missing one may be, and whose help says more."""
    context: Any = getattr(error, "ctx", None)
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":
        # a family named alone asks for its help
        print(context.get_help(), flush=True)
        return 0
    # the argument's own help says what is missing better than its name in capitals
    known = getattr(getattr(error, "param", None), "help", None)
    if known and type(error).__name__ == "MissingParameter":
        message += f", {known[0].lower()}{known[1:].rstrip('.')}"
    command = "sirf" if context is None else context.command_path
    # a message may end by asking what was meant
    return _fail(f"{message}{'' if message.endswith('?') else '.'} See '{command} --help'.", 2)


def _fail(message: str, code: int) -> int:
    from sirf.errors import shortened

    # where there is no room for the message either, the code has to do
    try:
        print("sirf: " + shortened(message, MESSAGE_LENGTH), file=sys.stderr)
    except OSError:
        _drop_unwritten()
    return code


if __name__ == "__main__":
    run()
