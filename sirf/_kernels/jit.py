"""The one decorator behind every compiled loop, so that options are decided in one place."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast, overload

from numba import njit
from numba.core.event import Event, Listener, register

from sirf._kernels.first_run import CompilationClock, Process

Function = TypeVar("Function", bound=Callable[..., Any])


class _Compilation(Listener):
    """Hands numba's compile events to the clock of the first run."""

    def __init__(self) -> None:
        self.clock = CompilationClock()

    def on_start(self, event: Event) -> None:
        self.clock.begin()

    def on_end(self, event: Event) -> None:
        self.clock.end()


def _load_without_blas() -> None:
    """Load numba's arrays with the BLAS of SciPy hidden, which numba takes 0.25 s to load only to know that it is there."""
    blas = "scipy.linalg.cython_blas"
    if blas in sys.modules:
        return
    sys.modules[blas] = None  # type: ignore[assignment]  # an import of it fails, says the language reference
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules[blas]


if Process.commands_only:
    _load_without_blas()
# numba has no public hook for this; its event listener is what its own timers use
register("numba:compile", _Compilation())  # type: ignore[no-untyped-call]


@overload
def kernel(function: Function) -> Function: ...
@overload
def kernel(*, fastmath: bool = ...) -> Callable[[Function], Function]: ...
def kernel(function: Function | None = None, *, fastmath: bool = False) -> Any:
    """Compile lazily, cache on disk, release the GIL, divide like NumPy. `fastmath` only with its reason beside it.

    The plain Python function stays reachable as `.py_func`.
    """

    def compiled(target: Function) -> Function:
        return cast(Function, njit(cache=True, nogil=True, error_model="numpy", fastmath=fastmath)(target))

    return compiled if function is None else compiled(function)


def inlined(function: Function) -> Function:
    """A kernel that is put into the kernel which calls it before compilation: for the few that a compiler would rather call.

    Most steps of a loop need no more than `kernel`. By itself it is compiled like any other.
    """
    return cast(Function, njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))


def is_cached(function: Callable[..., Any]) -> bool:
    """Whether the cache on disk holds some form of a kernel, so that no process need compile it first."""
    code = cast(Any, function).py_func.__code__
    name = f"{Path(code.co_filename).stem}.{code.co_name}-{code.co_firstlineno}.*.nbi"
    return any(Path(cast(Any, function).stats.cache_path).glob(name))
