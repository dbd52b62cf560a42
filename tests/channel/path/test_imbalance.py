"""Skew and conversion through joined segments: the cascade of both single lines as brute force, scikit-rf as a second oracle."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

from sirf.channel.network import Network
from sirf.channel.path import Path, load_path
from sirf.channel.touchstone import write_touchstone

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
