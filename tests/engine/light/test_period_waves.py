"""The period that passes the curves side by side against the chain in double precision, course by course."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.front_end import front_end
from sirf.engine.light.light_chain import averaged, periodic
from sirf.engine.light.period_waves import PeriodWaves
from tests.engine.light.test_large_signal import shipped


@pytest.mark.parametrize("name", ["cpo-silicon-ring", "sr-vcsel", "fr-eml"])
def test_every_course_arrives_as_the_chain_sends_it(name: str) -> None:
    link = shipped(name, "802.3ck-kr1").placed()
    m = link.samples_per_ui
    period, whole = PeriodWaves(link, front_end(link)), averaged(link)
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
            # rounding of single precision, a thousandth of the least noise
            assert course == pytest.approx(expected, abs=3e-6 * float(np.ptp(seen)))
    assert period.current[0] == pytest.approx(whole.waves.current, abs=3e-6 * float(np.ptp(period.current)))
    assert period.power[0] == pytest.approx(whole.waves.power, abs=3e-6 * float(np.ptp(period.power)))
