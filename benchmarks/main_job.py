"""The main job as a user runs it, `sirf compare --out FOLDER --json -`; its answer stays in the folder for all who need it.

python -m benchmarks.main_job FOLDER
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from sirf.study.comparison import Comparison

PRINTED, ANSWER = "printed.json", "comparison.pickle"
"""Files beside those of the command: its standard output, and the comparison itself."""


@dataclass(frozen=True)
class MainJob:
    """What the command wrote in `folder`, what it `printed`, and the `sirf.study.comparison.Comparison` that both show."""

    folder: Path
    printed: str
    comparison: Comparison

    @classmethod
    def load(cls, folder: Path) -> MainJob:
        """The job that was run in a folder."""
        return cls(
            folder,
            (folder / PRINTED).read_text(encoding="utf-8"),
            # written by this suite itself, in a folder of its own
            pickle.loads((folder / ANSWER).read_bytes()),
        )


def command_of(folder: Path) -> list[str]:
    """The arguments of `sirf`."""
    return ["compare", "--out", str(folder), "--json", "-"]


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Write down in `folder` what the command within prints, and the comparison that it asks for."""
    module = importlib.import_module("sirf.study.compare")
    ask, printed, found = module.compare, io.StringIO(), []

    def remembered(*arguments: Any, **options: Any) -> Any:
        found.append(ask(*arguments, **options))
        return found[-1]

    with mock.patch.object(module, "compare", remembered), contextlib.redirect_stdout(printed):
        yield
    (comparison,) = found
    (folder / ANSWER).write_bytes(pickle.dumps(comparison))
    (folder / PRINTED).write_text(printed.getvalue(), encoding="utf-8")


def run_main_job(folder: Path) -> MainJob:
    """The job, run in this process."""
    from sirf.__main__ import main

    with kept(folder):
        code = main(command_of(folder))
    assert code == 0, f"sirf compare must end with 0, got {code}"
    return MainJob.load(folder)


def _alone(folder: Path) -> int:
    """The same in a process that does nothing else: it starts as `sirf` does."""
    from sirf.__main__ import run_alone
    from sirf._kernels.first_run import Process

    # before `kept` loads kernels, as `run_alone` does before the command loads them
    Process.commands_only = True
    with mock.patch.object(sys, "argv", ["sirf", *command_of(folder)]), kept(folder):
        return run_alone()


if __name__ == "__main__":
    sys.exit(_alone(Path(sys.argv[1])))
