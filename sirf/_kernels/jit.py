"""The one decorator behind every compiled loop, so that options are decided in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


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
