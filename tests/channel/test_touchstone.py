"""The Touchstone reader: against scikit-rf on every file both read, and on files that must be refused with their line."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.network import Network
from sirf.channel.touchstone import read_touchstone, write_touchstone
from sirf.errors import TouchstoneError

TWO_PORT = "# GHz S RI R 50\n1 .1 0 .9 -.1 .2 0 .3 .1\n2 .1 0 .8 -.2 .2 0 .3 .1\n"


def written(folder: Path, text: str | bytes, name: str = "file.s2p") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def four_port(points: int = 3) -> str:
    rows = ["# MHz S RI R 50"]
    for k in range(points):
        rows += [f"{100 * (k + 1)} " + " ".join(["0.5 0.25"] * 4), *[" ".join(["0.5 0.25"] * 4)] * 3]
    return "\n".join(rows) + "\n"


CHANNELS = [
    "backplane_12db/thru.s4p",
    "c2c_12db/thru.s4p",
    "c2m_16db/next1.s4p",
    "host_4in/thru.s4p",
    "vita_25g/fext2.s4p",
    "stripline_measured/119mm.s2p",
    "synthetic_224g_cpo/thru.s4p",
    "nasty/truncated_band.s4p",
    "nasty/non_passive_odd_order.s4p",
    "nasty/z75_uneven_grid_no_dc.s4p",
    "nasty/no_dc_order_13_24.s4p",
]


@pytest.mark.parametrize("name", CHANNELS)
def test_published_files_read_as_scikit_rf_reads_them(channels_dir: Path, name: str) -> None:
    ours = read_touchstone(channels_dir / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-rf warns about some headers
        theirs = skrf.Network(str(channels_dir / name))
    assert np.allclose(ours.frequency, theirs.f, rtol=1e-12)
    assert np.allclose(ours.s, theirs.s, rtol=1e-10, atol=1e-12)
    assert np.all(theirs.z0 == ours.z0)


def test_option_line_in_an_order_that_scikit_rf_refuses(channels_dir: Path) -> None:
    network = read_touchstone(channels_dir / "nasty/option_line_order.s4p")
    assert network.ports == 4
    assert network.frequency[1] == 10e6
    assert network.s[0, 0, 2] == pytest.approx(0.999973 * np.exp(1j * np.deg2rad(-0.29324)))


@settings(max_examples=25, deadline=None)
@given(ports=st.integers(1, 6), seed=st.integers(0, 10**6), points=st.integers(1, 8), z0=st.floats(1.0, 500.0))
def test_written_networks_come_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, ports: int, seed: int, points: int, z0: float
) -> None:
    rng = np.random.default_rng(seed)
    shape = (points, ports, ports)
    s = np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape), dtype=np.complex128)
    network = Network(np.cumsum(rng.uniform(1e3, 1e9, points)), s, z0=z0)
    path = tmp_path_factory.mktemp("round") / f"trip.s{ports}p"
    write_touchstone(path, network, comment="made by a test")
    back = read_touchstone(path)
    assert np.array_equal(back.frequency, network.frequency)
    assert np.array_equal(back.s, network.s)
    assert back.z0 == network.z0


@settings(max_examples=25, deadline=None)
@given(
    layout=st.sampled_from(["RI", "MA", "DB", "ri", "Db"]),
    unit=st.sampled_from(["Hz", "kHz", "MHZ", "GHz"]),
    per_line=st.integers(1, 12),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations(range(4)),
)
def test_any_format_unit_line_break_and_option_order(
    tmp_path_factory: pytest.TempPathFactory, layout: str, unit: str, per_line: int, newline: str, order: list[int]
) -> None:
    rng = np.random.default_rng(7)
    s = np.asarray(rng.uniform(-0.6, 0.6, (4, 3, 3)) + 1j * rng.uniform(-0.6, 0.6, (4, 3, 3)), dtype=np.complex128)
    first, second = {
        "RI": (s.real, s.imag),
        "MA": (np.abs(s), np.angle(s, deg=True)),
        "DB": (20 * np.log10(np.abs(s)), np.angle(s, deg=True)),
    }[layout.upper()]
    options = [unit, "S", layout, "R 75.0"]
    lines = ["! a comment", "# " + " ".join(options[k] for k in order)]
    for k in range(4):
        numbers = [repr(float(k)), *map(repr, np.stack([first[k], second[k]], axis=-1).ravel().tolist())]
        lines += [" ".join(numbers[i : i + per_line]) + " ! inline" for i in range(0, len(numbers), per_line)]
    path = written(tmp_path_factory.mktemp("formats"), newline.join(lines) + newline, "any.s3p")
    network = read_touchstone(path)
    scale = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}[unit.upper()]
    assert np.allclose(network.s, s, rtol=1e-12, atol=1e-14)
    assert np.array_equal(network.frequency, scale * np.arange(4.0))
    assert network.z0 == 75.0


def test_two_ports_are_stored_column_first(tmp_path: Path) -> None:
    network = read_touchstone(written(tmp_path, TWO_PORT))
    assert network.s[0, 1, 0] == 0.9 - 0.1j
    assert network.s[0, 0, 1] == 0.2


def test_bare_option_line_means_ghz_magnitude_and_50_ohm(tmp_path: Path) -> None:
    network = read_touchstone(written(tmp_path, "#\n1 .5 90\n", "one.s1p"))
    assert network.frequency[0] == 1e9
    assert network.s[0, 0, 0] == pytest.approx(0.5j)
    assert network.z0 == 50.0


def test_noise_data_of_a_two_port_are_left_out(tmp_path: Path) -> None:
    text = TWO_PORT + "! noise\n1 0.5 0.6 120 0.3\n2 0.6 0.6 110 0.3\n"
    assert read_touchstone(written(tmp_path, text)).frequency.size == 2


def test_utf8_mark_latin_comments_and_dos_end_are_read(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf! 25 \xb0C\r\n" + TWO_PORT.encode() + b"\x1a"
    assert read_touchstone(written(tmp_path, data)).ports == 2


def test_ports_without_a_telling_suffix_come_from_the_first_frequency(tmp_path: Path) -> None:
    assert read_touchstone(written(tmp_path, four_port(), "data.ts")).ports == 4


VERSION_2 = """! comment
[Version] 2.0
# GHz S RI
[Number of Ports] 2
[Two-Port Data Order] {order}
[Number of Frequencies] 2
[Reference] 75
 {second}
[Begin Information]
some words 1 2 3
[End Information]
[Network Data]
1 .1 0 .9 0 .2 0 .3 0
2 .1 0 .8 0 .2 0 .3 0
[Noise Data]
1 0.5 0.6 120 0.3
[End]
"""


@pytest.mark.parametrize(("order", "s21"), [("21_12", 0.9), ("12_21", 0.2)])
def test_version_2_keywords(tmp_path: Path, order: str, s21: float) -> None:
    network = read_touchstone(written(tmp_path, VERSION_2.format(order=order, second="75"), "two.ts"))
    assert network.z0 == 75.0
    assert network.s[0, 1, 0] == s21


def test_version_2_unequal_impedances_become_50_ohm(tmp_path: Path) -> None:
    network = read_touchstone(written(tmp_path, VERSION_2.format(order="21_12", second="30"), "two.ts"))
    raw = skrf.Network(
        f=[1.0, 2.0], f_unit="GHz", z0=[[75, 30]] * 2, s=np.array([[[0.1, 0.2], [0.9, 0.3]], [[0.1, 0.2], [0.8, 0.3]]])
    )
    raw.renormalize(50.0)
    assert network.z0 == 50.0
    assert np.allclose(network.s, raw.s)


@pytest.mark.parametrize(
    ("matrix", "numbers", "s"),
    [
        ("Lower", "1 0 2 0 3 0 4 0 5 0 6 0", [[1, 2, 4], [2, 3, 5], [4, 5, 6]]),
        ("Upper", "1 0 2 0 3 0 4 0 5 0 6 0", [[1, 2, 3], [2, 4, 5], [3, 5, 6]]),
    ],
)
def test_version_2_triangles(tmp_path: Path, matrix: str, numbers: str, s: list[list[float]]) -> None:
    text = (
        f"[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 3\n[Matrix Format] {matrix}\n[Network Data]\n1 {numbers}\n"
    )
    assert np.array_equal(read_touchstone(written(tmp_path, text, "tri.s3p")).s[0], np.array(s, dtype=complex))


def test_writing_under_a_wrong_suffix_is_refused(tmp_path: Path) -> None:
    network = read_touchstone(written(tmp_path, TWO_PORT))
    with pytest.raises(TouchstoneError, match=r"suffix must be \.s2p"):
        write_touchstone(tmp_path / "file.s4p", network)
