"""Neighbours of a path: equal paths beside it that couple in some segments, or the lanes that a file brings along."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import reduce
from typing import TypeAlias

import numpy as np

from sirf._arrays import Float
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.measured_block import MeasuredBlock
from sirf.channel.network import PAIR_OHM, Network
from sirf.channel.pair import PairNetwork, cascade_pairs
from sirf.channel.path.element_networks import FrequencyGrid, mode_pair
from sirf.channel.path.elements import Element, Trace, as_coupled, converts, pair_of
from sirf.errors import PhysicsError

Runs: TypeAlias = tuple[list[PairNetwork], list[PairNetwork]]
"""Parts in a row as the even and as the odd mode of two pairs sees them."""


def has_array(elements: Sequence[Element]) -> bool:
    """Whether some trace runs beside an equal pair: then all four lines couple."""
    # arrays alone tie all four lines together; of balls and vias each mode can be joined by itself
    return any(isinstance(element, Trace) and element.pitch is not None for element in elements)


def neighbour(
    elements: Sequence[Element], alone: Sequence[PairNetwork], weight: float, *, near: bool, both_modes: bool, name: str
) -> Network:
    """Two-port of one neighbour whose coupling is `weight` times the parts' own, from its transmitter to the victim's receiver.

    `alone` are the elements without neighbours, at one grid. Even and odd mode of two equal pairs are joined each by itself;
    traces beside each other take all four lines where something converts. Without `both_modes` common modes are left out.
    """
    frequency = alone[0].frequency
    # coupled parts are kept by it: of neighbouring lengths they are the same
    grid = FrequencyGrid(frequency)
    # beside an array the pairs are each other's mirror image, unless P and N differ: P of one is the image of the other's N
    mirrored = has_array(elements) and not any(converts(element) for element in elements)
    joined: list[LaneNetwork] = []
    runs: Runs = ([], [])
    for element, plain in zip(elements, alone, strict=True):
        if isinstance(element, Trace) and element.pitch is not None and not mirrored:
            # runs of parts are joined mode by mode, at half the cost; they end where a trace needs all four lines
            joined += _coupled(runs)
            runs = ([], [])
            joined.append(element.neighbours(frequency, weight))
            continue
        if isinstance(element, Trace) and element.pitch is not None:
            both = element.mirrored(frequency, weight)
        elif (coupled := as_coupled(element)) is not None and coupled.coupling > 0.0:
            # the weight scales the coupling itself, not the crosstalk that comes of it
            find = pair_of if both_modes else _balanced
            equal, opposite = (mode_pair(coupled, sign * weight, grid, find) for sign in (1.0, -1.0))
            both = _mirrored(equal, opposite) if mirrored else (equal, opposite)
        else:
            # a part without coupling is the same for both modes, and need not be made twice
            both = plain, plain
        for run, part in zip(runs, both, strict=True):
            run.append(part)
    # the last run is still open: a path seldom ends in a trace that couples
    if joined:
        # lane 0 is the victim, as everywhere among lanes
        return reduce(LaneNetwork.cascade, joined + _coupled(runs)).aggressor(1, near=near, name=name)
    even, odd = (cascade_pairs(run).dd for run in runs)
    # the aggressor sends into its own end 1, or 2 where it is near; the victim listens at its end 2
    ports = [int(near), 1]  # from 0: end 1 is 0
    # each line by itself is the mean of both modes, from one to the other half their difference
    s = np.empty((frequency.size, 2, 2), dtype=np.complex128)
    for place, port in enumerate(ports):
        s[:, place, place] = 0.5 * (even[:, port, port] + odd[:, port, port])
    s[:, 1, 0] = 0.5 * (even[:, 1, ports[0]] - odd[:, 1, ports[0]])
    s[:, 0, 1] = 0.5 * (even[:, ports[0], 1] - odd[:, ports[0], 1])
    return Network(frequency, s, z0=PAIR_OHM, name=name)


def _balanced(element: Element, frequency: Float) -> PairNetwork:
    return PairNetwork.balanced(element.network(frequency))


def _mirrored(even: PairNetwork, odd: PairNetwork) -> tuple[PairNetwork, PairNetwork]:
    """Even and odd mode of two pairs as their images have them: where differential waves are equal, common ones are opposite."""
    return dataclasses.replace(even, cc=odd.cc), dataclasses.replace(odd, cc=even.cc)


def lanes_of(elements: Sequence[Element], frequency: Float, lanes: int) -> LaneNetwork:
    """All lanes through the elements: those of one pair are as many equal pairs without coupling."""
    joined: list[LaneNetwork] = []
    run: list[PairNetwork] = []
    for element in elements:
        # lanes that a file brings along couple inside of the block only
        if isinstance(element, MeasuredBlock) and element.lanes > 1:
            joined += _alone(run, lanes)
            run = []
            joined.append(element.lane_network(frequency))
        # lines of one pair cannot say how they couple to others, so they stand as equal lanes without coupling
        else:
            run.append(pair_of(element, frequency))
    return reduce(LaneNetwork.cascade, joined + _alone(run, lanes))


def lane_aggressors(
    whole: LaneNetwork, next_lanes: Sequence[int], name: str
) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
    """(FEXT, NEXT) of all lanes but the victim, lane 0; those in `next_lanes` send from the receiver's end."""
    fext, near_end = [], []
    for lane in range(1, whole.lanes):
        if lane in next_lanes:
            near_end.append(whole.aggressor(lane, near=True, name=f"{name} next {lane}"))
        else:
            fext.append(whole.aggressor(lane, near=False, name=f"{name} fext {lane}"))
    return tuple(fext), tuple(near_end)


def check_lanes(blocks: Sequence[MeasuredBlock], *, has_crosstalk: bool, name: str) -> None:
    """Raise `PhysicsError` for blocks of several lanes that do not fit together, or that come with a crosstalk table."""
    several = [block for block in blocks if block.lanes > 1]
    if not several:
        return
    # a lane that ends in the middle of a path would have neighbours with nowhere to go
    if len({(block.lanes, block.next_lanes) for block in several}) > 1:
        listed = ", ".join(f"{block.name}: {block.lanes} lanes, NEXT {list(block.next_lanes)}" for block in several)
        raise PhysicsError(
            f"blocks of several lanes must have the same lanes in one path, got {listed}. Order them by port_order and victim."
        )
    if has_crosstalk:
        raise PhysicsError(
            f"crosstalk must be left out of path {name}, whose {several[0].name} has neighbours. Remove the table."
        )


# an empty run would be a two-port of nothing, which cascades to itself but costs a pass
def _alone(run: Sequence[PairNetwork], lanes: int) -> list[LaneNetwork]:
    return [LaneNetwork.alone(cascade_pairs(run), lanes)] if run else []


def _coupled(runs: Runs) -> list[LaneNetwork]:
    """Two lanes of all parts in a row; none where there is none."""
    return [LaneNetwork.coupled(cascade_pairs(runs[0]), cascade_pairs(runs[1]))] if runs[0] else []
