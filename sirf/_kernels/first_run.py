"""Who wants to know that kernels are being compiled, as they are on the first run: no pause without a word.

Known without numba, so that a command can ask before anything heavy is loaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 2.0
"""Seconds of compilation that pass without a word."""
INTERVAL = 5.0
"""Seconds from one word to the next."""

watchers: list[Callable[[float, int], None]] = []
"""Called with the seconds spent so far and the number of functions compiled."""


class Process:
    """What the process is there for: set before kernels load."""

    commands_only: bool = False
    """Whether nobody but sirf compiles with numba here, as where a command runs: none of its kernels multiplies matrices."""


class CompilationClock:
    """Adds up the time in which at least one function is being compiled, and tells the watchers now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._depth = 0
        self._since = 0.0
        self._spent = 0.0
        self._count = 0
        self._next = PATIENCE

    def begin(self) -> None:
        """One more function begins; those inside others run on the same clock."""
        if self._depth == 0:
            self._since = self._clock()
        self._depth += 1
        self._tell()

    def end(self) -> None:
        """The function begun last is done."""
        self._count += 1
        self._tell()
        self._depth -= 1
        if self._depth == 0:
            self._spent += self._clock() - self._since

    def _tell(self) -> None:
        spent = self._spent + self._clock() - self._since
        if spent < self._next:
            return
        self._next = spent + INTERVAL
        for watcher in watchers:
            watcher(spent, self._count)
