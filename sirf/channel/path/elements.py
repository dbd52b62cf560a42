"""What a path is made of: anything with a two-port at 100 ohm, and how lengths, ends, neighbours and imbalance change it.

An element that knows more than its differential two-port has a `pair`: both modes and what turns one into the other. `pair_of`
gives the pair of any element, and `common_mode_of` says what it takes the common mode to be.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from sirf._arrays import Float
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Line
from sirf.channel.lines.coupled import PairArray
from sirf.channel.lines.unequal import extra_length, single_immittances, slowness
from sirf.channel.network import Network
from sirf.channel.package import Package, PackageLine
from sirf.channel.pair import ASSUMED, UNCOUPLED, PairNetwork
from sirf.channel.parts import Ball, Connector, Socket, Via
from sirf.channel.weave import WeaveRoute

Part: TypeAlias = Ball | Socket | Via | Connector


class Element(Protocol):
    """Anything that has a two-port at 100 ohm."""

    def network(self, frequency: Float) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...


@runtime_checkable
class PairElement(Protocol):
    """An element that knows its common mode."""

    @property
    def converts(self) -> bool:
        """Whether it turns one mode into the other."""
        ...

    def pair(self, frequency: Float) -> PairNetwork:
        """Both modes at `frequency` (F,) in Hz."""
        ...


@runtime_checkable
class Coupled(Protocol):
    """An element with a neighbour: it differs for the even and the odd mode of two pairs."""

    @property
    def coupling(self) -> float:
        """Mutual inductance to the neighbour relative to its own; 0 without a neighbour."""
        ...

    def mode(self, sign: float) -> Element:
        """The element as the even (+1) or odd (-1) mode sees it; a smaller number is a weaker coupling."""
        ...


def pair_of(element: Element, frequency: Float) -> PairNetwork:
    """Both modes of any element; one without a `pair` counts as two equal lines without coupling."""
    # duck typing by class: elements outside of this package may bring a pair without naming it
    if _has_pair(type(element)):
        return cast("PairElement", element).pair(frequency)
    return PairNetwork.balanced(element.network(frequency))


def converts(element: Element) -> bool:
    """Whether an element turns the differential into the common mode, or back."""
    return _has_pair(type(element)) and cast("PairElement", element).converts


@cache
# a protocol check at run time looks at every attribute of every object: per class once is enough
def _has_pair(kind: type) -> bool:
    """Whether elements of a type know their common mode; a path asks it of every element, and a protocol looks it up slowly."""
    return hasattr(kind, "pair") and hasattr(kind, "converts")


def as_coupled(element: Element) -> Coupled | None:
    """The element where it has a neighbour, None where it has none; a check of the protocol takes twenty times as long."""
    return cast("Coupled", element) if hasattr(element, "coupling") and hasattr(element, "mode") else None


def common_mode_of(element: Element) -> str:
    """What an element takes the common mode to be, in words; `ASSUMED` where it knows only the differential mode."""
    return str(getattr(element, "common_mode", ASSUMED))


@dataclass(frozen=True, slots=True)
class Trace:
    """A length of line in m; `pitch` in m to the next pair, for edge-coupled lines whose crosstalk counts.

    `skew` in s/m is how much slower line P is than N by itself, beside what the glass cloth of `route` adds; `length_difference`
    in m how much longer P is.
    """

    line: Line
    length: float
    pitch: float | None = None
    skew: float = 0.0
    length_difference: float = 0.0
    route: WeaveRoute | None = None

    @property
    def converts(self) -> bool:
        """Whether the lines of the pair differ."""
        return self.skew != 0.0 or self.length_difference != 0.0 or self.route is not None

    @property
    def total_skew(self) -> float:
        """Skew in s/m with that of the glass cloth."""
        # skew per length: what the cloth adds depends on how many yarns a length crosses
        woven = 0.0 if self.route is None else self.route.skew(slowness(self.line), self.length)
        return self.skew + woven

    def drawn(self, rng: np.random.Generator) -> Trace:
        """This trace at a chance place of its glass cloth, if it has one."""
        return self if self.route is None else dataclasses.replace(self, route=self.route.drawn(rng))

    @property
    def common_mode(self) -> str:
        """The even mode of the cross-section where the lines couple."""
        return "even mode of the cross-section" if self.line.is_coupled else UNCOUPLED

    def network(self, frequency: Float) -> Network:
        """The two-port at 100 ohm."""
        if self.converts:
            # the differential two-port of the pair holds what converts and comes back, which the line's own has not
            return self.pair(frequency).differential(name="line")
        return self.line.network(frequency, self.length)

    def pair(self, frequency: Float) -> PairNetwork:
        """Both modes of the line, and the conversion where its two lines differ."""
        return self.line.pair(frequency, self.length, skew=self.total_skew, length_difference=self.length_difference)

    @property
    def valid_to(self) -> float:
        """The line's cutoff in Hz."""
        return self.line.cutoff

    def neighbours(self, frequency: Float, weight: float) -> LaneNetwork:
        """This trace and an equal pair at `pitch`, all four lines; `weight` scales the coupling between both pairs."""
        # by `has_array`, which asks for nothing else before it calls
        assert self.pitch is not None
        assert isinstance(self.line, (EdgeStripline, EdgeMicrostrip))
        # the array is as long as the shorter line; what P or N is longer runs alone
        paired = self.length - 0.5 * abs(self.length_difference)
        array = PairArray(self.line, self.pitch).network(frequency, paired, weight=weight, skew=self.total_skew)
        lanes = LaneNetwork.from_network(array, [(1, 2, 3, 4), (5, 6, 7, 8)])
        if self.length_difference == 0.0:
            return lanes
        extra = extra_length(frequency, single_immittances(self.line, frequency), self.length_difference)
        # what is longer lies outside of the array, so it does not couple
        return lanes.cascade(LaneNetwork.alone(extra, 2))

    def mirrored(self, frequency: Float, weight: float) -> tuple[PairNetwork, PairNetwork]:
        """One of both pairs as `PairArray.mirrored` has it, of a trace that does not convert."""
        assert self.pitch is not None
        assert isinstance(self.line, (EdgeStripline, EdgeMicrostrip))
        return PairArray(self.line, self.pitch).mirrored(frequency, self.length, weight=weight)


@dataclass(frozen=True, slots=True)
class Device:
    """A die termination, a package or a piece of substrate by the COM formulas, at either end of the path.

    `length_difference` in m is how much longer line P is than N in its longest section.
    """

    package: Package
    receiver: bool
    length_difference: float = 0.0

    @property
    def converts(self) -> bool:
        """Whether the lines of the pair differ."""
        return self.length_difference != 0.0

    @property
    def common_mode(self) -> str:
        """Lumped parts are those of one line; of a package line only the differential impedance is known."""
        return ASSUMED if self.package.lines else UNCOUPLED

    def network(self, frequency: Float) -> Network:
        """The two-port at 100 ohm, its die outwards."""
        if self.converts:
            return self.pair(frequency).differential(name="package")
        return self.package.network(frequency, receiver=self.receiver)

    def pair(self, frequency: Float) -> PairNetwork:
        """Two lines without coupling, of unequal length if so stated."""
        if not self.converts:
            # without a difference both lines are one, and one network is half of the work
            return PairNetwork.balanced(self.package.network(frequency, receiver=self.receiver))
        # half of the difference longer, half of it shorter: the mean length stays
        p, n = (self._line(sign).network(frequency, receiver=self.receiver).s for sign in (1.0, -1.0))
        return PairNetwork.of_lines(frequency, p, n)

    def _line(self, sign: float) -> Package:
        """The package as line P (+1) or N (-1) sees it."""
        lines = list(self.package.lines)
        # of a COM package's sections the longest is the trace; the other is its plated through hole
        # unequal routing happens in traces, which are long, and not in holes of a fixed depth
        longest = max(range(len(lines)), key=lambda k: lines[k].length_mm)
        # 0.5e3: half of it, in mm
        length_mm = lines[longest].length_mm + 0.5e3 * sign * self.length_difference
        lines[longest] = PackageLine(z_c=lines[longest].z_c, length_mm=length_mm)
        return dataclasses.replace(self.package, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class Unequal:
    """A part whose two lines differ: line P as in the part `p`, line N as in the part `n`, without coupling between them."""

    p: Part
    n: Part

    @property
    def converts(self) -> bool:
        """Whether the lines differ."""
        return self.p != self.n

    @property
    def common_mode(self) -> str:
        """As the parts say."""
        return common_mode_of(self.p)

    @property
    def coupling(self) -> float:
        """Coupling of the parts inside."""
        return self.p.coupling

    @property
    # what one line cannot carry, their difference cannot either
    def valid_to(self) -> float:
        """The lower of both lines, Hz."""
        return min(self.p.valid_to, self.n.valid_to)

    def network(self, frequency: Float) -> Network:
        """The two-port at 100 ohm: the mean of both lines."""
        # without coupling, differential is the mean of two lines that are driven oppositely
        return self.pair(frequency).differential(name=self.p.name)

    def pair(self, frequency: Float) -> PairNetwork:
        """Both lines by themselves."""
        return PairNetwork.of_lines(frequency, self.p.network(frequency).s, self.n.network(frequency).s)

    def mode(self, sign: float) -> Unequal:
        """Both lines as the even (+1) or odd (-1) mode of two pairs sees them."""
        return Unequal(self.p.mode(sign), self.n.mode(sign))


@dataclass(frozen=True, slots=True)
class Flipped:
    """An element seen from its other end."""

    element: Part | Unequal

    @property
    def converts(self) -> bool:
        """As the element inside."""
        return converts(self.element)

    @property
    def common_mode(self) -> str:
        """As the element inside."""
        return common_mode_of(self.element)

    @property
    def coupling(self) -> float:
        """Coupling of the element inside."""
        return self.element.coupling

    def network(self, frequency: Float) -> Network:
        """The two-port at 100 ohm, ports exchanged."""
        # a part that is drawn from the die outwards is met from the other side at the receiver
        return self.element.network(frequency).flipped()

    def pair(self, frequency: Float) -> PairNetwork:
        """Both modes, ports exchanged."""
        return pair_of(self.element, frequency).flipped()

    @property
    def valid_to(self) -> float:
        """That of the element inside, Hz."""
        return self.element.valid_to

    def mode(self, sign: float) -> Flipped:
        """The element inside as the even (+1) or odd (-1) mode sees it."""
        return Flipped(self.element.mode(sign))
