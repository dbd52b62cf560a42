"""Two commits side by side: `python benchmarks/compare_commits.py OLD NEW [--rounds 5] -- python -m sirf eye thru.s4p`.

OLD and NEW are commits, each checked out into a worktree, or folders. Each has a kernel cache of its own; the command runs once
in each to compile, then A B A B …, and its processor time (with that of its children) is compared. {tree} in the command stands
for the tree's folder.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.side_by_side import run_command, two_trees


def main() -> None:
    """Run in turn, print medians and their ratio."""
    options = argparse.ArgumentParser()
    options.add_argument("trees", nargs=2, metavar="COMMIT")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("command", nargs="+")
    given = options.parse_args()
    with two_trees(*given.trees) as trees:
        cold = [run_command(given.command, tree).cpu for tree in trees]
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(given.rounds):
            for tree, own in zip(trees, times, strict=True):
                own.append(run_command(given.command, tree).cpu)
    old, new = (statistics.median(own) for own in times)
    print(f"first run, kernels compiled: {cold[0]:8.2f} s, then {cold[1]:8.2f} s, ratio {cold[1] / cold[0]:.3f}")
    print(f"median of {given.rounds}:             {old:8.2f} s, then {new:8.2f} s, ratio {new / old:.3f}")
    pairs = sorted(two / one for one, two in zip(*times, strict=True))
    print(f"ratios of neighbouring runs: {pairs[0]:.3f} to {pairs[-1]:.3f}")


if __name__ == "__main__":
    main()
