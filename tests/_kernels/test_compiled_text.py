"""Kernels without text code: a slice assigned to a slice brings numba's code for its error message, `copy_row` does not."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numba import njit
from numba.core.event import install_listener
from numpy.typing import NDArray

from sirf._kernels.copying import copy_row
from tests.conftest import CompileListener, cached_text_code, kernels_of

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


MUTANT = """
import numpy as np
from sirf._kernels.jit import kernel


@kernel
def by_slice(source, target):
    target[: len(source)] = source[:]


@kernel
def calls_it(source, target):
    by_slice(source, target)
    return target.sum()


@kernel
def by_loop(source, target):
    for n in range(len(source)):
        target[n] = source[n]
"""


def test_text_code_is_found_in_the_cache_whichever_process_compiled_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mutant_kernels"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "copies.py").write_text(MUTANT)
    monkeypatch.syspath_prepend(tmp_path)
    kernels = kernels_of(import_module("mutant_kernels"))
    assert cached_text_code(kernels) == []
    call = "from mutant_kernels.copies import *; one, two = np.arange(3.0), np.zeros(4); calls_it(one, two); by_loop(one, two)"
    subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {call}"], check=True)
    # what only a kernel calls is stored with its caller
    assert cached_text_code(kernels) == ["mutant_kernels.copies.calls_it"]


def test_every_kernel_of_the_package_is_looked_through() -> None:
    package = import_module("sirf")
    decorated = [
        line
        for file in Path(package.__path__[0]).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith(("@kernel", "@inlined"))
    ]
    assert len(kernels_of(import_module("sirf._kernels"))) == len(decorated) > 100
