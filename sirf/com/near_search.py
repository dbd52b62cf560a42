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
from typing import Protocol, TypeAlias

import numpy as np

from sirf._arrays import Flags, Integer
from sirf.channel.channel import Channel
from sirf.com import annex_178a
from sirf.com.annex_93a import choice_of
from sirf.com.chip_to_module import EyeSearch
from sirf.com.config.settings import ComSettings
from sirf.com.receiver_ffe import choice_at
from sirf.com.reference_receiver import KeptSettings, reference_receiver
from sirf.com.responses import PathResponse, path_responses
from sirf.com.search import CaseSearch, GridPart
from sirf.errors import NoSettingError
from sirf.results.margin import EqualizerChoice

NEIGHBOURS, NEAREST_NEIGHBOURS = 2, 1
"""Steps of every grid that are searched on either side of a setting; fewer where each asks for an eye in a window or a receiver
FFE."""
WIDER = 4
"""By how much more where none of these passes."""
MAX_MOVES = 12
"""Searches at most: a grid of 20 values is crossed in ten."""
_Place: TypeAlias = tuple[int, ...]
"""Indices in the grids of both gains, and in those of the transmitter's taps."""
_Box: TypeAlias = tuple[range, ...]
"""Indices in each of these grids: all combinations are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The best of a search: figure of merit and place; `choice` computes its COM."""

    fom_db: float
    place: _Place
    choice: Callable[[], EqualizerChoice]


class _Search(Protocol):
    def best(self, box: _Box, floor_db: float, known: _Place | None, seen: Sequence[_Box]) -> _Found | None:
        """The best of all settings of a box that reaches a figure of merit in dB, None where none passes.

        Of all settings of the boxes `seen` that at `known` is the best.
        """


def setting_near(channel: Channel, settings: ComSettings, case: int, start: EqualizerChoice) -> EqualizerChoice:
    """COM of `channel` with test case `case` (from 1) and its setting, by walking from the setting `start`.

    Where no setting so near passes, the neighbourhood grows fourfold once. Raises `SirfError` where still none passes.
    """
    search = _search_of(path_responses(channel, settings, case)[0], settings)
    return _walked(search, settings, _place(settings, start.ctle_db, start.tx_taps), channel.name)


def setting_of_thinned_grid(channel: Channel, settings: ComSettings, case: int) -> EqualizerChoice:
    """The same by walking from the best of every second value of each grid. `SirfError` where none of those passes."""
    search = _search_of(path_responses(channel, settings, case)[0], settings)
    best = search.best(tuple(_every_second(values) for values in _grids(settings)), -math.inf, None, ())
    if best is None:
        raise NoSettingError(
            f"some setting of every second value must pass for {channel.name or 'the channel'}, got none. Search the full grid."
        )
    return _walked(search, settings, best.place, channel.name, best.fom_db)


def _walked(
    search: _Search, settings: ComSettings, place: _Place, name: str, floor: float = -math.inf
) -> EqualizerChoice:
    """The walk from a place in the grids, whose figure of merit is not below `floor` in dB."""
    plain = settings.c2m is None and settings.receiver.ffe is None
    neighbours = NEIGHBOURS if plain else NEAREST_NEIGHBOURS
    counts = tuple(len(values) for values in _grids(settings))
    # what is searched holds its centre: what that reaches need not be looked for below
    if settings.receiver.ffe is None and floor == -math.inf:
        alone = search.best(_about(counts, place, 0), -math.inf, None, ())
        floor = -math.inf if alone is None else alone.fom_db
    found: _Found | None = None
    seen: list[_Box] = []
    for _ in range(MAX_MOVES):
        around = _about(counts, place, neighbours)
        # of what two searches share only the centre is looked at again
        best = search.best(around, floor, place if seen else None, seen)
        seen.append(around)
        if best is None:
            if found is not None:
                break
            neighbours *= WIDER
            seen.append(_about(counts, place, neighbours))
            best = search.best(seen[-1], floor, None, ())
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
        if not _on_edge(counts, place, best.place, neighbours):
            break
        place = best.place
    assert found is not None
    return found.choice()


def _search_of(paths: tuple[PathResponse, ...], settings: ComSettings) -> _Search:
    """The search of parts of the settings' grids; what the part has no say in is made once."""
    return _LinearSearch(paths, settings) if settings.receiver.ffe is None else _ReceiverSearch(paths, settings)


class _LinearSearch:
    """Search of a receiver without an FFE, Annexes 93A and 120G."""

    def __init__(self, paths: tuple[PathResponse, ...], settings: ComSettings) -> None:
        settings = replace(settings, local_search=0)
        self._search = search = CaseSearch(paths, settings)
        self._engine = search if settings.c2m is None else EyeSearch(search, settings.c2m)
        self._counts = [len(values) for values in _grids(settings)]
        self._gains = np.array(search.gains, dtype=np.int64).reshape(-1, 2).T
        self._taps = np.ascontiguousarray(search.grid.places.T)

    def best(self, box: _Box, floor_db: float, known: _Place | None, seen: Sequence[_Box]) -> _Found | None:
        search = self._search
        best = self._engine.full(floor_db=floor_db, part=self._part(box, known, seen))
        if best is None:
            return None
        place = (best.g_dc, best.g_dc2, *search.grid.places[best.row].tolist())
        # the distribution of the interference is wanted of the last setting alone
        return _Found(fom_db=best.fom_db, place=place, choice=lambda: choice_of(search, best, "near a known setting"))

    def _part(self, box: _Box, known: _Place | None, seen: Sequence[_Box]) -> GridPart:
        """Settings of a box that are in none of those seen, or are the known one."""
        numbers, rows = (np.flatnonzero(inside) for inside in self._inside(box, self._gains, self._taps))
        gains, taps = self._gains[:, numbers], self._taps[:, rows]
        flags = np.ones((numbers.size, rows.size), dtype=np.bool_)
        for other in seen:
            flags &= ~np.logical_and.outer(*self._inside(other, gains, taps))
        if known is not None:
            flags |= np.logical_and.outer(*self._inside(tuple(range(k, k + 1) for k in known), gains, taps))
        some, kept = np.flatnonzero(np.any(flags, axis=1)), np.flatnonzero(np.any(flags, axis=0))
        return GridPart(tuple(numbers[some].tolist()), rows[kept], flags[np.ix_(some, kept)])

    def _inside(self, box: _Box, gains: Integer, taps: Integer) -> tuple[Flags, Flags]:
        """Which gain settings and which rows of the transmitter's grid are in a box, by their indices (2, G) and (S, R)."""
        found = np.ones(gains.shape[1], dtype=np.bool_), np.ones(taps.shape[1], dtype=np.bool_)
        for n, (column, count, places) in enumerate(zip((*gains, *taps), self._counts, box, strict=True)):
            held = np.zeros(count, dtype=np.bool_)
            held[places] = True
            found[0 if n < len(gains) else 1][:] &= held[column]
        return found


class _ReceiverSearch:
    """Search of a receiver with an FFE, Annex 178A: what was seen has no say there."""

    def __init__(self, paths: tuple[PathResponse, ...], settings: ComSettings) -> None:
        self._settings = settings
        # one search and the next have most CTLE settings in common
        self._receiver = replace(reference_receiver(paths, settings), kept=KeptSettings())

    def best(self, box: _Box, floor_db: float, _known: _Place | None, _seen: Sequence[_Box]) -> _Found | None:
        narrow = self._receiver.with_grids(_narrowed(self._settings, box))
        best = annex_178a.search(narrow, local=False, floor_db=floor_db)
        if best is None:
            return None
        taps = np.delete(best.taps, narrow.grid.main)
        place = tuple(
            _nearest(values, value)
            for values, value in zip(_grids(self._settings), (*best.gains, *taps.tolist()), strict=True)
        )
        return _Found(fom_db=best.fom_db, place=place, choice=lambda: choice_at(narrow, best, "full grid"))


def _narrowed(settings: ComSettings, box: _Box) -> ComSettings:
    """The settings with every grid cut to the values of a box."""
    g_dc, g_dc2, *taps = (
        tuple(values[k] for k in places) for values, places in zip(_grids(settings), box, strict=True)
    )
    ffe = tuple((cursor, values) for (cursor, _), values in zip(settings.transmitter.ffe, taps, strict=True))
    ctle = settings.receiver.ctle
    return replace(
        settings,
        local_search=0,
        transmitter=replace(settings.transmitter, ffe=ffe),
        receiver=replace(settings.receiver, ctle=replace(ctle, g_dc_db=g_dc, g_dc2_db=g_dc2)),
    )


def _every_second(values: Sequence[float]) -> range:
    """Every second index, that of the value nearest zero among them."""
    # two values are no grid to be thinned: the other one may be the only one that passes
    return range(_nearest(values, 0.0) % 2, len(values), 2) if len(values) > 2 else range(len(values))


def _grids(settings: ComSettings) -> list[tuple[float, ...]]:
    """Values of both gains in dB and of the transmitter's taps but c(0)."""
    ctle = settings.receiver.ctle
    return [ctle.g_dc_db, ctle.g_dc2_db, *(values for _, values in settings.transmitter.ffe)]


def _place(settings: ComSettings, gains_db: tuple[float, ...], tx_taps: tuple[float, ...]) -> _Place:
    """Where gains in dB and transmitter's taps, as they are reported, are in the grids, each at the nearest value."""
    grids = settings.transmitter.ffe
    main = sum(1 for cursor, _ in grids if cursor < 0)
    # leading taps that can only be zero are not in what a result reports
    first = next((n for n, (_, values) in enumerate(grids[:main]) if values != (0.0,)), main)
    taps = [0.0] * first + list(tx_taps)
    # the main tap is not in the grids
    del taps[main]
    taps += [0.0] * (len(grids) - len(taps))
    return tuple(_nearest(values, one) for values, one in zip(_grids(settings), (*gains_db, *taps), strict=True))


def _nearest(values: Sequence[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda index: abs(values[index] - wanted))


def _about(counts: tuple[int, ...], place: _Place, neighbours: int) -> _Box:
    """The indices within so many steps of a place, in grids of so many values."""
    return tuple(
        range(max(k - neighbours, 0), min(k + neighbours + 1, count)) for count, k in zip(counts, place, strict=True)
    )


def _on_edge(counts: tuple[int, ...], centre: _Place, best: _Place, neighbours: int) -> bool:
    """Whether the best is as far from the centre as was searched, in any grid that goes on there."""
    return any(
        # at the end of a grid there is nothing beyond
        abs(there - here) == neighbours and 0 < there < count - 1
        for here, there, count in zip(centre, best, counts, strict=True)
    )
