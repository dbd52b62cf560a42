"""Networks as other tools want them: written, read back, and equal to 1e-12."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.channel import Channel
from sirf.channel.conversion import convert
from sirf.channel.network import Network
from sirf.channel.touchstone import load_touchstone
from sirf.channel.touchstone_write import TouchstoneFormat, write_touchstone
from sirf.errors import SirfError
from sirf.units import parse_frequency

Complex = NDArray[np.complex128]
GRID = np.arange(0.0, 10.01e9, 50e6)


def pair(order: tuple[int, int, int, int] = (1, 2, 3, 4)) -> Network:
    """Two coupled lines that differ a little, their ports in the order (P in, P out, N in, N out)."""
    s = np.zeros((GRID.size, 4, 4), dtype=np.complex128)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    line = 0.9 * np.exp(-2j * np.pi * GRID * 0.3e-9 - 1e-6 * np.sqrt(GRID))
    for a, b, value in ((p_in, p_out, line), (n_in, n_out, 0.98 * line), (p_in, n_out, 0.05 * line)):
        s[:, a, b] = s[:, b, a] = value
    s[:, p_in, p_in], s[:, n_in, n_in] = 0.05, 0.04
    return Network(GRID, s, name="pair")


@settings(max_examples=40, deadline=None)
@given(
    ports=st.integers(1, 5),
    layout=st.sampled_from(["RI", "MA", "DB"]),
    version=st.sampled_from(["1.1", "2.0"]),
    unit=st.sampled_from(["Hz", "kHz", "MHz", "GHz"]),
    packed=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_every_format_comes_back(
    tmp_path_factory: pytest.TempPathFactory, ports: int, layout: str, version: str, unit: str, packed: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    s = rng.uniform(-0.7, 0.7, (6, ports, ports)) + 1j * rng.uniform(-0.7, 0.7, (6, ports, ports))
    s[0, 0, 0] = 0.0
    network = Network(np.cumsum(rng.uniform(1e6, 1e9, 6)), s, z0=float(rng.uniform(20, 120)))
    path = tmp_path_factory.mktemp("written") / f"net.s{ports}p{'.gz' if packed else ''}"
    form = TouchstoneFormat(layout=layout, version=version, unit=unit)  # type: ignore[arg-type]
    write_touchstone(path, network, form=form)
    back = load_touchstone(path)
    assert np.abs(back.network.s - s).max() < 1e-12
    assert np.allclose(back.network.frequency, network.frequency, rtol=1e-15)
    assert back.network.z0 == network.z0
    if layout == "RI":
        assert np.array_equal(back.network.s, s)
    if not packed:
        theirs = skrf.Network(str(path))
        assert np.abs(theirs.s - s).max() < 1e-12
        assert np.all(theirs.z0 == network.z0)


@pytest.mark.parametrize(("name", "lines"), [("12-34", (1, 2, 3, 4)), ("13-24", (1, 3, 2, 4)), ("14-23", (1, 4, 2, 3))])
def test_lines_run_where_they_are_wanted(name: str, lines: tuple[int, int, int, int]) -> None:
    source = pair(order=(4, 2, 3, 1))
    found = convert(source, port_order=name).network
    assert Channel.from_network(found).port_order == lines
    straight, again = Channel.from_network(source).through, Channel.from_network(found).through
    assert np.allclose(np.abs(straight.s[:, 1, 0]), np.abs(again.s[:, 1, 0]), rtol=0, atol=1e-14)


def test_ports_may_be_listed() -> None:
    source = pair()
    found = convert(source, port_order="3,1,4,2")
    assert np.array_equal(found.network.s[:, 0, 2], source.s[:, 2, 3])
    assert found.notes == ("ports 3, 1, 4, 2 of the input are ports 1 to 4 of the output.",)
    for wrong in ("1,2,3", "1,2,3,5", "a,b,c,d", "12-43"):
        with pytest.raises(SirfError, match="port_order must be"):
            convert(source, port_order=wrong)


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_mixed_modes_are_scikit_rfs_and_come_back(tmp_path: Path, version: str) -> None:
    source = convert(pair(), port_order="13-24").network
    result = convert(source, mode="mixed")
    assert result.mixed_mode == "D1,2 D3,4 C1,2 C3,4"
    theirs = source.to_network()
    theirs.se2gmm(2)
    assert np.allclose(result.network.s, theirs.s, rtol=0, atol=1e-14)
    form = TouchstoneFormat(version=version, mixed_mode=result.mixed_mode)  # type: ignore[arg-type]
    write_touchstone(tmp_path / "mixed.s4p", result.network, form=form)
    back = load_touchstone(tmp_path / "mixed.s4p")
    assert np.abs(back.network.s - source.s).max() < 1e-12
    assert "mixed-mode data" in back.notes[0]


def test_version_1_states_only_pairs_of_neighbours(tmp_path: Path) -> None:
    result = convert(pair(), mode="mixed")
    assert result.mixed_mode == "D1,3 D2,4 C1,3 C2,4"
    with pytest.raises(SirfError, match=r"Write version 2\.0, or order the ports"):
        write_touchstone(tmp_path / "a.s4p", result.network, form=TouchstoneFormat(mixed_mode=result.mixed_mode))
    write_touchstone(
        tmp_path / "a.s4p", result.network, form=TouchstoneFormat(version="2.0", mixed_mode=result.mixed_mode)
    )
    assert np.abs(load_touchstone(tmp_path / "a.s4p").network.s - pair().s).max() < 1e-12


def test_differential_ports_are_those_of_the_channel() -> None:
    result = convert(pair(), mode="differential")
    assert (result.network.ports, result.network.z0) == (2, 100.0)
    assert np.allclose(result.network.s, Channel.from_network(pair()).through.s, rtol=0, atol=1e-14)
    assert convert(pair(), mode="differential", z0=42.5).network.z0 == 85.0


def test_impedance_is_scikit_rfs() -> None:
    theirs = pair().to_network()
    theirs.renormalize(42.0)
    found = convert(pair(), z0=42.0).network
    assert found.z0 == 42.0
    assert np.allclose(found.s, theirs.s, rtol=0, atol=1e-12)


def test_another_grid(tmp_path: Path) -> None:
    found = convert(pair(), grid="100MHz:25 MHz:5GHz".replace(" ", "")).network
    assert np.allclose(found.frequency, np.arange(100e6, 5e9 + 1, 25e6))
    line = 0.9 * np.exp(-2j * np.pi * found.frequency * 0.3e-9 - 1e-6 * np.sqrt(found.frequency))
    assert np.abs(found.s[:, 1, 0] - line).max() < 1e-8
    above = Network(GRID[2:], pair().s[2:])
    extended = convert(above, grid=GRID)
    assert np.allclose(extended.network.s[2:], above.s, rtol=0, atol=1e-12)
    assert "2 points below 100 MHz" in extended.notes[0]
    uneven = Network(np.delete(GRID, 7), np.delete(pair().s, 7, axis=0))
    even = convert(uneven, grid="even").network
    assert np.ptp(np.diff(even.frequency)) < 1.0
    for wrong, words in (("0:1GHz:20GHz", "must end at 10 GHz"), ("0:0:1GHz", "must rise"), ("fine", "must be 'even'")):
        with pytest.raises(SirfError, match=words):
            convert(pair(), grid=wrong)


def test_frequencies_with_units() -> None:
    assert [parse_frequency(text) for text in ("10MHz", "67 ghz", "1e9", ".5kHz")] == [10e6, 67e9, 1e9, 500.0]
    with pytest.raises(SirfError, match="must be a number with a unit of frequency"):
        parse_frequency("10 m")


def test_wrong_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SirfError, match="mode must be one of"):
        convert(pair(), mode="modal")  # type: ignore[arg-type]
    with pytest.raises(SirfError, match="layout must be one of RI, MA, DB"):
        TouchstoneFormat(layout="XY")  # type: ignore[arg-type]
    with pytest.raises(SirfError, match=r"suffix must be \.s4p"):
        write_touchstone(tmp_path / "a.s2p", pair())
    before = (tmp_path / "keep.s4p").write_text("old")
    with pytest.raises(SirfError, match="must be in a folder that exists"):
        write_touchstone(tmp_path / "no" / "a.s4p", pair())
    assert before == 3
    assert [path.name for path in tmp_path.iterdir()] == ["keep.s4p"]
