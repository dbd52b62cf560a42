"""Which ports of a multi-port file make a line, which lines make a differential pair, and how pairs couple.

A lane is one differential pair: (P in, P out, N in, N out), ports counted from 1, as the port order of a 4-port.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sirf.channel.mixed_mode import (
    CLEAR,
    PAIRINGS,
    THROUGH,
    PortOrder,
    find_port_order,
    low_frequency_weight,
    mixed_modes,
    parse_port_order,
    port_order_name,
)
from sirf.channel.network import Network
from sirf.errors import SirfError

_MODAL, _MODAL_RATIO = 0.012, 31.6
"""Mean |difference|² of the lines of a pair (-19 dB) and its ratio to their coupling (15 dB): beyond, they may be modes."""
_LANE = re.compile(r"(\d+):(\d+)-(\d+):(\d+)")


def lane_name(lane: PortOrder) -> str:
    """Text of a lane: "12-34", or "1:9-2:10" where a port has two digits."""
    if max(lane) < 10:
        return port_order_name(lane)
    return f"{lane[0]}:{lane[1]}-{lane[2]}:{lane[3]}"


def find_lanes(network: Network) -> tuple[tuple[PortOrder, ...], tuple[str, ...]]:
    """Lanes of a network with 4, 8, 12, … ports, in the order of their lowest ports, and warnings on what was assumed.

    The two ends of a line are the two ports between which most power passes in the lower quarter of the band; the lower
    number is its in end. Two lines are a pair where each couples most to the other, by 5 dB; else neighbours are paired,
    with a warning. Raises `SirfError` where the ports are no multiple of 4 or a line's ends are not clear by 5 dB.
    """
    _check_ports(network.ports, network.name)
    if network.ports == 4:
        order = find_port_order(network)
        return (order,), _mixed_mode_warning(network, order)
    power = _power(network)
    lines = _lines(power, network.name)
    partners = _partners(power, lines)
    warnings: tuple[str, ...] = ()
    if partners is None:
        partners = [(k, k + 1) for k in range(0, len(lines), 2)]
        warnings = (
            f"{network.name or 'network'}: coupling does not tell which lines are pairs: neighbouring lines are taken. "
            "Give port_order if they are not.",
        )
    lanes = tuple((*lines[a], *lines[b]) for a, b in partners)
    return lanes, warnings + tuple(note for lane in lanes for note in _mixed_mode_warning(network, lane))


def parse_lanes(value: str | Sequence[Sequence[int]] | Sequence[int], ports: int) -> tuple[PortOrder, ...]:
    """Lanes of a `ports`-port network that the user names.

    "12-34" means lines 1→2, 3→4, 5→6 …; "13-24" lines from the first half of the ports to the second, in order; "14-23" the
    same in reverse order. Else one lane after another, "1:9-2:10,3:11-4:12", or tuples (P in, P out, N in, N out).

    Raises `SirfError` for anything that does not use each port once.

    >>> parse_lanes("12-34", 8)
    ((1, 2, 3, 4), (5, 6, 7, 8))
    """
    _check_ports(ports, "")
    # four ports have one lane, for which the older names do
    if ports == 4 and not (isinstance(value, str) and ":" in value):
        single = value if isinstance(value, str) or not isinstance(value[0], Sequence) else value[0]
        return (parse_port_order(single),)  # type: ignore[arg-type]  # a sequence of ints by the test above
    if isinstance(value, str):
        lanes = _named(value, ports) if value in PAIRINGS else _listed(value)
    else:
        lanes = [tuple(int(port) for port in lane) for lane in value if isinstance(lane, Sequence)]
    if sorted(port for lane in lanes for port in lane) != list(range(1, ports + 1)) or any(
        len(lane) != 4 for lane in lanes
    ):
        raise SirfError(
            f"port_order must use each port from 1 to {ports} once, got {value!r}. Give '12-34', '13-24', '14-23' or "
            "one P in:P out-N in:N out after another, such as '1:9-2:10,3:11-4:12'."
        )
    return tuple((lane[0], lane[1], lane[2], lane[3]) for lane in lanes)


def coupled_two_port(network: Network, aggressor: PortOrder, victim: PortOrder, *, near: bool) -> Network:
    """Differential two-port from the transmitter of `aggressor` (port 1) to the receiver of `victim` (port 2).

    The victim's receiver is at its out end. The aggressor transmits from its in end, or from its out end if `near`: then it
    sits beside the victim's receiver. Referred to twice the single-ended z0.
    """
    sender = (aggressor[1], aggressor[3]) if near else (aggressor[0], aggressor[2])
    return differential_block(network, [sender, (victim[1], victim[3])])


def through_two_port(network: Network, lane: PortOrder) -> Network:
    """Differential two-port of `lane`: port 1 its in end, port 2 its out end."""
    return differential_block(network, [(lane[0], lane[2]), (lane[1], lane[3])])


def differential_block(network: Network, pairs: Sequence[tuple[int, int]]) -> Network:
    """S_dd (F, N, N) between N pairs (P, N) of ports counted from 1, all other modes and ports matched."""
    positive, negative = ([port - 1 for port in ports] for ports in zip(*pairs, strict=True))
    s_dd = mixed_modes(network.s, positive, negative).dd
    return Network(network.frequency, s_dd, z0=2.0 * network.z0, name=network.name)


def _mixed_mode_warning(network: Network, lane: PortOrder) -> tuple[str, ...]:
    """A warning where the lines of a pair differ much more than they couple, as differential and common mode do.

    Modes differ in what they reflect, too: what makes them unequally fast gives them unequal impedances. Two lines of equal loss
    with skew differ in phase alone.
    """
    # the lower half of the band, where lines of equal loss are still alike
    s = network.s[: max(network.frequency.size // 2, 1)]
    p_in, p_out, n_in, n_out = (port - 1 for port in lane)
    # from either end of one line to either end of the other
    coupling = np.mean(np.abs(s[:, [[p_in], [p_out]], [n_in, n_out]]) ** 2)
    difference = np.mean(np.abs(s[:, [p_out, p_in], [p_in, p_in]] - s[:, [n_out, n_in], [n_in, n_in]]) ** 2)
    reflection = np.mean(np.abs(s[:, [p_in, p_out], [p_in, p_out]] - s[:, [n_in, n_out], [n_in, n_out]]) ** 2)
    if min(difference, reflection) < _MODAL or difference < _MODAL_RATIO * coupling:
        return ()
    return (
        f"{network.name or 'network'}: the lines of {lane_name(lane)} differ much and hardly couple, as differential and "
        "common modes do. If these are mixed-mode data, give mixed_mode='D1,2 D3,4 C1,2 C3,4' or the like.",
    )


def _check_ports(ports: int, name: str) -> None:
    if ports < 4 or ports % 4:
        raise SirfError(
            f"number of ports must be a multiple of 4 for differential pairs, got {ports} in {name or 'this network'}. "
            "Export whole pairs (.s4p, .s8p, .s12p, .s16p)."
        )


def _power(network: Network) -> NDArray[np.float64]:
    """Weighted mean power between each two ports (P, P), both directions, zero on the diagonal."""
    # low frequencies say most: there lines couple least and lose least
    weight = low_frequency_weight(network.frequency)
    power = np.average(np.abs(network.s) ** 2, axis=0, weights=weight)
    # a passive network is reciprocal: both directions are one number, measured twice
    power = 0.5 * (power + power.T)
    np.fill_diagonal(power, 0.0)
    return np.asarray(power)


def _lines(power: NDArray[np.float64], name: str) -> list[tuple[int, int]]:
    """(in, out) of each line, in order of the in ports."""
    ranked = np.argsort(-power, axis=1)
    best, second = ranked[:, 0], ranked[:, 1]
    ports = np.arange(len(power))
    clear = (
        (best[best] == ports) & (power[ports, best] > CLEAR * power[ports, second]) & (power[ports, best] >= THROUGH)
    )
    if not clear.all():
        # each is the other's best end, by far, and passes enough to be a line at all
        port = int(np.argmin(clear)) + 1
        raise SirfError(
            f"port_order must be given for {name or 'this network'}, got no clear other end of port {port}. "
            "Pass port_order='12-34', '13-24', '14-23' or lanes such as '1:9-2:10,3:11-4:12'."
        )
    return [(int(port) + 1, int(best[port]) + 1) for port in ports if port < best[port]]


def _partners(power: NDArray[np.float64], lines: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """Which two lines are a pair, by their coupling; None where that is not clear."""
    ends = np.array(lines) - 1
    # all four ends of two lines together: near and far coupling alike say who is whose neighbour
    coupling = power[ends[:, None, :, None], ends[None, :, None, :]].sum(axis=(2, 3))
    np.fill_diagonal(coupling, 0.0)
    ranked = np.argsort(-coupling, axis=1)
    count = np.arange(len(lines))
    best, second = coupling[count, ranked[:, 0]], coupling[count, ranked[:, 1]]
    mutual = ranked[ranked[:, 0], 0] == count
    if not np.all(mutual & (best > CLEAR * second)):
        return None
    return [(k, int(ranked[k, 0])) for k in range(len(lines)) if k < ranked[k, 0]]


def _named(value: str, ports: int) -> list[tuple[int, ...]]:
    half = ports // 2
    lines = {
        "12-34": [(k, k + 1) for k in range(1, ports, 2)],
        "13-24": [(k, k + half) for k in range(1, half + 1)],
        "14-23": [(k, ports + 1 - k) for k in range(1, half + 1)],
    }[value]
    return [(*lines[k], *lines[k + 1]) for k in range(0, half, 2)]


def _listed(value: str) -> list[tuple[int, ...]]:
    matches = [_LANE.fullmatch(part.strip()) for part in value.split(",")]
    return [tuple(int(port) for port in match.groups()) if match else () for match in matches]
