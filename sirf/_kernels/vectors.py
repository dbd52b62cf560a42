"""Eight numbers of single precision as one value of a kernel: for loops that a compiler does not turn into vectors by itself.

Where several places of one array are read and written in turn, a compiler has to ask before every loop whether they overlap, and
gives up where they are many. What is loaded, added and stored as a vector here is one on any machine: where registers are
shorter, the compiler takes two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from sirf._kernels.jit import kernel

# by name: neither tells a type checker what it holds
_extending: Any = import_module("numba.extending")
_types: Any = import_module("numba.core.types")
_llvm: Any = import_module("llvmlite.ir")

LANES = 8
"""Numbers of a vector."""

Vector: TypeAlias = Any
"""A vector, of which Python has no kind."""

_REGISTER = _llvm.VectorType(_llvm.FloatType(), LANES)
# a product and a sum may become one instruction, rounded once
_FLAGS = ("contract",)


class VectorType(_types.Type):  # type: ignore[misc]  # of a kind that is not typed
    """What numba takes a vector for."""

    def __init__(self) -> None:
        super().__init__(name="eight_singles")


_VECTOR = VectorType()


class _VectorModel(_extending.models.PrimitiveModel):  # type: ignore[misc]  # of a kind that is not typed
    def __init__(self, manager: Any, front_end_type: Any) -> None:
        super().__init__(manager, front_end_type, _REGISTER)


_extending.register_model(VectorType)(_VectorModel)


def _arithmetic(operation: Callable[[Any, Any], Any], instruction: str) -> None:
    """Have kernels take `operation` of two vectors for an `instruction`."""

    def type_of(context: Any) -> Any:
        def typer(one: Any, other: Any) -> Any:
            return _VECTOR if isinstance(one, VectorType) and isinstance(other, VectorType) else None

        return typer

    def lower(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return getattr(builder, instruction)(*given, flags=_FLAGS)

    _extending.type_callable(operation)(type_of)
    _extending.lower_builtin(operation, VectorType, VectorType)(lower)


for _operation, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _arithmetic(_operation, _instruction)


def _filled(context: Any, value: Any) -> Any:
    """A vector of one `value` (float32) in all lanes."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        nothing, first = _llvm.Constant(_REGISTER, _llvm.Undefined), _llvm.Constant(_llvm.IntType(32), 0)
        one = builder.insert_element(nothing, given[0], first)
        return builder.shuffle_vector(one, one, _places([0] * LANES))

    return _VECTOR(_types.float32), generate


def _load(context: Any, array: Any, first: Any) -> Any:
    """Elements `first` … of a contiguous `array` of float32."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(_address(context, builder, signature, given), align=4)

    return _VECTOR(array, _types.intp), generate


def _store(context: Any, array: Any, first: Any, vector: Any) -> Any:
    """Put a `vector` into elements `first` … of a contiguous `array` of float32."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _address(context, builder, signature, given), align=4)
        return context.get_dummy_value()

    return _types.void(array, _types.intp, _VECTOR), generate


def _address(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, given[0]).data
    return builder.bitcast(builder.gep(data, [given[1]]), _REGISTER.as_pointer())


def _places(numbers: list[int]) -> Any:
    return _llvm.Constant(_llvm.VectorType(_llvm.IntType(32), len(numbers)), numbers)


def _picked(*numbers: int) -> Any:
    """What picks lanes of two vectors, those of the second counted on from the first's."""

    def pick(context: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            return builder.shuffle_vector(*given, _places(list(numbers)))

        return _VECTOR(_VECTOR, _VECTOR), generate

    return _extending.intrinsic(pick)


filled, load, store = _extending.intrinsic(_filled), _extending.intrinsic(_load), _extending.intrinsic(_store)
_lower_ones, _upper_ones = _picked(0, 8, 1, 9, 4, 12, 5, 13), _picked(2, 10, 3, 11, 6, 14, 7, 15)
_lower_twos, _upper_twos = _picked(0, 1, 8, 9, 4, 5, 12, 13), _picked(2, 3, 10, 11, 6, 7, 14, 15)
_lower_half, _upper_half = _picked(0, 1, 2, 3, 8, 9, 10, 11), _picked(4, 5, 6, 7, 12, 13, 14, 15)

# of sixteen numbers: lanes of even numbers, and the others
evens, odds = _picked(0, 2, 4, 6, 8, 10, 12, 14), _picked(1, 3, 5, 7, 9, 11, 13, 15)
_last_first = _picked(7, 6, 5, 4, 3, 2, 1, 0)


Eight: TypeAlias = tuple[Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector]


@kernel
def transposed(rows: Eight) -> Eight:
    """Eight vectors: lane i of the first, the second, … holds lane 0, 1, … of vector i of `rows`."""
    a, b, c, d, e, f, g, h = rows
    # pairs, then fours, then eights
    ab, cd, ef, gh = _lower_ones(a, b), _lower_ones(c, d), _lower_ones(e, f), _lower_ones(g, h)
    ba, dc, fe, hg = _upper_ones(a, b), _upper_ones(c, d), _upper_ones(e, f), _upper_ones(g, h)
    p0, p1, p2, p3 = _lower_twos(ab, cd), _upper_twos(ab, cd), _lower_twos(ba, dc), _upper_twos(ba, dc)
    q0, q1, q2, q3 = _lower_twos(ef, gh), _upper_twos(ef, gh), _lower_twos(fe, hg), _upper_twos(fe, hg)
    first = (_lower_half(p0, q0), _lower_half(p1, q1), _lower_half(p2, q2), _lower_half(p3, q3))
    second = (_upper_half(p0, q0), _upper_half(p1, q1), _upper_half(p2, q2), _upper_half(p3, q3))
    return first + second


@kernel
def spliced(even: Vector, odd: Vector) -> tuple[Vector, Vector]:
    """Sixteen numbers, lanes of both vectors in turn: `evens` and `odds` undo it."""
    lower, upper = _lower_ones(even, odd), _upper_ones(even, odd)
    return _lower_half(lower, upper), _upper_half(lower, upper)


@kernel
def backwards(vector: Vector) -> Vector:
    """The lanes in the opposite order."""
    return _last_first(vector, vector)
