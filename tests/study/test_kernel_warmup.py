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


@pytest.mark.parametrize(
    ("cached", "light", "expected"),
    [
        (set(), False, ["first_paths", "first_eye", "first_margins"]),
        (set(), True, ["first_paths", "first_light", "first_margins"]),
        # an eye of copper leaves what is behind light to be compiled
        ({"open_line", "run_chains"}, True, ["first_light", "first_margins"]),
        ({"open_line", "run_chains", "search_settings"}, False, []),
        ({"open_line", "run_chains", "search_settings", "sum_tails"}, True, []),
        ({"open_line", "sum_tails"}, True, ["first_eye", "first_margins"]),
    ],
)
def test_what_the_cache_lacks_is_asked_for(
    cached: set[str], light: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_warmup, "is_cached", lambda function: function.__name__ in cached)
    pool = _Recorder()
    kernel_warmup.compile_shared(pool, light=light)
    assert [ask.__name__ for ask in pool.asked] == expected


def test_nothing_is_asked_for_where_it_would_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_warmup, "cache_folder", lambda function: None)
    pool = _Recorder()
    kernel_warmup.compile_shared(pool, light=True)
    assert pool.asked == []


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
        "from sirf._kernels import com_search, com_window, pattern_sums, symbol_chain, uniform_line",
        "from sirf.study.kernel_warmup import first_paths, first_eye, first_light, first_margins",
        "kernels = (uniform_line.open_line, symbol_chain.run_chains, pattern_sums.sum_tails, com_search.search_settings,",
        "           com_window.window_estimates)",
        "for first in (first_paths, first_eye, first_light, first_margins):",
        "    first(); print(''.join(str(int(bool(kernel.signatures))) for kernel in kernels))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10000", "11000", "11100", "11111"]
