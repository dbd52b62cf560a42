"""The main job in fresh processes, with empty kernel caches and with warm ones; the answer is asserted.

python benchmarks/bench_compare.py [--runs 3] [--cache FOLDER] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sirf.system.architecture import ORDER

COLD, WARM = 90.0, 20.0
ROOT = Path(__file__).parents[1]


def run(folder: Path, cache: Path) -> float:
    """Wall time of one `sirf compare`, what it writes and prints in `folder`; the answer is asserted."""
    start = time.perf_counter()
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache.resolve())}
    command = [sys.executable, "-m", "benchmarks.main_job", str(folder.resolve())]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
    took = time.perf_counter() - start
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))["rows"]
    assert [row["path"] for row in rows] == list(ORDER)
    by_path = {row["path"]: row for row in rows}
    losses = [by_path[name]["insertion_loss_db"] for name in ("pluggable-retimed", "npo", "cpo-retimed")]
    assert losses == sorted(losses, reverse=True)
    assert all(row["eye_height_mv"] > 0 for row in rows)
    return took


def main() -> int:
    """Print cold and warm times; with --strict, 1 when one is over its limit (machines are noisy: by default it only says so)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="warm runs, of which the median is printed; 0 for none")
    parser.add_argument(
        "--cache", type=Path, help="folder for compiled kernels, none there yet, kept (a temporary one by default)"
    )
    parser.add_argument(
        "--out", type=Path, help="folder for what the last run wrote, kept (a temporary one by default)"
    )
    parser.add_argument("--strict", action="store_true", help="exit code 1 beyond a limit")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, cache = arguments.out or Path(name) / "out", arguments.cache or Path(name) / "cache"
        assert not any(cache.rglob("*.nbi")), f"{cache} must hold no compiled kernels for a cold run"
        cold = run(folder, cache)
        warm = [run(folder, cache) for _ in range(arguments.runs)]
    print(f"sirf compare, cold {cold:6.1f} s   limit {COLD:g} s")
    if warm:
        median = statistics.median(warm)
        print(f"sirf compare, warm {median:6.1f} s   limit {WARM:g} s (median of {arguments.runs})")
    slow = cold > COLD or (bool(warm) and statistics.median(warm) > WARM)
    return 1 if arguments.strict and slow else 0


if __name__ == "__main__":
    sys.exit(main())
