"""From a single-ended 4-port to the differential two-port: which port is which, then the mixed-mode transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.network import Network
from sirf.errors import SirfError

PortOrder: TypeAlias = tuple[int, int, int, int]
"""Port numbers from 1: (P in, P out, N in, N out)."""

PAIRINGS: dict[str, PortOrder] = {"12-34": (1, 2, 3, 4), "13-24": (1, 3, 2, 4), "14-23": (1, 4, 2, 3)}
"""Names of the three ways in which the lines of a pair run through a 4-port."""

CLEAR = 3.0
"""Power ratio between the best and the second pairing (5 dB) above which the data tell the order."""
THROUGH = 0.03
"""Mean power (-15 dB) that a through path carries at low frequencies at least; crosstalk stays below it."""


def parse_port_order(value: str | Sequence[int]) -> PortOrder:
    """Port order from "12-34", "13-24", "14-23" (in-out, in-out) or from (P in, P out, N in, N out), counted from 1.

    Raises `SirfError` for other text and for anything but a permutation of 1, 2, 3, 4.

    >>> parse_port_order("13-24")
    (1, 3, 2, 4)
    """
    order = PAIRINGS.get(value) if isinstance(value, str) else tuple(value)
    if order is None or sorted(order) != [1, 2, 3, 4]:
        raise SirfError(
            f"port_order must be '12-34', '13-24', '14-23' or a permutation (P in, P out, N in, N out) of 1 to 4, "
            f"got {value!r}. Give for example port_order='12-34' for lines 1→2 and 3→4."
        )
    return (int(order[0]), int(order[1]), int(order[2]), int(order[3]))


def port_order_name(order: PortOrder) -> str:
    """Text of a port order, such as "12-34"."""
    return f"{order[0]}{order[1]}-{order[2]}{order[3]}"


def find_port_order(network: Network) -> PortOrder:
    """Port order of a through 4-port: the pairing that carries most power in the lower quarter of its band.

    Low frequencies weigh most (one over frequency), for coupled lines swap their power as frequency rises.
    Raises `SirfError` when the network does not have 4 ports, no pairing leads by 5 dB, or the best carries less than
    -15 dB, as in a crosstalk file.
    """
    _check_four_ports(network)
    power = {name: _through_power(network, order) for name, order in PAIRINGS.items()}
    best, second = sorted(power, key=power.__getitem__, reverse=True)[:2]
    # judged against an absolute level too: in a crosstalk file one pairing leads as well, at a level no line has
    if power[best] < THROUGH:
        raise SirfError(
            f"port_order must be given for {network.name or 'this network'}, got no through path above -15 dB. "
            "Is it a crosstalk file? Pass port_order='12-34', '13-24' or '14-23'."
        )
    if not power[best] > CLEAR * power[second]:
        raise SirfError(
            f"port_order must be given for {network.name or 'this network'}, got through paths {best} and {second} "
            "of similar strength. Pass port_order='12-34', '13-24' or '14-23'."
        )
    return PAIRINGS[best]


class MixedModes(NamedTuple):
    """S_xy (F, N, N) from mode y to mode x: differential `dd`, common `cc`, common to differential `dc`, and `cd` back."""

    dd: Complex
    dc: Complex
    cd: Complex
    cc: Complex


def mixed_modes(s: Complex, positive: Sequence[int], negative: Sequence[int]) -> MixedModes:
    """Mixed-mode S-parameters of N pairs between ports `positive` and `negative` (N,), from 0, of a network `s` (F, P, P).

    a_d = (a_P - a_N) / sqrt 2 and a_c = (a_P + a_N) / sqrt 2 (Bockelman and Eisenstadt, IEEE Trans. MTT 43, 1995), so that waves
    carry power: differential at twice, common at half the single-ended impedance; all other ports are matched.
    """
    # rows are where waves come out, columns where they go in
    p, n = np.asarray(positive), np.asarray(negative)
    pp, pn, np_, nn = (s[:, rows[:, None], columns] for rows in (p, n) for columns in (p, n))
    # S_dc: the common mode excites both lines alike, so columns add; the difference of what comes out subtracts rows
    return MixedModes(
        dd=0.5 * (pp - pn - np_ + nn),
        dc=0.5 * (pp + pn - np_ - nn),
        cd=0.5 * (pp - pn + np_ - nn),
        cc=0.5 * (pp + pn + np_ + nn),
    )


def differential_two_port(network: Network, order: PortOrder) -> Network:
    """S_dd of a 4-port (F, 2, 2): port 1 the in pair, port 2 the out pair, referred to twice the single-ended `z0`."""
    _check_four_ports(network)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    s_dd = mixed_modes(network.s, (p_in, p_out), (n_in, n_out)).dd
    return Network(network.frequency, s_dd, z0=2.0 * network.z0, name=network.name)


def low_frequency_weight(frequency: Float) -> Float:
    """Weights (F,) that tell a line's ends: the lower quarter of the band, one over frequency."""
    last = frequency[-1]
    if last == 0:
        return np.ones(1)
    # the small summand bounds the weight of a point at DC
    return np.where(frequency <= max(0.25 * last, frequency[0]), 1.0 / (frequency + 0.003 * last), 0.0)


def _through_power(network: Network, order: PortOrder) -> float:
    """Weighted mean power that passes the two lines, both directions."""
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    weight = low_frequency_weight(network.frequency)
    # entries (out, in) in pairs: P forward and back, N forward and back
    lines = network.s[:, [p_out, p_in, n_out, n_in], [p_in, p_out, n_in, n_out]]
    return float(np.average(np.mean(np.abs(lines) ** 2, axis=1), weights=weight))


def _check_four_ports(network: Network) -> None:
    if network.ports != 4:
        raise SirfError(
            f"number of ports must be 4 for a differential pair, got {network.ports} in "
            f"{network.name or 'this network'}. Export the pair as a 4-port (.s4p)."
        )
