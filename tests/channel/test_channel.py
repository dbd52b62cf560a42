"""Differential channels from Touchstone files and network objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skrf

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.touchstone import write_touchstone
from sirf.errors import SirfError, TouchstoneError

GRID = np.linspace(0.0, 40e9, 41)


def pair(
    loss: float = 0.8, z0: float = 50.0, order: tuple[int, int, int, int] = (1, 2, 3, 4), name: str = "pair"
) -> Network:
    """Two uncoupled lines of transmission `loss`."""
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    s[:, [p_out, p_in, n_out, n_in], [p_in, p_out, n_in, n_out]] = loss
    return Network(GRID, s, z0=z0, name=name)


@pytest.mark.parametrize(
    ("folder", "low", "high", "aggressors"),
    [
        ("backplane_12db", 7.0, 12.2, (5, 3)),
        ("backplane_28db", 17.2, 28.2, (5, 3)),
        ("c2c_12db", 6.9, 12.2, (0, 0)),
        ("c2m_16db", 8.8, 14.4, (2, 2)),
        ("host_4in", 4.3, 8.5, (0, 0)),
        ("synthetic_224g_board", 4.0, 6.7, (2, 1)),
    ],
)
def test_published_channels_have_their_published_loss(
    channels_dir: Path, folder: str, low: float, high: float, aggressors: tuple[int, int]
) -> None:
    files = channels_dir / folder
    channel = Channel.from_touchstone(
        files / "thru.s4p", fext=sorted(files.glob("fext*"))[:1], next=sorted(files.glob("next*"))[:1]
    )
    loss = channel.insertion_loss_db([13.28e9, 26.56e9])
    assert loss == pytest.approx([low, high], abs=0.06)
    assert (len(channel.fext), len(channel.next)) == tuple(min(count, 1) for count in aggressors)
    assert channel.port_order == (1, 2, 3, 4)
    assert channel.plane == "ball"
    assert channel.warnings == ()


def test_crosstalk_takes_the_order_of_the_through_file() -> None:
    order = (1, 3, 2, 4)
    aggressor = pair(0.01, order=order, name="fext1")
    channel = Channel.from_network(pair(order=order), fext=iter([aggressor]), next=[aggressor])
    assert channel.port_order == order
    assert np.allclose(channel.fext[0].s[:, 1, 0], 0.01)
    assert np.allclose(channel.next[0].s[:, 1, 0], 0.01)


def test_given_port_order_overrides_the_data() -> None:
    swapped = Channel.from_network(pair(), port_order=(3, 4, 1, 2))
    crossed = Channel.from_network(pair(), port_order="13-24")
    assert np.allclose(swapped.through.s[:, 1, 0], 0.8)
    assert np.allclose(crossed.through.s[:, 1, 0], 0.0)
    assert Channel.from_network(pair(), port_order=(1, 4, 3, 2)).through.s[0, 1, 0] == pytest.approx(-0.8)


def test_other_impedances_are_renormalized_and_told() -> None:
    channel = Channel.from_network(pair().renormalized(75.0))
    assert channel.through.z0 == 100.0
    assert np.allclose(channel.through.s[:, 1, 0], 0.8)
    assert channel.warnings == ("pair is referred to 75 ohm: renormalised to 50 ohm.",)


def test_two_port_files_count_as_one_of_two_uncoupled_lines() -> None:
    s = pair().s[:, :2, :2]
    single = Channel.from_network(Network(GRID, s, name="line"))
    assert np.array_equal(single.through.s, s)
    assert "2 ports" in single.warnings[0]
    assert Channel.from_network(Network(GRID, s, z0=100.0)).warnings == ()
    given = Channel.from_network(Network(GRID, s), differential=True)
    assert np.allclose(given.through.s, Network(GRID, s).renormalized(100.0).s)


def test_scikit_rf_networks_are_accepted_and_given_back() -> None:
    network = pair().to_network()
    channel = Channel.from_network(network)
    back = channel.to_network()
    assert isinstance(back, skrf.Network)
    assert np.array_equal(back.s, channel.through.s)
    assert np.all(back.z0 == 100.0)


def test_files_and_objects_give_the_same_channel(tmp_path: Path) -> None:
    path = tmp_path / "pair.s4p"
    write_touchstone(path, pair())
    channel = Channel.from_touchstone(str(path), fext=path)
    assert channel.name == "pair"
    assert np.array_equal(channel.through.s, Channel.from_network(pair()).through.s)
    assert len(channel.fext) == 1


@pytest.mark.parametrize("ports", [1, 3, 5, 6, 10])
def test_other_port_counts_are_refused(ports: int) -> None:
    with pytest.raises(SirfError, match=rf"number of ports must be .*, got {ports}"):
        Channel.from_network(Network(GRID, np.zeros((GRID.size, ports, ports), dtype=complex)))


def test_aggressors_of_another_kind_are_refused() -> None:
    with pytest.raises(SirfError, match="number of ports must be 4"):
        Channel.from_network(pair(), fext=[Network(GRID, np.zeros((GRID.size, 3, 3), dtype=complex))])
    with pytest.raises(SirfError, match="number of ports must be 2"):
        Channel.from_network(Network(GRID, pair().s[:, :2, :2]), fext=[pair()])


def test_missing_file_is_a_touchstone_error(tmp_path: Path) -> None:
    with pytest.raises(TouchstoneError, match="must exist"):
        Channel.from_touchstone(tmp_path / "none.s4p")


def test_symbol_rate_is_held_against_the_band_of_every_network() -> None:
    channel = Channel.from_network(pair())
    assert channel.check_symbol_rate(40e9) == ()
    assert "below the symbol rate of 50 GBd" in channel.check_symbol_rate(50e9)[0]
    assert channel.check_symbol_rate(40e9 / 0.75)
    with pytest.raises(SirfError, match=r"0\.75 of the symbol rate"):
        channel.check_symbol_rate(54e9)
    short = Network(GRID[:20], pair(0.01).s[:20], name="fext1")
    with pytest.raises(SirfError, match="band of fext1"):
        Channel.from_network(pair(), fext=[short]).check_symbol_rate(40e9)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_symbol_rates_without_meaning_are_refused(rate: float) -> None:
    with pytest.raises(SirfError, match="symbol_rate must be positive"):
        Channel.from_network(pair()).check_symbol_rate(rate)


def test_loss_beyond_the_band_and_unknown_planes_are_refused() -> None:
    channel = Channel.from_network(pair())
    with pytest.raises(SirfError, match="frequency must lie in 0 to 4e\\+10 Hz"):
        channel.insertion_loss_db(41e9)
    with pytest.raises(SirfError, match="plane must be one of ball, bump, die"):
        Channel.from_network(pair(), plane="pin")  # type: ignore[arg-type]
    with pytest.raises(SirfError, match="two-port at 100 ohm"):
        Channel(pair())


def test_the_four_port_behind_the_through_path_is_kept_at_50_ohm() -> None:
    channel = Channel.from_network(pair(z0=75.0))
    assert channel.four_port is not None
    assert (channel.four_port.ports, channel.four_port.z0) == (4, 50.0)
    crossed = Channel.from_network(pair(order=(2, 4, 1, 3), z0=50.0), port_order=(2, 4, 1, 3)).four_port
    assert crossed is not None
    assert crossed.s[0] == pytest.approx(pair().s[0])
    assert Channel.from_network(skrf.Network(f=GRID, f_unit="Hz", s=np.zeros((41, 2, 2)), z0=100)).four_port is None


def test_return_loss_is_that_of_the_port() -> None:
    s = np.zeros((41, 2, 2), dtype=complex)
    s[:, 0, 0], s[:, 1, 1] = 0.1, 0.01
    channel = Channel(Network(GRID, s, z0=100.0))
    assert channel.return_loss_db([1e9, 5.5e9]) == pytest.approx([20.0, 20.0])
    assert channel.return_loss_db(5.5e9, port=2) == pytest.approx(40.0)
