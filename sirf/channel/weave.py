"""Glass cloth under a differential pair: how much slower the line over a yarn is than the line over a gap.

The Dk that a thin line sees runs across the cloth as mean (1 + swing / 2 cos(2 pi x / period)). A pair takes the difference of
what its two lines see, each averaged over its width and, at an angle to the yarns, over what it crosses along its length. Where
the pair lies on the cloth is chance: its position is uniform over a period.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Sourced, Table
from sirf.errors import PhysicsError
from sirf.units import INCH

Direction: TypeAlias = Literal["warp", "fill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weave:
    """A glass style: `warp_period` and `fill_period` in m from yarn to yarn across the warp and across the fill.

    `dk_swing` is (largest - least) / mean of the Dk that a thin line sees across the cloth. `provenance` is that of the thread
    counts, `swing_provenance` that of the swing. Raises `PhysicsError` for periods outside 0.1 to 3 mm or a swing above 0.5.

    >>> round(load_weave("1080").warp_period * 1e6)
    423
    """

    id: str
    title: str
    warp_period: float
    fill_period: float
    dk_swing: float
    provenance: str = "E"
    source: str = ""
    swing_provenance: str = "E"
    swing_source: str = ""

    def __post_init__(self) -> None:
        """Validate the ranges."""
        if not all(1e-4 <= period <= 3e-3 for period in (self.warp_period, self.fill_period)):
            raise PhysicsError(
                f"periods of weave {self.id} must be between 0.1 and 3 mm, got {self.warp_period} and {self.fill_period} m. "
                "Check the threads per inch."
            )
        if not 0.0 <= self.dk_swing <= 0.5:
            raise PhysicsError(
                f"dk_swing of {self.id} must be between 0 and 0.5, got {self.dk_swing}. Give a fraction."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeaveRoute:
    """How a pair lies on a cloth.

    `pair_pitch` in m from the middle of one line to that of the other, `width` in m of a line. The pair runs along the yarns of
    `direction` but for `angle_deg`. `positions`, one for each ply around the pair, say where its middle lies half way along, in
    periods of the cloth: at 0.25 line P is slower by the most that style and angle allow, at 0.75 it is faster by as much, at 0
    both see the same. Plies share the field equally.

    Raises `PhysicsError` for a pitch or width that is not positive, an angle outside -45 to 45 degrees, or no position.
    """

    weave: Weave
    pair_pitch: float
    width: float
    direction: Direction = "warp"
    angle_deg: float = 0.0
    positions: tuple[float, ...] = (0.25,)

    def __post_init__(self) -> None:
        """Validate the ranges."""
        if not (self.pair_pitch > 0.0 and self.width > 0.0):
            raise PhysicsError(
                f"pair_pitch and width on a weave must be positive, got {self.pair_pitch} and {self.width} m. Check the unit."
            )
        if not -45.0 <= self.angle_deg <= 45.0:
            raise PhysicsError(
                f"angle_deg must be between -45 and 45, got {self.angle_deg}. Count from the nearer yarns: warp or fill."
            )
        if not self.positions:
            raise PhysicsError("positions must be one for each ply, got none. Leave the weave out for no cloth.")

    @property
    def period(self) -> float:
        """Distance in m from yarn to yarn across the direction of the pair."""
        return self.weave.warp_period if self.direction == "warp" else self.weave.fill_period

    def worst_skew(self, slowness: float, length: float) -> float:
        """Largest skew in s/m of a pair of `length` in m whose lines have `slowness` in s/m: swing / 2 x slowness x three means.

        sin(pi pitch / period) is the difference of both lines, sinc(width / period) the mean over the width and
        sinc(length sin(angle) / period) that along the length, sinc(x) = sin(pi x) / (pi x).
        """
        period, angle = self.period, np.deg2rad(self.angle_deg)
        # a turned pair meets the yarns at its pitch times the cosine; delay goes with the root of Dk, hence half the
        # swing below
        apart = np.sin(np.pi * self.pair_pitch * np.cos(angle) / period)
        # an angle takes the line over many yarns: that is what boards are turned for
        means = np.sinc(self.width / period) * np.sinc(length * np.sin(angle) / period)
        # the sign is that of the position, not of the style
        return float(0.5 * self.weave.dk_swing * slowness * np.abs(apart * means))

    def skew(self, slowness: float, length: float) -> float:
        """Skew in s/m at these positions: the worst times the mean of sin(2 pi position); positive where P is slower."""
        # plies share the field, so their effects average, and chance makes them cancel
        share = float(np.mean(np.sin(2.0 * np.pi * np.array(self.positions))))
        return share * self.worst_skew(slowness, length)

    def drawn(self, rng: np.random.Generator) -> WeaveRoute:
        """The same pair at a chance place on every ply."""
        # one draw a ply: cloths are laid without regard to each other
        return dataclasses.replace(self, positions=tuple(rng.random(len(self.positions)).tolist()))

    def skew_quantile(self, quantile: float, slowness: float, length: float) -> float:
        """|skew| in s/m that a part `quantile` (0 to 1) of pairs stays below, over one ply: worst x sin(pi quantile / 2).

        Raises `PhysicsError` for a quantile outside 0 to 1, or more plies than one.
        """
        if not 0.0 <= quantile <= 1.0:
            raise PhysicsError(f"quantile must be between 0 and 1, got {quantile}. Give 0.99 for 99 %.")
        if len(self.positions) != 1:
            raise PhysicsError(
                f"a quantile in closed form holds for one ply, got {len(self.positions)}. Draw pairs instead."
            )
        # positions are uniform, so |sin| is distributed as the arcsine law, whose quantile this is
        return float(np.sin(0.5 * np.pi * quantile)) * self.worst_skew(slowness, length)


class _Threads(Sourced):
    warp_per_inch: Annotated[float, Field(gt=0)]
    fill_per_inch: Annotated[float, Field(gt=0)]


class _Swing(Sourced):
    value: float


class _File(Table):
    id: str
    title: str
    threads: _Threads
    dk_swing: _Swing


def list_weaves() -> tuple[str, ...]:
    """Ids of the shipped glass styles, sorted."""
    return _WEAVES.ids()


def load_weave(name: str) -> Weave:
    """The glass style with this id, or of the TOML file at this path, which is read anew every time.

    Raises `ConfigError` for an unknown id (naming the nearest) or a bad file (naming the key).
    """
    return _WEAVES.load(name)


def _from_file(file: Path) -> Weave:
    record = validated(_File, load_toml(file), file)
    return Weave(
        id=record.id,
        title=record.title,
        # thread counts are published per inch
        warp_period=INCH / record.threads.warp_per_inch,
        fill_period=INCH / record.threads.fill_per_inch,
        dk_swing=record.dk_swing.value,
        provenance=record.threads.provenance,
        source=record.threads.source,
        swing_provenance=record.dk_swing.provenance,
        swing_source=record.dk_swing.source,
    )


_WEAVES = DataFolder("weaves", kind="weave", read=_from_file)
