"""The grid of CTLE gains that an equaliser search walks over, and the limits with frozen blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import Ctle

if TYPE_CHECKING:
    from sirf.link import Link


def frozen_limits(link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> EqualizerLimits:
    """The limits with the blocks named in `freeze` held at what the link has."""
    changes: dict[str, Any] = {}
    if "ctle" in freeze and isinstance(link.receiver.ctle, Ctle):
        changes |= {"g_dc_db": (link.receiver.ctle.g_dc_db,), "g_dc2_db": (link.receiver.ctle.g_dc2_db,)}
    elif not isinstance(link.receiver.ctle, Ctle):
        changes |= {"g_dc_db": (0.0,), "g_dc2_db": (0.0,)}  # none, or a table as it is
    if "rx_ffe" in freeze:
        changes |= {"rx_ffe_pre": 0, "rx_ffe_post": 0}
    if "dfe" in freeze:
        changes |= {"dfe_max": link.receiver.dfe, "dfe_min": link.receiver.dfe}
    return dataclasses.replace(limits, **changes)


def coarse_step(count: int) -> int:
    """Step of the first pass over `count` values."""
    return 1 if count <= 3 else 4 if count > 8 else 2


def coarse(count: int, step: int) -> Iterator[int]:
    """Indices of every `step`-th of `count` values."""
    yield from range(0, count, step)


def neighbours(where: tuple[int, int], steps: tuple[int, int], sizes: tuple[int, int]) -> list[tuple[int, int]]:
    """Pairs of indices around `where`, itself in it, a step away and inside a grid of `sizes`."""
    a, b = where
    spots = [(a + i * steps[0], b + j * steps[1]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return [(i, j) for i, j in spots if 0 <= i < sizes[0] and 0 <= j < sizes[1]]
