"""Each path of a channel from die to die: H21 with packages, filters, impulse response (Annex 93A.1.2 to 93A.1.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sirf.channel.annex_93a_response import impulse_response
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.package import Package, voltage_transfer
from sirf.com.config.settings import ComSettings
from sirf.com.filters import receiver_filter
from sirf.errors import SirfError
from sirf.transmitter.edge import transmitter_edge

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Kind: TypeAlias = Literal["through", "fext", "next"]


@dataclass(frozen=True, slots=True, eq=False)
class PathResponse:
    """One path at the receiver's noise filter output.

    `transfer` (F,) is H21 with H_t and H_r at `frequency` (F,) in Hz, without amplitude; `impulse` (N,) its impulse response
    times `amplitude` in V, `samples_per_ui` a UI, as the reference code cuts it. `s` (F, 2, 2) are the path's parameters with
    packages.
    """

    kind: Kind
    name: str
    amplitude: float
    frequency: Real
    s: Complex
    transfer: Complex
    impulse: Real
    samples_per_ui: int

    @property
    def pulse(self) -> Real:
        """Unequalised pulse response (N,) in V: the running sum over one UI."""
        return running_sum(self.impulse, self.samples_per_ui)


def running_sum(impulse: Real, count: int) -> Real:
    """Sum of each sample and those before it, `count` in all; the same length."""
    total = np.concatenate((np.zeros(count), np.cumsum(impulse)))
    return np.asarray(total[count:] - total[:-count])


def path_responses(
    channel: Channel, settings: ComSettings, case: int
) -> tuple[tuple[PathResponse, ...], tuple[str, ...]]:
    """Through, FEXT and NEXT paths with the packages of test case `case` (from 1), and warnings.

    Aggressors on another grid are resampled to that of the through path, which a warning says.
    Raises `SirfError` where the band is too small for the symbol rate.
    """
    warnings = list(channel.check_symbol_rate(settings.symbol_rate))
    grid = channel.frequency
    warnings += _grid_warnings(channel, settings)
    result = []
    for index, network in enumerate(channel.networks):
        kind: Kind = "through" if index == 0 else "fext" if index <= len(channel.fext) else "next"
        if not np.array_equal(network.frequency, grid):
            network = _on_grid(network, grid, warnings)
        result.append(_response(network, kind, channel.plane, settings, case))
    return tuple(result), tuple(warnings)


def path_network(network: Network, kind: Kind, plane: str, settings: ComSettings, case: int) -> Network:
    """The path with boards (Include PCB) and packages around it, equation (93A-17)."""
    packages = settings.packages[case - 1]
    near = {"through": packages.transmitter, "fext": packages.fext, "next": packages.next}[kind]
    far = packages.receiver
    f = network.frequency
    # packages, boards and the reflections of the terminations all are described at R_0
    network = network.renormalized(2.0 * far.r_0)
    if settings.board is not None:
        boards = settings.board
        board = {"through": boards.transmitter, "fext": boards.fext, "next": boards.next_near}[kind]
        arrival = boards.next_far if kind == "next" else boards.receiver
        network = network @ arrival.network(f, receiver=True)
        if board is not None:
            network = board.network(f) @ network
    if plane == "die":
        return network
    if plane == "bump":
        near, far = _bare(near), _bare(far)
    return near.network(f) @ network @ far.network(f, receiver=True)


def voltage_gain(network: Network, settings: ComSettings, case: int, kind: Kind) -> Complex:
    """H21 (F,) between the die terminations, equation (93A-18)."""
    packages = settings.packages[case - 1]
    near = {"through": packages.transmitter, "fext": packages.fext, "next": packages.next}[kind]
    gamma = [(end.r_d - end.r_0) / (end.r_d + end.r_0) for end in (near, packages.receiver)]
    s = network.s
    return voltage_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], gamma[0], gamma[1])


def transmitter_filter(frequency: Real, settings: ComSettings) -> Complex:
    """H_t (F,) of equation (93A-46) with the reference code's delay; ones where the settings have no transition time."""
    rise = settings.transmitter.rise_time
    if rise is None:
        return np.ones(frequency.size, dtype=complex)
    return transmitter_edge(frequency, rise, linear_phase=True)


def _response(network: Network, kind: Kind, plane: str, settings: ComSettings, case: int) -> PathResponse:
    complete = path_network(network, kind, plane, settings, case)
    f = complete.frequency
    transfer = voltage_gain(complete, settings, case, kind)
    transfer = transfer * transmitter_filter(f, settings) * receiver_filter(f, settings.receiver)
    tx = settings.transmitter
    amplitude = {"through": tx.amplitude, "fext": tx.amplitude_fext, "next": tx.amplitude_next}[kind]
    impulse = impulse_response(f, transfer, sample_rate=settings.symbol_rate * settings.samples_per_ui)
    return PathResponse(
        kind, network.name, amplitude, f, complete.s, transfer, amplitude * impulse, settings.samples_per_ui
    )


def _grid_warnings(channel: Channel, settings: ComSettings) -> list[str]:
    """Where the data start later or are spaced wider than the configuration wants (f_min, Delta_f)."""
    first, step = float(channel.frequency[0]), float(np.max(np.diff(channel.frequency)))
    name = channel.name or "the channel"
    found = []
    if settings.f_min and first > settings.f_min * (1 + 1e-9):
        found.append(f"{name} starts at {first / 1e6:g} MHz, above the f_min of {settings.f_min / 1e6:g} MHz.")
    if settings.frequency_step and step > settings.frequency_step * (1 + 1e-6):
        found.append(
            f"{name} has steps of {step / 1e6:g} MHz, above the Delta_f of {settings.frequency_step / 1e6:g} MHz."
        )
    return found


def _on_grid(network: Network, grid: Real, warnings: list[str]) -> Network:
    """The aggressor on the through path's grid; ends held over a step at most."""
    name = network.name or "an aggressor"
    step = float(np.max(np.diff(grid)))
    first, last = float(network.frequency[0]), float(network.frequency[-1])
    if first > grid[0] + step or last < grid[-1] - step:
        raise SirfError(
            f"grid of {name} must span that of the through path, {grid[0] / 1e9:g} to {grid[-1] / 1e9:g} GHz, got "
            f"{first / 1e9:g} to {last / 1e9:g} GHz. Measure both over the same band."
        )
    warnings.append(f"{name} is on another grid than the through path: resampled.")
    return replace(network.resampled(np.clip(grid, first, last)), frequency=grid)


def _bare(package: Package) -> Package:
    """Only the die's own stages: what a channel that ends at the bump lacks."""
    return replace(package, lines=(), c_p=0.0)
