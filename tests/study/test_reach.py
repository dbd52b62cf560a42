"""Reach: monotone, at the limit, honest where there is none."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf import paths
from sirf.channel.path import load_path
from sirf.errors import SirfError
from sirf.study.compare import compare
from sirf.study.reach import STEP, reach


def test_reach_lies_between_a_length_that_meets_the_limit_and_one_that_misses_it() -> None:
    found = reach("cpo", standard="cei-112g-xsr", limit={"ber": 1e-6}, tolerance=0.05)
    assert found.reach_mm is not None
    met = [length for length, value, _ in found.curve if value <= 1e-6]
    missed = [length for length, value, _ in found.curve if value > 1e-6]
    assert found.reach_mm in met
    assert min(length for length in missed if length > found.reach_mm) / found.reach_mm <= 1.05 + 1e-9
    losses = [loss for _, _, loss in found.curve]
    assert losses == sorted(losses)


def test_a_stricter_limit_never_reaches_further() -> None:
    loose = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 1.0}, tolerance=0.1).reach_mm
    strict = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 4.0}, tolerance=0.1).reach_mm
    assert loose is not None
    assert strict is None or strict < loose


def test_com_as_a_limit_is_that_of_the_margin() -> None:
    """The curve against `sirf.com` on the same path at one of its lengths."""
    found = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 3.0}, tolerance=0.5)
    length, value, _ = found.curve[0]
    path = load_path("cpo", rate_class="100g").with_length(1e-3 * length)
    channel = path.to_channel(np.arange(0.0, 110e9, STEP), crosstalk=True)
    assert sirf.com(channel, standard="cei-112g-xsr", package_case=1).com_db == pytest.approx(value, abs=1e-9)


def test_no_length_meets_an_impossible_limit() -> None:
    found = reach(paths.cpo(rate_class="100g"), standard="cei-112g-xsr", limit={"eye_height_mv": 10_000.0})
    assert found.reach_mm is None
    assert "already at" in found.limited_by


def test_bad_input_is_refused() -> None:
    with pytest.raises(SirfError, match="limit must hold one of"):
        reach("cpo", standard="cei-112g-xsr", limit={"smell": 1.0})
    with pytest.raises(SirfError, match="architecture must be one of"):
        compare(["pigeon"])
    with pytest.raises(SirfError, match="data_rate must be one of"):
        compare(data_rate=1e9)


def test_a_cable_reaches_as_far_as_its_band_allows_to_say() -> None:
    """The cable's model ends at 80 GHz, below the grid of other paths; 802.3ck promises 2 m."""
    found = reach("cable", standard="802.3ck-cr1", limit={"ber": 1e-4}, tolerance=0.2)
    assert found.reach_mm is not None
    assert found.reach_mm >= 2000.0
