"""Rows of the sets that compete for one job: the longest cables, and which row a refusal is about."""

from __future__ import annotations

import pytest

from sirf.errors import SirfError
from sirf.study.compare import COARSE_STEP, _bounds, measurement_of, rows_of
from sirf.study.host_models import HostModels
from sirf.study.rule import rule_of
from sirf.study.subject import ArchitectureSubject
from sirf.system.architecture import load_architecture

RATE = 106.25e9


def test_three_metres_of_active_cable_have_figures_at_both_ends_of_the_ranges() -> None:
    """Coarse points lie more than half a turn apart there: COM refused the phase, and with it the whole set."""
    item = load_architecture("cable-linear")
    assert item.length_range_m[1] == 3.0
    with pytest.raises(SirfError, match="phase must fall"):
        _ = measurement_of(item, RATE, length=3.0, step=COARSE_STEP).com_db
    bounds = _bounds(ArchitectureSubject(architecture=item, data_rate=RATE), measurement_of(item, RATE))
    low, high = bounds["com_db"]
    assert low is not None
    assert high is not None
    assert low < 3.0 < high


def test_a_row_that_is_refused_is_named() -> None:
    item = load_architecture("copper-cable")
    rule = rule_of("common", item, RATE, limit={"tdecq_db": 3.4})
    with pytest.raises(SirfError, match=r"^copper-cable: .*light"):
        rows_of([item], RATE, [rule], False, False, HostModels())


def test_a_range_of_reach_holds_its_value() -> None:
    """Here inputs at both ends first fail at the same length, which lies above the one at which a smooth curve fails."""
    item = load_architecture("oci-gen1")
    (row,) = rows_of([item], 50e9, [rule_of("common", item, 50e9)], True, False, HostModels())
    assert row.reach_low_mm is not None
    assert row.reach_mm is not None
    assert row.reach_high_mm is not None
    assert row.reach_low_mm <= row.reach_mm <= row.reach_high_mm
