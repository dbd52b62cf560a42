"""How fast sirf starts: `import sirf` under 0.3 s, `sirf --help` under 0.7 s, median of 5 fresh processes.

python benchmarks/bench_start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

LIMITS = {"import sirf": 0.3, "sirf --help": 0.7}


def seconds(arguments: list[str]) -> float:
    """Wall time of one fresh interpreter; the answer is asserted."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.strip(), arguments
    return time.perf_counter() - start


def main() -> int:
    """Print the medians; with --strict, 1 when one is over its limit (machines are noisy: by default it only says so)."""
    cases = {
        "import sirf": ["-c", "import sirf; print(sirf.__version__)"],
        "sirf --help": ["-m", "sirf", "--help"],
        "bare interpreter": ["-c", "print(1)"],
    }
    slow = 0
    for name, arguments in cases.items():
        median = statistics.median(seconds(arguments) for _ in range(5))
        limit = LIMITS.get(name)
        slow += limit is not None and median > limit
        print(f"{name:18s} {median:6.3f} s" + ("" if limit is None else f"   limit {limit} s"))
    return 1 if slow and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
