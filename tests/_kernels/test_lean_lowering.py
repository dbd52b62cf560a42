"""Loops, elements and parts of arrays in kernels hold to what Python and NumPy do with the same lines."""

from __future__ import annotations

import gc
import itertools
import sys
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.codegen import CPUCodeLibrary
from numba.core.event import Event, Listener, install_listener

from sirf._kernels.jit import OPTIONS, kernel

ENDS = (None, 0, 1, 3, 7, 9, -1, -3, -8, -12)
"""Ends of slices of seven elements, within and beyond either end."""


def never_on_disk(function: Any) -> Any:
    """A kernel that is compiled in every run."""
    made: Any = kernel(function)
    made._cache.disable()
    return made


def handed_over(function: Any, *arguments: Any) -> int:
    """Lines of code that LLVM is handed to compile a function for its arguments."""
    lines: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        add = CPUCodeLibrary.add_ir_module

        def counted(library: Any, module: Any) -> None:
            lines.append(str(module).count("\n"))
            add(library, module)  # type: ignore[no-untyped-call]

        patch.setattr(CPUCodeLibrary, "add_ir_module", counted)
        function(*arguments)
    return sum(lines)


def smoothed(values: Any, weights: Any, out: Any) -> None:
    for row in range(values.shape[0]):
        for k in range(1, len(values[row]) - 1):
            for j in range(weights.size):
                out[row, k] += weights[j] * values[row, k + j - 1]


def test_llvm_is_handed_less_than_by_numba() -> None:
    values, weights = np.arange(24.0).reshape(3, 8), np.array([0.25, 0.5, 0.25])
    found, expected = np.zeros_like(values), np.zeros_like(values)
    lines = handed_over(never_on_disk(smoothed), values, weights, found)
    assert lines < 0.7 * handed_over(njit(**OPTIONS)(smoothed), values, weights, expected)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(found[:, 1:-1], values[:, 1:-1])


def numbered(start: int, stop: int, out: Any) -> int:
    """Numbers of ranges of every kind, one after another, into `out`, and how many."""
    count = 0
    for i in range(stop):
        out[count] = i
        count += 1
    for i in range(start, stop):
        if i == 3:
            continue
        kept = i
        # the loop goes on with its own number
        i = 100
        out[count] = kept + i
        count += 1
    for i in range(start, stop, 3):
        for j in range(i):
            if j > 2:
                break
            out[count] = 10 * i + j
            count += 1
    for i in range(start, stop, -2):
        out[count] = i
        count += 1
    # what stays of a loop that may have no number
    i = -7
    for i in range(start, stop):
        out[count] = i
        count += 1
    out[count] = i
    count += 1
    # a step that only the run knows
    for i in range(start, stop, 1 + (stop > 4)):
        out[count] = i
        count += 1
    numbers = range(start, stop)
    for _ in range(2):
        for i in numbers:
            out[count] = i
            count += 1
    return count


NUMBERED = never_on_disk(numbered)


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 6), (2, 5), (5, 2), (-4, 3), (-2, -6), (7, 7)])
def test_loops_take_the_numbers_of_their_ranges(start: int, stop: int) -> None:
    found, expected = np.zeros(200, dtype=np.int64), np.zeros(200, dtype=np.int64)
    assert NUMBERED(start, stop, found) == numbered(start, stop, expected)
    np.testing.assert_array_equal(found, expected)


def last_numbers(first: int, out: Any) -> None:
    top = 9223372036854775807
    count = 0
    for i in range(first, top):
        out[count] = i
        count += 1
    for i in range(first, top, 3):
        out[count] = i
        count += 1
    for i in range(-first, -top - 1, -2):
        out[count] = i
        count += 1


def test_a_loop_ends_at_the_largest_whole_number() -> None:
    top, found = 2**63 - 1, np.zeros(10, dtype=np.int64)
    never_on_disk(last_numbers)(top - 4, found)
    expected = [*range(top - 4, top), *range(top - 4, top, 3), *range(4 - top, -top - 1, -2)]
    assert found.tolist() == [*expected, *[0] * (10 - len(expected))]


def elements(values: Any, row: int, column: int, out: Any) -> None:
    out[0] = values[row, column]
    out[1] = values[1, -1]
    out[2] = values[row][column]
    out[3] = values[np.uint8(2), column]
    out[-1] = values[row, column - 5]
    values[row, -2] = values[row, column]
    values[-1, column] = 3
    out[4] = values[0, 0]
    out[5] = values[row, 0]


def kinds_of_arrays() -> list[Any]:
    whole = np.arange(20, dtype=np.int64).reshape(4, 5)
    return [
        whole.copy(),
        np.asfortranarray(whole),
        np.arange(80, dtype=np.int64).reshape(8, 10)[::2, ::-2],
        whole.astype(np.float32),
        whole > 6,
        whole.astype(np.uint16),
        whole + 1j,
        # elements that are not on multiples of their size
        np.frombuffer(bytearray(b"\0" + whole.astype(np.float64).tobytes()), dtype=np.float64, offset=1).reshape(4, 5),
    ]


@pytest.mark.parametrize("values", kinds_of_arrays())
def test_elements_are_read_and_written_where_numpy_has_them(values: Any) -> None:
    compiled = never_on_disk(elements)
    for row, column in itertools.product((0, 2, -1, -4), (0, 4, -1, -5)):
        mine, theirs = values.copy(order="K"), values.copy(order="K")
        out, expected = np.zeros(8, dtype=values.dtype), np.zeros(8, dtype=values.dtype)
        compiled(mine, row, column % 5, out)
        elements(theirs, row, column % 5, expected)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(mine, theirs)


def parts(values: Any, start: int, stop: int, out: Any) -> Any:
    first = values[start:stop]
    second = values[1, start:]
    third = values[:stop, 2]
    fourth = values[start:stop, -4:-1]
    for part, total in ((0, first.sum()), (1, second.sum()), (2, third.sum()), (3, fourth.sum())):
        out[part] = total
    out[4], out[5], out[6] = first.shape[0], len(third), second.size
    out[7], out[8] = fourth.shape[1], fourth.size
    fourth[:] = 2
    first[:, 1] = 5
    values[-1, :stop] = start
    values[0] = 7
    third[:] = 4
    return second


@pytest.mark.parametrize(
    "values", [one for one in kinds_of_arrays() if one.dtype in (np.int64, np.float32, np.float64)]
)
def test_parts_of_arrays_are_those_that_numpy_takes(values: Any) -> None:
    compiled = never_on_disk(parts)
    for start, stop in itertools.product((0, 1, 3, 9, -1, -2, -9), repeat=2):
        mine, theirs = values.copy(order="K"), values.copy(order="K")
        out, expected = np.zeros(9), np.zeros(9)
        found, part = compiled(mine, start, stop, out), parts(theirs, start, stop, expected)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(found, part)
        assert found.strides == part.strides or part.size < 2


def clipped(values: Any, start: Any, stop: Any) -> Any:
    return values[start:stop]


def test_slices_are_clipped_as_those_of_python() -> None:
    compiled, values = never_on_disk(clipped), np.arange(7.0)
    for start, stop in itertools.product(ENDS, repeat=2):
        np.testing.assert_array_equal(compiled(values, start, stop), values[start:stop])


def changed(values: Any, size: int, other: Any) -> Any:
    # arguments that are given other values
    size += 1
    if size > 3:
        values = other
    kept = values
    values = values[1:]
    return kept, values, size


@pytest.mark.parametrize("size", [1, 5])
def test_what_a_kernel_returns_lives_on_and_nothing_else_does(size: int) -> None:
    compiled = never_on_disk(changed)
    values, other = np.arange(4.0), np.arange(4.0, 9.0)
    held = sys.getrefcount(values), sys.getrefcount(other)
    found = compiled(values, size, other)
    chosen = other if size > 2 else values
    np.testing.assert_array_equal(found[0], chosen)
    np.testing.assert_array_equal(found[1], chosen[1:])
    assert np.shares_memory(found[0], chosen)
    assert np.shares_memory(found[1], chosen)
    assert found[2] == size + 1
    assert sys.getrefcount(chosen) > held[0] + 1
    del found, chosen
    gc.collect()
    assert (sys.getrefcount(values), sys.getrefcount(other)) == held


def test_a_part_outlives_the_array_that_python_lets_go() -> None:
    part = never_on_disk(clipped)(np.arange(1000.0), 3, 7)
    gc.collect()
    # takes the memory that would have been let go
    others = [np.zeros(1000) for _ in range(10)]
    np.testing.assert_array_equal(part, np.arange(3.0, 7.0))
    assert len(others) == 10


def allocated(count: int) -> Any:
    rows = np.zeros((count, 3))
    row = rows[1]
    for k in range(count):
        # of each round only the last one lives on
        row = rows[k]
        rows = np.zeros((count, 3))
        rows[:] = k
    return row, rows


def test_parts_of_arrays_that_a_kernel_makes_hold_them() -> None:
    row, rows = never_on_disk(allocated)(4)
    gc.collect()
    np.testing.assert_array_equal(row, np.full(3, 2.0))
    np.testing.assert_array_equal(rows, np.full((4, 3), 3.0))


def reckoned(first: Any, second: Any) -> Any:
    return (
        first + second,
        first - second,
        first * second,
        first < second,
        first <= second,
        first > second,
        first >= second,
        first == second,
        first != second,
        first // second,
        first % second,
        first**2,
        max(first, second),
        min(second, first),
        max(first, second, first),
    )


NUMBERS = [
    *(7, -3, np.uint8(200), np.uint8(100), np.int32(2**31 - 1), np.uint64(5)),
    *(2.5, np.float32(0.1), np.nan, -0.0),
]
RECKONED, BY_NUMBA = never_on_disk(reckoned), njit(**OPTIONS)(reckoned)


@pytest.mark.parametrize("first", NUMBERS)
def test_numbers_are_reckoned_with_as_numba_does(first: Any) -> None:
    for second in NUMBERS:
        for one, other in zip(RECKONED(first, second), BY_NUMBA(first, second), strict=True):
            assert type(one) is type(other)
            np.testing.assert_array_equal(one, other)
            assert np.signbit(one) == np.signbit(other)


def product_and_ratio(first: Any, second: Any) -> Any:
    return first * second, first + second, first - second, first / second, first == second, abs(first)


def test_complex_numbers_are_reckoned_with_as_numba_does() -> None:
    first, second = 1.5 - 2j, -0.25 + 3j
    assert never_on_disk(product_and_ratio)(first, second) == njit(**OPTIONS)(product_and_ratio)(first, second)


def made(rows: int, columns: int) -> Any:
    return (
        np.zeros(rows),
        np.zeros((rows, columns), dtype=np.int32),
        np.ones(columns, np.complex128),
        np.ones((rows, columns, 2)),
        np.zeros((rows, 3), dtype=np.bool_),
        np.empty((columns, rows), np.float32),
        np.empty(rows, dtype=np.uint16),
    )


@pytest.mark.parametrize(("rows", "columns"), [(3, 4), (0, 5), (1, 1)])
def test_new_arrays_are_as_those_of_numpy(rows: int, columns: int) -> None:
    for place, (found, expected) in enumerate(zip(MADE(rows, columns), made(rows, columns), strict=True)):
        assert (found.dtype, found.shape, found.size) == (expected.dtype, expected.shape, expected.size)
        # of nothing they say nothing
        assert found.size == 0 or found.strides == expected.strides
        assert found.flags.c_contiguous
        assert found.flags.writeable
        if place < 5:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("rows", "columns"), [(-1, 3), (3, -1), (-2, -3), (2**40, 2**40), (2**62, 1)])
def test_no_array_has_a_size_that_there_is_not(rows: int, columns: int) -> None:
    with pytest.raises((ValueError, MemoryError)):
        MADE(rows, columns)


MADE = never_on_disk(made)


def test_new_arrays_and_larger_numbers_take_no_functions_of_numbas() -> None:
    def largest(count: int) -> float:
        values = np.zeros(count)
        values[0] = max(count, 3)
        return min(values[0], 7.0)  # type: ignore[no-any-return]

    with install_listener("numba:compile", listener := Compiled()):
        assert never_on_disk(largest)(5) == 5.0
    assert set(listener.names) == {"largest"}


class Compiled(Listener):
    """Names of what numba compiles."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_start(self, event: Event) -> None:
        self.names.append(event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: Event) -> None:
        pass


def whole_arrays(values: Any, other: Any) -> Any:
    pairs = np.array([values[0], other[0]])
    squares = [one * one for one in (1.0, 2.0)]
    total = -values * other + np.sqrt(values)
    total += 1.0
    return pairs, squares[1], total


def test_lists_and_expressions_of_whole_arrays_are_compiled_too() -> None:
    values, other = np.arange(4.0), np.arange(1.0, 5.0)
    found, expected = never_on_disk(whole_arrays)(values, other), whole_arrays(values, other)
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1] == 4.0
    np.testing.assert_array_equal(found[2], expected[2])
