"""From a single-ended 4-port to the differential two-port: which port is which, then the mixed-mode transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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


def differential_two_port(network: Network, order: PortOrder) -> Network:
    """S_dd of a 4-port (F, 2, 2): port 1 the in pair, port 2 the out pair, referred to twice the single-ended `z0`.

    With a_d = (a_P - a_N) / sqrt 2: S_dd[out, in] = (S_PP - S_PN - S_NP + S_NN) / 2.
    """
    _check_four_ports(network)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    positive, negative = np.array([p_in, p_out]), np.array([n_in, n_out])
    s = network.s
    s_dd = 0.5 * (
        _block(s, positive, positive)
        - _block(s, positive, negative)
        - _block(s, negative, positive)
        + _block(s, negative, negative)
    )
    return Network(network.frequency, s_dd, z0=2.0 * network.z0, name=network.name)


def low_frequency_weight(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (F,) that tell a line's ends: the lower quarter of the band, one over frequency."""
    last = frequency[-1]
    if last == 0:
        return np.ones(1)
    # the small summand bounds the weight of a point at DC
    return np.where(frequency <= max(0.25 * last, frequency[0]), 1.0 / (frequency + 0.003 * last), 0.0)


def _block(s: NDArray[np.complex128], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.complex128]:
    return s[:, rows[:, None], columns[None, :]]


def _through_power(network: Network, order: PortOrder) -> float:
    """Weighted mean power that passes the two lines, both directions."""
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    weight = low_frequency_weight(network.frequency)
    lines = network.s[:, [p_out, p_in, n_out, n_in], [p_in, p_out, n_in, n_out]]
    return float(np.average(np.mean(np.abs(lines) ** 2, axis=1), weights=weight))


def _check_four_ports(network: Network) -> None:
    if network.ports != 4:
        raise SirfError(
            f"number of ports must be 4 for a differential pair, got {network.ports} in "
            f"{network.name or 'this network'}. Export the pair as a 4-port (.s4p)."
        )
