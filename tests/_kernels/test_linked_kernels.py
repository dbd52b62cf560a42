"""Kernels that other kernels call: compiled once as part of their callers, and given an entry where Python calls them too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.event import Event, Listener, install_listener

from sirf._kernels.jit import kernel

KERNELS = """
from sirf._kernels.jit import kernel

@kernel
def squared(value):
    return value * value

@kernel
def sum_of_squares(first, second):
    return squared(first) + squared(second)

@kernel
def fourth_power(value):
    return squared(squared(value))
"""
PROGRAM = """
from kernels_of_a_test import fourth_power, squared, sum_of_squares

def found(one):
    return sum(one.stats.cache_hits.values()), sum(one.stats.cache_misses.values())

first_run = sum_of_squares(3.0, 4.0) == 25.0 and found(sum_of_squares) == (0, 1)
assert squared(5.0) == 25.0
# the second run compiles a kernel that calls one from disk
assert first_run or fourth_power(2.0) == 16.0
print(*found(sum_of_squares), *found(squared), *found(fourth_power))
"""


class PassListener(Listener):
    """Functions that numba has taken a pass over, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_start(self, event: Event) -> None:
        self.names.append(event.data["qualname"].split(".")[-1])

    def on_end(self, event: Event) -> None:
        pass


def never_on_disk(function: Any, *, compact: bool = False) -> Any:
    """A kernel that is compiled in every run."""
    made: Any = kernel(compact=compact)(function)
    made._cache.disable()
    return made


def tripled(value: float) -> float:
    return 3.0 * value


def compiled_by(call: Any) -> list[str]:
    """Functions whose source numba works on within a call, by name."""
    with install_listener("numba:run_pass", listener := PassListener()):
        call()
    return sorted(set(listener.names))


def test_a_step_has_no_machine_code_until_python_calls_it_and_is_not_compiled_again_for_that() -> None:
    step = never_on_disk(tripled)

    def whole(value: float) -> float:
        return step(value) + step(value + 1.0)  # type: ignore[no-any-return]

    caller = never_on_disk(whole)
    assert compiled_by(lambda: caller(2.0)) == ["tripled", "whole"]
    assert caller(2.0) == 15.0
    assert not step.overloads
    assert compiled_by(lambda: step(2.0)) == []
    assert step(2.0) == 6.0
    # other types than those that are linked
    assert compiled_by(lambda: step(2)) == ["tripled"]
    assert step(2) == 6


def test_a_kernel_that_python_called_first_is_linked_as_it_is() -> None:
    step = never_on_disk(tripled)
    assert step(2.0) == 6.0

    def whole(value: float) -> float:
        return step(value) + 1.0  # type: ignore[no-any-return]

    caller = never_on_disk(whole)
    assert compiled_by(lambda: caller(2.0)) == ["whole"]
    assert caller(2.0) == 7.0


def _calling(step: Any) -> Any:
    def whole(values: Any) -> float:
        return step(values, 3.0) + step(values, 7.0)  # type: ignore[no-any-return]

    return whole


def _code(compiled: Any) -> str:
    (form,) = compiled.overloads.values()
    return str(form.library.get_asm_str())


def shares(values: Any, factor: float) -> float:
    total = 0.0
    for value in values:
        total += value / factor
    return total


@pytest.mark.parametrize("compact", [False, True])
def test_code_does_not_hang_on_who_called_a_kernel_first(compact: bool) -> None:
    """Else last bits of what kernels compute would move from run to run, and random draws with them."""
    values, found = np.arange(5.0), []
    for python_first in (False, True):
        step = never_on_disk(shares, compact=compact)
        caller = never_on_disk(_calling(step))
        for one in (step, caller) if python_first else (caller, step):
            one(*((values, 3.0) if one is step else (values,)))
        # names of functions are numbered
        found.append([re.sub(r"\d+", "", _code(one)) for one in (step, caller)])
    assert found[0] == found[1]


def printed(program: str, folder: Path, *, runs: int) -> list[str]:
    """By each of several runs of a program with the modules in `folder`, where they keep their kernels."""
    found = os.pathsep.join([str(folder), *filter(None, sys.path)])
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": found}
    command = [sys.executable, "-c", program]
    return [
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout for _ in range(runs)
    ]


def test_a_linked_kernel_with_its_entry_is_loaded_from_disk_and_linked_again(tmp_path: Path) -> None:
    (tmp_path / "kernels_of_a_test.py").write_text(KERNELS, encoding="utf-8")
    said = printed(PROGRAM, tmp_path, runs=3)
    # hits and misses on disk of the caller, of what it links, and of another caller
    assert [text.split() for text in said] == [list("010100"), list("101001"), list("101010")]


ARRAYS = """
import numpy as np
from sirf._kernels.jit import kernel

@kernel
def zeros_and_ones(count):
    return np.zeros(count), np.ones(count)

@kernel
def sum_of_ones(count):
    return zeros_and_ones(count)[1].sum()
"""
ARRAYS_PROGRAM = """
from arrays_of_a_test import sum_of_ones, zeros_and_ones

print(sum_of_ones(3), [len(array) for array in zeros_and_ones(4)])
"""


def test_arrays_of_a_linked_kernel_reach_python_when_its_caller_was_loaded_first(tmp_path: Path) -> None:
    (tmp_path / "arrays_of_a_test.py").write_text(ARRAYS, encoding="utf-8")
    assert printed(ARRAYS_PROGRAM, tmp_path, runs=2) == ["3.0 [4, 4]\n"] * 2


def divided(values: Any, divisors: Any, result: Any) -> None:
    for i in range(values.size):
        result[i] = values[i] / divisors[i]


def test_loops_of_a_compact_kernel_stay_as_they_are_written() -> None:
    values, divisors = np.arange(1.0, 40.0), np.arange(3.0, 42.0)
    sizes = []
    for compact in (True, False):
        made, result = never_on_disk(divided, compact=compact), np.empty(values.size)
        made(values, divisors, result)
        assert np.array_equal(result, values / divisors)
        (form,) = made.overloads.values()
        sizes.append(len(form.library._get_compiled_object()))
    # forms on vector registers, and one more for what is left at their end
    assert sizes[0] < sizes[1]


def of_each(count: int) -> list[Any]:
    return [np.zeros(count)]


def test_what_an_entry_cannot_bring_from_a_caller_on_disk_is_refused() -> None:
    made = never_on_disk(of_each)
    with pytest.raises(TypeError, match="of_each must return numbers, arrays, or tuples of them"):
        made(3)
