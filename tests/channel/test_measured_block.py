"""Touchstone blocks in paths: joined with lines and with each other, across impedances and grids."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
import skrf
from scipy.interpolate import CubicSpline

from sirf._kernels.pairs import turned_splines
from sirf.channel.channel import Channel
from sirf.channel.measured_block import MeasuredBlock
from sirf.channel.network import Network
from sirf.channel.path import Path, Segment, load_path
from sirf.channel.touchstone import write_touchstone
from sirf.errors import ConfigError, SirfError, TouchstoneError

GRID = np.arange(0.0, 60.01e9, 20e6)

SEGMENT = """
[[segment]]
name = "{name}"
kind = "touchstone"
file = "{file}"
provenance = "E"
source = "made by a test"
"""
HEAD = 'id = "mine"\ntitle = "two blocks"\n'
BOARD = """
[[segment]]
name = "board"
kind = "board"
material = "megtron7"
length_mm = 50
width_um = 100
thickness_um = 18
plane_spacing_um = 250
provenance = "E"
source = "made by a test"
"""


def line(length: float, z: float, z0: float, frequency: np.ndarray = GRID, name: str = "line") -> Network:
    """Lossy differential line of impedance `z` referred to `z0`, by scikit-rf."""
    media = skrf.media.DefinedGammaZ0(
        skrf.Frequency.from_f(np.maximum(frequency, 1.0), unit="Hz"),
        gamma=3.0 * np.sqrt(frequency / 26e9) * (1 + 1j) + 2j * np.pi * frequency * 6.3e-9,
        z0=z,
    )
    made = media.line(length, "m", z0=z)
    made.renormalize(z0)
    return Network(frequency, made.s, z0=z0, name=name)


def four_port(two: Network, name: str) -> Network:
    """Two uncoupled lines, each with half the differential impedance, pairs 1→2 and 3→4."""
    s = np.zeros((two.frequency.size, 4, 4), dtype=np.complex128)
    s[:, :2, :2] = s[:, 2:, 2:] = two.s
    return Network(two.frequency, s, z0=two.z0 / 2, name=name)


def theirs(*networks: Network) -> np.ndarray:
    """The cascade at 100 ohm by scikit-rf."""
    joined = None
    for network in networks:
        one = network.to_network()
        one.renormalize(100.0)
        joined = one if joined is None else joined**one
    assert joined is not None
    return np.asarray(joined.s)


def test_blocks_of_other_impedances_cascade_as_in_scikit_rf(tmp_path: FilePath) -> None:
    first, second = line(0.1, 90.0, 85.0), line(0.05, 110.0, 150.0)
    write_touchstone(tmp_path / "first.s4p", four_port(first, "first"))
    write_touchstone(tmp_path / "second.s2p", Network(GRID, second.s, z0=150.0))
    (tmp_path / "mine.toml").write_text(
        HEAD
        + SEGMENT.format(name="a", file="first.s4p")
        + SEGMENT.format(name="b", file="second.s2p")
        + "differential = true"
    )
    path = load_path(str(tmp_path / "mine.toml"))
    # at DC scikit-rf keeps clear of singular matrices by 1e-8
    assert np.abs(path.network(GRID).s - theirs(first, second))[1:].max() < 1e-9
    assert repr(path) == "Path('mine', 2 segments)"
    channel = path.to_channel(GRID, plane="ball")
    assert channel.plane == "ball"
    assert any("first is referred to 42.5 ohm" in note for note in channel.warnings)
    assert any("data end at 60 GHz" in note for note in channel.warnings)


def test_a_block_joins_physical_segments_and_keeps_a_length_to_change(tmp_path: FilePath) -> None:
    block = line(0.1, 95.0, 100.0)
    write_touchstone(tmp_path / "block.s4p", four_port(block, "block"))
    (tmp_path / "mine.toml").write_text(
        HEAD.replace("title", 'variable = "board"\ntitle') + BOARD + SEGMENT.format(name="block", file="block.s4p")
    )
    path = load_path(str(tmp_path / "mine.toml"), length="80 mm")
    board = path.segments[0].network(GRID)
    assert path.trace_length_m == 0.08
    assert np.abs(path.network(GRID).s - theirs(board, block)).max() < 1e-9


def test_a_flipped_block_is_seen_from_its_other_end() -> None:
    # a step in impedance: S11 differs from S22
    joined = line(0.1, 80.0, 100.0) @ line(0.05, 120.0, 100.0)
    channel = Channel(joined, name="step")
    turned = MeasuredBlock.of(channel, flipped=True).network(GRID).s
    assert np.abs(turned - joined.s[:, ::-1, ::-1]).max() < 1e-9
    assert np.abs(turned - joined.s).max() > 0.1


def test_another_grid_and_beyond_the_band() -> None:
    true = line(0.1, 95.0, 100.0, np.arange(0.0, 60.01e9, 10e6))
    coarse = Network(GRID[2:], line(0.1, 95.0, 100.0).s[2:], z0=100.0, name="block")
    block = MeasuredBlock.of(Channel(coarse))
    inside = block.network(true.frequency)
    assert np.abs(inside.s - true.s)[4:].max() < 2e-4
    wide = np.arange(0.0, 120e9, 100e6)
    beyond = block.network(wide)
    assert np.linalg.svd(beyond.s[wide > 60e9], compute_uv=False).max() <= 1 + 1e-12
    expected = line(0.1, 95.0, 100.0, wide).s[:, 1, 0]
    far = (wide > 60e9) & (wide < 70e9)
    assert np.abs(np.abs(beyond.s[far, 1, 0]) / np.abs(expected[far]) - 1).max() < 0.05


def test_splines_are_scipys_between_and_at_the_knots() -> None:
    """Not at a knot, the four-term form; at one, the value itself to its last bit."""
    rng = np.random.default_rng(5)
    knots = np.sqrt(np.linspace(0.0, 10.0, 41))
    values = rng.normal(size=(41, 3)) + 1j * rng.normal(size=(41, 3))
    spline = CubicSpline(knots, values)
    slopes = np.ascontiguousarray(spline(knots, 1), dtype=np.complex128)
    points = np.sort(np.concatenate([knots, rng.uniform(0.0, 3.3, 60)]))
    turn = np.exp(1j * rng.normal(size=(11, 3))), np.exp(1j * rng.normal(size=(10, 3)))
    found = np.empty((len(points), 3), dtype=complex)
    turned_splines(values, slopes, knots, points, *turn, found)
    place = np.arange(len(points))
    wanted = spline(points) * turn[0][place // 10] * turn[1][place % 10]
    assert np.abs(found - wanted).max() < 1e-12
    plain = np.empty_like(found)
    turned_splines.py_func(values, slopes, knots, points, *turn, plain)  # type: ignore[attr-defined]  # numba's
    assert np.abs(found - plain).max() < 1e-13
    ones = np.ones((41, 3), dtype=complex), np.ones((1, 3), dtype=complex)
    at_knots = np.empty_like(values)
    turned_splines(values, slopes, knots, knots, *ones, at_knots)
    assert np.array_equal(at_knots[:-1], values[:-1])


def test_a_path_without_a_length_says_so(tmp_path: FilePath) -> None:
    path = Path("mine", (Segment("a", MeasuredBlock.of(Channel(line(0.1, 95.0, 100.0)))),), "")
    with pytest.raises(SirfError, match="must name a board or substrate segment"):
        path.with_length("10 mm")
    with pytest.raises(SirfError, match="length must be"):
        path.with_length("10 parsec")
    write_touchstone(tmp_path / "block.s4p", four_port(line(0.1, 95.0, 100.0), "block"))
    (tmp_path / "mine.toml").write_text(HEAD + SEGMENT.format(name="a", file="block.s4p"))
    with pytest.raises(SirfError, match="must name a board or substrate segment"):
        load_path(str(tmp_path / "mine.toml"), length="10 mm")


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (HEAD, ConfigError, "key segment must be there"),
        (HEAD + SEGMENT.format(name="a", file="absent.s4p"), TouchstoneError, "absent.s4p: file must exist"),
        (
            HEAD + SEGMENT.format(name="a", file="block.s4p") + "ports = 4\n",
            ConfigError,
            "key segment.0.touchstone.ports",
        ),
        (HEAD + SEGMENT.format(name="a", file="block.s4p") + "victim = 0\n", ConfigError, "victim must be valid"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: FilePath, text: str, error: type[SirfError], words: str) -> None:
    write_touchstone(tmp_path / "block.s4p", four_port(line(0.1, 95.0, 100.0), "block"))
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(error, match=words):
        load_path(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize(("corner", "ports"), [(15.9e3, 2), (4e6, 2), (4e6, 4)])
def test_an_ac_coupled_file_is_no_high_pass_of_its_own_grid(tmp_path: FilePath, corner: float, ports: int) -> None:
    """A capacitor between lines, a row of zero at DC, 50 MHz steps, used on 10 MHz: the closed form at every point above DC."""
    f, fine = np.arange(0.0, 60.01e9, 50e6), np.arange(0.0, 60.01e9, 10e6)

    def coupled(grid: np.ndarray) -> np.ndarray:
        through = np.exp(-(1 + 1j) * 4e-6 * np.sqrt(grid) - 2j * np.pi * grid * 0.6e-9)
        s = np.zeros((grid.size, 2, 2), dtype=complex)
        s[:, 0, 1] = s[:, 1, 0] = through * 1j * grid / (1j * grid + corner)
        s[:, 0, 0] = s[:, 1, 1] = corner / (1j * grid + corner)
        return s

    two = Network(f, coupled(f), z0=100.0, name="ac")
    write_touchstone(tmp_path / "ac.s2p", two)
    write_touchstone(tmp_path / "ac.s4p", four_port(two, "ac"))
    more = "differential = true" if ports == 2 else 'port_order = "12-34"'
    (tmp_path / "mine.toml").write_text(HEAD + SEGMENT.format(name="a", file=f"ac.s{ports}p") + more)
    path = load_path(str(tmp_path / "mine.toml"))
    channel = path.to_channel(fine)
    above = channel.frequency >= 10e6
    assert np.abs(channel.through.s[above, 1, 0] - coupled(fine)[1:, 1, 0]).max() < 2e-3
    assert any("DC block" in note for note in channel.warnings)
    if corner > 1e6:  # a corner that the phase shows: it is put back in closed form, and DC is left out
        assert channel.frequency[0] == 10e6
        assert path.network(fine).s[0, 1, 0] == 0.0
        assert any("AC coupled below its first point" in note for note in channel.warnings)
