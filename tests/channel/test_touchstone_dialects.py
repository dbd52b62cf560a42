"""Every dialect of the format, up to 20 ports, against scikit-rf's reader on the same file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.network import Network
from sirf.channel.touchstone import load_touchstone, read_touchstone, write_touchstone

SCALE = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}


@dataclass(frozen=True)
class Dialect:
    ports: int
    points: int
    layout: str
    unit: str
    triangle: str
    order: str
    resistances: tuple[float, ...]
    per_line: int
    seed: int
    with_dc: bool
    extras: bool
    version: str


def drawn(dialect: Dialect) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Frequencies in the unit of the file, on an uneven grid, and matrices (symmetric if a triangle is written)."""
    rng = np.random.default_rng(dialect.seed)
    shape = (dialect.points, dialect.ports, dialect.ports)
    s = rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)
    s /= 1.5 * dialect.ports
    if dialect.triangle != "Full":
        s = 0.5 * (s + s.swapaxes(1, 2))
    frequency = np.cumsum(rng.uniform(0.5, 2.0, dialect.points))
    if dialect.with_dc:
        frequency[0] = 0.0
    return frequency, np.asarray(s, dtype=np.complex128)


def numbers(matrix: NDArray[np.complex128], dialect: Dialect) -> list[list[float]]:
    """Rows of numbers of one matrix as the dialect wants them."""
    if dialect.ports == 2 and dialect.order == "21_12" and dialect.triangle == "Full":
        rows = [matrix.T.ravel()]
    elif dialect.ports == 2 and dialect.triangle == "Full":
        rows = [matrix.ravel()]
    elif dialect.triangle == "Lower":
        rows = [matrix[k, : k + 1] for k in range(dialect.ports)]
    elif dialect.triangle == "Upper":
        rows = [matrix[k, k:] for k in range(dialect.ports)]
    else:
        rows = list(matrix)
    return [np.stack(parts(row, dialect.layout), axis=-1).ravel().tolist() for row in rows]


def parts(row: NDArray[np.complex128], layout: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if layout == "RI":
        return row.real, row.imag
    size = np.abs(row)
    return (size if layout == "MA" else 20 * np.log10(size)), np.angle(row, deg=True)


def text_of(dialect: Dialect) -> str:
    frequency, s = drawn(dialect)
    lines = ["! made by a test  # Hz [Reference]"] if dialect.extras else []
    if dialect.version == "1":
        lines.append(f"# {dialect.unit} S {dialect.layout} R {dialect.resistances[0]!r}")
    else:
        lines += [f"[Version] {dialect.version}", f"# {dialect.unit} s {dialect.layout.lower()} r 50"]
        lines.append(f"[Number of Ports] {dialect.ports}")
        if dialect.ports == 2:
            lines.append(f"[Two-Port Data Order] {dialect.order}")
        lines.append(f"[Number of Frequencies] {dialect.points}")
        listed = [repr(value) for value in dialect.resistances]
        lines += [f"[Reference] {listed[0]}", *(" ".join(listed[k : k + 3]) for k in range(1, len(listed), 3))]
        lines += [f"[Matrix Format] {dialect.triangle}", "[Network Data]"]
    for hertz, matrix in zip(frequency.tolist(), s, strict=True):
        for row, values in enumerate(numbers(matrix, dialect)):
            tokens = [repr(hertz)] * (row == 0) + [repr(value) for value in values]
            size = dialect.per_line if dialect.version == "1" and dialect.ports > 2 else len(tokens)
            for start in range(0, len(tokens), size):
                lines.append(
                    "  ".join(tokens[start : start + size]) + ("  ! a comment 1 2 3" if dialect.extras else "")
                )
            if dialect.extras:
                lines.append("")
    if dialect.version != "1":
        lines.append("[End]")
    return "\n".join(lines) + "\n"


DIALECTS = st.builds(
    Dialect,
    ports=st.sampled_from([1, 2, 2, 3, 4, 5, 8, 12, 16, 20]),
    points=st.integers(3, 6),
    layout=st.sampled_from(["RI", "MA", "DB"]),
    unit=st.sampled_from(list(SCALE)),
    triangle=st.just("Full"),
    order=st.just("21_12"),
    resistances=st.sampled_from([(50.0,), (75.0,), (42.5,)]),
    per_line=st.sampled_from([8, 9, 100]),
    seed=st.integers(0, 10**6),
    with_dc=st.booleans(),
    extras=st.booleans(),
    version=st.just("1"),
)


@settings(max_examples=60, deadline=None)
@given(dialect=DIALECTS)
def test_version_1_reads_as_scikit_rf_reads_it(tmp_path_factory: pytest.TempPathFactory, dialect: Dialect) -> None:
    path = tmp_path_factory.mktemp("one") / f"any.s{dialect.ports}p"
    path.write_text(text_of(dialect))
    ours = read_touchstone(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = skrf.Network(str(path))
    frequency, s = drawn(dialect)
    assert np.allclose(ours.frequency, theirs.f, rtol=1e-12)
    assert np.allclose(ours.s, theirs.s, rtol=0, atol=1e-12)
    assert np.all(theirs.z0 == ours.z0)
    assert np.allclose(ours.s, s, rtol=0, atol=1e-12)
    assert np.allclose(ours.frequency, SCALE[dialect.unit] * frequency, rtol=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    dialect=DIALECTS,
    triangle=st.sampled_from(["Full", "Lower", "Upper"]),
    order=st.sampled_from(["21_12", "12_21"]),
    version=st.sampled_from(["2.0", "2.1"]),
    data=st.data(),
)
def test_version_2_is_what_was_written_and_what_scikit_rf_reads(
    tmp_path_factory: pytest.TempPathFactory,
    dialect: Dialect,
    triangle: str,
    order: str,
    version: str,
    data: st.DataObject,
) -> None:
    resistances = data.draw(
        st.one_of(
            st.just((60.0,) * dialect.ports),
            st.lists(st.sampled_from([25.0, 50.0, 93.5]), min_size=dialect.ports, max_size=dialect.ports).map(tuple),
        )
    )
    dialect = replace(dialect, triangle=triangle, order=order, version=version, resistances=resistances)
    path = tmp_path_factory.mktemp("two") / f"any.s{dialect.ports}p"
    path.write_text(text_of(dialect))
    file = load_touchstone(path)
    frequency, s = drawn(dialect)
    expected = skrf.Network(
        f=SCALE[dialect.unit] * frequency, f_unit="Hz", s=s, z0=[list(resistances)] * dialect.points
    )
    if len(set(resistances)) > 1:
        expected.renormalize(50.0)
        assert any("were renormalised to 50 ohm" in note for note in file.notes)
    assert file.network.z0 == (50.0 if len(set(resistances)) > 1 else resistances[0])
    assert np.allclose(file.network.s, expected.s, rtol=0, atol=1e-9)
    assert np.allclose(file.network.frequency, expected.f, rtol=1e-12)
    if triangle == "Full" and version == "2.0":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = skrf.Network(str(path))
        if len(set(resistances)) > 1:
            theirs.renormalize(50.0)
        assert np.allclose(file.network.s, theirs.s, rtol=0, atol=1e-9)


def test_sixteen_and_more_ports_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for ports in (8, 12, 16, 24):
        s = rng.normal(size=(2, ports, ports)) + 1j * rng.normal(size=(2, ports, ports))
        network = Network(np.array([1e9, 2e9]), s.astype(np.complex128))
        write_touchstone(tmp_path / f"wide.s{ports}p", network)
        assert np.array_equal(read_touchstone(tmp_path / f"wide.s{ports}p").s, network.s)


NOISE = "# GHz S RI R 50\n2 .1 0 .9 0 .2 0 .3 0\n22 .1 0 .8 0 .2 0 .3 0\n{noise}"


def test_noise_data_in_version_1_and_2(tmp_path: Path) -> None:
    (tmp_path / "one.s2p").write_text(NOISE.format(noise="4 .7 .64 69 .38\n18 2.7 .46 -33 .40\n"))
    file = load_touchstone(tmp_path / "one.s2p")
    assert np.array_equal(file.network.frequency, [2e9, 22e9])
    assert file.notes == ("noise data were left out.",)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = skrf.Network(str(tmp_path / "one.s2p"))
    assert np.array_equal(file.network.s, theirs.s)
    (tmp_path / "two.s2p").write_text(
        "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 21_12\n[Number of Frequencies] 2\n"
        "[Number of Noise Frequencies] 2\n[Network Data]\n2 .1 0 .9 0 .2 0 .3 0\n22 .1 0 .8 0 .2 0 .3 0\n[Noise Data]\n"
        "4 .7 .64 69 .38\n18 2.7 .46 -33 .40\n[End]\nwhat follows the end does not count\n"
    )
    again = load_touchstone(tmp_path / "two.s2p")
    assert np.array_equal(again.network.s, file.network.s)
    assert again.notes == file.notes
