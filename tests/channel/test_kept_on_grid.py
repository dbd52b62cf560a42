"""What is kept for a frequency array must be that of the array, of the part and of nothing that has changed since."""

from __future__ import annotations

import dataclasses

import numpy as np

from sirf.channel.materials import load_material

MATERIAL = load_material("megtron7")


def read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


def grid_to(top: float) -> np.ndarray:
    return read_only(np.array(np.linspace(0.0, top, 200)))


def test_a_grid_that_nobody_can_write_to_is_met_once() -> None:
    grid = grid_to(50e9)
    found = MATERIAL.permittivity(grid)
    assert MATERIAL.permittivity(grid) is found
    assert not found.flags.writeable
    assert np.array_equal(found, MATERIAL.permittivity(grid.copy()))


def test_other_parts_and_other_grids_have_their_own() -> None:
    grid, other = grid_to(50e9), grid_to(60e9)
    found = MATERIAL.permittivity(grid)
    assert not np.array_equal(found, MATERIAL.permittivity(other))
    assert not np.array_equal(found, dataclasses.replace(MATERIAL, df=0.01).permittivity(grid))


def test_a_grid_that_changes_is_found_anew() -> None:
    base = np.linspace(0.0, 50e9, 200)
    view = read_only(base[:])
    before = MATERIAL.permittivity(view)
    base *= 0.5
    assert not np.array_equal(before, MATERIAL.permittivity(view))
