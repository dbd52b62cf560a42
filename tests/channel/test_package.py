"""Package formulas against single steps of the COM reference code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.package import Package, PackageLine, propagation, terminated_transfer, transmission_line
from sirf.errors import SirfError
from tests.channel.physical import FREQUENCY, check_physical

COM = {"gamma0": 0.0, "a1": 9.909e-4, "a2": 2.772e-4, "tau": 6.141e-3}


def table(reference_dir: Path, name: str) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    file = reference_dir / "golden" / "com_blocks" / f"{name}.csv"
    columns = np.genfromtxt(file, delimiter=",", names=True)
    return {key: np.asarray(columns[key]) for key in columns.dtype.names or ()}


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
    assert terminated_transfer(one, zero, one, zero, *gamma)[0] == pytest.approx(2 * 45 / 100)


def test_negative_parts_are_refused() -> None:
    with pytest.raises(SirfError, match="package values must be"):
        package(-1.0)
    with pytest.raises(SirfError, match="package impedances must be"):
        package(1.0, r_d=0.0)


def test_loss_of_the_two_published_lines_per_mm() -> None:
    """.108 dB/mm at 26.56 GHz (802.3ck) and .153 dB/mm at 53.1 GHz (802.3dj)."""
    ck = propagation(np.array([26.5625e9]), **COM)
    dj = propagation(np.array([53.125e9]), gamma0=5e-4, a1=8.9e-4, a2=2e-4, tau=6.141e-3)
    assert 8.686 * ck[0].real == pytest.approx(0.108, abs=1e-3)
    assert 8.686 * dj[0].real == pytest.approx(0.153, abs=1e-3)


def test_three_stages_are_their_ladder() -> None:
    """C, L three times and the bump between 50 ohm: 2 / (A + B / R + C R + D) of the product of chain matrices."""
    stages = ((40e-15, 130e-12), (90e-15, 150e-12), (110e-15, 140e-12))
    w = 2j * np.pi * FREQUENCY
    one, zero = np.ones_like(w), np.zeros_like(w)

    def matrix(b: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(np.array([[one, b], [c, one]]), 2, 0)

    chain = matrix(zero, zero)
    for capacitance, inductance in stages:
        chain = chain @ matrix(zero, w * capacitance) @ matrix(w * inductance, zero)
    chain = chain @ matrix(zero, w * 30e-15)
    expected = 2 / (chain[:, 0, 0] + chain[:, 0, 1] / 50 + chain[:, 1, 0] * 50 + chain[:, 1, 1])
    assert np.allclose(Package(die=stages, c_b=30e-15).network(FREQUENCY).s[:, 1, 0], expected, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    die=st.lists(st.tuples(st.floats(0, 300e-15), st.floats(0, 300e-12)), max_size=3),
    shunts=st.tuples(st.floats(0, 100e-15), st.floats(0, 200e-15)),
    lines=st.lists(st.tuples(st.floats(60, 130), st.floats(0, 60)), max_size=3),
    loss=st.tuples(st.floats(0, 1e-3), st.floats(0, 2e-3), st.floats(0, 4e-4)),
    receiver=st.booleans(),
)
def test_any_package_is_passive_and_reciprocal(
    die: list[tuple[float, float]],
    shunts: tuple[float, float],
    lines: list[tuple[float, float]],
    loss: tuple[float, float, float],
    receiver: bool,
) -> None:
    check_physical(
        Package(
            die=tuple(die),
            c_b=shunts[0],
            lines=tuple(PackageLine(z_c=z, length_mm=n) for z, n in lines),
            gamma0=loss[0],
            a1=loss[1],
            a2=loss[2],
            tau=6.141e-3,
            c_p=shunts[1],
        ).network(FREQUENCY, receiver=receiver)
    )


def test_negative_coefficients_are_refused() -> None:
    with pytest.raises(SirfError, match="package values must be zero or positive"):
        package(1.0, a2=-1e-4)
