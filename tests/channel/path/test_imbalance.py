"""Skew and conversion through joined segments: the cascade of both single lines as brute force, scikit-rf as a second oracle."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

import sirf
from sirf.channel.channel import Channel
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.network import Network
from sirf.channel.path import Coupled, Path, Trace, load_path
from sirf.channel.path.elements import pair_of
from sirf.channel.touchstone import write_touchstone
from sirf.errors import ConfigError, PhysicsError, SirfError

GRID = np.arange(0.0, 60.01e9, 10e6)
Complex = NDArray[np.complex128]


def line(late: float, *, length: float = 0.05) -> Complex:
    """S (F, 2, 2) of one matched 50 ohm line of `length` in m with skin-effect loss, `late` s later than its partner."""
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    gamma = 2.1 * np.sqrt(GRID / 26.56e9) * (1 + 1j) + 2j * np.pi * GRID * 6.3e-9
    s[:, 1, 0] = s[:, 0, 1] = np.exp(-gamma * length - 2j * np.pi * GRID * late)
    return s


def pair_file(file: FilePath, skew: float) -> Network:
    """Two lines without coupling as a 4-port, 1→2 late by half of `skew`, 3→4 early by as much, and written to `file`."""
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    s[:, :2, :2], s[:, 2:, 2:] = line(0.5 * skew), line(-0.5 * skew)
    network = Network(GRID, s, name=file.stem)
    write_touchstone(file, network)
    return network


def path_of(folder: FilePath, *skews: float, between: str = "") -> Path:
    """A path of one file a skew."""
    text = 'id = "mine"\ntitle = "skewed files"\n'
    for k, skew in enumerate(skews):
        pair_file(folder / f"part{k}.s4p", skew)
        text += between if k else ""
        text += f'[[segment]]\nname = "part {k}"\nkind = "touchstone"\nfile = "part{k}.s4p"\nport_order = "12-34"\n'
        text += 'provenance = "E"\nsource = "a test"\n'
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return load_path(str(folder / "mine.toml"))


def loss(network: Network, frequency: float) -> float:
    return float(-20 * np.log10(np.abs(network.s[int(np.argmin(np.abs(GRID - frequency))), 1, 0])))


@pytest.mark.parametrize(
    ("skews", "frequency"),
    [((8e-12, -8e-12), 26.56e9), ((8e-12, 8e-12), 26.56e9), ((4e-12, 4e-12), 53.1e9), ((3e-12, -5e-12, 7e-12), 40e9)],
)
def test_skews_add_up_or_cancel_through_joints(tmp_path: FilePath, skews: tuple[float, ...], frequency: float) -> None:
    """Lines without coupling: the loss of the lines plus -20 log10 |cos(pi f total skew)|, whatever the joints."""
    path = path_of(tmp_path, *skews)
    single = -20 * np.log10(np.abs(np.prod([line(0.0)[:, 1, 0] for _ in skews], axis=0)))
    turned = -20 * np.log10(np.abs(np.cos(np.pi * GRID * sum(skews))))
    at = int(np.argmin(np.abs(GRID - frequency)))
    assert loss(path.network(GRID), frequency) == pytest.approx(single[at] + turned[at], abs=1e-6)
    assert path.converts
    # a product of differential two-ports is off by more than a decibel
    wrong = single[at] + sum(-20 * np.log10(np.abs(np.cos(np.pi * GRID[at] * skew))) for skew in skews)
    assert abs(wrong - loss(path.network(GRID), frequency)) > 1.0


LOSS_DB = 3.203, 1.630
"""Conductor and dielectric loss of two lines of 50 mm at 26.56 GHz."""


def lossy(late: float, *, parts: int = 1) -> Complex:
    """Transfer (F,) of `parts` lines of 50 mm by those losses, `late` s later than its partner."""
    at = GRID / 26.56e9
    conductor, dielectric = (0.5 * parts * loss for loss in LOSS_DB)
    decibel = conductor * np.sqrt(at) + dielectric * at
    turn = conductor * np.log(10.0) / 20.0 * np.sqrt(at) + 2 * np.pi * GRID * (0.315e-9 * parts + late)
    return np.asarray(10 ** (-decibel / 20.0) * np.exp(-1j * turn))


def lossy_pair(skew: float, *, parts: int = 1) -> Network:
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    for ports, late in ((0, 0.5 * skew), (2, -0.5 * skew)):
        s[:, ports, ports + 1] = s[:, ports + 1, ports] = lossy(late, parts=parts)
    return Network(GRID, s, name="pair")


def lossy_path(folder: FilePath, *skews: float) -> Path:
    path = path_of(folder, *skews)
    for k, skew in enumerate(skews):
        write_touchstone(folder / f"part{k}.s4p", lossy_pair(skew))
    return load_path(str(folder / f"{path.name}.toml"))


@pytest.mark.parametrize(
    ("skews", "frequency", "wanted", "two_ports"),
    [
        ((8e-12, -8e-12), 26.56e9, 4.833, 9.031),
        ((8e-12, 8e-12), 26.56e9, 17.465, 9.031),
        ((4e-12, 4e-12), 53.1e9, 20.40, 11.98),
        ((4e-12, -4e-12), 53.1e9, 7.788, 11.98),
    ],
)
def test_two_lines_of_50_mm(
    tmp_path: FilePath, skews: tuple[float, ...], frequency: float, wanted: float, two_ports: float
) -> None:
    """4.833 dB of lines and what a skew of 16 or 8 ps takes off; differential two-ports in series had 9.031 and 11.98 dB."""
    assert loss(lossy_path(tmp_path, *skews).network(GRID), frequency) == pytest.approx(wanted, abs=2e-3)
    at = int(np.argmin(np.abs(GRID - frequency)))
    each = [0.5 * abs(lossy(0.5 * skew)[at] + lossy(-0.5 * skew)[at]) for skew in skews]
    assert -20 * np.log10(np.prod(each)) == pytest.approx(two_ports, abs=4e-3)


def test_com_of_two_files_is_that_of_one(tmp_path: FilePath) -> None:
    """Skews that add up: 4.92 dB, where skews that cancel leave 6.78 dB."""
    skews = (8e-12, 8e-12)
    one = Channel.from_network(lossy_pair(sum(skews), parts=2).to_network(), port_order="12-34")
    two = lossy_path(tmp_path, *skews).to_channel(GRID, plane="ball")
    found = [sirf.com(channel, standard="802.3ck-c2c").com_db for channel in (two, one)]
    assert found[0] == pytest.approx(found[1], abs=2e-3)
    assert found[0] == pytest.approx(4.92, abs=0.01)


def test_two_files_are_one_file(tmp_path: FilePath) -> None:
    """Both single-ended lines in series, written as one 4-port, against the path of two files: loss, conversion, skew."""
    joined = path_of(tmp_path, 8e-12, 8e-12).to_channel(GRID)
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = line(4e-12)[:, 1, 0] ** 2
    s[:, 2, 3] = s[:, 3, 2] = line(-4e-12)[:, 1, 0] ** 2
    assert joined.four_port is not None
    assert np.abs(joined.four_port.s - s).max() < 1e-9
    assert joined.port_order == (1, 2, 3, 4)
    figures = joined.figures(symbol_rate=53.125e9)
    assert figures.skew == pytest.approx(16e-12, rel=1e-9)


def test_files_and_segments_are_scikit_rfs_4_ports(tmp_path: FilePath) -> None:
    """File, board, via, edge-coupled microstrip, package, file: all as 4-ports joined by scikit-rf."""
    between = (
        '[[segment]]\nname = "board"\nkind = "board"\nmaterial = "megtron7"\nlength_mm = 40\nwidth_um = 127\nthickness_um = 17\n'
        'plane_spacing_um = 280\nprovenance = "E"\nsource = "a test"\n'
        '[[segment]]\nname = "via"\nkind = "via"\nmaterial = "megtron7"\nbarrel_um = 200\nantipad_um = 800\nlength_um = 900\n'
        'stub_um = 200\npad_ff = 10\nprovenance = "E"\nsource = "a test"\n'
        '[[segment]]\nname = "microstrip"\nkind = "edge_microstrip"\nmaterial = "megtron6"\nlength_mm = 20\nwidth_um = 110\n'
        'gap_um = 130\nthickness_um = 30\nheight_um = 70\nprovenance = "E"\nsource = "a test"\n'
        '[[segment]]\nname = "package"\nkind = "package"\nside = "receiver"\nz_c_ohm = [92.5]\nlength_mm = [8.0]\n'
        'provenance = "E"\nsource = "a test"\n'
    )
    path = path_of(tmp_path, 5e-12, 6e-12, between=between)
    order = [0, 2, 1, 3]
    joined = None
    for segment in path.segments:
        s = segment.pair(GRID).four_port().s[:, order][:, :, order]
        one = skrf.Network(f=GRID, f_unit="Hz", s=s, z0=50)
        joined = one if joined is None else joined**one
    assert joined is not None
    back = np.argsort(order)
    assert np.abs(path.pair(GRID).four_port().s - joined.s[:, back][:, :, back]).max() < 1e-11
    # the modes of a coupled line differ, and both reflect
    assert np.abs(path.segments[3].pair(GRID).cc - path.segments[3].pair(GRID).dd).max() > 0.1
    warnings = path.to_channel(GRID).warnings
    assert any("common mode of package is not known" in note for note in warnings)


PARTS = {
    "via": 'material = "megtron7"\nbarrel_um = 200\nantipad_um = 800\nlength_um = 1200\nstub_um = 300\npad_ff = 15\n',
    "ball": "capacitance_ff = 20\ninductance_ph = 80\n",
    "socket": "impedance_ohm = 90\nlength_mm = 0.9\nresistance_mohm = 20\npad_ff = 15\n",
    "connector": "impedance_ohm = 93\nlength_mm = 12\npad_ff = 25\ndk = 3.0\ndf = 0.004\nskin_db_per_m = 2\n",
    "package": 'side = "receiver"\nz_c_ohm = [87.5, 92.5]\nlength_mm = [12.0, 1.8]\n',
    "substrate": "z_c_ohm = 95\nlength_mm = 20\ngamma0 = 5e-4\na1 = 8.9e-4\na2 = 2e-4\ntau_ns_per_mm = 6.141e-3\n",
    "microstrip": 'material = "megtron6"\nlength_mm = 30\nwidth_um = 150\nthickness_um = 30\nheight_um = 70\n',
}


def segment(kind: str, **changes: float) -> str:
    """The table of one part with other values."""
    text = PARTS[kind]
    for key, value in changes.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        text = "\n".join([*lines, f"{key} = {value}"]) + "\n"
    return f'[[segment]]\nname = "{kind}"\nkind = "{kind}"\n{text}provenance = "E"\nsource = "a test"\n'


def one(folder: FilePath, *segments: str) -> Path:
    file = folder / "mine.toml"
    file.write_text('id = "mine"\ntitle = "parts"\n' + "".join(segments), encoding="utf-8")
    return load_path(str(file))


@pytest.mark.parametrize(
    ("kind", "difference", "p", "n"),
    [
        ("via", {"stub_difference_um": 200}, {"stub_um": 400}, {"stub_um": 200}),
        ("via", {"length_difference_um": -100}, {"length_um": 1150}, {"length_um": 1250}),
        ("via", {"antipad_difference_um": 60}, {"antipad_um": 830}, {"antipad_um": 770}),
        ("via", {"pad_difference_ff": 6}, {"pad_ff": 18}, {"pad_ff": 12}),
        ("ball", {"capacitance_difference_ff": 8}, {"capacitance_ff": 24}, {"capacitance_ff": 16}),
        ("ball", {"inductance_difference_ph": 30}, {"inductance_ph": 95}, {"inductance_ph": 65}),
        ("socket", {"length_difference_um": 100}, {"length_mm": 0.95}, {"length_mm": 0.85}),
        ("connector", {"length_difference_um": 600}, {"length_mm": 12.3}, {"length_mm": 11.7}),
        ("connector", {"pad_difference_ff": 10}, {"pad_ff": 30}, {"pad_ff": 20}),
        ("package", {"length_difference_um": 200}, {"length_mm": "[12.1, 1.8]"}, {"length_mm": "[11.9, 1.8]"}),
        ("substrate", {"length_difference_um": 500}, {"length_mm": 20.25}, {"length_mm": 19.75}),
        ("microstrip", {"length_difference_um": 500}, {"length_mm": 30.25}, {"length_mm": 29.75}),
    ],
)
def test_a_part_of_unequal_lines_is_two_parts(
    tmp_path: FilePath, kind: str, difference: dict[str, float], p: dict[str, float], n: dict[str, float]
) -> None:
    """Between two equal parts: every line by itself in series, and the differential mode half the sum of both."""
    f = GRID[:4000:10]
    path = one(tmp_path, segment("ball"), segment(kind, **difference), segment("via"))
    lines = [one(tmp_path, segment("ball"), segment(kind, **own), segment("via")).network(f).s for own in (p, n)]
    assert np.abs(path.network(f).s - 0.5 * (lines[0] + lines[1])).max() < 1e-9
    four_port = path.to_channel(f).four_port
    assert four_port is not None
    assert np.abs(four_port.s[:, :2, :2] - lines[0]).max() < 1e-9
    assert np.abs(four_port.s[:, 2:, 2:] - lines[1]).max() < 1e-9
    assert np.abs(lines[0] - lines[1]).max() > 1e-3


def test_a_common_impedance_is_that_of_the_common_mode(tmp_path: FilePath) -> None:
    """A connector of 100 ohm differential and 40 ohm common: the common mode meets 40 against 25 ohm."""
    f = np.linspace(0.0, 20e9, 201)
    path = one(tmp_path, segment("connector", impedance_ohm=100, common_impedance_ohm=40, pad_ff=0))
    pair = path.pair(f)
    matched = one(tmp_path, segment("connector", impedance_ohm=160, pad_ff=0)).network(f)
    assert np.abs(pair.cc - matched.s).max() < 1e-12
    assert not pair.converts
    with pytest.raises(ConfigError, match="leave common_impedance_ohm out"):
        one(tmp_path, segment("connector", common_impedance_ohm=40, pad_difference_ff=5))


def test_neighbours_carry_both_modes(tmp_path: FilePath) -> None:
    """Two pairs through unequal vias, a microstrip array and balls: all eight lines joined by scikit-rf."""
    array = (
        '[[segment]]\nname = "array"\nkind = "edge_microstrip"\nmaterial = "megtron6"\nlength_mm = 30\nwidth_um = 110\n'
        "gap_um = 130\nthickness_um = 30\nheight_um = 70\npair_pitch_um = 600\nlength_difference_um = 300\n"
        'provenance = "E"\nsource = "a test"\n'
    )
    via = segment("via", stub_difference_um=300, coupling=0.02)
    tail = '[crosstalk]\nfext = 1\nnext = 1\nnext_weight = 1.0\nprovenance = "E"\nsource = "a test"\n'
    path = one(tmp_path, via, array, segment("ball"), via, tail)
    f = np.linspace(0.0, 30e9, 151)
    lanes = [(1, 2, 3, 4), (5, 6, 7, 8)]
    joined = None
    for part in path.segments:
        element = part.element
        if isinstance(element, Trace):
            made = element.neighbours(f, 1.0)
        elif isinstance(element, Coupled) and element.coupling:
            made = LaneNetwork.coupled(pair_of(element.mode(1.0), f), pair_of(element.mode(-1.0), f))
        else:
            made = LaneNetwork.alone(part.pair(f), 2)
        network = skrf.Network(f=f, f_unit="Hz", s=made.s, z0=50)
        joined = network if joined is None else joined**network
    assert joined is not None
    theirs = LaneNetwork(f, joined.s)
    channel = path.to_channel(f, crosstalk=True)
    assert np.abs(channel.fext[0].s - theirs.aggressor(1, near=False).s).max() < 1e-10
    assert np.abs(channel.next[0].s - theirs.aggressor(1, near=True).s).max() < 1e-10
    assert len(lanes) == theirs.lanes
    # leaving the common modes out is wrong by more than a decibel somewhere
    dd = np.ix_(np.arange(f.size), np.arange(0, 8, 2), np.arange(0, 8, 2))
    plain = None
    for part in path.segments:
        element = part.element
        made = (
            element.neighbours(f, 1.0)
            if isinstance(element, Trace)
            else LaneNetwork.coupled(pair_of(element.mode(1.0), f), pair_of(element.mode(-1.0), f))
            if isinstance(element, Coupled) and element.coupling
            else LaneNetwork.alone(part.pair(f), 2)
        )
        network = skrf.Network(f=f, f_unit="Hz", s=made.s[dd], z0=50)
        plain = network if plain is None else plain**network
    assert plain is not None
    high = f > 10e9
    ratio = np.abs(plain.s[high, 2, 1] / channel.fext[0].s[high, 1, 0])
    assert np.abs(20 * np.log10(ratio)).max() > 1.0


def coupled_file(file: FilePath, lanes: int, seed: int) -> Network:
    """Pairs 12-34, 56-78 … with coupling between all lines, reciprocal and passive."""
    rng = np.random.default_rng(seed)
    ports, f = 4 * lanes, GRID[::20]
    s = np.zeros((f.size, ports, ports), dtype=complex)
    for k in range(2 * lanes):
        delay = 2e-10 * (1 + 0.002 * k)
        s[:, 2 * k, 2 * k + 1] = s[:, 2 * k + 1, 2 * k] = 0.8 * np.exp(-2j * np.pi * f * delay)
    noise = rng.normal(size=(ports, ports)) * 0.02
    s += (noise + noise.T)[None] * (1 - np.exp(-2j * np.pi * f * 1e-10))[:, None, None]
    network = Network(f, s, name=file.stem)
    write_touchstone(file, network)
    return network


def test_all_lanes_of_two_files_run_through_a_path(tmp_path: FilePath) -> None:
    """Two 12-ports around a board, the second pair the victim: every line joined by scikit-rf, one board for each pair."""
    for k in (0, 1):
        coupled_file(tmp_path / f"part{k}.s12p", 3, k)
    text = 'id = "mine"\ntitle = "lanes"\n'
    for k in (0, 1):
        text += f'[[segment]]\nname = "part {k}"\nkind = "touchstone"\nfile = "part{k}.s12p"\nport_order = "12-34"\nvictim = 2\n'
        text += 'next_lanes = [3]\nprovenance = "E"\nsource = "a test"\n' + ("" if k else segment("microstrip"))
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    path, f = load_path(str(tmp_path / "mine.toml")), GRID[::20]
    lanes = [(5, 6, 7, 8), (1, 2, 3, 4), (9, 10, 11, 12)]
    board = path.segments[1].pair(f)
    parts = [LaneNetwork.from_network(coupled_file(tmp_path / f"part{k}.s12p", 3, k), lanes).s for k in (0, 1)]
    joined = skrf.Network(f=f, f_unit="Hz", s=parts[0], z0=50)
    for s in (LaneNetwork.alone(board, 3).s, parts[1]):
        joined = joined ** skrf.Network(f=f, f_unit="Hz", s=s, z0=50)
    theirs, channel = LaneNetwork(f, joined.s), path.to_channel(f, crosstalk=True)
    assert path.lanes == 3
    assert np.abs(channel.through.s - theirs.pair().dd).max() < 1e-9
    assert [len(channel.fext), len(channel.next)] == [1, 1]
    assert np.abs(channel.fext[0].s - theirs.aggressor(1, near=False).s).max() < 1e-9
    assert np.abs(channel.next[0].s - theirs.aggressor(2, near=True).s).max() < 1e-9
    assert channel.four_port is not None
    assert np.abs(channel.four_port.s - theirs.pair().four_port().s).max() < 1e-9


def test_lanes_that_do_not_fit_are_refused(tmp_path: FilePath) -> None:
    coupled_file(tmp_path / "three.s12p", 3, 0)
    coupled_file(tmp_path / "two.s8p", 2, 1)
    head = '[[segment]]\nname = "a"\nkind = "touchstone"\nprovenance = "E"\nsource = "a test"\nport_order = "12-34"\n'
    three, two = head + 'file = "three.s12p"\nvictim = 1\n', head + 'file = "two.s8p"\nvictim = 1\n'
    with pytest.raises(PhysicsError, match="must have the same lanes in one path"):
        one(tmp_path, three, two)
    tail = '[crosstalk]\nfext = 1\nnext = 0\nnext_weight = 1.0\nprovenance = "E"\nsource = "a test"\n'
    with pytest.raises(PhysicsError, match="crosstalk must be left out"):
        one(tmp_path, three, tail)
    pair_file(tmp_path / "one.s4p", 1e-12)
    with pytest.raises(SirfError, match="where there is one pair"):
        one(tmp_path, head + 'file = "one.s4p"\nnext_lanes = [2]\n')
