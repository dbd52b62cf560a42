"""Settings whose taps the search does not solve for, told by their merits at samples alone, are never the best."""

from __future__ import annotations

import pytest

from sirf.equalizer import grid_search
from sirf.study.sections import sections
from sirf.system.architecture import load_architecture


@pytest.mark.parametrize(
    ("architecture", "gigabits", "length"),
    [
        ("pluggable-linear", 106.25, 0.05),
        ("pluggable-linear", 106.25, 0.15),
        ("pluggable-linear", 106.25, 0.4),
        ("cpo-linear", 106.25, 0.02),
        ("cpo-linear", 106.25, 0.12),
        ("cpo-linear", 212.5, 0.03),
    ],
)
def test_the_search_finds_what_it_finds_with_the_taps_of_all_settings(
    architecture: str, gigabits: float, length: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of links whose receivers have an FFE, sampled between samples as studies do."""
    way = load_architecture(architecture)
    link = sections(way, 1e9 * gigabits, length=length, step=40e6, samples_per_ui=16)[0].link
    assert link.limits.rx_ffe_post > 0
    found = link.optimized(between_samples=True)
    solved: list[float] = []

    def everything(search: grid_search.GridSearch, merits: object, place: int) -> float:
        solved.append(place)
        return float("inf")

    monkeypatch.setattr(grid_search.GridSearch, "_most_db", everything)
    whole = link.optimized(between_samples=True)
    assert solved
    assert found.transmitter == whole.transmitter
    assert found.receiver == whole.receiver
