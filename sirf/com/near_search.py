"""COM by a search near a setting that is known to be good, as a study needs it at many nearly equal channels.

The grids are narrowed to a few steps about the setting and searched in full; where the best lies on the edge of what was
searched, the next search is about it. What comes out is a local optimum of the figure of merit: no better than the full grid's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sirf.channel.channel import Channel
from sirf.com.annex_93a import answers_of
from sirf.com.config.settings import ComSettings
from sirf.com.responses import path_responses
from sirf.errors import NoSettingError
from sirf.results.margin import EqualizerChoice

NEIGHBOURS, WINDOW_NEIGHBOURS = 2, 1
"""Steps of every grid that are searched on either side of a setting; fewer where a setting's eye is computed in a window."""
WIDER = 4
"""By how much more where none of these passes."""
MAX_MOVES = 12
"""Searches at most: a grid of 20 values is crossed in ten."""


def setting_near(channel: Channel, settings: ComSettings, case: int, start: EqualizerChoice) -> EqualizerChoice:
    """COM of `channel` with test case `case` (from 1) and its setting, by walking from the setting `start`.

    Where no setting so near passes, the neighbourhood grows fourfold once. Raises `SirfError` where still none passes.
    """
    paths, _ = path_responses(channel, settings, case)
    neighbours = NEIGHBOURS if settings.c2m is None else WINDOW_NEIGHBOURS
    found: EqualizerChoice | None = None
    centre = start
    for _ in range(MAX_MOVES):
        # the centre is among what is searched, so that what it reaches is reached
        floor = -math.inf if found is None else found.fom_db
        try:
            best = answers_of(paths, _narrowed(settings, centre, neighbours), floor_db=floor, detailed=False)[0].choice
        except NoSettingError:
            if found is not None:
                return found
            neighbours *= WIDER
            best = answers_of(paths, _narrowed(settings, centre, neighbours), floor_db=floor, detailed=False)[0].choice
        if found is not None and best.fom_db <= found.fom_db:
            return found
        found = best
        if not _on_edge(settings, centre, best, neighbours):
            return best
        centre = best
    assert found is not None
    return found


def _narrowed(settings: ComSettings, centre: EqualizerChoice, neighbours: int) -> ComSettings:
    """The settings with every grid cut to the values within so many steps of the centre's."""
    gains, taps = _places(settings, centre)
    g_dc, g_dc2 = (
        _about(values, place, neighbours) for values, place in zip(_gain_grids(settings), gains, strict=True)
    )
    ffe = tuple(
        (cursor, _about(values, place, neighbours))
        for (cursor, values), place in zip(settings.transmitter.ffe, taps, strict=True)
    )
    ctle = settings.receiver.ctle
    return replace(
        settings,
        local_search=0,
        transmitter=replace(settings.transmitter, ffe=ffe),
        receiver=replace(settings.receiver, ctle=replace(ctle, g_dc_db=g_dc, g_dc2_db=g_dc2)),
    )


def _gain_grids(settings: ComSettings) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ctle = settings.receiver.ctle
    return ctle.g_dc_db, ctle.g_dc2_db


def _places(settings: ComSettings, choice: EqualizerChoice) -> tuple[list[int], list[int]]:
    """Indices of a choice in the grids of both gains, and in those of the transmitter's taps."""
    gains = [_nearest(values, gain) for values, gain in zip(_gain_grids(settings), choice.ctle_db, strict=True)]
    grids = settings.transmitter.ffe
    main = sum(1 for cursor, _ in grids if cursor < 0)
    # outermost taps that can only be zero are not reported
    first = next((n for n, (_, values) in enumerate(grids[:main]) if values != (0.0,)), main)
    taps = [0.0] * first + list(choice.tx_taps)
    del taps[main]
    taps += [0.0] * (len(grids) - len(taps))
    return gains, [_nearest(values, tap) for (_, values), tap in zip(grids, taps, strict=True)]


def _nearest(values: Sequence[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda index: abs(values[index] - wanted))


def _about(values: Sequence[float], place: int, neighbours: int) -> tuple[float, ...]:
    return tuple(values[max(place - neighbours, 0) : place + neighbours + 1])


def _on_edge(settings: ComSettings, centre: EqualizerChoice, best: EqualizerChoice, neighbours: int) -> bool:
    """Whether the best is as far from the centre as was searched, in any grid that goes on there."""
    grids = [*_gain_grids(settings), *(values for _, values in settings.transmitter.ffe)]
    before, now = ([*gains, *taps] for gains, taps in (_places(settings, one) for one in (centre, best)))
    return any(
        abs(there - here) == neighbours and 0 < there < len(values) - 1
        for here, there, values in zip(before, now, grids, strict=True)
    )
