"""A measured or simulated network as one segment of a path: a Touchstone file on any grid at any impedance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sirf.channel.channel import DIFFERENTIAL_OHM, Channel
from sirf.channel.network import Network
from sirf.channel.repair import passive
from sirf.channel.resample import FlatResponse, flatten

Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A differential two-port from data, port 1 towards the transmitter; build it with `from_touchstone` or `of`.

    `flat` holds S11, S12, S21, S22 without their bulk delays, from DC to the band edge and with their trends beyond;
    `warnings` what its user should know.
    """

    name: str
    first: float
    last: float
    flat: tuple[FlatResponse, FlatResponse, FlatResponse, FlatResponse]
    warnings: tuple[str, ...] = field(default=(), kw_only=True)

    @classmethod
    def of(cls, channel: Channel, *, flipped: bool = False) -> Block:
        """The through path of `channel` (100 ohm differential); `flipped` turns it round."""
        through = channel.through.flipped() if flipped else channel.through
        flat = tuple(flatten(through.frequency, through.s[:, out, into]) for out in (0, 1) for into in (0, 1))
        first, last = float(through.frequency[0]), float(through.frequency[-1])
        notes = [f"{channel.name}: {note}" for note in dict.fromkeys(note for entry in flat for note in entry.warnings)]
        notes.append(f"{channel.name}: data end at {last / 1e9:g} GHz; the response beyond is extrapolated.")
        return cls(
            channel.name, first, last, (flat[0], flat[1], flat[2], flat[3]), warnings=channel.warnings + tuple(notes)
        )

    @classmethod
    def from_touchstone(
        cls,
        path: str | os.PathLike[str],
        *,
        port_order: str | Sequence[int] | None = None,
        victim: int | None = None,
        differential: bool | None = None,
        mixed_mode: str | None = None,
        flipped: bool = False,
    ) -> Block:
        """The through path of a Touchstone file; the options are those of `Channel.from_touchstone`.

        Whatever impedance the file refers to, the block refers to 100 ohm differential, so that blocks and lines join.
        """
        channel = Channel.from_touchstone(
            path, port_order=port_order, victim=victim, differential=differential, mixed_mode=mixed_mode
        )
        return cls.of(channel, flipped=flipped)

    def network(self, frequency: Real) -> Network:
        """The two-port at ascending `frequency` (F,) in Hz, 100 ohm.

        Inside the band a cubic spline over sqrt(f) of each entry without its delay; below and above it the trend of
        `sirf.channel.resample`, made passive.
        """
        s = np.empty((frequency.size, 2, 2), dtype=np.complex128)
        for k, flat in enumerate(self.flat):
            s[:, k // 2, k % 2] = flat.at(frequency) * np.exp(-2j * np.pi * frequency * flat.delay_s)
        outside = (frequency < self.first) | (frequency > self.last)
        if np.any(outside):
            s[outside] = passive(Network(frequency[outside], s[outside])).s
        return Network(frequency, s, z0=DIFFERENTIAL_OHM, name=self.name)
