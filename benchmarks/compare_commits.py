"""Two commits side by side: `python benchmarks/compare_commits.py OLD NEW [--rounds 5] -- python -m sirf eye thru.s4p`.

Each commit gets a worktree and a kernel cache of its own; the command runs once in each to compile, then A B A B …, and its
processor time (with that of its children) is compared. {tree} in the command stands for the commit's folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(command: list[str], tree: Path) -> float:
    """Processor seconds of one run in the folder `tree`, whose package it imports; the command must succeed."""
    environment = os.environ | {"PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(tree.parent / f"{tree.name}-kernels")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [word.replace("{tree}", str(tree)) for word in command]
    subprocess.run(words, check=True, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Check both out, run in turn, print medians and their ratio."""
    options = argparse.ArgumentParser()
    options.add_argument("commits", nargs=2, metavar="COMMIT")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("command", nargs="+")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trees = [Path(folder) / name for name in ("old", "new")]
        try:
            for tree, commit in zip(trees, given.commits, strict=True):
                subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", tree, commit], check=True)
            cold = [seconds(given.command, tree) for tree in trees]
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(given.rounds):
                for tree, own in zip(trees, times, strict=True):
                    own.append(seconds(given.command, tree))
        finally:
            for tree in trees:
                subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", tree], check=False)
    old, new = (statistics.median(own) for own in times)
    print(f"first run, kernels compiled: {cold[0]:8.2f} s, then {cold[1]:8.2f} s, ratio {cold[1] / cold[0]:.3f}")
    print(f"median of {given.rounds}:             {old:8.2f} s, then {new:8.2f} s, ratio {new / old:.3f}")
    pairs = sorted(two / one for one, two in zip(*times, strict=True))
    print(f"ratios of neighbouring runs: {pairs[0]:.3f} to {pairs[-1]:.3f}")


if __name__ == "__main__":
    main()
