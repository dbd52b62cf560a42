"""A real scheduler and real worker processes on loopback: the same bits, and a killed worker loses and doubles nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sirf.errors import SirfError
from sirf.study.sweep.cluster import cluster_executor, slurm_script
from sirf.study.sweep.runner import Progress, sweep
from sirf.study.sweep.store import read_cases
from tests.study.sweep.studies import cheap, fresh_sweep

# imported where it is needed: it takes a second, and workers that run other tests collect these too
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(find_spec("distributed") is None, reason="dask is an extra: pip install 'sirf[cluster]'"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler and two worker processes, one thread each."""
    distributed: Any = import_module("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as found:
        yield found


def test_a_cluster_gives_the_bits_of_one_process_and_survives_a_killed_worker(cluster: Any, tmp_path: Path) -> None:
    distributed: Any = import_module("distributed")
    study = cheap(24)
    alone = fresh_sweep(tmp_path / "alone.jsonl", 24)
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        workers = list(client.run(os.getpid).values())
    assert len(workers) == 2
    killed = threading.Event()

    def kill(progress: Progress) -> None:
        if progress.done >= 6 and not killed.is_set():
            killed.set()
            os.kill(workers[0], signal.SIGKILL)

    with cluster_executor(cluster.scheduler_address) as executor:
        found = sweep(study, executor=executor, results=tmp_path / "cluster.jsonl", progress=kill)
    assert killed.is_set()
    assert not found.errors
    for name in study.figures:
        assert found.figure(name).tolist() == alone.figure(name).tolist()
    numbers = [case.index for case in read_cases(tmp_path / "cluster.jsonl")]
    assert sorted(numbers) == list(range(study.cases))


def test_a_scheduler_that_does_not_answer_is_named_in_time() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(SirfError, match="scheduler must answer at"), cluster_executor(address, timeout=1.0):
            pass
        assert time.monotonic() - began < 30.0


def test_the_job_script_runs_in_a_shell_and_says_what_it_is_told(tmp_path: Path) -> None:
    text = slurm_script("my study.toml", "out/results.jsonl", workers=64, hours=1.5, partition="short")
    assert "--ntasks=64" in text
    assert "--time=01:30:00" in text
    assert "--partition=short" in text
    assert "sirf sweep 'my study.toml' --results out/results.jsonl --scheduler" in text
    script = tmp_path / "job.sh"
    script.write_text(text, encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    with pytest.raises(SirfError, match="workers must be positive"):
        slurm_script("a", "b", workers=0)
