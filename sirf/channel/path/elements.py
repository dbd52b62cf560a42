"""What a path is made of: anything with a two-port at 100 ohm, and how lengths, ends and neighbours change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Microstrip, Stripline, Twinax
from sirf.channel.lines.coupled import ModalPair, PairArray
from sirf.channel.network import Network
from sirf.channel.package import Package
from sirf.channel.parts import Ball, Connector, Socket, Via

Real = NDArray[np.float64]
AnyLine: TypeAlias = Stripline | EdgeStripline | Microstrip | EdgeMicrostrip | Twinax
Part: TypeAlias = Ball | Socket | Via | Connector


class Element(Protocol):
    """Anything that has a two-port at 100 ohm."""

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...


@runtime_checkable
class Coupled(Protocol):
    """An element with a neighbour: it differs for the even and the odd mode of two pairs."""

    coupling: float

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz."""
        ...

    def mode(self, sign: float) -> Element:
        """The element as the even (+1) or odd (-1) mode sees it; a smaller number is a weaker coupling."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """A length of line in m; `pitch` in m to the next pair, for edge-coupled lines whose crosstalk counts."""

    line: AnyLine
    length: float
    pitch: float | None = None

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm."""
        return self.line.network(frequency, self.length)

    @property
    def valid_to(self) -> float:
        """The line's cutoff in Hz."""
        return self.line.cutoff

    @property
    def coupling(self) -> float:
        """1 where the trace has a neighbour: the field solution has its strength."""
        return 0.0 if self.pitch is None else 1.0

    def mode(self, sign: float) -> ModalTrace:
        """The trace as the even (+1) or odd (-1) mode of two pairs at `pitch` sees it; it needs a `pitch`."""
        assert self.pitch is not None
        assert isinstance(self.line, (EdgeStripline, EdgeMicrostrip))
        return ModalTrace(ModalPair(PairArray(self.line, self.pitch), sign), self.length)


@dataclass(frozen=True, slots=True)
class ModalTrace:
    """A length in m of one of two coupled pairs in a mode of both."""

    pair: ModalPair
    length: float

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm."""
        return self.pair.network(frequency, self.length)


@dataclass(frozen=True, slots=True)
class Device:
    """A die termination, a package or a piece of substrate by the COM formulas, at either end of the path."""

    package: Package
    receiver: bool

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm, its die outwards."""
        return self.package.network(frequency, receiver=self.receiver)


@dataclass(frozen=True, slots=True)
class Flipped:
    """An element seen from its other end."""

    element: Part

    @property
    def coupling(self) -> float:
        """Coupling of the element inside."""
        return self.element.coupling

    def network(self, frequency: Real) -> Network:
        """The two-port at 100 ohm, ports exchanged."""
        return self.element.network(frequency).flipped()

    @property
    def valid_to(self) -> float:
        """That of the element inside, Hz."""
        return self.element.valid_to

    def mode(self, sign: float) -> Flipped:
        """The element inside as the even (+1) or odd (-1) mode sees it."""
        return Flipped(self.element.mode(sign))
