"""Files of several pairs: lanes found from the data, and their two-ports against scikit-rf's mixed-mode transform."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.channel.lanes import find_lanes, lane_name, parse_lanes
from sirf.channel.mixed_mode import PortOrder
from sirf.channel.network import Network
from sirf.channel.touchstone import write_touchstone
from sirf.errors import SirfError

FREQUENCY = np.linspace(1e9, 50e9, 50)
Lanes = tuple[PortOrder, ...]


def bundle(lanes: Lanes, *, seed: int = 1, coupling: float = 0.1) -> Network:
    """Lines of loss 0.8 with delay, `coupling` between P and N of a lane, a tenth of it between lanes, no symmetry."""
    rng = np.random.default_rng(seed)
    ports = 4 * len(lanes)
    s = 0.1 * coupling * rng.uniform(0.5, 1.0, (ports, ports)) * np.exp(2j * np.pi * rng.uniform(size=(ports, ports)))
    for p_in, p_out, n_in, n_out in lanes:
        for a in (p_in, p_out):
            for b in (n_in, n_out):
                s[a - 1, b - 1] = s[b - 1, a - 1] = coupling
        for into, out in ((p_in, p_out), (n_in, n_out)):
            s[out - 1, into - 1] = s[into - 1, out - 1] = 0.8
    turn = np.exp(-2j * np.pi * FREQUENCY * 50e-12)
    return Network(FREQUENCY, s * turn[:, None, None], name="bundle")


ODD_EVEN: Lanes = tuple((k, k + 1, k + 2, k + 3) for k in range(1, 16, 4))
HALVES: Lanes = tuple((k, k + 8, k + 1, k + 9) for k in range(1, 8, 2))
WILD: Lanes = ((1, 7, 3, 12), (2, 4, 5, 6), (8, 11, 9, 10))


@pytest.mark.parametrize("lanes", [ODD_EVEN, HALVES, WILD, ODD_EVEN[:2], ODD_EVEN[:3]])
def test_lanes_are_found_from_the_data(lanes: Lanes) -> None:
    assert find_lanes(bundle(lanes)) == (lanes, ())


def test_without_coupling_neighbouring_lines_are_pairs_with_a_warning() -> None:
    network = bundle(HALVES)
    s = np.where(np.abs(network.s) > 0.5, network.s, 0.0)
    lanes, warnings = find_lanes(Network(FREQUENCY, s))
    assert lanes == HALVES
    assert len(warnings) == 1
    assert "neighbouring lines" in warnings[0]


def test_a_crosstalk_file_of_several_pairs_is_refused() -> None:
    with pytest.raises(SirfError, match="no clear other end of port 1"):
        find_lanes(Network(FREQUENCY, 0.1 * bundle(HALVES).s))


def sdd_by_skrf(network: Network, p1: int, n1: int, p2: int, n2: int) -> np.ndarray:
    """S_dd of the pairs (p1, n1) and (p2, n2) by scikit-rf, other ports matched."""
    four = network.to_network().subnetwork([p1 - 1, n1 - 1, p2 - 1, n2 - 1])
    four.se2gmm(p=2)
    return np.asarray(four.s[:, :2, :2])


@pytest.mark.parametrize("lanes", [HALVES, WILD])
def test_a_victim_with_its_aggressors_from_one_file(tmp_path: Path, lanes: Lanes) -> None:
    network = bundle(lanes)
    path = tmp_path / f"bundle.s{network.ports}p"
    write_touchstone(path, network)
    channel = Channel.from_touchstone(path, victim=2, next_lanes=[3])
    victim = lanes[1]
    assert channel.port_order == victim
    assert channel.four_port is not None
    again = Channel.from_network(channel.four_port, port_order="12-34")
    assert np.allclose(again.through.s, channel.through.s, rtol=0, atol=1e-15)
    assert np.allclose(channel.through.s, sdd_by_skrf(network, victim[0], victim[2], victim[1], victim[3]), atol=1e-14)
    far = [lane for k, lane in enumerate(lanes, start=1) if k not in (2, 3)]
    assert len(channel.fext) == len(far)
    for ours, lane in zip(channel.fext, far, strict=True):
        assert np.allclose(ours.s, sdd_by_skrf(network, lane[0], lane[2], victim[1], victim[3]), atol=1e-14)
    assert len(channel.next) == 1
    beside = lanes[2]
    assert np.allclose(channel.next[0].s, sdd_by_skrf(network, beside[1], beside[3], victim[1], victim[3]), atol=1e-14)
    assert channel.through.z0 == 100.0
    assert any("lanes found from the data: 1: " in warning for warning in channel.warnings)


def test_port_order_overrides_the_data() -> None:
    network = bundle(HALVES)
    channel = Channel.from_network(network, victim=1, port_order="12-34")
    assert channel.port_order == (1, 2, 3, 4)
    assert np.allclose(channel.through.s, sdd_by_skrf(network, 1, 3, 2, 4), atol=1e-14)
    assert channel.warnings == ()


def test_names_of_lanes() -> None:
    assert parse_lanes("13-24", 16) == HALVES
    assert parse_lanes("12-34", 16) == ODD_EVEN
    assert parse_lanes("14-23", 8) == ((1, 8, 2, 7), (3, 6, 4, 5))
    assert parse_lanes([(4, 3, 2, 1), (5, 6, 7, 8)], 8) == ((4, 3, 2, 1), (5, 6, 7, 8))
    assert parse_lanes((3, 1, 4, 2), 4) == ((3, 1, 4, 2),)
    assert parse_lanes("1:2-3:4", 4) == ((1, 2, 3, 4),)
    listed = "1:9-2:10,3:11-4:12,5:13-6:14,7:15-8:16"
    assert parse_lanes(listed, 16) == HALVES
    assert ",".join(map(lane_name, HALVES)) == listed
    assert lane_name(ODD_EVEN[0]) == "12-34"


@pytest.mark.parametrize(
    "wrong", ["1:9-2:10", "21-43", "", [(1, 2, 3), (4, 5, 6, 7, 8)], (1, 2, 3, 4), [(1, 2, 3, 9)] * 2]
)
def test_wrong_lanes_are_refused(wrong: str) -> None:
    with pytest.raises(SirfError, match="each port from 1 to 8 once"):
        parse_lanes(wrong, 8)


def test_a_missing_victim_and_wrong_lanes_name_the_choice() -> None:
    network = bundle(WILD)
    with pytest.raises(SirfError, match="lanes are 1: 1:7-3:12, 2: 24-56, 3: 8:11-9:10"):
        Channel.from_network(network)
    with pytest.raises(SirfError, match="got 4"):
        Channel.from_network(network, victim=4)
    with pytest.raises(SirfError, match="other than the victim"):
        Channel.from_network(network, victim=1, next_lanes=[1])
    with pytest.raises(SirfError, match="beside bundle"):
        Channel.from_network(network, victim=1, fext=[network])
    with pytest.raises(SirfError, match="one pair"):
        Channel.from_network(bundle(ODD_EVEN[:1]), victim=2)


@pytest.mark.parametrize("skew", [0.002, 0.007, 0.05])
def test_skew_of_lines_of_equal_loss_is_no_sign_of_modes(skew: float) -> None:
    """Two uncoupled lines whose delays differ by a part of themselves: their phases turn apart, their reflections do not."""
    f = np.linspace(0.0, 60e9, 1201)
    s = np.zeros((f.size, 4, 4), dtype=complex)
    for first, late in ((0, 1.0 + 0.5 * skew), (2, 1.0 - 0.5 * skew)):
        through = np.exp(-(1 + 1j) * 6e-6 * np.sqrt(f) - 2j * np.pi * f * 1.2e-9 * late)
        s[:, first + 1, first] = s[:, first, first + 1] = through
        s[:, first, first] = s[:, first + 1, first + 1] = 0.1 * (1 - through**2)
    _, warnings = find_lanes(Network(f, s))
    assert warnings == ()
