"""Kernels without text code: a slice assigned to a slice brings numba's code for its error message, `copy_row` does not."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numba import njit
from numba.core.event import install_listener
from numpy.typing import NDArray

from sirf._kernels.copying import copy_row
from tests.conftest import CompileListener

Real = NDArray[np.float64]


def by_slice(source: Real, target: Real) -> None:
    target[: len(source)] = source[:]


def test_the_ear_hears_the_text_code_of_a_slice_and_none_of_a_copied_row() -> None:
    source, target = np.arange(3.0), np.zeros(4)
    compiler: Any = njit
    plain_copy = cast("Any", copy_row).py_func
    with install_listener("numba:compile", loud := CompileListener("tests.")):
        compiler(by_slice)(source, target)
    with install_listener("numba:compile", quiet := CompileListener("sirf.")):
        compiler(plain_copy)(source, target)
    assert loud.text_code
    assert quiet.count
    assert not quiet.text_code
    assert list(target) == [0.0, 1.0, 2.0, 0.0]
