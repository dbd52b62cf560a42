"""The band of a reach that COM ends: temperature alone moves it, so its quantiles follow from one triangle by quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sirf.study.rule import rule_of
from sirf.study.ruled_reach import RuledReach
from sirf.study.subject import ArchitectureSubject
from sirf.study.uncertainty import HIGH, LOW, length_of_equal_loss, reach_uncertainty
from sirf.system.architecture import load_architecture
from sirf.system.corners import Corner, corner

RATE, LENGTH = 106.25e9, 0.5


def test_both_ends_of_the_band_are_quantiles_of_a_triangle_through_a_parabola() -> None:
    item = load_architecture("pluggable-retimed")
    subject = ArchitectureSubject(architecture=item, data_rate=RATE)
    found = RuledReach(length_m=LENGTH, limit="com_db", budget_m=LENGTH, bound_by="com_db", tolerance=0.02)
    band = reach_uncertainty(subject, rule_of("common", item, RATE), found)
    assert band is not None
    worst, best = (
        math.log(
            length_of_equal_loss(subject, LENGTH, Corner(copper_temperature_c=corner(end).copper_temperature_c))
            / LENGTH
        )
        for end in ("worst", "best")
    )
    place = np.linspace(-1.0, 1.0, 200_001)
    shift = 0.5 * (best - worst) * place + 0.5 * (best + worst) * place**2
    order = np.argsort(shift)
    share = np.cumsum((1.0 - np.abs(place))[order])
    low, high = (float(shift[order][np.searchsorted(share, part * share[-1])]) for part in (LOW, HIGH))
    spread = high - low
    assert spread > 0.01
    # 20,000 draws: a quantile at 5 % to a hundredth of the band
    assert math.log(1e-3 * band.low_mm / LENGTH) == pytest.approx(low, abs=0.03 * spread)
    assert math.log(1e-3 * band.high_mm / LENGTH) == pytest.approx(high, abs=0.03 * spread)
    (one,) = band.inputs
    assert one.worst_mm == pytest.approx(1e3 * LENGTH * math.exp(worst))
    assert one.width_mm == pytest.approx(abs(one.best_mm - one.worst_mm))
