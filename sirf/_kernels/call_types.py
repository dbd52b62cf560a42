"""Types of calls of numbers and arrays, which numba works out anew for each of them: kept while kernels compile.

To type `a + b` numba tries each of its rules for a sum in turn, those of arrays, dates and text too, and words a message for each
that does not apply. A kernel has hundreds of such places, and each is typed in at least two rounds.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from numba.core import types
from numba.core.compiler import Flags
from numba.core.targetconfig import ConfigStack

from sirf._kernels.lean_calls import written_signature

_CONTENTS: list[dict[str, Any]] = []
"""All that options have been, each once."""


class SettledFlags(Flags):
    """Options of one compilation, which stay as they are: compared as one object and not value by value.

    numba looks up by them for each call that it types, and all have one hash.
    """

    __slots__ = ("_content",)

    _content: dict[str, Any]

    def __init__(self, options: Flags) -> None:
        super().__init__(options)
        content = self.values()
        if content not in _CONTENTS:
            _CONTENTS.append(content)
        self._content = _CONTENTS[_CONTENTS.index(content)]

    def __hash__(self) -> int:
        return _HASH

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SettledFlags):
            return self._content is other._content
        return bool(super().__eq__(other))


_HASH = hash(Flags())
PLAIN = (types.Number, types.Boolean, types.Array, types.SliceType, types.RangeType, types.NoneType, types.NumberClass)
"""Types that stay as they are while a kernel is typed, where a list has no type until something is put into it."""
_KEYS = "_impl_keys"
"""Where a function type of numba notes its forms: a release that does so elsewhere types each call anew."""
_KEPT: dict[Flags, dict[tuple[int, ...], tuple[Any, ...]]] = {}
"""What was found, by the options that hold and then by function and arguments."""


@cache
def _is_plain_class(kind: type) -> bool:
    return issubclass(kind, PLAIN)


def _is_plain(kind: Any) -> bool:
    # by class: numba's types are abstract classes, of which Python asks twice as long
    return _is_plain_class(type(kind))  # type: ignore[arg-type]


@contextmanager
def kept_call_types(context: Any) -> Iterator[None]:
    """Have the typing `context` keep what it finds for functions of numbers and arrays, where a kernel compiles."""
    if "resolve_function_type" in vars(context):
        # a kernel within the compilation of another one
        yield
        return
    resolve = context.resolve_function_type

    def kept(function: Any, args: Any, kws: Any) -> Any:
        flags = ConfigStack.top_or_none()
        # what numba compiles of its own meanwhile goes by other options
        in_kernel = isinstance(flags, SettledFlags)
        if in_kernel and (written := written_signature(function, args, kws)) is not None:
            return written
        keeps = isinstance(function, types.Function) and not kws and in_kernel and _KEYS in vars(function)
        if not keeps or not all(map(_is_plain, args)):
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
