"""Edge-coupled striplines: Cohn's modes, limits, passivity, causality, refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.lines import EdgeStripline, Stripline, cohn
from sirf.channel.materials import list_materials, load_material
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.lines.boards import BOARD, EDGE_STRIPLINE
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db


def test_modes_are_cohns() -> None:
    line = EDGE_STRIPLINE
    even, odd = cohn.pair(line.width, line.gap, line.thickness, line.spacing)
    assert line.impedance == pytest.approx(2 * odd / np.sqrt(BOARD.dk), rel=0.02)
    assert line.common_impedance == pytest.approx(even / 2 / np.sqrt(BOARD.dk), rel=0.02)


def test_a_pair_far_apart_is_two_single_lines() -> None:
    pair = EdgeStripline(material=BOARD, width=127e-6, gap=1.2e-3, thickness=17e-6, spacing=280e-6)
    alone = Stripline(material=BOARD, width=127e-6, thickness=17e-6, spacing=280e-6)
    assert pair.impedance == pytest.approx(alone.impedance, rel=0.005)
    assert pair.loss_db_per_m(20e9) == pytest.approx(alone.loss_db_per_m(20e9), rel=0.02)


def test_a_tight_pair_of_the_same_impedance_loses_more() -> None:
    loose = EdgeStripline(material=BOARD, width=126e-6, gap=600e-6, thickness=17e-6, spacing=280e-6)
    tight = EdgeStripline(material=BOARD, width=93e-6, gap=110e-6, thickness=17e-6, spacing=280e-6)
    assert tight.impedance == pytest.approx(loose.impedance, rel=0.02)
    assert float(tight.loss_db_per_m(26e9)) > 1.05 * float(loose.loss_db_per_m(26e9))


@settings(max_examples=12, deadline=None)
@given(
    material=st.sampled_from(list_materials()),
    rq=st.floats(0, 5e-6),
    width=st.floats(0.1, 5),
    gap=st.floats(0.1, 5),
    thick=st.floats(0.02, 1),
    length=st.floats(1e-3, 1.0),
)
def test_every_pair_is_passive_reciprocal_and_causal(
    material: str, rq: float, width: float, gap: float, thick: float, length: float
) -> None:
    """Over the stated ranges: width and gap 0.1 to 5 plane spacings, thickness to half of it and twice the gap."""
    board, spacing = dataclasses.replace(load_material(material), roughness_rq=rq), 150e-6
    thickness = thick * min(0.5, 2 * gap) * spacing
    line = EdgeStripline(material=board, width=width * spacing, gap=gap * spacing, thickness=thickness, spacing=spacing)
    grid = np.concatenate(([0.0], np.geomspace(1.0, 1e7, 8), FREQUENCY[1:]))
    check_physical(line.network(grid, length))
    # short enough for the tail of a lossy strip to die out within the period of 20 ns: it folds to before time zero
    short = 0.02 + 0.05 * length
    s21 = line.network(PULSE_GRID, short).s[:, 1, 0]
    assert early_energy_db(s21, short * line.earliest_index / C0) < -60


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 1e-6}, "width must be between a tenth"),
        ({"gap": 0.0}, "gap must be between a tenth"),
        ({"thickness": 200e-6}, "thickness must be positive, at most half"),
    ],
)
def test_bad_geometry_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(PhysicsError, match=words):
        dataclasses.replace(EDGE_STRIPLINE, **changes)  # type: ignore[arg-type]  # numbers only
