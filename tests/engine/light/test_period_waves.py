"""The period that passes the curves side by side against the chain in double precision, course by course."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.front_end import front_end
from sirf.engine.light import period_waves
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.light.light_chain import SAMPLES_PER_UI, periodic
from sirf.engine.light.period_waves import PeriodWaves
from tests.engine.light.test_large_signal import shipped


@pytest.mark.parametrize(
    ("name", "per_ui", "exact"),
    # what half the samples leave out, a hundredth of the least noise; rounding of single precision, a thousandth
    [("cpo-silicon-ring", 4, 3e-4), ("sr-vcsel", 8, 3e-6), ("fr-eml", 8, 3e-6)],
)
def test_every_course_arrives_as_the_chain_sends_it(
    name: str, per_ui: int, exact: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if per_ui == SAMPLES_PER_UI:
        # nothing is that exact: all samples are taken
        monkeypatch.setattr(period_waves, "MAX_THINNING_ERROR", 0.0)
    period_waves._samples_per_ui.cache_clear()
    link = shipped(name, "802.3ck-kr1").placed()
    m = link.samples_per_ui
    period, whole = PeriodWaves(link, front_end(link)), averaged(link)
    period_waves._samples_per_ui.cache_clear()
    assert period.per_ui == per_ui
    drive = whole.chain.drive
    sent = [whole.drive]
    for moves, bends in zip(period.moves, period.bends, strict=True):
        added = periodic(drive.edge, drive.sampling, moves) + periodic(drive.edge_slope, drive.sampling, bends)
        sent.append(whole.drive + added)
    assert len(sent) == period.courses == 3
    for samples in (0, 3, -m - 1):
        seen = period.at_instants(samples, m)
        for course, volts in zip(seen, sent, strict=True):
            expected = np.roll(whole.chain.run(volts).slicer, -samples)[::m]
            assert course == pytest.approx(expected, abs=exact * float(np.ptp(seen)))
    fewer = SAMPLES_PER_UI // per_ui
    current, power = whole.waves.current[::fewer], whole.waves.power[::fewer]
    assert period.current[0] == pytest.approx(current, abs=10.0 * exact * float(np.ptp(current)))
    assert period.power[0] == pytest.approx(power, abs=10.0 * exact * float(np.ptp(power)))
