"""A tabled CTLE against the formula it was tabled from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.receiver.tabled import TabledCtle
from sirf.receiver.transfer_functions import ctle

F = np.linspace(0.0, 80e9, 801)
H = ctle(F, g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9)


def test_table_gives_back_the_formula_between_its_points() -> None:
    between = np.linspace(0.05e9, 79e9, 1777)
    got = TabledCtle(F[1:], H[1:]).transfer(between)
    expected = ctle(between, g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9)
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_beyond_the_table_the_last_slope_goes_on() -> None:
    wide = np.linspace(0.0, 200e9, 2001)
    table = TabledCtle(wide, ctle(wide, g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9))
    got = np.abs(table.transfer(np.array([400e9])))[0]
    expected = np.abs(ctle(np.array([400e9]), g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9))[0]
    assert got == pytest.approx(expected, rel=0.03)


def test_magnitudes_without_phase_get_the_minimum_phase(tmp_path: Path) -> None:
    """The CTLE of the formula has all zeros and poles in the left half plane: its phase is the minimum one."""
    wide = np.linspace(0.0, 2000e9, 4001)
    value = ctle(wide, g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9)
    np.savetxt(
        tmp_path / "ctle.csv", np.column_stack([wide, 20 * np.log10(np.abs(value))]), delimiter=",", header="Hz, dB"
    )
    got = TabledCtle.from_csv(tmp_path / "ctle.csv").transfer(np.array([5e9, 15e9, 30e9]))
    expected = ctle(np.array([5e9, 15e9, 30e9]), g_dc_db=-6.0, f_z=12.6e9, f_p1=20e9, f_p2=28e9)
    np.testing.assert_allclose(np.angle(got), np.angle(expected), atol=0.03)
    np.savetxt(
        tmp_path / "full.csv", np.column_stack([F, 20 * np.log10(np.abs(H)), np.degrees(np.angle(H))]), delimiter=","
    )
    np.testing.assert_allclose(TabledCtle.from_csv(tmp_path / "full.csv").value, H, rtol=1e-6)


@pytest.mark.parametrize(
    ("frequency", "value", "message"),
    [
        ([1.0], [1.0], "value must match"),
        ([2.0, 1.0], [1.0, 1.0], "ascend"),
        ([1.0, 2.0], [1.0, 0.0], "finite and not zero"),
    ],
)
def test_tables_that_are_none_are_refused(frequency: list[float], value: list[complex], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        TabledCtle(np.array(frequency), np.array(value, dtype=complex))


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("one,two\n")
    with pytest.raises(SirfError, match="must hold frequency"):
        TabledCtle.from_csv(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("1,2,3,4\n2,3,4,5\n")
    with pytest.raises(SirfError, match="2 or 3 columns"):
        TabledCtle.from_csv(tmp_path / "b.csv")
