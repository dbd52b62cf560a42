"""Executors on a dask cluster: one that runs already, or the job script of one that a batch system starts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from sirf.errors import SirfError

SECONDS_TO_ANSWER = 10.0
"""A scheduler that runs answers at once; one that does not is named after so long."""


@contextmanager
def cluster_executor(address: str, *, timeout: float = SECONDS_TO_ANSWER) -> Iterator[Executor]:
    """The executor of the scheduler at `address`, such as "tcp://127.0.0.1:8786"; needs `sirf[cluster]`.

    Equal calls are told apart by their case numbers and by `pure=False`. Raises `SirfError` where no scheduler answers within
    `timeout` seconds, or none of its workers can import this version of sirf.
    """
    client = _connect(address, timeout)
    try:
        # on every worker
        versions = set(client.run(_version).values())
        if not versions:
            raise SirfError(f"scheduler {address} must have workers, got none. Start dask worker {address}.")
        # figures of versions differ in digits: one study, one version
        if versions != {_version()}:
            raise SirfError(
                f"workers of {address} must have sirf {_version()}, got {', '.join(sorted(map(str, versions)))}. "
                "Install the same everywhere."
            )
        yield client.get_executor(pure=False)
    finally:
        client.close()


def _connect(address: str, timeout: float) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SirfError("dask must be installed for a cluster, got none. Run: pip install 'sirf[cluster]'.") from error
    try:
        client: Any = Client
        return client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise SirfError(
            f"scheduler must answer at {address} within {timeout:g} s, got {type(error).__name__}. Check that it runs."
        ) from error


def _version() -> str:
    """Version of sirf where this runs; why there is none, where there is none."""
    try:
        from sirf._version import __version__
    except ImportError as error:
        return f"none ({error})"
    return __version__


def slurm_script(
    study: str, results: str, *, workers: int, hours: float = 4.0, memory_gb: float = 2.0, partition: str | None = None
) -> str:
    """A SLURM batch script: scheduler, `workers` single-core workers and the sweep in one job.

    A job that is ended by its time limit is submitted again as it is: the sweep goes on from `results`.
    """
    for name, value in (("workers", workers), ("hours", hours), ("memory_gb", memory_gb)):
        if not value > 0:
            raise SirfError(f"{name} must be positive, got {value}. Give a larger one.")
    minutes = max(round(60 * hours), 1)
    lines = [
        "#!/bin/bash",
        f"#SBATCH --job-name=sirf-sweep --ntasks={workers} --cpus-per-task=1 --mem-per-cpu={int(1024 * memory_gb)}M",
        # a minute before the end: the sweep closes its file
        f"#SBATCH --time={minutes // 60:02d}:{minutes % 60:02d}:00 --signal=INT@60",
        *([f"#SBATCH --partition={partition}"] if partition else []),
        "set -eu",
        # one thread a worker: cases are what runs in parallel
        "export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1",
        'address="tcp://$(hostname --ip-address | cut -d" " -f1):8786"',
        "dask scheduler --port 8786 --no-dashboard &",
        # a worker without a scheduler ends by itself
        'srun dask worker "$address" --nthreads 1 --nworkers 1 --no-dashboard --death-timeout 60 &',
        f'exec sirf sweep {_quoted(study)} --results {_quoted(results)} --scheduler "$address"',
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
