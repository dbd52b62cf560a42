"""Each path of a channel from die to die: H21 with packages, filters, impulse response (Annex 93A.1.2 to 93A.1.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.annex_93a_response import impulse_response
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import PackageCase, Role, die_to_die, roles_of
from sirf.channel.network import Network
from sirf.channel.resample import usual_step
from sirf.channel.screening import on_fine_grid
from sirf.channel.transfer import Transfer
from sirf.com.config.settings import ComSettings
from sirf.com.filters import NoiseFilter, noise_filter_of
from sirf.errors import SirfError
from sirf.transmitter.edge import transmitter_edge


@dataclass(frozen=True, slots=True, eq=False)
class PathResponse:
    """One path at the receiver's noise filter output.

    `transfer` (F,) is H21 with H_t and H_r at `frequency` (F,) in Hz, without amplitude; `impulse` (N,) its impulse response
    times `amplitude` in V, `samples_per_ui` a UI, as the reference code cuts it. `s` (F, 2, 2) are the path's parameters with
    packages.
    """

    kind: Role
    name: str
    amplitude: float
    frequency: Float
    s: Complex
    transfer: Complex
    impulse: Float
    samples_per_ui: int

    @property
    def pulse(self) -> Float:
        """Unequalised pulse response (N,) in V: the running sum over one UI."""
        return running_sum(self.impulse, self.samples_per_ui)


def running_sum(impulse: Float, count: int) -> Float:
    """Sum of each sample and those before it, `count` in all; the same length."""
    # one sum over all samples and a difference, instead of a sum of M terms at each of them
    total = np.zeros(impulse.size + count)
    np.cumsum(impulse, out=total[count:])
    return np.asarray(total[count:] - total[:-count])


def path_responses(
    channel: Channel, settings: ComSettings, case: int
) -> tuple[tuple[PathResponse, ...], tuple[str, ...]]:
    """Through, FEXT and NEXT paths with the packages of test case `case` (from 1), and warnings.

    Aggressors on another grid are resampled to that of the through path, which a warning says.
    Raises `SirfError` where the band is too small for the symbol rate.
    """
    warnings = [*channel.check_symbol_rate(settings.symbol_rate), *_grid_warnings(channel, settings)]
    on_one_grid = _on_one_grid(_on_fine_grids(channel, warnings), warnings)
    packages = settings.packages[case - 1]
    paths = die_to_die(on_one_grid, packages, common_mode=False)
    # once for each distinct path: aggressors are often equal
    # all are on one grid, so that they share their filters
    f = paths.transfers[0].frequency
    filters = _filters(f.tobytes(), _rise_time(settings, packages), noise_filter_of(settings.receiver))
    impulses = [_impulse(transfer, filters, settings) for transfer in paths.transfers]
    tx = settings.transmitter
    amplitudes = {"through": tx.amplitude, "fext": tx.amplitude_fext, "next": tx.amplitude_next}
    result = []
    for number, role, network in zip(paths.index, roles_of(channel), channel.networks, strict=True):
        # aggressors that are equal share one impulse response, and differ in amplitude at most
        transfer, impulse = impulses[number]
        result.append(
            PathResponse(
                kind=role,
                name=network.name,
                amplitude=amplitudes[role],
                frequency=paths.networks[number].frequency,
                s=paths.networks[number].s,
                transfer=transfer,
                impulse=amplitudes[role] * impulse,
                samples_per_ui=settings.samples_per_ui,
            )
        )
    return tuple(result), tuple(warnings)


# by value: the same grid comes with every length of a study
@lru_cache(maxsize=8)
def _filters(grid: bytes, rise_time: float | None, noise_filter: NoiseFilter) -> Complex:
    """H_t H_r (F,) on a grid in Hz."""
    f = np.frombuffer(grid)
    found = _edge(f, rise_time) * noise_filter.response(f)
    found.flags.writeable = False
    return found


def _impulse(transfer: Transfer, filters: Complex, settings: ComSettings) -> tuple[Complex, Float]:
    """H21 with `filters` (F,), which are H_t and H_r, and its impulse response for 1 V."""
    value = transfer.value * filters
    rate = settings.symbol_rate * settings.samples_per_ui
    return value, impulse_response(transfer.frequency, value, sample_rate=rate, truncation=settings.truncation)


def transmitter_filter(frequency: Float, settings: ComSettings, packages: PackageCase) -> Complex:
    """H_t (F,) of equation (93A-46) with the reference code's delay; ones where the settings have no transition time."""
    return _edge(frequency, _rise_time(settings, packages))


def _rise_time(settings: ComSettings, packages: PackageCase) -> float | None:
    # a package case may bring a transition time of its own
    return settings.transmitter.rise_time if packages.rise_time is None else packages.rise_time


def _edge(frequency: Float, rise_time: float | None) -> Complex:
    if rise_time is None:
        return np.ones(frequency.size, dtype=complex)
    # the reference code delays by three rise times, so that the edge's foot does not wrap round the transform
    return transmitter_edge(frequency, rise_time, linear_phase=True)


def _grid_warnings(channel: Channel, settings: ComSettings) -> list[str]:
    """Where the data start later or are spaced wider than the configuration wants (f_min, Delta_f)."""
    first, step = float(channel.frequency[0]), float(np.max(np.diff(channel.frequency)))
    name = channel.name or "the channel"
    found = []
    # relative slack for rounding in files that print few digits
    if settings.f_min and first > settings.f_min * (1 + 1e-9):
        found.append(f"{name} starts at {first / 1e6:g} MHz, above the f_min of {settings.f_min / 1e6:g} MHz.")
    if settings.frequency_step and step > settings.frequency_step * (1 + 1e-6):
        found.append(
            f"{name} has steps of {step / 1e6:g} MHz, above the Delta_f of {settings.frequency_step / 1e6:g} MHz."
        )
    return found


def _on_fine_grids(channel: Channel, warnings: list[str]) -> Channel:
    """The channel on steps that the reference's straight lines can follow."""
    fine = [on_fine_grid(network) for network in channel.networks]
    if all(one is other for one, other in zip(fine, channel.networks, strict=True)):
        return channel
    warnings.append(
        f"{channel.name or 'the channel'} has steps of {usual_step(channel.frequency) / 1e6:g} MHz, coarse for "
        f"COM: resampled to {(fine[0].frequency[1] - fine[0].frequency[0]) / 1e6:g} MHz."
    )
    fext = 1 + len(channel.fext)
    return replace(channel, through=fine[0], fext=tuple(fine[1:fext]), next=tuple(fine[fext:]))


def _on_one_grid(channel: Channel, warnings: list[str]) -> Channel:
    """The channel with its aggressors on the through path's grid."""
    grid = channel.frequency
    if all(np.array_equal(network.frequency, grid) for network in channel.networks):
        return channel
    return replace(
        channel,
        fext=tuple(_on_grid(network, grid, warnings) for network in channel.fext),
        next=tuple(_on_grid(network, grid, warnings) for network in channel.next),
    )


def _on_grid(network: Network, grid: Float, warnings: list[str]) -> Network:
    """The aggressor on the through path's grid; ends held over a step at most."""
    if np.array_equal(network.frequency, grid):
        return network
    name = network.name or "an aggressor"
    step = float(np.max(np.diff(grid)))
    first, last = float(network.frequency[0]), float(network.frequency[-1])
    # a step at either end is rounding of two instruments; more would be invented
    if first > grid[0] + step or last < grid[-1] - step:
        raise SirfError(
            f"grid of {name} must span that of the through path, {grid[0] / 1e9:g} to {grid[-1] / 1e9:g} GHz, got "
            f"{first / 1e9:g} to {last / 1e9:g} GHz. Measure both over the same band."
        )
    warnings.append(f"{name} is on another grid than the through path: resampled.")
    return replace(network.resampled(np.clip(grid, first, last)), frequency=grid)
