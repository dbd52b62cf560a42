"""Package formulas against single steps of the COM reference code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.channel.package import Package, PackageLine, transmission_line, voltage_transfer
from sirf.errors import SirfError

COM = {"gamma0": 0.0, "a1": 9.909e-4, "a2": 2.772e-4, "tau": 6.141e-3}


def table(reference_dir: Path, name: str) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    file = reference_dir / "golden" / "com_blocks" / f"{name}.csv"
    columns = np.genfromtxt(file, delimiter=",", names=True)
    return {key: np.asarray(columns[key]) for key in columns.dtype.names}


def package(length_mm: float, **changes: float) -> Package:
    lines = (PackageLine(z_c=87.5, length_mm=length_mm), PackageLine(z_c=92.5, length_mm=1.8))
    return Package(die=((120e-15, 120e-12),), c_b=30e-15, lines=lines, c_p=87e-15, **(COM | changes))


def test_transmission_line_equals_the_reference(reference_dir: Path) -> None:
    rows = table(reference_dir, "synth_tline")
    for z_c, length in {(z, n) for z, n in zip(rows["zc"], rows["len"], strict=True)}:
        keep = (rows["zc"] == z_c) & (rows["len"] == length)
        s = transmission_line(rows["freq"][keep], float(z_c), float(length), **COM)
        assert np.abs(s[:, 0, 0] - (rows["s11_r"] + 1j * rows["s11_i"])[keep]).max() < 1e-6
        assert np.abs(s[:, 1, 0] - (rows["s21_r"] + 1j * rows["s21_i"])[keep]).max() < 1e-6


@pytest.mark.parametrize(("name", "length"), [("make_full_pkg_tx", 13.0), ("make_full_pkg_rx", 11.0)])
def test_whole_package_equals_the_reference(name: str, length: float, reference_dir: Path) -> None:
    rows = table(reference_dir, name)
    s = package(length).network(rows["freq"]).s
    assert np.abs(s[:, 0, 0] - (rows["s11_r"] + 1j * rows["s11_i"])).max() < 1e-6
    assert np.abs(s[:, 1, 0] - (rows["s21_r"] + 1j * rows["s21_i"])).max() < 1e-6


def test_receiver_package_is_the_mirror_image() -> None:
    frequency = np.linspace(0, 60e9, 61)
    near, far = package(13.0).network(frequency), package(13.0).network(frequency, receiver=True)
    assert np.array_equal(near.s, far.s[:, ::-1, ::-1])
    assert not np.allclose(near.s[:, 0, 0], near.s[:, 1, 1])


def test_voltage_transfer_between_unequal_resistors_is_the_divider() -> None:
    """A through between a source of 55 ohm and a load of 45 ohm: v_load / (v_source / 2) = 2 x 45 / 100."""
    one, zero = np.ones(1, dtype=complex), np.zeros(1, dtype=complex)
    gamma = [(r - 50.0) / (r + 50.0) for r in (55.0, 45.0)]
    assert voltage_transfer(one, zero, one, zero, *gamma)[0] == pytest.approx(2 * 45 / 100)


def test_negative_parts_are_refused() -> None:
    with pytest.raises(SirfError, match="package values must be"):
        package(-1.0)
    with pytest.raises(SirfError, match="package impedances must be"):
        package(1.0, r_d=0.0)
