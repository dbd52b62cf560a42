"""The long suite on pytest-benchmark: `pytest benchmarks --benchmark-json all.json`, half an hour on one core.

Jobs of the speed targets run in this process, warm. Every `bench_*.py` runs once as a program: it asserts its answers before it
prints, and what it printed stands in `extra_info` of its entry. `-k` picks some: `pytest benchmarks -k bench_fec`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.target_jobs import JOBS, NO_REFERENCE

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.glob("bench_*.py"))
TOO_LONG = {"count-billion", "dj-fine"}
"""Jobs that have a row of their own in `speed_targets.py` and would take most of this suite's time."""
NEED_REFERENCE = {"dj", "kr1", "c2m"}


@pytest.mark.parametrize("name", sorted(JOBS.keys() - TOO_LONG))
def test_target_job(benchmark: Any, name: str) -> None:
    if name in NEED_REFERENCE and not os.environ.get("SIRF_REFERENCE_DIR"):
        pytest.skip(NO_REFERENCE)
    run = JOBS[name]()
    _, answer = benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(answer=answer)


@pytest.mark.parametrize("program", PROGRAMS, ids=[file.stem for file in PROGRAMS])
def test_program(benchmark: Any, program: Path) -> None:
    command = [sys.executable, "-m", f"benchmarks.{program.stem}"]

    def run() -> str:
        done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    said = benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(said=said.splitlines())
