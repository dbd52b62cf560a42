"""How studies use the machine: work on all cores, and one thread each for the linear algebra below it."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context


@contextmanager
def one_algebra_thread() -> Iterator[None]:
    """Hold BLAS to one thread: the small systems of an equaliser search gain nothing by more, and wait for each other.

    For the time of a study that keeps all cores busy itself; on a loaded machine this saves a factor of ten.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@contextmanager
def all_cores(tasks: int) -> Iterator[Executor]:
    """An executor for so many tasks that pickle: forked processes on Linux, which share what is loaded, else threads.

    A search of many short steps holds the interpreter's lock; processes do not wait for each other's. One task, or one core,
    stays in this process.
    """
    count = max(min(tasks, os.cpu_count() or 1), 1)
    with one_algebra_thread():
        if count == 1 or sys.platform != "linux":
            with ThreadPoolExecutor(count) as threads:
                yield threads
            return
        with warnings.catch_warnings():
            # newer interpreters warn of a fork beside any thread; the only ones here belong to BLAS and rest
            warnings.simplefilter("ignore", DeprecationWarning)
            with ProcessPoolExecutor(count, mp_context=get_context("fork"), initializer=_end_on_interrupt) as processes:
                yield processes


def _end_on_interrupt() -> None:
    """Ctrl-C ends a worker without a word: the process that started it says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
