"""Calls and operations in kernels that are written out where they stand.

Empty arrays, zeros, ones, and the larger and smaller of numbers, for which numba compiles a function of its own of each type;
operations on two numbers, for which it tries rule after rule.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.core.typing.templates import signature

NO_SIZE = "array dimensions must be 0 or more and fit into memory together, got others. Check the sizes that the kernel is given."
ARRAYS: tuple[Any, ...] = (np.empty, np.zeros, np.ones)
LIMITS: Mapping[object, str] = {max: ">", min: "<"}
ARITHMETIC = {
    operator.add: "add",
    operator.iadd: "add",
    operator.sub: "sub",
    operator.isub: "sub",
    operator.mul: "mul",
    operator.imul: "mul",
}
COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}
PARTS = {"meminfo": 0, "parent": 1, "nitems": 2, "itemsize": 3, "data": 4, "shape": 5, "strides": 6}
"""Where an array's record, as its argument of a function, has its parts."""


def written_signature(function: Any, args: Sequence[Any], kws: Mapping[str, Any]) -> Any:
    """Types of a call that is written out; None for one that numba sees to."""
    made = getattr(function, "typing_key", None) if isinstance(function, types.Function) else None
    if made in LIMITS and not kws:
        kinds: Any = {types.unliteral(one) for one in args}
        if len(args) > 1 and len(kinds) == 1 and isinstance(kind := kinds.pop(), types.Integer | types.Float):
            return signature(kind, *[kind] * len(args))
    if made in ARRAYS and 0 < len(args) + len(kws) <= 2 and not set(kws) - {"dtype"} and args:
        element = _element(*args[1:], *kws.values())
        sizes = _sizes(args[0])
        if element is not None and sizes:
            return signature(types.Array(element, len(sizes), "C"), *args, *kws.values())
    return None


def _element(kind: Any = types.float64) -> Any:
    """The type of an array's elements by what is given as such."""
    if isinstance(kind, types.NumberClass):
        return kind.instance_type
    return kind if kind is types.float64 else None


def _sizes(kind: Any) -> list[Any]:
    """Types of an array's sizes; none where they are something else than whole numbers."""
    kinds: Any = kind if isinstance(kind, types.BaseTuple) else [kind]
    return list(kinds) if all(_is_signed(one) for one in kinds) else []


def write_call(lower: Any, kind: Any, expr: Any) -> Any:
    """The value of a call that is written out, of the type `kind`; None for one that numba sees to."""
    function = lower.typeof(expr.func.name)
    if expr.vararg or not isinstance(function, types.Function):
        return None
    args = [lower.typeof(one.name) for one in expr.args]
    kws = {name: lower.typeof(one.name) for name, one in expr.kws}
    found = written_signature(function, args, kws)
    if found is None:
        return None
    context, builder = lower.context, lower.builder
    values = [lower.loadvar(one.name) for one in expr.args]
    if function.typing_key in LIMITS:
        sign = LIMITS[function.typing_key]
        numbers = [
            context.cast(builder, value, own, found.return_type) for value, own in zip(values, args, strict=True)
        ]
        return context.cast(builder, _limit(builder, found.return_type, sign, numbers), found.return_type, kind)
    parts = [values[0]]
    if isinstance(args[0], types.BaseTuple):
        parts = [builder.extract_value(values[0], axis) for axis in range(len(args[0]))]
    sizes = [context.cast(builder, one, own, types.intp) for one, own in zip(parts, _sizes(args[0]), strict=True)]
    return _array(context, builder, found.return_type, sizes, function.typing_key)


def _limit(builder: Any, kind: Any, sign: str, numbers: list[Any]) -> Any:
    compared: Callable[..., Any] = builder.fcmp_ordered
    if not isinstance(kind, types.Float):
        compared = builder.icmp_signed if kind.signed else builder.icmp_unsigned
    # as in Python: the first one stays unless a later one is beyond it
    return reduce(lambda best, one: builder.select(compared(sign, one, best), one, best), numbers)


def _array(context: Any, builder: Any, kind: Any, sizes: list[Any], filled: Any) -> Any:
    """The record of a new array by rows."""
    whole = sizes[0].type
    bytes_each = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    count, wrong, strides = sizes[0], builder.icmp_signed("<", sizes[0], whole(0)), [bytes_each]
    for size in sizes[1:]:
        product = builder.smul_with_overflow(count, size)
        count, wrong = builder.extract_value(product, 0), builder.or_(wrong, builder.extract_value(product, 1))
        wrong = builder.or_(wrong, builder.icmp_signed("<", size, whole(0)))
    for size in reversed(sizes[1:]):
        strides.insert(0, builder.mul(strides[0], size))
    product = builder.smul_with_overflow(count, bytes_each)
    total, wrong = builder.extract_value(product, 0), builder.or_(wrong, builder.extract_value(product, 1))
    with builder.if_then(wrong, likely=False):
        context.call_conv.return_user_exc(builder, ValueError, (NO_SIZE,))
    owner = context.nrt.meminfo_alloc_aligned(builder, total, context.get_preferred_array_alignment(kind.dtype))
    data = context.nrt.meminfo_data(builder, owner)
    if filled is np.zeros:
        cgutils.memset(builder, data, total, 0)
    data = builder.bitcast(data, context.get_data_type(kind.dtype).as_pointer())
    if filled is np.ones:
        one = context.cast(builder, context.get_constant(types.intp, 1), types.intp, kind.dtype)
        with cgutils.for_range(builder, count) as loop:
            context.pack_value(builder, kind.dtype, one, builder.gep(data, [loop.index]))
    return record(context, builder, kind, owner=owner, data=data, lengths=sizes, strides=strides, item=bytes_each)


def record(
    context: Any,
    builder: Any,
    kind: Any,
    *,
    owner: Any,
    data: Any,
    lengths: Sequence[Any],
    strides: Sequence[Any],
    item: Any,
    parent: Any = None,
) -> Any:
    """An array of its parts; one that is no part of an array of Python's has no parent."""
    made = context.get_constant_null(kind)
    parts = {"meminfo": owner, "data": data, "itemsize": item}
    parts["nitems"] = reduce(lambda count, length: builder.mul(count, length, flags=["nsw"]), lengths)
    if parent is not None:
        parts["parent"] = parent
    for name, value in parts.items():
        made = builder.insert_value(made, value, PARTS[name])
    for name, values in (("shape", lengths), ("strides", strides)):
        for axis, value in enumerate(values):
            made = builder.insert_value(made, value, [PARTS[name], axis])
    return made


def _is_signed(kind: Any) -> bool:
    return isinstance(kind, types.Integer) and bool(kind.signed)  # type: ignore[attr-defined]


def write_operation(lower: Any, kind: Any, expr: Any, op: Any) -> Any:
    """The value of an operation on two numbers, of the type `kind`; None for another one, which numba sees to."""
    called = lower.fndesc.calltypes[expr]
    kinds = called.args
    # numba has forms of their own for powers of constants
    if op in (operator.pow, operator.ipow) or not all(isinstance(one, types.Number | types.Boolean) for one in kinds):
        return None
    context, builder, typing = lower.context, lower.builder, lower.context.typing_context
    values = [lower._cast_var(one, own) for one, own in zip((expr.lhs, expr.rhs), kinds, strict=True)]
    result = _operation(builder, op, (*kinds, called.return_type), values)
    if result is None:
        function = typing.resolve_value_type(op)
        result = context.get_function(function, typing.resolve_function_type(function, kinds, {}))(builder, values)
    return context.cast(builder, result, called.return_type, kind)


def _operation(builder: Any, op: Any, kinds: tuple[Any, Any, Any], values: list[Any]) -> Any:
    """An operation on two numbers of one type, written as numba writes it; None for others."""
    kind: Any = kinds[0]
    real = isinstance(kind, types.Float)
    if kinds[1] != kind or isinstance(kind, types.Literal) or not (real or isinstance(kind, types.Integer)):
        return None
    # small whole numbers are summed as large ones
    if op in ARITHMETIC and kinds[2] == kind:
        if real:
            return getattr(builder, "f" + ARITHMETIC[op])(*values)
        return getattr(builder, ARITHMETIC[op])(*values, flags=["nsw"] if kind.signed else [])
    if op not in COMPARISONS:
        return None
    if real:
        # what is no number is unlike all
        compared = builder.fcmp_unordered if op is operator.ne else builder.fcmp_ordered
    else:
        compared = builder.icmp_signed if kind.signed else builder.icmp_unsigned
    return compared(COMPARISONS[op], *values)
