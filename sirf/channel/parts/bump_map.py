"""Bumps between two dies or a die and its package: which of them carry signals, and how much neighbours couple.

Bumps are parallel straight conductors with ground bumps among them in which the currents return. Partial inductances are
Neumann's integral over two filaments of one length, and over a filament and the surface of its own round conductor, where fast
currents run. All voltages are taken against the grounds, which are joined at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sirf._arrays import Float
from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Positive, Sourced
from sirf.errors import ConfigError, PhysicsError
from sirf.units import MU0

NEAREST = 6
"""Neighbours of a bump in a path: their couplings stand for those of all signals, with the same power."""
REACH = 6
"""Pitches about the victim whose bumps are looked at: the returns beyond change its coupling by less than a hundredth."""
SIGNAL, GROUND, EMPTY = "S", "G", "."

Grid = Literal["square", "hexagonal"]


# no slots: the loops of a cell are kept
@dataclass(frozen=True, kw_only=True, eq=False)
class BumpMap:
    """A pattern of signal (S), ground or supply (G) and missing bumps (.), repeated in all directions.

    `pattern` are the rows of one cell, all of one length; `pitch`, `height` and `diameter` in m. In a hexagonal grid odd rows
    are half a pitch to the right and rows lie sqrt(3) / 2 pitches apart, so a cell has an even number of rows. Supply bumps count
    as ground: decoupling joins them. Raises `PhysicsError` for a pattern without signal or ground, and bumps that touch.
    """

    pattern: tuple[str, ...]
    grid: Grid
    pitch: float
    height: float
    diameter: float
    provenance: str = "E"
    source: str = ""

    def __post_init__(self) -> None:
        """Validate the fields."""
        together = "".join(self.pattern)
        if not {SIGNAL, GROUND} <= set(together) <= {SIGNAL, GROUND, EMPTY}:
            raise PhysicsError(
                f"pattern must hold S and G, and else only '.', got {self.pattern}. Add what is missing."
            )
        if len({len(row) for row in self.pattern}) != 1:
            raise PhysicsError(f"pattern must have rows of one length, got {self.pattern}. Fill them with '.'.")
        if self.grid == "hexagonal" and len(self.pattern) % 2:
            raise PhysicsError(
                f"pattern of a hexagonal grid must have an even number of rows, got {len(self.pattern)}."
            )
        if not 0.0 < self.diameter < self.pitch or not self.height > 0.0:
            raise PhysicsError(
                f"diameter must be above 0 and below the pitch of {1e6 * self.pitch:g} um, and height above 0, got "
                f"{1e6 * self.diameter:g} and {1e6 * self.height:g} um. Take thinner bumps."
            )

    @property
    def signals_per_ground(self) -> float:
        """Signal bumps over ground bumps."""
        together = "".join(self.pattern)
        return together.count(SIGNAL) / together.count(GROUND)

    @property
    def signals_per_mm2(self) -> float:
        """Signal bumps on a square millimetre."""
        # rows of a hexagonal grid lie closer than their bumps
        row = self.pitch * (np.sqrt(0.75) if self.grid == "hexagonal" else 1.0)
        cell = len(self.pattern) * len(self.pattern[0]) * row * self.pitch
        return 1e-6 * "".join(self.pattern).count(SIGNAL) / float(cell)

    @property
    def inductance(self) -> float:
        """Inductance in H of a signal bump and its return, the mean over the signals of a cell."""
        return float(np.mean([loop[0] for loop in self._loops]))

    def couplings(self, signal: int = 0) -> Float:
        """Mutual over own inductance (N,) of the `signal`-th of the cell with all others about it, the largest first."""
        loop = self._loops[signal]
        found = loop[1:] / loop[0]
        return np.asarray(found[np.argsort(-np.abs(found))])

    @property
    def coupling(self) -> float:
        """Coupling with each of `NEAREST` neighbours that has the power of all together, of the cell's worst signal."""
        powers = [float(np.sum(self.couplings(signal) ** 2)) for signal in range(len(self._loops))]
        # couplings of many neighbours add up in power: NEAREST equal ones have that of all
        return float(np.sqrt(max(powers) / NEAREST))

    @cached_property
    def _loops(self) -> tuple[Float, ...]:
        """Inductances in H of each signal of a cell in the middle: its own, and those that it shares with other signals."""
        rows, columns = len(self.pattern), len(self.pattern[0])
        found = []
        for row in range(rows):
            for column in range(columns):
                if self.pattern[row][column] == SIGNAL:
                    found.append(self._loop(row, column))
        return tuple(found)

    def _loop(self, row: int, column: int) -> Float:
        rise = self.pitch * (np.sqrt(0.75) if self.grid == "hexagonal" else 1.0)
        signals: list[Float] = []
        grounds: list[Float] = []
        here = self._place(row, column, rise)
        # one more than the reach, for odd rows of a hexagonal grid are shifted
        for i in range(row - REACH - 1, row + REACH + 2):
            for j in range(column - REACH - 1, column + REACH + 2):
                kind = self.pattern[i % len(self.pattern)][j % len(self.pattern[0])]
                place = self._place(i, j, rise)
                # bumps on the rim itself count on all sides, whatever rounding does
                if kind == EMPTY or np.hypot(*(place - here)) > (REACH + 1e-9) * self.pitch:
                    continue
                if kind == GROUND:
                    grounds.append(place)
                elif (i, j) == (row, column):
                    # the victim first: `loop_inductances` gives its row
                    signals.insert(0, place)
                else:
                    signals.append(place)
        whole = loop_inductances(np.array(signals), np.array(grounds), height=self.height, diameter=self.diameter)
        return np.asarray(whole[0])

    def _place(self, row: int, column: int, rise: float) -> Float:
        shift = 0.5 if self.grid == "hexagonal" and row % 2 else 0.0
        return np.array([(column + shift) * self.pitch, row * rise])


def loop_inductances(signals: Float, grounds: Float, *, height: float, diameter: float) -> Float:
    """(S, S) in H of signal bumps at `signals` (S, 2) in m whose currents return in those at `grounds` (G, 2).

    The returns share the current so that the voltage along all of them is one: the field's energy is least then.
    """
    everything = np.concatenate([signals, grounds])
    apart = np.hypot(*(everything[:, None] - everything[None]).T)
    # a conductor's own distance is its radius: fast currents run on its surface
    np.fill_diagonal(apart, 0.5 * diameter)
    partial = partial_inductance(apart, height)
    count, returns = len(signals), len(grounds)
    # unknown: currents of the grounds, and the voltage along them; given: one ampere in one signal, none is lost
    system = np.zeros((returns + 1, returns + 1))
    system[:returns, :returns] = partial[count:, count:]
    system[:returns, returns] = -1.0
    system[returns, :returns] = 1.0
    right = np.vstack([-partial[count:, :count], -np.ones(count)])
    solved = np.linalg.solve(system, right)
    # the loop of a signal: its own flux, less what the returns share, less the voltage that is common to them
    return np.asarray(partial[:count, :count] + partial[:count, count:] @ solved[:returns] - solved[returns])


def partial_inductance(distance: Float, length: float) -> Float:
    """Mutual inductance in H of two parallel filaments of one length, side by side; at the radius that of a round tube itself."""
    ratio = length / distance
    # the integral in closed form (Grover, Inductance Calculations): asinh(l / d) - sqrt(1 + (d / l)²) + d / l
    return np.asarray(MU0 / (2.0 * np.pi) * length * (np.arcsinh(ratio) - np.sqrt(1.0 + 1.0 / ratio**2) + 1.0 / ratio))


class _File(Sourced):
    id: str
    title: str
    grid: Grid
    pattern: Annotated[tuple[str, ...], Field(min_length=1)]
    pitch_um: Positive
    height_um: Positive
    diameter_um: Positive


def _read(file: Path) -> BumpMap:
    record = validated(_File, load_toml(file), file)
    try:
        return BumpMap(
            pattern=record.pattern,
            grid=record.grid,
            pitch=1e-6 * record.pitch_um,
            height=1e-6 * record.height_um,
            diameter=1e-6 * record.diameter_um,
            provenance=record.provenance,
            source=record.source,
        )
    except PhysicsError as error:
        raise ConfigError(f"{file.name}: {error}") from None


_MAPS = DataFolder("bump_maps", kind="bump map", read=_read)


def list_bump_maps() -> tuple[str, ...]:
    """Ids of the bump maps that ship.

    >>> list_bump_maps()
    ('ucie-advanced', 'ucie-standard')
    """
    return _MAPS.ids()


def load_bump_map(name: str | Path) -> BumpMap:
    """A bump map that ships, or of a TOML file; raises `ConfigError` naming the nearest id, or file and key."""
    return _MAPS.load(name)
