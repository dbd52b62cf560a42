"""The decorator of kernels: what loads from the cache works, and what is compiled behind it, whatever inner names numba has."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numba import njit
from numba.core.caching import CacheImpl, FunctionCache
from numba.core.event import Event, Listener, install_listener

from sirf._kernels import jit
from sirf._kernels.numba_loading import hidden

PROGRAM = """
import numpy as np
from sirf._kernels.first_run import Process
Process.commands_only = True
from kernels_of_a_test import doubled, halved
assert doubled(np.arange(4.0)).tolist() == [0.0, 2.0, 4.0, 6.0]
print(sum(doubled.stats.cache_hits.values()), sum(doubled.stats.cache_misses.values()))
# compiled behind one that was loaded: numba registers now what it can compile
assert halved(np.random.default_rng(1), np.full(2, 3.0)).shape == (2,)
"""
KERNELS = """
import numpy as np
from sirf._kernels.jit import kernel

@kernel
def doubled(values):
    made = np.empty(len(values))
    for k in range(len(values)):
        made[k] = 2.0 * values[k]
    return made

@kernel
def halved(rng, values):
    return values * 0.5 + rng.standard_normal(len(values))
"""


def test_a_loaded_kernel_works_and_so_does_one_compiled_after_it(tmp_path: Path) -> None:
    (tmp_path / "kernels_of_a_test.py").write_text(KERNELS, encoding="utf-8")
    found = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": found}
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert [text.split() for text in said] == [["0", "1"], ["1", "0"]]


def test_numba_without_its_inner_names_loads_kernels_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jit._runtime() is not None
    monkeypatch.delattr(FunctionCache.__mro__[1], "_load_overload")
    assert jit._runtime() is None
    monkeypatch.undo()
    monkeypatch.setattr(jit, "_RUNTIME", None)

    @jit.kernel
    def thirded(value: float) -> float:
        return value / 3.0

    assert type(thirded._cache) is FunctionCache  # type: ignore[attr-defined]
    assert thirded(1.5) == pytest.approx(0.5)
    assert np.isinf(thirded(np.inf))


def test_the_collector_rests_while_a_kernel_compiles_and_then_goes_on_as_before() -> None:
    class Watcher(Listener):
        seen: ClassVar[set[tuple[int, int, int]]] = set()

        def on_start(self, event: Event) -> None:
            self.seen.add(gc.get_threshold())

        def on_end(self, event: Event) -> None:
            pass

    # never on disk, so that it is compiled in every run
    tripled = njit(lambda value: 3.0 * value)
    before = gc.get_threshold()
    try:
        # numba's passes run while it compiles
        for own, meanwhile in (((700, 10, 10), jit.COLLECTOR_THRESHOLDS), ((0, 10, 10), (0, 10, 10))):
            gc.set_threshold(*own)
            Watcher.seen.clear()
            with install_listener("numba:run_pass", Watcher()):
                # a type of its own each time, which must be compiled
                assert tripled(2.0 if own[0] else 2) == 6
            assert Watcher.seen == {meanwhile}
            assert gc.get_threshold() == own
    finally:
        gc.set_threshold(*before)


def test_hidden_modules_fail_to_import_within_and_only_within() -> None:
    assert "sqlite3.dbapi2" not in sys.modules
    with hidden("sqlite3.dbapi2", "sys"):
        with pytest.raises(ImportError):
            import sqlite3.dbapi2  # noqa: F401
        import sys as still
    assert still is sys
    assert "sqlite3.dbapi2" not in sys.modules


def test_kernels_work_where_no_folder_can_keep_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # as in a read-only installation under a read-only home
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])

    @jit.inlined
    def squared(value: float) -> float:
        return value * value

    @jit.kernel
    def fourth(value: float) -> float:
        return squared(squared(value))

    assert fourth(3.0) == 81.0
    for kernel in (squared, fourth):
        assert jit.cache_folder(kernel) is None
        assert not jit.is_cached(kernel)
