"""The grid of CTLE gains that an equaliser search walks over, and the limits with frozen blocks."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import CTLE_GAINS, Ctle

if TYPE_CHECKING:
    from sirf.link import Link

Spot = tuple[int, ...]
"""One number for each gain of the CTLE, in the order of `CTLE_GAINS`: indices into its values, steps of these, their count."""


def frozen_limits(link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> EqualizerLimits:
    """The limits with the blocks named in `freeze` held at what the link has."""
    changes: dict[str, Any] = {}
    ctle = link.receiver.ctle
    if not isinstance(ctle, Ctle):
        # of a table, or without a CTLE, every gain axis has one point
        changes |= dict.fromkeys(CTLE_GAINS, (0.0,))  # none, or a table as it is
    elif "ctle" in freeze:
        changes |= {name: (gain,) for name, gain in zip(CTLE_GAINS, ctle.gains_db, strict=True)}
    if "rx_ffe" in freeze:
        changes |= {"rx_ffe_pre": 0, "rx_ffe_post": 0}
    if "dfe" in freeze:
        changes |= {"dfe_max": link.receiver.dfe, "dfe_min": link.receiver.dfe}
    return dataclasses.replace(limits, **changes)


def gain_axes(limits: EqualizerLimits) -> tuple[tuple[float, ...], ...]:
    """The values in dB that each gain of the CTLE may take, in the order of `CTLE_GAINS`."""
    return tuple(getattr(limits, name) for name in CTLE_GAINS)


def coarse_step(count: int) -> int:
    """Step of the first pass over `count` values."""
    # three values cannot be skipped over; a long axis is halved twice more by the search
    return 1 if count <= 3 else 4 if count > 8 else 2


def coarse(sizes: Spot, steps: Spot) -> Iterator[Spot]:
    """Every `steps`-th index of a grid of `sizes` along each of its axes, the last axis fastest."""
    yield from itertools.product(*(range(0, size, step) for size, step in zip(sizes, steps, strict=True)))


def neighbours(where: Spot, steps: Spot, sizes: Spot) -> list[Spot]:
    """Indices around `where`, itself in it, a step away along any axes and inside a grid of `sizes`."""
    along = (
        [place + turn * step for turn in (-1, 0, 1) if 0 <= place + turn * step < size]
        for place, step, size in zip(where, steps, sizes, strict=True)
    )
    return list(itertools.product(*along))


def beside(values: Sequence[float], value: float) -> list[float]:
    """The next lower and the next higher of the `values` that may be chosen."""
    # grids from files and steps of floating point differ in the last digits
    lower = [one for one in values if one < value - 1e-9]
    higher = [one for one in values if one > value + 1e-9]
    return [*([max(lower)] if lower else []), *([min(higher)] if higher else [])]
