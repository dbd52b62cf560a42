"""Physical paths: named segments in cascade from die to die."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.channel.channel import Channel, Plane
from sirf.channel.lines import PAIR_OHM
from sirf.channel.measured_block import MeasuredBlock
from sirf.channel.mixed_mode import PAIRINGS
from sirf.channel.network import Network
from sirf.channel.pair import ASSUMED, PairNetwork, cascade_pairs
from sirf.channel.parts import Ball, Capacitor
from sirf.channel.path.crosstalk import check_lanes, has_array, lane_aggressors, lanes_of, neighbour
from sirf.channel.path.element_networks import FrequencyGrid, element_network, element_pair, two_port_of
from sirf.channel.path.elements import Device, Element, Trace, common_mode_of, converts, pair_of
from sirf.errors import PhysicsError, SirfError
from sirf.units import parse_length

# 10 MHz tells 100 ns apart, many times the delay of any copper; 120 GHz is beyond 200 Gb/s PAM4's own band
GRID = (0.0, 120e9, 10e6)
"""Default frequencies of a path in Hz: first, last, step."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One named part of a path; `length_m` where the part is a trace or a substrate."""

    name: str
    element: Element
    length_m: float | None = None
    provenance: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)

    def network(self, frequency: Float | FrequencyGrid) -> Network:
        """The two-port at `frequency` (F,) in Hz, 100 ohm; a `FrequencyGrid` keeps it for the next path with this element."""
        if isinstance(frequency, FrequencyGrid):
            return element_network(self.element, frequency)
        return self.element.network(frequency)

    def pair(self, frequency: Float | FrequencyGrid) -> PairNetwork:
        """Both modes at `frequency` (F,) in Hz, and what turns one into the other; kept on a `FrequencyGrid` as `network`."""
        if isinstance(frequency, FrequencyGrid):
            return element_pair(self.element, frequency, pair_of)
        return pair_of(self.element, frequency)

    @property
    def common_mode(self) -> str:
        """What the segment takes the common mode to be, in words."""
        return common_mode_of(self.element)

    @property
    def converts(self) -> bool:
        """Whether the segment turns one mode into the other."""
        return converts(self.element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosstalk:
    """Neighbours of the path: how many send the same way (`fext`) and how many the other way (`next`).

    `next_weight` is the coupling to those of the other direction relative to the parts' own: they sit further away.
    """

    fext: int
    next: int
    next_weight: float
    provenance: str
    source: str


@dataclass(frozen=True, slots=True)
class Path:
    """Segments in cascade from die to die; `variable` names the one whose length `with_length` sets ("" for none).

    >>> import sirf
    >>> sirf.paths.cpo(length="30 mm").trace_length_m
    0.03
    """

    name: str
    segments: tuple[Segment, ...]
    variable: str
    warnings: tuple[str, ...] = ()
    crosstalk: Crosstalk | None = None

    def __post_init__(self) -> None:
        """Validate the segments: one capacitor at most, for nothing holds the potential between two, and lanes that fit."""
        names = [segment.name for segment in self.segments if isinstance(segment.element, Capacitor)]
        if len(names) > 1:
            raise PhysicsError(
                f"a path must have at most one coupling capacitor, got {', '.join(names)}. Merge them into one in series."
            )
        check_lanes(self._blocks, has_crosstalk=self.crosstalk is not None, name=self.name)

    @property
    def trace_length_m(self) -> float:
        """Length in m of the variable segment; raises `SirfError` where there is none."""
        length = next((segment.length_m for segment in self.segments if segment.name == self.variable), None)
        if length is None:
            raise SirfError(
                f"variable of path {self.name} must name a board or substrate segment, got {self.variable!r}. "
                "Set its key variable to have a length to change."
            )
        return length

    @property
    def valid_to(self) -> float:
        """Least frequency in Hz up to which all segments state that they hold; packages by COM formulas state none."""
        # infinite for an empty path, which limits nothing
        return min((getattr(segment.element, "valid_to", np.inf) for segment in self.segments), default=np.inf)

    @property
    def coupling_corner(self) -> float | None:
        """High-pass corner in Hz of the path's capacitor, with those of its blocks from data; None without a capacitor.

        Far above the corners two capacitors in series are one whose corner is their sum.
        """
        own = [part.element.corner for part in self.segments if isinstance(part.element, Capacitor)]
        return sum(own) + sum(block.coupling_corner or 0.0 for block in self._blocks) if own else None

    @property
    def grid(self) -> Float:
        """Frequencies (F,) in Hz of the path where none are given: 0 to 120 GHz by 10 MHz, less where a line's model ends."""
        lines = [segment.element.line for segment in self.segments if isinstance(segment.element, Trace)]
        # a line's cross-section carries other modes beyond its cutoff
        # steps stay those of the grid, so that shorter grids share its points and what was kept on them
        return _grid_to(min((line.cutoff for line in lines), default=np.inf))

    def with_length(self, length: str | float) -> Path:
        """This path with another length of its variable segment; packages and connectors stay.

        Raises `SirfError` for a bad length or a path without a variable segment.
        """
        # asking for the length refuses a path that has none to change
        metres, _ = parse_length(length), self.trace_length_m
        segments = (_stretched(part, metres) if part.name == self.variable else part for part in self.segments)
        return dataclasses.replace(self, segments=tuple(segments))

    @property
    def converts(self) -> bool:
        """Whether some segment turns the differential into the common mode: then the joints carry both modes."""
        return any(segment.converts for segment in self.segments)

    @property
    def lanes(self) -> int:
        """Number of pairs that run through the path's blocks, the path itself included; 1 without such a block."""
        return max((block.lanes for block in self._blocks), default=1)

    def pair(self, frequency: ArrayLike | None = None) -> PairNetwork:
        """Both modes of the path, with all that is converted in one segment and back in another.

        Of segments that know only their differential mode the common one is assumed (`Segment.common_mode`): two lines without
        coupling.
        """
        f = self._frequency(frequency)
        if self.lanes > 1:
            return lanes_of(self._elements, f, self.lanes).pair()
        grid = FrequencyGrid(f)
        # cascaded pair by pair and not as two-ports: what converts in one segment may come back in the next
        return cascade_pairs(segment.pair(grid) for segment in self.segments)

    def drawn(self, rng: np.random.Generator | int) -> Path:
        """This path with every pair on a glass cloth at a chance place of it: one board of many. `rng` a generator or a seed.

        Segments without a weave stay as they are; where none has one, so does the path.
        """
        generator = np.random.default_rng(rng)
        # every pair is drawn by itself: nothing ties one board's position to another's
        segments = (
            dataclasses.replace(segment, element=segment.element.drawn(generator))
            if isinstance(segment.element, Trace)
            else segment
            for segment in self.segments
        )
        return dataclasses.replace(self, segments=tuple(segments))

    def network(self, frequency: ArrayLike | None = None) -> Network:
        """The die-to-die two-port, 100 ohm differential."""
        f = self._frequency(frequency)
        # without conversion the two-port alone has the same answer, for less
        if self.converts:
            return self.pair(f).differential(name=self.name)
        return Network(f, self._two_port(f), z0=PAIR_OHM, name=self.name)

    def aggressors(self, frequency: ArrayLike | None = None) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
        """(FEXT, NEXT) networks of the neighbours, die to die; port 1 the aggressor's transmitter, port 2 the victim's receiver.

        Two equal paths that couple in their balls, vias and connectors have an even and an odd mode; half the difference of
        the modes' S-parameters is the crosstalk, so it is passive, reciprocal and causal as the parts are. Traces at a pitch are
        arrays of four lines. All joints carry both modes of both pairs. Each neighbour is taken by itself; the through path is
        that of the path without neighbours. Lanes of a block from data run through the other segments, which do not couple them.
        """
        f = self._frequency(frequency)
        if self.lanes > 1:
            return lane_aggressors(lanes_of(self._elements, f, self.lanes), self._next_lanes, self.name)
        # equal neighbours are one network, made once
        return ((), ()) if self.crosstalk is None else self._neighbours(self._alone(f))

    def to_channel(
        self, frequency: ArrayLike | None = None, *, crosstalk: bool = False, plane: Plane = "die"
    ) -> Channel:
        """The path as a channel complete to the die, or that ends at `plane`; with its `aggressors` if `crosstalk`.

        A path whose lines differ somewhere also gives the channel its single-ended 4-port, where skew and mode conversion live.
        A coupling capacitor blocks DC at a corner far below any grid, where no pulse of a grid's period can show it: the channel
        then starts above DC, as an analyser's file does, and carries the corner, so that the engines count its baseline wander.
        """
        f, warnings = self._frequency(frequency), self.warnings + self._assumptions()
        corner = self.coupling_corner
        if corner or any(block.coupling_corner is not None for block in self._blocks):
            # open at DC: S21 is zero there, and its phase means nothing
            f = f[f > 0.0]
        fext: tuple[Network, ...] = ()
        near: tuple[Network, ...] = ()
        # lanes come from data, so all four lines of each pair are there already
        if self.lanes > 1:
            whole = lanes_of(self._elements, f, self.lanes)
            pair = whole.pair()
            if crosstalk:
                fext, near = lane_aggressors(whole, self._next_lanes, self.name)
        elif crosstalk or self._both_modes:
            alone = self._alone(f)
            pair = cascade_pairs(alone)
            if crosstalk:
                fext, near = self._neighbours(alone)
        else:
            s = self._two_port(f)
            # nothing converts, so nobody asks for the common mode: the same array stands in for it
            pair = PairNetwork(f, s, s, z0=0.5 * PAIR_OHM)
        # the channel that engines take is differential; the 4-port beside it is for skew and conversion alone
        return Channel(
            pair.differential(name=self.name),
            fext=fext,
            next=near,
            plane=plane,
            four_port=pair.four_port(name=self.name) if self.converts else None,
            # a balanced path has no 4-port of its own: it would be two equal lines again
            port_order=PAIRINGS["12-34"] if self.converts else None,
            name=self.name,
            warnings=warnings,
            coupling_corner=corner,
        )

    def insertion_loss_db(self, frequency: ArrayLike) -> Float:
        """Die-to-die loss in dB (positive) at `frequency` in Hz, ascending, the shape of `frequency`."""
        points = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
        # from the whole network, and not from the product of the parts' losses: reflections between them ripple it
        s21 = self.network(points).s[:, 1, 0]
        return np.asarray(-20.0 * np.log10(np.abs(s21))).reshape(np.shape(frequency))

    def __repr__(self) -> str:
        """One line: name, variable segment, the others."""
        if not self.variable:
            return f"Path({self.name!r}, {len(self.segments)} segments)"
        return f"Path({self.name!r}, {self.variable} {1e3 * self.trace_length_m:g} mm, {len(self.segments)} segments)"

    def _frequency(self, frequency: ArrayLike | None) -> Float:
        return self.grid if frequency is None else np.asarray(frequency, dtype=np.float64)

    @property
    def _blocks(self) -> list[MeasuredBlock]:
        return [segment.element for segment in self.segments if isinstance(segment.element, MeasuredBlock)]

    def _assumptions(self) -> tuple[str, ...]:
        """What is assumed of the common mode, where anything converts into it."""
        names = [segment.name for segment in self.segments if segment.common_mode == ASSUMED]
        if not (self.converts and names):
            return ()
        return (
            # said in the channel's warnings, since a skew through an unknown common mode looks as precise as any other
            f"common mode of {', '.join(names)} is not known: taken as that of two lines without coupling, in what other "
            "segments convert.",
        )

    @property
    def _elements(self) -> list[Element]:
        return [segment.element for segment in self.segments]

    @property
    def _next_lanes(self) -> tuple[int, ...]:
        """Lanes of the blocks that transmit the other way; the blocks agree, or `check_lanes` had refused them."""
        return next(block.next_lanes for block in self._blocks if block.lanes > 1)

    @property
    def _both_modes(self) -> bool:
        """Whether common modes matter for the path or its neighbours."""
        return self.converts or (self.crosstalk is not None and has_array(self._elements))

    def _two_port(self, frequency: Float) -> Complex:
        """S (F, 2, 2) of all segments in series, differential."""
        # the grid is made once, as one object for all elements: they keep their networks by its value, and hash it once
        # instead of at every segment
        return two_port_of(self._elements, FrequencyGrid(frequency), (Device, Ball))

    def _alone(self, frequency: Float) -> list[PairNetwork]:
        """Every segment without neighbours; without its common mode where nothing converts."""
        grid = FrequencyGrid(frequency)
        # without conversion the common mode of a part is never asked for, and need not be computed
        if self._both_modes:
            return [segment.pair(grid) for segment in self.segments]
        return [PairNetwork.balanced(segment.network(grid)) for segment in self.segments]

    def _neighbours(self, alone: Sequence[PairNetwork]) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
        """(FEXT, NEXT) of the crosstalk table, equal ones one network; `alone` are the segments without neighbours."""
        if self.crosstalk is None:
            return (), ()
        kinds = (("fext", self.crosstalk.fext, 1.0), ("next", self.crosstalk.next, self.crosstalk.next_weight))
        found = []
        for kind, count, weight in kinds:
            network = None
            # a kind without members costs a whole cascade for a network that nobody uses
            if count:
                network = neighbour(
                    self._elements,
                    alone,
                    weight,
                    near=kind == "next",
                    both_modes=self._both_modes,
                    name=f"{self.name} {kind}",
                )
            # the same object for each: engines find equal aggressors by it and prepare one
            found.append(() if network is None else (network,) * count)
        return found[0], found[1]


def _grid_to(end: float) -> Float:
    """The points of `GRID` up to `end` in Hz."""
    points = _whole_grid()
    # whole: without a copy
    return points if end >= points[-1] else points[points <= end]


@cache
def _whole_grid() -> Float:
    first, last, step = GRID
    # rounded: 120e9 / 10e6 is not exact in floating point
    points = first + step * np.arange(round((last - first) / step) + 1, dtype=np.float64)
    # kept and shared
    points.flags.writeable = False
    return points


def _stretched(segment: Segment, length: float) -> Segment:
    element = segment.element
    if isinstance(element, Trace):
        return dataclasses.replace(segment, element=dataclasses.replace(element, length=length), length_m=length)
    # `variable` names boards, cables and substrates alone, as the reader has checked
    assert isinstance(element, Device)
    # a variable substrate is one line: with more sections nobody could say which grows
    (line,) = element.package.lines
    package = dataclasses.replace(element.package, lines=(dataclasses.replace(line, length_mm=1e3 * length),))
    return dataclasses.replace(segment, element=dataclasses.replace(element, package=package), length_m=length)
