"""The same question to many cases at once, on any executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from typing import TypeVar

from sirf.execution import one_algebra_thread

Case = TypeVar("Case")
Answer = TypeVar("Answer")
Progress = Callable[[str, int, int], None]
"""Called with what was done last, how many are done, how many there are."""


def each(
    ask: Callable[[Case], Answer],
    cases: Sequence[Case],
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    name: Callable[[Case], str] = str,
) -> list[Answer]:
    """Answers in the order of the cases; threads by default, for the kernels release the interpreter's lock.

    `ask` and the cases must pickle for an executor of processes. The first error ends it all.
    """
    # threads: the kernels release the lock; linear algebra gets one thread in each, or they would fight for the cores
    if executor is None:
        with one_algebra_thread(), ThreadPoolExecutor(max(min(len(cases), os.cpu_count() or 1), 1)) as pool:
            return each(ask, cases, executor=pool, progress=progress, name=name)
    # in no order: the progress moves with what ends first
    pending = {executor.submit(ask, case): index for index, case in enumerate(cases)}
    answers: dict[int, Answer] = {}
    try:
        for done in as_completed(pending):
            answers[pending[done]] = done.result()
            if progress is not None:
                progress(name(cases[pending[done]]), len(answers), len(cases))
    except BaseException:
        # what has not begun need not be waited for
        for future in pending:
            future.cancel()
        raise
    return [answers[index] for index in range(len(cases))]
