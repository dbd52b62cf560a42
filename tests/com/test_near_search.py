"""COM near a known setting: the full grid's answer at neighbouring lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sirf.com import near_search
from sirf.com.annex_93a import choice_of, setting_of_case
from sirf.com.chip_to_module import EyeSearch
from sirf.com.config.preset_settings import from_standard
from sirf.com.near_search import setting_near, setting_of_thinned_grid
from sirf.com.responses import path_responses
from sirf.com.search import CaseSearch
from sirf.results.margin import EqualizerChoice
from sirf.study.subject import ArchitectureSubject
from sirf.system.architecture import load_architecture

START = EqualizerChoice(
    method="by hand",
    fom_db=0.0,
    com_db=0.0,
    ctle_db=(0.0, 0.0),
    tx_taps=(0.0, 0.0, 0.0, 1.0, 0.0),
    sampling_index=0,
    evaluated=0,
)


@pytest.mark.parametrize(
    ("architecture", "lengths"),
    [("npo", (0.1, 0.2, 0.4)), ("cpo-retimed", (0.03, 0.06, 0.12)), ("copper-cable", (1.0, 2.0))],
)
def test_walks_find_what_the_full_grid_finds(architecture: str, lengths: tuple[float, ...]) -> None:
    subject = ArchitectureSubject(architecture=load_architecture(architecture), data_rate=106.25e9)
    link = next(one.link for one in subject.sections(lengths[0]) if one.link.optics is None)
    settings = from_standard(link.standard or "")
    start = setting_of_case(link.channel, settings, 1)
    for length in lengths[1:]:
        channel = next(one.link for one in subject.sections(length) if one.link.optics is None).channel
        full = setting_of_case(channel, settings, 1)
        near = setting_near(channel, settings, 1, start)
        thinned = setting_of_thinned_grid(channel, settings, 1)
        assert thinned.fom_db <= full.fom_db + 1e-9
        assert thinned.com_db == pytest.approx(full.com_db, abs=0.05)
        assert near.fom_db <= full.fom_db + 1e-9
        assert near.com_db == pytest.approx(full.com_db, abs=0.05)
        start = near


@pytest.mark.parametrize(("architecture", "length"), [("npo", 0.3), ("copper-cable", 1.8), ("pluggable-retimed", 0.18)])
def test_what_one_search_has_seen_the_next_may_leave_out(
    architecture: str, length: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a setting far away several moves are needed: they end where searches end that look at all of their grids."""
    subject = ArchitectureSubject(architecture=load_architecture(architecture), data_rate=106.25e9)
    link = next(one.link for one in subject.sections(length) if one.link.optics is None)
    settings = from_standard(link.standard or "")
    far = setting_near(
        link.channel, settings, 1, replace(START, tx_taps=START.tx_taps[: len(settings.transmitter.ffe) + 1])
    )
    # boxes that a search is told of, beside the known setting
    seen: list[int] = []

    best = near_search._LinearSearch.best

    def of_everything(search: Any, box: Any, floor_db: float, known: Any, boxes: Sequence[Any]) -> Any:
        seen.append(len(boxes))
        return best(search, box, floor_db, None, ())

    monkeypatch.setattr(near_search._LinearSearch, "best", of_everything)
    whole = setting_near(
        link.channel, settings, 1, replace(START, tx_taps=START.tx_taps[: len(settings.transmitter.ffe) + 1])
    )
    assert max(seen) >= 1
    assert replace(far, evaluated=0) == replace(whole, evaluated=0)


@pytest.mark.parametrize(("architecture", "length"), [("copper-cable", 1.8), ("pluggable-retimed", 0.18)])
def test_a_part_of_the_grid_is_the_search_of_grids_cut_to_it(architecture: str, length: float) -> None:
    """Every second value of each grid: as rows and gains of the whole grid, and as settings that have no others."""
    subject = ArchitectureSubject(architecture=load_architecture(architecture), data_rate=106.25e9)
    link = next(one.link for one in subject.sections(length) if one.link.optics is None)
    settings = from_standard(link.standard or "")
    paths = path_responses(link.channel, settings, 1)[0]
    box = tuple(near_search._every_second(values) for values in near_search._grids(settings))
    found = near_search._LinearSearch(paths, settings).best(box, -np.inf, None, ())
    cut = near_search._narrowed(settings, box)
    search = CaseSearch(paths, cut)
    alone = (search if cut.c2m is None else EyeSearch(search, cut.c2m)).full()
    assert found is not None
    assert alone is not None
    assert found.fom_db == pytest.approx(alone.fom_db, abs=1e-11)
    places = alone.g_dc, alone.g_dc2, *search.grid.places[alone.row].tolist()
    assert found.place == tuple(values[k] for values, k in zip(box, places, strict=True))
    choice = choice_of(search, alone, "near a known setting")
    assert choice.com_db == pytest.approx(found.choice().com_db, abs=1e-11)
    assert (choice.ctle_db, choice.tx_taps) == (found.choice().ctle_db, found.choice().tx_taps)
