"""What the data of a network file can tell, asked once at the door of a `Channel`: DC point, grid, gain, polarity, band, signal.

Whatever is changed or assumed is said in a note; what nothing can be made of is refused. Every face that prints a number of the
channel shows these notes. The limits are measured in docs/theory/quality.md.
"""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf.channel.network import Network, bulk_delay
from sirf.channel.resample import even_grid, flatten, jumps_at_dc, uneven_step, usual_step
from sirf.errors import SirfError

MIN_POINTS = 8
"""Points below which a response in time means nothing."""
MIN_SIGNAL = 1e-6
"""|S21| that a through path must reach somewhere (-120 dB)."""
GAIN_NOTED, GAIN_REFUSED = 1.02, 10.0
"""Largest singular values of S: noted above the first, which no passive network with the rounding of an instrument has, and
refused above the second, beyond any repeater."""
START_NOTED, START_REFUSED = 0.005, 0.1
"""First frequency over the symbol rate: up to the first, extrapolation to DC moves the eye of a 10 dB line by less than 1 %."""
TURNS_NOTED, TURNS_REFUSED = 0.4, 2.0
"""Turns of a line's phase over the largest step of an uneven grid: beyond the first the later echoes are not in the data."""
INVERTED = "the pair is inverted"
"""Words of the note on a pair whose S21 is negative."""
WRONG_DC = "the DC point is wrong"
"""Begin of a finding that no DC block explains."""
BAND_NEEDED, BAND_WANTED = 0.75, 1.0
"""Parts of the symbol rate that the data must reach (the corner of COM's receiver filter) and should reach."""
COARSE_STEP_HZ = 100e6
"""Step in Hz beyond which COM's way into the time domain needs a finer grid."""
_DC_DIFFERENCE = 0.2
"""Difference from what its neighbours say, as a part of them, at which a DC point is not believed."""
_OPEN = 0.1
"""Part of the neighbour's |S21| below which the DC point of a line is open."""


def screened(network: Network, notes: list[str]) -> Network:
    """The network with an even grid and without a DC point that its neighbours contradict; `notes` says what was done.

    Raises `SirfError` for a gain that no network of copper has, and a grid that is too coarse for the delay.
    """
    name = network.name or "network"
    # gain first: with numbers that are no network's, nothing below means anything
    _check_gain(network, notes)
    finding = dc_finding(network)
    if finding is not None:
        # said before the point is gone
        notes.append(f"{name}: {finding}")
        network = without_dc(network)
    return _on_even_grid(network, notes)


def line_entries(network: Network) -> list[tuple[int, int]]:
    """(out, in), from 0, of the strongest path out of each port at low frequencies: its line."""
    if network.ports < 2:
        return []
    above = network.frequency > 0
    if not above.any():
        return []
    # low frequencies tell lines from crosstalk: coupling falls towards DC, a line does not
    weight = 1.0 / network.frequency[above]
    power = np.average(np.abs(network.s[above]) ** 2, axis=0, weights=weight)
    # a port's reflection is no path
    np.fill_diagonal(power, -1.0)
    return [(int(np.argmax(power[:, into])), into) for into in range(network.ports)]


def line_delay(network: Network) -> float:
    """Longest bulk delay in s of a line of the network."""
    return max(
        (bulk_delay(network.frequency, network.s[:, out, into]) for out, into in line_entries(network)), default=0.0
    )


def without_dc(network: Network) -> Network:
    """The network without its point at 0 Hz."""
    above = network.frequency > 0
    return Network(network.frequency[above], network.s[above], z0=network.z0, name=network.name)


def dc_finding(network: Network) -> str | None:
    """What is wrong with the point at 0 Hz of the lines, as a sentence; None where it is what its neighbours say or is not there.

    A capacitor in each wire opens the line at DC and hardly anywhere else: true, and no value to go on with.
    """
    frequency, s = network.frequency, network.s
    # too few points tell nothing about their neighbours
    if frequency[0] != 0 or frequency.size < MIN_POINTS:
        return None
    for out, into in line_entries(network):
        own, near = complex(s[0, out, into]), float(np.abs(s[1, out, into]))
        # a path that is nearly open at its first point is crosstalk, or is blocked below it
        if near < 0.1:
            continue
        flat = flatten(frequency[1:], s[1:, out, into])
        # what the points above say of DC, by the same extrapolation that would replace it
        expected = float(flat.value[0].real)
        if abs(own - expected) <= _DC_DIFFERENCE * max(abs(expected), near):
            continue
        # skin effect moves a line between DC and its first point, too: only a jump is a fault
        if not jumps_at_dc(np.concatenate(([own], flat.value[1:3]))):
            continue
        entry = f"S({out + 1},{into + 1})"
        # an open capacitor reflects everything: S11 is +1
        if abs(own) < _OPEN * near and s[0, into, into].real > 0.9:
            return (
                f"DC block: {entry} is {abs(own):.2g} at DC and {20 * np.log10(near):.1f} dB at {frequency[1] / 1e6:g} MHz; the "
                "DC point is left out, and the slow wander of a DC block is not in the results."
            )
        return (
            f"{WRONG_DC}: {entry} is {own.real:.3g} at 0 Hz, its neighbours say {expected:.3g}; it is left out and "
            "DC is extrapolated."
        )
    return None


def largest_gain(network: Network, *, above: float = 0.0) -> tuple[float, float]:
    """Largest singular value of S and its frequency in Hz; values below `above` may be given as bounds from above."""
    size = np.abs(network.s)
    # |S|_2² is at most |S|_1 |S|_inf, the largest sums of rows and columns: cheap, and leaves few points for the
    # singular values
    bound = np.sqrt(size.sum(axis=1).max(axis=1) * size.sum(axis=2).max(axis=1))
    # where nothing exceeds 'above', at least the largest bound is looked at
    candidates = np.flatnonzero(bound >= min(above, float(bound.max())))
    values = np.linalg.svd(network.s[candidates], compute_uv=False)[:, 0]
    best = int(np.argmax(values))
    return float(values[best]), float(network.frequency[candidates[best]])


def inversion_note(network: Network, label: str) -> str | None:
    """A sentence where S21 of a differential two-port is negative at low frequencies; None where it is not."""
    if not _is_inverted(network):
        return None
    return f"{label}: the pair is inverted, S21 is negative at low frequencies. Swap P and N at one end: invert=True, --invert."


def _is_inverted(network: Network) -> bool:
    frequency, value = network.frequency, network.s[:, 1, 0]
    if frequency.size < MIN_POINTS or not np.any(np.abs(value) > MIN_SIGNAL):
        return False
    flat = flatten(frequency, value)
    first = int(frequency[0] == 0)
    # far from DC the phase at DC is a guess
    if frequency[first] * abs(flat.delay_s) > 1.0 or abs(value[first]) < 0.1:
        return False
    # well into the left half plane: a line without delay has a real value there
    return bool(flat.value[1].real < -0.8 * abs(flat.value[1]))


def check_signal(network: Network, label: str) -> None:
    """Raise `SirfError` where a through two-port has too few points, or passes nothing."""
    if network.frequency.size < MIN_POINTS:
        raise SirfError(
            f"points must be at least {MIN_POINTS} for a response in time, got {network.frequency.size} in {label}. "
            "Use a finer grid."
        )
    strongest = float(np.abs(network.s[:, 1, 0]).max())
    if strongest < MIN_SIGNAL:
        level = "zero" if strongest == 0 else f"at most {20 * np.log10(strongest):.0f} dB"
        raise SirfError(
            f"through path of {label} must pass a signal, got S21 of {level}. Check the file, its port order and its modes."
        )


def start_notes(network: Network, symbol_rate: float, label: str) -> tuple[str, ...]:
    """A note where the data begin so far above DC that it is a guess; `SirfError` where they begin too far for any result."""
    frequency = network.frequency
    first = float(frequency[frequency > 0][0])
    # a second point far above the first is a gap as well, though the file holds DC
    has_gap = frequency[0] > 0 or first > 1.5 * usual_step(frequency)
    if not has_gap or first <= START_NOTED * symbol_rate * (1 + 1e-9):
        return ()
    if first > START_REFUSED * symbol_rate * (1 + 1e-9):
        raise SirfError(
            f"data of {label} must begin below {START_REFUSED:g} of the symbol rate, {START_REFUSED * symbol_rate / 1e9:g} GHz, "
            f"got {first / 1e9:g} GHz. Use a file that reaches down towards DC."
        )
    return (
        f"{label} begins at {first / 1e6:g} MHz, {100 * first / symbol_rate:.1f} % of the symbol rate: what lies below is "
        "extrapolated, and the eye is uncertain.",
    )


def coarse_grid_note(network: Network) -> str | None:
    """What the largest step of an uneven grid leaves unknown, as a sentence; None for fine and for even grids.

    Raises `SirfError` where the phase turns too often between two points.
    """
    step = uneven_step(network.frequency)
    if step is None or network.frequency.size < MIN_POINTS:
        return None
    delay = max(line_delay(network), 0.0)
    # a file whose one large step is from DC to its start is even above it
    gap = network.frequency[0] == 0 and step == network.frequency[1]
    if not gap and delay * step > TURNS_REFUSED:
        raise SirfError(
            f"grid of {network.name or 'network'} must have steps below {TURNS_REFUSED / delay / 1e9:.3g} GHz for a delay of "
            f"{1e9 * delay:.3g} ns, got one of {step / 1e9:.3g} GHz. Sweep with even steps."
        )
    # a delay that the largest steps fold shows in the lowest ones, if with resistance in it
    low = slice(0, MIN_POINTS)
    lines = (network.s[low, out, into] for out, into in line_entries(network))
    # without folding: the lowest points of a logarithmic sweep lie close together
    slow = max((bulk_delay(network.frequency[low], line) for line in lines), default=0.0)
    # a slope at low frequencies is delay only where the large steps fold it; else it is resistance
    longest = max(delay, slow) if slow * step > 1.0 else delay
    if longest * step > TURNS_NOTED:
        return (
            f"the largest step of {step / 1e6:.4g} MHz is coarse for a delay of {1e9 * longest:.3g} ns: echoes later than "
            f"{0.5e9 / step:.3g} ns are not in the data, and reflections are uncertain. Sweep with even steps."
        )
    return None


def _check_gain(network: Network, notes: list[str]) -> None:
    gain, where = largest_gain(network, above=GAIN_NOTED)
    name = network.name or "network"
    if gain > GAIN_REFUSED:
        raise SirfError(
            f"{name} must be a network of copper, got a singular value of {gain:.4g} at {where / 1e9:g} GHz, where a passive one "
            "has at most 1. Check the format and the units of the data."
        )
    if gain > GAIN_NOTED:
        notes.append(
            f"{name} is not passive: singular value {gain:.4g} at {where / 1e9:g} GHz, where at most 1 is possible. "
            "Repair it with 'sirf check --repair passive'."
        )


def _on_even_grid(network: Network, notes: list[str]) -> Network:
    name = network.name or "network"
    coarse = coarse_grid_note(network)
    even = on_even_grid(network)
    if even is network:
        return network
    steps = np.diff(network.frequency)
    notes.append(
        f"{name}: uneven grid, steps of {steps.min() / 1e6:.4g} to {steps.max() / 1e6:.4g} MHz, resampled to "
        f"{even.frequency.size} points of {(even.frequency[1] - even.frequency[0]) / 1e6:.4g} MHz."
    )
    if coarse is not None:
        notes.append(f"{name}: {coarse}")
    return even


def judgeable(network: Network) -> Network:
    """The network as its response in time is judged: on an even grid, without a DC point that its neighbours do not know."""
    return on_even_grid(network if dc_finding(network) is None else without_dc(network))


def on_fine_grid(network: Network) -> Network:
    """The network on steps of 10 MHz where those of its even grid are beyond 100 MHz; itself where they are finer.

    COM's reference follows phases by straight lines and puts its own delays on top, for which such steps are too coarse.
    """
    frequency = network.frequency
    if frequency.size < MIN_POINTS or usual_step(frequency) <= COARSE_STEP_HZ * (1 + 1e-9):
        return network
    grid = even_grid(frequency)
    if 0 < frequency[0] <= 1.5 * usual_step(frequency):
        # one step from DC: the extrapolation of the physical way serves better than a line over many short steps
        grid = np.arange(round(grid[-1] / (grid[1] - grid[0])) + 1) * (grid[1] - grid[0])
    return _resampled(network, grid)


def on_even_grid(network: Network) -> Network:
    """The network on an even grid, as fine as its shortest steps and COM want it within reason; itself where it has one."""
    if network.frequency.size < MIN_POINTS or uneven_step(network.frequency) is None:
        return network
    return _resampled(network, even_grid(network.frequency))


def _resampled(network: Network, grid: Float) -> Network:
    s = np.empty((grid.size, network.ports, network.ports), dtype=np.complex128)
    for out in range(network.ports):
        for into in range(network.ports):
            # each entry by itself, for each has a delay of its own
            flat = flatten(network.frequency, network.s[:, out, into])
            s[:, out, into] = flat.at(grid) * np.exp(-2j * np.pi * grid * flat.delay_s)
    return Network(grid, s, z0=network.z0, name=network.name)
