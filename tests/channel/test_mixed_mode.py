"""Port order and the mixed-mode transform: the convention is fixed by a 4-port without any symmetry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.channel import Channel
from sirf.channel.mixed_mode import (
    PAIRINGS,
    PortOrder,
    differential_two_port,
    find_port_order,
    parse_port_order,
    port_order_name,
)
from sirf.channel.network import Network
from sirf.channel.touchstone import read_touchstone
from sirf.errors import SirfError

GRID = np.linspace(0.0, 10e9, 11)


def unsymmetric() -> Network:
    """A 4-port whose 16 entries all differ; s[out, in] = out + 10 in (from 1), in hundredths."""
    entries = np.array([[out + 10 * into for into in range(1, 5)] for out in range(1, 5)]) / 100
    return Network(GRID, np.repeat(entries[None].astype(complex), GRID.size, axis=0))


def test_a_file_of_four_ports_goes_row_by_row_of_the_out_port(tmp_path: Path) -> None:
    """The line after the frequency is S11 S12 S13 S14: what comes out of port 1."""

    def entry(out: int, into: int) -> float:
        return out**2 * into / 100

    rows = [" ".join(f"{entry(out, into)} 0" for into in range(1, 5)) for out in range(1, 5)]
    (tmp_path / "unsymmetric.s4p").write_text("# GHz S RI R 50\n1 " + "\n".join(rows) + "\n")
    network = read_touchstone(tmp_path / "unsymmetric.s4p")
    assert network.s[0, 3, 1] == entry(4, 2)
    assert network.s[0, 1, 3] == entry(2, 4)
    through = Channel.from_network(network, port_order=(3, 1, 4, 2)).through.s[0]
    # in P = 3, N = 4; out P = 1, N = 2
    s21 = 0.5 * (entry(1, 3) - entry(1, 4) - entry(2, 3) + entry(2, 4))
    s12 = 0.5 * (entry(3, 1) - entry(3, 2) - entry(4, 1) + entry(4, 2))
    assert s21 != s12
    assert through[1, 0] == pytest.approx(s21, abs=1e-15)
    assert through[0, 1] == pytest.approx(s12, abs=1e-15)


def test_unsymmetric_four_port_fixes_out_in_and_pair_signs() -> None:
    network = unsymmetric()
    s_dd = differential_two_port(network, (1, 3, 2, 4))
    # pair in = ports 1 (P), 2 (N); pair out = ports 3 (P), 4 (N); s[out, in] = (out + 10 in) / 100
    through = 0.5 * ((3 + 10) - (3 + 20) - (4 + 10) + (4 + 20)) / 100
    assert s_dd.s[0, 1, 0] == pytest.approx(through, abs=1e-15)
    weighted = Network(GRID, network.s * np.array([[1, 2, 3, 5], [7, 11, 13, 17], [19, 23, 29, 31], [37, 41, 43, 47]]))
    s = weighted.s[0]
    for order in ((1, 3, 2, 4), (2, 1, 4, 3), (4, 2, 3, 1)):
        p_in, p_out, n_in, n_out = (port - 1 for port in order)
        s_dd = differential_two_port(weighted, order)
        assert s_dd.s[0, 1, 0] == pytest.approx(
            0.5 * (s[p_out, p_in] - s[p_out, n_in] - s[n_out, p_in] + s[n_out, n_in])
        )
        assert s_dd.s[0, 0, 1] == pytest.approx(
            0.5 * (s[p_in, p_out] - s[p_in, n_out] - s[n_in, p_out] + s[n_in, n_out])
        )
        assert s_dd.s[0, 0, 0] == pytest.approx(0.5 * (s[p_in, p_in] - s[p_in, n_in] - s[n_in, p_in] + s[n_in, n_in]))
        assert s_dd.z0 == 100.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_transform_matches_scikit_rf_once_ports_are_renumbered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    s = np.asarray(rng.normal(size=(11, 4, 4)) + 1j * rng.normal(size=(11, 4, 4)), dtype=np.complex128)
    oracle = skrf.Network(f=GRID, f_unit="Hz", s=s, z0=50)
    oracle.renumber([0, 1, 2, 3], [0, 2, 1, 3])  # file order 1→2, 3→4; scikit-rf pairs its ports 1, 2 and 3, 4
    oracle.se2gmm(p=2)
    assert np.allclose(differential_two_port(Network(GRID, s), (1, 2, 3, 4)).s, oracle.s[:, :2, :2])


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("backplane_12db/thru.s4p", "12-34"),
        ("backplane_28db/thru.s4p", "12-34"),
        ("c2c_12db/thru.s4p", "12-34"),
        ("c2m_16db/thru.s4p", "12-34"),
        ("host_4in/thru.s4p", "12-34"),
        ("vita_25g/thru.s4p", "12-34"),
        ("synthetic_224g_board/thru.s4p", "12-34"),
        ("synthetic_224g_cpo/thru.s4p", "12-34"),
        ("nasty/non_passive_odd_order.s4p", "14-23"),
        ("nasty/option_line_order.s4p", "13-24"),
        ("nasty/no_dc_order_13_24.s4p", "13-24"),
    ],
)
def test_port_order_of_published_channels(channels_dir: Path, name: str, order: str) -> None:
    assert port_order_name(find_port_order(read_touchstone(channels_dir / name))) == order


def test_crosstalk_files_do_not_show_their_order(channels_dir: Path) -> None:
    with pytest.raises(SirfError, match="crosstalk file"):
        find_port_order(read_touchstone(channels_dir / "nasty/truncated_band.s4p"))


def test_two_equal_through_paths_are_ambiguous() -> None:
    s = np.full((GRID.size, 4, 4), 0.4 + 0j)
    with pytest.raises(SirfError, match="of similar strength"):
        find_port_order(Network(GRID, s))


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("12-34", (1, 2, 3, 4)),
        ("13-24", (1, 3, 2, 4)),
        ("14-23", (1, 4, 2, 3)),
        ((3, 1, 4, 2), (3, 1, 4, 2)),
        ([1, 2, 3, 4], (1, 2, 3, 4)),
    ],
)
def test_port_orders_are_parsed(value: str | tuple[int, ...], order: PortOrder) -> None:
    assert parse_port_order(value) == order


@pytest.mark.parametrize("value", ["1234", "21-43", (1, 2, 3), (0, 1, 2, 3), (1, 1, 2, 3)])
def test_bad_port_orders_are_refused(value: str | tuple[int, ...]) -> None:
    with pytest.raises(SirfError, match="port_order must be"):
        parse_port_order(value)


@pytest.mark.parametrize("name", list(PAIRINGS))
def test_each_pairing_is_found(name: str) -> None:
    p_in, p_out, n_in, n_out = (port - 1 for port in PAIRINGS[name])
    s = np.full((GRID.size, 4, 4), 0.02 + 0j)
    s[:, [p_out, p_in, n_out, n_in], [p_in, p_out, n_in, n_out]] = 0.9
    assert find_port_order(Network(GRID, s)) == PAIRINGS[name]


def test_three_ports_are_refused() -> None:
    with pytest.raises(SirfError, match="number of ports must be 4"):
        find_port_order(Network(GRID, np.zeros((GRID.size, 3, 3), dtype=complex)))
