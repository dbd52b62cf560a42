"""Shared fixtures: the reference folder, found through SIRF_REFERENCE_DIR, files read once, an ear on what numba compiles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest
from filelock import FileLock
from numba.core.event import Event, Listener, install_listener

from benchmarks.main_job import PRINTED, MainJob, run_main_job

VARIABLE = "SIRF_REFERENCE_DIR"
SMALL = 1e-8
"""Expected values below this get no absolute tolerance unless a test states one."""

_approx = pytest.approx


def approx(expected: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False) -> Any:
    """`pytest.approx`, whose default absolute tolerance of 1e-12 would let anything pass beside an error ratio or a density."""
    if abs is None:
        sizes = np.asarray(list(expected.values()) if isinstance(expected, Mapping) else expected)
        if sizes.dtype == object:
            sizes = np.array([value for value in sizes.ravel() if isinstance(value, (int, float, complex))])
        largest = np.max(np.abs(sizes[np.isfinite(sizes)]), initial=0.0) if sizes.dtype.kind in "ifc" else 0.0
        if 0.0 < largest < SMALL:
            rel, abs = 1e-6 if rel is None else rel, 0.0
    return _approx(expected, rel=rel, abs=abs, nan_ok=nan_ok)


pytest.approx = approx  # type: ignore[assignment]


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder with `channels/` and `golden/`. Absent: a failure under CI, a skip with the reason elsewhere."""
    text = os.environ.get(VARIABLE, "")
    folder = Path(text) if text else None
    if folder is not None and (folder / "golden").is_dir() and (folder / "channels").is_dir():
        return folder
    reason = f"{VARIABLE} must name a folder with channels/ and golden/, got {text!r}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def channels_dir(reference_dir: Path) -> Path:
    return reference_dir / "channels"


@pytest.fixture(scope="session", autouse=True)
def files_read_once() -> Iterator[None]:
    """Channels of the reference folder are read once by each process: 250 tests and more take the same 50 files of some MB.

    What was read is frozen, so tests that share it share nothing else. The reader's own tests call it themselves, and read anew.
    """
    reader, folder = import_module("sirf.channel.network_reader"), os.environ.get(VARIABLE, "")
    read, kept = reader.load_touchstone, {}

    def load(path: str | os.PathLike[str], **options: Any) -> Any:
        name = os.fspath(path)
        if not folder or not name.startswith(os.path.join(folder, "channels")):
            return read(path, **options)
        key = (name, repr(sorted(options.items())))
        if key not in kept:
            kept[key] = read(path, **options)
        return kept[key]

    with mock.patch.object(reader, "load_touchstone", load):
        yield


@pytest.fixture(scope="session")
def main_job(tmp_path_factory: pytest.TempPathFactory) -> MainJob:
    """The main job, run once for all tests of all workers; under CI the one that was timed before them."""
    timed = os.environ.get("SIRF_MAIN_JOB")
    if timed is not None:
        return MainJob.load(Path(timed))
    own = tmp_path_factory.getbasetemp()
    # workers have folders beside each other
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "main-job"
    with FileLock(folder.with_suffix(".lock")):
        # the answer is written last
        return MainJob.load(folder) if (folder / PRINTED).exists() else run_main_job(folder)


TEXT_MODULES = ("numba.cpython.unicode", "numba.cpython.charseq")
"""Where numba keeps its code for text: what a kernel makes it compile costs seconds and serves nobody."""


class CompileListener(Listener):
    """Names of the text code that numba compiles for functions of the package `within`, and how many functions in all."""

    def __init__(self, within: str) -> None:
        self.within = within
        self.text_code: list[str] = []
        self.count = 0
        self._open: list[str] = []

    def on_start(self, event: Event) -> None:
        """One more function, compiled for those that are still open."""
        function = event.data["dispatcher"].py_func
        self.count += 1
        if function.__module__.startswith(TEXT_MODULES) and any(one.startswith(self.within) for one in self._open):
            self.text_code.append(f"{function.__qualname__} for {self._open[0]}")
        self._open.append(f"{function.__module__}.{function.__qualname__}")

    def on_end(self, event: Event) -> None:
        """The function is done."""
        self._open.pop()


TEXT_SYMBOL = b"numba7cpython7unicode"
"""In the symbols of compiled text code, as the linker knows it."""


def kernels_of(package: ModuleType) -> list[Any]:
    """All kernels of the modules of a package, each from the module that defines it."""
    modules = [import_module(found.name) for found in walk_packages(package.__path__, f"{package.__name__}.")]
    compiled = [one for module in modules for one in vars(module).values() if hasattr(one, "py_func")]
    return list({id(one): one for one in compiled}.values())


def cached_text_code(kernels: Iterable[Any]) -> list[str]:
    """Names of kernels whose compiled form on disk, made from today's source by whichever process, holds text code."""
    found = []
    for one in kernels:
        # the index is empty where the source has changed since
        file = one._cache._cache_file
        for name in file._load_index().values():
            if TEXT_SYMBOL in Path(file._data_path(name)).read_bytes():
                found.append(f"{one.py_func.__module__}.{one.py_func.__qualname__}")
    return found


@pytest.fixture(scope="session", autouse=True)
def no_text_code() -> Iterator[None]:
    """Fail where any kernel brings text code along: one that the tests compile, or one that lies compiled in the cache."""
    listener = CompileListener("sirf.")
    with install_listener("numba:compile", listener):
        yield
    # worker processes and whatever ran before the tests compile out of the listener's hearing
    found = [*listener.text_code, *cached_text_code(kernels_of(import_module("sirf._kernels")))]
    assert not found, (
        f"kernels must not compile code for text, got {found[:5]}. Copy rows by sirf._kernels.copying.copy_row."
    )
