"""The one decorator behind every compiled loop, so that options are decided in one place."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast, overload

import sirf._kernels.numba_loading  # noqa: F401  # isort: skip  # ahead of numba: it decides what numba loads

from numba import config, njit
from numba.core.caching import FunctionCache
from numba.core.event import Event, Listener, register

from sirf._kernels.first_run import CompilationClock

Function = TypeVar("Function", bound=Callable[..., Any])


COLLECTOR_THRESHOLDS = (50_000, 20, 20)
"""How seldom Python looks for unreachable objects while numba compiles: it makes a million that live until it is done."""


class _Compilation(Listener):
    """Hands numba's compile events to the clock of the first run; Python's collector of garbage rests meanwhile."""

    def __init__(self) -> None:
        self.clock = CompilationClock()
        self._depth = 0
        self._thresholds = gc.get_threshold()

    def on_start(self, event: Event) -> None:
        if self._depth == 0:
            self._thresholds = gc.get_threshold()
            # zero turns the collector off, which stays as it is
            if 0 < self._thresholds[0] < COLLECTOR_THRESHOLDS[0]:
                gc.set_threshold(*COLLECTOR_THRESHOLDS)
        self._depth += 1
        self.clock.begin()

    def on_end(self, event: Event) -> None:
        self.clock.end()
        self._depth -= 1
        if self._depth == 0:
            gc.set_threshold(*self._thresholds)


class _KernelCache(FunctionCache):
    """numba's cache on disk, loaded without its first step: to register all that numba compiles (0.1 s) is for a compilation."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature; None where there is none, and numba compiles it."""
        # kernels that make arrays take their memory from numba's runtime
        _RUNTIME.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def _runtime() -> Any:
    """What a kernel from the cache needs started, or None where numba has not the private names that `_KernelCache` leans on.

    They are alike from numba 0.60 to 0.68; a later release without them loads kernels its own way, 0.1 s slower.
    """
    if not all(hasattr(FunctionCache, name) for name in ("_load_overload", "_guard_against_spurious_io_errors")):
        return None
    try:
        return import_module("numba.core.runtime.nrt").rtsys
    except (ImportError, AttributeError):
        return None


def _dispatcher() -> Any:
    """What makes a kernel of a function: numba's own way where a release has not the inner names that the quick way takes."""
    # numba's own switch for plain Python in place of compiled code
    if getattr(config, "DISABLE_JIT", 0):
        return _numba_alone
    try:
        return import_module("sirf._kernels.linked_kernels").KernelDispatcher
    except ImportError:
        return _numba_alone


def _numba_alone(function: Callable[..., Any], *, compact: bool, **options: Any) -> Any:
    # how numba compiles is its own then, compact or not
    return njit(**options)(function)


_RUNTIME = _runtime()
_DISPATCHER = _dispatcher()
# numba has no public hook for this; its event listener is what its own timers use
register("numba:compile", _Compilation())  # type: ignore[no-untyped-call]


OPTIONS: dict[str, Any] = {
    "nogil": True,
    # a division by zero gives an infinity as in NumPy, and needs no branch that would keep a loop from becoming vectors
    "error_model": "numpy",
    # no kernel is called from C, and the entry that it would need takes a twentieth of the compilation
    "no_cfunc_wrapper": True,
}


@overload
def kernel(function: Function) -> Function: ...
@overload
def kernel(*, fastmath: bool = ..., compact: bool = ...) -> Callable[[Function], Function]: ...
def kernel(function: Function | None = None, *, fastmath: bool = False, compact: bool = False) -> Any:
    """Compile lazily, cache on disk, release the GIL, divide like NumPy. `fastmath` only with its reason beside it.

    With `compact` loops stay as they are written, which takes half the compilation: for kernels that seldom or briefly run
    and are called rather than put into their callers.
    Not together with `fastmath`, whose sums depend on how a loop is unrolled.

    The plain Python function stays reachable as `.py_func`.
    """

    def compiled(target: Function) -> Function:
        return _cached(target, _DISPATCHER(target, fastmath=fastmath, compact=compact, **OPTIONS))

    return compiled if function is None else compiled(function)


def inlined(function: Function) -> Function:
    """A kernel that is put into the kernel which calls it before compilation: for the few that a compiler would rather call.

    Most steps of a loop need no more than `kernel`. By itself it is compiled like any other.
    """
    return _cached(function, njit(inline="always", **OPTIONS)(function))


def _cached(function: Function, dispatcher: Any) -> Function:
    """A kernel whose compiled forms are kept on disk where there is a folder for them; else each process compiles anew.

    numba takes `NUMBA_CACHE_DIR`, else the folder of the module, else one below the user's home, whichever can be written.
    """
    # plain Python has nothing to keep
    if not hasattr(dispatcher, "enable_caching"):
        return cast(Function, dispatcher)
    # the error is how numba says that none can
    with suppress(RuntimeError):
        if _RUNTIME is not None and hasattr(dispatcher, "_cache"):
            dispatcher._cache = _KernelCache(function)  # type: ignore[no-untyped-call]
        else:
            dispatcher.enable_caching()
    return cast(Function, dispatcher)


def is_cached(function: Callable[..., Any]) -> bool:
    """Whether the cache on disk holds some form of a kernel that Python calls, so that no process need compile it first.

    What only other kernels call is stored with them.
    """
    folder = cache_folder(function)
    if folder is None:
        return False
    code = cast(Any, function).py_func.__code__
    # numba names its index files so: module.function-line.python-version.nbi
    name = f"{Path(code.co_filename).stem}.{code.co_name}-{code.co_firstlineno}.*.nbi"
    return any(folder.glob(name))


def cache_folder(function: Callable[..., Any]) -> Path | None:
    """Folder in which a kernel's compiled forms are kept; None where no folder can be written, and nothing is kept."""
    path = cast(Any, function).stats.cache_path
    return None if path is None else Path(path)
