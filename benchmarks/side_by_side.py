"""Two trees of sirf beside each other: how each is made, and processor time, clock time and memory of commands that run in it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout in `folder`, with the kernels that it compiles in a folder of its own."""

    folder: Path
    kernels: Path

    def environment(self, kernels: Path | None = None) -> dict[str, str]:
        """For a process that imports this tree's package; one BLAS thread, so that a processor second is one.

        Python keeps its bytecode, as it does for users: a setting that forbids it would count reading the sources as warm.
        """
        found = {"PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(kernels or self.kernels)}
        given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return given | found | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command and its children took: seconds of processors and of the clock, MB of the largest process.

    A new process counts what its parent held before it became the command: memory is never told as less than this one's.
    """

    cpu: float
    wall: float
    memory_mb: float


@contextmanager
def two_trees(old: str, new: str) -> Iterator[tuple[Tree, Tree]]:
    """A tree for each: a folder as it is, or a commit, checked out into a worktree that is removed in the end."""
    with tempfile.TemporaryDirectory() as name:
        made: list[Path] = []
        trees = []
        try:
            for side, asked in (("old", old), ("new", new)):
                folder = Path(asked).resolve()
                if not folder.is_dir():
                    folder = Path(name) / side
                    command = ["git", "-C", str(ROOT), "worktree", "add", "--quiet", "--detach", str(folder), asked]
                    subprocess.run(command, check=True)
                    made.append(folder)
                trees.append(Tree(folder, Path(name) / f"{side}-kernels"))
            yield trees[0], trees[1]
        finally:
            for folder in made:
                subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", folder], check=False)


def run_command(
    command: Sequence[str],
    tree: Tree,
    *,
    kernels: Path | None = None,
    cores: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command in a tree's folder, on all cores or some; {tree} in it stands for the folder. It must succeed."""
    words = [word.replace("{tree}", str(tree.folder)) for word in command]
    if cores is not None:
        # cores of this process: a container may own others than the first
        words = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores])), *words]
    began = time.perf_counter()
    environment = tree.environment(kernels) | dict(extra or {})
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, cwd=tree.folder, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        # the usage of this one child and of those that it waited for; RUSAGE_CHILDREN adds all children up
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(words)} must succeed in {tree.folder}, got\n{said.read().decode()[-2000:]}")
    return Cost(cpu=used.ru_utime + used.ru_stime, wall=wall, memory_mb=used.ru_maxrss / 1024)
