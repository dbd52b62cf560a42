"""Physical paths: named segments in cascade from die to die."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf.channel.channel import Channel, Plane
from sirf.channel.lines import PAIR_OHM
from sirf.channel.network import Network
from sirf.channel.package import cascade
from sirf.channel.parts import Capacitor
from sirf.channel.path.elements import Coupled, Device, Element, Trace
from sirf.errors import PhysicsError, SirfError
from sirf.units import parse_length

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

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

    def network(self, frequency: Real) -> Network:
        """The two-port at `frequency` (F,) in Hz, 100 ohm."""
        return self.element.network(frequency)


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
        """Refuse two capacitors: what lies between them has no potential at DC."""
        names = [segment.name for segment in self.segments if isinstance(segment.element, Capacitor)]
        if len(names) > 1:
            raise PhysicsError(
                f"a path must have at most one coupling capacitor, got {', '.join(names)}. Merge them into one in series."
            )

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
        return min((getattr(segment.element, "valid_to", np.inf) for segment in self.segments), default=np.inf)

    @property
    def grid(self) -> Real:
        """Frequencies (F,) in Hz of the path where none are given: 0 to 120 GHz by 10 MHz, less where a line's model ends."""
        first, last, step = GRID
        lines = [segment.element.line for segment in self.segments if isinstance(segment.element, Trace)]
        points = first + step * np.arange(round((last - first) / step) + 1, dtype=np.float64)
        return np.asarray(points[points <= min((line.cutoff for line in lines), default=np.inf)])

    def with_length(self, length: str | float) -> Path:
        """This path with another length of its variable segment; packages and connectors stay.

        Raises `SirfError` for a bad length or a path without a variable segment.
        """
        metres, _ = parse_length(length), self.trace_length_m
        segments = (_stretched(part, metres) if part.name == self.variable else part for part in self.segments)
        return dataclasses.replace(self, segments=tuple(segments))

    def network(self, frequency: ArrayLike | None = None) -> Network:
        """The die-to-die two-port, 100 ohm differential."""
        f = self._frequency(frequency)
        return Network(f, _joined(self._parts(f)), z0=PAIR_OHM, name=self.name)

    def aggressors(self, frequency: ArrayLike | None = None) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
        """(FEXT, NEXT) networks of the neighbours, die to die; port 1 the aggressor's transmitter, port 2 the victim's receiver.

        Two equal paths that couple in their balls, vias and connectors have an even and an odd mode; half the difference of
        the modes' S-parameters is the crosstalk, so it is passive, reciprocal and causal as the parts are. Each neighbour is
        taken by itself; the through path is that of the path without neighbours.
        """
        if self.crosstalk is None:
            return (), ()
        f = self._frequency(frequency)
        plain = self._parts(f)
        far = self._crosstalk(f, plain, 1.0, "fext", (1, 0)) if self.crosstalk.fext else None
        near = self._crosstalk(f, plain, self.crosstalk.next_weight, "next", (1, 1)) if self.crosstalk.next else None
        return (
            () if far is None else (far,) * self.crosstalk.fext,
            () if near is None else (near,) * self.crosstalk.next,
        )

    def to_channel(
        self, frequency: ArrayLike | None = None, *, crosstalk: bool = False, plane: Plane = "die"
    ) -> Channel:
        """The path as a channel complete to the die, or that ends at `plane`; with its `aggressors` if `crosstalk`.

        A coupling capacitor blocks DC at a corner far below any grid, where no pulse of a grid's period can show it: the channel
        then starts above DC, as an analyser's file does, and says so.
        """
        f, warnings = self._frequency(frequency), self.warnings
        blocks = [segment for segment in self.segments if isinstance(segment.element, Capacitor)]
        if blocks:
            f = f[f > 0.0]
            warnings += tuple(
                f"{block.name} blocks DC below {block.element.corner / 1e3:.3g} kHz: baseline wander is not in this channel."
                for block in blocks
                if isinstance(block.element, Capacitor)
            )
        fext, near = self.aggressors(f) if crosstalk else ((), ())
        return Channel(self.network(f), fext=fext, next=near, plane=plane, name=self.name, warnings=warnings)

    def insertion_loss_db(self, frequency: ArrayLike) -> Real:
        """Die-to-die loss in dB (positive) at `frequency` in Hz, ascending, the shape of `frequency`."""
        points = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
        s21 = self.network(points).s[:, 1, 0]
        return np.asarray(-20.0 * np.log10(np.abs(s21))).reshape(np.shape(frequency))

    def __repr__(self) -> str:
        """One line: name, variable segment, the others."""
        if not self.variable:
            return f"Path({self.name!r}, {len(self.segments)} segments)"
        return f"Path({self.name!r}, {self.variable} {1e3 * self.trace_length_m:g} mm, {len(self.segments)} segments)"

    def _frequency(self, frequency: ArrayLike | None) -> Real:
        return self.grid if frequency is None else np.asarray(frequency, dtype=np.float64)

    def _parts(self, frequency: Real) -> list[Complex]:
        return [segment.network(frequency).s for segment in self.segments]

    def _crosstalk(
        self, frequency: Real, plain: Sequence[Complex], weight: float, kind: str, entry: tuple[int, int]
    ) -> Network:
        """Half the difference of even and odd mode at S[entry] of the path, with the reflections of a coupled pair."""
        even, odd = (
            _joined([self._modal(k, s, frequency, sign * weight) for k, s in enumerate(plain)]) for sign in (1.0, -1.0)
        )
        out, into = entry
        # the aggressor sends into port `into` of its own path; the victim listens at port `out` of the through path
        ports = [into, out]
        s = 0.5 * (even + odd)[:, ports][:, :, ports]
        s[:, 0, 1] = s[:, 1, 0] = 0.5 * (even - odd)[:, out, into]
        return Network(frequency, s, z0=PAIR_OHM, name=f"{self.name} {kind}")

    def _modal(self, index: int, plain: Complex, frequency: Real, sign: float) -> Complex:
        element = self.segments[index].element
        if not isinstance(element, Coupled) or element.coupling == 0.0:
            return plain
        return element.mode(sign).network(frequency).s


def _joined(parts: Sequence[Complex]) -> Complex:
    return reduce(cascade, parts)


def _stretched(segment: Segment, length: float) -> Segment:
    element = segment.element
    if isinstance(element, Trace):
        return dataclasses.replace(segment, element=dataclasses.replace(element, length=length), length_m=length)
    assert isinstance(element, Device)
    (line,) = element.package.lines
    package = dataclasses.replace(element.package, lines=(dataclasses.replace(line, length_mm=1e3 * length),))
    return dataclasses.replace(segment, element=dataclasses.replace(element, package=package), length_m=length)
