"""A measured or simulated network as one segment of a path: a Touchstone file on any grid at any impedance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.pairs import turned_splines
from sirf.channel.channel import Channel
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.lanes import find_lanes, parse_lanes
from sirf.channel.network import PAIR_OHM, Network
from sirf.channel.pair import ASSUMED, PairNetwork
from sirf.channel.repair import passive
from sirf.channel.resample import FlatResponse, coupling_corner, flatten, without_coupling
from sirf.channel.touchstone import load_touchstone
from sirf.errors import SirfError

_STRIDE = 32
"""Points of a uniform grid from one exact phase of a delay to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredBlock:
    """Pairs from data, end 1 towards the transmitter; build it with `from_touchstone` or `of`.

    `flat` holds each S-parameter without its bulk delay, from DC to the band edge and with its trend beyond, row by row: of a
    differential two-port, or of the waves of all `lanes` in the order of `LaneNetwork`, when the file has the common modes too.
    `next_lanes` are the lanes, counted from 0 with the victim 0, that transmit from end 2. `coupling_corner` in Hz is that of an
    AC coupling that the phase of the data shows and their grid does not resolve: `flat` is without it, and it is put back in
    closed form. `warnings` is what its user should know.
    """

    name: str
    first: float
    last: float
    flat: tuple[FlatResponse, ...]
    lanes: int = field(default=1, kw_only=True)
    next_lanes: tuple[int, ...] = field(default=(), kw_only=True)
    coupling_corner: float | None = field(default=None, kw_only=True)
    warnings: tuple[str, ...] = field(default=(), kw_only=True)
    values: Complex = field(init=False, repr=False)
    slopes: Complex = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the splines over sqrt(f) of all entries, whose grids are the same: values and slopes (F, entries) there."""
        from scipy.interpolate import CubicSpline

        # skin effect makes a response smooth over the root of frequency, where it is not over frequency
        root, values = self.flat[0].root, np.stack([entry.value for entry in self.flat], axis=1)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "slopes", np.ascontiguousarray(CubicSpline(root, values)(root, 1)))

    @classmethod
    def of(cls, channel: Channel, *, flipped: bool = False) -> MeasuredBlock:
        """The through path of `channel`, both its modes where it knows its 4-port; `flipped` turns it round."""
        if channel.four_port is None:
            through = channel.through.flipped() if flipped else channel.through
            return _block(channel.name, through.frequency, through.s, channel.warnings)
        # a channel's 4-port stands in this order whatever the file's was
        lane = LaneNetwork.from_network(channel.four_port, [(1, 2, 3, 4)])
        return cls.of_lanes(lane, name=channel.name, warnings=channel.warnings, flipped=flipped)

    @classmethod
    def of_lanes(
        cls,
        network: LaneNetwork,
        *,
        name: str = "",
        next_lanes: tuple[int, ...] = (),
        warnings: tuple[str, ...] = (),
        flipped: bool = False,
    ) -> MeasuredBlock:
        """All lanes of `network`; flipped, they are seen from their other end."""
        turned = network.flipped() if flipped else network
        return _block(name, turned.frequency, turned.s, warnings, lanes=network.lanes, next_lanes=next_lanes)

    @classmethod
    def from_touchstone(
        cls,
        path: str | os.PathLike[str],
        *,
        port_order: str | Sequence[int] | None = None,
        victim: int | None = None,
        next_lanes: Sequence[int] = (),
        differential: bool | None = None,
        mixed_mode: str | None = None,
        flipped: bool = False,
    ) -> MeasuredBlock:
        """A Touchstone file with its common modes and all its lanes; the options are those of `Channel.from_touchstone`.

        Whatever impedance the file refers to, the block refers to 100 ohm differential, so that blocks and lines join.
        """
        options = {"port_order": port_order, "victim": victim, "next_lanes": next_lanes, "differential": differential}
        channel = Channel.from_touchstone(path, mixed_mode=mixed_mode, **options)  # type: ignore[arg-type]  # as declared
        if not (channel.fext or channel.next):
            return cls.of(channel, flipped=flipped)
        network = load_touchstone(path, mixed_mode=mixed_mode).network
        lanes = find_lanes(network)[0] if port_order is None else parse_lanes(port_order, network.ports)
        assert victim is not None  # a file of several lanes is refused without
        others = [k for k in range(1, len(lanes) + 1) if k != victim]
        return cls.of_lanes(
            # the victim is lane 0, and the others follow in the file's order
            LaneNetwork.from_network(network, [lanes[k - 1] for k in (victim, *others)]),
            name=channel.name,
            next_lanes=tuple(place for place, k in enumerate(others, start=1) if k in next_lanes),
            warnings=channel.warnings,
            flipped=flipped,
        )

    @property
    def has_common_mode(self) -> bool:
        """Whether the data hold the common mode; a differential two-port does not."""
        return len(self.flat) > 4

    @property
    def common_mode(self) -> str:
        """What the data say, or what is assumed."""
        return "as in the data" if self.has_common_mode else ASSUMED

    @property
    def converts(self) -> bool:
        """Whether the data may turn one mode into the other."""
        return self.has_common_mode

    def network(self, frequency: Float) -> Network:
        """The victim's differential two-port at ascending `frequency` (F,) in Hz, 100 ohm."""
        return self.pair(frequency).differential(name=self.name)

    def pair(self, frequency: Float) -> PairNetwork:
        """Both modes of the victim; of a differential two-port taken as two equal lines without coupling."""
        if not self.has_common_mode:
            return PairNetwork.balanced(Network(frequency, self._s(frequency), z0=PAIR_OHM))
        return self.lane_network(frequency).pair()

    def lane_network(self, frequency: Float) -> LaneNetwork:
        """All lanes at ascending `frequency` (F,) in Hz; raises `SirfError` for a differential two-port."""
        if not self.has_common_mode:
            raise SirfError(f"{self.name} must have its common modes, got a differential two-port. Load a 4-port.")
        return LaneNetwork(frequency, self._s(frequency))

    def _coupling(self, frequency: Float, waves: int) -> Complex:
        """What the coupling passes from one end to the other, 1 within an end, (F, W²)."""
        # at DC the factor is zero: what is coupled by capacitors passes nothing
        above = frequency > 0.0
        passed = np.zeros(frequency.size, dtype=np.complex128)
        passed[above] = 1.0 / (1.0 - 1j * (self.coupling_corner or 0.0) / frequency[above])
        across = _across(waves).ravel()
        return np.asarray(np.where(across, passed[:, None], 1.0))

    def _s(self, frequency: Float) -> Complex:
        """S (F, W, W): inside the band the spline of each entry without its delay, outside its trend, made passive."""
        waves = int(np.sqrt(len(self.flat)))
        inside = int(np.searchsorted(frequency, self.last, side="right"))
        s = np.empty((frequency.size, len(self.flat)), dtype=np.complex128)
        delays = np.array([entry.delay_s for entry in self.flat])
        coarse, fine = _turns(frequency, delays)
        root = np.sqrt(frequency[:inside])
        turned_splines(self.values, self.slopes, self.flat[0].root, root, coarse, fine, s[:inside])
        if inside < frequency.size:
            for k, entry in enumerate(self.flat):
                s[inside:, k] = entry.beyond(frequency[inside:])
            s[inside:] *= np.exp(-2j * np.pi * frequency[inside:, None] * delays)
        if self.coupling_corner is not None:
            s *= self._coupling(frequency, waves)
        matrices: Complex = s.reshape(frequency.size, waves, waves)
        # inside the band the data are taken as they are; only what was extrapolated must not gain
        outside = (frequency < self.first) | (frequency > self.last)
        if np.any(outside):
            matrices[outside] = passive(Network(frequency[outside], matrices[outside])).s
        return matrices


def _block(
    name: str,
    frequency: Float,
    s: Complex,
    warnings: tuple[str, ...],
    *,
    lanes: int = 1,
    next_lanes: tuple[int, ...] = (),
) -> MeasuredBlock:
    # one corner for all entries: that of the first wave from end 1 to end 2
    corner = coupling_corner(frequency, s[:, s.shape[1] // 2, 0])
    if corner is not None:
        frequency, s = _without_coupling(frequency, s, corner)
    waves = range(s.shape[1])
    # every entry by itself: echoes and crosstalk have delays of their own
    flat = tuple(flatten(frequency, s[:, out, into]) for out in waves for into in waves)
    notes = [f"{name}: {note}" for note in dict.fromkeys(note for entry in flat for note in entry.warnings)]
    if corner is not None:
        notes.append(f"{name}: AC coupled below its first point; DC is left out of the path's channel.")
    notes.append(f"{name}: data end at {frequency[-1] / 1e9:g} GHz; the response beyond is extrapolated.")
    return MeasuredBlock(
        name,
        float(frequency[0]),
        float(frequency[-1]),
        flat,
        lanes=lanes,
        next_lanes=next_lanes,
        coupling_corner=corner,
        warnings=warnings + tuple(notes),
    )


def _turns(frequency: Float, delays: Float) -> tuple[Complex, Complex]:
    """exp(-j 2 pi f delay) as products of (C, K) and (S, K): few on a uniform grid, where they cost most of a block."""
    step = frequency[1] - frequency[0] if frequency.size > _STRIDE else 0.0
    uniform = frequency[0] + step * np.arange(frequency.size)
    # a deviation of 1e-9 step turns the phase by 2 pi 1e-9 (delay x step), far below what data tell
    if step == 0.0 or np.abs(frequency - uniform).max() > 1e-9 * step:
        return np.exp(-2j * np.pi * frequency[:, None] * delays), np.ones((1, delays.size), dtype=np.complex128)
    coarse = np.exp(-2j * np.pi * frequency[::_STRIDE, None] * delays)
    return coarse, np.exp(-2j * np.pi * (step * np.arange(_STRIDE))[:, None] * delays)


def _across(waves: int) -> NDArray[np.bool_]:
    """Which entries (W, W) lead from one end to the other: the first half of the waves belongs to end 1."""
    end = np.arange(waves) >= waves // 2
    return np.asarray(end[:, None] != end[None, :])


def _without_coupling(frequency: Float, s: Complex, corner: float) -> tuple[Float, Complex]:
    """The data above DC with their AC coupling taken out of all that passes from end to end."""
    across = _across(s.shape[1])
    # a response of ones gives the factor itself, for all entries at once
    points, factor = without_coupling(frequency, np.ones(frequency.size, dtype=np.complex128), corner)
    # the same points that the factor is for: without DC
    bare = s[frequency.size - points.size :].copy()
    # within one end a series capacitor shows only near the corner; it stays in the data
    bare[:, across] *= factor[:, None]
    return points, bare
