"""The short suite on pytest-benchmark: `pytest benchmarks/test_short.py --benchmark-json short.json`.

`--benchmark-disable` runs every job once for its answer alone, which is what CI does. `sirf bench` prints the same jobs.
`pytest benchmarks --benchmark-json all.json` runs the long suite too.
"""

from __future__ import annotations

from typing import Any

import pytest

from sirf.study.benchmark import JOBS, Job


@pytest.mark.parametrize("job", JOBS, ids=[job.name for job in JOBS])
def test_job(benchmark: Any, job: Job) -> None:
    if job.lacks():
        pytest.skip(f"{job.name} must have {job.lacks()}")
    given = job.prepare()
    answer = benchmark.pedantic(job.run, args=(given,), rounds=job.runs, warmup_rounds=1)
    benchmark.extra_info.update(work=job.work, unit=job.unit)
    job.check(given, answer)
