"""A network as another tool wants it: ports in another order, other modes, another reference impedance, another grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from sirf._arrays import Float
from sirf.channel.lanes import differential_block, find_lanes, parse_lanes
from sirf.channel.mixed_mode import PAIRINGS, PortOrder
from sirf.channel.mixed_mode_order import parse_modal_order, single_ended
from sirf.channel.network import Network
from sirf.channel.repair import passive
from sirf.channel.resample import even_grid, flatten
from sirf.errors import SirfError
from sirf.units import parse_frequency

PortMode: TypeAlias = Literal["single-ended", "mixed", "differential"]
"""Single-ended ports, the differential and common modes of all pairs, or the differential modes alone."""

MAX_GRID_POINTS = 2_000_000
_ZERO = re.compile(r"0+(\.0*)?([kmgt]?hz)?", re.IGNORECASE)
_GRID = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([^:\s]+)\s*")


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted `network`, the [Mixed-Mode Order] of its rows (None for single-ended and for differential ports), and notes."""

    network: Network
    mixed_mode: str | None = None
    notes: tuple[str, ...] = ()


def convert(
    network: Network,
    *,
    port_order: str | Sequence[int] | None = None,
    mode: PortMode = "single-ended",
    z0: float | None = None,
    grid: str | Float | None = None,
) -> Converted:
    """Convert a network of single-ended ports.

    Parameters
    ----------
    network
        Single-ended ports at one impedance.
    port_order
        How the lines run in the result, "12-34", "13-24" or "14-23" (the lines of the input are found from its data), or the
        ports of the input, from 1, in the order that they get.
    mode
        "mixed" puts the differential modes of all pairs first, then the common ones; "differential" leaves only the first, at
        twice `z0`. Pair n of the result are the P and N ports of one end of a lane.
    z0
        Reference impedance in ohm of the single-ended ports; that of the input by default.
    grid
        "start:step:stop" with units ("0:10MHz:67GHz"), "even", or frequencies (F,) in Hz.

    Raises `SirfError` for an unknown order, mode or grid, a grid beyond the last point, or pairs that cannot be found.
    """
    if mode not in get_args(PortMode):
        raise SirfError(f"mode must be one of {', '.join(get_args(PortMode))}, got {mode!r}. Use single-ended.")
    notes: list[str] = []
    if port_order is not None:
        # first the order, because pairs below are found in it
        network = _reordered(network, port_order, notes)
    if z0 is not None:
        network = network.renormalized(float(z0))
    if grid is not None:
        network = _on_grid(network, grid, notes)
    if mode == "single-ended":
        return Converted(network, notes=tuple(notes))
    pairs = _pairs(network, notes)
    if mode == "differential":
        return Converted(differential_block(network, pairs), notes=tuple(notes))
    order = " ".join([f"D{p},{n}" for p, n in pairs] + [f"C{p},{n}" for p, n in pairs])
    modes = parse_modal_order(order, network.ports)
    s = single_ended(network.s, modes, inverse=True)
    return Converted(Network(network.frequency, s, z0=network.z0, name=network.name), order, tuple(notes))


def _reordered(network: Network, port_order: str | Sequence[int], notes: list[str]) -> Network:
    """Ports in the order wanted."""
    if isinstance(port_order, str) and port_order in PAIRINGS:
        lanes = _lanes(network, notes)
        wanted = parse_lanes(port_order, network.ports)
        order = [0] * network.ports
        for lane, place in zip(lanes, wanted, strict=True):
            for port, at in zip(lane, place, strict=True):
                order[at - 1] = port
    else:
        words = port_order.replace(",", " ").split() if isinstance(port_order, str) else list(port_order)
        try:
            order = [int(word) for word in words]
        except ValueError:
            order = []
    if sorted(order) != list(range(1, network.ports + 1)):
        raise SirfError(
            f"port_order must be '12-34', '13-24', '14-23' or each port from 1 to {network.ports} once, got {port_order!r}. "
            "Give for example 1,3,2,4."
        )
    notes.append(f"ports {', '.join(map(str, order))} of the input are ports 1 to {network.ports} of the output.")
    index = np.array(order) - 1
    return Network(network.frequency, network.s[:, index[:, None], index], z0=network.z0, name=network.name)


def _lanes(network: Network, notes: list[str]) -> tuple[PortOrder, ...]:
    lanes, lane_notes = find_lanes(network)
    notes.extend(lane_notes)
    return lanes


def _pairs(network: Network, notes: list[str]) -> list[tuple[int, int]]:
    """(P, N) at the in ends of all lanes, then at their out ends."""
    lanes = _lanes(network, notes)
    return [(lane[0], lane[2]) for lane in lanes] + [(lane[1], lane[3]) for lane in lanes]


def _on_grid(network: Network, grid: str | Float, notes: list[str]) -> Network:
    """The network at other frequencies, as the engines interpolate it."""
    wanted = _frequencies(network, grid)
    first, last = float(network.frequency[0]), float(network.frequency[-1])
    if wanted[-1] > last * (1 + 1e-9):
        raise SirfError(
            f"grid must end at {last / 1e9:g} GHz, where the data end, got {wanted[-1] / 1e9:g} GHz. Lower it."
        )
    if network.frequency.size < 4:
        raise SirfError(f"points must be at least 4 to be resampled, got {network.frequency.size}. Leave the grid out.")
    wanted = np.minimum(wanted, last)
    s = np.empty((wanted.size, network.ports, network.ports), dtype=np.complex128)
    for out in range(network.ports):
        for into in range(network.ports):
            flat = flatten(network.frequency, network.s[:, out, into])
            # the bulk delay was taken out, so that phases can be interpolated, and is put back
            s[:, out, into] = flat.at(wanted) * np.exp(-2j * np.pi * wanted * flat.delay_s)
    below = wanted < first * (1 - 1e-9)
    if below.any():
        # extrapolated values may gain: they are scaled to passive ones
        s[below] = passive(Network(wanted[below], s[below], z0=network.z0)).s
        notes.append(f"{int(below.sum())} points below {first / 1e6:g} MHz, where the data begin, are extrapolated.")
    return Network(wanted, s, z0=network.z0, name=network.name)


def _frequencies(network: Network, grid: str | Float) -> Float:
    if not isinstance(grid, str):
        return np.asarray(grid, dtype=np.float64)
    if grid == "even":
        return even_grid(network.frequency)
    match = _GRID.fullmatch(grid)
    if match is None:
        raise SirfError(f"grid must be 'even' or start:step:stop, got {grid[:40]!r}. Write for example 0:10MHz:67GHz.")
    start, step, stop = (0.0 if _ZERO.fullmatch(part) else parse_frequency(part) for part in match.groups())
    if not (step > 0 and stop >= start and (stop - start) / step < MAX_GRID_POINTS):
        raise SirfError(
            f"grid must rise in at most {MAX_GRID_POINTS} steps, got {grid[:40]!r}. Write for example 0:10MHz:67GHz."
        )
    # a hair more, so that the stop belongs to the grid when rounding has put it just beyond
    return start + step * np.arange(int((stop - start) / step * (1 + 1e-12) + 1e-9) + 1, dtype=np.float64)
