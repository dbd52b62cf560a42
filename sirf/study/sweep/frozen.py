"""Changed copies of nested frozen values: `replaced` by a dotted place, `mapped` by the type of a part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, cast

import numpy as np

from sirf.errors import ConfigError, shown

_LEAVES = frozenset({float, int, str, bool, type(None), np.ndarray})
"""Types without parts, which most fields have: they need no second look."""


def get(value: Any, place: str) -> Any:
    """What stands at a dotted place such as "receiver.tia.noise"; a number counts items of a tuple from 0.

    >>> get(complex(1, 2), "imag")
    2.0
    """
    for part in place.split("."):
        value = _step(value, part, place)
    return value


def replaced(value: Any, place: str, new: object) -> Any:
    """A copy of a frozen value with what stands at a dotted place replaced; its own checks run on the way up.

    Raises `ConfigError` for a place that is not there.
    """
    first, _, rest = place.partition(".")
    old = _step(value, first, place)
    inner = replaced(old, rest, new) if rest else new
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        items = list(value)
        items[int(first)] = inner
        return tuple(items)
    changes: dict[str, Any] = {first: inner}
    return dataclasses.replace(value, **changes)


def mapped(value: Any, kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Any:
    """A copy in which every part of type `kind`, however deep in dataclasses and tuples, is `change` of it.

    The value itself where no part is of that type, or none changes.
    """
    if isinstance(value, kind):
        return change(value)
    # exactly a tuple: a named one has no parts here
    if type(value) is tuple:
        items = tuple(_mapped_item(item, kind, change) for item in value)
        # the object itself where nothing has changed: caches go by identity and by value
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    changes = {}
    for name in _field_names(cast("Hashable", type(value))):
        old = getattr(value, name)
        if type(old) in _LEAVES and not isinstance(old, kind):
            continue
        new = mapped(old, kind, change)
        if new is not old:
            changes[name] = new
    # its own checks run again
    return dataclasses.replace(value, **changes) if changes else value


def _mapped_item(value: Any, kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Any:
    """`mapped` of one item of a tuple; items that hold no such part are remembered, for most segments of a path never change.

    By identity: a frozen value stays what it is, and one that is remembered stays alive, so that no other can take its place.
    """
    if type(value) in _LEAVES and not isinstance(value, kind):
        return value
    key = (id(value), kind)
    if key in _BARREN:
        return value
    new = mapped(value, kind, change)
    if new is value and not found(value, kind):
        # emptied as a whole: which are asked for next nobody knows
        if len(_BARREN) >= MOST_BARREN:
            _BARREN.clear()
        _BARREN[key] = value
    return new


MOST_BARREN = 512
"""Values without parts of a kind that are remembered."""
_BARREN: dict[tuple[int, type | tuple[type, ...]], Any] = {}


def found(value: object, kind: type | tuple[type, ...]) -> list[Any]:
    """Every part of type `kind`, outermost first."""
    if isinstance(value, kind):
        return [value]
    inside = (
        value
        if type(value) is tuple
        else tuple(getattr(value, name) for name in _field_names(cast("Hashable", type(value))))
    )
    return [part for one in inside if type(one) not in _LEAVES or isinstance(one, kind) for part in found(one, kind)]


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Names of the fields that make a value of a dataclass; none for other types."""
    if not dataclasses.is_dataclass(kind):
        return ()
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def _step(value: Any, part: str, place: str) -> Any:
    if isinstance(value, tuple) and part.isdigit():
        if int(part) >= len(value):
            raise ConfigError(
                f"place {place} must exist, got {len(value)} items where {part} is asked for. Count from 0."
            )
        return value[int(part)]
    # private fields are no part of a study's language
    if part.startswith("_") or not hasattr(value, part):
        known = [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
        raise ConfigError(
            f"place {place} must exist, got {shown(part)} in {type(value).__name__}. "
            f"Name one of {', '.join(known) or 'nothing: it has no parts'}."
        )
    return getattr(value, part)
