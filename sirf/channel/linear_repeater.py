"""Two electrical paths with a linear repeater between them: what a linear optical link is when its optics are ideal.

The repeater takes the voltage at the end of the first path, into a matched load, and launches it unchanged, or times a gain
over frequency, from a matched source into the second. It isolates: nothing returns through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import find_distinct, same_network
from sirf.channel.network import PAIR_OHM, Network
from sirf.errors import SirfError

WIRE = "wire"
"""Name of copper that is none."""


def linear_chain(first: Channel, second: Channel, *, gain: Callable[[Float], Complex] | None = None) -> Channel:
    """One channel, die to die, of `first`, a repeater of `gain` (frequencies in Hz to complex gain, one by default), `second`.

    Aggressors of the first path pass the repeater and the second path. Those of the second path come out of repeaters of
    their own behind paths like the first: FEXT is shaped by them, NEXT (sent beside the receiver) is not. Both channels must
    be complete to the die and on one grid. Raises `SirfError` where they are not.

    >>> import sirf
    >>> host = sirf.paths.pluggable(rate_class="100g").to_channel()
    >>> linear_chain(host, host).plane
    'die'
    """
    for channel in (first, second):
        if channel.plane != "die":
            raise SirfError(
                f"plane of {channel.name or 'a channel'} must be 'die' in a linear chain, got {channel.plane!r}. "
                "Use a path, or put the packages on first."
            )
    if not np.array_equal(first.frequency, second.frequency):
        raise SirfError(
            f"frequencies of {first.name or 'the first channel'} and {second.name or 'the second'} must be the same in a "
            "linear chain, got two grids. Resample one."
        )
    f = first.frequency
    # the repeater launches what arrives: its load and its source are matched
    bridge = np.ones(f.size, dtype=complex) if gain is None else np.asarray(gain(f), dtype=complex)
    onward = bridge * second.through.s[:, 1, 0]
    arriving = first.through.s[:, 1, 0] * bridge
    # aggressors of the first path go on through the repeater and the second path
    fext = _each(first.fext, lambda x: _isolated(x, x.s[:, 1, 0] * onward, second.through))
    # those of the second path come out of repeaters behind paths like the first
    fext += _each(second.fext, lambda x: _isolated(first.through, arriving * x.s[:, 1, 0], x))
    near = _each(first.next, lambda x: _isolated(x, x.s[:, 1, 0] * onward, second.through))
    return Channel(
        _isolated(first.through, first.through.s[:, 1, 0] * onward, second.through),
        fext=tuple(fext),
        # NEXT of the second path starts beside the receiver: nothing lies ahead of it
        next=(*near, *second.next),
        plane="die",
        name=f"{first.name} + {second.name}",
        warnings=tuple(dict.fromkeys((*first.warnings, *second.warnings))),
        # far above both corners two high-passes are one whose corner is their sum
        coupling_corner=(first.coupling_corner or 0.0) + (second.coupling_corner or 0.0) or None,
    )


def _each(networks: Sequence[Network], change: Callable[[Network], Network]) -> list[Network]:
    """Every network changed; equal ones once, so that they stay one."""
    distinct, index = find_distinct(networks, same_network)
    changed = [change(network) for network in distinct]
    return [changed[number] for number in index]


def unit_channel(frequency: Float) -> Channel:
    """A wire without loss, reflection or delay on a grid (F,) in Hz: what stands where there is no copper."""
    s = np.zeros((frequency.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = 1.0
    return Channel(Network(frequency, s, z0=PAIR_OHM, name=WIRE), plane="die", name=WIRE)


def _isolated(entry: Network, transfer: Complex, leaving: Network) -> Network:
    """`transfer` one way, the reflection of `entry` at port 1 and of `leaving` at port 2, nothing back."""
    s = np.zeros((transfer.size, 2, 2), dtype=complex)
    # isolated: nothing returns through a repeater
    s[:, 0, 0], s[:, 1, 0], s[:, 1, 1] = entry.s[:, 0, 0], transfer, leaving.s[:, 1, 1]
    return Network(entry.frequency, s, z0=entry.z0, name=f"{entry.name} + {leaving.name}")
