"""The frequency-domain network: S-parameters on a grid, one real reference impedance on all ports."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import Complex, Float
from sirf.channel.cascade import cascade
from sirf.errors import SirfError

if TYPE_CHECKING:
    import skrf

    from sirf.channel.network_file import NetworkFile

LINE_OHM, PAIR_OHM = 50.0, 100.0
"""References of one line and of a pair's differential mode: those of instruments, files and every standard that ships."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """S-parameters of a linear network; `s[k, out, in]` at `frequency[k]`.

    `frequency` (F,) in Hz, ascending, not negative; `s` (F, P, P) complex; `z0` in ohm, real, the same on all ports.
    Port numbers in messages start at 1. Arrays are read-only, and copied unless they came so.

    Raises `SirfError` when shapes do not fit, a value is not finite or the frequencies do not ascend.

    >>> thru = Network(np.array([0.0, 1e9]), np.array([[[0, 1], [1, 0]]] * 2))
    >>> (thru @ thru).ports
    2
    """

    frequency: Float
    s: Complex
    z0: float = field(default=50.0, kw_only=True)
    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Check and copy the arrays."""
        # networks are kept and shared between links (`element_networks`): nobody may write into one
        frequency = _read_only(self.frequency, np.float64)
        s = _read_only(self.s, np.complex128)
        _check_arrays(frequency, s)
        z0 = float(self.z0)
        if not (np.isfinite(z0) and z0 > 0):
            raise SirfError(f"z0 must be a positive resistance in ohm, got {self.z0!r}. Give for example z0=50.0.")
        object.__setattr__(self, "frequency", frequency)
        object.__setattr__(self, "s", s)
        object.__setattr__(self, "z0", z0)

    def __repr__(self) -> str:
        """One line: name, ports, grid, reference impedance."""
        span = f"{self.frequency[0] / 1e9:g} to {self.frequency[-1] / 1e9:g} GHz"
        return f"Network({self.name!r}, {self.ports} ports, {self.frequency.size} points, {span}, {self.z0:g} ohm)"

    @property
    def ports(self) -> int:
        """Number of ports."""
        return int(self.s.shape[1])

    def cascade(self, other: Network) -> Network:
        """Two-port with port 2 of this one joined to port 1 of `other`, on the same grid and reference impedance.

        Raises `SirfError` unless both are two-ports with equal `frequency` and `z0`.
        """
        _check_joinable(self, other)
        s = cascade(self.s, other.s)
        return Network(self.frequency, s, z0=self.z0, name=f"{self.name}+{other.name}".strip("+"))

    def __matmul__(self, other: Network) -> Network:
        """`a @ b` is `a.cascade(b)`."""
        return self.cascade(other)

    def __pow__(self, times: int | Network) -> Network:
        """`a ** 3` is `a @ a @ a`; `a ** b` joins two networks, as users of scikit-rf write it.

        >>> thru = Network(np.array([0.0, 1e9]), np.array([[[0, 0.5], [0.5, 0]]] * 2))
        >>> float(abs((thru**3).s[0, 1, 0])), float(abs((thru**thru).s[0, 1, 0]))
        (0.125, 0.25)
        """
        if isinstance(times, Network):
            return self @ times
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise SirfError(
                f"power must be a whole number from 1, or a network to join, got {times!r}. Use 2 for two in a row."
            )
        result = self
        for _ in range(times - 1):
            result = result @ self
        return result

    def flipped(self) -> Network:
        """The same network with its ports in reverse order (a two-port seen from its other end)."""
        # reversing both axes exchanges the ports of rows and columns alike
        return Network(self.frequency, self.s[:, ::-1, ::-1], z0=self.z0, name=self.name)

    def renormalized(self, z0: float) -> Network:
        """The same network described with reference impedance `z0` in ohm on all ports (real, positive)."""
        if not (np.isfinite(z0) and z0 > 0):
            raise SirfError(f"z0 must be a positive resistance in ohm, got {z0!r}. Give for example z0=50.0.")
        if z0 == self.z0:
            return self
        s = renormalize(self.s, np.full(self.ports, self.z0), z0)
        return Network(self.frequency, s, z0=z0, name=self.name)

    def resampled(self, frequency: ArrayLike) -> Network:
        """The network on another grid by linear interpolation after the bulk delay of each entry is taken out.

        `frequency` (F,) must lie within this grid's span; the way into the time domain has its own extrapolation.
        Raises `SirfError` for frequencies outside the span.
        """
        grid = np.asarray(frequency, dtype=np.float64)
        if np.array_equal(grid, self.frequency):
            return self
        _check_span(grid, self.frequency)
        s = np.empty((grid.size, self.ports, self.ports), dtype=np.complex128)
        for out in range(self.ports):
            for into in range(self.ports):
                s[:, out, into] = interpolate_response(grid, self.frequency, self.s[:, out, into])
        return Network(grid, s, z0=self.z0, name=self.name)

    @classmethod
    def from_touchstone(cls, file: str | os.PathLike[str], **options: Any) -> Network:
        """The network of a Touchstone, CITI or MDIF file; options as in `sirf.channel.network_reader.load_network`.

        Raises `TouchstoneError` naming file and line.

        >>> sirf.Network.from_touchstone("thru.s2p").ports
        2
        """
        # by name, for the reader makes networks
        read: NetworkFile = import_module("sirf.channel.network_reader").load_network(file, **options)
        return read.network

    @classmethod
    def from_skrf(cls, network: skrf.Network) -> Network:
        """Take over a `skrf.Network`; unequal or complex port impedances are renormalised to 50 ohm first."""
        z0 = np.asarray(network.z0)
        common = complex(z0.flat[0]) if z0.size else 50.0 + 0.0j
        if not np.all(z0 == common) or common.imag != 0.0:
            network = network.copy()
            network.renormalize(50.0)
            common = 50.0 + 0.0j
        return cls(network.f, network.s, z0=common.real, name=network.name or "")

    def to_network(self) -> skrf.Network:
        """A `skrf.Network` with the same values."""
        import skrf

        return skrf.Network(f=self.frequency.copy(), f_unit="Hz", s=self.s.copy(), z0=self.z0, name=self.name)


def renormalize(s: Complex, old: Float, new: float) -> Complex:
    """S (F, P, P) at the real reference `new` in ohm on all ports, from that at `old` (P,) in ohm.

    With r = (new - old) / (new + old) and k = (new + old) / (2 sqrt(new old)) a port, S' = k (S - r) (1 - r S)^-1 k^-1.
    Raises `SirfError` where 1 - r S has no inverse, which no passive network has.
    """
    # 'r' is how much a port at the old reference reflects at the new one, 'k' how its wave scales
    r = (new - old) / (new + old)
    k = (new + old) / (2.0 * np.sqrt(new * old))
    ratio = k[:, None] / k[None, :]
    # X A = B as A^T X^T = B^T: NumPy solves from the left only
    left = (np.eye(old.size) - r[:, None] * s).swapaxes(1, 2)
    try:
        moved = np.linalg.solve(left, (s - np.diag(r)).swapaxes(1, 2)).swapaxes(1, 2)
    except np.linalg.LinAlgError:
        raise SirfError(
            f"s must allow a reference of {new:g} ohm, got a matrix without inverse. The network is far from passive; "
            "repair its data."
        ) from None
    return np.asarray(ratio * moved, dtype=np.complex128)


def bulk_delay(frequency: Float, value: Complex) -> float:
    """Delay in s that best explains the phase of `value` (F,): the slope of the phase, weighted by magnitude.

    On an uneven grid the short steps come first, for they tell a long delay without doubt, and longer ones refine it.
    Neighbouring points whose phase turns by more than pi between them are beyond what an even grid can tell.
    """
    if frequency.size < 2:
        return 0.0
    # from point to point, so that no phase has to be unwrapped over the band
    turn = value[1:] * np.conj(value[:-1])
    step = np.diff(frequency)
    # least squares of a phase over frequency weigh a step by its square; the magnitude says how well its phase is known
    weight = np.abs(turn) * step**2
    delay, reach, longest = 0.0, float(step.min()), float(step.max())
    while True:
        reach = longest if 2.0 * reach >= longest else max(2.0 * reach, float(step[step > reach].min()))
        # an even grid knows all of its steps at once, and needs neither a mask nor a first delay
        known = slice(None) if reach == longest else step <= reach * (1 + 1e-9)
        total = float(np.sum(weight[known]))
        if total > 0.0:
            # what is left of the turn once the delay found so far is taken out
            left = turn[known] * np.exp(2j * np.pi * step[known] * delay) if delay else turn[known]
            rest = np.angle(left) / (2.0 * np.pi * step[known])
            mean = float(np.sum(weight[known] * rest)) / total
            # the phase of a delay falls with frequency
            delay -= mean
        if reach == longest:
            return delay
        spread = float(np.sqrt(np.sum(weight[known] * (rest - mean) ** 2) / total)) if total > 0.0 else 0.0
        # where resistance, not delay, turns the phase of the short steps, they say nothing about the longer ones: with
        # more than a quarter turn of doubt the next step could be any number of whole turns
        if total == 0.0 or spread * float(step[step > reach].min()) > 0.25:
            delay = 0.0


def interpolate_response(grid: ArrayLike, frequency: Float, value: Complex) -> Complex:
    """Complex response `value` (F,) at `grid` (G,): linear after the bulk delay is taken out, then put back.

    Complex values rather than magnitude and phase: through a notch both of those jump, the complex value does not.
    """
    points = np.asarray(grid, dtype=np.float64)
    delay = bulk_delay(frequency, value)
    flat = value * np.exp(2j * np.pi * frequency * delay)
    return np.asarray(np.interp(points, frequency, flat) * np.exp(-2j * np.pi * points * delay), dtype=np.complex128)


def _read_only(values: ArrayLike, kind: type[np.generic]) -> NDArray[Any]:
    """The values as a read-only array; the same array where nobody can write to it, for data of a file may be large."""
    if isinstance(values, np.ndarray) and values.dtype == kind and values.flags.c_contiguous:
        # a read-only view of an array that its owner can write into is not safe
        owner = values if values.base is None else values.base
        if isinstance(owner, np.ndarray) and not (owner.flags.writeable or values.flags.writeable):
            return values
    copied = np.array(values, dtype=kind)
    copied.flags.writeable = False
    return copied


def _check_arrays(frequency: NDArray[Any], s: NDArray[Any]) -> None:
    if frequency.ndim != 1 or frequency.size == 0:
        raise SirfError(
            f"frequency must be one row of at least one value, got shape {frequency.shape}. Give (F,) in Hz."
        )
    if s.ndim != 3 or s.shape[0] != frequency.size or s.shape[1] != s.shape[2]:
        raise SirfError(
            f"s must be shaped ({frequency.size}, P, P), got {s.shape}. Give one square matrix a frequency."
        )
    # what ascends from a number that is not negative to a finite one is finite throughout
    if not (frequency[0] >= 0 and frequency[-1] < np.inf and (frequency[1:] > frequency[:-1]).all()):
        raise SirfError(
            "frequency must be finite, not negative and ascending, got other values. Sort and merge the points."
        )
    # a sum is finite where all numbers are, and costs less than a look at each
    with np.errstate(all="ignore"):
        finite = bool(np.isfinite(s.sum()))
    if not finite and not np.isfinite(s).all():
        where = float(frequency[int(np.argmin(np.all(np.isfinite(s), axis=(1, 2))))])
        raise SirfError(f"s must be finite, got NaN or infinity at {where:g} Hz. Remove or repair that point.")


def _check_joinable(first: Network, second: Network) -> None:
    if first.ports != 2 or second.ports != 2:
        raise SirfError(
            f"both networks must have 2 ports to be cascaded, got {first.ports} and {second.ports}. "
            "Extract the differential two-port first."
        )
    if first.z0 != second.z0:
        raise SirfError(f"z0 must be equal to cascade, got {first.z0:g} and {second.z0:g} ohm. Use .renormalized(z0).")
    if not np.array_equal(first.frequency, second.frequency):
        raise SirfError("frequency must be the same grid to cascade, got two grids. Use .resampled(frequency) on one.")


def _check_span(grid: Float, frequency: Float) -> None:
    tolerance = 1e-9 * float(frequency[-1])
    if grid.min() < frequency[0] - tolerance or grid.max() > frequency[-1] + tolerance:
        raise SirfError(
            f"frequency must lie in {frequency[0]:g} to {frequency[-1]:g} Hz, got {grid.min():g} to "
            f"{grid.max():g} Hz. Resample inside the measured band."
        )
