"""How long work uses the machine, and how it tells whoever watches how far it is."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing import active_children, get_context

Watcher = Callable[[str, float, float], None]
"""Told of progress: what is being done, steps done, steps in all."""
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Have searches that go on within tell `watcher` how far they are."""
    # a context variable: threads and nested searches have watchers of their own
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def stage(what: str, index: int, count: int) -> Iterator[None]:
    """Stage `index`, from 0, of `count`: what is told within counts as part of it, under its name where it has one."""
    outer = _watcher.get()
    if outer is None:
        yield
        return
    # the stage is told as begun even where nothing within tells anything
    outer(what, index, count)

    def inner(note: str, done: float, total: float) -> None:
        # a step within moves the outer count by less than one
        outer(", ".join(filter(None, (what, note))), index + done / max(total, 1), count)

    with watched_by(inner):
        yield
    outer(what, index + 1, count)


def tell(what: str, done: float, total: float) -> None:
    """Tell whoever watches this thread how far a search is; cheap where nobody does."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(what, done, total)


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
    # one process each task at most: idle ones would be forked for nothing
    count = max(min(tasks, os.cpu_count() or 1), 1)
    with one_algebra_thread():
        if count == 1 or sys.platform != "linux":
            with ThreadPoolExecutor(count) as threads:
                yield threads
            return
        with warnings.catch_warnings():
            # newer interpreters warn of a fork beside any thread; the only ones here belong to BLAS and rest
            warnings.simplefilter("ignore", DeprecationWarning)
            with ProcessPoolExecutor(count, mp_context=get_context("fork"), initializer=_begin_worker) as processes:
                # children of other executors must live on
                known = set(active_children())
                try:
                    yield processes
                except BaseException:
                    # an interrupt that reaches this process alone would wait here for the work of all others
                    processes.shutdown(wait=False, cancel_futures=True)
                    own = set(active_children()) - known
                    for worker in own:
                        worker.terminate()
                    for worker in own:
                        worker.join()
                    raise


_M_ARENA_MAX = -8
"""Number of glibc's option for the most heaps (malloc.h)."""
_PR_SET_PDEATHSIG = 1
"""Number of Linux's option for the signal that a process gets when its parent ends (prctl.h)."""


def end_with_parent() -> None:
    """Have a worker end when the process that started it does, however that ends: else it would wait for work for ever.

    On Linux; elsewhere a worker whose parent was killed stays.
    """
    set_option = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _begin_worker() -> None:
    """Set what holds for a worker process."""
    # Ctrl-C ends a worker without a word: the process that started it says what there is to say
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
    # glibc gives each thread of a search a heap, which keeps what that thread has freed: 50 MB of a comparison
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        # one heap is shared by all threads: slower to allocate from, but what one frees the next one takes
        set_option(_M_ARENA_MAX, 1)
