"""Kernels are compiled by one process each before work is shared out, and not asked for where the cache has them."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from sirf.study import kernel_warmup


class _Recorder(Executor):
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def submit(self, ask: Any, /, *given: Any, **named: Any) -> Future[Any]:
        self.asked.append(ask)
        done: Future[Any] = Future()
        done.set_result(None)
        return done


@pytest.mark.parametrize("cached", [True, False])
def test_both_are_asked_for_where_the_cache_has_none(cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_warmup, "is_cached", lambda function: cached)
    pool = _Recorder()
    kernel_warmup.compile_shared(pool)
    assert pool.asked == ([] if cached else [kernel_warmup.first_eye, kernel_warmup.first_margins])


def test_a_kernel_is_cached_once_it_has_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "twice_of.py"
    module.write_text(
        "from sirf._kernels.jit import is_cached, kernel\n\n\n@kernel\ndef twice(value):\n    return 2.0 * value\n\n\n"
        "before = is_cached(twice)\ntwice(1.0)\nafter = is_cached(twice)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import twice_of  # type: ignore[import-not-found]

    assert (twice_of.before, twice_of.after) == (False, True)


def test_the_first_links_take_the_kernels_that_stand_for_them() -> None:
    """In a process of its own, which has compiled and loaded nothing before."""
    lines = (
        "from sirf._kernels import com_search, com_window, symbol_chain",
        "from sirf.study.kernel_warmup import first_eye, first_margins",
        "first_eye(); eye = bool(symbol_chain.run_chain.signatures), bool(com_search.search_setting.signatures)",
        "first_margins(); print(*eye, bool(com_search.search_setting.signatures), bool(com_window.window_estimates.signatures))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "True", "True"]
