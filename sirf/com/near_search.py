"""COM by a search near a setting that is known to be good, as a study needs it at many nearly equal channels.

The grids are narrowed to a few steps about the setting and searched in full; where the best lies on the edge of what was
searched, the next search is about it. What comes out is a local optimum of the figure of merit: no better than the full grid's.

Without a known setting, the walk starts at the best of a grid of every second value of each gain and tap. It spans the whole grid
in a fiftieth of its settings: the optimum of the full grid is missed only where nothing within two steps of it shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from sirf._arrays import Flags
from sirf.channel.channel import Channel
from sirf.com import annex_178a
from sirf.com.annex_93a import choice_of
from sirf.com.case_terms import CaseTerms, case_terms
from sirf.com.chip_to_module import EyeSearch
from sirf.com.config.settings import ComSettings
from sirf.com.receiver_ffe import choice_at
from sirf.com.reference_receiver import CaseReceiver, reference_receiver
from sirf.com.responses import PathResponse, path_responses
from sirf.com.search import CaseSearch, reported_taps
from sirf.errors import NoSettingError
from sirf.results.margin import EqualizerChoice

NEIGHBOURS, NEAREST_NEIGHBOURS = 2, 1
"""Steps of every grid that are searched on either side of a setting; fewer where each asks for an eye in a window or a receiver
FFE."""
WIDER = 4
"""By how much more where none of these passes."""
_Place: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]
"""Gains in dB and transmitter's taps as they are reported."""
MAX_MOVES = 12
"""Searches at most: a grid of 20 values is crossed in ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The best of a search: figure of merit, gains in dB, transmitter's taps as they are reported; `choice` computes its COM."""

    fom_db: float
    gains_db: tuple[float, ...]
    taps: tuple[float, ...]
    choice: Callable[[], EqualizerChoice]


_Search: TypeAlias = Callable[[ComSettings, float, Sequence[ComSettings]], _Found | None]
"""The best of all settings of the given grids that reaches a figure of merit in dB, None where none passes.

Of the grids given last the first's only setting is the best so far, and all settings of the others are no better.
"""


def setting_near(channel: Channel, settings: ComSettings, case: int, start: EqualizerChoice) -> EqualizerChoice:
    """COM of `channel` with test case `case` (from 1) and its setting, by walking from the setting `start`.

    Where no setting so near passes, the neighbourhood grows fourfold once. Raises `SirfError` where still none passes.
    """
    search = _search_of(path_responses(channel, settings, case)[0], settings)
    return _walked(search, settings, start.ctle_db, start.tx_taps, channel.name)


def setting_of_thinned_grid(channel: Channel, settings: ComSettings, case: int) -> EqualizerChoice:
    """The same by walking from the best of every second value of each grid. `SirfError` where none of those passes."""
    search = _search_of(path_responses(channel, settings, case)[0], settings)
    best = search(_thinned(settings), -math.inf, ())
    if best is None:
        raise NoSettingError(
            f"some setting of every second value must pass for {channel.name or 'the channel'}, got none. Search the full grid."
        )
    return _walked(search, settings, best.gains_db, best.taps, channel.name)


def _walked(
    search: _Search, settings: ComSettings, gains: tuple[float, ...], taps: tuple[float, ...], name: str
) -> EqualizerChoice:
    plain = settings.c2m is None and settings.receiver.ffe is None
    neighbours = NEIGHBOURS if plain else NEAREST_NEIGHBOURS
    # what is searched holds its centre: what that reaches need not be looked for below
    alone = search(_narrowed(settings, gains, taps, 0), -math.inf, ()) if settings.receiver.ffe is None else None
    floor = -math.inf if alone is None else alone.fom_db
    found: _Found | None = None
    seen: list[ComSettings] = []
    for _ in range(MAX_MOVES):
        around = _narrowed(settings, gains, taps, neighbours)
        # of what two searches share only the centre is looked at again
        best = search(around, floor, [_narrowed(settings, gains, taps, 0), *seen] if seen else ())
        seen.append(around)
        if best is None:
            if found is not None:
                break
            neighbours *= WIDER
            best = search(_narrowed(settings, gains, taps, neighbours), floor, ())
        if best is None:
            raise NoSettingError(
                f"some equaliser setting near the given one must pass for {name or 'the channel'}, got none. Search the full "
                "grid."
            )
        # the walk ends where nothing near is better
        if found is not None and best.fom_db <= found.fom_db:
            break
        found, floor = best, best.fom_db
        # on the edge the best may lie beyond what was searched
        if not _on_edge(settings, (gains, taps), (best.gains_db, best.taps), neighbours):
            break
        gains, taps = best.gains_db, best.taps
    assert found is not None
    return found.choice()


def _search_of(paths: tuple[PathResponse, ...], settings: ComSettings) -> _Search:
    """The search of grids that are part of the settings'; what no grid has a say in is made once."""
    if settings.receiver.ffe is None:
        return partial(_best_setting, case_terms(paths, settings))
    return partial(_best_receiver, reference_receiver(paths, settings))


def _best_receiver(
    receiver: CaseReceiver, settings: ComSettings, _floor_db: float, _seen: Sequence[ComSettings]
) -> _Found | None:
    # of receivers with an FFE the floor has no say, nor what was seen
    narrow = receiver.with_grids(settings)
    best = annex_178a.search(narrow, local=False)
    if best is None:
        return None
    return _Found(
        fom_db=best.fom_db,
        gains_db=best.gains,
        taps=reported_taps(settings, best.taps),
        choice=lambda: choice_at(narrow, best, "full grid"),
    )


def _best_setting(
    terms: CaseTerms, settings: ComSettings, floor_db: float, seen: Sequence[ComSettings]
) -> _Found | None:
    search = CaseSearch(terms.paths, settings, terms=terms)
    engine = search if settings.c2m is None else EyeSearch(search, settings.c2m)
    best = engine.full(floor_db=floor_db, wanted=_unseen(search, seen) if seen else None)
    if best is None:
        return None
    ctle = settings.receiver.ctle
    return _Found(
        fom_db=best.fom_db,
        gains_db=(ctle.g_dc_db[best.g_dc], ctle.g_dc2_db[best.g_dc2]),
        taps=reported_taps(settings, search.grid.taps[best.row]),
        # the distribution of the interference is wanted of the last setting alone
        choice=lambda: choice_of(search, best, "near a known setting"),
    )


def _unseen(search: CaseSearch, seen: Sequence[ComSettings]) -> Flags:
    """Settings (S, T) of a search that are in none of the grids seen, or in the first."""
    wanted = np.ones((len(search.gains), len(search.grid.taps)), dtype=np.bool_)
    for grids in seen[1:]:
        wanted &= ~_inside(search, grids)
    return wanted | _inside(search, seen[0])


def _inside(search: CaseSearch, grids: ComSettings) -> Flags:
    """Settings (S, T) of a search that are in other grids too."""
    ctle, places = search.settings.receiver.ctle, search.grid.places
    first, second = _gain_grids(grids)
    gains = np.array([ctle.g_dc_db[i] in first and ctle.g_dc2_db[j] in second for i, j in search.gains])
    rows = np.ones(len(places), dtype=np.bool_)
    for column, values, (_, others) in zip(places.T, search.grid.values, grids.transmitter.ffe, strict=True):
        rows &= np.array([value in others for value in values])[column]
    return np.asarray(gains[:, None] & rows)


def _narrowed(
    settings: ComSettings, gains_db: tuple[float, ...], taps: tuple[float, ...], neighbours: int
) -> ComSettings:
    """The settings with every grid cut to the values within so many steps of given gains in dB and transmitter's taps."""
    gain_places, tap_places = _places(settings, gains_db, taps)
    g_dc, g_dc2 = (
        _about(values, place, neighbours) for values, place in zip(_gain_grids(settings), gain_places, strict=True)
    )
    ffe = tuple(
        (cursor, _about(values, place, neighbours))
        for (cursor, values), place in zip(settings.transmitter.ffe, tap_places, strict=True)
    )
    ctle = settings.receiver.ctle
    return replace(
        settings,
        local_search=0,
        transmitter=replace(settings.transmitter, ffe=ffe),
        receiver=replace(settings.receiver, ctle=replace(ctle, g_dc_db=g_dc, g_dc2_db=g_dc2)),
    )


def _thinned(settings: ComSettings) -> ComSettings:
    """The settings with every second value of each grid, the one nearest zero among them."""
    ctle = settings.receiver.ctle
    g_dc, g_dc2 = (_every_second(values) for values in _gain_grids(settings))
    ffe = tuple((cursor, _every_second(values)) for cursor, values in settings.transmitter.ffe)
    return replace(
        settings,
        local_search=0,
        transmitter=replace(settings.transmitter, ffe=ffe),
        receiver=replace(settings.receiver, ctle=replace(ctle, g_dc_db=g_dc, g_dc2_db=g_dc2)),
    )


def _every_second(values: tuple[float, ...]) -> tuple[float, ...]:
    # two values are no grid to be thinned: the other one may be the only one that passes
    return values[_nearest(values, 0.0) % 2 :: 2] if len(values) > 2 else values


def _gain_grids(settings: ComSettings) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ctle = settings.receiver.ctle
    return ctle.g_dc_db, ctle.g_dc2_db


def _places(
    settings: ComSettings, gains_db: tuple[float, ...], tx_taps: tuple[float, ...]
) -> tuple[list[int], list[int]]:
    """Indices in the grids of both gains, and in those of the transmitter's taps."""
    gains = [_nearest(values, gain) for values, gain in zip(_gain_grids(settings), gains_db, strict=True)]
    grids = settings.transmitter.ffe
    main = sum(1 for cursor, _ in grids if cursor < 0)
    # outermost taps that can only be zero are not reported
    first = next((n for n, (_, values) in enumerate(grids[:main]) if values != (0.0,)), main)
    # leading taps that can only be zero are not in what a result reports
    taps = [0.0] * first + list(tx_taps)
    del taps[main]
    taps += [0.0] * (len(grids) - len(taps))
    # the main tap is not in the grids
    return gains, [_nearest(values, tap) for (_, values), tap in zip(grids, taps, strict=True)]


def _nearest(values: Sequence[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda index: abs(values[index] - wanted))


def _about(values: Sequence[float], place: int, neighbours: int) -> tuple[float, ...]:
    return tuple(values[max(place - neighbours, 0) : place + neighbours + 1])


def _on_edge(settings: ComSettings, centre: _Place, best: _Place, neighbours: int) -> bool:
    """Whether the best is as far from the centre as was searched, in any grid that goes on there."""
    grids = [*_gain_grids(settings), *(values for _, values in settings.transmitter.ffe)]
    before, now = ([*gains, *taps] for gains, taps in (_places(settings, *one) for one in (centre, best)))
    return any(
        # at the end of a grid there is nothing beyond
        abs(there - here) == neighbours and 0 < there < len(values) - 1
        for here, there, values in zip(before, now, grids, strict=True)
    )
