"""The first run says that it compiles: after two seconds, then now and then, nested functions on one clock."""

from __future__ import annotations

import pytest

from sirf._kernels import first_run
from sirf._kernels.first_run import CompilationClock


def test_watchers_hear_of_long_compilation_only(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[float, int]] = []
    now = [100.0]
    monkeypatch.setattr(first_run, "watchers", [lambda spent, count: heard.append((spent, count))])
    clock = CompilationClock(lambda: now[0])
    clock.begin()
    now[0] += 1.0
    clock.begin()
    now[0] += 0.5
    clock.end()
    clock.end()
    assert not heard
    now[0] += 60.0  # what runs between two compilations is not compilation
    clock.begin()
    now[0] += 1.0
    clock.begin()
    assert heard == [(2.5, 2)]
    now[0] += 4.0
    clock.end()
    assert len(heard) == 1
    now[0] += 1.5
    clock.end()
    assert heard[1:] == [(8.0, 4)]
