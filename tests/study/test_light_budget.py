"""Budget and engine tell one story: 0 dB of margin is where the engine meets the limit, for every optical path that ships."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirf import optics
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import SirfError
from sirf.link import Link
from sirf.optics.span import Span
from sirf.study.light_budget import (
    MAX_GAIN,
    MAX_LOSS,
    TOLERANCE_DB,
    engine_budget,
    last_loss,
    loss_margin_db,
    optical_path_with_loss,
    optical_standard,
)


@pytest.mark.parametrize("name", optics.list_optics())
def test_at_zero_margin_the_engine_meets_the_limit(name: str) -> None:
    """The margin taken as connector loss instead of coupling: an eye made by hand has the ratio within the bracket of 0.01 dB."""
    preset = optics.load_optics(name)
    margin = loss_margin_db(preset)
    ratios = []
    for more in (margin, margin + 0.05):
        joint = optics.Connector(more)
        path = dataclasses.replace(preset.path, connectors=(*preset.path.connectors, joint))
        span = Span.alone(path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db)
        link = Link(
            span, standard=optical_standard(preset.symbol_rate), symbol_rate=preset.symbol_rate, samples_per_ui=16
        ).optimized(between_samples=True)
        ratios.append(statistical_eye(link, phases=1).ber)
    assert margin > 0.0
    # double reflections off the last joint lose a little with it, coupling loss does not
    assert np.log10(ratios[0]) == pytest.approx(np.log10(2.4e-4), abs=0.03)
    assert ratios[1] > ratios[0]


def test_a_stricter_limit_leaves_less_margin_and_rows_add_up() -> None:
    preset = optics.load_optics("cpo-silicon-ring")
    found = optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs11")
    budget = engine_budget(preset, found)
    rows = dict(budget.rows)
    assert rows["OMA at the photodiode, dBm"] - rows["OMA that the link needs, dBm"] == pytest.approx(budget.margin_db)
    assert optics.link_budget(preset.path, found, agc_db=preset.agc_db) == budget
    assert loss_margin_db(preset, ber=1e-8) < budget.margin_db - 1.0
    with pytest.raises(SirfError, match="ber must be between"):
        loss_margin_db(preset, ber=0.7)


@given(edge=st.floats(-11.9, 29.9), slope=st.floats(0.05, 3.0), bend=st.floats(-0.9, 0.9))
def test_the_last_loss_is_found_on_any_rising_curve(edge: float, slope: float, bend: float) -> None:
    """Straight lines, curves that flatten or steepen at the crossing, and a cliff: a bracket of 0.01 dB, few losses tried."""
    for curve in (lambda x: slope * x * (1.0 + bend * math.tanh(x)), lambda x: math.copysign(slope, x)):
        tried: list[float] = []

        def excess(loss: float, curve: Callable[[float], float] = curve, tried: list[float] = tried) -> float:
            tried.append(loss)
            return curve(loss - edge)

        found = last_loss(excess)
        assert found is not None
        assert found - 1e-9 <= edge < found + TOLERANCE_DB + 1e-9
        assert len(tried) < 60
    assert last_loss(lambda loss: -1.0) == MAX_LOSS
    assert last_loss(lambda loss: 1.0) is None
    assert last_loss(lambda loss: loss + MAX_GAIN) == pytest.approx(-MAX_GAIN, abs=TOLERANCE_DB)
    # light of a diode gains no more than its coupling loses
    assert last_loss(lambda loss: 1.0, most_gain=0.0) is None
    assert last_loss(lambda loss: loss + 1.5, most_gain=2.0) == pytest.approx(-1.5, abs=TOLERANCE_DB)


def test_less_loss_than_there_is_takes_a_brighter_laser() -> None:
    path = optics.load_optics("cpo-silicon-ring").path
    brighter = optical_path_with_loss(path, -4.0)
    assert brighter.coupling_loss_db == 0.0
    before, after = (float(one.transmitted(np.zeros(1))[0]) for one in (path, brighter))
    assert 10.0 * np.log10(after / before) == pytest.approx(4.0)


def test_a_rate_without_a_preset_is_refused() -> None:
    with pytest.raises(SirfError, match="symbol_rate must be near one of"):
        optical_standard(10e9)


def test_light_of_two_levels_has_the_sensitivity_of_two_levels() -> None:
    """Its eye is three times as high as each of four levels, so that it needs 4.9 dB less light."""
    preset = optics.load_optics("oci-gen1")
    found = optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs11")
    rows = dict(engine_budget(preset, found).rows)
    alone = optics.sensitivity(preset.path.receiver, ser=2.4e-4, extinction_db=found.extinction_db, order=2)
    assert rows["sensitivity of photodiode and amplifier, dBm"] == pytest.approx(
        10.0 * np.log10(alone / 1e-3), abs=1e-6
    )
    assert rows["sensitivity of photodiode and amplifier, dBm"] < -16.0
