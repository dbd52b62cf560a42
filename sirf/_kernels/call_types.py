"""Types of calls of numbers, which numba works out anew for each of them: kept while kernels compile.

To type `a + b` numba tries each of its rules for a sum in turn, those of arrays, dates and text too, and words a message for each
that does not apply. A kernel has hundreds of such places, and each is typed in at least two rounds.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import types
from numba.core.compiler import Flags
from numba.core.targetconfig import ConfigStack


class SettledFlags(Flags):
    """Options of one compilation, which stay as they are: hashed once and not for each call that numba types."""

    __slots__ = ("_hash",)

    _hash: int | None

    def __init__(self, options: Flags) -> None:
        super().__init__(options)
        self._hash = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other or (isinstance(other, SettledFlags) and self._values == other._values):
            return True
        return bool(super().__eq__(other))


_KEYS = "_impl_keys"
"""Where a function type of numba notes its forms: a release that does so elsewhere types each call anew."""
_KEPT: dict[Flags, dict[tuple[int, ...], tuple[Any, ...]]] = {}
"""What was found, by the options that hold and then by function and arguments."""


@contextmanager
def kept_call_types(context: Any) -> Iterator[None]:
    """Have the typing `context` keep what it finds for functions of numbers, where a kernel compiles."""
    if "resolve_function_type" in vars(context):
        # a kernel within the compilation of another one
        yield
        return
    resolve = context.resolve_function_type

    def kept(function: Any, args: Any, kws: Any) -> Any:
        flags = ConfigStack.top_or_none()
        numbers = (
            isinstance(function, types.Function)
            and not kws
            and isinstance(flags, SettledFlags)
            and _KEYS in vars(function)
        )
        if not numbers or not all(isinstance(one, types.Number | types.Boolean) for one in args):
            return resolve(function, args, kws)
        found = _KEPT.setdefault(flags, {})
        # types of equal content are one object to numba as long as it lives, which the value here sees to
        key = (id(function), *map(id, args))
        if key not in found:
            signature = resolve(function, args, kws)
            found[key] = (signature, function.get_impl_key(signature), function, args)
        signature, implementation = found[key][:2]
        # the function's own note of which form its last typing has chosen: other options have other forms
        vars(function)[_KEYS][signature.args] = implementation
        return signature

    context.resolve_function_type = kept
    try:
        yield
    finally:
        del context.resolve_function_type
