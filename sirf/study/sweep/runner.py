"""`sirf.sweep`: the cases of a study on any executor, in batches, kept as they come."""

from __future__ import annotations

import json
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

from sirf.errors import SirfError
from sirf.execution import end_with_parent, one_algebra_thread
from sirf.study.sweep.case import Case, Evaluator
from sirf.study.sweep.results import Results
from sirf.study.sweep.store import Store
from sirf.study.sweep.study import Study

Batch: TypeAlias = tuple[int, int]
"""Cases from the first to before the second."""

MAX_TASKS = 4000
"""Batches of a study at most: a scheduler keeps every one of them in its books."""
BATCH_SECONDS = 2.0
"""A batch is about so long: far above what handing it over costs, short enough for progress and Ctrl-C."""
WAITING = 3
"""Batches handed over for each worker."""
SUSPECT = "worker process ended while it computed this case"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: cases done and in all, failures among them, cases a second, and seconds left (None at first)."""

    done: int
    total: int
    failed: int
    rate: float
    seconds_left: float | None


class SweepInterrupted(KeyboardInterrupt):
    """Ctrl-C during a sweep; `results` holds what was computed until then."""

    def __init__(self, results: Results) -> None:
        # no words of its own: the command line says what is left of the answer
        super().__init__()
        self.results = results


def sweep(
    study: Study,
    *,
    executor: Executor | None = None,
    results: str | Path = "results.jsonl",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Compute every case of `study` that `results` does not hold yet.

    Parameters
    ----------
    study
        What is asked; see `sirf.Study.from_toml`.
    executor
        Anything that follows `concurrent.futures.Executor`, for example `dask.distributed.Client(...).get_executor(pure=False)`;
        a pool of processes with one thread each by default. Its workers must see the study's files at the same place.
    results
        File to which cases are appended as they come; a run that was interrupted goes on from it.
    workers
        Processes of the default pool (all cores), or how many workers another executor has where it does not say.
    progress
        Called with a `Progress` after every batch.

    A case that fails is kept with its reason, and the study goes on. A worker that dies takes nothing with it: its batch is
    computed again by itself, and a case that ends its worker again is kept as failed. On Ctrl-C everything done is in the file
    and in the `results` of the `SweepInterrupted` that is raised. The same study gives the same cases and figures on any
    number of workers and after any interruption, bit for bit where workers load compiled kernels from numba's cache; a process
    that has compiled them itself may differ in the last digits.

    >>> sirf.sweep(sirf.Study.from_toml("study.toml"), results="results")  # doctest: +SKIP
    """
    file = Path(results)
    # none at all would wait for ever
    if workers is not None and workers < 1:
        raise SirfError(f"workers must be at least 1, got {workers}. Leave it out for all cores.")
    try:
        # the store is closed, and its lock given back, whatever happens
        with Store(file, study) as store, ExitStack() as stack:
            _fill(study, store, executor, workers, stack, progress)
    except KeyboardInterrupt:
        raise SweepInterrupted(Results.load(file)) from None
    return Results.load(file)


def _fill(
    study: Study,
    store: Store,
    executor: Executor | None,
    workers: int | None,
    stack: ExitStack,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Compute what the store lacks."""
    # what the file holds already is not computed again
    missing = _missing(store.done)
    if not missing:
        return
    # executors of others have processes of their own, whose caches are theirs
    if executor is None:
        _warm(study, missing[0][0])
    pool = _Pool(executor, workers, stack)
    try:
        _run(study, store, missing, pool, progress)
    except KeyboardInterrupt:
        pool.cancel()
        raise


def _missing(done: bytearray) -> list[Batch]:
    """Stretches of cases that are still to be computed."""
    found, at = [], 0
    # a byte a case, so that stretches are found by the bytes' own search
    while (start := done.find(0, at)) >= 0:
        stop = done.find(1, start)
        at = len(done) if stop < 0 else stop
        found.append((start, at))
    return found


def _warm(study: Study, case: int) -> None:
    """Compute one case in a process of its own, for its compiled kernels alone: once, before work is shared out.

    Code that was compiled in a process differs in its last bits from the same code loaded from numba's cache; so workers are
    to load it, all of them, and the process that compiled it keeps no case. A fork has loaded already what this process has.
    """
    with warnings.catch_warnings():
        # newer interpreters warn of a fork beside any thread; the only ones here belong to BLAS and rest
        warnings.simplefilter("ignore", DeprecationWarning)
        # as text, as the workers get it
        process = _context().Process(target=_compile, args=(_text(study), case), daemon=True)
        process.start()
    process.join()


def _compile(study: str, case: int) -> None:
    """Have the kernels of one case compiled; what is wrong with the case is for the worker to say that computes it."""
    # Ctrl-C ends it at once
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # a case that fails has compiled what it needs all the same
    with suppress(Exception):
        evaluate(study, case, case + 1)


def _context() -> Any:
    """How processes start: forked where that is possible, for what is loaded is shared."""
    return get_context("fork" if os.name == "posix" else "spawn")


def _text(study: Study) -> str:
    return json.dumps(study.to_dict(), sort_keys=True)


def evaluate(study: str, start: int, stop: int) -> list[Case]:
    """Cases of a study (as JSON) in a worker; files and nominal links are prepared once for each study and process."""
    # one thread of algebra a process: cores are shared out by cases
    with one_algebra_thread():
        return _evaluator(study).run(start, stop)


@lru_cache(maxsize=4)
def _evaluator(study: str) -> Evaluator:
    return Evaluator(Study.from_dict(json.loads(study)))


class _Pool:
    """An executor of the caller's, or processes of our own that are started anew when one dies."""

    def __init__(self, executor: Executor | None, workers: int | None, stack: ExitStack) -> None:
        self._own, self._stack = executor is None, stack
        self.workers = workers or _workers_of(executor)
        self._executor = executor if executor is not None else self._fresh()

    def submit(self, study: str, batch: Batch) -> Future[list[Case]]:
        # cases are told apart by their numbers, so no two calls are equal
        return self._executor.submit(evaluate, study, *batch)

    def renew(self) -> None:
        """After a worker of ours has died: a pool that broke takes no more work."""
        # an executor of the caller's mends itself
        if self._own:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._fresh()

    def cancel(self) -> None:
        """Drop what has not begun."""
        if self._own:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _fresh(self) -> Executor:
        pool = ProcessPoolExecutor(self.workers, mp_context=_context(), initializer=_begin_worker)
        return self._stack.enter_context(_closed(pool))


@contextmanager
def _closed(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to handle, and a parent that was killed hands out no more work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _workers_of(executor: Executor | None) -> int:
    """How many workers an executor has; 1 where it does not say."""
    if executor is None:
        return os.cpu_count() or 1
    # dask's, by its client
    client: Any = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        return max(int(sum(client.nthreads().values())), 1)
    return int(getattr(executor, "_max_workers", 1) or 1)


def _run(
    study: Study, store: Store, missing: list[Batch], pool: _Pool, progress: Callable[[Progress], None] | None
) -> None:
    text = _text(study)
    plan = _Plan(missing, pool.workers)
    failed, began, total = 0, time.monotonic(), study.cases
    before = total - plan.left
    waiting: dict[Future[list[Case]], Batch] = {}
    while waiting or plan.left:
        # a few batches for each worker: none waits for the parent
        while plan.left and len(waiting) < plan.most_waiting:
            batch = plan.next()
            waiting[pool.submit(text, batch)] = batch
        ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
        dead = False
        for future in ready:
            batch = waiting.pop(future)
            error = future.exception()
            if error is None:
                # in the order in which they end: the file holds numbers, not an order
                cases = future.result()
            elif _is_dead_worker(error):
                dead = dead or isinstance(error, BrokenProcessPool)
                # nobody knows yet which case has ended it
                cases = plan.lost(batch, study)
            else:
                raise error
            store.add(cases)
            plan.learn(cases)
            failed += sum(case.failed for case in cases)
        if dead:
            # a pool that broke gives every batch back, and takes no more
            for batch in waiting.values():
                plan.lost(batch, study, innocent=True)
            waiting = {}
            pool.renew()
        if progress is not None:
            done = total - plan.left - sum(stop - start for start, stop in waiting.values())
            rate = (done - before) / max(time.monotonic() - began, 1e-9)
            progress(Progress(done, total, failed, rate, (total - done) / rate if rate > 0 else None))


def _is_dead_worker(error: BaseException) -> bool:
    """Whether a worker died under the batch: a broken pool of ours, or a distributed scheduler that has given up on it."""
    # by name, for distributed need not be installed
    return isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker"


class _Plan:
    """What is still to be handed over, in batches whose size follows from how long cases take.

    Batches that were lost with a worker are suspects: they run alone, so that the next death is theirs, and are halved until
    the case that ends workers stands by itself.
    """

    def __init__(self, missing: list[Batch], workers: int) -> None:
        self._stretches = deque(missing)
        self._suspects: deque[Batch] = deque()
        self._alone = False
        self._workers = workers
        self._seconds = 0.0
        self.left = sum(stop - start for start, stop in missing)
        # so that no scheduler keeps more than MAX_TASKS
        self._least = max(1, -(-self.left // MAX_TASKS))

    @property
    def most_waiting(self) -> int:
        """Batches that may be handed over at a time."""
        # suspects one by one: the next death is theirs
        return 1 if self._suspects or self._alone else WAITING * self._workers

    def next(self) -> Batch:
        """The next batch."""
        self._alone = bool(self._suspects)
        if self._suspects:
            start, end = self._suspects.popleft()
        else:
            start, stop = self._stretches.popleft()
            end = min(stop, start + self._size())
            if end < stop:
                self._stretches.appendleft((end, stop))
        # what is handed over is no longer left
        self.left -= end - start
        return start, end

    def learn(self, cases: list[Case]) -> None:
        """Follow the time that cases take."""
        if cases:
            mean = sum(case.seconds for case in cases) / len(cases)
            # a sliding mean: cases of one end of a grid take longer than those of the other
            self._seconds = mean if self._seconds == 0.0 else 0.8 * self._seconds + 0.2 * mean

    def lost(self, batch: Batch, study: Study, *, innocent: bool = False) -> list[Case]:
        """Plan a lost batch again; a single case that was alone when its worker died is returned as failed."""
        start, stop = batch
        alone = self._alone and not innocent
        if alone and stop - start == 1:
            # found: this case ends workers
            return [Case(start, study.point(start), None, SUSPECT, 0.0)]
        middle = (start + stop) // 2
        parts = [(start, middle), (middle, stop)] if alone else [batch]
        # in front of all others, in their order
        self._suspects.extendleft(reversed(parts))
        self.left += stop - start
        return []

    def _size(self) -> int:
        if self._seconds == 0.0:
            # the first batches tell how long cases take
            return self._least
        # near the end smaller batches, so that all workers end together
        even = -(-self.left // (2 * self._workers))
        return max(self._least, min(int(BATCH_SECONDS / max(self._seconds, 1e-6)), even), 1)
