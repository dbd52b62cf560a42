"""A generated path of six segments at 2,000 frequencies: 30 ms warm. Reference: scikit-rf's cascade of the same six blocks.

python benchmarks/bench_path.py
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import reduce

import numpy as np

from sirf import paths
from sirf.channel.path import Path

LIMIT, RUNS = 0.030, 15
FREQUENCY = np.linspace(0.0, 106e9, 2000)


def six_segments() -> Path:
    """Die, package, ball, via, board and via of the pluggable path."""
    whole = paths.pluggable()
    return Path("six", whole.segments[:6], whole.variable)


def median(work: Callable[[], object]) -> float:
    """Median wall time of a warm call in s."""
    work()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Print the medians; with --strict, 1 when over the limit (machines are noisy: by default it only says so)."""
    path = six_segments()
    blocks = [segment.network(FREQUENCY).to_network() for segment in path.segments]
    cascaded = reduce(lambda first, second: first**second, blocks)
    assert np.allclose(path.network(FREQUENCY).s, cascaded.s, atol=1e-9)
    ours = median(lambda: path.network(FREQUENCY))
    # scikit-rf only joins the blocks; sirf makes them from their geometry too
    theirs = median(lambda: reduce(lambda first, second: first**second, blocks))
    print(f"six segments, 2,000 points {1e3 * ours:7.2f} ms   limit {1e3 * LIMIT:g} ms (generated and cascaded)")
    print(f"scikit-rf, cascade only    {1e3 * theirs:7.2f} ms   ratio {theirs / ours:.1f}")
    return 1 if ours > LIMIT and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
